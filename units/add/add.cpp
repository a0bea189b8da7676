// add.cpp
// The scaled sum of two streams, element by element: residual connections.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "src/base/multiversion.h"
#include "units/add/add_faces.h"
#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"

namespace weft {

namespace {

std::pair<std::int64_t, std::int64_t> accumulator_range(const Unit& unit) {
    std::int64_t min = 0;
    std::int64_t max = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::int64_t m = unit.constant("multipliers").data[i];
        const auto [low, high] = std::minmax({m * unit.inputs[i]->min, m * unit.inputs[i]->max});
        min += low;
        max += high;
    }
    return {min, max};
}

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its first input"); !reason.empty()) return reason;
    if (std::string reason = expect_shape(*unit.inputs[1], shape_of(unit), "its second input"); !reason.empty()) return reason;
    if (std::string reason = expect_shape(*unit.outputs[0], shape_of(unit), "its output"); !reason.empty()) return reason;
    if (std::string reason = expect_constant(unit, "multipliers", 2); !reason.empty()) return reason;
    if (unit.parameter("Lanes") > unit.parameter("Channels")) return "Lanes exceeds Channels";
    const auto [least, most] = unit.constant("multipliers").data.range();
    if (std::max(std::abs(least), std::abs(most)) >= std::int64_t{1} << 43) return "a multiplier exceeds 44 bits";
    const auto [min, max] = accumulator_range(unit);
    return expect_range(unit, min, max);
}

Timing schedule(const Unit& unit) { return {beats_of(unit)}; }

Cost cost(const Unit& unit) {
    Cost cost = requantize_cost(unit);
    cost.dsp += static_cast<double>(lanes_beat(unit).elements() * add_scale(unit).dsp());
    return cost;
}

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const StreamShape shape = outputs[0].shape;
    const NarrowIntegers& multipliers = unit.constant("multipliers").data;
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column)
            for (std::int64_t channel = 0; channel < shape.channels; ++channel) {
                const std::int64_t acc =
                    multipliers[0] * at(*inputs[0], row, column, 0, channel) + multipliers[1] * at(*inputs[1], row, column, 0, channel);
                at(outputs[0], row, column, 0, channel) = finish(unit, acc, channel);
            }
}

WEFT_MULTIVERSION void weighted_sum(const std::int32_t* a, const std::int32_t* b, std::int64_t ma, std::int64_t mb, std::int64_t* sums,
                                    std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] = ma * a[i] + mb * b[i];
}

UnitFunction fast(const Unit& unit) {
    return [&unit](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        const StreamShape s = outputs[0].shape;
        const auto& multipliers = unit.constant("multipliers").data;
        // In parts that stay in the first-level cache.
        const std::int64_t block = std::max<std::int64_t>(1, 2048 / s.channels);
        thread_local std::vector<std::int64_t> sums;
        sums.resize(static_cast<std::size_t>(block * s.channels));
        for (std::int64_t first = 0; first < s.positions(); first += block) {
            const std::int64_t positions = std::min(block, s.positions() - first);
            const std::int64_t offset = first * s.channels;
            weighted_sum(inputs[0]->data.data() + offset, inputs[1]->data.data() + offset, multipliers[0], multipliers[1], sums.data(),
                         positions * s.channels);
            finish_all(unit, sums.data(), outputs[0].data.data() + offset, positions, s.channels);
        }
    };
}

UnitCase point(StreamShape shape, std::pair<std::int64_t, std::int64_t> first, std::pair<std::int64_t, std::int64_t> second,
               std::vector<std::int64_t> multipliers, RequantizeForm form, bool per_channel, std::int64_t out_min, std::int64_t out_max,
               int lanes, int pixels = 1, CaseDrawer* draw = nullptr) {
    CaseBuilder build("add");
    Stream* a = build.input(shape, first.first, first.second);
    Stream* b = build.input(shape, second.first, second.second);
    Stream* out = build.output(shape, out_min, out_max);
    Unit* unit =
        build.unit(unit_add, {a, b}, {out},
                   {{"Rows", shape.rows}, {"Columns", shape.columns}, {"Channels", shape.channels}, {"Pixels", pixels}, {"Lanes", lanes}});
    unit->constants["multipliers"] = {{2}, multipliers};
    const auto [min, max] = accumulator_range(*unit);
    set_stage(*unit, draw, form, per_channel, min, max);
    return build.finish();
}

std::vector<UnitCase> cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({4, 5, 1, 7}, {-128, 127}, {-128, 127}, {93218, 41077}, multiply, false, -128, 127, 3));
    list.push_back(point({3, 3, 1, 8}, {0, 255}, {-128, 127}, {1, 1}, multiply, true, 0, 255, 8));
    list.push_back(point({5, 2, 1, 3}, {-8, 7}, {0, 15}, {3, -2}, table, true, -8, 7, 2));
    list.push_back(point({2, 6, 1, 5}, {0, 1}, {0, 1}, {1, 1}, none, false, 0, 2, 4));
    list.push_back(point({3, 4, 1, 4}, {-128, 127}, {-4, 3}, {1, 16}, convergent, false, -64, 63, 4));
    list.push_back(point({2, 3, 1, 6}, {-32768, 32767}, {-32768, 32767}, {5, 3}, thresholds, true, 0, 15, 5));
    list.push_back(point({2, 2, 1, 3}, {-32768, 32767}, {-128, 127}, {1048573, 16777213}, multiply, true, -32768, 32767, 1));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({3, 5, 1, 6}, {-128, 127}, {-128, 127}, {93218, 4096}, multiply, true, -128, 127, 4, 2));
    list.push_back(point({2, 7, 1, 4}, {-128, 127}, {0, 255}, {-4, 2}, multiply, false, -128, 127, 2, 4));
    list.push_back(point({2, 3, 1, 3}, {-128, 127}, {-128, 127}, {-1, -8}, multiply, false, -128, 127, 2, 2));
    list.push_back(point({2, 3, 1, 3}, {-128, 127}, {-128, 127}, {8, 93218}, multiply, false, -128, 127, 3));
    // A stage that only adds and shifts: the multipliers are the sum's already.
    list.push_back(point({2, 5, 1, 3}, {-128, 127}, {-128, 127}, {815623, 524288}, multiply, false, -128, 127, 3, 2));
    Requantize& shifts = *list.back()->units.front()->requantize;
    shifts.multiplier = {1};
    shifts.addend = {-9437184};
    shifts.shift = 20;
    // Products of several digits.
    list.push_back(point({3, 3, 1, 2}, {-128, 127}, {0, 255}, {1073741827, 536870909}, multiply, false, -128, 127, 2, 2));
    list.push_back(point({2, 3, 1, 3}, {-128, 127}, {-4, 3}, {4398046511105, -4398046511103}, thresholds, true, 0, 7, 3));
    // A shifted operand that is negated, and sums without products, both wide.
    list.push_back(point({2, 3, 1, 4}, {0, 255}, {-128, 127}, {-8192, 1000003}, multiply, true, -128, 127, 2, 2));
    list.push_back(point({2, 3, 1, 4}, {-32768, 32767}, {-128, 127}, {71, -65536}, thresholds, false, 0, 15, 4));
    list.push_back(point({2, 3, 1, 3}, {-16777216, 16777215}, {0, 16777215}, {-2, 8}, multiply, true, -128, 127, 2));
    list.push_back(point({1, 4, 1, 3}, {-8388608, 8388607}, {-8388608, 8388607}, {4, 2}, multiply, false, -128, 127, 3, 2));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(5), draw.size(8), 1, draw.channels(12)};
    const auto multiplier = [&]() -> std::int64_t {
        const std::int64_t magnitude = std::int64_t{1} << draw.pick(0, draw.one_of({4, 17, 26, 43}));
        const std::int64_t m = draw.chance(40) ? magnitude : draw.pick(1, magnitude);
        return std::min(m, (std::int64_t{1} << 43) - 1) * (draw.chance(25) ? -1 : 1);
    };
    return point(shape, draw.range(), draw.range(), {multiplier(), multiplier()}, RequantizeForm::none, false, 0, 0,
                 draw.part_of(shape.channels), draw.pixels(), &draw);
}

}  // namespace

extern const UnitDef unit_add{
    .name = "add",
    .role = UnitRole::function,
    .summary = "the scaled sum of two streams, then the requantize stage",
    .parameters = {rows_row(), columns_row(), channels_row(), pixels_row(), lanes_row()},
    .ports = {{.name = "a", .beat = lanes_beat, .registered_ready = true},
              {.name = "b", .beat = lanes_beat, .registered_ready = true},
              {.name = "out", .output = true, .beat = lanes_beat, .buffered = true}},
    .has_requantize = true,
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = lane_foldings,
    .model = model,
    .fast = fast,
    .roms = add_roms,
    .rtl = add_rtl,
    .features = add_features,
    .control = add_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
