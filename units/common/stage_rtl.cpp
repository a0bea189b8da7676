// stage_rtl.cpp
// The requantise stage in SystemVerilog: the variants, their proofs and their constants.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/stage_rtl.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

#include "units/common/arithmetic.h"

namespace weft {

namespace {

__extension__ using Wide = __int128;

constexpr int wide_port = 27;
constexpr int narrow_port = 18;
constexpr int digit_bits = 17;
constexpr int result_bits = 48;
/// Memories of more words are block RAMs, which take a cycle more (MostShallow in stage_rom.sv).
constexpr std::int64_t most_shallow = 64;

int bits_of(Wide value) {
    int bits = 1;
    for (Wide v = value < 0 ? ~value : value; v != 0; v >>= 1) ++bits;
    return bits;
}

std::int64_t entry(const std::vector<std::int64_t>& values, std::size_t channel) { return values[values.size() == 1 ? 0 : channel]; }

/// Entries that the arrays of a multiplying stage have between them: one a channel, or one.
std::size_t entries(const Requantize& stage) {
    return std::max({stage.multiplier.size(), stage.addend.size(), stage.low.size(), stage.high.size()});
}

int multiplier_bits(const Requantize& stage) {
    const auto [least, most] = std::ranges::minmax(stage.multiplier);
    return signed_bits(least, most);
}

int sum_bits(const Requantize& stage, std::int64_t acc_min, std::int64_t acc_max) {
    int bits = 1;
    for (std::size_t channel = 0; channel < entries(stage); ++channel)
        for (const std::int64_t acc : {acc_min, acc_max})
            bits = std::max(bits, bits_of(Wide{acc} * entry(stage.multiplier, channel) + entry(stage.addend, channel)));
    return bits;
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

bool multiplies(const Unit& unit) {
    return unit.requantize && (unit.requantize->form == RequantizeForm::multiply || unit.requantize->form == RequantizeForm::convergent);
}

/// 0: every channel is clamped to the limits of the output's type; 1: to one pair of bounds; 2: each channel to its own.
int bounds_of(const Requantize& stage, const Stream& out) {
    const int bits = out.bits();
    const std::int64_t least = out.is_signed() ? -(std::int64_t{1} << (bits - 1)) : 0;
    const std::int64_t most = out.is_signed() ? (std::int64_t{1} << (bits - 1)) - 1 : (std::int64_t{1} << bits) - 1;
    if (stage.low.size() > 1 || stage.high.size() > 1) return 2;
    return stage.low[0] == least && stage.high[0] == most ? 0 : 1;
}

bool shared_multiplier(const Requantize& stage) { return stage.multiplier.size() == 1 && stage.addend.size() == 1; }

/// Bits of column `column` of the addend.
int column_bits(const StageMultiply& plan, int column) {
    const int columns = plan.acc_digits + plan.mul_digits - 1;
    return column == columns - 1 ? plan.sum_bits - digit_bits * column : digit_bits;
}

void add_multiply_memories(RtlFace& face, const Requantize& stage, const StageMultiply& plan, const Stream& out, int channels, int lanes) {
    const std::int64_t folds = ceil_div(channels, lanes);
    const bool shared = shared_multiplier(stage);
    const int bounds = bounds_of(stage, out);
    const auto for_each_channel = [&](bool one, const auto& set) {
        if (one)
            set(0, 0, 0);
        else
            for (int channel = 0; channel < channels; ++channel) set(channel / lanes, channel % lanes, static_cast<std::size_t>(channel));
    };

    RtlMemory multipliers("stage_multiplier", plan.mul_bits * (shared ? 1 : lanes), shared ? 1 : folds);
    for_each_channel(shared, [&](std::int64_t word, int lane, std::size_t channel) {
        multipliers.set(word, lane * plan.mul_bits, plan.mul_bits, entry(stage.multiplier, channel));
    });
    face.memories.push_back(std::move(multipliers));
    for (int column = 0; column < plan.acc_digits + plan.mul_digits - 1; ++column) {
        const int bits = column_bits(plan, column);
        RtlMemory addends("stage_addend" + std::to_string(column), bits * (shared ? 1 : lanes), shared ? 1 : folds);
        for_each_channel(shared, [&](std::int64_t word, int lane, std::size_t channel) {
            // Beyond bit 62 an addend has only its sign.
            const std::int64_t digit = entry(stage.addend, channel) >> std::min(63, digit_bits * column);
            addends.set(word, lane * bits, bits, digit);
        });
        face.memories.push_back(std::move(addends));
    }
    if (bounds == 0) return;
    const int bits = out.bits();
    RtlMemory limits("stage_limits", 2 * bits * (bounds == 2 ? lanes : 1), bounds == 2 ? folds : 1);
    for_each_channel(bounds == 1, [&](std::int64_t word, int lane, std::size_t channel) {
        limits.set(word, 2 * lane * bits, bits, entry(stage.low, channel));
        limits.set(word, (2 * lane + 1) * bits, bits, entry(stage.high, channel));
    });
    face.memories.push_back(std::move(limits));
}

/// Result channels of a unit and how many a beat has for each pixel.
std::int64_t result_folds(const Unit& unit) { return ceil_div(unit.outputs[0]->shape.channels, port_beat(unit, true, 0).lanes); }

}  // namespace

int signed_bits(std::int64_t min, std::int64_t max) { return std::max(bits_of(min), bits_of(max)); }

StageMultiply plan_stage_multiply(const Requantize& stage) {
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
    if (plan.mul_bits <= narrow_port && takes(wide_port) && plan.sum_bits <= result_bits) return plan;
    if (plan.mul_bits <= wide_port && takes(narrow_port) && plan.sum_bits <= result_bits) return plan;
    // Two digits of the multiplier.
    plan.mul_digits = 2;
    if (plan.mul_bits <= narrow_port + digit_bits && takes(wide_port)) {
        plan.sum_bits = std::max(plan.sum_bits, digit_bits + 1);
        return plan;
    }
    // Digits of the accumulator, of the multiplier too where it does not fit the wide port.
    use(reach);
    plan.mul_digits = plan.mul_bits <= wide_port ? 1 : 2;
    plan.acc_digits = std::max(2, static_cast<int>(ceil_div(plan.acc_bits - 1, digit_bits)));
    plan.sum_bits = std::max(plan.sum_bits, digit_bits * (plan.acc_digits + plan.mul_digits - 2) + 1);
    return plan;
}

int stage_dsp_per_lane(const Unit& unit) { return multiplies(unit) ? plan_stage_multiply(*unit.requantize).dsp() : 0; }

int stage_latency(const Unit& unit) {
    if (!multiplies(unit)) return 0;
    const Requantize& stage = *unit.requantize;
    const int bounds = bounds_of(stage, *unit.outputs[0]);
    const bool deep = result_folds(unit) > most_shallow && (!shared_multiplier(stage) || bounds == 2);
    return (deep ? 1 : 0) + 3 + plan_stage_multiply(stage).dsp() - 1 + (stage.form == RequantizeForm::convergent ? 1 : 0) + 1 +
           (bounds != 0 ? 1 : 0);
}

void add_stage(RtlFace& face, const Unit& unit, int channels, int lanes, int /*pixels*/, int acc_bits) {
    const Stream& out = *unit.outputs[0];
    StageMultiply plan;
    plan.acc_bits = acc_bits;
    int form = 0, shift = 1, bounds = 0, levels = 1;
    bool shared = true, values_shared = true;
    if (multiplies(unit)) {
        const Requantize& stage = *unit.requantize;
        plan = plan_stage_multiply(stage);
        form = stage.form == RequantizeForm::convergent ? 2 : 1;
        shift = stage.shift;
        bounds = bounds_of(stage, out);
        shared = shared_multiplier(stage);
        add_multiply_memories(face, stage, plan, out, channels, lanes);
    }
    const std::pair<const char*, std::int64_t> parameters[] = {{"StageForm", form},
                                                               {"StageAccBits", plan.acc_bits},
                                                               {"StageSaturate", plan.saturate},
                                                               {"StageAccDigits", plan.acc_digits},
                                                               {"StageMulDigits", plan.mul_digits},
                                                               {"StageMulBits", plan.mul_bits},
                                                               {"StageSumBits", plan.sum_bits},
                                                               {"StageShift", shift},
                                                               {"StageOutSigned", out.is_signed()},
                                                               {"StageBounds", bounds},
                                                               {"StageShared", shared},
                                                               {"StageLevels", levels},
                                                               {"StageValuesShared", values_shared}};
    for (const auto& [name, value] : parameters) face.parameters.emplace_back(name, value);
}

}  // namespace weft
