// table.cpp
// Any function of narrow integers, by look-up.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/arithmetic.h"
#include "units/common/cases.h"
#include "units/common/random_case.h"
#include "units/common/rtl_faces.h"

namespace weft {

namespace {

constexpr int widest_input = 10;

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    if (std::string reason = expect_shape(*unit.outputs[0], shape_of(unit), "its output"); !reason.empty()) return reason;
    if (unit.parameter("Lanes") > unit.parameter("Channels")) return "Lanes exceeds Channels";
    if (unit.inputs[0]->bits() > widest_input) return "its input is wider than 10 bits";
    if (!unit.requantize || unit.requantize->form != RequantizeForm::table) return "it has no table";
    return expect_range(unit, unit.inputs[0]->min, unit.inputs[0]->max);
}

Timing schedule(const Unit& unit) { return {beats_of(unit)}; }

Cost cost(const Unit&) { return {}; }

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const IntTensor& in = *inputs[0];
    for (std::int64_t row = 0; row < in.shape.rows; ++row)
        for (std::int64_t column = 0; column < in.shape.columns; ++column)
            for (std::int64_t channel = 0; channel < in.shape.channels; ++channel)
                at(outputs[0], row, column, 0, channel) = finish(unit, at(in, row, column, 0, channel), channel);
}

UnitFunction fast(const Unit& unit) {
    return [&unit](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        finish_all(unit, inputs[0]->data.data(), outputs[0].data.data(), inputs[0]->shape.positions(), inputs[0]->shape.channels);
    };
}

UnitCase point(StreamShape shape, std::int64_t min, std::int64_t max, bool per_channel, std::int64_t out_min, std::int64_t out_max,
               int lanes, int pixels = 1, CaseDrawer* draw = nullptr) {
    CaseBuilder build("table");
    Stream* in = build.input(shape, min, max);
    Stream* out = build.output(shape, out_min, out_max);
    Unit* unit =
        build.unit(unit_table, {in}, {out},
                   {{"Rows", shape.rows}, {"Columns", shape.columns}, {"Channels", shape.channels}, {"Pixels", pixels}, {"Lanes", lanes}});
    unit->requantize = draw ? draw->stage_of(RequantizeForm::table, *out, min, max)
                            : sample_stage(RequantizeForm::table, shape.channels, per_channel, min, max, out_min, out_max);
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point({4, 5, 1, 3}, 0, 255, false, -128, 127, 2));
    list.push_back(point({3, 3, 1, 3}, 0, 255, true, 0, 255, 3));
    list.push_back(point({2, 7, 1, 5}, -512, 511, false, -128, 127, 4));
    list.push_back(point({3, 2, 1, 4}, -8, 7, true, -32768, 32767, 3));
    list.push_back(point({2, 2, 1, 6}, 0, 1, true, 0, 1, 6));
    list.push_back(point({1, 5, 1, 1}, -5, -2, false, -1, 1, 1));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    std::vector<UnitCase> list;
    list.push_back(point({3, 5, 1, 6}, -128, 127, false, -128, 127, 4, 2));
    list.push_back(point({2, 6, 1, 5}, 0, 255, true, -8, 7, 2, 4));
    // So many lanes that the values of channels stand in several slices.
    list.push_back(point({2, 2, 1, 40}, -8, 7, true, -32768, 32767, 20));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(5), draw.size(8), 1, draw.channels(12)};
    const auto [min, max] = draw.range(widest_input);
    const auto [out_min, out_max] = draw.range();
    return point(shape, min, max, draw.chance(40), out_min, out_max, draw.part_of(shape.channels), draw.pixels(), &draw);
}

}  // namespace

extern const UnitDef unit_table{
    .name = "table",
    .role = UnitRole::function,
    .summary = "a function of integers of at most 10 bits, by look-up",
    .parameters = {rows_row(), columns_row(), channels_row(), pixels_row(), lanes_row()},
    .ports = {{.name = "in", .beat = lanes_beat, .registered_ready = true},
              {.name = "out", .output = true, .beat = lanes_beat, .buffered = true}},
    .has_requantize = true,
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = lane_foldings,
    .model = model,
    .fast = fast,
    .rtl = rescale_rtl,
    .control = rescale_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
