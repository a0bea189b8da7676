// shell_parts.h
// The parts of an RTL kernel beside its core.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "src/emit/hls.h"
#include "src/emit/registers.h"
#include "src/emit/text_writer.h"

namespace weft {

/// What every part is written from.
struct ShellPlan {
    std::string kernel;
    std::vector<KernelPort> ports;
    std::vector<Register> registers;
    const EmitOptions* options = nullptr;
};

/// A port list or a parameter list: entries with commas between.
void write_list(TextWriter& out, const std::vector<std::string>& entries);
/// The names of the AXI4 port of a memory argument, in upper case, with directions as its master sees them and widths.
struct AxiSignal {
    const char* name;
    bool output;
    int bits;
};
const std::vector<AxiSignal>& axi_master_signals();
const std::vector<AxiSignal>& axi_control_signals();

/// The pins of an instance of the core for port `name`.
std::string core_pins(const std::string& name);

/// The kernel for cards in plain Verilog: AXI4-Lite registers, an AXI4 master a port.
std::string memory_shell(const ShellPlan& plan);

}  // namespace weft
