// add_rtl.cpp
// The SystemVerilog face of add: how its two products are formed.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdlib>

#include "units/add/add_faces.h"
#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/common/pipeline_rtl.h"

namespace weft {

namespace {

bool power_of_two(std::int64_t value) { return value != 0 && std::has_single_bit(static_cast<std::uint64_t>(std::abs(value))); }

int add_latency(const Unit& unit) {
    const AddScale scale = add_scale(unit);
    const int sum = scale.method == 0 ? 1 : scale.method == 1 ? 2 + scale.dsp() : 4 + scale.dsp() / 2;
    return sum + stage_latency(unit);
}

}  // namespace

int AddScale::dsp() const { return method == 0 ? 0 : method == 1 ? (scaled[0] ? 1 : 0) + (scaled[1] ? 1 : 0) : 2 * digits.dsp(); }

AddScale add_scale(const Unit& unit) {
    const NarrowIntegers& multipliers = unit.constant("multipliers").data;
    AddScale scale;
    std::int64_t least = 0, most = 0;
    int width = 1, product_bits = 1;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::int64_t m = multipliers[i];
        const auto [low, high] = std::minmax({m * unit.inputs[i]->min, m * unit.inputs[i]->max});
        least += low;
        most += high;
        width = std::max(width, signed_width(*unit.inputs[i]));
        product_bits = std::max(product_bits, signed_bits(low, high));
        scale.scaled[i] = !power_of_two(m);
        scale.negated[i] = m < 0;
        scale.shift[i] = scale.scaled[i] ? 0 : std::countr_zero(static_cast<std::uint64_t>(std::abs(m)));
    }
    scale.acc_bits = std::max(2, signed_bits(least, most));
    // Spare elements may take any value of their bits; sums wrap, so that the shifted operands need no more bits than acc.
    if (!scale.scaled[0] && !scale.scaled[1]) {
        if (!scale.negated[0] || !scale.negated[1]) {
            const int zeros = std::min(scale.shift[0], scale.shift[1]);
            scale.acc_bits = std::max(scale.acc_bits, zeros + 1);
            return scale;
        }
        scale.scaled[0] = scale.scaled[1] = true;
    }
    scale.method = 1;
    scale.mul_bits = 2;
    for (std::size_t i = 0; i < 2; ++i)
        if (scale.scaled[i]) scale.mul_bits = std::max(scale.mul_bits, signed_bits(multipliers[i], multipliers[i]));
    if (dsp_multiplies(unit.dsp, width, scale.mul_bits) && scale.acc_bits <= unit.dsp.sum_bits) return scale;
    scale.method = 2;
    scale.scaled[0] = scale.scaled[1] = true;
    scale.mul_bits = std::max(signed_bits(multipliers[0], multipliers[0]), signed_bits(multipliers[1], multipliers[1]));
    scale.digits = product_digits(unit.dsp, width, scale.mul_bits);
    scale.product_bits =
        std::max({product_bits, scale.acc_bits, dsp_digit_bits * (scale.digits.acc_digits + scale.digits.mul_digits - 2) + 1});
    return scale;
}

RtlFace add_rtl(const Unit& unit) {
    const AddScale scale = add_scale(unit);
    const Stream &a = *unit.inputs[0], &b = *unit.inputs[1];
    RtlFace face{{{"ABits", a.bits()},
                  {"ASigned", a.is_signed()},
                  {"BBits", b.bits()},
                  {"BSigned", b.is_signed()},
                  {"AccBits", scale.acc_bits},
                  {"Method", scale.method},
                  {"ScaledA", scale.scaled[0]},
                  {"ScaledB", scale.scaled[1]},
                  {"MulBits", scale.mul_bits},
                  {"ShiftA", scale.shift[0]},
                  {"ShiftB", scale.shift[1]},
                  {"NegateA", scale.negated[0]},
                  {"NegateB", scale.negated[1]},
                  {"AccDigits", scale.digits.acc_digits},
                  {"MulDigits", scale.digits.mul_digits},
                  {"ProductBits", std::max(scale.product_bits, scale.acc_bits)}},
                 {}};
    RtlMemory multipliers("multipliers0", 2 * scale.mul_bits, 1);
    for (int i = 0; i < 2; ++i)
        if (scale.scaled[i])
            multipliers.set(0, i * scale.mul_bits, scale.mul_bits, unit.constant("multipliers").data[static_cast<std::size_t>(i)]);
    face.memories.push_back(std::move(multipliers));
    face.output = output_of(unit, scale.acc_bits);
    return face;
}

CostFeatures add_features(const Unit& unit, const RtlFace&) {
    const AddScale scale = add_scale(unit);
    const std::int64_t elements = unit.parameter("Pixels") * unit.parameter("Lanes");
    // Below the bits of the operand that is shifted further the other one passes, unless it is subtracted.
    const int further = scale.shift[0] > scale.shift[1] ? 0 : 1;
    const int passing = scale.negated[1 - further] ? scale.shift[1 - further] : scale.shift[further];
    // A power of two beside a multiplier.
    const bool plain = scale.method == 1 && scale.scaled[0] != scale.scaled[1];
    const std::int64_t products = scale.method == 2 ? 2 * elements : 0;
    return {{{"unit", 1},
             {"sums", scale.method == 0 ? elements * std::max(0, scale.acc_bits - passing) : 0},
             {"sum_registers", scale.method == 0 ? elements * (scale.acc_bits - std::min(scale.shift[0], scale.shift[1])) : 0},
             {"plain", plain ? elements * unit.inputs[scale.scaled[0] ? 1 : 0]->bits() : 0},
             {"product_sums", products / 2 * scale.acc_bits},
             {"product_bits", products * scale.product_bits},
             {"digits", products * digit_registers(scale.digits)},
             {"factors", products * factor_registers(scale.digits, unit.dsp)}}};
}

std::unique_ptr<UnitControl> add_control(const Unit& unit, std::int64_t depth) {
    return std::make_unique<PipelineControl>(unit, depth, add_latency(unit));
}

}  // namespace weft
