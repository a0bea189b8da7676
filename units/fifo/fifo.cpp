// fifo.cpp
// Holds beats between two units. In HLS it is the depth of a stream.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/fifo/fifo_faces.h"

namespace weft {

namespace {

Beat stream_beat(const Unit& unit) { return unit.inputs[0]->beat; }

std::string check(const Unit& unit) {
    if (unit.outputs[0]->min != unit.inputs[0]->min || unit.outputs[0]->max != unit.inputs[0]->max)
        return "its output's range is not its input's";
    return expect_shape(*unit.outputs[0], unit.inputs[0]->shape, "its output");
}

/// One beat that must leave before the next enters: every second cycle.
Timing schedule(const Unit& unit) { return {stream_beat(unit).count(unit.inputs[0]->shape) * (unit.parameter("Depth") == 1 ? 2 : 1)}; }

Cost cost(const Unit&) { return {}; }

void model(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) { outputs[0].data = inputs[0]->data; }

UnitCase point(StreamShape shape, std::int64_t min, std::int64_t max, Beat beat, int depth) {
    CaseBuilder build("fifo");
    Stream* in = build.input(shape, min, max);
    in->beat = beat;
    build.unit(unit_fifo, {in}, {build.output(shape, min, max)}, {{"Depth", depth}});
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point({3, 3, 1, 5}, -128, 127, {1, 1, 2}, 2));
    list.push_back(point({2, 2, 4, 3}, 0, 1, {1, 2, 3}, 1));
    list.push_back(point({4, 1, 1, 1}, -32768, 32767, {1, 1, 1}, 64));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    std::vector<UnitCase> list;
    list.push_back(point({6, 9, 1, 1}, -128, 127, {1, 1, 1}, 3));
    list.push_back(point({3, 5, 1, 3}, 0, 255, {2, 1, 3}, 5));
    list.push_back(point({40, 3, 1, 2}, -8, 7, {1, 1, 1}, 65));
    list.push_back(point({40, 10, 1, 2}, -8, 7, {4, 1, 2}, 100));
    // Wide beats: control is copied.
    list.push_back(point({4, 4, 1, 31}, -128, 127, {1, 1, 31}, 1));
    list.push_back(point({4, 4, 1, 100}, -128, 127, {1, 1, 100}, 4));
    list.push_back(point({6, 7, 1, 50}, 0, 1023, {1, 1, 25}, 40));
    list.push_back(point({12, 12, 1, 32}, -128, 127, {1, 1, 32}, 70));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    const StreamShape shape{draw.size(12), draw.size(12), draw.size(3), draw.size(5)};
    const auto [min, max] = draw.range();
    const Beat beat{draw.pixels(), draw.part_of(shape.taps), draw.part_of(shape.channels)};
    return point(shape, min, max, beat, static_cast<int>(draw.one_of({draw.pick(1, 6), draw.pick(1, 70), draw.pick(60, 300)})));
}

}  // namespace

extern const UnitDef unit_fifo{
    .name = "fifo",
    .role = UnitRole::fifo,
    .summary = "beats held between two units",
    .parameters = {{"Depth", ParameterKind::numeric, 1, std::int64_t{1} << 24, 2, "beats that it holds"}},
    .ports = {{.name = "in", .beat = stream_beat, .registered_ready = true}, {.name = "out", .output = true, .beat = stream_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .model = model,
    .rtl = fifo_rtl,
    .features = fifo_features,
    .control = fifo_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
