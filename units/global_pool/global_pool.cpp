// global_pool.cpp
// Sum or maximum of each channel over the whole frame.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/global_pool/global_pool_faces.h"

namespace weft {

namespace {

bool maximum(const Unit& unit) { return unit.parameter("Maximum") != 0; }

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    const StreamShape one{1, 1, 1, static_cast<int>(unit.parameter("Channels"))};
    if (std::string reason = expect_shape(*unit.outputs[0], one, "its output"); !reason.empty()) return reason;
    if (unit.parameter("Lanes") > unit.parameter("Channels")) return "Lanes exceeds Channels";
    const std::int64_t terms = maximum(unit) ? 1 : shape_of(unit).positions();
    return expect_range(unit, terms * unit.inputs[0]->min, terms * unit.inputs[0]->max);
}

Timing schedule(const Unit& unit) { return {beats_of(unit)}; }

Cost cost(const Unit& unit) { return requantize_cost(unit); }

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const IntTensor& in = *inputs[0];
    for (std::int64_t channel = 0; channel < in.shape.channels; ++channel) {
        std::int64_t acc = maximum(unit) ? std::numeric_limits<std::int64_t>::min() : 0;
        for (std::int64_t row = 0; row < in.shape.rows; ++row)
            for (std::int64_t column = 0; column < in.shape.columns; ++column) {
                const std::int64_t x = at(in, row, column, 0, channel);
                acc = maximum(unit) ? std::max(acc, x) : acc + x;
            }
        at(outputs[0], 0, 0, 0, channel) = finish(unit, acc, channel);
    }
}

/// Everything but the channel folds of the last position that are not yet due.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    const std::int64_t folds = ceil_div(unit.parameter("Channels"), unit.parameter("Lanes"));
    std::vector<std::int64_t> reads(static_cast<std::size_t>(folds));
    std::iota(reads.begin(), reads.end(), beats_of(unit) - folds + 1);
    return reads;
}

UnitFunction fast(const Unit& unit) {
    return [&unit, maximum = maximum(unit)](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        const StreamShape s = inputs[0]->shape;
        const std::int32_t* in = inputs[0]->data.data();
        thread_local std::vector<std::int64_t> sums;
        sums.assign(in, in + s.channels);
        for (std::int64_t p = 1; p < s.positions(); ++p) {
            in += s.channels;
            if (maximum)
                for (int c = 0; c < s.channels; ++c)
                    sums[static_cast<std::size_t>(c)] = std::max<std::int64_t>(sums[static_cast<std::size_t>(c)], in[c]);
            else
                for (int c = 0; c < s.channels; ++c) sums[static_cast<std::size_t>(c)] += in[c];
        }
        finish_all(unit, sums.data(), outputs[0].data.data(), 1, s.channels);
    };
}

/// A result has no neighbouring columns.
Beat result_beat(const Unit& unit) { return {1, 1, static_cast<int>(unit.parameter("Lanes"))}; }

UnitCase point(StreamShape shape, bool maximum, std::int64_t min, std::int64_t max, RequantizeForm form, bool per_channel, int lanes,
               int pixels = 1, CaseDrawer* draw = nullptr) {
    CaseBuilder build("global_pool");
    const std::int64_t terms = maximum ? 1 : shape.positions();
    Stream* in = build.input(shape, min, max);
    Stream* out = build.output({1, 1, 1, shape.channels}, -128, 127);
    Unit* unit = build.unit(unit_global_pool, {in}, {out},
                            {{"Rows", shape.rows},
                             {"Columns", shape.columns},
                             {"Channels", shape.channels},
                             {"Maximum", maximum},
                             {"Pixels", pixels},
                             {"Lanes", lanes}});
    set_stage(*unit, draw, form, per_channel, terms * min, terms * max);
    return build.finish();
}

std::vector<UnitCase> cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({3, 5, 1, 7}, false, -128, 127, multiply, false, 3));
    list.push_back(point({4, 4, 1, 6}, false, 0, 255, multiply, true, 6));
    list.push_back(point({1, 1, 1, 5}, false, -8, 7, convergent, false, 2));
    list.push_back(point({7, 1, 1, 4}, false, 0, 1, table, true, 4));
    list.push_back(point({2, 6, 1, 9}, false, -32768, 32767, thresholds, true, 4));
    list.push_back(point({5, 2, 1, 3}, false, -32768, 32767, none, false, 1));
    list.push_back(point({3, 3, 1, 5}, true, -128, 127, none, false, 4));
    list.push_back(point({2, 3, 1, 4}, true, -3, -1, table, false, 3));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({3, 5, 1, 7}, false, -128, 127, multiply, true, 3, 2));
    list.push_back(point({4, 4, 1, 6}, false, 0, 255, multiply, false, 6, 4));
    list.push_back(point({2, 7, 1, 4}, true, -128, -1, none, false, 2, 4));
    list.push_back(point({1, 1, 1, 3}, false, -128, 127, none, false, 2, 2));
    list.push_back(point({2, 2, 1, 70}, false, 0, 15, none, false, 1, 2));
    // Wide sums and maxima.
    constexpr std::int64_t half = std::int64_t{1} << 31;
    list.push_back(point({3, 5, 1, 7}, false, -8388608, 8388607, multiply, true, 3, 2));
    list.push_back(point({4, 3, 1, 3}, false, 0, 4194303, thresholds, true, 3));
    list.push_back(point({2, 3, 1, 70}, false, -half, half - 1, multiply, false, 1, 4));
    list.push_back(point({3, 3, 1, 4}, true, -half, half - 1, multiply, false, 2, 2));
    // Sums of 42 bits, compared as a whole.
    list.push_back(point({32, 18, 1, 3}, false, -half, half - 1, thresholds, true, 3));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(6), draw.size(9), 1, draw.channels(16)};
    const auto [min, max] = draw.range();
    return point(shape, draw.chance(40), min, max, RequantizeForm::none, false, draw.part_of(shape.channels), draw.pixels(), &draw);
}

}  // namespace

extern const UnitDef unit_global_pool{
    .name = "global_pool",
    .role = UnitRole::function,
    .summary = "the sum or the maximum of each channel over the frame",
    .parameters = {rows_row(),
                   columns_row(),
                   channels_row(),
                   {"Maximum", ParameterKind::shape, 0, 1, 0, "1: maximum; 0: sum"},
                   pixels_row(),
                   lanes_row()},
    .ports = {{.name = "in", .beat = lanes_beat, .registered_ready = true},
              {.name = "out", .output = true, .beat = result_beat, .buffered = true}},
    .has_requantize = true,
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = lane_foldings,
    .model = model,
    .fast = fast,
    .reads_for = reads_for,
    .rtl = global_pool_rtl,
    .features = global_pool_features,
    .control = global_pool_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
