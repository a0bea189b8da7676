// rtl.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/rtl.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "src/design/identifier.h"
#include "src/design/rtl_parts.h"
#include "src/emit/hls_parts.h"
#include "src/emit/kernel_port.h"
#include "src/emit/text_writer.h"

namespace weft {

namespace {

/// Between a unit and what stands behind its buffered port (RtlOutput).
constexpr const char* output_parts[] = {"room", "takes", "acc_valid", "acc"};

/// The embedded SystemVerilog files by the module that they define.
std::map<std::string, EmbeddedFile, std::less<>> modules(const DspCell& cell = dsp48e2) {
    std::map<std::string, EmbeddedFile, std::less<>> found;
    for (const EmbeddedFile& file : unit_files_for(cell)) {
        if (!file.path.ends_with(".sv")) continue;
        const std::string_view stem = file.path.substr(file.path.rfind('/') + 1);
        found.emplace(std::string(rtl_module_prefix) + std::string(stem.substr(0, stem.rfind('.'))), file);
    }
    return found;
}

/// The names of other modules in a source text, comments left out.
std::set<std::string> modules_named(std::string_view text) {
    std::set<std::string> names;
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at, 2) == "//") {
            at = std::min(text.find('\n', at), text.size());
        } else if (is_word(text[at])) {
            std::size_t end = at;
            while (end < text.size() && is_word(text[end])) ++end;
            const std::string_view word = text.substr(at, end - at);
            if (word.starts_with(rtl_module_prefix)) names.emplace(word);
            at = end;
        } else {
            ++at;
        }
    }
    return names;
}

class CoreWriter {
public:
    CoreWriter(const Design& design, const EmitOptions& options) : design_(design), options_(options) {
        project_.core = kernel_name(design) + "_core";
        for (const KernelPort& port : kernel_ports(design, options)) project_.ports.push_back({port.name, port.stream, port.output});
    }

    RtlProject run() {
        project_.files.push_back({fmt::format("rtl/{}.sv", project_.core), core()});
        for (ProjectFile& file : rtl_sources(project_.files.back().text, design_.dsp())) project_.files.push_back(std::move(file));
        std::sort(project_.files.begin(), project_.files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
        return std::move(project_);
    }

private:
    /// Signals of a stream at the producer's end, and at the reader's.
    static std::string written(const Stream& stream) { return "s_" + stream.name; }
    std::string read(const Stream& stream) const { return has_rtl_fifo(stream) ? "q_" + stream.name : written(stream); }

    static int bits_of(const Stream& stream) { return stream.bits() * stream.beat.elements(); }

    static std::string about(const Unit& unit) {
        std::string text = fmt::format("{}", fmt::join(unit.nodes, ", "));
        for (char& c : text)
            if (static_cast<unsigned char>(c) < ' ' || c == '\\') c = '_';
        return text.empty() ? unit.name : text;
    }

    void declare(TextWriter& out, const std::string& signal, int bits) {
        out.line(fmt::format("logic {0}_valid;", signal));
        out.line(fmt::format("logic {0}_ready;", signal));
        out.line(fmt::format("logic [{1}:0] {0}_data;", signal, bits - 1));
    }

    std::string core() {
        TextWriter out;
        write_file_head(out, project_.core + ".sv", "The stream core: a module instance a unit, joined by valid/ready streams.", options_);
        out.line(fmt::format("module {} (", project_.core));
        out.line("    input  logic clk,");
        out.line("    input  logic rst,");
        for (std::size_t i = 0; i < project_.ports.size(); ++i) {
            const RtlPort& port = project_.ports[i];
            const char* forward = port.output ? "output" : "input ";
            const char* back = port.output ? "input " : "output";
            out.line(fmt::format("    {} logic {}_valid,", forward, port.name));
            out.line(fmt::format("    {} logic {}_ready,", back, port.name));
            out.line(fmt::format("    {} logic [{}:0] {}_data{}", forward, port.bits() - 1, port.name,
                                 i + 1 < project_.ports.size() ? "," : ""));
        }
        out.open(");");
        for (const auto& stream : design_.streams) {
            const Stream& s = *stream;
            out.line();
            out.line(fmt::format("// {}: {} x {} positions of {}{} channels, {}..{}; beats of {} x {} x {}, {} a frame", s.name,
                                 s.shape.rows, s.shape.columns, s.shape.taps > 1 ? fmt::format("{} taps x ", s.shape.taps) : "",
                                 s.shape.channels, s.min, s.max, s.beat.pixels, s.beat.taps, s.beat.lanes, s.beat.count(s.shape)));
            declare(out, written(s), bits_of(s));
            if (has_rtl_fifo(s)) {
                declare(out, read(s), bits_of(s));
                fifo(out, s);
            }
        }
        for (const auto& unit : design_.units) {
            out.line();
            instance(out, *unit);
        }
        out.line();
        for (const RtlPort& port : project_.ports) {
            const std::string signal = port.output ? read(*port.stream) : written(*port.stream);
            const auto join = [&](bool outwards, const char* part) {
                const std::string outer = fmt::format("{}_{}", port.name, part);
                const std::string inner = fmt::format("{}_{}", signal, part);
                out.line(fmt::format("assign {} = {};", outwards ? outer : inner, outwards ? inner : outer));
            };
            join(port.output, "valid");
            join(!port.output, "ready");
            join(port.output, "data");
        }
        out.line();
        checks(out);
        out.close("endmodule");
        return std::move(out).take();
    }

    void fifo(TextWriter& out, const Stream& s) {
        const UnitDef& def = unit_for(UnitRole::fifo);
        out.line(fmt::format("{} #(.Width({}), .Depth({})) {} (", module_of(def.name), bits_of(s), std::max(1, s.rtl_depth),
                             rtl_fifo_instance(s)));
        out.line("    .clk(clk), .rst(rst),");
        out.line(fmt::format("    .in_valid({0}_valid), .in_ready({0}_ready), .in_data({0}_data),", written(s)));
        out.line(fmt::format("    .out_valid({0}_valid), .out_ready({0}_ready), .out_data({0}_data));", read(s)));
    }

    static std::string module_of(std::string_view name) { return std::string(rtl_module_prefix) + std::string(name); }

    void instance(TextWriter& out, const Unit& unit) {
        const RtlFace face = unit.def->rtl(unit);
        out.line(fmt::format("// {}", about(unit)));
        std::vector<std::string> parameters;
        for (const ParameterDef& row : unit.def->parameters) parameters.push_back(setting(row.name, unit.parameter(row.name)));
        for (const auto& [name, value] : face.parameters) parameters.push_back(setting(name, value));
        for (const auto& [name, elements] : face.vectors) parameters.push_back(fmt::format(".{}({})", name, packed(elements)));
        if (!face.memories.empty()) parameters.push_back(fmt::format(".Name(\"{}\")", unit.name));
        std::vector<std::string> pins;
        for (const bool output : {false, true}) {
            const auto& streams = output ? unit.outputs : unit.inputs;
            std::size_t next = 0;
            for (const PortDef& port : unit.def->ports) {
                if (port.output != output) continue;
                if (port.buffered) {
                    for (const char* part : output_parts) pins.push_back(fmt::format(".{1}(o_{0}_{1})", unit.name, part));
                    continue;
                }
                const std::size_t count = port.repeated ? streams.size() - next : 1;
                for (const char* part : {"valid", "ready", "data"}) {
                    std::vector<std::string> signals;
                    // In a concatenation the last one is the lowest.
                    for (std::size_t i = count; i-- > 0;) {
                        const Stream& s = *streams[next + i];
                        signals.push_back(fmt::format("{}_{}", output ? written(s) : read(s), part));
                    }
                    pins.push_back(port.repeated ? fmt::format(".{}_{}({{{}}})", port.name, part, fmt::join(signals, ", "))
                                                 : fmt::format(".{}_{}({})", port.name, part, signals[0]));
                }
                next += count;
            }
        }
        if (face.output) declare_output(out, unit, *face.output);
        module_instance(out, module_of(unit.def->name), parameters, rtl_instance(unit), pins);
        add_memories(unit.name, face.memories);
        if (face.output) this->output(out, unit, *face.output);
    }

    static std::string setting(std::string_view name, std::int64_t value) { return fmt::format(".{}({})", name, value); }

    static std::string packed(const std::vector<std::uint32_t>& elements) {
        std::string digits;
        for (auto element = elements.rbegin(); element != elements.rend(); ++element) digits += fmt::format("{:08x}", *element);
        return fmt::format("{}'h{}", 32 * elements.size(), digits);
    }

    static void module_instance(TextWriter& out, const std::string& module, const std::vector<std::string>& parameters,
                                const std::string& name, const std::vector<std::string>& pins) {
        out.line(fmt::format("{} #(", module));
        for (std::size_t i = 0; i < parameters.size(); ++i)
            out.line(fmt::format("    {}{}", parameters[i], i + 1 < parameters.size() ? "," : ""));
        out.line(fmt::format(") {} (", name));
        out.line("    .clk(clk),");
        out.line("    .rst(rst),");
        for (std::size_t i = 0; i < pins.size(); ++i) out.line(fmt::format("    {}{}", pins[i], i + 1 < pins.size() ? "," : ""));
        out.line(");");
    }

    void add_memories(const std::string& name, const std::vector<RtlMemory>& memories) {
        for (const RtlMemory& memory : memories)
            project_.files.push_back({fmt::format("rtl/{}_{}.mem", name, memory.name()), memory.text()});
    }

    static void declare_output(TextWriter& out, const Unit& unit, const RtlOutput& output) {
        out.line(fmt::format("logic o_{}_room;", unit.name));
        out.line(fmt::format("logic [{}:0] o_{}_takes;", output.takes_bits - 1, unit.name));
        out.line(fmt::format("logic o_{}_acc_valid;", unit.name));
        out.line(fmt::format("logic [{}:0] o_{}_acc;", output.acc_bits - 1, unit.name));
    }

    void output(TextWriter& out, const Unit& unit, const RtlOutput& output) {
        const std::string name = fmt::format("{}_{}", unit.name, output.name);
        std::vector<std::string> parameters, pins;
        for (const auto& [parameter, value] : output.parameters) parameters.push_back(setting(parameter, value));
        if (!output.memories.empty()) parameters.push_back(fmt::format(".Name(\"{}\")", name));
        for (const char* part : output_parts) pins.push_back(fmt::format(".{1}(o_{0}_{1})", unit.name, part));
        for (const char* part : {"valid", "ready", "data"})
            pins.push_back(fmt::format(".out_{1}({0}_{1})", written(*unit.outputs[0]), part));
        module_instance(out, module_of(output.name), parameters, rtl_output_instance(unit, output.name), pins);
        add_memories(name, output.memories);
    }

    /// The rules of valid and ready, checked on every stream in simulations that ask for it.
    void checks(TextWriter& out) {
        const std::string checker = std::string(rtl_module_prefix) + "handshake";
        if (!modules().contains(checker)) return;
        out.margin("`ifdef WEFT_CHECK");
        for (const auto& stream : design_.streams) {
            std::set<std::string> ends{written(*stream), read(*stream)};
            for (const std::string& end : ends)
                out.line(
                    fmt::format("{0} #(.Width({1})) check_{2} (.clk(clk), .rst(rst), .valid({2}_valid), .ready({2}_ready), "
                                ".data({2}_data));",
                                checker, bits_of(*stream), end));
        }
        out.margin("`endif");
        out.line();
    }

    const Design& design_;
    const EmitOptions& options_;
    RtlProject project_;
};

}  // namespace

bool is_rtl_module(std::string_view word) {
    static const auto library = modules();
    return library.contains(word);
}

std::string rtl_instance(const Unit& unit) { return "u_" + unit.name; }
std::string rtl_output_instance(const Unit& unit, std::string_view output) { return fmt::format("{}_{}", output, unit.name); }
std::string rtl_fifo_instance(const Stream& stream) { return "fifo_" + stream.name; }

std::vector<ProjectFile> rtl_sources(std::string_view text, const DspCell& cell) {
    const auto available = modules(cell);
    std::vector<ProjectFile> files;
    std::set<std::string> done;
    const std::set<std::string> named = modules_named(text);
    std::vector<std::string> open(named.begin(), named.end());
    while (!open.empty()) {
        const std::string name = open.back();
        open.pop_back();
        const auto at = available.find(name);
        if (at == available.end() || !done.insert(name).second) continue;
        const std::string_view path = at->second.path;
        files.push_back({fmt::format("rtl/weft/{}", path.substr(path.rfind('/') + 1)), std::string(at->second.contents)});
        for (const std::string& next : modules_named(at->second.contents)) open.push_back(next);
    }
    std::sort(files.begin(), files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
    return files;
}

Result<RtlProject> emit_rtl(const Design& design, const EmitOptions& options) {
    WEFT_CHECK(rtl_takes(design));
    return CoreWriter(design, options).run();
}

}  // namespace weft
