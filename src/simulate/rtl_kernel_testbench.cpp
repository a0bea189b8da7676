// rtl_kernel_testbench.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/simulate/rtl_kernel_testbench.h"

#include <fmt/format.h>

#include "src/base/text.h"
#include "src/emit/shell_parts.h"
#include "src/schedule/stalls.h"
#include "src/simulate/rtl_testbench.h"

namespace weft {

namespace {

constexpr char support[] = R"(
/// The signals of an AXI4 port that change, as the verilated model has them: those whose width is the port's as bytes, little-endian.
struct Bus {
    CData *awvalid, *awready, *wvalid, *wready, *wlast, *bvalid, *bready, *bresp;
    CData *arvalid, *arready, *rvalid, *rready, *rlast, *rresp, *awlen, *arlen;
    QData *awaddr, *araddr;
    void *wdata, *rdata, *wstrb;
};
struct Control {
    CData *awvalid, *awready, *wvalid, *wready, *wstrb, *bvalid, *bready, *arvalid, *arready, *rvalid, *rready;
    SData *awaddr, *araddr;
    IData *wdata, *rdata;
};
struct Port {
    const char* name;
    bool output;
    unsigned argument;
    long long frame_words;
    int word_bytes;
    Bus bus;
};
struct Kernel {
    CData *clk, *rst_n, *interrupt;
    Control control;
    unsigned frames_offset;
    std::vector<unsigned> registers;
    std::vector<Port> ports;
};

struct Options {
    std::map<std::string, long long> values;
    std::vector<long long> batches;
    long long operator[](const char* name) const { return values.at(name); }
};

/// Memory behind one port: every channel stalls on its own, answers come in order after the latency.
class Memory {
public:
    Memory(Port& port, int index, const Options& options, unsigned long long base, std::vector<unsigned char> bytes)
        : port_(port), bus_(port.bus), word_bytes(port.word_bytes), index_(index), options_(options), base_(base), bytes(std::move(bytes)) {}

    void reset() {
        reads_.clear();
        writes_.clear();
        announced_.clear();
        data_.clear();
        strobes_.clear();
        answers_.clear();
        *bus_.rvalid = *bus_.bvalid = *bus_.arready = *bus_.awready = *bus_.wready = 0;
        words_read = bursts_written = 0;
    }

    /// What the memory drives in this cycle, clock low.
    void drive(long long cycle) {
        *bus_.arready = !stalls(0, cycle);
        *bus_.awready = !stalls(1, cycle);
        *bus_.wready = !stalls(2, cycle);
        if (!*bus_.rvalid && !reads_.empty() && reads_.front().ready <= cycle && !stalls(3, cycle)) {
            const Read& read = reads_.front();
            *bus_.rvalid = 1;
            *bus_.rlast = read.left == 1;
            *bus_.rresp = words_read == options_["failing_read"] ? 2 : 0;
            std::memcpy(bus_.rdata, at(read.address), static_cast<std::size_t>(word_bytes));
        }
        if (!*bus_.bvalid && !answers_.empty() && answers_.front() <= cycle && !stalls(4, cycle)) {
            *bus_.bvalid = 1;
            *bus_.bresp = bursts_written == options_["failing_write"] ? 2 : 0;
        }
    }

    /// The handshakes of this cycle; true if there was one. Called before the edge; what it changes is driven after it.
    bool step(long long cycle) {
        bool any = false;
        clear_r_ = *bus_.rvalid && *bus_.rready;
        clear_b_ = *bus_.bvalid && *bus_.bready;
        if (clear_r_) {
            any = true;
            ++words_read;
            Read& read = reads_.front();
            read.address += static_cast<unsigned long long>(word_bytes);
            if (--read.left == 0) reads_.pop_front();
        }
        if (clear_b_) {
            any = true;
            ++bursts_written;
            answers_.pop_front();
        }
        if (*bus_.arvalid && *bus_.arready) {
            any = true;
            reads_.push_back({*bus_.araddr, *bus_.arlen + 1, cycle + options_["latency"]});
        }
        if (*bus_.awvalid && *bus_.awready) {
            any = true;
            writes_.push_back(*bus_.awaddr);
            announced_.push_back(*bus_.awlen + 1);
        }
        if (*bus_.wvalid && *bus_.wready) {
            any = true;
            data_.emplace_back();
            std::memcpy(data_.back().data(), bus_.wdata, static_cast<std::size_t>(word_bytes));
            strobes_.push_back(0);
            std::memcpy(&strobes_.back(), bus_.wstrb, static_cast<std::size_t>(word_bytes / 8));
        }
        // A burst is written when its address and all of its words are there.
        while (!writes_.empty() && static_cast<long long>(data_.size()) >= announced_.front()) {
            for (int i = 0; i < announced_.front(); ++i) {
                unsigned char* to = at(writes_.front() + static_cast<unsigned long long>(i * word_bytes));
                for (int b = 0; b < word_bytes; ++b)
                    if (strobes_.front() >> b & 1) to[b] = data_.front()[static_cast<std::size_t>(b)];
                data_.pop_front();
                strobes_.pop_front();
            }
            writes_.pop_front();
            announced_.pop_front();
            answers_.push_back(cycle + options_["latency"]);
        }
        return any;
    }
    void after_edge() {
        if (clear_r_) *bus_.rvalid = 0;
        if (clear_b_) *bus_.bvalid = 0;
    }

    unsigned long long base() const { return base_; }
    long long words_read = 0, bursts_written = 0;

private:
    struct Read {
        unsigned long long address;
        int left;
        long long ready;
    };
    bool stalls(int channel, long long cycle) const {
        return weft::stalled(static_cast<unsigned long long>(options_["seed"]), index_ * 5 + channel, static_cast<unsigned long long>(cycle));
    }
    unsigned char* at(unsigned long long address) {
        const unsigned long long offset = address - base_;
        if (address < base_ || offset + static_cast<unsigned long long>(word_bytes) > bytes.size()) {
            std::fprintf(stderr, "port %s: access to %llx outside %llx + %zx\n", port_.name, address, base_, bytes.size());
            std::exit(4);
        }
        return bytes.data() + offset;
    }

    Port& port_;
    Bus& bus_;
    int word_bytes;
    int index_;
    const Options& options_;
    unsigned long long base_;
    bool clear_r_ = false, clear_b_ = false;
    std::deque<Read> reads_;
    std::deque<unsigned long long> writes_;
    std::deque<int> announced_;
    std::deque<std::array<unsigned char, 64>> data_;
    std::deque<unsigned long long> strobes_;
    std::deque<long long> answers_;

public:
    std::vector<unsigned char> bytes;
};

/// The host: writes and reads of registers, one after the other; address and data of a write are offered apart under stalls.
class Host {
public:
    Host(Control& control, const Options& options) : c_(control), options_(options) {}
    struct Access {
        bool write;
        unsigned offset;
        unsigned value;
    };
    void reset() {
        queue.clear();
        *c_.awvalid = *c_.wvalid = *c_.bready = *c_.arvalid = *c_.rready = 0;
        busy_ = false;
        answered = false;
    }
    bool idle() const { return queue.empty() && !busy_; }
    void drive(long long cycle) {
        *c_.bready = !stalls(1, cycle);
        *c_.rready = !stalls(2, cycle);
        if (busy_ || queue.empty()) return;
        if (stalls(0, cycle)) return;
        const Access& access = queue.front();
        busy_ = true;
        if (access.write) {
            *c_.awvalid = 1;
            *c_.awaddr = static_cast<SData>(access.offset);
            *c_.wvalid = 1;
            *c_.wdata = access.value;
            *c_.wstrb = 15;
        } else {
            *c_.arvalid = 1;
            *c_.araddr = static_cast<SData>(access.offset);
        }
    }
    void step() {
        aw_ = *c_.awvalid && *c_.awready;
        w_ = *c_.wvalid && *c_.wready;
        ar_ = *c_.arvalid && *c_.arready;
        ends_ = (*c_.bvalid && *c_.bready) || (*c_.rvalid && *c_.rready);
        if (*c_.rvalid && *c_.rready) {
            read_value = *c_.rdata;
            answered = true;
        }
    }
    void after_edge() {
        if (aw_) *c_.awvalid = 0;
        if (w_) *c_.wvalid = 0;
        if (ar_) *c_.arvalid = 0;
        if (ends_) {
            busy_ = false;
            queue.pop_front();
        }
    }
    bool taken() const { return aw_; }
    const Access* current() const { return busy_ ? &queue.front() : nullptr; }
    std::deque<Access> queue;
    unsigned read_value = 0;
    bool answered = false;

private:
    bool stalls(int channel, long long cycle) const {
        return weft::stalled(static_cast<unsigned long long>(options_["seed"]), 1000 + channel, static_cast<unsigned long long>(cycle));
    }
    Control& c_;
    const Options& options_;
    bool busy_ = false, aw_ = false, w_ = false, ar_ = false, ends_ = false;
};
)";

constexpr char loop[] = R"(
std::vector<unsigned char> read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<unsigned char>(std::istreambuf_iterator<char>(file), {});
}

Options options_of(int argc, char** argv) {
    Options options;
    for (int i = 3; i < argc; ++i) {
        const std::string text = argv[i];
        const std::size_t at = text.find('=');
        const long long value = std::atoll(text.c_str() + at + 1);
        if (text.substr(0, at) == "batch") options.batches.push_back(value);
        else options.values[text.substr(0, at)] = value;
    }
    return options;
}

/// A memory behind each port: of inputs what the folder holds, of outputs room for all images.
std::vector<Memory> memories_of(Kernel& kernel, const std::string& folder, const Options& options) {
    long long images = 0;
    for (const long long batch : options.batches) images += std::max(batch, 0LL);
    std::vector<Memory> memories;
    memories.reserve(kernel.ports.size());
    for (std::size_t p = 0; p < kernel.ports.size(); ++p) {
        Port& port = kernel.ports[p];
        std::vector<unsigned char> bytes;
        if (port.output) bytes.assign(static_cast<std::size_t>(images * port.frame_words * port.word_bytes), 0xa5);
        else bytes = read_bytes(folder + port.name + ".memory");
        const unsigned long long base = (p + 1) * 0x100000000ULL - 0x4000 + static_cast<unsigned long long>(options["first_word"] * port.word_bytes);
        memories.emplace_back(port, static_cast<int>(p), options, base, std::move(bytes));
    }
    return memories;
}

/// What the host does, one access after the other: interrupts on, then call by call, then the registers.
class Calls {
public:
    Calls(Kernel& kernel, Host& host, const std::vector<Memory>& memories, const Options& options)
        : kernel_(kernel), host_(host), memories_(memories), options_(options) {}

    void start_over() {
        given_ = finished = 0;
        image_ = 0;
        ready_ = setup_ = true;
        polling_ = interrupt_before_ = false;
        starts.clear();
        dones.clear();
    }
    /// The next access, if there is nothing to wait for; false where all is done.
    bool next() {
        if (!host_.idle()) return true;
        if (setup_) {
            write(0x4, 1);
            write(0x8, 1);
            setup_ = false;
        } else if (given_ < options_.batches.size() && ready_ && (options_["overlap"] != 0 || finished == given_)) {
            call(options_.batches[given_]);
        } else if (!polling_ && !reading_registers_ && finished < given_ && (!ready_ || *kernel_.interrupt || options_["interrupts"] == 0)) {
            host_.queue.push_back({false, 0, 0});
            polling_ = true;
            may_finish_ = *kernel_.interrupt || options_["interrupts"] == 0;
        } else if (finished == options_.batches.size()) {
            if (values.size() == kernel_.registers.size()) return false;
            reading_registers_ = true;
            host_.queue.push_back({false, kernel_.registers[values.size()], 0});
        }
        return true;
    }
    /// Before the edge: when calls start and are done.
    void watch(long long cycle) {
        if (const Host::Access* access = host_.current(); access && access->write && access->offset == 0 && access->value == 1 && host_.taken())
            starts.push_back(cycle);
        if (*kernel_.interrupt && !interrupt_before_) dones.push_back(cycle - 1);
        interrupt_before_ = *kernel_.interrupt;
    }
    /// After the edge: what a read has given.
    void answer(long long cycle) {
        if (!host_.answered) return;
        host_.answered = false;
        if (reading_registers_) values.push_back(host_.read_value);
        if (!polling_) return;
        polling_ = false;
        if (!(host_.read_value & 1)) ready_ = true;
        if (!(host_.read_value & 2) || !may_finish_) return;
        ++finished;
        // As XRT does it: ap_continue, then the status. What is done in between must not be lost.
        write(0, 16);
        write(0xc, 1);
        // Seen by polling before the interrupt could be raised.
        if (dones.size() < finished) dones.push_back(cycle);
    }

    std::size_t finished = 0;
    std::vector<long long> starts, dones;
    std::vector<unsigned> values;  ///< Of the registers.

private:
    void write(unsigned offset, unsigned long long value) { host_.queue.push_back({true, offset, static_cast<unsigned>(value)}); }
    void call(long long batch) {
        for (std::size_t p = 0; p < kernel_.ports.size(); ++p) {
            const unsigned long long address =
                memories_[p].base() + static_cast<unsigned long long>(image_ * kernel_.ports[p].frame_words * kernel_.ports[p].word_bytes);
            write(kernel_.ports[p].argument, address & 0xffffffffU);
            write(kernel_.ports[p].argument + 4, address >> 32);
        }
        write(kernel_.frames_offset, static_cast<unsigned long long>(batch));
        write(0, 1);
        image_ += std::max(batch, 0LL);
        ++given_;
        ready_ = false;
    }

    Kernel& kernel_;
    Host& host_;
    const std::vector<Memory>& memories_;
    const Options& options_;
    std::size_t given_ = 0;
    long long image_ = 0;
    bool setup_ = true, ready_ = true, polling_ = false, may_finish_ = false, reading_registers_ = false, interrupt_before_ = false;
};

void write_out(const Kernel& kernel, const std::vector<Memory>& memories, const std::string& folder, const Options& options, const Calls& calls) {
    for (std::size_t p = 0; p < kernel.ports.size(); ++p) {
        if (!kernel.ports[p].output) continue;
        std::ofstream file(folder + kernel.ports[p].name + ".result", std::ios::binary);
        file.write(reinterpret_cast<const char*>(memories[p].bytes.data()), static_cast<std::streamsize>(memories[p].bytes.size()));
    }
    for (std::size_t i = 0; i < calls.finished; ++i) std::printf("call %lld %lld %lld\n", options.batches[i], calls.starts.at(i), calls.dones.at(i));
    for (std::size_t i = 0; i < calls.values.size(); ++i) std::printf("register %u %u\n", kernel.registers[i], calls.values[i]);
}

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const std::string folder = std::string(argv[2]) + "/";
    const Options options = options_of(argc, argv);
    VerilatedContext context;
    context.commandArgs(argc, argv);
    const auto model = std::make_unique<Vweft_testbench_top>(&context);
    std::vector<Kernel> kernels = connect(*model);
    Kernel& kernel = kernels.at(static_cast<std::size_t>(std::atoi(argv[1])));
    std::vector<Memory> memories = memories_of(kernel, folder, options);
    Host host(kernel.control, options);
    Calls calls(kernel, host, memories, options);

    for (Kernel& other : kernels) {
        *other.rst_n = 0;
        *other.clk = 0;
    }
    model->eval();
    const auto edge = [&] {
        *kernel.clk = 1;
        model->eval();
        *kernel.clk = 0;
        model->eval();
    };
    const auto start_over = [&] {
        *kernel.rst_n = 0;
        host.reset();
        for (Memory& memory : memories) memory.reset();
        for (int i = 0; i < 32; ++i) edge();
        *kernel.rst_n = 1;
        for (int i = 0; i < 4; ++i) edge();
        calls.start_over();
    };
    start_over();

    const auto begin = std::chrono::steady_clock::now();
    long long cycle = 0;
    for (long long last = 0;; ++cycle) {
        if (cycle == options["reset_at"]) start_over();
        if (!calls.next()) break;
        host.drive(cycle);
        for (Memory& memory : memories) memory.drive(cycle);
        model->eval();
        for (Memory& memory : memories)
            if (memory.step(cycle)) last = cycle;
        host.step();
        calls.watch(cycle);
        edge();
        for (Memory& memory : memories) memory.after_edge();
        host.after_edge();
        calls.answer(cycle);
        if (cycle + 1 - last > options["patience"]) {
            std::fprintf(stderr, "nothing has moved since cycle %lld: %zu of %zu calls done\n", last, calls.finished, options.batches.size());
            return 3;
        }
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    write_out(kernel, memories, folder, options, calls);
    std::printf("cycles %lld\nseconds %f\n", cycle, seconds);
    return 0;
}
)";

}  // namespace

std::string kernel_testbench_module(std::span<const RtlKernel> kernels) {
    std::vector<std::string> entries;
    TextWriter body;
    for (std::size_t k = 0; k < kernels.size(); ++k) {
        const RtlKernel& kernel = kernels[k];
        std::vector<std::string> pins;
        const auto add = [&](bool output, int bits, const std::string& name) {
            entries.push_back(fmt::format("{} logic [{}:0] k{}_{}", output ? "output" : "input ", bits - 1, k, name));
            pins.push_back(fmt::format(".{0}(k{1}_{0})", name, k));
        };
        add(false, 1, "ap_clk");
        add(false, 1, "ap_rst_n");
        add(true, 1, "interrupt");
        for (const AxiSignal& signal : axi_control_signals()) add(signal.output, signal.bits, std::string("s_axi_control_") + signal.name);
        for (std::size_t p = 0; p < kernel.ports.size(); ++p)
            for (const AxiSignal& signal : axi_master_signals(kernel.ports[p].word_bits))
                add(signal.output, signal.bits, fmt::format("m_axi_gmem{}_{}", p, signal.name));
        body.open(fmt::format("{} k{} (", kernel.name, k));
        write_list(body, pins);
        body.close(");");
    }
    TextWriter out;
    out.line(fmt::format("module {} (", testbench_top));
    out.open("");
    write_list(out, entries);
    out.close(");");
    return std::move(out).take() + std::move(body).take() + "endmodule\n";
}

std::string kernel_testbench_program(std::span<const RtlKernel> kernels) {
    TextWriter out;
    for (const char* header : {"<algorithm>", "<array>", "<chrono>", "<cstdio>", "<cstdlib>", "<cstring>", "<deque>", "<fstream>",
                               "<iterator>", "<map>", "<memory>", "<string>", "<vector>"})
        out.margin(fmt::format("#include {}", header));
    out.margin(fmt::format("#include \"V{}.h\"", testbench_top));
    out.margin("namespace weft {");
    out.margin(stall_function_text);
    out.margin("}");
    out.margin(support);
    out.open("std::vector<Kernel> connect(Vweft_testbench_top& m) {");
    out.line("std::vector<Kernel> kernels;");
    for (std::size_t k = 0; k < kernels.size(); ++k) {
        const RtlKernel& kernel = kernels[k];
        out.open("{");
        out.line("Kernel kernel;");
        for (const auto& [member, name] : {std::pair{"clk", "ap_clk"}, std::pair{"rst_n", "ap_rst_n"}, std::pair{"interrupt", "interrupt"}})
            out.line(fmt::format("kernel.{} = &m.k{}_{};", member, k, name));
        for (const AxiSignal& signal : axi_control_signals()) {
            const std::string name = lower_case(signal.name);
            if (!name.ends_with("resp")) out.line(fmt::format("kernel.control.{} = &m.k{}_s_axi_control_{};", name, k, signal.name));
        }
        out.line(fmt::format("kernel.frames_offset = {};", find_register(kernel.registers, images_argument).offset));
        for (const Register& r : kernel.registers)
            for (int part = 0; part < r.bits; part += 32)
                if (r.kind != RegisterKind::protocol) out.line(fmt::format("kernel.registers.push_back({});", r.offset + part / 8));
        for (std::size_t p = 0; p < kernel.ports.size(); ++p) {
            const KernelPort& port = kernel.ports[p];
            out.open("{");
            out.line("Port port;");
            out.line(fmt::format("port.name = \"{}\";", port.name));
            out.line(fmt::format("port.output = {};", port.output));
            out.line(fmt::format("port.argument = {};", find_register(kernel.registers, port.argument).offset));
            out.line(fmt::format("port.frame_words = {};", frame_layout(port).words()));
            out.line(fmt::format("port.word_bytes = {};", port.word_bits / 8));
            for (const char* name :
                 {"awvalid", "awready", "wvalid", "wready", "wlast", "bvalid", "bready", "bresp", "arvalid", "arready", "rvalid",
                  "rready",  "rlast",   "rresp",  "awlen",  "arlen", "awaddr", "araddr", "wstrb", "wdata",   "rdata"}) {
                const std::string upper = upper_case(name);
                const bool wide = upper.ends_with("DATA") && port.word_bits > 64;
                out.line(fmt::format("port.bus.{} = &m.k{}_m_axi_gmem{}_{}{};", name, k, p, upper, wide ? "[0]" : ""));
            }
            out.line("kernel.ports.push_back(port);");
            out.close("}");
        }
        out.line("kernels.push_back(kernel);");
        out.close("}");
    }
    out.line("return kernels;");
    out.close("}");
    out.margin(loop);
    return std::move(out).take();
}

}  // namespace weft
