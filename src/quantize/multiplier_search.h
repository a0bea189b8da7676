// multiplier_search.h
// The shortest multiplier whose product, shifted, runs through given staircase corners.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/design/dsp.h"
#include "src/quantize/staircase.h"

namespace weft {

/// Widths within which (acc * m + b) >> shift is computed: everything fits signed 64-bit words with room to spare.
constexpr int multiplier_bits_limit =
    dsp48e2.narrow_bits + dsp_digit_bits - 1;  ///< Two digits on the narrow port, which all DSPs have alike.
constexpr int product_bits_limit = 61;

/// What (acc * m + b) >> shift must satisfy: at `lower[i].at` the result is at least `value`, at `upper[i].at` it is below `value`.
struct StepCorners {
    struct Corner {
        std::int64_t at;
        std::int64_t value;
    };
    std::vector<Corner> lower, upper;
};

/// Corners of a monotone staircase on [min, max] whose results are then limited to [low, high]; empty if it is not monotone.
std::optional<StepCorners> corners_of(const Staircase& staircase, std::int64_t min, std::int64_t max, std::int64_t low, std::int64_t high);

struct Multiplier {
    std::int64_t multiplier = 0;
    std::int64_t addend_min = 0;  ///< Every addend in [addend_min, addend_max] is exact.
    std::int64_t addend_max = 0;
    int shift = 0;

    std::int64_t addend() const { return addend_min + (addend_max - addend_min) / 2; }
    /// The same function with `more` extra fraction bits.
    Multiplier widened(int more) const;
};

/// The addends that are exact with this multiplier and shift, if there are any and all products fit.
std::optional<Multiplier> try_multiplier(const StepCorners& corners, std::int64_t multiplier, int shift);

/// A multiplier at the smallest shift for which one is found, hence of the fewest bits; none if no multiplier within the limits is exact.
std::optional<Multiplier> shortest_multiplier(const StepCorners& corners);

}  // namespace weft
