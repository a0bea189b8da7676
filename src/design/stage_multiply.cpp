// stage_multiply.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/design/stage_multiply.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace weft {

namespace {

__extension__ using Wide = __int128;

/// The bits that tell a value from its sign.
Wide magnitude(Wide value) { return value < 0 ? ~value : value; }

int bits_of(Wide value) {
    const auto high = static_cast<std::uint64_t>(magnitude(value) >> 64), low = static_cast<std::uint64_t>(magnitude(value));
    return 1 + (high != 0 ? 64 + static_cast<int>(std::bit_width(high)) : static_cast<int>(std::bit_width(low)));
}

/// Entries that the arrays of a multiplying stage have between them: one a channel, or one.
std::size_t entries(const Requantize& stage) {
    return std::max({stage.multiplier.size(), stage.addend.size(), stage.low.size(), stage.high.size()});
}

int multiplier_bits(const Requantize& stage) {
    // One bit stands for the multiplier 1 (units/output/stage_multiply.sv).
    const auto [least, most] = std::ranges::minmax(stage.multiplier);
    return std::max(2, signed_bits(least, most));
}

int sum_bits(const Requantize& stage, std::int64_t acc_min, std::int64_t acc_max) {
    Wide any = 0;
    for (std::size_t channel = 0; channel < entries(stage); ++channel)
        for (const std::int64_t acc : {acc_min, acc_max})
            any |= magnitude(Wide{acc} * channel_entry(stage.multiplier, channel) + channel_entry(stage.addend, channel));
    return bits_of(any);
}

/// Is the result outside of `bits` signed bits what it is at their ends? The staircase of a channel is monotone, with and without the
/// even rule, so it is enough that it does not move between an end of these bits and the end of the reachable range.
bool saturates(const Requantize& stage, int bits) {
    const std::int64_t least = -(std::int64_t{1} << (bits - 1));
    const std::int64_t most = (std::int64_t{1} << (bits - 1)) - 1;
    // A range that lies beyond an end altogether is not worth a proof.
    if (stage.acc_min > most || stage.acc_max < least) return false;
    for (std::size_t channel = 0; channel < entries(stage); ++channel) {
        const int c = static_cast<int>(channel);
        if (stage.acc_min < least && apply(stage, stage.acc_min, c) != apply(stage, least, c)) return false;
        if (stage.acc_max > most && apply(stage, stage.acc_max, c) != apply(stage, most, c)) return false;
    }
    return true;
}

}  // namespace

bool shares_multiplier(const Requantize& stage) { return stage.multiplier.size() == 1 && stage.addend.size() == 1; }

StageMultiply plan_stage_multiply(const Requantize& stage, const DspCell& cell) {
    StageMultiply plan;
    plan.mul_bits = multiplier_bits(stage);
    const int reach = signed_bits(stage.acc_min, stage.acc_max);
    // On `bits` bits of accumulator, saturated where that is less than all.
    const auto use = [&](int bits) {
        plan.acc_bits = std::min(bits, reach);
        plan.saturate = bits < reach;
        const std::int64_t end = std::int64_t{1} << (plan.acc_bits - 1);
        plan.sum_bits = sum_bits(stage, std::max(stage.acc_min, -end), std::min(stage.acc_max, end - 1));
    };
    const auto takes = [&](int bits) {
        if (reach > bits && !saturates(stage, bits)) return false;
        use(bits);
        return true;
    };
    // One cell.
    if (plan.mul_bits <= cell.narrow_bits && takes(cell.wide_bits) && plan.sum_bits <= cell.sum_bits) return plan;
    if (plan.mul_bits <= cell.wide_bits && takes(cell.narrow_bits) && plan.sum_bits <= cell.sum_bits) return plan;
    if (shares_multiplier(stage) && stage.multiplier[0] == 1 && bits_of(stage.addend[0]) <= cell.wide_bits && reach <= cell.sum_bits) {
        use(reach);
        if (plan.sum_bits <= cell.sum_bits) {
            plan.mul_bits = 1;
            return plan;
        }
    }
    // Two digits of the multiplier.
    plan.addend_first = !cell.adds_to_cascade;
    plan.mul_digits = 2;
    if (plan.mul_bits <= cell.narrow_bits + dsp_digit_bits && takes(cell.wide_bits)) {
        plan.sum_bits = std::max(plan.sum_bits, dsp_digit_bits + 1);
        return plan;
    }
    // Digits of the accumulator, of the multiplier too where it does not fit the wide port.
    use(reach);
    plan.mul_digits = plan.mul_bits <= cell.wide_bits ? 1 : 2;
    plan.acc_digits = std::max(2, (plan.acc_bits - 1 + dsp_digit_bits - 1) / dsp_digit_bits);
    plan.sum_bits = std::max(plan.sum_bits, dsp_digit_bits * (plan.acc_digits + plan.mul_digits - 2) + 1);
    return plan;
}

}  // namespace weft
