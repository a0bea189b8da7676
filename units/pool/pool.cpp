// pool.cpp
// Maximum or scaled sum over the taps of every window, channel by channel.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/pool/pool_faces.h"

namespace weft {

namespace {

bool maximum(const Unit& unit) { return unit.parameter("Maximum") != 0; }

/// Range of row_factor * column_factor over the positions.
std::pair<std::int64_t, std::int64_t> factor_range(const Unit& unit) {
    const auto [row_low, row_high] = unit.constant("row_factor").data.range();
    const auto [column_low, column_high] = unit.constant("column_factor").data.range();
    return std::minmax({row_low * column_low, row_low * column_high, row_high * column_low, row_high * column_high});
}

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], taps_shape_of(unit), "its input"); !reason.empty()) return reason;
    if (std::string reason = expect_shape(*unit.outputs[0], shape_of(unit), "its output"); !reason.empty()) return reason;
    if (unit.parameter("Lanes") > unit.parameter("Channels")) return "Lanes exceeds Channels";
    if (unit.parameter("TapsPerBeat") > unit.parameter("Taps")) return "TapsPerBeat exceeds Taps";
    if (maximum(unit)) return expect_range(unit, unit.inputs[0]->min, unit.inputs[0]->max);
    if (std::string reason = expect_constant(unit, "row_factor", unit.parameter("Rows")); !reason.empty()) return reason;
    if (std::string reason = expect_constant(unit, "column_factor", unit.parameter("Columns")); !reason.empty()) return reason;
    if (factor_range(unit).first < 1) return "a factor is not positive";
    return {};
}

Timing schedule(const Unit& unit) { return {taps_beat(unit).count(taps_shape_of(unit))}; }

Cost cost(const Unit& unit) {
    Cost cost = requantize_cost(unit);
    cost.dsp += static_cast<double>(lanes_beat(unit).elements() * pool_scale(unit).dsp());
    return cost;
}

std::vector<Folding> foldings(const Unit& unit) { return lane_tap_foldings(unit, unit.parameter("Taps")); }

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const IntTensor& in = *inputs[0];
    for (std::int64_t row = 0; row < in.shape.rows; ++row)
        for (std::int64_t column = 0; column < in.shape.columns; ++column)
            for (std::int64_t channel = 0; channel < in.shape.channels; ++channel) {
                std::int64_t acc = 0;
                if (maximum(unit)) {
                    acc = at(in, row, column, 0, channel);
                    for (std::int64_t tap = 1; tap < in.shape.taps; ++tap)
                        acc = std::max<std::int64_t>(acc, at(in, row, column, tap, channel));
                } else {
                    for (std::int64_t tap = 0; tap < in.shape.taps; ++tap)
                        acc += at(in, row, column, tap, channel) - unit.parameter("Zero");
                    acc *= unit.constant("row_factor").data[static_cast<std::size_t>(row)] *
                           unit.constant("column_factor").data[static_cast<std::size_t>(column)];
                }
                at(outputs[0], row, column, 0, channel) = finish(unit, acc, channel);
            }
}

/// All beats of a channel fold.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    std::vector<std::int64_t> reads(static_cast<std::size_t>(beats_of(unit)));
    const std::int64_t tap_folds = ceil_div(unit.parameter("Taps"), unit.parameter("TapsPerBeat"));
    for (std::size_t i = 0; i < reads.size(); ++i) reads[i] = static_cast<std::int64_t>(i + 1) * tap_folds;
    return reads;
}

UnitFunction fast(const Unit& unit) {
    if (maximum(unit))
        return [&unit](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
            const StreamShape s = inputs[0]->shape;
            const std::int32_t* in = inputs[0]->data.data();
            std::int32_t* out = outputs[0].data.data();
            for (std::int64_t p = 0; p < s.positions(); ++p, in += std::int64_t{s.taps} * s.channels, out += s.channels) {
                std::copy_n(in, s.channels, out);
                for (int t = 1; t < s.taps; ++t)
                    for (int c = 0; c < s.channels; ++c) out[c] = std::max(out[c], in[t * s.channels + c]);
            }
            if (unit.requantize) finish_all(unit, outputs[0].data.data(), outputs[0].data.data(), s.positions(), s.channels);
        };
    return [&unit](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        const StreamShape s = inputs[0]->shape;
        const std::int64_t offset = unit.parameter("Zero") * s.taps;
        const std::vector<std::int64_t> row_factor = unit.constant("row_factor").data.to_vector();
        const std::vector<std::int64_t> column_factor = unit.constant("column_factor").data.to_vector();
        thread_local std::vector<std::int64_t> sums;
        sums.assign(static_cast<std::size_t>(s.positions() * s.channels), -offset);
        const std::int32_t* in = inputs[0]->data.data();
        std::int64_t* sum = sums.data();
        for (int row = 0; row < s.rows; ++row)
            for (int column = 0; column < s.columns; ++column, sum += s.channels) {
                for (int t = 0; t < s.taps; ++t, in += s.channels)
                    for (int c = 0; c < s.channels; ++c) sum[c] += in[c];
                for (int c = 0; c < s.channels; ++c) sum[c] *= row_factor[row] * column_factor[column];
            }
        finish_all(unit, sums.data(), outputs[0].data.data(), s.positions(), s.channels);
    };
}

UnitCase point(StreamShape shape, bool maximum, std::int64_t min, std::int64_t max, std::int64_t zero, std::vector<std::int64_t> row_factor,
               std::vector<std::int64_t> column_factor, RequantizeForm form, bool per_channel, int lanes, int taps_per_beat, int pixels = 1,
               CaseDrawer* draw = nullptr) {
    CaseBuilder build("pool");
    Stream* in = build.input(shape, min, max);
    std::int64_t low = min;
    std::int64_t high = max;
    if (!maximum) {
        const std::int64_t factor = *std::ranges::max_element(row_factor) * *std::ranges::max_element(column_factor);
        low = std::min<std::int64_t>(0, shape.taps * (min - zero) * factor);
        high = std::max<std::int64_t>(0, shape.taps * (max - zero) * factor);
    }
    Stream* out = build.output({shape.rows, shape.columns, 1, shape.channels}, -8, 7);
    Unit* unit = build.unit(unit_pool, {in}, {out},
                            {{"Rows", shape.rows},
                             {"Columns", shape.columns},
                             {"Taps", shape.taps},
                             {"Channels", shape.channels},
                             {"Maximum", maximum},
                             {"Zero", zero},
                             {"Pixels", pixels},
                             {"Lanes", lanes},
                             {"TapsPerBeat", taps_per_beat}});
    if (!maximum) {
        unit->constants["row_factor"] = {{shape.rows}, row_factor};
        unit->constants["column_factor"] = {{shape.columns}, column_factor};
    }
    set_stage(*unit, draw, form, per_channel, low, high);
    return build.finish();
}

std::vector<UnitCase> cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({4, 3, 4, 5}, true, -128, 127, 0, {}, {}, none, false, 2, 4));
    list.push_back(point({3, 3, 9, 4}, true, 0, 255, 0, {}, {}, none, false, 4, 1));
    list.push_back(point({2, 5, 6, 3}, true, -8, 7, 0, {}, {}, table, true, 2, 4));
    list.push_back(point({1, 4, 2, 3}, true, -32768, 32767, 0, {}, {}, multiply, true, 3, 2));
    list.push_back(point({3, 3, 4, 6}, false, -128, 127, -5, {1, 1, 1}, {1, 1, 1}, multiply, false, 4, 4));
    list.push_back(point({3, 4, 9, 5}, false, 0, 255, 12, {3, 2, 3}, {3, 2, 2, 3}, multiply, true, 2, 1));
    list.push_back(point({2, 2, 6, 3}, false, 0, 1, 0, {1, 2}, {3, 1}, thresholds, true, 3, 4));
    list.push_back(point({2, 3, 4, 2}, false, -3, 4, 1, {1, 1}, {1, 1, 1}, convergent, false, 1, 2));
    list.push_back(point({1, 2, 5, 2}, false, -32768, 32767, 0, {4}, {1, 2}, none, false, 2, 5));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({3, 6, 4, 5}, true, -128, 127, 0, {}, {}, none, false, 2, 4, 2));
    list.push_back(point({2, 5, 9, 4}, true, 0, 255, 0, {}, {}, multiply, true, 4, 9, 4));
    list.push_back(point({2, 5, 4, 6}, false, -128, 127, 3, {1, 1}, {1, 1, 1, 1, 1}, multiply, true, 3, 4, 2));
    list.push_back(point({3, 7, 9, 3}, false, 0, 255, 0, {3, 2, 3}, {3, 2, 2, 2, 2, 2, 3}, multiply, false, 2, 9, 4));
    list.push_back(point({2, 2, 6, 3}, false, -32768, 32767, -7, {1, 60060}, {1, 4}, multiply, true, 3, 4));
    // Wide sums and maxima: in the tree, or over the beats only.
    constexpr std::int64_t half = std::int64_t{1} << 31;
    list.push_back(point({2, 3, 9, 3}, false, -8388608, 8388607, -5, {1, 1}, {1, 1, 1}, multiply, true, 2, 4));
    list.push_back(point({1, 3, 40, 2}, false, 0, 1048575, 0, {1}, {1, 3, 1}, thresholds, true, 2, 2, 2));
    list.push_back(point({2, 2, 4, 2}, false, -half, half - 1, 0, {1, 1}, {1, 1}, multiply, false, 2, 4, 2));
    list.push_back(point({2, 3, 5, 3}, true, -half, half - 1, 0, {}, {}, multiply, true, 3, 2));
    // So many lanes that control is copied.
    list.push_back(point({2, 2, 4, 40}, false, -128, 127, 0, {1, 1}, {1, 1}, multiply, true, 40, 2));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(5), draw.size(7), draw.one_of({1, 2, 4, 4, 6, 9, 9, 12}), draw.channels(12)};
    const auto [min, max] = draw.range();
    // Where the padding is left out of the average, positions at the rim have factors of their own.
    const auto factors = [&](int count) {
        const std::int64_t most = draw.one_of({1, 1, 3, 6, 500, 60060});
        return draw.constants(count, 1, most);
    };
    return point(shape, draw.chance(40), min, max, draw.chance(50) ? 0 : draw.pick(min, max), factors(shape.rows), factors(shape.columns),
                 RequantizeForm::none, false, draw.part_of(shape.channels), draw.part_of(shape.taps), draw.pixels(), &draw);
}

}  // namespace

extern const UnitDef unit_pool{
    .name = "pool",
    .role = UnitRole::function,
    .summary = "the maximum, or a sum scaled by position, over the taps of each window",
    .parameters = {rows_row(),
                   columns_row(),
                   taps_row(),
                   channels_row(),
                   {"Maximum", ParameterKind::shape, 0, 1, 1, "1: maximum; 0: row_factor * column_factor * sum(x - Zero)"},
                   {"Zero", ParameterKind::shape, -(std::int64_t{1} << 31), (std::int64_t{1} << 31) - 1, 0,
                    "integer that counts as zero in a sum"},
                   pixels_row(),
                   lanes_row(),
                   taps_per_beat_row()},
    .ports = {{.name = "in", .beat = taps_beat, .registered_ready = true},
              {.name = "out", .output = true, .beat = lanes_beat, .buffered = true}},
    .has_requantize = true,
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = foldings,
    .model = model,
    .fast = fast,
    .reads_for = reads_for,
    .roms = pool_roms,
    .rtl = pool_rtl,
    .features = pool_features,
    .control = pool_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
