// width.cpp
// Changes the pixels and lanes of a beat.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/width/width_faces.h"

namespace weft {

namespace {

Beat input_beat(const Unit& unit) {
    return {static_cast<int>(unit.parameter("InputPixels")), 1, static_cast<int>(unit.parameter("InputLanes"))};
}
Beat output_beat(const Unit& unit) {
    return {static_cast<int>(unit.parameter("OutputPixels")), 1, static_cast<int>(unit.parameter("OutputLanes"))};
}

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    if (unit.outputs[0]->min != unit.inputs[0]->min || unit.outputs[0]->max != unit.inputs[0]->max)
        return "its output's range is not its input's";
    return expect_shape(*unit.outputs[0], shape_of(unit), "its output");
}

Timing schedule(const Unit& unit) { return {std::max(input_beat(unit).count(shape_of(unit)), output_beat(unit).count(shape_of(unit)))}; }

Cost cost(const Unit&) { return {}; }

void model(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) { outputs[0].data = inputs[0]->data; }

/// A row starts a new beat on both sides, and so does a group of pixels. An output beat needs the input beats up to that of its last column
/// and channel.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    const StreamShape shape = shape_of(unit);
    const Beat in = input_beat(unit);
    const Beat out = output_beat(unit);
    const std::int64_t folds = ceil_div(shape.channels, in.lanes);
    std::vector<std::int64_t> reads;
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; column += out.pixels)
            for (std::int64_t channel = 0; channel < shape.channels; channel += out.lanes) {
                const std::int64_t last_column = std::min<std::int64_t>(shape.columns, column + out.pixels) - 1;
                const std::int64_t last_channel = std::min<std::int64_t>(shape.channels, channel + out.lanes) - 1;
                const std::int64_t group = row * ceil_div(shape.columns, in.pixels) + last_column / in.pixels;
                reads.push_back(group * folds + last_channel / in.lanes + 1);
            }
    // A beat of another order may come later, but never takes back what was read.
    for (std::size_t i = 1; i < reads.size(); ++i) reads[i] = std::max(reads[i], reads[i - 1]);
    return reads;
}

UnitCase point(StreamShape shape, std::int64_t min, std::int64_t max, int in_lanes, int out_lanes, int in_pixels = 1, int out_pixels = 1) {
    CaseBuilder build("width");
    Stream* in = build.input(shape, min, max);
    Stream* out = build.output(shape, min, max);
    build.unit(unit_width, {in}, {out},
               {{"Rows", shape.rows},
                {"Columns", shape.columns},
                {"Channels", shape.channels},
                {"InputPixels", in_pixels},
                {"InputLanes", in_lanes},
                {"OutputPixels", out_pixels},
                {"OutputLanes", out_lanes}});
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point({3, 4, 1, 8}, -128, 127, 2, 8));
    list.push_back(point({3, 4, 1, 8}, -128, 127, 8, 2));
    list.push_back(point({2, 3, 1, 7}, 0, 255, 3, 2));
    list.push_back(point({4, 2, 1, 10}, 0, 1, 4, 3));
    list.push_back(point({2, 2, 1, 13}, -32768, 32767, 5, 13));
    list.push_back(point({1, 3, 1, 9}, -8, 7, 7, 4));
    list.push_back(point({2, 5, 1, 3}, -2, 1, 4, 5));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    std::vector<UnitCase> list;
    // Lanes alone: no division, both ways, one position's rest beside the next one's beginning.
    list.push_back(point({3, 4, 1, 7}, -128, 127, 2, 3));
    list.push_back(point({2, 3, 1, 11}, 0, 15, 3, 7));
    list.push_back(point({2, 3, 1, 23}, 0, 255, 7, 5));
    list.push_back(point({2, 3, 1, 12}, 0, 255, 12, 1));
    list.push_back(point({2, 3, 1, 12}, -8, 7, 6, 4, 2, 2));
    list.push_back(point({3, 2, 1, 5}, -8, 7, 5, 5));
    list.push_back(point({1, 1, 1, 1}, 0, 1, 3, 2));
    // Pixels alone, with whole and partly spare last beats, one and more channel folds.
    list.push_back(point({3, 4, 1, 3}, -128, 127, 3, 3, 1, 2));
    list.push_back(point({3, 5, 1, 5}, -128, 127, 2, 2, 1, 4));
    list.push_back(point({3, 5, 1, 5}, -128, 127, 2, 2, 4, 1));
    list.push_back(point({2, 7, 1, 9}, 0, 255, 3, 3, 2, 4));
    list.push_back(point({2, 6, 1, 4}, 0, 255, 1, 1, 4, 2));
    list.push_back(point({2, 3, 1, 4}, 0, 255, 1, 1, 4, 2));
    list.push_back(point({3, 8, 1, 5}, 0, 3, 2, 2, 3, 2));
    list.push_back(point({3, 7, 1, 5}, 0, 3, 2, 2, 2, 3));
    list.push_back(point({3, 4, 1, 6}, 0, 3, 2, 2, 3, 4));
    list.push_back(point({3, 5, 1, 6}, 0, 3, 2, 2, 4, 3));
    // Wide ones: control is copied.
    list.push_back(point({2, 2, 1, 120}, -128, 127, 12, 40));
    list.push_back(point({2, 2, 1, 128}, -128, 127, 64, 4));
    // Both.
    list.push_back(point({3, 14, 1, 16}, -128, 127, 4, 8, 4, 2));
    list.push_back(point({3, 8, 1, 8}, 0, 255, 8, 2, 1, 4));
    list.push_back(point({3, 7, 1, 7}, -8, 7, 2, 3, 2, 1));
    list.push_back(point({3, 7, 1, 7}, -8, 7, 3, 2, 1, 2));
    list.push_back(point({3, 6, 1, 5}, -8, 7, 5, 1, 2, 1));
    list.push_back(point({3, 6, 1, 5}, -8, 7, 1, 5, 1, 2));
    list.push_back(point({4, 1, 1, 5}, -8, 7, 4, 3, 4, 2));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(5), draw.size(9), 1, draw.channels(draw.chance(20) ? 60 : 14)};
    const auto [min, max] = draw.range();
    const auto lanes = [&] { return draw.part_of(shape.channels + draw.one_of({0, 0, 0, 3})); };
    const bool several = draw.chance(50);
    const auto pixels = [&] { return several ? draw.one_of({1, 2, 3, 4}) : 1; };
    return point(shape, min, max, lanes(), lanes(), pixels(), pixels());
}

}  // namespace

extern const UnitDef unit_width{
    .name = "width",
    .role = UnitRole::width,
    .summary = "a stream's channels in beats of another width",
    .parameters = {rows_row(),
                   columns_row(),
                   channels_row(),
                   {"InputPixels", ParameterKind::folding, 1, max_pixels, 1, "pixels a beat that enter"},
                   {"InputLanes", ParameterKind::folding, 1, max_channels, 1, "channels a beat that enter"},
                   {"OutputPixels", ParameterKind::folding, 1, max_pixels, 1, "pixels a beat that leave"},
                   {"OutputLanes", ParameterKind::folding, 1, max_channels, 1, "channels a beat that leave"}},
    .ports = {{.name = "in", .beat = input_beat}, {.name = "out", .output = true, .beat = output_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .model = model,
    .reads_for = reads_for,
    .rtl = width_rtl,
    .features = width_features,
    .control = width_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
