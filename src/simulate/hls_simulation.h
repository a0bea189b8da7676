// hls_simulation.h
// The emitted C++ under a plain compiler: builds an HLS project with our C simulation headers and runs it on frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/design/design.h"
#include "src/emit/hls.h"
#include "src/emit/kernel_port.h"

namespace weft {

/// Compiles C++14 sources into a program, or finds the one that was compiled from the same text before. The cache is
/// $XDG_CACHE_HOME/weft or ~/.cache/weft. `sources` are paths of `files` to compile; `includes` folders of `files`.
/// The compiler is $CXX, else g++, else clang++.
Result<std::filesystem::path> build_program(const std::vector<ProjectFile>& files, const std::vector<std::string>& sources,
                                            const std::vector<std::string>& includes, const std::vector<std::string>& flags);

/// Is there a compiler for `build_program`?
bool has_compiler();

/// Kernel inputs in, kernel outputs out, sample by sample.
class HlsSimulation {
public:
    /// Compiles the project, whose ports are `kernel_ports` of its design, or finds it in the cache.
    static Result<HlsSimulation> build(const HlsProject& project, std::vector<KernelPort> ports);

    /// `frames[i]` holds sample i's tensors of the kernel's inputs, in order. The samples go through the kernel back to back, two at least
    /// (a single one is repeated), on streams of the emitted depth. A deadlock or left-over data is an error that names the stream.
    Result<std::vector<std::vector<IntTensor>>> run(std::span<const std::vector<IntTensor>> frames, const Progress& progress) const;

private:
    std::filesystem::path program_;
    std::vector<KernelPort> ports_;
    int batch_ = 0;
};

}  // namespace weft
