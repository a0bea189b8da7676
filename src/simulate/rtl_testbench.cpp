// rtl_testbench.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/simulate/rtl_testbench.h"

#include <fmt/format.h>

#include "src/schedule/stalls.h"

namespace weft {

namespace {

// Ports of the verilated model are integers up to 64 bits, and arrays of words beyond.
constexpr char support[] = R"(
template <class T> void set_word(T& port, int index, std::uint32_t word) {
    if (index == 0) port = 0;
    if (sizeof(T) > 4) port |= static_cast<T>(static_cast<std::uint64_t>(word) << (32 * index));
    else port = static_cast<T>(word);
}
template <std::size_t N> void set_word(VlWide<N>& port, int index, std::uint32_t word) { port[index] = word; }
template <class T> std::uint32_t get_word(const T& port, int index) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(port) >> (32 * index));
}
template <std::size_t N> std::uint32_t get_word(const VlWide<N>& port, int index) { return port[index]; }

struct Port {
    const char* name;
    bool output;
    int words;
    std::function<void(bool)> drive;              // valid of an input, ready of an output
    std::function<bool()> other;                  // ready of an input, valid of an output
    std::function<void(const std::uint32_t*)> put;
    std::function<void(std::uint32_t*)> get;
    std::vector<std::uint32_t> beats;
    std::int64_t expected = 0;
    std::int64_t done = 0;
    bool offered = false;
    std::vector<std::int64_t> cycles;
};

struct Core {
    std::function<void(bool)> clock, reset;
    std::vector<Port> ports;
};

std::vector<std::uint32_t> read_words(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::vector<std::uint32_t> words(file ? static_cast<std::size_t>(file.tellg()) / 4 : 0);
    file.seekg(0);
    file.read(reinterpret_cast<char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
    return words;
}
template <class T> void write_all(const std::string& path, const std::vector<T>& data) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size() * sizeof(T)));
}
)";

constexpr char loop[] = R"(
void read_beats(Core& core, const std::string& folder) {
    std::ifstream expect(folder + "expect");
    for (Port& port : core.ports) {
        if (port.output) expect >> port.expected;
        else port.beats = read_words(folder + port.name + ".beats"), port.expected = static_cast<std::int64_t>(port.beats.size()) / port.words;
    }
}
void start_over(Core& core) {
    for (Port& port : core.ports) {
        port.drive(false);
        port.done = 0;
        port.offered = false;
        port.cycles.clear();
        if (port.output) port.beats.clear();
    }
}
bool stalls(unsigned long long seed, std::size_t port, long long cycle) {
    return weft::stalled(seed, static_cast<int>(port), static_cast<unsigned long long>(cycle));
}
/// Inputs of this cycle are set while the clock is low; what the model answers then is what the edge sees.
void drive(Core& core, unsigned long long seed, long long cycle) {
    for (std::size_t p = 0; p < core.ports.size(); ++p) {
        Port& port = core.ports[p];
        const bool stall = stalls(seed, p, cycle);
        if (port.output) {
            port.drive(!stall);
            continue;
        }
        const bool have = port.done < port.expected;
        if (have && !port.offered && !stall) {
            port.put(&port.beats[static_cast<std::size_t>(port.done) * port.words]);
            port.offered = true;
        }
        port.drive(port.offered);
    }
}
/// The handshakes of this cycle; true if there was one.
bool pass(Core& core, unsigned long long seed, long long cycle) {
    static std::vector<std::uint32_t> word;
    bool any = false;
    for (std::size_t p = 0; p < core.ports.size(); ++p) {
        Port& port = core.ports[p];
        if (port.output ? stalls(seed, p, cycle) || !port.other() : !port.offered || !port.other()) continue;
        if (port.output) {
            word.resize(static_cast<std::size_t>(port.words));
            port.get(word.data());
            port.beats.insert(port.beats.end(), word.begin(), word.end());
        }
        port.offered = false;
        port.cycles.push_back(cycle);
        ++port.done;
        any = true;
    }
    return any;
}
/// True if all beats have passed.
bool write_out(const Core& core, const std::string& folder) {
    bool complete = true;
    for (const Port& port : core.ports) {
        if (port.output) write_all(folder + port.name + ".result", port.beats);
        write_all(folder + port.name + ".cycles", port.cycles);
        if (port.done == port.expected) continue;
        complete = false;
        std::fprintf(stderr, "port %s: %lld of %lld beats\n", port.name, static_cast<long long>(port.done), static_cast<long long>(port.expected));
    }
    return complete;
}

int main(int argc, char** argv) {
    if (argc < 6) return 2;
    const std::string folder = std::string(argv[2]) + "/";
    const unsigned long long seed = std::strtoull(argv[3], nullptr, 10);
    const long long reset_at = std::atoll(argv[4]);
    const long long patience = std::atoll(argv[5]);
    VerilatedContext context;
    context.commandArgs(argc, argv);
    const auto model = std::make_unique<Vweft_testbench_top>(&context);
    std::vector<Core> cores = connect(*model);
    Core& core = cores.at(static_cast<std::size_t>(std::atoi(argv[1])));
    Tracer tracer(*model, context, argc > 6 ? argv[6] : "");
    read_beats(core, folder);
    for (Core& other : cores) {
        other.reset(true);
        other.clock(false);
    }
    model->eval();
    const auto edge = [&] {
        core.clock(true);
        model->eval();
        tracer.dump();
        core.clock(false);
        model->eval();
        tracer.dump();
    };
    const auto reset = [&] {
        core.reset(true);
        start_over(core);
        for (int i = 0; i < 32; ++i) edge();
        core.reset(false);
        for (int i = 0; i < 4; ++i) edge();
    };
    reset();
    const auto begin = std::chrono::steady_clock::now();
    long long cycle = 0, last = 0, told = 0, left_over = 256;
    bool has_reset = reset_at < 0;
    while (true) {
        if (!has_reset && cycle == reset_at) {
            has_reset = true;
            reset();
            cycle = last = told = 0;
        }
        drive(core, seed, cycle);
        model->eval();
        if (pass(core, seed, cycle)) last = cycle;
        edge();
        ++cycle;
        bool all = true;
        long long out = 0;
        for (const Port& port : core.ports) {
            if (!port.output) continue;
            all &= port.done >= port.expected;
            out += port.done;
        }
        if (out >= told + 256) std::printf("beats %lld\n", told = out), std::fflush(stdout);
        // A while longer: nothing more may come.
        if (all && has_reset && --left_over == 0) break;
        if (cycle - last > patience) break;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const bool complete = write_out(core, folder);
    std::printf("cycles %lld %.6f\n", last + 1, seconds);
    model->final();
    return complete ? 0 : 3;
}
)";

}  // namespace

std::string testbench_module(std::span<const RtlProject> projects) {
    std::string ports, instances;
    for (std::size_t i = 0; i < projects.size(); ++i) {
        ports += fmt::format("{}    input  logic clk_{}, rst_{}", i ? ",\n" : "", i, i);
        instances += fmt::format("    {0} core_{1} (.clk(clk_{1}), .rst(rst_{1})", projects[i].core, i);
        for (const RtlPort& port : projects[i].ports) {
            const char* forward = port.output ? "output" : "input ";
            const char* back = port.output ? "input " : "output";
            const std::string name = fmt::format("c{}_{}", i, port.name);
            ports += fmt::format(",\n    {} logic {}_valid,\n    {} logic {}_ready,\n    {} logic [{}:0] {}_data", forward, name, back,
                                 name, forward, port.bits() - 1, name);
            instances += fmt::format(", .{0}_valid({1}_valid), .{0}_ready({1}_ready), .{0}_data({1}_data)", port.name, name);
        }
        instances += ");\n";
    }
    return fmt::format("module {} (\n{}\n);\n{}endmodule\n", testbench_top, ports, instances);
}

std::string testbench_program(std::span<const RtlProject> projects, bool trace) {
    std::string text =
        "#include <chrono>\n#include <cstdint>\n#include <cstdio>\n#include <cstdlib>\n#include <fstream>\n#include <functional>\n"
        "#include <memory>\n#include <string>\n#include <vector>\n#include <verilated.h>\n#include \"Vweft_testbench_top.h\"\n";
    if (trace) text += "#include <verilated_fst_c.h>\n";
    text += fmt::format("namespace weft {{\n{}\n}}\n{}", stall_function_text, support);
    text += trace ? R"(
struct Tracer {
    VerilatedFstC file;
    VerilatedContext& context;
    bool on;
    Tracer(Vweft_testbench_top& model, VerilatedContext& c, const char* path) : context(c), on(*path != 0) {
        c.traceEverOn(on);
        if (!on) return;
        model.trace(&file, 99);
        file.open(path);
    }
    ~Tracer() { if (on) file.close(); }
    void dump() { if (on) file.dump(context.time()), context.timeInc(1); }
};
)"
                  : R"(
struct Tracer {
    Tracer(Vweft_testbench_top&, VerilatedContext&, const char*) {}
    void dump() {}
};
)";
    text += "std::vector<Core> connect(Vweft_testbench_top& m) {\n    std::vector<Core> cores;\n";
    for (std::size_t i = 0; i < projects.size(); ++i) {
        text += fmt::format(
            "    {{\n        Core core;\n        core.clock = [&m](bool v) {{ m.clk_{0} = v; }};\n"
            "        core.reset = [&m](bool v) {{ m.rst_{0} = v; }};\n",
            i);
        for (const RtlPort& port : projects[i].ports) {
            const std::string name = fmt::format("c{}_{}", i, port.name);
            const int words = (port.bits() + 31) / 32;
            text += fmt::format(
                "        core.ports.push_back({{\"{0}\", {1}, {2}, [&m](bool v) {{ m.{3}_{4} = v; }}, [&m] {{ return m.{3}_{5} != 0; }},\n",
                port.name, port.output, words, name, port.output ? "ready" : "valid", port.output ? "valid" : "ready");
            text += port.output ? fmt::format(
                                      "            {{}}, [&m](std::uint32_t* w) {{ for (int i = 0; i < {}; ++i) w[i] = "
                                      "get_word(m.{}_data, i); }}, {{}}, 0, 0, false, {{}}}});\n",
                                      words, name)
                                : fmt::format(
                                      "            [&m](const std::uint32_t* w) {{ for (int i = 0; i < {}; ++i) set_word(m.{}_data, "
                                      "i, w[i]); }}, {{}}, {{}}, 0, 0, false, {{}}}});\n",
                                      words, name);
        }
        text += "        cores.push_back(std::move(core));\n    }\n";
    }
    return text + "    return cores;\n}\n" + loop;
}

}  // namespace weft
