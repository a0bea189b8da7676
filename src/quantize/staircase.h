// staircase.h
// From the rule of the integer contract to a hardware form that was proved to give the same staircase.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/dsp.h"
#include "src/design/requantize_stage.h"
#include "src/graph/piecewise_linear.h"
#include "src/graph/rational.h"
#include "src/graph/rounding.h"

namespace weft {

/// The function f between an accumulator's real value and the quantizer of the region's output.
struct ScalarFunction {
    /// Set where f is made of straight pieces: the exact and fast way. The two below are then not needed.
    std::optional<PiecewiseLinear> pieces;
    /// Exact value at a rational point; null for functions without one, empty at points that have none.
    std::function<std::optional<Rational>(const Rational&)> exact;
    /// Value at a point, to long double precision. Decides wherever it is clear of a rounding tie, or where there is no exact value: its
    /// quotient by the quantizer's scale is then rounded as the long double it is, ties to even. Infinities saturate.
    std::function<long double(long double)> real;
    /// Known to rise, or to fall, throughout (lets steps be found by bisection where there are no pieces). A constant does both.
    bool non_decreasing = false, non_increasing = false;
    /// Has jumps inside (a floor, an inner quantizer): `real` then decides nothing where there is an exact value.
    bool jumps = false;
};

/// y = clamp(rounded(v / scale) + zero_point, min, max)
struct QuantizerRule {
    Rational scale{1};
    std::int64_t zero_point = 0;
    std::int64_t min = 0;
    std::int64_t max = 0;
    Rounding rounding = Rounding::half_even;

    std::int64_t operator()(const Rational& real) const;
};

/// The exact staircase of one channel on [acc_min, acc_max]: value(acc) = values[number of positions <= acc].
struct Staircase {
    std::vector<std::int64_t> positions;  ///< Ascending, within (acc_min, acc_max].
    std::vector<std::int64_t> values;     ///< One more than positions; neighbours differ.
    bool operator==(const Staircase&) const = default;
};

/// One channel of an accumulator: which sums are reachable and which reals they stand for: real = acc * scale + offset.
struct AccumulatorChannel {
    std::int64_t min = 0;
    std::int64_t max = 0;
    Rational scale{1};
    Rational offset{0};
    ScalarFunction function;
    /// The staircase itself, where it is not that of the rule and the function (src/quantize/codes.h).
    std::optional<Staircase> steps;
};

/// The rule at one point.
std::int64_t evaluate_rule(const AccumulatorChannel& channel, const QuantizerRule& rule, std::int64_t acc);

/// Fails (reason without node) for a function that neither is made of pieces nor rises or falls throughout on more than 2^22 accumulator
/// values, for one that has no value (0 / 0, the root of a negative number) at a reachable accumulator, and for more than 2^22 output
/// values. Steps of pieces are solved for exactly; a tie is half an integer exactly (with `down` and `up`: an integer) and goes to its side
/// before the zero point is added.
Result<Staircase> staircase_of(const AccumulatorChannel& channel, const QuantizerRule& rule);

/// How a plan came about, for the report.
struct RequantizePlan {
    Requantize stage;
    int multiplier_bits = 0;  ///< Widest |m| of the layer plus sign, where a multiplier is used.
    bool one_dsp = false;     ///< A lane of the stage takes one DSP (src/design/stage_multiply.h).
    std::string why;          ///< "multiply: 21-bit multipliers, shift 27, equal on all 4,080 steps of 16 channels"
};

struct RequantizeOptions {
    /// Accumulators of at most this many values become a table.
    std::int64_t table_limit = 1024;
    /// Outputs of at most this many values use thresholds (0: only where a multiplier cannot be exact).
    std::int64_t threshold_limit = 0;
    DspCell dsp = dsp48e2;  ///< Of what costs least.
};

/// A stage equal to the rule for every channel on its whole reachable range: identity (form none) if the rule is y = acc everywhere and
/// `allow_none`; else multiply, convergent, thresholds or table, in the order that costs least. The result is verified step by step
/// against the staircases before it is returned; that no form is equal would be a mistake of weft, and throws std::logic_error.
Result<RequantizePlan> plan_requantize(std::span<const AccumulatorChannel> channels, const QuantizerRule& rule, bool allow_none,
                                       const RequantizeOptions& options = {});

}  // namespace weft
