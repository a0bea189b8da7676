// stream_shell.cpp
// The top module with bare AXI4-Stream ports, for designs that bring their own memory, DMA or camera.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/emit/hls_parts.h"
#include "src/emit/shell.h"
#include "src/emit/shell_parts.h"

namespace weft {

namespace {

struct Transfer {
    std::int64_t elements, bits, carrier, beats;
    bool is_signed;
};

Transfer transfer_of(const KernelPort& port) {
    const Stream& stream = *port.stream;
    return {stream.beat.elements(), stream.bits(), frame_layout(port).bytes() * 8, stream.beat.count(stream.shape), stream.is_signed()};
}

}  // namespace

std::string stream_shell_name(const std::string& kernel) { return kernel + "_stream"; }

std::string stream_shell(const ShellPlan& plan) {
    TextWriter out;
    const std::string name = stream_shell_name(plan.kernel);
    write_file_head(out, name + ".v", fmt::format("{} with AXI4-Stream ports: one transfer a beat, TLAST on a frame's last.", plan.kernel),
                    *plan.options);
    out.line(
        "// A transfer holds the elements of a beat (see the core), each in 1, 2 or 4 bytes. errors[2*i] tells that input i has seen "
        "TLAST");
    out.line("// early, errors[2*i+1] late or never; both stay until reset. The frame concerned is wrong, the next one right.");
    out.line("// Not verified with vendor tools where docs/status.md does not say so.");
    out.line();
    out.margin("`default_nettype none");
    out.line();
    std::size_t inputs = 0;
    std::vector<std::string> entries = {"input  wire aclk", "input  wire aresetn"};
    for (const KernelPort& port : plan.ports) {
        const Transfer t = transfer_of(port);
        const std::string bus = fmt::format("{}_axis_{}_", port.output ? "m" : "s", port.name);
        const char* forward = port.output ? "output" : "input ";
        const char* back = port.output ? "input " : "output";
        entries.push_back(fmt::format("{} wire {}tvalid", forward, bus));
        entries.push_back(fmt::format("{} wire {}tready", back, bus));
        entries.push_back(fmt::format("{} wire [{}:0] {}tdata", forward, t.elements * t.carrier - 1, bus));
        entries.push_back(fmt::format("{} wire {}tlast", forward, bus));
        if (!port.output) ++inputs;
    }
    entries.push_back(fmt::format("output reg  [{}:0] errors", 2 * inputs - 1));
    out.line(fmt::format("module {} (", name));
    out.open("");
    write_list(out, entries);
    out.close(");");
    out.open("");
    out.line("(* max_fanout = 256 *) reg rst = 1'b1;");
    out.line("always @(posedge aclk) rst <= !aresetn;");
    out.line(fmt::format("wire [{}:0] events;", 2 * inputs - 1));
    out.line("always @(posedge aclk) begin");
    out.line("    if (rst) errors <= 0;");
    out.line("    else errors <= errors | events;");
    out.line("end");
    std::size_t input = 0;
    std::vector<std::string> core = {".clk(aclk)", ".rst(rst)"};
    for (const KernelPort& port : plan.ports) {
        const Transfer t = transfer_of(port);
        const std::string& p = port.name;
        out.line();
        out.line(fmt::format("// {} {}: {} beats of {} elements of {} bits a frame.", port.output ? "Output" : "Input", p, t.beats,
                             t.elements, t.bits));
        out.line(fmt::format("wire {}_valid;", p));
        out.line(fmt::format("wire {}_ready;", p));
        out.line(fmt::format("wire [{}:0] {}_data;", t.elements * t.bits - 1, p));
        std::vector<std::string> parameters = {fmt::format(".Elements({})", t.elements), fmt::format(".Bits({})", t.bits),
                                               fmt::format(".Carrier({})", t.carrier)};
        if (port.output) parameters.push_back(fmt::format(".Signed({})", t.is_signed ? 1 : 0));
        parameters.push_back(fmt::format(".Beats({})", t.beats));
        std::vector<std::string> pins = {".clk(aclk)", ".rst(rst)"};
        for (const char* part : {"tvalid", "tready", "tdata", "tlast"})
            pins.push_back(fmt::format(".{0}({1}_axis_{2}_{0})", part, port.output ? "m" : "s", p));
        for (const char* part : {"valid", "ready", "data"}) {
            pins.push_back(fmt::format(".{0}_{1}({2}_{1})", port.output ? "in" : "out", part, p));
            core.push_back(fmt::format(".{0}_{1}({0}_{1})", p, part));
        }
        if (!port.output) {
            pins.push_back(fmt::format(".early(events[{}])", 2 * input));
            pins.push_back(fmt::format(".late(events[{}])", 2 * input + 1));
            ++input;
        }
        write_instance(out, port.output ? "weft_stream_out" : "weft_stream_in", fmt::format("{}_{}", port.output ? "send" : "receive", p),
                       parameters, pins);
    }
    out.line();
    write_instance(out, plan.kernel + "_core", "core", {}, core);
    out.close("endmodule");
    out.line();
    out.margin("`default_nettype wire");
    return std::move(out).take();
}

}  // namespace weft
