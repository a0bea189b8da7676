// depthwise.cpp
// Every channel of a window with its own kernels: depthwise convolution.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <tuple>

#include "src/base/multiversion.h"
#include "src/design/dsp.h"
#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/depthwise/depthwise_faces.h"

namespace weft {

namespace {

StreamShape output_shape(const Unit& unit) {
    StreamShape shape = shape_of(unit);
    shape.channels *= static_cast<int>(unit.parameter("Multiplier"));
    return shape;
}

Beat output_beat(const Unit& unit) {
    return {static_cast<int>(unit.parameter("Pixels")), 1, static_cast<int>(unit.parameter("Lanes") * unit.parameter("Multiplier"))};
}

struct Range {
    std::int64_t min = 0;
    std::int64_t max = 0;
};

Range accumulator_range(const Unit& unit) {
    const auto& weights = unit.constant("weights").data;
    const std::int64_t low = unit.inputs[0]->min;
    const std::int64_t high = unit.inputs[0]->max;
    const auto taps = static_cast<std::size_t>(unit.parameter("Taps"));
    Range range{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    for (std::size_t first = 0; first < weights.size(); first += taps) {
        Range sum;
        for (std::size_t i = first; i < first + taps; ++i) {
            sum.min += std::min(weights[i] * low, weights[i] * high);
            sum.max += std::max(weights[i] * low, weights[i] * high);
        }
        range = {std::min(range.min, sum.min), std::max(range.max, sum.max)};
    }
    return range;
}

/// WeightBits and AccumulatorBits as the weights and the input's range need them, no wider; then how products share DSPs.
void derive(Unit& unit) {
    const Range sums = accumulator_range(unit);
    size_words(unit, sums.min, sums.max);
    depthwise_derive_packing(unit);
}

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], taps_shape_of(unit), "its input"); !reason.empty()) return reason;
    if (std::string reason = expect_shape(*unit.outputs[0], output_shape(unit), "its output"); !reason.empty()) return reason;
    if (std::string reason = expect_constant(unit, "weights", std::int64_t{output_shape(unit).channels} * unit.parameter("Taps"));
        !reason.empty())
        return reason;
    if (unit.parameter("Lanes") > unit.parameter("Channels")) return "Lanes exceeds Channels";
    if (unit.parameter("TapsPerBeat") > unit.parameter("Taps")) return "TapsPerBeat exceeds Taps";
    if (unit.parameter("Pixels") == 3) return "Pixels must be 1, 2 or 4";
    if (const Stream& in = *unit.inputs[0]; in.bits() + (in.is_signed() ? 0 : 1) > unit.dsp.wide_bits)
        return "its input is wider than a multiplier";
    const Range sums = accumulator_range(unit);
    if (std::string reason = expect_words(unit, sums.min, sums.max); !reason.empty()) return reason;
    return expect_range(unit, sums.min, sums.max);
}

Timing schedule(const Unit& unit) { return {taps_beat(unit).count(taps_shape_of(unit))}; }

Cost cost(const Unit& unit) {
    const auto mac = static_cast<double>(depthwise_mac_dsp(unit));
    Cost cost{mac, mac};
    cost += requantize_cost(unit);
    return cost;
}

std::vector<Folding> foldings(const Unit& unit) { return lane_tap_foldings(unit, unit.parameter("Taps")); }

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const IntTensor& in = *inputs[0];
    const NarrowIntegers& weights = unit.constant("weights").data;
    const std::int64_t multiplier = unit.parameter("Multiplier");
    for (std::int64_t row = 0; row < in.shape.rows; ++row)
        for (std::int64_t column = 0; column < in.shape.columns; ++column)
            for (std::int64_t output = 0; output < outputs[0].shape.channels; ++output) {
                std::int64_t acc = 0;
                for (std::int64_t tap = 0; tap < in.shape.taps; ++tap)
                    acc += weights[static_cast<std::size_t>(output * in.shape.taps + tap)] * at(in, row, column, tap, output / multiplier);
                at(outputs[0], row, column, 0, output) = finish(unit, acc, output);
            }
}

/// All beats of a channel fold.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    std::vector<std::int64_t> reads(static_cast<std::size_t>(beats_of(unit)));
    const std::int64_t tap_folds = ceil_div(unit.parameter("Taps"), unit.parameter("TapsPerBeat"));
    for (std::size_t i = 0; i < reads.size(); ++i) reads[i] = static_cast<std::int64_t>(i + 1) * tap_folds;
    return reads;
}

/// sums[position][channel * multiplier + m] from weights [tap][channel * multiplier + m].
template <class Accumulator>
[[gnu::always_inline]] inline void accumulate(const std::int32_t* in, const Accumulator* weights, Accumulator* sums, std::int64_t positions,
                                              int taps, int channels, int multiplier) {
    const int outputs = channels * multiplier;
    for (std::int64_t p = 0; p < positions; ++p, sums += outputs) {
        for (int o = 0; o < outputs; ++o) sums[o] = 0;
        for (int t = 0; t < taps; ++t, in += channels) {
            const Accumulator* w = weights + std::int64_t{t} * outputs;
            if (multiplier == 1)
                for (int c = 0; c < channels; ++c) sums[c] += w[c] * in[c];
            else
                for (int c = 0; c < channels; ++c)
                    for (int m = 0; m < multiplier; ++m) sums[c * multiplier + m] += w[c * multiplier + m] * in[c];
        }
    }
}
WEFT_MULTIVERSION void accumulate_32(const std::int32_t* in, const std::int32_t* weights, std::int32_t* sums, std::int64_t positions,
                                     int taps, int channels, int multiplier) {
    accumulate(in, weights, sums, positions, taps, channels, multiplier);
}
WEFT_MULTIVERSION void accumulate_64(const std::int32_t* in, const std::int64_t* weights, std::int64_t* sums, std::int64_t positions,
                                     int taps, int channels, int multiplier) {
    accumulate(in, weights, sums, positions, taps, channels, multiplier);
}
void sum_up(const std::int32_t* in, const std::vector<std::int32_t>& weights, std::int32_t* sums, const StreamShape& s, int multiplier) {
    accumulate_32(in, weights.data(), sums, s.positions(), s.taps, s.channels, multiplier);
}
void sum_up(const std::int32_t* in, const std::vector<std::int64_t>& weights, std::int64_t* sums, const StreamShape& s, int multiplier) {
    accumulate_64(in, weights.data(), sums, s.positions(), s.taps, s.channels, multiplier);
}

template <class Accumulator>
UnitFunction sum_function(const Unit& unit) {
    const auto& weights = unit.constant("weights").data;
    const auto taps = static_cast<std::size_t>(unit.parameter("Taps"));
    const std::size_t outputs = weights.size() / taps;
    auto transposed = std::make_shared<std::vector<Accumulator>>(weights.size());
    for (std::size_t o = 0; o < outputs; ++o)
        for (std::size_t t = 0; t < taps; ++t) (*transposed)[t * outputs + o] = static_cast<Accumulator>(weights[o * taps + t]);
    return [&unit, transposed, multiplier = static_cast<int>(unit.parameter("Multiplier"))](std::span<const IntTensor* const> inputs,
                                                                                            std::span<IntTensor> outputs) {
        const StreamShape s = inputs[0]->shape;
        thread_local std::vector<Accumulator> sums;
        sums.resize(static_cast<std::size_t>(s.positions() * s.channels * multiplier));
        sum_up(inputs[0]->data.data(), *transposed, sums.data(), s, multiplier);
        finish_all(unit, sums.data(), outputs[0].data.data(), s.positions(), s.channels * multiplier);
    };
}

UnitFunction fast(const Unit& unit) {
    // Any order of the taps is exact where the sum of magnitudes fits.
    const std::int64_t largest = std::max(std::abs(unit.inputs[0]->min), std::abs(unit.inputs[0]->max));
    const auto [low, high] = unit.constant("weights").data.range();
    const std::int64_t bound = std::max(std::abs(low), std::abs(high)) * largest * unit.parameter("Taps");
    return bound < (std::int64_t{1} << 31) ? sum_function<std::int32_t>(unit) : sum_function<std::int64_t>(unit);
}

struct Point {
    StreamShape in;
    int multiplier = 1;
    std::int64_t min = -128, max = 127;
    std::int64_t weight_min = -127, weight_max = 127;
    RequantizeForm form = RequantizeForm::multiply;
    bool per_channel = false;
    std::int64_t out_min = -128, out_max = 127;
    int lanes = 1, taps_per_beat = 1, pixels = 1;
};

/// Weights and stage: fixed ones, or drawn.
UnitCase point(const Point& p, CaseDrawer* draw = nullptr) {
    CaseBuilder build("depthwise");
    const int outputs = p.in.channels * p.multiplier;
    Stream* in = build.input(p.in, p.min, p.max);
    Stream* out = build.output({p.in.rows, p.in.columns, 1, outputs}, p.out_min, p.out_max);
    Unit* unit = build.unit(unit_depthwise, {in}, {out},
                            {{"Rows", p.in.rows},
                             {"Columns", p.in.columns},
                             {"Taps", p.in.taps},
                             {"Channels", p.in.channels},
                             {"Multiplier", p.multiplier},
                             {"Pixels", p.pixels},
                             {"Lanes", p.lanes},
                             {"TapsPerBeat", p.taps_per_beat}});
    std::vector<std::int64_t> weights = sample(std::int64_t{outputs} * p.in.taps, p.weight_min, p.weight_max, 13);
    std::fill_n(weights.end() - p.in.taps, p.in.taps, p.weight_min);
    if (draw) weights = draw->constants(std::int64_t{outputs} * p.in.taps, p.weight_min, p.weight_max);
    unit->constants["weights"] = {{outputs, p.in.taps}, weights};
    const Range sums = accumulator_range(*unit);
    set_stage(*unit, draw, p.form, p.per_channel, sums.min, sums.max);
    return build.finish();
}

std::vector<UnitCase> cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({.in = {3, 4, 9, 5}, .per_channel = true, .lanes = 2, .taps_per_beat = 9}));
    list.push_back(point({.in = {2, 5, 9, 7}, .min = 0, .max = 255, .weight_min = -128, .lanes = 3}));
    list.push_back(point({.in = {3, 3, 6, 3}, .multiplier = 2, .per_channel = true, .lanes = 2, .taps_per_beat = 4}));
    list.push_back(point({.in = {2, 2, 4, 4},
                          .multiplier = 3,
                          .min = -8,
                          .max = 7,
                          .weight_min = -8,
                          .weight_max = 7,
                          .form = convergent,
                          .out_min = 0,
                          .out_max = 15,
                          .lanes = 4,
                          .taps_per_beat = 2}));
    list.push_back(point({.in = {1, 6, 5, 1}, .form = none, .taps_per_beat = 5}));
    list.push_back(point({.in = {2, 2, 49, 3}, .multiplier = 2, .min = 0, .max = 255, .form = none, .lanes = 3, .taps_per_beat = 49}));
    list.push_back(point({.in = {1, 2, 9, 60}, .per_channel = true}));
    list.push_back(point({.in = {2, 3, 3, 6},
                          .min = 0,
                          .max = 1,
                          .weight_min = -1,
                          .weight_max = 1,
                          .form = thresholds,
                          .per_channel = true,
                          .out_min = -1,
                          .out_max = 2,
                          .lanes = 5,
                          .taps_per_beat = 3}));
    list.push_back(point(
        {.in = {2, 2, 2, 3}, .min = -4, .max = 3, .weight_min = -4, .weight_max = 3, .form = table, .per_channel = true, .lanes = 3}));
    list.push_back(point({.in = {2, 2, 9, 2},
                          .min = -32768,
                          .max = 32767,
                          .weight_min = -32768,
                          .weight_max = 32767,
                          .out_min = -32768,
                          .out_max = 32767,
                          .lanes = 1,
                          .taps_per_beat = 3}));
    return list;
}

/// Several pixels a beat.
std::vector<UnitCase> rtl_cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point(
        {.in = {3, 6, 9, 4}, .min = 0, .max = 255, .weight_min = -128, .per_channel = true, .lanes = 4, .taps_per_beat = 9, .pixels = 2}));
    list.push_back(point({.in = {2, 5, 9, 5}, .per_channel = true, .lanes = 2, .taps_per_beat = 9, .pixels = 2}));
    list.push_back(point({.in = {3, 7, 9, 3}, .min = -127, .form = none, .lanes = 2, .taps_per_beat = 4, .pixels = 4}));
    list.push_back(point({.in = {2, 3, 6, 3},
                          .multiplier = 3,
                          .min = 0,
                          .max = 15,
                          .weight_min = -8,
                          .weight_max = 7,
                          .form = convergent,
                          .lanes = 2,
                          .taps_per_beat = 6,
                          .pixels = 2}));
    list.push_back(point({.in = {2, 5, 5, 2},
                          .min = -32768,
                          .max = 32767,
                          .weight_min = -32768,
                          .weight_max = 32767,
                          .out_min = -32768,
                          .out_max = 32767,
                          .lanes = 1,
                          .taps_per_beat = 3,
                          .pixels = 2}));
    // Lanes whose weights take several memories, the last partly spare.
    list.push_back(point({.in = {1, 3, 9, 36}, .min = 0, .max = 255, .weight_min = -128, .lanes = 18, .taps_per_beat = 9, .pixels = 2}));
    list.push_back(point({.in = {1, 9, 25, 2}, .min = 0, .max = 255, .lanes = 2, .taps_per_beat = 25, .pixels = 4}));
    // Wide sums of many chains, of two lanes or of one.
    list.push_back(point(
        {.in = {2, 2, 49, 2}, .multiplier = 2, .min = -32768, .max = 32767, .weight_min = -16, .weight_max = 15, .taps_per_beat = 25}));
    list.push_back(point({.in = {1, 3, 36, 2},
                          .min = -32768,
                          .max = 32767,
                          .weight_min = -32768,
                          .weight_max = 32767,
                          .form = thresholds,
                          .per_channel = true,
                          .out_min = 0,
                          .out_max = 7,
                          .taps_per_beat = 36}));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    Point p;
    p.in = {draw.size(4), draw.size(7), draw.one_of({1, 2, 4, 6, 9, 9, 15, 25}), draw.channels(24)};
    p.multiplier = draw.one_of({1, 1, 1, 2, 3});
    std::tie(p.min, p.max) = draw.range(draw.chance(10) ? dsp48e2.wide_bits : 16);
    std::tie(p.weight_min, p.weight_max) = draw.range(draw.chance(50) ? 8 : 16);
    p.lanes = draw.part_of(p.in.channels);
    p.taps_per_beat = draw.part_of(p.in.taps);
    p.pixels = draw.pixels();
    // A simulation of thousands of multipliers takes long to build.
    while (p.lanes * p.multiplier * p.taps_per_beat * p.pixels > 300) (draw.chance(50) ? p.taps_per_beat : p.lanes) = 1;
    return point(p, &draw);
}

}  // namespace

extern const UnitDef unit_depthwise{
    .name = "depthwise",
    .role = UnitRole::function,
    .summary = "the taps of each channel times kernels of its own, then the requantize stage",
    .parameters = {rows_row(),
                   columns_row(),
                   taps_row(),
                   channels_row(),
                   {"Multiplier", ParameterKind::shape, 1, 1 << 12, 1, "outputs of a channel"},
                   {"WeightBits", ParameterKind::numeric, 1, 17, 8, "bits of a signed weight"},
                   {"AccumulatorBits", ParameterKind::numeric, 1, 62, 62, "bits of a signed sum"},
                   {"LaneShift", ParameterKind::numeric, 0, 40, 0, "distance of the two products in a multiplier; 0: one product each"},
                   {"ChainLength", ParameterKind::numeric, 1, max_taps, 1, "products that are summed in a cascade"},
                   pixels_row(),
                   lanes_row(),
                   taps_per_beat_row()},
    .ports = {{.name = "in", .beat = taps_beat, .registered_ready = true},
              {.name = "out", .output = true, .beat = output_beat, .buffered = true}},
    .has_requantize = true,
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = foldings,
    .model = model,
    .fast = fast,
    .reads_for = reads_for,
    .derive = derive,
    .roms = depthwise_roms,
    .rtl = depthwise_rtl,
    .features = depthwise_features,
    .control = depthwise_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
