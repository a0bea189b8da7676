// dsp.h
// A DSP slice (DSP48E2): the widths of its ports, and the products that it takes. Everything is signed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace weft {

constexpr int dsp_wide_bits = 27;    ///< Of one factor: port A, and D before the adder.
constexpr int dsp_narrow_bits = 18;  ///< Of the other: port B.
constexpr int dsp_sum_bits = 48;     ///< Of the sum, in and out.
constexpr int dsp_half_bits = dsp_sum_bits / 2;
constexpr int dsp_digit_bits = 17;  ///< By which a cascade shifts: what a digit of a longer factor has besides its sign.

/// Bits of a signed number that holds all of min..max.
constexpr int signed_bits(std::int64_t min, std::int64_t max) {
    const auto bits = [](std::int64_t value) {
        return 1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value < 0 ? ~value : value)));
    };
    return std::max(bits(min), bits(max));
}

/// Does one DSP multiply factors of so many bits?
constexpr bool dsp_multiplies(int a, int b) { return std::min(a, b) <= dsp_narrow_bits && std::max(a, b) <= dsp_wide_bits; }

/// How a product is cut for DSPs, one for each pair of digits.
struct ProductDigits {
    int acc_digits = 1;
    int mul_digits = 1;

    constexpr int dsp() const { return acc_digits * mul_digits; }
};
constexpr ProductDigits product_digits(int acc_bits, int mul_bits) {
    if (dsp_multiplies(acc_bits, mul_bits)) return {};
    if (acc_bits <= dsp_wide_bits && mul_bits <= dsp_narrow_bits + dsp_digit_bits) return {.acc_digits = 1, .mul_digits = 2};
    const int acc_digits = (acc_bits - 1 + dsp_digit_bits - 1) / dsp_digit_bits;
    return {.acc_digits = std::max(2, acc_digits), .mul_digits = mul_bits <= dsp_wide_bits ? 1 : 2};
}

}  // namespace weft
