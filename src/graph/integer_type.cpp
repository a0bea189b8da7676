// integer_type.cpp
// Widths and text of integer types.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/integer_type.h"

#include <fmt/format.h>

#include <bit>

namespace weft {

int bits_for(std::int64_t min, std::int64_t max) {
    if (min >= 0) return std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(max))));
    const auto magnitude = [](std::int64_t v) { return std::bit_width(static_cast<std::uint64_t>(v < 0 ? ~v : v)); };
    return static_cast<int>(std::max(magnitude(min), magnitude(max))) + 1;
}

int IntegerType::bits() const { return bits_for(min, max); }

std::string to_string(const IntegerType& type) {
    std::string text = fmt::format("{}int{} [{}, {}]", type.is_signed() ? "" : "u", type.bits(), type.min, type.max);
    if (type.step != 1) text += fmt::format(" step {}", type.step);
    if (type.scale.size() == 1) return text + fmt::format(" scale {} zero {}", type.scale[0], type.zero_point[0]);
    return text + fmt::format(" {} scales on axis {}", type.scale.size(), type.axis);
}

}  // namespace weft
