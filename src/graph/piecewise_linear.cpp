// piecewise_linear.cpp
// Evaluation and composition of exact piecewise linear functions.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/piecewise_linear.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weft {
namespace {

Rational value_at(const Line& line, const Rational& x) { return line.slope * x + line.intercept; }

/// Where one line ends and the next begins: just before the point (which then belongs to the next), or just behind it. Ordered as along
/// the axis.
struct Cut {
    Rational at;
    bool behind = false;

    bool operator<(const Cut& other) const { return at != other.at ? at < other.at : behind < other.behind; }
};

Cut cut_of(const PiecewiseLinear& function, std::size_t index) { return {function.breaks[index], function.belongs_left(index)}; }

/// Index of the line that holds at `x`.
std::size_t index_at(const PiecewiseLinear& function, const Rational& x) {
    auto index = static_cast<std::size_t>(std::ranges::upper_bound(function.breaks, x) - function.breaks.begin());
    while (index > 0 && function.breaks[index - 1] == x && function.belongs_left(index - 1)) --index;
    return index;
}

/// Adds the piece that begins at `from` (null: the first one).
void append(PiecewiseLinear& function, const Cut* from, Line line) {
    if (from == nullptr) {
        function.lines.assign(1, std::move(line));
        return;
    }
    if (function.lines.back() == line) return;
    // Where nothing jumps, the side does not matter: one form for one function.
    const bool closed = from->behind && value_at(function.lines.back(), from->at) != value_at(line, from->at);
    if (closed || !function.closed_left.empty()) {
        function.closed_left.resize(function.breaks.size());
        function.closed_left.push_back(closed);
    }
    function.breaks.push_back(from->at);
    function.lines.push_back(std::move(line));
}

bool never_steps(const PiecewiseLinear& function, int sign) {
    for (std::size_t i = 0; i < function.breaks.size(); ++i) {
        const Rational step = value_at(function.lines[i + 1], function.breaks[i]) - value_at(function.lines[i], function.breaks[i]);
        if (sgn(step) == sign) return false;
    }
    return std::ranges::none_of(function.lines, [&](const Line& line) { return sgn(line.slope) == sign; });
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

PiecewiseLinear PiecewiseLinear::steps(std::vector<Rational> thresholds) {
    std::ranges::sort(thresholds);
    PiecewiseLinear function = affine(0, 0);
    for (std::size_t i = 0; i < thresholds.size(); ++i) {
        const Line line{0, Rational(static_cast<long>(i + 1))};
        if (i > 0 && thresholds[i] == thresholds[i - 1]) {
            function.lines.back() = line;
            continue;
        }
        function.breaks.push_back(thresholds[i]);
        function.lines.push_back(line);
    }
    return function;
}

Rational PiecewiseLinear::operator()(const Rational& x) const { return value_at(lines[index_at(*this, x)], x); }

bool PiecewiseLinear::is_non_decreasing() const { return never_steps(*this, -1); }

bool PiecewiseLinear::is_non_increasing() const { return never_steps(*this, 1); }

PiecewiseLinear compose(const PiecewiseLinear& outer, const PiecewiseLinear& inner) {
    PiecewiseLinear result;
    for (std::size_t piece = 0; piece < inner.lines.size(); ++piece) {
        const Line& line = inner.lines[piece];
        const std::optional<Cut> from = piece > 0 ? std::optional(cut_of(inner, piece - 1)) : std::nullopt;
        const std::optional<Cut> to = piece < inner.breaks.size() ? std::optional(cut_of(inner, piece)) : std::nullopt;
        const Cut* const start = from ? &*from : nullptr;
        auto through = [&](const Line& last) { return Line{last.slope * line.slope, last.slope * line.intercept + last.intercept}; };
        if (sgn(line.slope) == 0) {
            append(result, start, Line{0, outer(line.intercept)});
            continue;
        }
        // The outer function's cuts as the piece comes by them, in ascending x; behind each, the outer line that follows. A falling piece
        // meets them backwards, and sees behind what was before.
        const bool rising = sgn(line.slope) > 0;
        const std::size_t count = outer.breaks.size();
        std::size_t holds = rising ? 0 : count;
        std::vector<std::pair<Cut, std::size_t>> crossings;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t index = rising ? i : count - 1 - i;
            const Cut cut = cut_of(outer, index);
            Cut crossing{(cut.at - line.intercept) / line.slope, cut.behind == rising};
            const std::size_t next = rising ? index + 1 : index;
            if (to && !(crossing < *to)) break;
            if (from && !(*from < crossing))
                holds = next;
            else
                crossings.emplace_back(std::move(crossing), next);
        }
        append(result, start, through(outer.lines[holds]));
        for (const auto& [crossing, next] : crossings) append(result, &crossing, through(outer.lines[next]));
    }
    return result;
}

}  // namespace weft
