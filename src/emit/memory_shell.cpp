// memory_shell.cpp
// The top module of the kernel for cards: registers, readers, core, writers.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>

#include "src/base/text.h"
#include "src/emit/hls_parts.h"
#include "src/emit/shell.h"
#include "src/emit/shell_parts.h"

namespace weft {

namespace {

/// Words of the longest burst: of 512 bits 4 KiB, which no burst crosses; of fewer long enough to hide what a burst costs.
constexpr int max_burst = 64;
constexpr int outstanding_bursts = 8;
/// Words that a reader may have under way: bursts enough to hide a memory's latency, and as many as a block RAM has anyway.
constexpr int read_depth = 512;
constexpr int write_depth = 128;
constexpr int error_flags = 2;

std::string range(int bits) { return bits == 1 ? "" : fmt::format("[{}:0] ", bits - 1); }

class MemoryShell {
public:
    explicit MemoryShell(const ShellPlan& plan) : plan_(plan) {}

    std::string text() {
        write_file_head(out_, plan_.kernel + ".v",
                        fmt::format("The kernel {}: registers, readers and writers around the stream core.", plan_.kernel), *plan_.options);
        out_.line("// Not verified with vendor tools where docs/status.md does not say so.");
        out_.line();
        out_.margin("`default_nettype none");
        out_.line();
        header();
        reset();
        control();
        for (const KernelPort& port : plan_.ports) memory_port(port);
        core();
        joins();
        out_.close("endmodule");
        out_.line();
        out_.margin("`default_nettype wire");
        return std::move(out_).take();
    }

private:
    int index(const KernelPort& port) const { return static_cast<int>(&port - plan_.ports.data()); }
    std::string bus(const KernelPort& port) const { return fmt::format("m_axi_gmem{}_", index(port)); }

    void header() {
        std::vector<std::string> entries = {"input  wire ap_clk", "input  wire ap_rst_n", "output wire interrupt"};
        const auto add = [&](const std::string& prefix, const std::vector<AxiSignal>& signals) {
            for (const AxiSignal& signal : signals)
                entries.push_back(
                    fmt::format("{} wire {}{}{}", signal.output ? "output" : "input ", range(signal.bits), prefix, signal.name));
        };
        add("s_axi_control_", axi_control_signals());
        for (const KernelPort& port : plan_.ports) add(bus(port), axi_master_signals(port.word_bits));
        out_.line(fmt::format("module {} (", plan_.kernel));
        out_.open("");
        write_list(out_, entries);
        out_.close(");");
        out_.open("");
    }

    void reset() {
        out_.line("(* max_fanout = 256 *) reg rst = 1'b1;");
        out_.line("always @(posedge ap_clk) rst <= !ap_rst_n;");
    }

    void control() {
        const auto& registers = plan_.registers;
        std::string offsets;
        for (const KernelPort& port : plan_.ports) {
            const std::string one = fmt::format("12'h{:03x}", find_register(registers, port.argument).offset);
            offsets = offsets.empty() ? one : one + ", " + offsets;
        }
        out_.line();
        out_.line("wire job_valid;");
        out_.line("wire job_ready;");
        out_.line("wire job = job_valid && job_ready;");
        out_.line("wire done;");
        out_.line("wire done_taken;");
        out_.line("wire frame_written;");
        out_.line("wire input_waits;");
        out_.line("wire output_waits;");
        out_.line("wire read_error;");
        out_.line("wire write_error;");
        out_.line("wire [31:0] frames;");
        out_.line(fmt::format("wire [{}:0] pointers;", 64 * plan_.ports.size() - 1));
        std::vector<std::string> pins = {".clk(ap_clk)", ".rst(rst)"};
        for (const AxiSignal& signal : axi_control_signals())
            pins.push_back(fmt::format(".{}(s_axi_control_{})", lower_case(signal.name), signal.name));
        for (const char* pin : {".irq(interrupt)", ".job_valid(job_valid)", ".job_ready(job_ready)", ".pointers(pointers)",
                                ".frames(frames)", ".done(done)", ".done_taken(done_taken)", ".frame_written(frame_written)",
                                ".input_waits(input_waits)", ".output_waits(output_waits)", ".errors({write_error, read_error})"})
            pins.push_back(pin);
        out_.line();
        write_instance(
            out_, "weft_axi_control", "control",
            {fmt::format(".AddressBits({})", register_address_bits), fmt::format(".Pointers({})", plan_.ports.size()),
             fmt::format(".PointerOffsets({{{}}})", offsets),
             fmt::format(".FramesOffset(12'h{:03x})", find_register(registers, images_argument).offset),
             fmt::format(".StatusOffset(12'h{:03x})", status_offset), fmt::format(".Version(32'h{:08x})", version_word(WEFT_VERSION)),
             fmt::format(".ModelHash(64'h{:016x})", hash_word(plan_.options->model_hash)), fmt::format(".Errors({})", error_flags)},
            pins);
    }

    void memory_port(const KernelPort& port) {
        const FrameLayout frame = frame_layout(port);
        const std::string& p = port.name;
        const std::string b = bus(port);
        const int beat_bits = static_cast<int>(frame.pixels * frame.lanes * frame.bits);
        out_.line();
        out_.line(fmt::format("// {} {}: {} elements of {} bits a frame, {} words of memory.", port.output ? "Output" : "Input", p,
                              frame.elements(), frame.bits, frame.words()));
        out_.line(fmt::format("wire {}_valid;", p));
        out_.line(fmt::format("wire {}_ready;", p));
        out_.line(fmt::format("wire [{}:0] {}_data;", beat_bits - 1, p));
        for (const char* signal : {"words_valid", "words_ready", "job_ready", "error"}) out_.line(fmt::format("wire {}_{};", p, signal));
        if (port.output)
            for (const char* signal : {"done", "frame"}) out_.line(fmt::format("wire {}_{};", p, signal));
        out_.line(fmt::format("wire [{}:0] {}_words_data;", port.word_bits - 1, p));

        std::vector<std::string> layout = {fmt::format(".WordBits({})", port.word_bits), fmt::format(".Bits({})", frame.bits)};
        if (port.output) layout.push_back(fmt::format(".Signed({})", frame.is_signed ? 1 : 0));
        for (const auto& [name, value] :
             {std::pair{"Rows", frame.rows}, std::pair{"Columns", frame.columns}, std::pair{"Channels", frame.channels},
              std::pair{"Pixels", frame.pixels}, std::pair{"Lanes", frame.lanes}})
            layout.push_back(fmt::format(".{}({})", name, value));
        const std::vector<std::string> master = {fmt::format(".WordBits({})", port.word_bits),
                                                 fmt::format(".FrameWords({})", frame.words()), fmt::format(".MaxBurst({})", max_burst),
                                                 fmt::format(".Outstanding({})", outstanding_bursts),
                                                 fmt::format(".Depth({})", port.output ? write_depth : read_depth)};
        std::vector<std::string> pins = {".clk(ap_clk)",
                                         ".rst(rst)",
                                         ".job_valid(job)",
                                         fmt::format(".job_ready({}_job_ready)", p),
                                         fmt::format(".job_address(pointers[{}:{}])", 64 * index(port) + 63, 64 * index(port)),
                                         ".job_frames(frames)"};
        const auto bus_pins = [&](std::initializer_list<const char*> names) {
            for (const char* name : names) pins.push_back(fmt::format(".{}({}{})", name, b, upper_case(name)));
        };
        const auto stream_pins = [&](const char* end, const std::string& signal) {
            for (const char* part : {"valid", "ready", "data"}) pins.push_back(fmt::format(".{0}_{1}({2}_{1})", end, part, signal));
        };
        if (port.output) {
            std::vector<std::string> moved = {".clk(ap_clk)", ".rst(rst)"};
            std::swap(pins, moved);
            stream_pins("in", p);
            stream_pins("out", p + "_words");
            pins.push_back(fmt::format(".frame({}_frame)", p));
            write_instance(out_, "weft_pack", "pack_" + p, layout, pins);
            std::swap(pins, moved);
            pins.push_back(fmt::format(".done_valid({}_done)", p));
            pins.push_back(".done_taken(done_taken)");
            stream_pins("in", p + "_words");
            bus_pins({"awvalid", "awready", "awaddr", "awlen", "wvalid", "wready", "wdata", "wlast", "bvalid", "bready", "bresp"});
            pins.push_back(fmt::format(".error({}_error)", p));
            write_instance(out_, "weft_axi_write", "write_" + p, master, pins);
        } else {
            bus_pins({"arvalid", "arready", "araddr", "arlen", "rvalid", "rready", "rdata", "rresp", "rlast"});
            stream_pins("out", p + "_words");
            pins.push_back(fmt::format(".error({}_error)", p));
            write_instance(out_, "weft_axi_read", "read_" + p, master, pins);
            pins = {".clk(ap_clk)", ".rst(rst)"};
            stream_pins("in", p + "_words");
            stream_pins("out", p);
            write_instance(out_, "weft_unpack", "unpack_" + p, layout, pins);
        }
        idle_channels(port);
        check(port);
    }

    /// What never changes at a port, and the channels that it does not use.
    void idle_channels(const KernelPort& port) {
        const std::string b = bus(port);
        const auto tie = [&](const char* signal, const std::string& value) {
            out_.line(fmt::format("assign {}{} = {};", b, signal, value));
        };
        if (port.output) {
            for (const char* signal : {"ARVALID", "RREADY"}) tie(signal, "1'b0");
            tie("ARADDR", "64'd0");
            tie("ARLEN", "8'd0");
            tie("WSTRB", fmt::format("{{{}{{1'b1}}}}", port.word_bits / 8));
        } else {
            for (const char* signal : {"AWVALID", "WVALID", "WLAST"}) tie(signal, "1'b0");
            tie("AWADDR", "64'd0");
            tie("AWLEN", "8'd0");
            tie("WDATA", fmt::format("{}'d0", port.word_bits));
            tie("WSTRB", fmt::format("{}'d0", port.word_bits / 8));
            tie("BREADY", "1'b1");
        }
        for (const char* channel : {"AW", "AR"}) {
            const auto tie_of = [&](const char* signal, const std::string& value) { tie((std::string(channel) + signal).c_str(), value); };
            tie_of("ID", "1'b0");
            tie_of("SIZE", fmt::format("3'd{}", std::countr_zero(static_cast<unsigned>(port.word_bits / 8))));
            tie_of("BURST", "2'b01");
            tie_of("LOCK", "1'b0");
            tie_of("CACHE", "4'b0011");
            tie_of("PROT", "3'b000");
            tie_of("QOS", "4'd0");
            tie_of("REGION", "4'd0");
        }
    }

    void check(const KernelPort& port) {
        std::vector<std::string> pins = {".clk(ap_clk)", ".rst(rst)"};
        for (const char* signal : {"awvalid", "awready", "awaddr",  "awlen",  "wvalid", "wready", "wdata",  "wlast", "bvalid", "bready",
                                   "bresp",   "arvalid", "arready", "araddr", "arlen",  "rvalid", "rready", "rdata", "rresp",  "rlast"})
            pins.push_back(fmt::format(".{}({}{})", signal, bus(port), upper_case(signal)));
        out_.margin("`ifdef WEFT_CHECK");
        write_instance(out_, "weft_axi_check", "check_" + port.name,
                       {fmt::format(".WordBits({})", port.word_bits), fmt::format(".Outstanding({})", outstanding_bursts)}, pins);
        out_.margin("`endif");
    }

    void core() {
        std::vector<std::string> pins = {".clk(ap_clk)", ".rst(rst)"};
        for (const KernelPort& port : plan_.ports)
            for (const char* part : {"valid", "ready", "data"}) pins.push_back(fmt::format(".{0}_{1}({0}_{1})", port.name, part));
        out_.line();
        write_instance(out_, plan_.kernel + "_core", "core", {}, pins);
    }

    /// A call starts when every port can take its part, and ends when every output is written.
    void joins() {
        const auto joined = [&](const char* what, const char* separator, int side) {
            std::string text;
            for (const KernelPort& port : plan_.ports)
                if (side < 0 || port.output == (side == 1))
                    text += (text.empty() ? "" : separator) + fmt::format(fmt::runtime(what), port.name);
            return text;
        };
        const KernelPort* first_output = nullptr;
        for (const KernelPort& port : plan_.ports)
            if (port.output && !first_output) first_output = &port;
        out_.line();
        out_.line(fmt::format("assign job_ready = {};", joined("{}_job_ready", " && ", -1)));
        out_.line(fmt::format("assign done = {};", joined("{}_done", " && ", 1)));
        out_.line(fmt::format("assign frame_written = {}_frame;", first_output->name));
        out_.line(fmt::format("assign read_error = {};", joined("{}_error", " || ", 0)));
        out_.line(fmt::format("assign write_error = {};", joined("{}_error", " || ", 1)));
        out_.line(fmt::format("assign input_waits = {};", joined("({0}_ready && !{0}_valid)", " || ", 0)));
        out_.line(fmt::format("assign output_waits = {};", joined("({0}_valid && !{0}_ready)", " || ", 1)));
        // Response IDs are those of the requests, all 0.
        out_.line();
        std::string unused;
        for (const KernelPort& port : plan_.ports) {
            for (const char* signal : {"BID", "RID"}) unused += fmt::format(", {}{}", bus(port), signal);
            for (const char* signal : {"ARREADY", "RVALID", "RDATA", "RLAST", "RRESP"})
                if (port.output) unused += fmt::format(", {}{}", bus(port), signal);
            for (const char* signal : {"AWREADY", "WREADY", "BVALID", "BRESP"})
                if (!port.output) unused += fmt::format(", {}{}", bus(port), signal);
        }
        out_.line(fmt::format("wire unused_ok = &{{1'b0{}}};", unused));
    }

    const ShellPlan& plan_;
    TextWriter out_;
};

}  // namespace

std::vector<AxiSignal> axi_master_signals(int word_bits) {
    return {
        {"AWVALID", true, 1},  {"AWREADY", false, 1}, {"AWADDR", true, 64},       {"AWID", true, 1},
        {"AWLEN", true, 8},    {"AWSIZE", true, 3},   {"AWBURST", true, 2},       {"AWLOCK", true, 1},
        {"AWCACHE", true, 4},  {"AWPROT", true, 3},   {"AWQOS", true, 4},         {"AWREGION", true, 4},
        {"WVALID", true, 1},   {"WREADY", false, 1},  {"WDATA", true, word_bits}, {"WSTRB", true, word_bits / 8},
        {"WLAST", true, 1},    {"BVALID", false, 1},  {"BREADY", true, 1},        {"BRESP", false, 2},
        {"BID", false, 1},     {"ARVALID", true, 1},  {"ARREADY", false, 1},      {"ARADDR", true, 64},
        {"ARID", true, 1},     {"ARLEN", true, 8},    {"ARSIZE", true, 3},        {"ARBURST", true, 2},
        {"ARLOCK", true, 1},   {"ARCACHE", true, 4},  {"ARPROT", true, 3},        {"ARQOS", true, 4},
        {"ARREGION", true, 4}, {"RVALID", false, 1},  {"RREADY", true, 1},        {"RDATA", false, word_bits},
        {"RLAST", false, 1},   {"RRESP", false, 2},   {"RID", false, 1},
    };
}

const std::vector<AxiSignal>& axi_control_signals() {
    static const std::vector<AxiSignal> list = {
        {"AWVALID", false, 1},
        {"AWREADY", true, 1},
        {"AWADDR", false, register_address_bits},
        {"WVALID", false, 1},
        {"WREADY", true, 1},
        {"WDATA", false, 32},
        {"WSTRB", false, 4},
        {"BVALID", true, 1},
        {"BREADY", false, 1},
        {"BRESP", true, 2},
        {"ARVALID", false, 1},
        {"ARREADY", true, 1},
        {"ARADDR", false, register_address_bits},
        {"RVALID", true, 1},
        {"RREADY", false, 1},
        {"RDATA", true, 32},
        {"RRESP", true, 2},
    };
    return list;
}

void write_list(TextWriter& out, const std::vector<std::string>& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) out.line(entries[i] + (i + 1 < entries.size() ? "," : ""));
}

void write_instance(TextWriter& out, const std::string& module, const std::string& name, const std::vector<std::string>& parameters,
                    const std::vector<std::string>& pins) {
    if (parameters.empty()) {
        out.open(fmt::format("{} {} (", module, name));
    } else {
        out.open(module + " #(");
        write_list(out, parameters);
        out.close(fmt::format(") {} (", name));
        out.open("");
    }
    write_list(out, pins);
    out.close(");");
}

std::string memory_shell(const ShellPlan& plan) { return MemoryShell(plan).text(); }

}  // namespace weft
