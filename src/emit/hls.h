// hls.h
// Writes a Design as a Vitis HLS project: one dataflow kernel in C++14, its constants, a testbench and what v++ needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/design.h"

namespace weft {

/// Where a kernel goes on its card, as the linker is told. What is empty it chooses.
struct Placement {
    std::string slr;
    std::string memory;  ///< The bank of all buffers.
};

struct EmitOptions {
    std::vector<std::string> head;  ///< Lines for the head of every generated file: version, model and its hash, options.
    std::string board;              ///< Name of the board, for comments.
    std::string platform;           ///< What v++ is told by default: a platform's name.
    std::string part;               ///< The device, for synthesis.
    std::string model_hash;         ///< SHA-256 of the model, hexadecimal: the RTL kernel tells it.
    int clock_mhz = 300;
    Placement placement;
    std::int64_t max_initialiser_tokens = 100'000;
    /// Ports carry whole beats, spare elements included, instead of elements without gaps: for tests of what spare elements may do.
    bool raw_ports = false;
};

struct ProjectFile {
    std::string path;  ///< Relative to the project's folder, `hls/kernel.cpp`.
    std::string text;
};

struct HlsProject {
    std::string kernel;                   ///< Name of the top function.
    std::vector<ProjectFile> files;       ///< Ordered by path.
    std::int64_t initialiser_tokens = 0;  ///< Integers in the tables of constants.
    std::int64_t max_images = 0;          ///< Largest batch of one call: no 32-bit counter overflows.
};

/// Why the design can be a kernel only as RTL, if so: beats carry several positions, or the constants are more than the vendor's HLS
/// compiler takes.
Status hls_takes(const Design& design, const EmitOptions& options);

/// The design is folded and plumbed: one reader a stream, beats and depths set. Fails where `hls_takes` does. The same design and options
/// give the same bytes.
Result<HlsProject> emit_hls(const Design& design, const EmitOptions& options);

/// A port of the kernel in memory order, as the testbench sees it: its name and the stream behind it.
struct KernelPort {
    std::string name;      ///< A C identifier, unique among the ports; `<name>.bin` is its file of vectors.
    std::string argument;  ///< Of the top function.
    const Stream* stream = nullptr;
    bool output = false;
    /// Elements with gaps: whole beats. Always so for a stream with taps.
    bool raw = false;

    /// Positions, channels and lanes as units/common/burst.hpp takes them: a raw port's beats are its positions.
    std::int64_t positions() const;
    std::int64_t channels() const;
    std::int64_t lanes() const;
};
/// Inputs first, then outputs, in the design's order.
std::vector<KernelPort> kernel_ports(const Design& design, const EmitOptions& options);
std::string kernel_name(const Design& design);

}  // namespace weft
