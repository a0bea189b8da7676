// add_hls.cpp
// The HLS face of add: the two multipliers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "units/add/add_faces.h"

namespace weft {

std::vector<RomTable> add_roms(const Unit& unit) {
    const NarrowIntegers& values = unit.constant("multipliers").data;
    const auto [least, most] = values.range();
    const int bits = bits_for(std::min<std::int64_t>(least, -1), std::max<std::int64_t>(most, 0));
    return {{.name = "multipliers",
             .type = "ap_int<" + std::to_string(bits) + ">",
             .shape = {2},
             .values = values.to_vector(),
             .pragmas = {"ARRAY_PARTITION variable=table dim=1 complete"}}};
}

}  // namespace weft
