// pool_hls.cpp
// The HLS face of pool: what the sum of each row and column of windows is multiplied with.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "units/pool/pool_faces.h"

namespace weft {

std::vector<RomTable> pool_roms(const Unit& unit) {
    std::vector<RomTable> tables;
    for (const char* name : {"row_factor", "column_factor"}) {
        const ConstantArray* found = unit.find_constant(name);
        const std::vector<std::int64_t> values = found ? found->data.to_vector() : std::vector<std::int64_t>{1};
        const int bits = bits_for(-1, std::max<std::int64_t>(1, *std::max_element(values.begin(), values.end())));
        tables.push_back({.name = name,
                          .type = "ap_int<" + std::to_string(bits) + ">",
                          .shape = {static_cast<int>(values.size())},
                          .values = values,
                          .pragmas = {}});
    }
    return tables;
}

}  // namespace weft
