// requantize.cpp
// A function of each of a stream's integers: a requantize stage by itself, to rescale or to look up.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/requantize/requantize_faces.h"

namespace weft {

namespace {

constexpr int widest_table = 10;  // bits

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    if (std::string reason = expect_shape(*unit.outputs[0], shape_of(unit), "its output"); !reason.empty()) return reason;
    if (unit.parameter("Lanes") > unit.parameter("Channels")) return "Lanes exceeds Channels";
    const bool looks_up = unit.requantize && unit.requantize->form == RequantizeForm::table;
    if (looks_up && unit.inputs[0]->bits() > widest_table) return "its input is wider than 10 bits";
    return expect_range(unit, unit.inputs[0]->min, unit.inputs[0]->max);
}

Timing schedule(const Unit& unit) { return {beats_of(unit)}; }

Cost cost(const Unit& unit) { return requantize_cost(unit); }

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

UnitCase point(StreamShape shape, std::int64_t min, std::int64_t max, RequantizeForm form, bool per_channel, std::int64_t out_min,
               std::int64_t out_max, int lanes, int pixels = 1, CaseDrawer* draw = nullptr) {
    CaseBuilder build("requantize");
    Stream* in = build.input(shape, min, max);
    Stream* out = build.output(shape, out_min, out_max);
    Unit* unit =
        build.unit(unit_requantize, {in}, {out},
                   {{"Rows", shape.rows}, {"Columns", shape.columns}, {"Channels", shape.channels}, {"Pixels", pixels}, {"Lanes", lanes}});
    set_stage(*unit, draw, form, per_channel, min, max);
    return build.finish();
}

std::vector<UnitCase> cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    list.push_back(point({5, 3, 1, 7}, -128, 127, multiply, false, -128, 127, 3));
    list.push_back(point({4, 4, 1, 6}, 0, 255, multiply, true, -8, 7, 4));
    list.push_back(point({3, 7, 1, 5}, -32768, 32767, multiply, true, 0, 65535, 5));
    list.push_back(point({4, 5, 1, 3}, -100, 100, convergent, false, -40, 40, 2));
    list.push_back(point({2, 5, 1, 4}, -(1 << 20), (1 << 20) - 1, convergent, true, -128, 127, 3));
    list.push_back(point({6, 2, 1, 9}, -512, 511, thresholds, true, -3, 4, 4));
    list.push_back(point({3, 3, 1, 2}, -1000000, 1000000, thresholds, false, 0, 1, 1));
    list.push_back(point({3, 3, 1, 8}, 0, 1, thresholds, true, -1, 1, 8));
    list.push_back(point({2, 2, 1, 3}, -128, 127, none, false, -128, 127, 2));
    // An accumulator of one bit, a threshold that takes two.
    list.push_back(point({3, 3, 1, 5}, -1, 0, thresholds, true, 0, 3, 2));
    list.push_back(point({4, 5, 1, 3}, 0, 255, table, false, -128, 127, 2));
    list.push_back(point({3, 3, 1, 3}, 0, 255, table, true, 0, 255, 3));
    list.push_back(point({2, 7, 1, 5}, -512, 511, table, false, -128, 127, 4));
    list.push_back(point({3, 2, 1, 4}, -8, 7, table, true, -32768, 32767, 3));
    list.push_back(point({2, 2, 1, 6}, 0, 1, table, true, 0, 1, 6));
    list.push_back(point({1, 5, 1, 1}, -5, -2, table, false, -1, 1, 1));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    using enum RequantizeForm;
    std::vector<UnitCase> list;
    // Three accumulators wide enough for each variant of the multiplication; row ends that leave pixels spare.
    list.push_back(point({3, 5, 1, 5}, -(1 << 25), (1 << 25) - 1, multiply, false, -128, 127, 2, 2));
    list.push_back(point({2, 6, 1, 6}, -(1 << 30), (1 << 30) - 1, multiply, true, -128, 127, 4, 4));
    list.push_back(point({2, 3, 1, 130}, -(1 << 25), (1 << 25) - 1, multiply, true, -128, 127, 2, 2));
    list.push_back(point({4, 3, 1, 3}, -100, 100, convergent, false, -40, 40, 2, 4));
    // Wide results: bounds of each channel; thresholds whose values count up.
    list.push_back(point({2, 3, 1, 5}, -(1 << 30), (1 << 30) - 1, multiply, true, -(1 << 27), (1 << 27) - 1, 5));
    list.push_back(point({3, 3, 1, 3}, -512, 511, thresholds, false, -3, 4, 2));
    list.back()->streams.back()->max = (1 << 27) - 1;
    // So many lanes that the constants of channels are wide words.
    list.push_back(point({2, 3, 1, 400}, -(1 << 20), (1 << 20) - 1, multiply, true, -128, 127, 40, 2));
    Requantize& bounded = *list.back()->units.front()->requantize;
    bounded.low.assign(400, -100);
    bounded.low[70] = 20;
    bounded.high.assign(400, 101);
    bounded.high[9] = -30;
    const std::int64_t most = *std::ranges::max_element(bounded.multiplier);
    bounded.multiplier = sample(400, most / 2, most, 1);
    list.push_back(point({2, 3, 1, 44}, -1000, 1000, thresholds, true, -3, 4, 22, 2));
    list.push_back(point({3, 5, 1, 6}, -128, 127, table, false, -128, 127, 4, 2));
    list.push_back(point({2, 6, 1, 5}, 0, 255, table, true, -8, 7, 2, 4));
    list.push_back(point({2, 2, 1, 40}, -8, 7, table, true, -32768, 32767, 20));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(5), draw.size(8), 1, draw.channels(16)};
    const auto [min, max] = draw.range(draw.chance(40) ? widest_table : 32);
    return point(shape, min, max, RequantizeForm::none, false, 0, 0, draw.part_of(shape.channels), draw.pixels(), &draw);
}

}  // namespace

extern const UnitDef unit_requantize{
    .name = "requantize",
    .role = UnitRole::function,
    .summary = "a stream's integers on another scale, or a function of at most 10 bits by look-up",
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
    .rtl = requantize_rtl,
    .features = requantize_features,
    .control = requantize_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
