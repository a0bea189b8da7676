// piecewise_linear.h
// Exact functions made of straight pieces: what relu, clip, affine maps, thresholds and their compositions are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "src/graph/rational.h"

namespace weft {

/// y = slope * x + intercept
struct Line {
    Rational slope;
    Rational intercept;
    bool operator==(const Line&) const = default;
};

/// lines[i] holds from breaks[i - 1] to breaks[i] (unbounded at both ends); breaks ascending, one fewer than lines. The point of a break
/// itself belongs to the line right of it, or to the one left of it where `closed_left` says so: that matters at jumps only. Two breaks at
/// one point are allowed, the first of them not closed to the left, the second closed: the line between holds at that point alone.
struct PiecewiseLinear {
    std::vector<Rational> breaks;
    std::vector<Line> lines{{Rational(1), Rational(0)}};
    std::vector<bool> closed_left = {};  ///< One a break; empty where none is.

    static PiecewiseLinear affine(Rational slope, Rational intercept);
    /// min(max(x, low), high)
    static PiecewiseLinear clamp(const Rational& low, const Rational& high);
    /// The number of thresholds <= x; any order.
    static PiecewiseLinear steps(std::vector<Rational> thresholds);

    Rational operator()(const Rational& x) const;
    bool belongs_left(std::size_t index) const { return index < closed_left.size() && closed_left[index]; }
    bool is_affine() const { return lines.size() == 1; }
    bool is_non_decreasing() const;
    bool is_non_increasing() const;
    bool operator==(const PiecewiseLinear&) const = default;
};

/// x -> outer(inner(x)), neighbouring equal pieces merged.
PiecewiseLinear compose(const PiecewiseLinear& outer, const PiecewiseLinear& inner);

}  // namespace weft
