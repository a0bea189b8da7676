// rtl_kernel_testbench.h
// The C++ around a verilated kernel: a host at its registers, a memory at its AXI4 ports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "src/simulate/rtl_kernel.h"

namespace weft {

/// SystemVerilog of `testbench_top` (rtl_testbench.h): all kernels side by side, each with ports prefixed `k<n>_`.
std::string kernel_testbench_module(std::span<const RtlKernel> kernels);

/// The program: `program KERNEL FOLDER OPTIONS`, options as name=value. Reads the frames in memory order from `<port>.memory` of input
/// ports in FOLDER, writes `<port>.result` of output ports. Prints `call <frames> <start> <done>` a call, `register <offset> <value>` and
/// `seconds <s>`. Exit code 0, or 3 after a deadlock, 4 after an access outside the frames.
std::string kernel_testbench_program(std::span<const RtlKernel> kernels);

}  // namespace weft
