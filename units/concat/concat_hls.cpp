// concat_hls.cpp
// The HLS face of concat: the channels of each input and the iterations that a position takes.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/concat/concat_faces.h"

namespace weft {

std::vector<RomTable> concat_roms(const Unit& unit) {
    const std::int64_t lanes = unit.parameter("Lanes");
    RomTable channels{
        .name = "input_channels", .type = "int", .shape = {static_cast<int>(unit.inputs.size())}, .values = {}, .pragmas = {}};
    std::int64_t beats = 0, total = 0;
    for (const Stream* input : unit.inputs) {
        channels.values.push_back(input->shape.channels);
        beats += (input->shape.channels + lanes - 1) / lanes;
        total += input->shape.channels;
    }
    // The last beat finds `before` elements waiting; what it brings beyond one output beat leaves in an iteration of its own.
    const std::int64_t last = (channels.values.back() + lanes - 1) % lanes + 1;
    const std::int64_t before = (total - last) % lanes;
    const std::int64_t iterations = beats + (before + last > lanes ? 1 : 0);
    return {channels, {.name = "iterations", .type = "int", .shape = {}, .values = {iterations}, .pragmas = {}}};
}

}  // namespace weft
