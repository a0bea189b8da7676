// plain_testbench.h
// A self-checking testbench of the stream core for any simulator: plain SystemVerilog, vectors in files, no vendor library.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/project_file.h"
#include "src/emit/kernel_port.h"

namespace weft {

/// What passes a port of the core: frames back to back, and the cycles of the first and the last beat.
struct PortVectors {
    std::vector<IntTensor> frames;
    std::int64_t first_cycle = 0;
    std::int64_t last_cycle = 0;
};

/// `rtl/tb/<kernel>_tb.sv`, a file of vectors a port, and scripts for two simulators. Ports as `kernel_ports` gives them; of inputs the
/// cycles are not looked at. The simulation runs in the folder `rtl`; it prints PASS and ends, or says what differs and fails.
std::vector<ProjectFile> plain_testbench(const Design& design, const EmitOptions& options, const std::vector<PortVectors>& vectors);

}  // namespace weft
