// kernel_port.h
// What a kernel is called by, whatever language it is written in: its name, and its ports in memory order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/design/design.h"
#include "src/emit/emit_options.h"

namespace weft {

/// A port of the kernel in memory order, as the testbench sees it: its name and the stream behind it.
struct KernelPort {
    std::string name;      ///< A C identifier, unique among the ports; `<name>.bin` is its file of vectors.
    std::string argument;  ///< Of the top function.
    const Stream* stream = nullptr;
    bool output = false;
    /// Elements with gaps: whole beats. Always so for a stream with taps.
    bool raw = false;
    int word_bits = 512;  ///< Of its memory port.

    /// Positions, channels and lanes as units/common/burst.hpp takes them: a raw port's beats are its positions.
    std::int64_t positions() const;
    std::int64_t channels() const;
    std::int64_t lanes() const;
    /// Where in a frame in memory, counted in elements, element `element` (flat over row, column, tap, channel) lies.
    std::int64_t memory_index(std::int64_t element) const;
};
/// Inputs first, then outputs, in the design's order.
std::vector<KernelPort> kernel_ports(const Design& design, const EmitOptions& options);
std::string kernel_name(const Design& design);

}  // namespace weft
