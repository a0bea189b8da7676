// rtl_testbench.h
// The C++ around a verilated core.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "src/emit/rtl.h"

namespace weft {

/// Name of the module that holds all cores side by side, each with a clock of its own: `clk_<n>`, `rst_<n>`, `c<n>_<port>_valid`, ...
inline constexpr char testbench_top[] = "weft_testbench_top";

/// SystemVerilog of that module.
std::string testbench_module(std::span<const RtlProject> projects);

/// The program: `program CORE FOLDER STALL_SEED RESET_AT PATIENCE [TRACE]`. Reads `<port>.beats` of input ports in FOLDER (whole beats of
/// 32-bit words), `expect` (the number of beats of each output port) and writes `<port>.result` (beats), `<port>.cycles` (64 bits a
/// handshake) of all ports. Exit code 0, or 3 after a deadlock. Prints `beats <n>` as the output goes on and `cycles <n> <seconds>`.
std::string testbench_program(std::span<const RtlProject> projects, bool trace);

}  // namespace weft
