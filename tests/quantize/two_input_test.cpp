// two_input_test.cpp
// Reduced multipliers of a sum against the rule, pair by pair.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/two_input.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

namespace weft {
namespace {

/// s0 * (x0 - z0) + s1 * (x1 - z1) on the exact grid of both scales.
struct Addition {
    TwoInputSum sum;
    AccumulatorChannel channel;
};

Addition addition(float scale0, float scale1, std::int64_t zero0, std::int64_t zero1, int bits0, int bits1, PiecewiseLinear function) {
    Addition result;
    const Rational s0(scale0), s1(scale1);
    mpz_class denominator, divisor;
    mpz_lcm(denominator.get_mpz_t(), s0.get_den_mpz_t(), s1.get_den_mpz_t());
    const mpz_class k0 = s0.get_num() * (denominator / s0.get_den()), k1 = s1.get_num() * (denominator / s1.get_den());
    mpz_gcd(divisor.get_mpz_t(), k0.get_mpz_t(), k1.get_mpz_t());
    result.sum.k = {mpz_class(k0 / divisor).get_si(), mpz_class(k1 / divisor).get_si()};
    result.sum.min = {-(std::int64_t{1} << (bits0 - 1)), -(std::int64_t{1} << (bits1 - 1))};
    result.sum.max = {-result.sum.min[0] - 1, -result.sum.min[1] - 1};
    result.channel.scale = Rational(divisor, denominator);
    result.channel.scale.canonicalize();
    result.channel.offset = -s0 * zero0 - s1 * zero1;
    result.channel.function.pieces = std::move(function);
    return result;
}

/// Null if no multipliers were found; otherwise checked on every pair.
std::optional<TwoInputPlan> checked(const Addition& addition, const QuantizerRule& rule) {
    auto result = plan_two_inputs(addition.sum, addition.channel, rule);
    EXPECT_TRUE(result);
    if (!result || !*result) return std::nullopt;
    const TwoInputPlan& plan = **result;
    for (std::int64_t x0 = addition.sum.min[0]; x0 <= addition.sum.max[0]; ++x0) {
        for (std::int64_t x1 = addition.sum.min[1]; x1 <= addition.sum.max[1]; ++x1) {
            const std::int64_t value = apply(plan.plan.stage, plan.multipliers[0] * x0 + plan.multipliers[1] * x1, 0);
            const std::int64_t expected = evaluate_rule(addition.channel, rule, addition.sum.k[0] * x0 + addition.sum.k[1] * x1);
            EXPECT_EQ(value, expected) << x0 << ", " << x1 << ": " << plan.plan.why;
            if (value != expected) return std::nullopt;
        }
    }
    return plan;
}

PiecewiseLinear relu() {
    PiecewiseLinear function;
    function.breaks = {0};
    function.lines = {{0, 0}, {1, 0}};
    return function;
}

TEST(TwoInput, RandomScalesEqualTheRuleOnEveryPair) {
    std::mt19937_64 random(7);
    auto uniform = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    for (int round = 0; round < 12; ++round) {
        const int bits0 = 2 + round % 7, bits1 = 8 - round % 3;
        const auto zero = [&](int bits) { return static_cast<std::int64_t>(uniform(-1, 1) * (1 << (bits - 1))); };
        const auto sum = addition(static_cast<float>(std::exp(uniform(-5, -2))), static_cast<float>(std::exp(uniform(-5, -2))), zero(bits0),
                                  zero(bits1), bits0, bits1, round % 2 == 0 ? PiecewiseLinear{} : relu());
        const QuantizerRule rule{
            .scale = Rational(static_cast<float>(std::exp(uniform(-5, -2)))), .zero_point = zero(8), .min = -128, .max = 127};
        const auto plan = checked(sum, rule);
        ASSERT_TRUE(plan) << round;
        EXPECT_EQ(plan->plan.stage.form, RequantizeForm::multiply);
        EXPECT_LE(plan->plan.multiplier_bits, 25) << plan->plan.why;
    }
}

TEST(TwoInput, EqualScales) {
    const auto sum = addition(0.1f, 0.1f, 0, 0, 8, 8, {});
    const QuantizerRule same{.scale = Rational(0.1f), .zero_point = 0, .min = -128, .max = 127};
    const auto plan = checked(sum, same);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->multipliers, (std::array<std::int64_t, 2>{1, 1}));
    // Halving makes a tie of every odd sum.
    const QuantizerRule twice{.scale = Rational(0.1f) * 2, .zero_point = 2, .min = -128, .max = 127};
    const auto halved = checked(sum, twice);
    ASSERT_TRUE(halved);
    EXPECT_EQ(halved->plan.stage.form, RequantizeForm::convergent);
    const QuantizerRule odd{.scale = Rational(0.1f) * 2, .zero_point = 1, .min = -128, .max = 127};
    EXPECT_FALSE(checked(sum, odd));
}

TEST(TwoInput, FloorAndCeiling) {
    for (const Rounding rounding : {Rounding::down, Rounding::up}) {
        const auto sum = addition(0.031f, 0.047f, 3, -9, 6, 7, relu());
        const QuantizerRule rule{.scale = Rational(0.0273f), .zero_point = 5, .min = -128, .max = 127, .rounding = rounding};
        const auto plan = checked(sum, rule);
        ASSERT_TRUE(plan);
        EXPECT_EQ(plan->plan.stage.form, RequantizeForm::multiply);
        // Halving: a shift, which rounds down by itself.
        const auto halves = addition(0.125f, 0.25f, 0, 0, 8, 8, {});
        const auto halved = checked(halves, {.scale = Rational(1, 2), .zero_point = 1, .min = -128, .max = 127, .rounding = rounding});
        ASSERT_TRUE(halved);
        EXPECT_EQ(halved->plan.stage.form, RequantizeForm::multiply);
    }
}

TEST(TwoInput, DifferencesAndFallingFunctions) {
    auto difference = addition(0.031f, 0.047f, 3, -9, 6, 7, relu());
    difference.sum.k[1] = -difference.sum.k[1];
    const QuantizerRule rule{.scale = Rational(0.0273f), .zero_point = -5, .min = -128, .max = 127};
    EXPECT_TRUE(checked(difference, rule));
    const auto falling = addition(0.031f, 0.047f, 3, -9, 6, 7, PiecewiseLinear::affine(-1, Rational(1, 3)));
    EXPECT_TRUE(checked(falling, rule));
}

TEST(TwoInput, AConstantResult) {
    const auto sum = addition(0.001f, 0.0017f, 0, 0, 4, 4, {});
    const QuantizerRule rule{.scale = 1, .zero_point = 7, .min = -128, .max = 127};
    EXPECT_TRUE(checked(sum, rule));
}

TEST(TwoInput, ABentFunctionIsLeftToTheWideAccumulator) {
    PiecewiseLinear leaky = relu();
    leaky.lines[0].slope = Rational(0.1f);
    const auto sum = addition(0.03f, 0.05f, 0, 0, 8, 8, leaky);
    EXPECT_FALSE(checked(sum, {.scale = Rational(0.02f), .zero_point = 0, .min = -128, .max = 127}));
}

TEST(TwoInput, EightByEightBitsTakeMilliseconds) {
    const auto sum = addition(0.0231f, 0.0477f, -128, 3, 8, 8, relu());
    const QuantizerRule rule{.scale = Rational(0.0391f), .zero_point = -128, .min = -128, .max = 127};
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(plan_two_inputs(sum.sum, sum.channel, rule));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    RecordProperty("microseconds", static_cast<int>(seconds.count() * 1e6));
    EXPECT_LT(seconds.count(), 0.5);
}

}  // namespace
}  // namespace weft
