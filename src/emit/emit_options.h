// emit_options.h
// How the sources and scripts of a kernel are written, whatever the language.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/design/unit_def.h"

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
    std::string model;              ///< The model's name.
    std::string model_hash;         ///< SHA-256 of the model, hexadecimal: the RTL kernel tells it, and its host asks for it.
    int clock_mhz = 300;
    int memory_bits = 512;  ///< Of each memory port: 64, 128, 256 or 512.
    std::string dsp_cell = "DSP48E2";
    Placement placement;
    Cost predicted;  ///< Of the stream core: the scripts print it beside what the tools find.
    std::int64_t max_initialiser_tokens = 100'000;
    /// Ports carry whole beats, spare elements included, instead of elements without gaps: for tests of what spare elements may do.
    bool raw_ports = false;
};

}  // namespace weft
