// emit_options.h
// How the sources and scripts of a kernel are written, whatever the language.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/cost/board.h"
#include "src/cost/placement.h"
#include "src/design/unit_def.h"

namespace weft {

struct EmitOptions {
    std::vector<std::string> head;  ///< Lines for the head of every generated file: version, model and its hash, options.
    std::string board;              ///< Name of the board, for comments.
    Flow flow = Flow::vitis;        ///< For which the scripts are.
    std::string platform;           ///< What v++ is told by default, a platform's name; Vivado's board part in its flow.
    std::string part;               ///< The device, for synthesis,
    std::string family = "xcup";    ///< and its family as Yosys calls it.
    std::string model;              ///< The model's name.
    std::string model_hash;         ///< SHA-256 of the model, hexadecimal: the RTL kernel tells it, and its host asks for it.
    int clock_mhz = 300;
    int memory_bits = 512;                        ///< Of each memory port: 64, 128, 256 or 512.
    std::vector<Placement> compute_units = {{}};  ///< One at least; unit i, from 1 on, is `<kernel>_<i>`.
    Cost predicted;                               ///< Of the stream core: the scripts print it beside what the tools find.
    std::int64_t max_initialiser_tokens = 100'000;
    /// Ports carry whole beats, spare elements included, instead of elements without gaps: for tests of what spare elements may do.
    bool raw_ports = false;
};

}  // namespace weft
