// plain_testbench.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/plain_testbench.h"

#include <fmt/format.h>

#include "src/design/beat_layout.h"
#include "src/design/rtl_memory.h"
#include "src/emit/hls_parts.h"

namespace weft {

namespace {

/// Clock edges under reset, and between its end and cycle 0, as in our own simulation.
constexpr int reset_edges = 32;
constexpr int settle_edges = 4;

int beat_bits(const Stream& stream) { return stream.bits() * stream.beat.elements(); }

/// A beat a word; of an output, above its bits a mask of those that count: spare elements may be anything.
std::string vector_file(const KernelPort& port, const PortVectors& vectors) {
    const Stream& stream = *port.stream;
    const std::int64_t beats = stream.beat.count(stream.shape);
    const int bits = beat_bits(stream);
    RtlMemory memory(port.name, port.output ? 2 * bits : bits, beats * static_cast<std::int64_t>(vectors.frames.size()));
    std::int64_t first = 0;
    for (const IntTensor& frame : vectors.frames) {
        BeatLayout(stream).for_each([&](std::int64_t beat, int element, std::int64_t index) {
            if (index < 0) return;
            memory.set(first + beat, element * stream.bits(), stream.bits(), frame.data[static_cast<std::size_t>(index)]);
            if (port.output) memory.set(first + beat, bits + element * stream.bits(), stream.bits(), -1);
        });
        first += beats;
    }
    return memory.text();
}

void input_port(TextWriter& out, const std::string& kernel, const KernelPort& port, std::int64_t beats) {
    const std::string& p = port.name;
    const int bits = beat_bits(*port.stream);
    out.line();
    out.line(fmt::format("// Input {}: {} beats.", p, beats));
    out.line(fmt::format("reg [{}:0] {}_beats [0:{}];", bits - 1, p, beats - 1));
    out.line(fmt::format("integer {}_at = 0;", p));
    out.line(fmt::format("wire {}_ready;", p));
    out.line(fmt::format("wire {0}_valid = runs && {0}_at < {1};", p, beats));
    out.line(fmt::format("wire [{}:0] {}_data = {}_beats[{}_at];", bits - 1, p, p, p));
    out.line(fmt::format("initial $readmemh(\"tb/{}_{}.mem\", {}_beats);", kernel, p, p));
    out.line(fmt::format("always @(posedge clk) if ({0}_valid && {0}_ready) {0}_at <= {0}_at + 1;", p));
}

void output_port(TextWriter& out, const std::string& kernel, const KernelPort& port, const PortVectors& vectors, std::int64_t beats) {
    const std::string& p = port.name;
    const int bits = beat_bits(*port.stream);
    out.line();
    out.line(fmt::format("// Output {}: {} beats, the first in cycle {}, the last in cycle {}.", p, beats, vectors.first_cycle,
                         vectors.last_cycle));
    out.line(fmt::format("reg [{}:0] {}_beats [0:{}];", 2 * bits - 1, p, beats - 1));
    out.line(fmt::format("integer {}_at = 0;", p));
    out.line(fmt::format("wire {}_valid;", p));
    out.line(fmt::format("wire {}_ready = runs;", p));
    out.line(fmt::format("wire [{}:0] {}_data;", bits - 1, p));
    out.line(fmt::format("wire [{}:0] {}_expected = {}_beats[{}_at];", 2 * bits - 1, p, p, p));
    out.line(fmt::format("initial $readmemh(\"tb/{}_{}.mem\", {}_beats);", kernel, p, p));
    out.open("always @(posedge clk) begin");
    out.open(fmt::format("if (runs && {}_valid !== 1'b0) begin", p));
    out.open(fmt::format("if ({0}_valid !== 1'b1 || {0}_at >= {1}) begin", p, beats));
    out.line(fmt::format("$display(\"{}: in cycle %0d valid is %b, after %0d beats\", cycle, {}_valid, {}_at);", p, p, p));
    out.line("errors <= errors + 1;");
    out.close("end");
    out.open(
        fmt::format("if ((({0}_data ^ {0}_expected[{1}:0]) & {0}_expected[{2}:{3}]) !== {3}'d0) begin", p, bits - 1, 2 * bits - 1, bits));
    out.line(
        fmt::format("$display(\"{}: beat %0d is %h, not %h (of the bits %h)\", {}_at, {}_data, {}_expected[{}:0], {}_expected[{}:{}]);", p,
                    p, p, p, bits - 1, p, 2 * bits - 1, bits));
    out.line("errors <= errors + 1;");
    out.close("end");
    out.open(fmt::format("if (({0}_at == 0 && cycle != {1}) || ({0}_at == {2} && cycle != {3})) begin", p, vectors.first_cycle, beats - 1,
                         vectors.last_cycle));
    out.line(fmt::format("$display(\"{}: beat %0d left in cycle %0d, not in the scheduled one\", {}_at, cycle);", p, p));
    out.line("errors <= errors + 1;");
    out.close("end");
    out.line(fmt::format("{0}_at <= {0}_at + 1;", p));
    out.close("end");
    out.close("end");
}

}  // namespace

std::vector<ProjectFile> plain_testbench(const Design& design, const EmitOptions& options, const std::vector<PortVectors>& vectors) {
    const std::string kernel = kernel_name(design);
    const std::string bench = kernel + "_tb";
    const std::vector<KernelPort> ports = kernel_ports(design, options);
    std::vector<ProjectFile> files;
    TextWriter out;
    write_file_head(out, bench + ".sv",
                    fmt::format("Runs {}_core on vectors and compares integers and cycles with weft's schedule.", kernel), options);
    out.line("// Run it in the folder of the core, where the memories' contents are:");
    out.line(fmt::format("//   iverilog -g2012 -o tb/run weft/*.sv {0}_core.sv tb/{1}.sv && vvp tb/run", kernel, bench));
    out.line("`timescale 1ns / 1ps");
    out.line();
    out.open(fmt::format("module {};", bench));
    out.line("reg clk = 1'b0;");
    out.line("always #2 clk = !clk;");
    out.line();
    out.line(fmt::format("// {} edges of reset, {} to settle, then cycle 0.", reset_edges, settle_edges));
    out.line("reg rst = 1'b1;");
    out.line("integer edges = 0;");
    out.line("integer errors = 0;");
    out.line(fmt::format("wire runs = edges >= {};", reset_edges + settle_edges));
    out.line(fmt::format("wire [31:0] cycle = edges - {};", reset_edges + settle_edges));
    out.open("always @(posedge clk) begin");
    out.line("edges <= edges + 1;");
    out.line(fmt::format("rst <= edges < {};", reset_edges - 1));
    out.close("end");
    std::string finished;
    std::string pins;
    std::int64_t last = 0;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const KernelPort& port = ports[i];
        const std::int64_t beats = port.stream->beat.count(port.stream->shape) * static_cast<std::int64_t>(vectors[i].frames.size());
        if (port.output) {
            output_port(out, kernel, port, vectors[i], beats);
            finished += fmt::format("{}{}_at == {}", finished.empty() ? "" : " && ", port.name, beats);
            last = std::max(last, vectors[i].last_cycle);
        } else {
            input_port(out, kernel, port, beats);
        }
        for (const char* part : {"valid", "ready", "data"}) pins += fmt::format(",\n        .{0}_{1}({0}_{1})", port.name, part);
        files.push_back({fmt::format("rtl/tb/{}_{}.mem", kernel, port.name), vector_file(port, vectors[i])});
    }
    out.line();
    out.line(fmt::format("{}_core core (\n        .clk(clk),\n        .rst(rst){}\n    );", kernel, pins));
    out.line();
    out.line("// Some cycles beyond the last beat, in which nothing more may come.");
    out.open("always @(posedge clk) begin");
    out.open(fmt::format("if (runs && cycle == {}) begin", last + 64));
    out.line(fmt::format("if (errors == 0 && {}) $display(\"PASS: last beat in cycle {}\");", finished, last));
    out.open("else begin");
    out.line("$display(\"FAIL: %0d differences, or beats are missing\", errors);");
    out.line("$fatal(1);");
    out.close("end");
    out.line("$finish;");
    out.close("end");
    out.close("end");
    out.close("endmodule");
    files.push_back({fmt::format("rtl/tb/{}.sv", bench), std::move(out).take()});

    TextWriter xsim;
    xsim.line("#!/bin/sh");
    write_file_head(xsim, "xsim.sh", "The testbench in Vivado's simulator.", options, "#");
    xsim.line("# Not verified with vendor tools where docs/status.md does not say so.");
    xsim.line("set -e");
    xsim.line("cd \"$(dirname \"$0\")/..\"");
    xsim.line(fmt::format("xvlog -sv weft/*.sv {}_core.sv tb/{}.sv", kernel, bench));
    xsim.line(fmt::format("xelab {} -s {}", bench, bench));
    xsim.line(fmt::format("xsim {} -runall", bench));
    files.push_back({"rtl/tb/xsim.sh", std::move(xsim).take()});

    TextWriter questa;
    write_file_head(questa, "questa.do", "The testbench in Questa: vsim -c -do tb/questa.do, in the folder rtl.", options, "#");
    questa.line("# Not verified with vendor tools where docs/status.md does not say so.");
    questa.line("onerror { quit -code 1 }");
    questa.line("vlib work");
    questa.line(fmt::format("vlog -sv {{*}}[glob weft/*.sv] {}_core.sv tb/{}.sv", kernel, bench));
    questa.line(fmt::format("vsim {}", bench));
    questa.line("run -all");
    questa.line("quit");
    files.push_back({"rtl/tb/questa.do", std::move(questa).take()});
    return files;
}

}  // namespace weft
