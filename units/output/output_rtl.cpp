// output_rtl.cpp
// The requantize stage in SystemVerilog: the variants, their proofs and their constants.
// SPDX-License-Identifier: Apache-2.0
#include "units/output/output_rtl.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <iterator>
#include <string>

#include "src/design/dsp.h"
#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"

namespace weft {

namespace {

/// Memories of more words are block RAMs, which take a cycle more (the same constants stand in output.sv).
constexpr std::int64_t most_shallow = 64;
constexpr std::int64_t most_shallow_values = 256;

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

/// Bits of column `column` of the addend.
int column_bits(const StageMultiply& plan, int column) {
    const int columns = plan.acc_digits + plan.mul_digits - 1;
    return column == columns - 1 ? plan.sum_bits - dsp_digit_bits * column : dsp_digit_bits;
}

/// The memories of a stage, those that are alike together.
struct StageMemories {
    std::vector<RtlMemory> multipliers, addends, limits, thresholds, values;
};

void add_multiply_memories(StageMemories& memories, const Requantize& stage, const StageMultiply& plan, const Stream& out, int channels,
                           int lanes) {
    const std::int64_t folds = ceil_div(channels, lanes);
    const bool shared = shares_multiplier(stage);
    const int bounds = bounds_of(stage, out);
    const auto for_each_channel = [&](bool one, const auto& set) {
        if (one)
            set(0, 0, 0);
        else
            for (int channel = 0; channel < channels; ++channel) set(channel / lanes, channel % lanes, static_cast<std::size_t>(channel));
    };

    RtlMemory multipliers("multiplier0", plan.mul_bits * (shared ? 1 : lanes), shared ? 1 : folds);
    for_each_channel(shared, [&](std::int64_t word, int lane, std::size_t channel) {
        multipliers.set(word, lane * plan.mul_bits, plan.mul_bits, channel_entry(stage.multiplier, channel));
    });
    memories.multipliers.push_back(std::move(multipliers));
    for (int column = 0; column < plan.acc_digits + plan.mul_digits - 1; ++column) {
        const int bits = column_bits(plan, column);
        RtlMemory addends("addend" + std::to_string(column), bits * (shared ? 1 : lanes), shared ? 1 : folds);
        for_each_channel(shared, [&](std::int64_t word, int lane, std::size_t channel) {
            // Beyond bit 62 an addend has only its sign.
            const std::int64_t digit = channel_entry(stage.addend, channel) >> std::min(63, dsp_digit_bits * column);
            addends.set(word, lane * bits, bits, digit);
        });
        memories.addends.push_back(std::move(addends));
    }
    if (bounds == 0) return;
    const int bits = out.bits();
    RtlMemory limits("limits0", 2 * bits * (bounds == 2 ? lanes : 1), bounds == 2 ? folds : 1);
    for_each_channel(bounds == 1, [&](std::int64_t word, int lane, std::size_t channel) {
        limits.set(word, 2 * lane * bits, bits, channel_entry(stage.low, channel));
        limits.set(word, (2 * lane + 1) * bits, bits, channel_entry(stage.high, channel));
    });
    memories.limits.push_back(std::move(limits));
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

void add_threshold_memories(StageMemories& memories, const Requantize& stage, const LookUp& look_up, int channels, int lanes) {
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
            memories.thresholds.push_back(std::move(memory));
        }
}

void add_value_memories(StageMemories& memories, const Requantize& stage, const LookUp& look_up, int bits, int channels, int lanes) {
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
        memories.values.push_back(std::move(memory));
    }
}

/// As the module numbers them.
enum class OutputForm { none = 0, multiply = 1, convergent = 2, thresholds = 3, table = 4 };

/// What weft_output is built as.
struct OutputVariant {
    Beat beat;
    std::int64_t folds = 1;
    std::int64_t depth = 2;
    std::int64_t takes = 1;
    std::int64_t trail = 0;  ///< Cycles for which a fold is kept for its constants.
    int out_bits = 1;
    bool out_signed = false;
    OutputForm form = OutputForm::none;
    StageMultiply plan;
    int shift = 1;
    int bounds = 0;
    bool shared = true;
    LookUp look_up;
};

CostFeatures output_features(const OutputVariant& variant, const StageMemories& memories, const DspCell& cell) {
    const StageMultiply& plan = variant.plan;
    const RomContents multipliers = rom_contents(memories.multipliers), addends = rom_contents(memories.addends),
                      limits = rom_contents(memories.limits), thresholds = rom_contents(memories.thresholds),
                      values = rom_contents(memories.values);
    const std::int64_t elements = std::int64_t{variant.beat.pixels} * variant.beat.lanes, word = elements * variant.out_bits;
    const bool even = variant.form == OutputForm::convergent, multiplies = even || variant.form == OutputForm::multiply;
    const bool searches = variant.form == OutputForm::thresholds, looks_up = searches || variant.form == OutputForm::table;
    const std::int64_t multiplied = multiplies ? elements : 0;
    // Of the quotient: what is kept, and the bits before it, which tell whether it fits. A LUT has both up to six.
    const std::int64_t quotient = std::max(1, plan.sum_bits - variant.shift);
    const std::int64_t kept = variant.out_bits - (variant.out_signed && variant.bounds == 0 ? 1 : 0);
    const std::int64_t beyond = quotient - kept, clamped = beyond > 1 ? multiplied * kept : 0;
    const ProductDigits cut{.acc_digits = plan.acc_digits, .mul_digits = plan.mul_digits};
    const std::int64_t constant_depth = std::max({multipliers.depth, limits.depth, std::int64_t{0}});
    const std::int64_t constants = multipliers.columns + addends.columns + limits.columns;
    const auto of_depth = [&](std::int64_t least, std::int64_t most) {
        return constant_depth >= least && constant_depth <= most ? constants : 0;
    };
    // Kept also where no memory is read by it.
    const std::int64_t fold_bits = variant.form == OutputForm::none ? 0 : clog2(variant.folds);
    // Copies of a memory that all lanes of all pixels read.
    const auto copies = [&](const RomContents& roms) {
        return static_cast<double>(elements) / static_cast<double>(std::max<std::int64_t>(1, roms.count));
    };
    const auto in_block_memory = [](const RomContents& roms, std::int64_t shallow) { return roms.depth > shallow ? roms.bram36 : 0; };
    const bool shallow_values = looks_up && values.depth <= most_shallow_values;
    const std::int64_t value_luts = values.columns * std::max<std::int64_t>(1, ceil_div(values.depth, 64));
    return {{{"unit", 1},
             {"fifo_memory", fifo_luts(word, variant.depth)},
             {"counters", variant.depth > 64 ? 0 : clog2(variant.depth + 1)},
             {"deep_counters", variant.depth > 64 ? clog2(variant.depth + 1) : 0},
             {"takes", variant.takes > 1 ? clog2(variant.takes + 1) : 0},
             {"results", multiplies ? word : 0},
             {"clamped", clamped},
             {"clamped_wide", beyond > 5 ? clamped : 0},
             {"bounds", multiplies && variant.bounds == 1 ? word : 0},
             {"channel_bounds", multiplies && variant.bounds == 2 ? word : 0},
             {"even", even ? elements : 0},
             {"even_bits", even ? elements * quotient : 0},
             {"fraction", even ? elements * std::min(variant.shift, plan.sum_bits) : 0},
             {"saturated", plan.saturate ? multiplied * (plan.acc_bits - 1) : 0},
             // The multiplier 1.
             {"added", plan.mul_bits == 1 ? multiplied * plan.acc_bits : 0},
             {"digits", multiplied * std::max<std::int64_t>(0, digit_registers(cut) - (even ? 0 : variant.shift))},
             {"factors", multiplied * factor_registers(cut, cell)},
             // Columns of few words share LUTs, or are bits of the address.
             {"constants_5", of_depth(3, 5)},
             {"constants_7", of_depth(6, 7)},
             {"constants_64", of_depth(8, most_shallow)},
             {"constant_registers", constant_depth <= most_shallow ? constants : 0},
             {"deep_constants", constant_depth > most_shallow ? multipliers.width + addends.width + limits.width : 0},
             {"fold_bits", fold_bits},
             {"trail_bits", fold_bits * variant.trail},
             {"searches", searches ? elements * variant.look_up.levels * plan.acc_bits : 0},
             {"waiting_bits", searches ? elements * 2 * (variant.look_up.levels - 1) * plan.acc_bits : 0},
             {"thresholds", searches ? static_cast<double>(thresholds.columns * variant.look_up.levels) * copies(thresholds) : 0},
             {"values", shallow_values ? static_cast<double>(value_luts) * copies(values) : 0},
             {"looked_up", looks_up ? word : 0}},
            in_block_memory(multipliers, most_shallow) + in_block_memory(addends, most_shallow) + in_block_memory(limits, most_shallow) +
                fifo_bram36(word, variant.depth) + in_block_memory(values, most_shallow_values) * copies(values)};
}

}  // namespace

int stage_dsp_per_lane(const Unit& unit) { return multiplies(unit) ? plan_stage_multiply(*unit.requantize, unit.dsp).dsp() : 0; }

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
    const bool deep = result_folds(unit) > most_shallow && (!shares_multiplier(stage) || bounds == 2);
    return (deep ? 1 : 0) + 3 + plan_stage_multiply(stage, unit.dsp).dsp() - 1 + (stage.form == RequantizeForm::convergent ? 1 : 0) + 1 +
           (bounds != 0 ? 1 : 0);
}

RtlOutput output_of(const Unit& unit, int acc_bits, std::int64_t takes) {
    const Stream& out = *unit.outputs[0];
    OutputVariant variant;
    variant.beat = port_beat(unit, true, 0);
    const int channels = out.shape.channels, lanes = variant.beat.lanes;
    variant.folds = ceil_div(channels, lanes);
    variant.out_bits = out.bits();
    variant.out_signed = out.is_signed();
    variant.takes = takes;
    variant.depth = output_depth(unit.outputs[0]->rtl_depth, takes);
    variant.plan.acc_bits = acc_bits;
    StageMemories memories;
    if (multiplies(unit)) {
        const Requantize& stage = *unit.requantize;
        variant.plan = plan_stage_multiply(stage, unit.dsp);
        variant.form = stage.form == RequantizeForm::convergent ? OutputForm::convergent : OutputForm::multiply;
        variant.shift = stage.shift;
        variant.bounds = bounds_of(stage, out);
        variant.shared = shares_multiplier(stage);
        const int columns = variant.plan.acc_digits + variant.plan.mul_digits - 1;
        variant.trail = variant.bounds == 2            ? 3 + variant.plan.dsp() + (stage.form == RequantizeForm::convergent ? 1 : 0)
                        : variant.plan.addend_first    ? 1
                        : variant.plan.mul_digits == 1 ? columns
                                                       : 2 * columns - 2;
        add_multiply_memories(memories, stage, variant.plan, out, channels, lanes);
    } else if (unit.requantize && unit.requantize->form != RequantizeForm::none) {
        const Requantize& stage = *unit.requantize;
        const bool search = stage.form == RequantizeForm::thresholds;
        variant.form = search ? OutputForm::thresholds : OutputForm::table;
        variant.look_up = search ? threshold_look_up(stage) : table_look_up(stage);
        variant.plan.acc_bits = variant.look_up.acc_bits;
        variant.shared = variant.look_up.shared;
        variant.trail = search ? 2 * variant.look_up.levels : 1;
        if (search) add_threshold_memories(memories, stage, variant.look_up, channels, lanes);
        add_value_memories(memories, stage, variant.look_up, out.bits(), channels, lanes);
    }
    const StageMultiply& plan = variant.plan;
    RtlOutput output{.name = "output"};
    output.takes_bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(takes)));
    output.acc_bits = variant.beat.pixels * lanes * acc_bits;
    output.parameters = {{"Pixels", variant.beat.pixels},
                         {"Lanes", lanes},
                         {"Folds", variant.folds},
                         {"AccBits", acc_bits},
                         {"OutBits", variant.out_bits},
                         {"Depth", variant.depth},
                         {"Takes", takes},
                         {"Form", static_cast<std::int64_t>(variant.form)},
                         {"AccUsed", plan.acc_bits},
                         {"Saturate", plan.saturate},
                         {"AccDigits", plan.acc_digits},
                         {"MulDigits", plan.mul_digits},
                         {"MulBits", plan.mul_bits},
                         {"SumBits", plan.sum_bits},
                         {"Shift", variant.shift},
                         {"OutSigned", out.is_signed()},
                         {"Bounds", variant.bounds},
                         {"Shared", variant.shared},
                         {"Levels", variant.look_up.levels},
                         {"ValuesShared", variant.look_up.values_shared}};
    if (plan.addend_first) output.parameters.emplace_back("AddendFirst", 1);
    output.features = output_features(variant, memories, unit.dsp);
    for (auto* list : {&memories.multipliers, &memories.addends, &memories.limits, &memories.thresholds, &memories.values})
        std::ranges::move(*list, std::back_inserter(output.memories));
    return output;
}

}  // namespace weft
