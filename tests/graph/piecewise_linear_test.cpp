// piecewise_linear_test.cpp
// Composition of functions with bends and jumps, against the functions one after the other.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/piecewise_linear.h"

#include <gtest/gtest.h>

#include <random>

namespace weft {
namespace {

Rational ratio(long numerator, long denominator) {
    Rational value(numerator, denominator);
    value.canonicalize();
    return value;
}

PiecewiseLinear bent(Rational at, Line below, Line above) { return {{std::move(at)}, {std::move(below), std::move(above)}}; }

/// The thresholds that `x` has reached, counted.
Rational count(const std::vector<Rational>& thresholds, const Rational& x) {
    long reached = 0;
    for (const Rational& threshold : thresholds) reached += x >= threshold ? 1 : 0;
    return Rational(reached);
}

TEST(PiecewiseLinear, StepsCountThresholdsInAnyOrder) {
    const std::vector<Rational> thresholds{Rational(3, 2), Rational(-1), Rational(0), Rational(0), Rational(5)};
    const PiecewiseLinear steps = PiecewiseLinear::steps(thresholds);
    for (int i = -24; i <= 24; ++i) EXPECT_EQ(steps(ratio(i, 4)), count(thresholds, ratio(i, 4))) << i;
    EXPECT_TRUE(steps.is_non_decreasing());
    EXPECT_FALSE(steps.is_non_increasing());
    EXPECT_EQ(PiecewiseLinear::steps({}), PiecewiseLinear::affine(0, 0));
}

TEST(PiecewiseLinear, AFallingArgumentKeepsTheSideOfAJump) {
    // -x >= 2 up to x = -2 itself.
    const PiecewiseLinear function = compose(PiecewiseLinear::steps({2}), PiecewiseLinear::affine(-1, 0));
    EXPECT_EQ(function(Rational(-2)), 1);
    EXPECT_EQ(function(Rational(-199, 100)), 0);
    EXPECT_TRUE(function.is_non_increasing());
    EXPECT_FALSE(function.is_non_decreasing());
    // And twice is once.
    EXPECT_EQ(compose(function, PiecewiseLinear::affine(-1, 0)), PiecewiseLinear::steps({2}));
}

TEST(PiecewiseLinear, AJumpThatIsOnlyTouchedIsASinglePoint) {
    const PiecewiseLinear tent = bent(0, {1, 0}, {-1, 0});
    const PiecewiseLinear function = compose(PiecewiseLinear::steps({0}), tent);
    EXPECT_EQ(function(Rational(0)), 1);
    EXPECT_EQ(function(Rational(1, 1000)), 0);
    EXPECT_EQ(function(Rational(-1, 1000)), 0);
    EXPECT_FALSE(function.is_non_decreasing());
    EXPECT_FALSE(function.is_non_increasing());
}

TEST(PiecewiseLinear, CompositionIsOneAfterTheOther) {
    std::mt19937_64 random(3);
    const auto small = [&](int reach) { return ratio(static_cast<long>(random() % static_cast<unsigned>(2 * reach + 1)) - reach, 2); };
    const auto draw = [&]() -> PiecewiseLinear {
        switch (random() % 6) {
            case 0:
                return PiecewiseLinear::steps({small(8), small(8), small(8)});
            case 1:
                return PiecewiseLinear::affine(small(3), small(4));
            case 2:
                return PiecewiseLinear::clamp(small(6), small(6));
            case 3:
                return bent(0, {small(2), 0}, {small(2), 0});
            case 4:
                return compose(PiecewiseLinear::steps({small(4)}), PiecewiseLinear::affine(-1, small(3)));
            default:
                return compose(PiecewiseLinear::affine(small(3), small(3)), PiecewiseLinear::steps({small(5), small(5)}));
        }
    };
    for (int round = 0; round < 2000; ++round) {
        const PiecewiseLinear first = draw(), second = draw(), third = draw();
        const PiecewiseLinear whole = compose(third, compose(second, first)), other = compose(compose(third, second), first);
        for (int i = -96; i <= 96; ++i) {
            const Rational x = ratio(i, 8), expected = third(second(first(x)));
            ASSERT_EQ(whole(x), expected) << "round " << round << ", x " << x;
            ASSERT_EQ(other(x), expected) << "round " << round << ", x " << x;
        }
        bool rises = true, falls = true;
        for (int i = -96; i < 96; ++i) {
            rises &= whole(ratio(i, 8)) <= whole(ratio(i + 1, 8));
            falls &= whole(ratio(i, 8)) >= whole(ratio(i + 1, 8));
        }
        ASSERT_TRUE(rises || !whole.is_non_decreasing()) << round;
        ASSERT_TRUE(falls || !whole.is_non_increasing()) << round;
    }
}

}  // namespace
}  // namespace weft
