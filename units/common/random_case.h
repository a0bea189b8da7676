// random_case.h
// Draws conformance points of a unit: what UnitDef::random_case is made of, and the legal ones among its points.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/design/unit_def.h"
#include "units/common/cases.h"

namespace weft {

/// Random choices that a point consists of. Small and extreme ones come often: that is where faces differ.
class CaseDrawer {
public:
    using Range = std::pair<std::int64_t, std::int64_t>;

    explicit CaseDrawer(std::mt19937_64& random) : random_(random) {}

    /// An integer in low..high, all equally likely.
    std::int64_t pick(std::int64_t low, std::int64_t high);
    bool chance(int percent) { return pick(1, 100) <= percent; }
    template <class T>
    T one_of(std::initializer_list<T> choices) {
        return choices.begin()[pick(0, static_cast<std::int64_t>(choices.size()) - 1)];
    }

    /// An extent of 1..most.
    int size(int most);
    /// The same of channels; in some points so many that memories of a word a fold are block memories.
    int channels(int most);
    /// How many of `count` go together: one, all, or any number between; but not so many that a simulation takes long to build.
    int part_of(std::int64_t count);
    /// Pixels a beat: 1 in every second point, else mostly 2 or 4.
    int pixels();
    /// The range of an integer type of at most that many bits, or a part of it that needs as many.
    Range range(int most_bits = 16);
    /// Constants in min..max: any, or any and zeros, or the extremes alone.
    std::vector<std::int64_t> constants(std::int64_t count, std::int64_t min, std::int64_t max);
    /// A stage behind accumulators min..max with results on `out`, in any form that these permit. Sets the range of `out`. None: the
    /// accumulators themselves are the results.
    std::optional<Requantize> stage(Stream& out, std::int64_t min, std::int64_t max);
    /// The same with results in the range that `out` has, in that form.
    Requantize stage_of(RequantizeForm form, const Stream& out, std::int64_t min, std::int64_t max);

private:
    void draw_multiplier(Requantize& stage);
    void draw_thresholds(Requantize& stage);

    std::mt19937_64& random_;
};

/// The stage behind accumulators min..max of a point's unit: in that form, with results in the range that the output has (`none`: with the
/// accumulators' own); or one that `draw` draws.
void set_stage(Unit& unit, CaseDrawer* draw, RequantizeForm form, bool per_channel, std::int64_t min, std::int64_t max);

/// A point that `verify` takes and whose frames are short, from that seed.
UnitCase random_case(const UnitDef& def, std::uint64_t seed);
/// Does a beat of the unit's streams carry several columns? Only the RTL face takes these.
bool has_several_pixels(const Design& point);
/// The unit's parameters, streams and stage in one line, for messages.
std::string describe(const Design& point);

}  // namespace weft
