// staircase.cpp
// The exact steps of the rounding rule: solved for on straight pieces, searched for elsewhere.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/staircase.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <thread>

namespace weft {
namespace {

constexpr std::int64_t evaluation_limit = std::int64_t{1} << 22;

/// Appends runs of equal values in ascending order of their first accumulator.
class StaircaseBuilder {
public:
    void append(std::int64_t from, std::int64_t value) {
        if (staircase_.values.empty()) {
            staircase_.values.push_back(value);
            return;
        }
        if (staircase_.values.back() == value) return;
        staircase_.positions.push_back(from);
        staircase_.values.push_back(value);
    }
    Staircase take() && { return std::move(staircase_); }

private:
    Staircase staircase_;
};

/// The integer of v / scale, already divided.
std::int64_t round_and_saturate(const Rational& quotient, const QuantizerRule& rule) {
    const mpz_class value = rounded(quotient, rule.rounding) + mpz_class(rule.zero_point);
    if (value <= mpz_class(rule.min)) return rule.min;
    if (value >= mpz_class(rule.max)) return rule.max;
    return value.get_si();
}

/// The rule for functions that are not made of pieces.
class PointEvaluator {
public:
    PointEvaluator(const AccumulatorChannel& channel, const QuantizerRule& rule)
        : channel_(channel),
          rule_(rule),
          scale_(to_long_double(channel.scale)),
          offset_(to_long_double(channel.offset)),
          quantizer_scale_(to_long_double(rule.scale)) {
        assert(channel.function.real || channel.function.exact);
    }

    std::int64_t operator()(std::int64_t acc) const {
        const ScalarFunction& function = channel_.function;
        long double quotient = 0;
        if (function.real && !(function.jumps && function.exact)) {
            quotient = function.real(static_cast<long double>(acc) * scale_ + offset_) / quantizer_scale_;
            if (std::isnan(quotient)) {
                undefined_.store(true, std::memory_order_relaxed);
                return rule_.min;
            }
            const long double from_tie = distance_to_step(quotient, rule_.rounding);
            if (!function.exact || !(from_tie <= 1e-9L * std::max(1.0L, std::fabs(quotient)))) return saturate_real(quotient);
        }
        const Rational point = Rational(acc) * channel_.scale + channel_.offset;
        if (const std::optional<Rational> exact = function.exact(point)) return rule_(*exact);
        return saturate_real(quotient);
    }

    /// Fails if the function had no value at a point that was asked for.
    Status status() const {
        if (!undefined_.load(std::memory_order_relaxed)) return Ok{};
        return Diagnostic{.reason =
                              "the function has no value (0 / 0, or the root or logarithm of a negative number) for some values that its "
                              "input can take",
                          .help = "limit its input first (Relu, Clip, Max with a constant), or add a small constant to the divisor"};
    }

private:
    std::int64_t saturate_real(long double quotient) const {
        const long double value = rounded(quotient, rule_.rounding) + static_cast<long double>(rule_.zero_point);
        if (value <= static_cast<long double>(rule_.min)) return rule_.min;
        if (value >= static_cast<long double>(rule_.max)) return rule_.max;
        return static_cast<std::int64_t>(value);
    }

    const AccumulatorChannel& channel_;
    const QuantizerRule& rule_;
    long double scale_, offset_, quantizer_scale_;
    mutable std::atomic<bool> undefined_ = false;
};

/// accumulator -> value before rounding
PiecewiseLinear before_rounding(const AccumulatorChannel& channel, const QuantizerRule& rule) {
    PiecewiseLinear function = compose(*channel.function.pieces, PiecewiseLinear::affine(channel.scale, channel.offset));
    for (Line& line : function.lines) {
        line.slope /= rule.scale;
        line.intercept /= rule.scale;
    }
    return function;
}

std::size_t bits(const mpz_class& value) { return mpz_sizeinbase(value.get_mpz_t(), 2); }

__int128 to_int128(const mpz_class& value) {
    const mpz_class magnitude = abs(value);
    const mpz_class high = magnitude >> 64;
    const mpz_class low = magnitude - (high << 64);
    const auto word = static_cast<__int128>((static_cast<unsigned __int128>(high.get_ui()) << 64) | low.get_ui());
    return sgn(value) < 0 ? -word : word;
}

void floor_divide(__int128 numerator, __int128 divisor, __int128& quotient, __int128& remainder) {
    quotient = numerator / divisor;
    remainder = numerator - quotient * divisor;
    if (remainder < 0) {
        remainder += divisor;
        --quotient;
    }
}

void floor_divide(const mpz_class& numerator, const mpz_class& divisor, mpz_class& quotient, mpz_class& remainder) {
    mpz_fdiv_qr(quotient.get_mpz_t(), remainder.get_mpz_t(), numerator.get_mpz_t(), divisor.get_mpz_t());
}

std::int64_t narrow(__int128 value) { return static_cast<std::int64_t>(value); }
std::int64_t narrow(const mpz_class& value) { return value.get_si(); }

/// (slope * acc + intercept) / denominator with slope > 0, rounded and limited to [low, high].
template <class Integer>
struct RisingLine {
    Integer slope, intercept, denominator;
    Rounding rounding;

    std::int64_t at(std::int64_t acc, std::int64_t low, std::int64_t high) const {
        Integer quotient, remainder;
        floor_divide(Integer(slope * Integer(acc) + intercept), denominator, quotient, remainder);
        if (rounding == Rounding::half_even) {
            remainder *= 2;
            const bool odd = quotient % 2 != 0;
            if (remainder > denominator || (remainder == denominator && odd)) quotient += 1;
        } else if (rounding == Rounding::up && remainder != 0) {
            quotient += 1;
        }
        if (quotient <= Integer(low)) return low;
        if (quotient >= Integer(high)) return high;
        return narrow(quotient);
    }

    /// Runs of equal results on [from, to]: first accumulator and result, ascending.
    void runs(std::int64_t from, std::int64_t to, std::int64_t low, std::int64_t high,
              std::vector<std::pair<std::int64_t, std::int64_t>>& out) const {
        const std::int64_t first = at(from, low, high), last = at(to, low, high);
        out.emplace_back(from, first);
        if (first == last) return;
        // The result exceeds k from where 2 * (slope * acc + intercept) passes (2 k + twice) * denominator: strictly where k keeps the tie,
        // which even ones do, with `up` all and with `down` none.
        const int twice = rounding == Rounding::half_even ? 1 : rounding == Rounding::down ? 2 : 0;
        const Integer divisor = slope * 2;
        Integer quotient, remainder, quotient_step, remainder_step;
        floor_divide(Integer((Integer(first) * 2 + twice) * denominator - intercept * 2), divisor, quotient, remainder);
        floor_divide(Integer(denominator * 2), divisor, quotient_step, remainder_step);
        for (std::int64_t k = first; k < last; ++k) {
            const bool keeps_tie = rounding == Rounding::half_even ? k % 2 == 0 : rounding == Rounding::up;
            const std::int64_t position = narrow(quotient) + (keeps_tie || remainder != 0 ? 1 : 0);
            if (out.back().first == position)
                out.back().second = k + 1;
            else
                out.emplace_back(position, k + 1);
            quotient += quotient_step;
            remainder += remainder_step;
            if (remainder >= divisor) {
                remainder -= divisor;
                quotient += 1;
            }
        }
    }
};

/// Appends what a line makes of the accumulators from..to.
void append_line(const Line& line, const QuantizerRule& rule, std::int64_t from, std::int64_t to, StaircaseBuilder& builder) {
    if (sgn(line.slope) == 0) {
        builder.append(from, round_and_saturate(line.intercept, rule));
        return;
    }
    RisingLine<mpz_class> exact{.rounding = rule.rounding};
    mpz_lcm(exact.denominator.get_mpz_t(), line.slope.get_den_mpz_t(), line.intercept.get_den_mpz_t());
    exact.slope = line.slope.get_num() * (exact.denominator / line.slope.get_den());
    exact.intercept = line.intercept.get_num() * (exact.denominator / line.intercept.get_den());
    const bool falling = sgn(line.slope) < 0;
    if (falling) exact.slope = -exact.slope;
    const std::int64_t start = falling ? -to : from, end = falling ? -from : to;
    const std::int64_t low = rule.min - rule.zero_point, high = rule.max - rule.zero_point;

    std::vector<std::pair<std::int64_t, std::int64_t>> runs;
    const std::size_t acc_bits = std::max(bits(mpz_class(from)), bits(mpz_class(to)));
    const std::size_t result_bits = std::max(bits(mpz_class(low)), bits(mpz_class(high)));
    const std::size_t widest = std::max({bits(exact.slope) + acc_bits, bits(exact.intercept), bits(exact.denominator) + result_bits});
    if (widest + 4 < 127)
        RisingLine<__int128>{to_int128(exact.slope), to_int128(exact.intercept), to_int128(exact.denominator), rule.rounding}.runs(
            start, end, low, high, runs);
    else
        exact.runs(start, end, low, high, runs);

    if (!falling) {
        for (const auto& [position, value] : runs) builder.append(position, value + rule.zero_point);
        return;
    }
    // Mirrored: a run that starts at -p ends at p, and the next in ascending order starts just behind it.
    for (std::size_t index = runs.size(); index-- > 0;) {
        const std::int64_t position = index + 1 < runs.size() ? -runs[index + 1].first + 1 : from;
        builder.append(position, runs[index].second + rule.zero_point);
    }
}

Staircase staircase_of_pieces(const AccumulatorChannel& channel, const QuantizerRule& rule) {
    const PiecewiseLinear function = before_rounding(channel, rule);
    StaircaseBuilder builder;
    std::int64_t from = channel.min;
    for (std::size_t piece = 0; piece < function.lines.size() && from <= channel.max; ++piece) {
        std::int64_t to = channel.max;
        if (piece < function.breaks.size()) {
            const Rational& at = function.breaks[piece];
            const mpz_class last = function.belongs_left(piece) ? floor(at) : mpz_class(ceil(at) - 1);
            if (last < mpz_class(from)) continue;
            if (last < mpz_class(to)) to = last.get_si();
        }
        append_line(function.lines[piece], rule, from, to, builder);
        from = to + 1;
    }
    return std::move(builder).take();
}

/// Appends the steps in (from, to] of a rule that rises or falls throughout.
void bisect(const PointEvaluator& rule, std::int64_t from, std::int64_t from_value, std::int64_t to, std::int64_t to_value,
            StaircaseBuilder& builder) {
    if (from_value == to_value) return;
    if (to - from == 1) {
        builder.append(to, to_value);
        return;
    }
    const std::int64_t middle = from + (to - from) / 2;
    const std::int64_t middle_value = rule(middle);
    bisect(rule, from, from_value, middle, middle_value, builder);
    bisect(rule, middle, middle_value, to, to_value, builder);
}

Staircase evaluate_all(const PointEvaluator& rule, std::int64_t min, std::int64_t max) {
    const std::int64_t count = max - min + 1;
    std::vector<std::int64_t> values(static_cast<std::size_t>(count));
    auto fill = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) values[static_cast<std::size_t>(i)] = rule(min + i);
    };
    const std::int64_t threads = count < 65536 ? 1 : std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::thread> workers;
    for (std::int64_t t = 1; t < threads; ++t) workers.emplace_back(fill, count * t / threads, count * (t + 1) / threads);
    fill(0, count / threads);
    for (std::thread& worker : workers) worker.join();
    StaircaseBuilder builder;
    for (std::int64_t i = 0; i < count; ++i) builder.append(min + i, values[static_cast<std::size_t>(i)]);
    return std::move(builder).take();
}

}  // namespace

std::int64_t QuantizerRule::operator()(const Rational& real) const { return round_and_saturate(Rational(real / scale), *this); }

std::int64_t evaluate_rule(const AccumulatorChannel& channel, const QuantizerRule& rule, std::int64_t acc) {
    if (!channel.function.pieces) return PointEvaluator(channel, rule)(acc);
    const Rational real = Rational(acc) * channel.scale + channel.offset;
    return rule((*channel.function.pieces)(real));
}

Result<Staircase> staircase_of(const AccumulatorChannel& channel, const QuantizerRule& rule) {
    assert(channel.min <= channel.max && rule.min <= rule.max && sgn(rule.scale) > 0);
    const std::int64_t range = channel.max - channel.min;
    if (rule.max - rule.min > evaluation_limit && range > evaluation_limit)
        return Diagnostic{.reason = "the quantized output has more than 2^22 values", .help = "quantize it to 16 bits or fewer"};
    if (channel.function.pieces) return staircase_of_pieces(channel, rule);
    const PointEvaluator evaluate(channel, rule);
    if (channel.function.non_decreasing || channel.function.non_increasing) {
        StaircaseBuilder builder;
        const std::int64_t first = evaluate(channel.min);
        builder.append(channel.min, first);
        bisect(evaluate, channel.min, first, channel.max, evaluate(channel.max), builder);
        WEFT_CHECK(evaluate.status());
        return std::move(builder).take();
    }
    if (range >= evaluation_limit)
        return Diagnostic{.reason = "a function that may fall and rise is applied to an accumulator of more than 2^22 values",
                          .help = "put a quantizer of at most 10 bits before the function"};
    Staircase staircase = evaluate_all(evaluate, channel.min, channel.max);
    WEFT_CHECK(evaluate.status());
    return staircase;
}

}  // namespace weft
