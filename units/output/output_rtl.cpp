// output_rtl.cpp
// The requantize stage in SystemVerilog: the variants, their proofs and their constants.
// SPDX-License-Identifier: Apache-2.0
#include "units/output/output_rtl.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

#include "units/common/model_parts.h"

namespace weft {

namespace {

__extension__ using Wide = __int128;

constexpr int wide_port = 27;
constexpr int narrow_port = 18;
constexpr int digit_bits = 17;
constexpr int result_bits = 48;
/// Memories of more words are block RAMs, which take a cycle more (the same constants stand in output.sv).
constexpr std::int64_t most_shallow = 64;
constexpr std::int64_t most_shallow_values = 256;

/// The bits that tell a value from its sign.
Wide magnitude(Wide value) { return value < 0 ? ~value : value; }

int bits_of(Wide value) {
    const auto high = static_cast<std::uint64_t>(magnitude(value) >> 64), low = static_cast<std::uint64_t>(magnitude(value));
    return 1 + (high != 0 ? 64 + static_cast<int>(std::bit_width(high)) : static_cast<int>(std::bit_width(low)));
}

std::int64_t entry(const std::vector<std::int64_t>& values, std::size_t channel) { return values[values.size() == 1 ? 0 : channel]; }

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
            any |= magnitude(Wide{acc} * entry(stage.multiplier, channel) + entry(stage.addend, channel));
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

void add_multiply_memories(RtlOutput& output, const Requantize& stage, const StageMultiply& plan, const Stream& out, int channels,
                           int lanes) {
    const std::int64_t folds = ceil_div(channels, lanes);
    const bool shared = shared_multiplier(stage);
    const int bounds = bounds_of(stage, out);
    const auto for_each_channel = [&](bool one, const auto& set) {
        if (one)
            set(0, 0, 0);
        else
            for (int channel = 0; channel < channels; ++channel) set(channel / lanes, channel % lanes, static_cast<std::size_t>(channel));
    };

    RtlMemory multipliers("multiplier0", plan.mul_bits * (shared ? 1 : lanes), shared ? 1 : folds);
    for_each_channel(shared, [&](std::int64_t word, int lane, std::size_t channel) {
        multipliers.set(word, lane * plan.mul_bits, plan.mul_bits, entry(stage.multiplier, channel));
    });
    output.memories.push_back(std::move(multipliers));
    for (int column = 0; column < plan.acc_digits + plan.mul_digits - 1; ++column) {
        const int bits = column_bits(plan, column);
        RtlMemory addends("addend" + std::to_string(column), bits * (shared ? 1 : lanes), shared ? 1 : folds);
        for_each_channel(shared, [&](std::int64_t word, int lane, std::size_t channel) {
            // Beyond bit 62 an addend has only its sign.
            const std::int64_t digit = entry(stage.addend, channel) >> std::min(63, digit_bits * column);
            addends.set(word, lane * bits, bits, digit);
        });
        output.memories.push_back(std::move(addends));
    }
    if (bounds == 0) return;
    const int bits = out.bits();
    RtlMemory limits("limits0", 2 * bits * (bounds == 2 ? lanes : 1), bounds == 2 ? folds : 1);
    for_each_channel(bounds == 1, [&](std::int64_t word, int lane, std::size_t channel) {
        limits.set(word, 2 * lane * bits, bits, entry(stage.low, channel));
        limits.set(word, (2 * lane + 1) * bits, bits, entry(stage.high, channel));
    });
    output.memories.push_back(std::move(limits));
}

/// Result channels of a unit and how many a beat has for each pixel.
std::int64_t result_folds(const Unit& unit) { return ceil_div(unit.outputs[0]->shape.channels, port_beat(unit, true, 0).lanes); }

/// The forms that look results up: by how many thresholds are reached (`levels` comparisons), or by the accumulator's low `levels` bits.
struct LookUp {
    int levels = 1;
    bool shared = true;     ///< The same thresholds (table) for all channels.
    int values_shared = 1;  ///< 2: thresholds whose values count up from the first.
    int acc_bits = 1;

    std::int64_t values_depth(std::int64_t folds) const { return values_shared == 2 ? 1 : (values_shared != 0 ? 1 : folds) << levels; }
};

LookUp threshold_look_up(const Requantize& stage) {
    const std::size_t steps = static_cast<std::size_t>(stage.steps);
    LookUp look_up;
    look_up.levels = std::max(1, static_cast<int>(std::bit_width(steps)));
    look_up.shared = stage.thresholds.size() == steps;
    look_up.values_shared = stage.values.size() == steps + 1 ? 1 : 0;
    bool counts = true;
    for (std::size_t i = 0; i < stage.values.size(); ++i)
        counts = counts && stage.values[i] == stage.values[0] + static_cast<std::int64_t>(i % (steps + 1));
    if (counts) look_up.values_shared = 2;
    // Thresholds that are never reached lie at acc_max + 1.
    look_up.acc_bits = std::max(2, signed_bits(stage.acc_min, stage.acc_max + 1));
    return look_up;
}

LookUp table_look_up(const Requantize& stage) {
    const std::int64_t size = stage.acc_max - stage.acc_min + 1;
    LookUp look_up;
    look_up.levels = std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size - 1))));
    look_up.shared = std::int64_t{static_cast<std::int64_t>(stage.values.size())} == size;
    look_up.values_shared = look_up.shared ? 1 : 0;
    look_up.acc_bits = signed_bits(stage.acc_min, stage.acc_max);
    return look_up;
}

void add_threshold_memories(RtlOutput& output, const Requantize& stage, const LookUp& look_up, int channels, int lanes) {
    const std::int64_t folds = look_up.shared ? 1 : ceil_div(channels, lanes);
    const std::int64_t unreached = stage.acc_max + 1;
    const std::int64_t offset = std::int64_t{1} << (look_up.acc_bits - 1);
    for (int lane = 0; lane < (look_up.shared ? 1 : lanes); ++lane)
        for (int level = 0; level < look_up.levels; ++level) {
            RtlMemory memory("threshold" + std::to_string(lane * look_up.levels + level), look_up.acc_bits, folds << level);
            for (std::int64_t fold = 0; fold < folds; ++fold) {
                const std::int64_t channel = fold * lanes + lane;
                if (channel >= channels) continue;
                for (std::int64_t prefix = 0; prefix < std::int64_t{1} << level; ++prefix) {
                    // The middle of those that the prefix leaves; those beyond the last are never reached.
                    const std::int64_t index = ((2 * prefix + 1) << (look_up.levels - level - 1)) - 1;
                    const std::int64_t threshold =
                        index < stage.steps
                            ? stage.thresholds[static_cast<std::size_t>((look_up.shared ? 0 : channel) * stage.steps + index)]
                            : unreached;
                    memory.set(fold << level | prefix, 0, look_up.acc_bits, std::clamp(threshold, stage.acc_min, unreached) + offset);
                }
            }
            output.memories.push_back(std::move(memory));
        }
}

void add_value_memories(RtlOutput& output, const Requantize& stage, const LookUp& look_up, int bits, int channels, int lanes) {
    const bool search = stage.form == RequantizeForm::thresholds;
    const bool shared = look_up.values_shared != 0;
    const std::int64_t folds = shared ? 1 : ceil_div(channels, lanes);
    const std::int64_t size = search ? stage.steps + 1 : stage.acc_max - stage.acc_min + 1;
    const std::int64_t first = search ? 0 : stage.acc_min;
    const std::int64_t mask = (std::int64_t{1} << look_up.levels) - 1;
    for (int lane = 0; lane < (shared ? 1 : lanes); ++lane) {
        RtlMemory memory("value" + std::to_string(lane), bits, look_up.values_depth(folds));
        for (std::int64_t fold = 0; fold < folds; ++fold) {
            const std::int64_t channel = fold * lanes + lane;
            if (channel >= channels) continue;
            for (std::int64_t i = 0; i < (look_up.values_shared == 2 ? 1 : size); ++i)
                memory.set(fold << look_up.levels | ((first + i) & mask), 0, bits,
                           stage.values[static_cast<std::size_t>((shared ? 0 : channel) * size + i)]);
        }
        output.memories.push_back(std::move(memory));
    }
}

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
    if (shared_multiplier(stage) && stage.multiplier[0] == 1 && bits_of(stage.addend[0]) <= wide_port && reach <= result_bits) {
        use(reach);
        if (plan.sum_bits <= result_bits) {
            plan.mul_bits = 1;
            return plan;
        }
    }
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
    if (!unit.requantize || unit.requantize->form == RequantizeForm::none) return 0;
    const Requantize& stage = *unit.requantize;
    if (stage.form == RequantizeForm::table) {
        const LookUp look_up = table_look_up(stage);
        return look_up.values_depth(result_folds(unit)) > most_shallow_values ? 2 : 1;
    }
    if (stage.form == RequantizeForm::thresholds) {
        const LookUp look_up = threshold_look_up(stage);
        const std::int64_t folds = result_folds(unit);
        int cycles = 2 * look_up.levels + (look_up.values_depth(folds) > most_shallow_values ? 1 : 0);
        for (int level = 0; level < look_up.levels; ++level)
            if (((look_up.shared ? 1 : folds) << level) > most_shallow) ++cycles;
        return cycles;
    }
    const int bounds = bounds_of(stage, *unit.outputs[0]);
    const bool deep = result_folds(unit) > most_shallow && (!shared_multiplier(stage) || bounds == 2);
    return (deep ? 1 : 0) + 3 + plan_stage_multiply(stage).dsp() - 1 + (stage.form == RequantizeForm::convergent ? 1 : 0) + 1 +
           (bounds != 0 ? 1 : 0);
}

RtlOutput output_of(const Unit& unit, int acc_bits, std::int64_t takes) {
    const Stream& out = *unit.outputs[0];
    const Beat beat = port_beat(unit, true, 0);
    const int channels = out.shape.channels, lanes = beat.lanes;
    RtlOutput output{.name = "output"};
    output.takes_bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(takes)));
    output.acc_bits = beat.pixels * lanes * acc_bits;
    StageMultiply plan;
    plan.acc_bits = acc_bits;
    int form = 0, shift = 1, bounds = 0;
    bool shared = true;
    LookUp look_up;
    if (multiplies(unit)) {
        const Requantize& stage = *unit.requantize;
        plan = plan_stage_multiply(stage);
        form = stage.form == RequantizeForm::convergent ? 2 : 1;
        shift = stage.shift;
        bounds = bounds_of(stage, out);
        shared = shared_multiplier(stage);
        add_multiply_memories(output, stage, plan, out, channels, lanes);
    } else if (unit.requantize && unit.requantize->form != RequantizeForm::none) {
        const Requantize& stage = *unit.requantize;
        const bool search = stage.form == RequantizeForm::thresholds;
        form = search ? 3 : 4;
        look_up = search ? threshold_look_up(stage) : table_look_up(stage);
        plan.acc_bits = look_up.acc_bits;
        shared = look_up.shared;
        if (search) add_threshold_memories(output, stage, look_up, channels, lanes);
        add_value_memories(output, stage, look_up, out.bits(), channels, lanes);
    }
    output.parameters = {{"Pixels", beat.pixels},
                         {"Lanes", lanes},
                         {"Folds", ceil_div(channels, lanes)},
                         {"AccBits", acc_bits},
                         {"OutBits", out.bits()},
                         {"Depth", output_depth(unit.outputs[0]->rtl_depth, takes)},
                         {"Takes", takes},
                         {"Form", form},
                         {"AccUsed", plan.acc_bits},
                         {"Saturate", plan.saturate},
                         {"AccDigits", plan.acc_digits},
                         {"MulDigits", plan.mul_digits},
                         {"MulBits", plan.mul_bits},
                         {"SumBits", plan.sum_bits},
                         {"Shift", shift},
                         {"OutSigned", out.is_signed()},
                         {"Bounds", bounds},
                         {"Shared", shared},
                         {"Levels", look_up.levels},
                         {"ValuesShared", look_up.values_shared}};
    return output;
}

}  // namespace weft
