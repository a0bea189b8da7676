// dsp.h
// The DSP slices of device families: the widths of their ports, and the products that they take. Everything is signed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

namespace weft {

/// A DSP slice, of which a design has one kind.
struct DspCell {
    std::string_view name;  ///< Of the primitive. Sources that are written for it stand in a folder of this name, in small letters.
    int wide_bits;          ///< Of one factor: port A, and D before the adder.
    int narrow_bits;        ///< Of the other: port B.
    int sum_bits;           ///< Of the sum, in and out.
    bool adds_to_cascade;   ///< An addend (port C) and the cascade's sum go into one sum.

    bool operator==(const DspCell&) const = default;
};

/// UltraScale and UltraScale+ (UG579).
inline constexpr DspCell dsp48e2{.name = "DSP48E2", .wide_bits = 27, .narrow_bits = 18, .sum_bits = 48, .adds_to_cascade = true};
/// 7 series and Zynq-7000 (UG479).
inline constexpr DspCell dsp48e1{.name = "DSP48E1", .wide_bits = 25, .narrow_bits = 18, .sum_bits = 48, .adds_to_cascade = false};
inline constexpr const DspCell* dsp_cells[] = {&dsp48e1, &dsp48e2};

/// The cell of that name; null if there is none.
constexpr const DspCell* find_dsp_cell(std::string_view name) {
    const auto* const at = std::ranges::find(dsp_cells, name, &DspCell::name);
    return at == std::end(dsp_cells) ? nullptr : *at;
}

constexpr int dsp_digit_bits = 17;  ///< By which the cascades of all cells shift: what a digit of a longer factor has besides its sign.

/// Bits of a signed number that holds all of min..max.
constexpr int signed_bits(std::int64_t min, std::int64_t max) {
    const auto bits = [](std::int64_t value) {
        return 1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value < 0 ? ~value : value)));
    };
    return std::max(bits(min), bits(max));
}

/// Does one DSP multiply factors of so many bits?
constexpr bool dsp_multiplies(const DspCell& cell, int a, int b) {
    return std::min(a, b) <= cell.narrow_bits && std::max(a, b) <= cell.wide_bits;
}

/// How a product is cut for DSPs, one for each pair of digits.
struct ProductDigits {
    int acc_digits = 1;
    int mul_digits = 1;

    constexpr int dsp() const { return acc_digits * mul_digits; }
};
constexpr ProductDigits product_digits(const DspCell& cell, int acc_bits, int mul_bits) {
    if (dsp_multiplies(cell, acc_bits, mul_bits)) return {};
    if (acc_bits <= cell.wide_bits && mul_bits <= cell.narrow_bits + dsp_digit_bits) return {.acc_digits = 1, .mul_digits = 2};
    const int acc_digits = (acc_bits - 1 + dsp_digit_bits - 1) / dsp_digit_bits;
    return {.acc_digits = std::max(2, acc_digits), .mul_digits = mul_bits <= cell.wide_bits ? 1 : 2};
}

}  // namespace weft
