// quantizer.h
// The arithmetic of quantizers, shared by the standard's pair of operators and the canonical one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "src/graph/rational.h"
#include "src/graph/rounding.h"
#include "src/graph/tensor.h"

namespace weft {

/// v rounded to the nearest integer, ties to even; |v| < 2^22. Adding a number at which a word's last bit counts one leaves the rounding to
/// the addition, which a compiler can vectorise.
inline float round_small(float v) { return (v + 12582912.0f) - 12582912.0f; }
/// The same for |v| < 2^51.
inline double round_small(double v) { return (v + 6755399441055744.0) - 6755399441055744.0; }

/// clamp(round_half_even(x / scale) + zero, low, high); high - low < 2^20. Not a number gives `low`.
template <class T>
T quantized(T x, T scale, T zero, T low, T high) {
    const T ratio = x / scale;
    // The bounds are integers: clamping first gives the same and bounds what is rounded.
    const T inside = ratio > low - zero ? (ratio < high - zero ? ratio : high - zero) : low - zero;
    return round_small(inside) + zero;
}

/// The same in exact arithmetic, and with any rounding.
Rational quantized(const Rational& x, const Rational& scale, const Rational& zero, const Rational& low, const Rational& high,
                   Rounding rounding = Rounding::half_even);

/// Extents before, of and after the axis whose indices have scales of their own; all elements in `inner` where one scale serves all.
struct ChannelLayout {
    std::int64_t outer = 1;
    std::int64_t channels = 1;
    std::int64_t inner = 1;

    ChannelLayout(const Shape& shape, std::int64_t axis, std::int64_t channels);
    /// run(channel, first element, number of elements) for every run of elements of one channel.
    template <class F>
    void for_each_run(F run) const {
        for (std::int64_t o = 0; o < outer; ++o) {
            for (std::int64_t c = 0; c < channels; ++c) run(c, (o * channels + c) * inner, inner);
        }
    }
};

/// Range of an integer element type of at most 16 bits.
std::pair<std::int64_t, std::int64_t> integer_range(DataType type);

}  // namespace weft
