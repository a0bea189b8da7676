// quantizer.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/quantizer.h"

#include <limits>

namespace weft {

Rational quantized(const Rational& x, const Rational& scale, const Rational& zero, const Rational& low, const Rational& high,
                   Rounding rounding) {
    const Rational y = Rational(rounded(Rational(x / scale), rounding)) + zero;
    return y < low ? low : y > high ? high : y;
}

ChannelLayout::ChannelLayout(const Shape& shape, std::int64_t axis, std::int64_t channel_count) : channels(channel_count) {
    if (channel_count == 1) {
        inner = element_count(shape);
        return;
    }
    outer = element_count(Shape(shape.begin(), shape.begin() + axis));
    inner = element_count(Shape(shape.begin() + axis + 1, shape.end()));
}

std::pair<std::int64_t, std::int64_t> integer_range(DataType type) {
    return visit_type(type, [](auto e) -> std::pair<std::int64_t, std::int64_t> {
        using T = decltype(e);
        if constexpr (std::is_integral_v<T> && sizeof(T) <= 2)
            return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
        else
            return {0, 0};
    });
}

}  // namespace weft
