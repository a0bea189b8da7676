// fork.cpp
// Copies a stream to several readers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/fork/fork_faces.h"

namespace weft {

namespace {

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], taps_shape_of(unit), "its input"); !reason.empty()) return reason;
    for (const Stream* stream : unit.outputs) {
        if (std::string reason = expect_shape(*stream, taps_shape_of(unit), "an output"); !reason.empty()) return reason;
        if (stream->min != unit.inputs[0]->min || stream->max != unit.inputs[0]->max) return "an output's range is not its input's";
    }
    return {};
}

Timing schedule(const Unit& unit) { return {taps_beat(unit).count(taps_shape_of(unit))}; }

Cost cost(const Unit&) { return {}; }

void model(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    for (IntTensor& out : outputs) out.data = inputs[0]->data;
}

UnitCase point(StreamShape shape, std::int64_t min, std::int64_t max, int readers, int lanes, int taps_per_beat, int pixels = 1) {
    CaseBuilder build("fork");
    Stream* in = build.input(shape, min, max);
    std::vector<Stream*> outputs;
    for (int i = 0; i < readers; ++i) outputs.push_back(build.output(shape, min, max));
    build.unit(unit_fork, {in}, outputs,
               {{"Rows", shape.rows},
                {"Columns", shape.columns},
                {"Taps", shape.taps},
                {"Channels", shape.channels},
                {"Pixels", pixels},
                {"Lanes", lanes},
                {"TapsPerBeat", taps_per_beat}});
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point({4, 3, 1, 5}, -128, 127, 2, 2, 1));
    list.push_back(point({3, 3, 1, 8}, 0, 1, 3, 8, 1));
    list.push_back(point({2, 5, 4, 3}, 0, 255, 2, 2, 3));
    list.push_back(point({1, 1, 1, 7}, -32768, 32767, 5, 3, 1));
    list.push_back(point({6, 1, 9, 1}, -2, 1, 2, 1, 9));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    std::vector<UnitCase> list;
    list.push_back(point({3, 5, 1, 3}, 0, 255, 2, 2, 1, 2));
    list.push_back(point({2, 7, 9, 2}, -128, 127, 4, 1, 9, 4));
    list.push_back(point({2, 2, 1, 1}, 0, 1, 1, 1, 1, 1));
    // Wide beats: control is copied.
    list.push_back(point({3, 4, 1, 50}, -128, 127, 3, 25, 1, 2));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(5), draw.size(7), draw.one_of({1, 1, 4, 9}), draw.channels(10)};
    const auto [min, max] = draw.range();
    return point(shape, min, max, draw.size(6), draw.part_of(shape.channels), draw.part_of(shape.taps), draw.pixels());
}

}  // namespace

extern const UnitDef unit_fork{
    .name = "fork",
    .role = UnitRole::fork,
    .summary = "one stream to several readers",
    .parameters = {rows_row(), columns_row(), taps_row(), channels_row(), pixels_row(), lanes_row(), taps_per_beat_row()},
    .ports = {{.name = "in", .beat = taps_beat}, {.name = "out", .output = true, .beat = taps_beat, .repeated = true}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .model = model,
    .rtl = fork_rtl,
    .features = fork_features,
    .control = fork_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
