// matvec.cpp
// The products of a weight matrix with the vector of every position: convolution after a window, and dense layers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <tuple>

#include "src/base/multiversion.h"
#include "src/design/dsp.h"
#include "units/common/cases.h"
#include "units/common/exact_product.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/matvec/matvec_faces.h"
#include "units/matvec/matvec_layout.h"

namespace weft {

namespace {

Beat output_beat(const Unit& unit) { return {static_cast<int>(unit.parameter("Pixels")), 1, static_cast<int>(matvec_output_lanes(unit))}; }

StreamShape output_shape(const Unit& unit) {
    return {static_cast<int>(unit.parameter("Rows")), static_cast<int>(unit.parameter("Columns")), 1,
            static_cast<int>(unit.parameter("Outputs"))};
}

struct Range {
    std::int64_t min = 0;
    std::int64_t max = 0;
};

/// Per output: the sum of its positive weights and that of its negative ones.
std::vector<std::pair<std::int64_t, std::int64_t>> sums_of_signs(const Unit& unit) {
    const NarrowIntegers& weights = unit.constant("weights").data;
    const auto depth = static_cast<std::size_t>(unit.parameter("Taps") * unit.parameter("Channels"));
    std::vector<std::pair<std::int64_t, std::int64_t>> sums;
    for (std::size_t first = 0; first < weights.size(); first += depth) sums.push_back(weights.sums_of_signs(first, depth));
    return sums;
}

/// Exact range of the accumulators over all outputs, and of their partial sums in any order.
Range accumulator_range(const Unit& unit) {
    const std::int64_t low = unit.inputs[0]->min;
    const std::int64_t high = unit.inputs[0]->max;
    Range range{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    for (const auto& [positive, negative] : sums_of_signs(unit))
        range = {std::min(range.min, positive * low + negative * high), std::max(range.max, positive * high + negative * low)};
    return range;
}

std::int64_t largest_partial_sum(const Unit& unit) {
    const std::int64_t largest = std::max(std::abs(unit.inputs[0]->min), std::abs(unit.inputs[0]->max));
    std::int64_t bound = largest;
    for (const auto& [positive, negative] : sums_of_signs(unit)) bound = std::max(bound, (positive - negative) * largest);
    return bound;
}

void size_words(Unit& unit) {
    const Range sums = accumulator_range(unit);
    weft::size_words(unit, sums.min, sums.max);
}

std::string check(const Unit& unit) {
    const MatvecLayout layout(unit);
    const Stream& in = *unit.inputs[0];
    if (layout.flatten) {
        if (layout.positions() != 1) return "a flattened frame is one vector: Rows and Columns must be 1";
        if (layout.taps_per_beat != 1) return "TapsPerBeat must be 1 for a flattened frame";
        if (layout.pixels != 1) return "Pixels must be 1 for a flattened frame";
        if (in.shape.taps != 1 || in.shape.positions() != layout.taps || in.shape.channels != layout.channels)
            return "its input has not Taps positions of Channels channels";
    } else if (std::string reason = expect_shape(in, taps_shape_of(unit), "its input"); !reason.empty()) {
        return reason;
    }
    if (std::string reason = expect_shape(*unit.outputs[0], output_shape(unit), "its output"); !reason.empty()) return reason;
    if (std::string reason = expect_constant(unit, "weights", layout.outputs * layout.taps * layout.channels); !reason.empty())
        return reason;
    if (layout.pe > layout.outputs) return "PE exceeds Outputs";
    if (layout.lanes > layout.channels) return "Lanes exceeds Channels";
    if (layout.taps_per_beat > layout.taps) return "TapsPerBeat exceeds Taps";
    const std::int64_t leaving = unit.parameter("OutputLanes");
    if (leaving != 0 && !layout.output_lanes_fit(leaving)) return "OutputLanes is too small to empty PE in time, or does not divide it";
    const Range sums = accumulator_range(unit);
    if (std::string reason = expect_words(unit, sums.min, sums.max); !reason.empty()) return reason;
    if (in.bits() + (in.is_signed() ? 0 : 1) > unit.dsp.wide_bits) return "its input is wider than a multiplier";
    return expect_range(unit, sums.min, sums.max);
}

Timing schedule(const Unit& unit) {
    const MatvecLayout layout(unit);
    return {layout.vectors() * layout.steps()};
}

Cost cost(const Unit& unit) {
    const MatvecLayout layout(unit);
    const bool packed = unit.parameter("WeightBits") <= 8 && unit.inputs[0]->bits() <= 8;
    const auto mac = static_cast<double>((packed ? layout.pairs() : layout.pe) * layout.simd() * layout.pixels);
    Cost cost{mac, mac};
    cost += requantize_cost(unit);
    return cost;
}

std::vector<Folding> foldings(const Unit& unit) {
    const MatvecLayout layout(unit);
    Unit sized = unit;
    size_words(sized);
    Candidates candidates(std::move(sized));
    std::vector<Folding> list;
    for (const std::int64_t lanes : distinct_folds(layout.channels))
        for (const std::int64_t taps : layout.flatten ? std::vector<std::int64_t>{1} : distinct_folds(layout.taps))
            for (const std::int64_t pe : distinct_folds(layout.outputs)) {
                MatvecLayout trial = layout;
                trial.lanes = lanes;
                trial.taps_per_beat = taps;
                trial.pe = pe;
                list.push_back(
                    candidates.with({{"PE", pe}, {"Lanes", lanes}, {"TapsPerBeat", taps}, {"OutputLanes", trial.fewest_output_lanes()}}));
            }
    return list;
}

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const MatvecLayout layout(unit);
    const NarrowIntegers& weights = unit.constant("weights").data;
    const std::int64_t depth = layout.taps * layout.channels;
    // A flattened frame has its positions where otherwise a position has its taps: in memory both are the same vector.
    const std::int32_t* vector = inputs[0]->data.data();
    std::int32_t* out = outputs[0].data.data();
    for (std::int64_t position = 0; position < layout.positions(); ++position, vector += depth)
        for (std::int64_t output = 0; output < layout.outputs; ++output) {
            std::int64_t acc = 0;
            for (std::int64_t i = 0; i < depth; ++i) acc += weights[static_cast<std::size_t>(output * depth + i)] * vector[i];
            *out++ = finish(unit, acc, output);
        }
}

WEFT_MULTIVERSION void to_float(const std::int32_t* in, float* out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(in[i]);
}
WEFT_MULTIVERSION void to_double(const std::int32_t* in, double* out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = in[i];
}
WEFT_MULTIVERSION void to_int32(const float* in, std::int32_t* out, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = 0; c < columns; ++c) out[r * columns + c] = static_cast<std::int32_t>(in[r * stride + c]);
}
WEFT_MULTIVERSION void to_int64(const double* in, std::int64_t* out, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = 0; c < columns; ++c) out[r * columns + c] = static_cast<std::int64_t>(in[r * stride + c]);
}
void convert(const std::int32_t* in, float* out, std::int64_t count) { to_float(in, out, count); }
void convert(const std::int32_t* in, double* out, std::int64_t count) { to_double(in, out, count); }
void convert(const float* in, std::int32_t* out, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    to_int32(in, out, rows, columns, stride);
}
void convert(const double* in, std::int64_t* out, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    to_int64(in, out, rows, columns, stride);
}

template <class Real, class Accumulator>
UnitFunction product_function(const Unit& unit) {
    const MatvecLayout layout(unit);
    const std::int64_t depth = layout.taps * layout.channels;
    auto weights = std::make_shared<const PackedWeights<Real>>(unit.constant("weights").data, layout.outputs, depth);
    // Positions at a time: their vectors stay in the second-level cache.
    const std::int64_t block =
        std::clamp<std::int64_t>((std::int64_t{1} << 17) / static_cast<std::int64_t>(sizeof(Real)) / depth / 8 * 8, 8, 128);
    return [&unit, layout, depth, weights, block](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        thread_local std::vector<Real> vectors;
        thread_local std::vector<Real> products;
        thread_local std::vector<Accumulator> sums;
        const std::int64_t stride = weights->outputs_with_spare();
        const auto grow = [](auto& buffer, std::int64_t size) {
            if (static_cast<std::int64_t>(buffer.size()) < size) buffer.resize(static_cast<std::size_t>(size));
        };
        grow(vectors, block * depth);
        grow(products, block * stride);
        grow(sums, block * layout.outputs);
        for (std::int64_t first = 0; first < layout.positions(); first += block) {
            const std::int64_t rows = std::min(block, layout.positions() - first);
            convert(inputs[0]->data.data() + first * depth, vectors.data(), rows * depth);
            multiply(*weights, vectors.data(), rows, products.data());
            convert(products.data(), sums.data(), rows, layout.outputs, stride);
            finish_all(unit, sums.data(), outputs[0].data.data() + first * layout.outputs, rows, static_cast<int>(layout.outputs));
        }
    };
}

UnitFunction fast(const Unit& unit) {
    const std::int64_t bound = largest_partial_sum(unit);
    if (bound < (std::int64_t{1} << 24)) return product_function<float, std::int32_t>(unit);
    if (bound < (std::int64_t{1} << 53)) return product_function<double, std::int64_t>(unit);
    return [&unit](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) { model(unit, inputs, outputs); };
}

/// The vector of a position enters during its first neuron fold. Finished sums leave while the next fold is computed, which may read the
/// next vector.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    const MatvecLayout layout(unit);
    const std::int64_t lanes = matvec_output_lanes(unit);
    const std::int64_t per_position = ceil_div(layout.outputs, lanes);
    const std::int64_t per_fold = ceil_div(layout.pe, lanes);
    const std::int64_t synapse_folds = layout.synapse_folds();
    const std::int64_t steps_per_position = layout.steps();
    std::vector<std::int64_t> reads;
    reads.reserve(static_cast<std::size_t>(layout.vectors() * per_position));
    for (std::int64_t position = 0; position < layout.vectors(); ++position)
        for (std::int64_t beat = 0; beat < per_position; ++beat) {
            const std::int64_t step = position * steps_per_position + (beat / per_fold + 1) * synapse_folds - 1 + beat % per_fold;
            reads.push_back(step / steps_per_position * synapse_folds + std::min(synapse_folds, step % steps_per_position + 1));
        }
    return reads;
}

void derive(Unit& unit) {
    if (unit.parameter("OutputLanes") == 0) unit.set_parameter("OutputLanes", MatvecLayout(unit).fewest_output_lanes());
    size_words(unit);
    matvec_derive(unit);
}

struct Point {
    StreamShape in;
    int outputs = 1;
    bool flatten = false;
    std::int64_t min = -128, max = 127;
    std::int64_t weight_min = -127, weight_max = 127;
    RequantizeForm form = RequantizeForm::multiply;
    bool per_channel = false;
    std::int64_t out_min = -128, out_max = 127;
    int pe = 1, lanes = 1, taps_per_beat = 1;
    int pixels = 1, output_lanes = 0;
};

/// Weights and stage: fixed ones, or drawn.
UnitCase point(const Point& p, CaseDrawer* draw = nullptr) {
    CaseBuilder build("matvec");
    const int rows = p.flatten ? 1 : p.in.rows;
    const int columns = p.flatten ? 1 : p.in.columns;
    const int taps = p.flatten ? static_cast<int>(p.in.positions()) : p.in.taps;
    Stream* in = build.input(p.in, p.min, p.max);
    Stream* out = build.output({rows, columns, 1, p.outputs}, p.out_min, p.out_max);
    Unit* unit = build.unit(unit_matvec, {in}, {out},
                            {{"Rows", rows},
                             {"Columns", columns},
                             {"Taps", taps},
                             {"Channels", p.in.channels},
                             {"Outputs", p.outputs},
                             {"Flatten", p.flatten},
                             {"PE", p.pe},
                             {"Pixels", p.pixels},
                             {"OutputLanes", p.output_lanes},
                             {"Lanes", p.lanes},
                             {"TapsPerBeat", p.taps_per_beat}});
    std::vector<std::int64_t> weights = sample(std::int64_t{p.outputs} * taps * p.in.channels, p.weight_min, p.weight_max, 11);
    // One row of nothing but the lowest weight: the deepest carry of a packed product.
    std::fill_n(weights.end() - taps * p.in.channels, taps * p.in.channels, p.weight_min);
    if (draw) weights = draw->constants(std::int64_t{p.outputs} * taps * p.in.channels, p.weight_min, p.weight_max);
    unit->constants["weights"] = {{p.outputs, taps, p.in.channels}, weights};
    const Range sums = accumulator_range(*unit);
    set_stage(*unit, draw, p.form, p.per_channel, sums.min, sums.max);
    return build.finish();
}

std::vector<UnitCase> cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({.in = {3, 4, 9, 3}, .outputs = 5, .per_channel = true, .pe = 5, .lanes = 3, .taps_per_beat = 9}));
    list.push_back(point({.in = {2, 3, 9, 5}, .outputs = 8, .min = 0, .max = 255, .pe = 3, .lanes = 2, .taps_per_beat = 1}));
    list.push_back(
        point({.in = {2, 2, 6, 4}, .outputs = 7, .weight_min = -128, .per_channel = true, .pe = 4, .lanes = 3, .taps_per_beat = 4}));
    list.push_back(
        point({.in = {3, 2, 1, 10}, .outputs = 12, .weight_min = -8, .weight_max = 7, .out_min = 0, .out_max = 15, .pe = 6, .lanes = 4}));
    list.push_back(point({.in = {2, 3, 1, 7}, .outputs = 6, .flatten = true, .min = 0, .max = 15, .form = none, .pe = 2, .lanes = 3}));
    list.push_back(point({.in = {1, 1, 1, 33}, .outputs = 10, .form = convergent, .pe = 10, .lanes = 8}));
    list.push_back(point({.in = {2, 2, 4, 3},
                          .outputs = 4,
                          .min = 0,
                          .max = 1,
                          .weight_min = -1,
                          .weight_max = 1,
                          .form = thresholds,
                          .per_channel = true,
                          .out_min = -2,
                          .out_max = 1,
                          .pe = 1,
                          .lanes = 1,
                          .taps_per_beat = 4}));
    list.push_back(point({.in = {2, 2, 3, 3},
                          .outputs = 3,
                          .min = -2,
                          .max = 1,
                          .weight_min = -2,
                          .weight_max = 1,
                          .form = table,
                          .per_channel = true,
                          .out_min = -8,
                          .out_max = 7,
                          .pe = 2,
                          .lanes = 2,
                          .taps_per_beat = 3}));
    list.push_back(point({.in = {2, 2, 2, 5},
                          .outputs = 5,
                          .min = -32768,
                          .max = 32767,
                          .weight_min = -1024,
                          .weight_max = 1023,
                          .per_channel = true,
                          .out_min = -32768,
                          .out_max = 32767,
                          .pe = 4,
                          .lanes = 5,
                          .taps_per_beat = 2}));
    list.push_back(
        point({.in = {1, 3, 9, 16}, .outputs = 16, .min = 0, .max = 255, .per_channel = true, .pe = 16, .lanes = 4, .taps_per_beat = 9}));
    list.push_back(point({.in = {4, 1, 1, 1}, .outputs = 1, .weight_min = -1, .weight_max = -1, .form = none}));
    return list;
}

/// Beyond `cases`: several positions a beat, and what differs in time or structure only in RTL.
std::vector<UnitCase> rtl_cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    // Rows that the pixels do not divide; then with several folds of both kinds, of outputs that PE does not divide.
    list.push_back(point({.in = {3, 5, 9, 1}, .outputs = 6, .min = 0, .max = 255, .pe = 6, .lanes = 1, .taps_per_beat = 9, .pixels = 2}));
    list.push_back(point({.in = {2, 6, 9, 4},
                          .outputs = 7,
                          .min = 0,
                          .max = 255,
                          .per_channel = true,
                          .pe = 4,
                          .lanes = 2,
                          .taps_per_beat = 5,
                          .pixels = 4}));
    // Vectors of one beat, given several times.
    list.push_back(point({.in = {4, 3, 1, 6}, .outputs = 6, .pe = 2, .lanes = 6}));
    list.push_back(point({.in = {5, 2, 1, 6}, .outputs = 13, .form = none, .pe = 5, .lanes = 6, .pixels = 2}));
    // Forty taps in four beats; block memories for weights, for weights and vectors.
    list.push_back(point({.in = {3, 3, 40, 1}, .outputs = 16, .per_channel = true, .pe = 8, .lanes = 1, .taps_per_beat = 10}));
    list.push_back(point({.in = {2, 2, 9, 16}, .outputs = 12, .per_channel = true, .pe = 12, .lanes = 2, .taps_per_beat = 1}));
    list.push_back(point({.in = {1, 3, 1, 80}, .outputs = 12, .form = none, .pe = 4, .lanes = 2}));
    list.push_back(point({.in = {3, 4, 1, 5}, .outputs = 6, .flatten = true, .min = 0, .max = 255, .form = none, .pe = 2, .lanes = 1}));
    // Results a beat: all, some with a spare lane in the last beat, one.
    list.push_back(point({.in = {2, 3, 9, 8}, .outputs = 10, .pe = 10, .lanes = 2, .taps_per_beat = 9, .output_lanes = 10}));
    list.push_back(point({.in = {2, 3, 9, 8}, .outputs = 11, .pe = 11, .lanes = 1, .taps_per_beat = 9, .output_lanes = 3}));
    list.push_back(point({.in = {2, 3, 3, 8}, .outputs = 13, .form = none, .pe = 6, .lanes = 2, .taps_per_beat = 1, .output_lanes = 2}));
    // Sums beyond 24 bits: in the accumulator; in the tree and in the accumulator; in the tree.
    list.push_back(
        point({.in = {1, 2, 1, 600}, .outputs = 3, .min = 0, .max = 255, .weight_min = 100, .form = none, .pe = 3, .lanes = 24}));
    for (const int lanes : {40, 80})
        list.push_back(point({.in = {2, 2, 1, 80},
                              .outputs = 2,
                              .min = -32768,
                              .max = 32767,
                              .weight_min = -4096,
                              .weight_max = 4095,
                              .out_min = -32768,
                              .out_max = 32767,
                              .pe = 2,
                              .lanes = lanes}));
    list.push_back(
        point({.in = {2, 2, 1, 9}, .outputs = 4, .min = 0, .max = (1 << 26) - 1, .weight_min = -2, .weight_max = 1, .pe = 2, .lanes = 3}));
    // The least and the greatest products that share a multiplier; weights of one and two bits.
    list.push_back(point({.in = {2, 2, 1, 36},
                          .outputs = 4,
                          .min = 0,
                          .max = 255,
                          .weight_min = -128,
                          .weight_max = -128,
                          .form = none,
                          .pe = 4,
                          .lanes = 36}));
    list.push_back(point({.in = {2, 2, 1, 36}, .outputs = 4, .weight_min = -128, .weight_max = 127, .form = none, .pe = 3, .lanes = 12}));
    list.push_back(point(
        {.in = {2, 2, 1, 36}, .outputs = 4, .min = 0, .max = 1, .weight_min = -1, .weight_max = 0, .form = none, .pe = 4, .lanes = 18}));
    // A network's layers: a first and a second convolution, four and two positions at a time, and a residual network's.
    list.push_back(point({.in = {3, 8, 9, 1},
                          .outputs = 16,
                          .min = 0,
                          .max = 255,
                          .per_channel = true,
                          .pe = 16,
                          .lanes = 1,
                          .taps_per_beat = 9,
                          .pixels = 4}));
    list.push_back(point({.in = {2, 4, 9, 16},
                          .outputs = 12,
                          .min = 0,
                          .max = 255,
                          .per_channel = true,
                          .pe = 12,
                          .lanes = 4,
                          .taps_per_beat = 9,
                          .pixels = 2}));
    list.push_back(point({.in = {2, 3, 9, 32}, .outputs = 32, .per_channel = true, .pe = 4, .lanes = 4, .taps_per_beat = 9}));
    // Weights whose addresses would drive too much: memories of some cascades each, the last of them empty in all slots but one.
    list.push_back(point({.in = {1, 3, 1, 290}, .outputs = 8, .pe = 4, .lanes = 145, .output_lanes = 4}));
    list.push_back(point({.in = {1, 5, 1, 33}, .outputs = 4, .pe = 2, .lanes = 33, .pixels = 4}));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    Point p;
    p.flatten = draw.chance(15);
    p.in = {draw.size(4), draw.size(6), p.flatten ? 1 : draw.one_of({1, 1, 2, 4, 6, 9, 15}), draw.channels(20)};
    p.outputs = draw.channels(20);
    std::tie(p.min, p.max) = draw.range(draw.chance(10) ? dsp48e2.wide_bits : 16);
    std::tie(p.weight_min, p.weight_max) = draw.range(draw.chance(50) ? 8 : 16);
    p.pe = draw.part_of(p.outputs);
    p.lanes = draw.part_of(p.in.channels);
    p.taps_per_beat = draw.part_of(p.in.taps);
    p.pixels = p.flatten ? 1 : draw.pixels();
    if (draw.chance(40)) p.output_lanes = draw.part_of(p.pe);
    // A simulation of thousands of multipliers takes long to build.
    while (p.pe * p.lanes * p.taps_per_beat * p.pixels > 400) (draw.chance(50) ? p.pe : p.lanes) = 1;
    return point(p, &draw);
}

}  // namespace

extern const UnitDef unit_matvec{
    .name = "matvec",
    .role = UnitRole::function,
    .summary = "weights times the vector of each position, then the requantize stage",
    .parameters = {rows_row(),
                   columns_row(),
                   taps_row(),
                   channels_row(),
                   {"Outputs", ParameterKind::shape, 1, max_channels, 1, "results of a position"},
                   {"Flatten", ParameterKind::shape, 0, 1, 0, "1: the whole frame is one vector, its positions are the taps"},
                   {"WeightBits", ParameterKind::numeric, 1, 17, 8, "bits of a signed weight"},
                   {"AccumulatorBits", ParameterKind::numeric, 1, 62, 62, "bits of a signed sum"},
                   {"LaneShift", ParameterKind::numeric, 0, 40, 0, "distance of the two products in a multiplier; 0: one product each"},
                   {"ChainLength", ParameterKind::numeric, 0, 1 << 20, 0, "packed products that may be added before the two sums part"},
                   {"PE", ParameterKind::folding, 1, max_channels, 1, "outputs computed at a time"},
                   pixels_row(),
                   lanes_row(),
                   taps_per_beat_row(),
                   {"OutputLanes", ParameterKind::folding, 0, max_channels, 0, "results a beat; 0: the fewest that keep pace"}},
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
    .roms = matvec_roms,
    .rtl = matvec_rtl,
    .features = matvec_features,
    .control = matvec_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
