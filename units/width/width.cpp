// width.cpp
// Changes the lanes of a beat.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/arithmetic.h"
#include "units/common/cases.h"

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

/// Where the lanes grow, the last input beat may fill an output beat and leave a rest, which goes by itself.
Timing schedule(const Unit& unit) {
    const std::int64_t channels = unit.parameter("Channels");
    const std::int64_t in = unit.parameter("InputLanes");
    const std::int64_t out = unit.parameter("OutputLanes");
    std::int64_t iterations = ceil_div(channels, out);
    if (in < out) {
        const std::int64_t last = (channels + in - 1) % in + 1;
        iterations = ceil_div(channels, in) + ((channels - last) % out + last > out ? 1 : 0);
    }
    return {shape_of(unit).positions() * iterations};
}

Cost cost(const Unit&) { return {}; }

void model(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) { outputs[0].data = inputs[0]->data; }

/// A position starts a new beat on both sides.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    const std::int64_t channels = unit.parameter("Channels");
    const std::int64_t in = unit.parameter("InputLanes");
    const std::int64_t out = unit.parameter("OutputLanes");
    std::vector<std::int64_t> reads;
    for (std::int64_t position = 0; position < shape_of(unit).positions(); ++position)
        for (std::int64_t first = 0; first < channels; first += out)
            reads.push_back(position * ceil_div(channels, in) + ceil_div(std::min(channels, first + out), in));
    return reads;
}

UnitCase point(StreamShape shape, std::int64_t min, std::int64_t max, int in_lanes, int out_lanes) {
    CaseBuilder build("width");
    Stream* in = build.input(shape, min, max);
    Stream* out = build.output(shape, min, max);
    build.unit(unit_width, {in}, {out},
               {{"Rows", shape.rows},
                {"Columns", shape.columns},
                {"Channels", shape.channels},
                {"InputLanes", in_lanes},
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

}  // namespace

extern const UnitDef unit_width{
    .name = "width",
    .role = UnitRole::width,
    .summary = "a stream's channels in beats of another width",
    .parameters = {rows_row(),
                   columns_row(),
                   channels_row(),
                   {"InputPixels", ParameterKind::folding, 1, max_pixels, 1, "positions a beat that enter"},
                   {"InputLanes", ParameterKind::folding, 1, max_channels, 1, "channels a beat that enter"},
                   {"OutputPixels", ParameterKind::folding, 1, max_pixels, 1, "positions a beat that leave"},
                   {"OutputLanes", ParameterKind::folding, 1, max_channels, 1, "channels a beat that leave"}},
    .ports = {{.name = "in", .beat = input_beat}, {.name = "out", .output = true, .beat = output_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .model = model,
    .reads_for = reads_for,
    .cases = cases,
};

}  // namespace weft
