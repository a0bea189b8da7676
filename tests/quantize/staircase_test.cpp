// staircase_test.cpp
// Exact steps and every hardware form against the rule, point by point.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/staircase.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "src/design/stage_multiply.h"

namespace weft {
namespace {

PiecewiseLinear leaky(const Rational& slope) {
    PiecewiseLinear function;
    function.breaks = {0};
    function.lines = {{slope, 0}, {1, 0}};
    return function;
}

PiecewiseLinear relu() { return leaky(0); }
PiecewiseLinear absolute() { return leaky(-1); }

AccumulatorChannel channel(std::int64_t min, std::int64_t max, Rational scale, Rational offset, PiecewiseLinear pieces) {
    AccumulatorChannel result{.min = min, .max = max, .scale = std::move(scale), .offset = std::move(offset), .function = {}};
    result.function.pieces = std::move(pieces);
    return result;
}

QuantizerRule rule_of_bits(int bits, Rational scale, std::int64_t zero_point) {
    return {.scale = std::move(scale),
            .zero_point = zero_point,
            .min = -(std::int64_t{1} << (bits - 1)),
            .max = (std::int64_t{1} << (bits - 1)) - 1};
}

std::int64_t staircase_at(const Staircase& staircase, std::int64_t acc) {
    std::size_t passed = 0;
    while (passed < staircase.positions.size() && staircase.positions[passed] <= acc) ++passed;
    return staircase.values[passed];
}

/// Well-formed, and equal to the rule at every accumulator.
void expect_exact(const AccumulatorChannel& channel, const QuantizerRule& rule) {
    const auto staircase = staircase_of(channel, rule);
    ASSERT_TRUE(staircase);
    ASSERT_EQ(staircase->values.size(), staircase->positions.size() + 1);
    for (std::size_t i = 0; i < staircase->positions.size(); ++i) {
        ASSERT_NE(staircase->values[i], staircase->values[i + 1]);
        ASSERT_GT(staircase->positions[i], i > 0 ? staircase->positions[i - 1] : channel.min);
        ASSERT_LE(staircase->positions[i], channel.max);
    }
    std::size_t run = 0;
    for (std::int64_t acc = channel.min; acc <= channel.max; ++acc) {
        if (run < staircase->positions.size() && staircase->positions[run] == acc) ++run;
        ASSERT_EQ(staircase->values[run], evaluate_rule(channel, rule, acc)) << "acc " << acc;
    }
}

/// The planned stage equals the rule at every accumulator of every channel.
RequantizePlan expect_plan(const std::vector<AccumulatorChannel>& channels, const QuantizerRule& rule,
                           const RequantizeOptions& options = {}) {
    auto plan = plan_requantize(channels, rule, false, options);
    EXPECT_TRUE(plan);
    if (!plan) return {};
    const Requantize& stage = plan->stage;
    EXPECT_EQ(stage.channels, static_cast<int>(channels.size()));
    for (std::size_t c = 0; c < channels.size(); ++c) {
        for (std::int64_t acc = channels[c].min; acc <= channels[c].max; ++acc) {
            const std::int64_t value = apply(stage, acc, static_cast<int>(c));
            const std::int64_t expected = evaluate_rule(channels[c], rule, acc);
            EXPECT_EQ(value, expected) << plan->why << ", channel " << c << ", acc " << acc;
            EXPECT_GE(value, stage.out_min);
            EXPECT_LE(value, stage.out_max);
            if (value != expected) return *std::move(plan);
        }
    }
    for (const std::int64_t m : stage.multiplier) EXPECT_LT(std::abs(m), std::int64_t{1} << 34);
    for (const std::int64_t b : stage.addend) EXPECT_LT(std::abs(b), std::int64_t{1} << 62);
    return *std::move(plan);
}

TEST(Staircase, HalvesGoToTheEvenSide) {
    const auto staircase = staircase_of(channel(-6, 6, Rational(1, 2), 0, {}), rule_of_bits(8, 1, 0));
    ASSERT_TRUE(staircase);
    for (const auto& [acc, value] : std::vector<std::pair<int, int>>{{-6, -3}, {-5, -2}, {-3, -2}, {-1, 0}, {1, 0}, {3, 2}, {5, 2}, {6, 3}})
        EXPECT_EQ(staircase_at(*staircase, acc), value) << acc;
}

TEST(Staircase, TheTieIsDecidedBeforeTheZeroPointIsAdded) {
    const auto staircase = staircase_of(channel(-6, 6, Rational(1, 2), 0, {}), rule_of_bits(8, 1, 1));
    ASSERT_TRUE(staircase);
    EXPECT_EQ(staircase_at(*staircase, 1), 1);
    EXPECT_EQ(staircase_at(*staircase, 3), 3);
}

TEST(Staircase, PiecesEqualTheRuleEverywhere) {
    std::mt19937_64 random(1);
    auto uniform = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    const std::vector<PiecewiseLinear> functions = {
        {},
        relu(),
        leaky(Rational(0.01f)),
        absolute(),
        PiecewiseLinear::clamp(0, 6),
        PiecewiseLinear::clamp(Rational(-1, 2), Rational(3, 4)),
        PiecewiseLinear::affine(-1, Rational(1, 3)),
        PiecewiseLinear::affine(0, 2),
        compose(PiecewiseLinear::clamp(0, 1), PiecewiseLinear::affine(Rational(1, 6), Rational(1, 2)))};
    for (int round = 0; round < 400; ++round) {
        const int bits = 1 + round % 16;
        const double reach = std::exp(uniform(0, 8));
        const auto min = static_cast<std::int64_t>(-reach * uniform(0, 1)), max = min + static_cast<std::int64_t>(reach) + 1;
        // From constant results to several output values an accumulator.
        const Rational scale = round % 3 == 0 ? Rational(1, 1 << (round % 11)) : Rational(static_cast<float>(std::exp(uniform(-12, 3))));
        const Rational offset = round % 3 == 0 ? Rational(round % 5, 4) : Rational(static_cast<float>(uniform(-2, 2)));
        const Rational quantizer = round % 2 == 0 ? Rational(1, 1 << (round % 7)) : Rational(static_cast<float>(std::exp(uniform(-9, 1))));
        const auto zero_point = static_cast<std::int64_t>(uniform(-1, 1) * (1 << (bits - 1)));
        SCOPED_TRACE(round);
        expect_exact(channel(min, max, round % 7 == 0 ? Rational(-scale) : scale, offset,
                             functions[static_cast<std::size_t>(round) % functions.size()]),
                     rule_of_bits(bits, quantizer, zero_point));
        if (HasFatalFailure()) return;
    }
}

TEST(Staircase, ScalesBeyondNativeWordsAreExact) {
    const Rational tiny = Rational(1.17549435e-38f) * Rational(1.0000001f) * Rational(1.0000002f);
    expect_exact(channel(-3000, 3000, tiny, 0, relu()), rule_of_bits(8, tiny * 20, 3));
    expect_exact(channel(-3000, 3000, tiny, 0, {}), rule_of_bits(8, 1, 3));
    expect_exact(channel(-3000, 3000, 1, Rational(1, 3) + tiny, leaky(Rational(0.2f))), rule_of_bits(8, Rational(17.3f), -3));
    expect_exact(channel(-3000, 3000, Rational(3.0e38f), 0, {}), rule_of_bits(8, Rational(1e-3f), 0));
}

TEST(Staircase, AccumulatorsOfThirtyBits) {
    const std::int64_t reach = std::int64_t{1} << 30;
    const auto wide = channel(-reach, reach, Rational(3.1e-9f), Rational(0.1f), {});
    const auto rule = rule_of_bits(8, Rational(0.031f), 7);
    const auto staircase = staircase_of(wide, rule);
    ASSERT_TRUE(staircase);
    EXPECT_GT(staircase->positions.size(), 200u);
    for (std::size_t i = 0; i < staircase->positions.size(); ++i) {
        EXPECT_EQ(evaluate_rule(wide, rule, staircase->positions[i]), staircase->values[i + 1]);
        EXPECT_EQ(evaluate_rule(wide, rule, staircase->positions[i] - 1), staircase->values[i]);
    }
}

TEST(Staircase, FunctionsWithoutPieces) {
    AccumulatorChannel sigmoid = channel(-4000, 4000, Rational(0.002f), Rational(0.1f), {});
    sigmoid.function = {.pieces = {}, .exact = {}, .real = [](long double x) { return 1 / (1 + std::exp(-x)); }, .non_decreasing = true};
    expect_exact(sigmoid, rule_of_bits(8, Rational(1, 256), -128));
    sigmoid.function.non_decreasing = false;
    expect_exact(sigmoid, rule_of_bits(8, Rational(1, 256), -128));

    AccumulatorChannel hard_swish = channel(-4000, 4000, Rational(1, 512), 0, {});
    auto exact = [](const Rational& x) -> std::optional<Rational> {
        const Rational gate = x / 6 + Rational(1, 2);
        return x * (gate < 0 ? Rational(0) : gate > 1 ? Rational(1) : gate);
    };
    auto real = [](long double x) { return x * std::fmin(1.0L, std::fmax(0.0L, x / 6 + 0.5L)); };
    hard_swish.function = {.pieces = {}, .exact = exact, .real = {}, .non_decreasing = false};
    const auto rule = rule_of_bits(8, Rational(1, 64), -100);
    expect_exact(hard_swish, rule);
    const auto by_exact = staircase_of(hard_swish, rule);
    hard_swish.function.real = real;
    const auto by_both = staircase_of(hard_swish, rule);
    ASSERT_TRUE(by_exact && by_both);
    EXPECT_EQ(*by_exact, *by_both);
    EXPECT_FALSE(std::ranges::is_sorted(by_exact->values));
}

TEST(Staircase, RefusesAFunctionThatMustBeEvaluatedTooOften) {
    AccumulatorChannel wide = channel(-(1 << 22), 1 << 22, Rational(1, 4096), 0, {});
    wide.function = {.pieces = {}, .exact = {}, .real = [](long double x) { return std::sin(x); }, .non_decreasing = false};
    const auto staircase = staircase_of(wide, rule_of_bits(8, Rational(1, 128), 0));
    ASSERT_FALSE(staircase);
    EXPECT_NE(staircase.error()[0].reason.find("2^22"), std::string::npos);
    const auto fine = staircase_of(channel(0, 1 << 23, Rational(1), Rational(0), relu()), rule_of_bits(24, Rational(1), 0));
    ASSERT_FALSE(fine);
    EXPECT_EQ(fine.error()[0].reason, "the quantized output has more than 2^22 values");
    EXPECT_EQ(fine.error()[0].help, "quantize it to 16 bits or fewer");
}

/// floor or ceiling of slope * acc + intercept in whole numbers, moved and limited.
std::int64_t plainly_rounded(const Rational& slope, const Rational& intercept, std::int64_t acc, const QuantizerRule& rule) {
    const Rational value = (slope * acc + intercept) / rule.scale;
    const long numerator = value.get_num().get_si(), denominator = value.get_den().get_si();
    long quotient = numerator / denominator;
    if (rule.rounding == Rounding::down && numerator < 0 && numerator % denominator != 0) --quotient;
    if (rule.rounding == Rounding::up && numerator > 0 && numerator % denominator != 0) ++quotient;
    return std::clamp(quotient + rule.zero_point, rule.min, rule.max);
}

TEST(Staircase, FloorAndCeilingOfStraightLines) {
    std::mt19937_64 random(11);
    const auto whole = [&](int low, int high) { return low + static_cast<long>(random() % static_cast<unsigned>(high - low + 1)); };
    for (int round = 0; round < 600; ++round) {
        Rational slope(whole(-7, 7), whole(1, 12)), intercept(whole(-30, 30), whole(1, 9)), scale(whole(1, 6), whole(1, 4));
        for (Rational* value : {&scale, &slope, &intercept}) value->canonicalize();
        QuantizerRule rule = rule_of_bits(1 + round % 8, scale, whole(-5, 5));
        rule.rounding = round % 2 == 0 ? Rounding::down : Rounding::up;
        const auto line = channel(-90, 110, 1, 0, PiecewiseLinear::affine(slope, intercept));
        const auto staircase = staircase_of(line, rule);
        ASSERT_TRUE(staircase);
        for (std::int64_t acc = line.min; acc <= line.max; ++acc)
            ASSERT_EQ(staircase_at(*staircase, acc), plainly_rounded(slope, intercept, acc, rule)) << "round " << round << ", acc " << acc;
        expect_plan({line}, rule, {.table_limit = 0});
        expect_plan({line}, rule);
        if (HasFailure()) return;
    }
}

TEST(Staircase, FloorAndCeilingBehindFunctions) {
    std::mt19937_64 random(12);
    auto uniform = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    const std::vector<PiecewiseLinear> functions = {relu(), leaky(Rational(0.01f)), absolute(), PiecewiseLinear::clamp(0, 6)};
    for (int round = 0; round < 120; ++round) {
        QuantizerRule rule =
            rule_of_bits(2 + round % 7, round % 3 == 0 ? Rational(1, 4) : Rational(static_cast<float>(uniform(0.05, 1))), round % 5);
        rule.rounding = round % 2 == 0 ? Rounding::down : Rounding::up;
        const Rational scale = round % 4 == 0 ? Rational(1, 16) : Rational(static_cast<float>(uniform(0.001, 0.1)));
        const auto whole = channel(-700, 900, scale, Rational(round % 3), functions[static_cast<std::size_t>(round) % functions.size()]);
        SCOPED_TRACE(round);
        expect_exact(whole, rule);
        expect_plan({whole}, rule, {.table_limit = 0});
        // The same function, point by point.
        AccumulatorChannel points = whole;
        points.function.pieces.reset();
        points.function.exact = [pieces = *whole.function.pieces](const Rational& x) { return std::optional(pieces(x)); };
        points.function.real = [pieces = *whole.function.pieces](long double x) {
            return to_long_double(pieces(Rational(static_cast<double>(x))));
        };
        const auto solved = staircase_of(whole, rule), searched = staircase_of(points, rule);
        ASSERT_TRUE(solved && searched);
        EXPECT_EQ(*solved, *searched);
        if (HasFailure()) return;
    }
}

TEST(Staircase, AnIntegerIsTheTieOfAFloor) {
    QuantizerRule rule = rule_of_bits(8, 1, 0);
    rule.rounding = Rounding::down;
    const auto floor = staircase_of(channel(-8, 8, Rational(1, 4), 0, {}), rule);
    rule.rounding = Rounding::up;
    const auto ceiling = staircase_of(channel(-8, 8, Rational(1, 4), 0, {}), rule);
    ASSERT_TRUE(floor && ceiling);
    EXPECT_EQ(floor->positions, (std::vector<std::int64_t>{-4, 0, 4, 8}));
    EXPECT_EQ(ceiling->positions, (std::vector<std::int64_t>{-7, -3, 1, 5}));
}

TEST(Staircase, ThresholdsAreReachedFromBothSides) {
    const std::vector<Rational> thresholds{Rational(-3), Rational(1, 2), Rational(7, 3), 4};
    for (const int sign : {1, -1}) {
        const auto counted =
            channel(-40, 40, Rational(1, 6), 0, compose(PiecewiseLinear::steps(thresholds), PiecewiseLinear::affine(sign, 0)));
        const auto rule = rule_of_bits(8, Rational(1, 2), -4);
        const auto staircase = staircase_of(counted, rule);
        ASSERT_TRUE(staircase);
        for (std::int64_t acc = -40; acc <= 40; ++acc) {
            std::int64_t reached = 0;
            for (const Rational& threshold : thresholds) reached += sign * acc >= threshold * 6 ? 1 : 0;
            ASSERT_EQ(staircase_at(*staircase, acc), 2 * reached - 4) << acc;
        }
        const auto plan = expect_plan({counted}, rule, {.table_limit = 0});
        EXPECT_EQ(plan.stage.out_min, -4);
        EXPECT_EQ(plan.stage.out_max, 4);
    }
}

TEST(Staircase, AFunctionWithJumpsIsDecidedExactly) {
    // floor(x / 0.1f) of x = 0.1f * acc is acc, whatever a quotient in floating point says.
    const Rational tenth(0.1f);
    AccumulatorChannel floored = channel(-3000000, 3000000, tenth, 0, {});
    floored.function = {.pieces = {},
                        .exact = [&](const Rational& x) { return std::optional(Rational(floor(Rational(x / tenth)))); },
                        .real = [](long double x) { return std::floor(x / 0.1000000014901161193848L); },
                        .non_decreasing = true,
                        .jumps = true};
    const auto staircase = staircase_of(floored, rule_of_bits(8, 1, 0));
    ASSERT_TRUE(staircase);
    ASSERT_EQ(staircase->positions.size(), 255u);
    for (std::size_t i = 0; i < 255; ++i) EXPECT_EQ(staircase->positions[i], static_cast<std::int64_t>(i) - 127);
}

TEST(Staircase, AFallingFunctionWithoutPiecesIsBisected) {
    AccumulatorChannel falling = channel(-(1 << 23), 1 << 23, Rational(1, 1 << 20), 0, {});
    falling.function = {.pieces = {}, .exact = {}, .real = [](long double x) { return -std::tanh(x); }, .non_increasing = true};
    const auto staircase = staircase_of(falling, rule_of_bits(8, Rational(1, 100), 0));
    ASSERT_TRUE(staircase);
    EXPECT_EQ(staircase->values.front(), 100);
    EXPECT_EQ(staircase->values.back(), -100);
    for (std::size_t i = 0; i < staircase->positions.size(); ++i) EXPECT_EQ(staircase->values[i] - 1, staircase->values[i + 1]);
}

TEST(Requantize, RandomLayersEqualTheRuleEverywhere) {
    std::mt19937_64 random(2);
    auto uniform = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    int multiplies = 0;
    for (int round = 0; round < 60; ++round) {
        const int bits = 1 + round % 8;
        const double scale_x = uniform(0.01, 0.1), scale_y = uniform(0.02, 0.2);
        const bool falling = round % 5 == 4;
        const PiecewiseLinear clip = PiecewiseLinear::clamp(0, Rational(static_cast<float>(scale_y * 0.7 * std::exp2(bits - 1))));
        const PiecewiseLinear function = round % 3 == 0 ? relu() : round % 3 == 1 ? PiecewiseLinear{} : clip;
        std::vector<AccumulatorChannel> channels;
        for (int c = 0; c < 5; ++c) {
            const double reach = std::exp(uniform(5, 9.5)), scale_w = scale_y / scale_x * std::exp2(bits) / reach * uniform(0.3, 3);
            Rational scale = Rational(static_cast<float>(scale_x)) * Rational(static_cast<float>(scale_w));
            if (falling && c % 2 == 0) scale = -scale;
            channels.push_back(channel(static_cast<std::int64_t>(-reach), static_cast<std::int64_t>(reach * uniform(0, 1)), scale,
                                       Rational(static_cast<float>(scale_y * uniform(-10, 10))), function));
        }
        const auto zero_point = static_cast<std::int64_t>(uniform(-1, 1) * (1 << (bits - 1)));
        const auto plan = expect_plan(channels, rule_of_bits(bits, Rational(static_cast<float>(scale_y)), zero_point), {.table_limit = 0});
        if (HasFailure()) return;
        multiplies += plan.stage.form == RequantizeForm::multiply ? 1 : 0;
    }
    EXPECT_EQ(multiplies, 60);
}

TEST(Requantize, SixteenBitOutputs) {
    const auto plan = expect_plan({channel(-200000, 200000, Rational(0.0123f), Rational(3.3f), {})}, rule_of_bits(16, Rational(0.1017f), 5),
                                  {.table_limit = 0});
    EXPECT_EQ(plan.stage.form, RequantizeForm::multiply);
}

TEST(Requantize, PowersOfTwoNeedTheTieFix) {
    for (const int channels : {1, 3}) {
        std::vector<AccumulatorChannel> layer;
        for (int c = 0; c < channels; ++c)
            layer.push_back(channel(-9000, 9000, Rational(1, 1 << (5 + c)), Rational(c, 2), c == 1 ? relu() : PiecewiseLinear{}));
        const auto plan = expect_plan(layer, rule_of_bits(8, 1, -2), {.table_limit = 0});
        EXPECT_EQ(plan.stage.form, RequantizeForm::convergent);
        EXPECT_TRUE(plan.one_dsp);
    }
}

TEST(Requantize, TiesBesideChannelsWithout) {
    const std::vector<AccumulatorChannel> layer = {
        channel(-9000, 9000, Rational(1, 64), 0, {}), channel(-9000, 9000, Rational(0.0117f), Rational(0.3f), relu()),
        channel(-50, 50, Rational(1, 65536), Rational(0.3f), {}), channel(-9000, 9000, Rational(1, 64), Rational(0.000123f), {})};
    EXPECT_EQ(expect_plan(layer, rule_of_bits(8, 1, 4), {.table_limit = 0}).stage.form, RequantizeForm::convergent);
    // An odd zero point turns ties to the odd side, which the fix cannot.
    EXPECT_EQ(expect_plan(layer, rule_of_bits(8, 1, 5), {.table_limit = 0}).stage.form, RequantizeForm::thresholds);
}

TEST(Requantize, TiesAtASlopeWithoutFiniteBinaryExpansion) {
    const std::vector<AccumulatorChannel> layer = {channel(-3000, 3000, Rational(1, 6), 0, {})};
    EXPECT_EQ(expect_plan(layer, rule_of_bits(8, 1, 0), {.table_limit = 0}).stage.form, RequantizeForm::thresholds);
    EXPECT_EQ(expect_plan(layer, rule_of_bits(8, 1, 0), {.table_limit = 10000}).stage.form, RequantizeForm::table);
}

TEST(Requantize, FunctionsBecomeTablesOrThresholds) {
    AccumulatorChannel tanh = channel(-128, 127, Rational(0.03f), 0, {});
    tanh.function = {.pieces = {}, .exact = {}, .real = [](long double x) { return std::tanh(x); }, .non_decreasing = true};
    const auto table = expect_plan({tanh, tanh}, rule_of_bits(8, Rational(1, 128), 0));
    EXPECT_EQ(table.stage.form, RequantizeForm::table);
    EXPECT_EQ(table.stage.values.size(), 256u);
    EXPECT_EQ(table.why, "table: 256 accumulator values, one table for all channels");

    const std::vector<AccumulatorChannel> layer = {channel(-20000, 20000, Rational(0.01f), 0, absolute()),
                                                   channel(-3, 3, Rational(0.01f), Rational(0.7f), absolute()),
                                                   channel(-900, 20000, Rational(0.02f), 0, leaky(Rational(0.1f)))};
    const auto thresholds = expect_plan(layer, rule_of_bits(4, 5, -8));
    EXPECT_EQ(thresholds.stage.form, RequantizeForm::thresholds);
    EXPECT_EQ(thresholds.stage.thresholds.size(), 3u * static_cast<std::size_t>(thresholds.stage.steps));
}

TEST(Requantize, FewOutputsMayUseThresholds) {
    const std::vector<AccumulatorChannel> layer = {channel(-2000, 2000, Rational(0.001f), 0, {})};
    EXPECT_EQ(expect_plan(layer, rule_of_bits(2, 1, 0), {.table_limit = 0, .threshold_limit = 4}).stage.form, RequantizeForm::thresholds);
    EXPECT_EQ(expect_plan(layer, rule_of_bits(2, 1, 0), {.table_limit = 0}).stage.form, RequantizeForm::multiply);
}

TEST(Requantize, ConstantChannels) {
    const auto rule = rule_of_bits(8, Rational(0.1f), 3);
    const std::vector<AccumulatorChannel> layer = {channel(-5000, 5000, Rational(0.001f), 0, PiecewiseLinear::affine(0, Rational(0.42f))),
                                                   channel(0, 0, Rational(0.02f), Rational(0.7f), relu()),
                                                   channel(-5000, 5000, Rational(0.00103f), Rational(-9.0f), relu()),
                                                   channel(-5000, 5000, Rational(0.0017f), Rational(0.2f), relu())};
    EXPECT_EQ(expect_plan(layer, rule).stage.form, RequantizeForm::multiply);
    EXPECT_EQ(expect_plan({layer[0]}, rule).stage.multiplier, std::vector<std::int64_t>{0});
}

TEST(Requantize, EqualChannelsShareTheirConstants) {
    const auto one = channel(-5000, 5000, Rational(0.00103f), Rational(0.2f), PiecewiseLinear::clamp(0, 6));
    const auto plan = expect_plan({one, one, one}, rule_of_bits(8, Rational(0.1f), -128));
    EXPECT_EQ(plan.stage.form, RequantizeForm::multiply);
    for (const auto* values : {&plan.stage.multiplier, &plan.stage.addend, &plan.stage.low, &plan.stage.high})
        EXPECT_EQ(values->size(), 1u);
    EXPECT_EQ(plan.stage.low[0], -128);
    EXPECT_EQ(plan.stage.high[0], -68);
}

TEST(Requantize, IdentityNeedsNoStage) {
    const std::vector<AccumulatorChannel> layer = {channel(-128, 127, Rational(0.1f), 0, {})};
    const auto plan = plan_requantize(layer, rule_of_bits(8, Rational(0.1f), 0), true);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->stage.form, RequantizeForm::none);
    EXPECT_EQ(expect_plan(layer, rule_of_bits(8, Rational(0.1f), 0)).stage.form, RequantizeForm::multiply);
    const auto shifted = plan_requantize(layer, rule_of_bits(8, Rational(0.1f), 1), true);
    ASSERT_TRUE(shifted);
    EXPECT_NE(shifted->stage.form, RequantizeForm::none);
}

/// Layers as a trained network has them: 8 bits, per-channel scales, accumulators of 17 to 27 bits.
std::vector<AccumulatorChannel> trained_layer(std::mt19937_64& random, int channels, int fan_in, float scale_x, float scale_y) {
    auto uniform = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    std::vector<AccumulatorChannel> layer;
    for (int c = 0; c < channels; ++c) {
        const auto reach = static_cast<std::int64_t>(fan_in * 128.0 * uniform(30, 60));
        const auto scale_w = static_cast<float>(scale_y * 255 / scale_x / (std::sqrt(fan_in) * 75 * 40 * uniform(2, 6)));
        layer.push_back(channel(-reach, reach, Rational(scale_x) * Rational(scale_w),
                                Rational(static_cast<float>(scale_y * uniform(-40, 40))), relu()));
    }
    return layer;
}

TEST(Requantize, WidthsOfTrainedLayers) {
    std::mt19937_64 random(3);
    const auto layer = trained_layer(random, 64, 576, 0.0231f, 0.0517f);
    const auto plan = plan_requantize(layer, rule_of_bits(8, Rational(0.0517f), -128), true);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->stage.form, RequantizeForm::multiply);
    EXPECT_LE(plan->multiplier_bits, 29) << plan->why;
    EXPECT_GE(plan->multiplier_bits, 18) << plan->why;
    EXPECT_FALSE(plan->one_dsp);
}

TEST(Requantize, ALongMultiplierOfShortSumsTakesOneDsp) {
    // The sums go to the narrow port then, and no table is worth it.
    std::mt19937_64 random(6);
    int long_ones = 0;
    for (int layer = 0; layer < 400; ++layer) {
        const Rational scale(std::uniform_real_distribution<float>(2, 3)(random));
        // Beside a steep channel one that takes 900 sums from a step to the next: both have the same shift.
        const std::vector<AccumulatorChannel> channels{channel(-480, 500, scale, Rational(0.173f), {}),
                                                       channel(-480, 500, Rational(Rational(1.01f) / 900), Rational(0.01f), {})};
        const auto plan = plan_requantize(channels, rule_of_bits(8, Rational(1.01f), 3), true);
        ASSERT_TRUE(plan);
        if (plan->stage.form != RequantizeForm::multiply) continue;
        EXPECT_EQ(plan->one_dsp, plan_stage_multiply(plan->stage, dsp48e2).dsp() == 1);
        if (plan->multiplier_bits <= 18) continue;
        EXPECT_TRUE(plan->one_dsp) << plan->why;
        ++long_ones;
    }
    EXPECT_GT(long_ones, 0);
}

TEST(Requantize, SwitchedOffChannelsDoNotCostTheLayerItsMultipliers) {
    std::mt19937_64 random(5);
    auto layer = trained_layer(random, 16, 9, 0.0231f, 0.0517f);
    // Constant, a single step, and steps so fine that the layer's shift passes 34 bits.
    layer.push_back(channel(0, 0, Rational(1), Rational(-3), relu()));
    layer.push_back(channel(-9000, 9000, Rational(1e-6f), Rational(0.02f), relu()));
    layer.push_back(channel(-300000, 300000, Rational(3e-7f), Rational(0.01f), relu()));
    const auto plan = plan_requantize(layer, rule_of_bits(8, Rational(0.0517f), -128), true);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->stage.form, RequantizeForm::multiply) << plan->why;
}

TEST(Requantize, RefusesMoreThresholdsThanHardwareHolds) {
    // No multiplier is this staircase, and no table holds so many accumulators.
    AccumulatorChannel jagged{.min = 0, .max = 1 << 20};
    jagged.steps.emplace();
    for (std::int64_t acc = 0; acc <= jagged.max; ++acc) {
        if (acc > 0) jagged.steps->positions.push_back(acc);
        jagged.steps->values.push_back(acc % 2);
    }
    AccumulatorChannel constant{.min = 0, .max = 1 << 20};
    constant.steps = Staircase{{}, {0}};
    std::vector<AccumulatorChannel> channels{jagged};
    channels.resize(16, constant);
    const auto plan = plan_requantize(channels, rule_of_bits(16, Rational(1), 0), false);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error()[0].reason, "the requantization needs 1,048,577 thresholds in each of 16 channels");
    EXPECT_EQ(plan.error()[0].help, "quantize the output to fewer bits");
}

TEST(Requantize, ANetworkOfThreeThousandChannelsIsPlannedInMoments) {
    std::mt19937_64 random(4);
    std::vector<std::vector<AccumulatorChannel>> layers;
    for (int layer = 0; layer < 30; ++layer) layers.push_back(trained_layer(random, 100, layer % 2 == 0 ? 9 : 128, 0.0231f, 0.0517f));
    const auto start = std::chrono::steady_clock::now();
    for (const auto& layer : layers) ASSERT_TRUE(plan_requantize(layer, rule_of_bits(8, Rational(0.0517f), -128), true));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    RecordProperty("milliseconds", static_cast<int>(seconds.count() * 1000));
    EXPECT_LT(seconds.count(), 10.0);
}

}  // namespace
}  // namespace weft
