// two_input.cpp
// Candidate multipliers around the exact slopes, rejected by the few corners that bind and accepted by all.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/two_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "src/design/dsp.h"
#include "src/design/stage_multiply.h"

namespace weft {
namespace {

constexpr std::int64_t corner_limit = std::int64_t{1} << 22;

/// A pair of inputs at the end of a run of equal results.
struct Corner {
    std::int64_t x0, x1;
    std::int64_t bound;  ///< lower: the result is at least this; upper: below this.
};

struct Corners {
    std::vector<Corner> lower, upper;
};

struct Candidate {
    std::int64_t m0, m1, addend;
    int shift;
};

std::int64_t floor_divide(std::int64_t numerator, std::int64_t divisor) {
    const std::int64_t quotient = numerator / divisor;
    return quotient - (numerator % divisor != 0 && (numerator < 0) != (divisor < 0) ? 1 : 0);
}

std::int64_t ceil_divide(std::int64_t numerator, std::int64_t divisor) { return -floor_divide(-numerator, divisor); }

std::array<std::int64_t, 2> range_of(const TwoInputSum& sum, std::int64_t k0, std::int64_t k1) {
    return {std::min(k0 * sum.min[0], k0 * sum.max[0]) + std::min(k1 * sum.min[1], k1 * sum.max[1]),
            std::max(k0 * sum.min[0], k0 * sum.max[0]) + std::max(k1 * sum.min[1], k1 * sum.max[1])};
}

/// The corners of the runs of x1 for every x0.
Corners corners_of(const TwoInputSum& sum, const Staircase& staircase, bool falling, std::int64_t acc_min, std::int64_t acc_max,
                   std::int64_t low, std::int64_t high) {
    Corners corners;
    const std::int64_t k0 = sum.k[0], k1 = sum.k[1];
    const auto runs = staircase.values.size();
    for (std::int64_t x0 = sum.min[0]; x0 <= sum.max[0]; ++x0) {
        const std::int64_t base = k0 * x0;
        const std::int64_t first_sum = base + std::min(k1 * sum.min[1], k1 * sum.max[1]);
        const std::int64_t last_sum = base + std::max(k1 * sum.min[1], k1 * sum.max[1]);
        auto run = static_cast<std::size_t>(std::ranges::upper_bound(staircase.positions, first_sum) - staircase.positions.begin());
        for (; run < runs; ++run) {
            const std::int64_t begin = std::max(first_sum, run > 0 ? staircase.positions[run - 1] : acc_min);
            const std::int64_t end = std::min(last_sum, run + 1 < runs ? staircase.positions[run] - 1 : acc_max);
            if (begin > last_sum) break;
            // x1 at which the sum is nearest to the run's two ends, from inside.
            const std::int64_t x_begin = k1 > 0 ? ceil_divide(begin - base, k1) : floor_divide(begin - base, k1);
            const std::int64_t x_end = k1 > 0 ? floor_divide(end - base, k1) : ceil_divide(end - base, k1);
            if (k1 > 0 ? x_begin > x_end : x_begin < x_end) continue;
            const std::int64_t value = staircase.values[run];
            if (value > low) corners.lower.push_back({x0, falling ? x_end : x_begin, value});
            if (value < high) corners.upper.push_back({x0, falling ? x_begin : x_end, value + 1});
        }
    }
    return corners;
}

/// Bounds on the addend, and the corners that set them.
struct Bounds {
    std::int64_t least = std::numeric_limits<std::int64_t>::min() / 4, most = -least;
    const Corner* lower = nullptr;
    const Corner* upper = nullptr;
};

Bounds bounds_of(const std::vector<Corner>& lower, const std::vector<Corner>& upper, std::int64_t m0, std::int64_t m1, int shift) {
    Bounds bounds;
    const std::int64_t unit = std::int64_t{1} << shift;
    for (const Corner& corner : lower) {
        const std::int64_t bound = corner.bound * unit - m0 * corner.x0 - m1 * corner.x1;
        if (bound > bounds.least) bounds.least = bound, bounds.lower = &corner;
    }
    for (const Corner& corner : upper) {
        const std::int64_t bound = corner.bound * unit - m0 * corner.x0 - m1 * corner.x1 - 1;
        if (bound < bounds.most) bounds.most = bound, bounds.upper = &corner;
    }
    return bounds;
}

/// Tries multipliers of up to `widest` bits beside the sign around the real slopes at growing shifts. Corners that rejected a candidate are
/// tried first on the next.
std::optional<Candidate> search(const Corners& corners, double slope0, double slope1, std::int64_t largest_bound, int widest) {
    Corners binding;
    constexpr int around = 3;
    for (int shift = 0; shift < 48; ++shift) {
        const double centre0 = std::nearbyint(std::ldexp(slope0, shift)), centre1 = std::nearbyint(std::ldexp(slope1, shift));
        const double limit = std::ldexp(1.0, widest) - around - 1;
        if (std::fabs(centre0) > limit || std::fabs(centre1) > limit ||
            std::bit_width(static_cast<std::uint64_t>(largest_bound)) + shift > 60)
            break;
        for (int distance = 0; distance <= around; ++distance) {
            for (int d0 = -distance; d0 <= distance; ++d0) {
                for (int d1 = -distance; d1 <= distance; ++d1) {
                    if (std::max(std::abs(d0), std::abs(d1)) != distance) continue;
                    const std::int64_t m0 = static_cast<std::int64_t>(centre0) + d0, m1 = static_cast<std::int64_t>(centre1) + d1;
                    // Between the corners of a run the sum must move the way that the rule does.
                    if (m1 != 0 && (m1 < 0) != (slope1 < 0)) continue;
                    const Bounds known = bounds_of(binding.lower, binding.upper, m0, m1, shift);
                    if (known.least > known.most) continue;
                    Bounds all = bounds_of(corners.lower, corners.upper, m0, m1, shift);
                    if (all.least <= all.most) {
                        if (all.lower == nullptr) all.least = all.most;
                        if (all.upper == nullptr) all.most = all.least;
                        return Candidate{m0, m1, all.least + (all.most - all.least) / 2, shift};
                    }
                    binding.lower.push_back(*all.lower);
                    binding.upper.push_back(*all.upper);
                }
            }
        }
    }
    return std::nullopt;
}

/// The line itself, where slopes and intercept are of a common power of two: with the tie-to-even fix it is the rule.
std::optional<Candidate> exact_candidate(const Rational& slope0, const Rational& slope1, const Rational& intercept, int widest) {
    mpz_class denominator;
    mpz_lcm(denominator.get_mpz_t(), slope0.get_den_mpz_t(), slope1.get_den_mpz_t());
    mpz_lcm(denominator.get_mpz_t(), denominator.get_mpz_t(), intercept.get_den_mpz_t());
    const auto shift = static_cast<int>(mpz_sizeinbase(denominator.get_mpz_t(), 2)) - 1;
    if (mpz_popcount(denominator.get_mpz_t()) != 1 || shift > 48) return std::nullopt;
    const Rational m0 = slope0 * denominator, m1 = slope1 * denominator, addend = intercept * denominator;
    const auto bits = [](const Rational& value) { return static_cast<int>(mpz_sizeinbase(value.get_num_mpz_t(), 2)); };
    if (bits(m0) > widest || bits(m1) > widest || bits(addend) > 60) return std::nullopt;
    return Candidate{m0.get_num().get_si(), m1.get_num().get_si(), addend.get_num().get_si(), shift};
}

TwoInputPlan plan_of(const TwoInputSum& sum, RequantizeForm form, const Candidate& candidate, std::int64_t low, std::int64_t high,
                     const DspCell& cell) {
    TwoInputPlan result;
    result.multipliers = {candidate.m0, candidate.m1};
    Requantize& stage = result.plan.stage;
    stage.form = form;
    const auto range = range_of(sum, candidate.m0, candidate.m1);
    stage.acc_min = range[0];
    stage.acc_max = range[1];
    stage.out_min = low;
    stage.out_max = high;
    stage.multiplier = {1};
    stage.addend = {candidate.addend};
    stage.shift = candidate.shift;
    stage.low = {low};
    stage.high = {high};
    result.plan.multiplier_bits =
        1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(std::max(std::abs(candidate.m0), std::abs(candidate.m1)))));
    result.plan.one_dsp = plan_stage_multiply(stage, cell).dsp() == 1;
    const std::int64_t pairs = (sum.max[0] - sum.min[0] + 1) * (sum.max[1] - sum.min[1] + 1);
    result.plan.why = fmt::format("{}: input multipliers {} and {}, shift {}, equal on all {} pairs of inputs",
                                  form == RequantizeForm::multiply ? "multiply" : "multiply with ties to even", candidate.m0, candidate.m1,
                                  candidate.shift, pairs);
    return result;
}

}  // namespace

Result<std::optional<TwoInputPlan>> plan_two_inputs(const TwoInputSum& sum, const AccumulatorChannel& channel, const QuantizerRule& rule,
                                                    const DspCell& cell) {
    const std::optional<TwoInputPlan> none;
    if (!channel.function.pieces || sum.k[0] == 0 || sum.k[1] == 0) return none;
    AccumulatorChannel wide = channel;
    const auto range = range_of(sum, sum.k[0], sum.k[1]);
    wide.min = range[0];
    wide.max = range[1];
    WEFT_ASSIGN(const Staircase staircase, staircase_of(wide, rule));
    const auto& values = staircase.values;
    const bool falling = values.size() > 1 && values[1] < values[0];
    if (falling ? !std::ranges::is_sorted(values, std::greater<>()) : !std::ranges::is_sorted(values)) return none;
    const std::int64_t rows = sum.max[0] - sum.min[0] + 1, columns = sum.max[1] - sum.min[1] + 1;
    if (rows * std::min(columns, static_cast<std::int64_t>(values.size())) > corner_limit) return none;

    // Ends of the clamp: those of the rule, but where the function itself stops short of them.
    const PiecewiseLinear function = compose(*channel.function.pieces, PiecewiseLinear::affine(channel.scale, channel.offset));
    const auto [least, most] = std::ranges::minmax(values);
    const bool flat_start = sgn(function.lines.front().slope) == 0, flat_end = sgn(function.lines.back().slope) == 0;
    const std::int64_t low = (falling ? flat_end : flat_start) ? least : rule.min;
    const std::int64_t high = (falling ? flat_start : flat_end) ? most : rule.max;
    const Corners corners = corners_of(sum, staircase, falling, wide.min, wide.max, low, high);
    const int widest = cell.wide_bits - 1;

    for (std::size_t piece = 0; piece < function.lines.size(); ++piece) {
        const Line& line = function.lines[piece];
        const bool reached = (piece == 0 || function.breaks[piece - 1] <= wide.max) &&
                             (piece == function.breaks.size() || function.breaks[piece] >= wide.min);
        if (!reached || (sgn(line.slope) == 0 && values.size() > 1)) continue;
        const Rational slope0 = line.slope * sum.k[0] / rule.scale, slope1 = line.slope * sum.k[1] / rule.scale;
        const std::int64_t largest_bound = std::max(std::abs(rule.min), std::abs(rule.max)) + 1;
        if (const auto found = search(corners, slope0.get_d(), slope1.get_d(), largest_bound, widest))
            return std::optional(plan_of(sum, RequantizeForm::multiply, *found, low, high, cell));
        auto exact = exact_candidate(slope0, slope1, line.intercept / rule.scale + rule.zero_point + Rational(1, 2), widest);
        if (!exact || rule.rounding != Rounding::half_even || rows > corner_limit / columns) continue;
        const TwoInputPlan plan = plan_of(sum, RequantizeForm::convergent, *exact, low, high, cell);
        bool equal = true;
        for (std::int64_t x0 = sum.min[0]; x0 <= sum.max[0] && equal; ++x0) {
            std::size_t run = 0;
            for (std::int64_t i = 0; i < columns && equal; ++i) {
                const std::int64_t x1 = sum.k[1] > 0 ? sum.min[1] + i : sum.max[1] - i;
                const std::int64_t acc = sum.k[0] * x0 + sum.k[1] * x1;
                while (run < staircase.positions.size() && staircase.positions[run] <= acc) ++run;
                equal = apply(plan.plan.stage, exact->m0 * x0 + exact->m1 * x1, 0) == values[run];
            }
        }
        if (equal) return std::optional(plan);
    }
    return none;
}

}  // namespace weft
