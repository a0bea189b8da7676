// concat.cpp
// Joins the channels of several streams, position by position.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/concat/concat_faces.h"

namespace weft {

namespace {

/// The RTL module's parameters describe no more.
constexpr std::size_t max_inputs = 64;

std::string check(const Unit& unit) {
    StreamShape shape{static_cast<int>(unit.parameter("Rows")), static_cast<int>(unit.parameter("Columns")), 1, 0};
    for (const Stream* stream : unit.inputs) {
        StreamShape each = shape;
        each.channels = stream->shape.channels;
        if (std::string reason = expect_shape(*stream, each, "an input"); !reason.empty()) return reason;
        if (stream->min < unit.outputs[0]->min || stream->max > unit.outputs[0]->max) return "an input's range exceeds its output's";
        shape.channels += each.channels;
    }
    if (unit.inputs.size() > max_inputs) return "more than 64 inputs";
    if (unit.parameter("Lanes") > shape.channels) return "Lanes exceeds the output's channels";
    return expect_shape(*unit.outputs[0], shape, "its output");
}

/// An input beat a cycle; there are never fewer than output beats.
Timing schedule(const Unit& unit) {
    std::int64_t cycles = 0;
    for (const Stream* stream : unit.inputs) cycles += lanes_beat(unit).count(stream->shape);
    return {cycles};
}

Cost cost(const Unit&) { return {}; }

std::vector<Folding> foldings(const Unit& unit) {
    Candidates candidates(unit);
    std::vector<Folding> list;
    for (const std::int64_t lanes : distinct_folds(unit.outputs[0]->shape.channels)) list.push_back(candidates.with({{"Lanes", lanes}}));
    return list;
}

void model(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const StreamShape shape = outputs[0].shape;
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column) {
            std::int64_t channel = 0;
            for (const IntTensor* in : inputs)
                for (std::int64_t c = 0; c < in->shape.channels; ++c)
                    at(outputs[0], row, column, 0, channel++) = at(*in, row, column, 0, c);
        }
}

UnitFunction fast(const Unit&) {
    return [](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        std::int32_t* out = outputs[0].data.data();
        for (std::int64_t p = 0; p < outputs[0].shape.positions(); ++p)
            for (const IntTensor* in : inputs) out = std::copy_n(in->data.data() + p * in->shape.channels, in->shape.channels, out);
    };
}

/// Output channels up to the beat's end, taken input by input.
std::vector<std::int64_t> reads_for(const Unit& unit, int port) {
    const std::int64_t lanes = unit.parameter("Lanes");
    const StreamShape& shape = unit.outputs[0]->shape;
    const std::int64_t groups = shape.rows * ceil_div(shape.columns, unit.parameter("Pixels"));
    const std::int64_t channels = shape.channels;
    const std::int64_t own = unit.inputs[static_cast<std::size_t>(port)]->shape.channels;
    std::int64_t before = 0;
    for (int i = 0; i < port; ++i) before += unit.inputs[static_cast<std::size_t>(i)]->shape.channels;
    std::vector<std::int64_t> reads;
    for (std::int64_t group = 0; group < groups; ++group)
        for (std::int64_t first = 0; first < channels; first += lanes) {
            const std::int64_t due = std::clamp<std::int64_t>(std::min(channels, first + lanes) - before, 0, own);
            reads.push_back(group * ceil_div(own, lanes) + ceil_div(due, lanes));
        }
    return reads;
}

UnitCase point(int rows, int columns, std::vector<int> channels, std::vector<std::pair<std::int64_t, std::int64_t>> ranges, int lanes,
               int pixels = 1) {
    CaseBuilder build("concat");
    std::vector<Stream*> inputs;
    std::int64_t min = ranges[0].first;
    std::int64_t max = ranges[0].second;
    int total = 0;
    for (std::size_t i = 0; i < channels.size(); ++i) {
        inputs.push_back(build.input({rows, columns, 1, channels[i]}, ranges[i].first, ranges[i].second));
        min = std::min(min, ranges[i].first);
        max = std::max(max, ranges[i].second);
        total += channels[i];
    }
    Stream* out = build.output({rows, columns, 1, total}, min, max);
    build.unit(unit_concat, inputs, {out}, {{"Rows", rows}, {"Columns", columns}, {"Pixels", pixels}, {"Lanes", lanes}});
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point(4, 3, {8, 8}, {{-128, 127}, {-128, 127}}, 4));
    list.push_back(point(3, 5, {5, 7}, {{-128, 127}, {-128, 127}}, 3));
    list.push_back(point(2, 4, {1, 2, 3}, {{0, 255}, {0, 15}, {0, 1}}, 4));
    list.push_back(point(3, 3, {6, 1}, {{-8, 7}, {0, 255}}, 7));
    list.push_back(point(2, 2, {3, 5, 4, 2}, {{-32768, 32767}, {-1, 0}, {0, 7}, {-128, 127}}, 2));
    list.push_back(point(5, 1, {4}, {{0, 1}}, 3));
    list.push_back(point(1, 1, {9, 11}, {{-128, 127}, {-100, 100}}, 1));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    std::vector<UnitCase> list;
    list.push_back(point(3, 5, {8, 4}, {{-128, 127}, {0, 100}}, 4, 2));
    list.push_back(point(3, 7, {5, 3}, {{0, 255}, {0, 15}}, 3, 4));
    list.push_back(point(2, 6, {3, 6, 9}, {{0, 255}, {0, 255}, {-2, 1}}, 6, 2));
    // A rest that goes while whole beats of the next position enter.
    list.push_back(point(3, 4, {8, 3, 6}, {{0, 255}, {0, 255}, {0, 255}}, 4));
    list.push_back(point(3, 4, {5, 3, 3}, {{0, 255}, {0, 255}, {0, 255}}, 4));
    list.push_back(
        point(2, 3, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {{0, 1}, {0, 3}, {0, 7}, {0, 15}, {-1, 0}, {-4, 3}, {0, 1}, {-8, 7}, {0, 1}}, 2));
    list.push_back(point(4, 2, {7}, {{-128, 127}}, 7, 2));
    // Wide items: control is copied.
    list.push_back(point(3, 4, {32, 64}, {{-128, 127}, {-8, 7}}, 32));
    list.push_back(point(2, 3, {9, 20, 7}, {{0, 255}, {0, 100}, {0, 255}}, 18, 2));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    std::vector<int> channels(static_cast<std::size_t>(draw.size(6)));
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    int total = 0;
    for (int& each : channels) {
        each = draw.channels(10);
        total += each;
        ranges.push_back(draw.range());
    }
    return point(draw.size(5), draw.size(7), channels, ranges, draw.part_of(total), draw.pixels());
}

}  // namespace

extern const UnitDef unit_concat{
    .name = "concat",
    .role = UnitRole::function,
    .summary = "the channels of several streams one after the other, packed anew",
    .parameters = {rows_row(), columns_row(), pixels_row(), lanes_row()},
    .ports = {{.name = "in", .beat = lanes_beat, .repeated = true}, {.name = "out", .output = true, .beat = lanes_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = foldings,
    .model = model,
    .fast = fast,
    .reads_for = reads_for,
    .roms = concat_roms,
    .rtl = concat_rtl,
    .features = concat_features,
    .control = concat_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
