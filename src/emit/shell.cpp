// shell.cpp
// The files around the stream core.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/shell.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/emit/rtl.h"
#include "src/emit/shell_parts.h"

namespace weft {

namespace {

/// Memory ports that a card's memory subsystem connects to one kernel.
constexpr std::size_t max_memory_ports = 15;

}  // namespace

FrameLayout frame_layout(const KernelPort& port) {
    const Stream& stream = *port.stream;
    FrameLayout layout;
    layout.bits = stream.bits();
    layout.is_signed = stream.is_signed();
    layout.word_bytes = port.word_bits / 8;
    if (port.raw) {
        layout.columns = stream.beat.count(stream.shape);
        layout.channels = layout.lanes = stream.beat.elements();
    } else {
        layout.rows = stream.shape.rows;
        layout.columns = stream.shape.columns;
        layout.channels = stream.shape.channels;
        layout.pixels = stream.beat.pixels;
        layout.lanes = stream.beat.lanes;
    }
    return layout;
}

Status shell_takes(const Design& design, const EmitOptions& options) {
    const std::vector<KernelPort> ports = kernel_ports(design, options);
    if (ports.size() > max_memory_ports)
        return Diagnostic{.reason = fmt::format("the kernel would have {} memory ports, more than the {} that a card connects",
                                                ports.size(), max_memory_ports),
                          .help = "join inputs or outputs of the network"};
    for (const KernelPort& port : ports)
        if (port.stream->bits() > 32)
            return Diagnostic{.tensor = port.name,
                              .reason = fmt::format("its elements have {} bits, more than the 32 that memory takes", port.stream->bits()),
                              .help = "quantize the value"};
    return Ok{};
}

Result<std::vector<ProjectFile>> emit_shell(const Design& design, const EmitOptions& options) {
    WEFT_CHECK(shell_takes(design, options));
    ShellPlan plan;
    plan.kernel = kernel_name(design);
    plan.ports = kernel_ports(design, options);
    plan.options = &options;
    plan.registers = kernel_registers(plan.ports);
    std::vector<ProjectFile> files;
    files.push_back({fmt::format("rtl/{}.v", plan.kernel), memory_shell(plan)});
    files.push_back({fmt::format("rtl/{}.v", stream_shell_name(plan.kernel)), stream_shell(plan)});
    files.push_back({"rtl/registers.md", fmt::format("# Registers of {}\n\nAXI4-Lite port `s_axi_control`.\n\n{}", plan.kernel,
                                                     register_table(plan.registers))});
    for (ProjectFile& file : rtl_sources(files[0].text + files[1].text)) files.push_back(std::move(file));
    const Cost& cost = options.predicted;
    for (ProjectFile& file :
         shell_scripts(plan, options.part, {{"LUT", cost.lut}, {"FF", cost.ff}, {"BRAM36", cost.bram36}, {"DSP", cost.dsp}}))
        files.push_back(std::move(file));
    std::sort(files.begin(), files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace weft
