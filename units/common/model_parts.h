// model_parts.h
// What the C++ faces of the units share: element access, common rows of parameter tables, the stage behind an accumulator and its cost.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Element (row, column, tap, channel) of a frame.
template <class Frame>
auto& at(Frame& frame, std::int64_t row, std::int64_t column, std::int64_t tap, std::int64_t channel) {
    const StreamShape& s = frame.shape;
    return frame.data[static_cast<std::size_t>(((row * s.columns + column) * s.taps + tap) * s.channels + channel)];
}

/// What leaves a unit for the exact accumulator `acc` of output channel `channel`.
inline std::int32_t finish(const Unit& unit, std::int64_t acc, std::int64_t channel) {
    return unit.requantize ? apply(*unit.requantize, acc, static_cast<int>(channel)) : static_cast<std::int32_t>(acc);
}
/// The same for `positions` x `channels` accumulators. `Accumulator` is std::int32_t or std::int64_t.
template <class Accumulator>
void finish_all(const Unit& unit, const Accumulator* acc, std::int32_t* out, std::int64_t positions, int channels) {
    static const Requantize none;
    apply(unit.requantize ? *unit.requantize : none, acc, out, positions, channels);
}

/// What the unit's requantize stage takes for the elements of a beat that leaves (units/output/output_rtl.h): no DSP without a multiplier,
/// one a lane wherever that is proved to give the same results, else two; more only for accumulators that do not fit its wide port.
Cost requantize_cost(const Unit& unit);

/// Smallest lane counts l that give each distinct ceil(count / l), ascending in l: every other choice costs more for the same cycles.
std::vector<std::int64_t> distinct_folds(std::int64_t count);

/// Empty if the stream has that shape, else a reason that calls it `what`.
std::string expect_shape(const Stream& stream, const StreamShape& shape, const char* what);
/// Empty if the constant is there with that many elements, else the reason.
std::string expect_constant(const Unit& unit, std::string_view key, std::int64_t elements);
/// Empty if results of the unit (accumulators within min..max, or its requantize stage's results) fit output 0, and the stage takes the
/// accumulator's range.
std::string expect_range(const Unit& unit, std::int64_t min, std::int64_t max);

/// Sets WeightBits and AccumulatorBits as the constant "weights" and sums min..max need them, no wider.
void size_words(Unit& unit, std::int64_t min, std::int64_t max);
/// Empty if the weights and sums min..max fit these, else the reason.
std::string expect_words(const Unit& unit, std::int64_t min, std::int64_t max);

/// Shape of a whole frame as four parameters, taps = 1.
inline StreamShape shape_of(const Unit& unit) {
    return {static_cast<int>(unit.parameter("Rows")), static_cast<int>(unit.parameter("Columns")), 1,
            static_cast<int>(unit.parameter("Channels"))};
}
/// The same with its taps.
inline StreamShape taps_shape_of(const Unit& unit) {
    StreamShape shape = shape_of(unit);
    shape.taps = static_cast<int>(unit.parameter("Taps"));
    return shape;
}
/// The beat {Pixels, 1, Lanes} that most units read and write.
inline Beat lanes_beat(const Unit& unit) {
    return {static_cast<int>(unit.parameter("Pixels")), 1, static_cast<int>(unit.parameter("Lanes"))};
}
/// The beat {Pixels, TapsPerBeat, Lanes} behind a window.
inline Beat taps_beat(const Unit& unit) {
    return {static_cast<int>(unit.parameter("Pixels")), static_cast<int>(unit.parameter("TapsPerBeat")),
            static_cast<int>(unit.parameter("Lanes"))};
}
/// Fewest beats of `lanes` elements for the frame of `shape_of`.
inline std::int64_t beats_of(const Unit& unit) { return lanes_beat(unit).count(shape_of(unit)); }

/// Cycles and cost of a unit under other folding parameters.
class Candidates {
public:
    explicit Candidates(Unit unit);
    Folding with(std::vector<std::pair<std::string_view, std::int64_t>> parameters);

private:
    Unit trial_;         ///< Without its requantize stage, whose lanes cost the same in all foldings.
    int stage_dsp_ = 0;  ///< Of a lane.
};

/// Foldings over Lanes alone of a unit that works through its frame once.
std::vector<Folding> lane_foldings(const Unit& unit);
/// Foldings over Lanes and TapsPerBeat of a unit on a stream with that many taps.
std::vector<Folding> lane_tap_foldings(const Unit& unit, std::int64_t taps);

/// Upper limits of the tables: sizes of a frame, channels, taps.
constexpr std::int64_t max_size = 1 << 20;
constexpr std::int64_t max_channels = 1 << 20;
constexpr std::int64_t max_taps = 1 << 16;
constexpr std::int64_t max_pixels = 4;

inline ParameterDef rows_row() { return {"Rows", ParameterKind::shape, 1, max_size, 1, "rows of a frame"}; }
inline ParameterDef columns_row() { return {"Columns", ParameterKind::shape, 1, max_size, 1, "columns of a frame"}; }
inline ParameterDef channels_row() { return {"Channels", ParameterKind::shape, 1, max_channels, 1, "channels of a position"}; }
inline ParameterDef taps_row() { return {"Taps", ParameterKind::shape, 1, max_taps, 1, "taps of a position"}; }
inline ParameterDef pixels_row() { return {"Pixels", ParameterKind::folding, 1, max_pixels, 1, "pixels a beat, neighbouring columns"}; }
inline ParameterDef lanes_row() { return {"Lanes", ParameterKind::folding, 1, max_channels, 1, "channels a beat"}; }
inline ParameterDef taps_per_beat_row() { return {"TapsPerBeat", ParameterKind::folding, 1, max_taps, 1, "taps a beat"}; }

}  // namespace weft
