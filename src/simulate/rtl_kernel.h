// rtl_kernel.h
// The emitted RTL kernel with its memory shell in Verilator: calls as a host makes them, and a memory behind the AXI4 ports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/design.h"
#include "src/emit/registers.h"
#include "src/emit/shell.h"
#include "src/simulate/rtl_simulation.h"

namespace weft {

/// An RTL kernel as it is simulated: the core's files and the shell's, of the same design and options.
struct RtlKernel {
    std::string name;
    std::vector<KernelPort> ports;
    std::vector<Register> registers;
    std::vector<ProjectFile> files;
};
/// `design` must outlive the kernel.
Result<RtlKernel> make_rtl_kernel(const Design& design, const EmitOptions& options);
/// What Verilator reads of kernels of different names, by path: their modules, and `testbench_top` (rtl_testbench.h) with all side by side,
/// ports prefixed `k<n>_`.
std::map<std::string, std::string> verilated_sources(std::span<const RtlKernel> kernels);

struct RtlKernelRunOptions {
    std::vector<std::int64_t> batches;  ///< Images of each call, in order; empty: all in one.
    int latency = 64;                   ///< Cycles from a read's request to its first word, and from a write's last word to its answer.
    std::uint64_t stall_seed = 0;       ///< Of the memory's five channels and of the host; 0: a word a cycle.
    bool overlap = false;               ///< Calls are given as soon as the kernel is ready for them, not when the one before is done.
    bool interrupts = false;            ///< The host looks for a finished call only while the interrupt is raised.
    std::int64_t first_word = 0;        ///< Where frames begin, in words from a multiple of 4 KiB.
    std::int64_t reset_at = -1;         ///< Resets in that cycle and starts anew; -1: does not.
    std::int64_t failing_read = -1;     ///< The word, counted over all reads, that is answered with SLVERR; -1: none.
    std::int64_t failing_write = -1;    ///< The burst, counted over all writes.
    std::int64_t patience = 1 << 20;    ///< Cycles without any handshake before it is called a deadlock.
};

struct RtlKernelRun {
    std::vector<std::vector<IntTensor>> outputs;  ///< [frame][output]
    struct Call {
        std::int64_t frame_count = 0;
        std::int64_t start = 0;  ///< The cycle in which the write that sets ap_start is taken.
        std::int64_t done = 0;   ///< The cycle in which ap_done has become visible in a register: the interrupt is raised one later.
    };
    std::vector<Call> calls;
    std::map<std::string, std::uint64_t> registers;  ///< All, read at the end.
    bool spare_bytes_zero = false;                   ///< Of the last word of every frame written.
    double seconds = 0;
};

class RtlKernelSimulation {
public:
    /// Several kernels share one program and must have different names.
    static Result<RtlKernelSimulation> build(std::span<const RtlKernel> kernels, const RtlBuildOptions& options = {},
                                             const StageProgress& progress = {});
    /// `frames[i]` holds frame i's tensors of the kernel's inputs, in order.
    Result<RtlKernelRun> run(std::size_t kernel, std::span<const std::vector<IntTensor>> frames,
                             const RtlKernelRunOptions& options = {}) const;

private:
    std::filesystem::path program_;
    std::vector<RtlKernel> kernels_;
};

/// Frames in memory order (units/common/burst.hpp), each in whole words of its port, and back. Bytes that no element lies in are noise of
/// `spare_seed`, or zero if that is 0.
std::string to_memory(const KernelPort& port, std::span<const IntTensor> frames, std::uint64_t spare_seed);
std::vector<IntTensor> from_memory(const KernelPort& port, std::string_view bytes);

}  // namespace weft
