// shell_parts.h
// The parts of an RTL kernel beside its core.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "src/base/project_file.h"
#include "src/emit/kernel_port.h"
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
/// An instance with its parameters and pins, one a line.
void write_instance(TextWriter& out, const std::string& module, const std::string& name, const std::vector<std::string>& parameters,
                    const std::vector<std::string>& pins);

/// A signal of an AXI4 port: its name, in upper case, direction and width.
struct AxiSignal {
    const char* name;
    bool output;
    int bits;
};
/// Of a memory port with words of so many bits, and of the kernel's registers.
std::vector<AxiSignal> axi_master_signals(int word_bits);
const std::vector<AxiSignal>& axi_control_signals();

/// The kernel for cards in plain Verilog: AXI4-Lite registers, an AXI4 master a port.
std::string memory_shell(const ShellPlan& plan);
/// The kernel for other boards in plain Verilog: an AXI4-Stream port a port.
std::string stream_shell(const ShellPlan& plan);
std::string stream_shell_name(const std::string& kernel);

/// Packaging, synthesis and linking: Tcl, constraints and a Makefile. `predicted`: resources of the core by name (LUT, FF, BRAM36, DSP),
/// those that are known.
std::vector<ProjectFile> shell_scripts(const ShellPlan& plan, const std::string& part,
                                       const std::vector<std::pair<std::string, double>>& predicted);

}  // namespace weft
