// points.h
// What the conformance runs of a unit's faces share: the points, the frames, and what the model makes of them.
//
// Points are the unit's cases and, behind them, random ones. WEFT_RANDOM_POINTS says how many random points; each has its seed, counted
// from WEFT_SEED. Where WEFT_SEED is set, the cases are left out: WEFT_SEED=S WEFT_RANDOM_POINTS=1 runs the point that a
// message names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/design/unit_def.h"

namespace weft::test {

constexpr int default_random_points = 6;
constexpr std::size_t frame_count = 5;

/// A number of the environment, or `fallback` where it says none.
std::uint64_t setting(const char* name, std::uint64_t fallback);
/// How many random points, and the seed of the first: of the environment, or as every run has them.
std::uint64_t random_points();
std::uint64_t first_seed();

struct ConformancePoint {
    UnitCase design;
    std::uint64_t seed = 0;  ///< Of its frames; of the point itself too, where it is a random one.
    std::string label;
};

/// Points in parts that are built together. The first random points share the cases' part.
std::vector<std::vector<ConformancePoint>> conformance_points(const UnitDef& def, bool rtl);

/// Frames that a unit may meet: random, both extremes in turn, all least, all greatest.
std::vector<IntTensor> frames_for(const Stream& stream, std::uint64_t seed);

struct Expected {
    std::vector<std::vector<IntTensor>> inputs, outputs;  ///< [frame][port]
};
Expected model_frames(const Unit& unit, std::uint64_t seed);

}  // namespace weft::test
