// rtl_simulation.h
// The emitted SystemVerilog in Verilator: builds a stream core with a testbench around it and runs frames through it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/design/design.h"
#include "src/emit/rtl.h"

namespace weft {

struct RtlBuildOptions {
    bool trace = false;  ///< The program can write a waveform (FST).
    int threads = 0;     ///< Compiler processes at a time; 0: all.
    bool brief = false;  ///< The program will run for thousands of cycles, not millions: less time goes into optimising it.
};

struct RtlRunOptions {
    std::uint64_t stall_seed = 0;     ///< Stalls at the ports (src/schedule/stalls.h); 0: none.
    std::int64_t reset_at = -1;       ///< Resets in that cycle and starts anew with the first frame; -1: does not.
    std::filesystem::path trace;      ///< Writes a waveform there, if not empty.
    std::uint64_t spare_seed = 1;     ///< Of the bits in spare elements.
    std::int64_t patience = 1 << 20;  ///< Cycles without any handshake before it is called a deadlock.
};

/// What came out of the core, and when.
struct RtlRun {
    std::vector<std::vector<IntTensor>> outputs;         ///< [frame][output]
    std::vector<std::vector<std::int64_t>> port_cycles;  ///< [port][beat]: the cycle of each handshake; ports as RtlProject::ports.
    std::int64_t cycles = 0;                             ///< Until the last beat left.
    double seconds = 0;                                  ///< Of simulation.
};

/// One or several stream cores in one simulation program.
class RtlSimulation {
public:
    /// Verilates and compiles, or finds the program in the cache (by content). Several projects share one program and must have different
    /// core names; their unit sources are the same files.
    static Result<RtlSimulation> build(std::span<const RtlProject> projects, const RtlBuildOptions& options = {},
                                       const StageProgress& progress = {});

    /// `frames[i]` holds frame i's tensors of the core's inputs, in order. They enter back to back.
    Result<RtlRun> run(std::size_t project, std::span<const std::vector<IntTensor>> frames, const RtlRunOptions& options = {},
                       const Progress& progress = {}) const;

private:
    std::filesystem::path program_;
    std::vector<RtlProject> projects_;
};

/// Verilates and compiles `sources` (by path; .sv, .v, and `testbench.cpp` with the headers that it includes by path) with the top module
/// `testbench_top` of rtl_testbench.h, or finds the program in the cache.
Result<std::filesystem::path> build_verilated(const std::map<std::string, std::string>& sources, const RtlBuildOptions& options,
                                              const StageProgress& progress);

/// Is Verilator there, and a compiler for what it writes? If not, the reason and what to install.
Status has_verilator();

}  // namespace weft
