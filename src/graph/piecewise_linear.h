// piecewise_linear.h
// Exact continuous functions made of straight pieces: what relu, clip, affine maps and their compositions are.
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

/// lines[i] holds for breaks[i - 1] <= x < breaks[i] (unbounded at both ends); breaks strictly ascending, one fewer than lines; continuous.
struct PiecewiseLinear {
    std::vector<Rational> breaks;
    std::vector<Line> lines{{Rational(1), Rational(0)}};

    static PiecewiseLinear affine(Rational slope, Rational intercept);
    /// min(max(x, low), high)
    static PiecewiseLinear clamp(const Rational& low, const Rational& high);

    Rational operator()(const Rational& x) const;
    bool is_affine() const { return lines.size() == 1; }
    bool is_non_decreasing() const;
    bool is_non_increasing() const;
    bool operator==(const PiecewiseLinear&) const = default;
};

/// x -> outer(inner(x)), neighbouring equal pieces merged.
PiecewiseLinear compose(const PiecewiseLinear& outer, const PiecewiseLinear& inner);

}  // namespace weft
