// exact_sum_test.cpp
// Sums that leave as they are: the integers of one grid mean what the accumulators mean.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/exact_sum.h"

#include <gmock/gmock.h>

namespace weft {
namespace {

AccumulatorChannel channel(std::int64_t min, std::int64_t max, Rational scale, Rational offset) {
    return {.min = min, .max = max, .scale = std::move(scale), .offset = std::move(offset)};
}

void expect_same_reals(const std::vector<AccumulatorChannel>& channels, const ExactSum& sum) {
    ASSERT_EQ(sum.type.scale.size(), 1U);
    EXPECT_EQ(sum.type.zero_point, std::vector<std::int64_t>{0});
    for (std::size_t c = 0; c < channels.size(); ++c) {
        for (std::int64_t acc = channels[c].min; acc <= channels[c].max; ++acc) {
            const bool as_it_is = sum.plan.stage.form == RequantizeForm::none;
            const std::int64_t integer = as_it_is ? acc : apply(sum.plan.stage, acc, static_cast<int>(c));
            ASSERT_EQ(Rational(mpz_class(static_cast<long>(integer))) * Rational(sum.type.scale[0]),
                      acc * channels[c].scale + channels[c].offset)
                << "channel " << c << ", acc " << acc;
            ASSERT_GE(integer, sum.type.min);
            ASSERT_LE(integer, sum.type.max);
        }
    }
}

TEST(ExactSum, ScalesAndBiasesOnOneGrid) {
    const std::vector<AccumulatorChannel> channels{channel(-90, 40, Rational(1, 8), Rational(3, 16)), channel(-7, 70, Rational(1, 4), -5),
                                                   channel(0, 0, Rational(1, 2), 0), channel(-20, 20, Rational(-3, 8), Rational(1, 2))};
    const auto sum = plan_exact_sum(channels);
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->type.scale[0], 1.0 / 16);
    EXPECT_EQ(sum->plan.stage.form, RequantizeForm::multiply);
    EXPECT_EQ(sum->plan.stage.shift, 0);
    expect_same_reals(channels, *sum);
}

TEST(ExactSum, NeedsNothingWithoutBiases) {
    const Rational scale = Rational(0.1f) * Rational(0.02f);
    const std::vector<AccumulatorChannel> channels(3, channel(-300, 200, scale, 0));
    const auto sum = plan_exact_sum(channels);
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->plan.stage.form, RequantizeForm::none);
    EXPECT_EQ(sum->type.min, -300);
    EXPECT_EQ(sum->type.max, 200);
    expect_same_reals(channels, *sum);
}

TEST(ExactSum, RefusesWhatNeedsMoreBits) {
    const auto reason = [](std::vector<AccumulatorChannel> channels) {
        const auto sum = plan_exact_sum(channels);
        return sum ? std::string() : sum.error()[0].reason + " | " + sum.error()[0].help;
    };
    constexpr const char* wide =
        "its sums cannot be added before they are quantized: as they are they need more than 24 bits | quantize the inputs of the addition";
    EXPECT_EQ(reason({channel(-(1 << 23), (1 << 23) - 1, 1, 0)}), "");
    EXPECT_EQ(reason({channel(-(1 << 23), 1 << 23, 1, 0)}), wide);
    // A bias in float beside the products of two scales; scales of two channels without a common measure.
    EXPECT_EQ(reason({channel(-90, 90, Rational(0.1f) * Rational(0.02f), Rational(0.1f * 0.02f) * 3)}), wide);
    EXPECT_EQ(reason({channel(-90, 90, Rational(1, 3), 0)}), wide);
    EXPECT_EQ(reason({channel(-90, 90, Rational(0.1f), 0), channel(-90, 90, Rational(0.1234567f), 0)}), wide);
}

}  // namespace
}  // namespace weft
