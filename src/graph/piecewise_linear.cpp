// piecewise_linear.cpp
// Evaluation and composition of exact piecewise linear functions.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/piecewise_linear.h"

#include <algorithm>

namespace weft {
namespace {

Rational value_at(const Line& line, const Rational& x) { return line.slope * x + line.intercept; }

/// The line of `function` that holds just right of `x`, or just left of it.
const Line& line_beside(const PiecewiseLinear& function, const Rational& x, bool right) {
    const auto& breaks = function.breaks;
    const auto at = right ? std::upper_bound(breaks.begin(), breaks.end(), x) : std::lower_bound(breaks.begin(), breaks.end(), x);
    return function.lines[static_cast<std::size_t>(at - breaks.begin())];
}

void append(PiecewiseLinear& function, const Rational* from, Line line) {
    if (from == nullptr) {
        function.lines.assign(1, std::move(line));
        return;
    }
    if (function.lines.back() == line) return;
    function.breaks.push_back(*from);
    function.lines.push_back(std::move(line));
}

}  // namespace

PiecewiseLinear PiecewiseLinear::affine(Rational slope, Rational intercept) {
    PiecewiseLinear function;
    function.lines = {{std::move(slope), std::move(intercept)}};
    return function;
}

PiecewiseLinear PiecewiseLinear::clamp(const Rational& low, const Rational& high) {
    if (low >= high) return affine(0, high);
    PiecewiseLinear function;
    function.breaks = {low, high};
    function.lines = {{0, low}, {1, 0}, {0, high}};
    return function;
}

Rational PiecewiseLinear::operator()(const Rational& x) const { return value_at(line_beside(*this, x, true), x); }

bool PiecewiseLinear::is_non_decreasing() const {
    return std::ranges::all_of(lines, [](const Line& line) { return sgn(line.slope) >= 0; });
}

bool PiecewiseLinear::is_non_increasing() const {
    return std::ranges::all_of(lines, [](const Line& line) { return sgn(line.slope) <= 0; });
}

PiecewiseLinear compose(const PiecewiseLinear& outer, const PiecewiseLinear& inner) {
    PiecewiseLinear result;
    for (std::size_t piece = 0; piece < inner.lines.size(); ++piece) {
        const Line& line = inner.lines[piece];
        const Rational* from = piece > 0 ? &inner.breaks[piece - 1] : nullptr;
        const Rational* to = piece < inner.breaks.size() ? &inner.breaks[piece] : nullptr;
        auto through = [&](const Line& last) { return Line{last.slope * line.slope, last.slope * line.intercept + last.intercept}; };
        if (sgn(line.slope) == 0) {
            append(result, from, Line{0, outer(line.intercept)});
            continue;
        }
        // Points inside the piece at which the inner function crosses a break of the outer one, ascending.
        std::vector<Rational> crossings;
        for (const Rational& at : outer.breaks) {
            Rational x = (at - line.intercept) / line.slope;
            if ((from == nullptr || x > *from) && (to == nullptr || x < *to)) crossings.push_back(std::move(x));
        }
        const bool rising = sgn(line.slope) > 0;
        if (!rising) std::ranges::reverse(crossings);
        if (from != nullptr)
            append(result, from, through(line_beside(outer, value_at(line, *from), rising)));
        else
            append(result, nullptr, through(rising ? outer.lines.front() : outer.lines.back()));
        for (const Rational& x : crossings) append(result, &x, through(line_beside(outer, value_at(line, x), rising)));
    }
    return result;
}

}  // namespace weft
