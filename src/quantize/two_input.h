// two_input.h
// Small integer multipliers for a weighted sum of two integers behind one staircase.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "src/base/diagnostic.h"
#include "src/quantize/staircase.h"

namespace weft {

/// The exact sum k[0] * x[0] + k[1] * x[1] of two integers in [min[i], max[i]]. k brings both scales to one grid and may have 40 bits and
/// more, as long as every sum fits 62 bits.
struct TwoInputSum {
    std::array<std::int64_t, 2> k{1, 1};
    std::array<std::int64_t, 2> min{0, 0};
    std::array<std::int64_t, 2> max{0, 0};
};

struct TwoInputPlan {
    std::array<std::int64_t, 2> multipliers{1, 1};  ///< acc = multipliers[0] * x[0] + multipliers[1] * x[1]
    RequantizePlan plan;                            ///< On that accumulator; its own multiplier is 1.
};

/// Multipliers, as short as can be found, with which clamp((m0 * x0 + m1 * x1 + b) >> shift), or its form with the tie-to-even fix, equals
/// the rule for every pair of inputs; checked at every step of x1 for every x0. `channel` says what the exact sum stands for and what
/// becomes of it (its min and max are not read). The multipliers fit the cell's wide port. Empty where there are none: the caller then
/// keeps k and plans the wide accumulator.
Result<std::optional<TwoInputPlan>> plan_two_inputs(const TwoInputSum& sum, const AccumulatorChannel& channel, const QuantizerRule& rule,
                                                    const DspCell& cell = dsp48e2);

}  // namespace weft
