// calibrate_test.cpp
// Types from observed ranges, and scales of weights.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/calibrate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace weft {
namespace {

std::vector<float> normal_values(std::size_t count, double deviation, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, static_cast<float>(deviation));
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
}

double error_of(std::span<const float> values, const IntegerType& type) {
    double sum = 0;
    for (const float value : values) {
        const double zero = static_cast<double>(type.zero_point[0]);
        const double integer =
            std::clamp(std::nearbyint(value / type.scale[0]) + zero, static_cast<double>(type.min), static_cast<double>(type.max));
        sum += std::pow(value - (integer - zero) * type.scale[0], 2);
    }
    return sum;
}

TEST(Calibrate, ActivationTypesReachTheRangeAndHaveZero) {
    const IntegerType positive = activation_type(0, 25.5, 8);
    EXPECT_EQ(positive.min, -128);
    EXPECT_EQ(positive.max, 127);
    EXPECT_EQ(positive.zero_point[0], -128);
    EXPECT_EQ(positive.scale[0], static_cast<double>(static_cast<float>(0.1)));
    EXPECT_EQ(activation_type(3, 25.5, 8), positive);
    EXPECT_EQ(activation_type(-25.5, 0, 8).zero_point[0], 127);
    const IntegerType mixed = activation_type(-1, 3, 4);
    EXPECT_EQ(mixed.bits(), 4);
    EXPECT_EQ(mixed.zero_point[0], -4);
    const IntegerType one = activation_type(0, 2, 1);
    EXPECT_EQ(one.min, -1);
    EXPECT_EQ(one.max, 0);
    EXPECT_EQ(one.scale[0], 2);
}

TEST(Calibrate, ScalesAreNormalFloats) {
    for (const double reach : {0.0, 1e-300, 1e-42, 1e-20, 1.0, 1e30, 1e300}) {
        const IntegerType type = activation_type(-reach, reach, 8);
        const auto scale = static_cast<float>(type.scale[0]);
        EXPECT_TRUE(std::isnormal(scale)) << reach;
        EXPECT_EQ(static_cast<double>(scale), type.scale[0]);
        EXPECT_TRUE(std::isnormal(scale * scale)) << reach;
    }
}

TEST(Calibrate, TheShorterRangeOfLeastErrorIsFound) {
    std::vector<float> values = normal_values(20000, 1, 1);
    values.push_back(40);
    ObservedRange range;
    range.observe(values);
    Histogram histogram(range);
    histogram.observe(values);
    for (const int bits : {3, 4, 6}) {
        const IntegerType whole = activation_type(range, &histogram, bits, CalibrationMethod::min_max);
        const IntegerType best = activation_type(range, &histogram, bits, CalibrationMethod::mse);
        EXPECT_LT(error_of(values, best), 0.7 * error_of(values, whole)) << bits;
        EXPECT_NEAR(histogram.squared_error(best), error_of(values, best), 0.05 * error_of(values, best)) << bits;
    }
}

TEST(Calibrate, PartsMergeToTheWhole) {
    const std::vector<float> values = normal_values(3000, 2, 2);
    ObservedRange whole, first, second;
    whole.observe(values);
    first.observe(std::span(values).first(1000));
    second.observe(std::span(values).subspan(1000));
    second.merge(first);
    EXPECT_EQ(second.min, whole.min);
    EXPECT_EQ(second.max, whole.max);
    Histogram all(whole), front(whole), back(whole);
    all.observe(values);
    front.observe(std::span(values).first(1000));
    back.observe(std::span(values).subspan(1000));
    back.merge(front);
    const IntegerType type = activation_type(-1, 1, 3);
    EXPECT_EQ(back.squared_error(type), all.squared_error(type));
    const std::vector<float> broken = {1, NAN};
    whole.observe(broken);
    EXPECT_FALSE(whole.finite);
}

TEST(Calibrate, WeightsPerChannel) {
    std::vector<float> values = normal_values(3 * 200, 0.1, 3);
    for (std::size_t i = 0; i < 200; ++i) values[i] *= 10;
    std::fill(values.begin() + 400, values.end(), 0.0f);
    const Tensor rows = Tensor::of<float>({3, 200}, values);
    const QuantizedWeights weights = quantize_weights(rows, 0, 8, CalibrationMethod::min_max);
    ASSERT_EQ(weights.scale.size(), 3u);
    EXPECT_EQ(weights.scale[2], 1.0f);
    for (std::size_t i = 0; i < 600; ++i) {
        EXPECT_GE(weights.values[i], -127);
        EXPECT_NEAR(weights.values[i] * weights.scale[i / 200], values[i], weights.scale[i / 200] * 0.5001);
    }
    EXPECT_EQ(
        *std::max_element(weights.values.begin(), weights.values.begin() + 200, [](int a, int b) { return std::abs(a) < std::abs(b); }) %
            127,
        0);

    // The same numbers with the channels on the other axis.
    std::vector<float> turned(600);
    for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t column = 0; column < 200; ++column) turned[column * 3 + row] = values[row * 200 + column];
    const QuantizedWeights columns = quantize_weights(Tensor::of<float>({200, 3}, turned), 1, 8, CalibrationMethod::min_max);
    EXPECT_EQ(columns.scale, weights.scale);
    EXPECT_EQ(columns.values[3 * 7 + 1], weights.values[200 + 7]);
}

/// Signal to rounding noise of one row, in dB.
double row_sqnr(const QuantizedWeights& weights, std::span<const float> values, std::size_t row, std::size_t columns) {
    double signal = 0, noise = 0;
    for (std::size_t i = row * columns; i < (row + 1) * columns; ++i) {
        const double real = values[i];
        signal += real * real;
        noise += std::pow(real - weights.values[i] * static_cast<double>(weights.scale[row]), 2);
    }
    return 10 * std::log10(signal / noise);
}

TEST(Calibrate, SmallChannelsKeepTheirBitsBesideLargeOnes) {
    for (const double ratio : {100.0, 10000.0, 60000.0, 1e6, 1e12}) {
        std::vector<float> values = normal_values(4 * 300, 1, 5);
        for (std::size_t i = 0; i < 300; ++i) values[i] *= static_cast<float>(ratio);
        const QuantizedWeights weights = quantize_weights(Tensor::of<float>({4, 300}, values), 0, 8, CalibrationMethod::min_max);
        EXPECT_GT(row_sqnr(weights, values, 0, 300), 38) << ratio;
        const double small = row_sqnr(weights, values, 2, 300);
        if (ratio <= 60000) {
            EXPECT_GT(small, 38) << ratio;
            EXPECT_EQ(weights.lossy_channels, 0);
        } else {
            EXPECT_LT(small, 30) << ratio;
        }
        if (ratio == 1e6) {
            EXPECT_EQ(weights.lossy_channels, 3);
            ASSERT_GT(weights.worst_channel, 0);
            const auto worst = static_cast<std::size_t>(weights.worst_channel);
            for (std::size_t row = 1; row < 4; ++row)
                EXPECT_GE(row_sqnr(weights, values, row, 300) + 1, row_sqnr(weights, values, worst, 300));
            // Steps 1e6 / 65536 times coarser.
            EXPECT_NEAR(weights.worst_loss_db, 20 * std::log10(1e6 / greatest_scale_ratio), 3);
        }
        if (ratio == 1e12) {
            EXPECT_EQ(weights.lossy_channels, 0) << "a channel that is switched off is not worth a word";
        }
    }
}

TEST(Calibrate, LeastErrorPaysAtFewBits) {
    const std::vector<float> values = normal_values(4000, 0.1, 4);
    const Tensor tensor = Tensor::of<float>({1, 4000}, values);
    for (const int bits : {2, 3, 4}) {
        double errors[2];
        for (const auto method : {CalibrationMethod::min_max, CalibrationMethod::mse}) {
            const QuantizedWeights weights = quantize_weights(tensor, 0, bits, method);
            double& sum = errors[method == CalibrationMethod::mse ? 1 : 0];
            sum = 0;
            for (std::size_t i = 0; i < values.size(); ++i) {
                ASSERT_LE(std::abs(weights.values[i]), (1 << (bits - 1)) - 1);
                sum += std::pow(weights.values[i] * weights.scale[0] - values[i], 2);
            }
        }
        EXPECT_LT(errors[1], 0.8 * errors[0]) << bits;
    }
}

TEST(Calibrate, OneBitWeightsAreTwoLevels) {
    const std::vector<float> values = {0.5f, -0.25f, 0.0f, 0.25f};
    const QuantizedWeights weights = quantize_weights(Tensor::of<float>({1, 4}, values), 0, 1, CalibrationMethod::mse);
    EXPECT_EQ(weights.values, (std::vector<std::int8_t>{1, -1, 1, 1}));
    EXPECT_EQ(weights.scale[0], 0.25f);
}

TEST(Calibrate, ScalesKeepABiasWithinItsWord) {
    const std::vector<float> values = {0.5f, -0.25f};
    const std::vector<double> least = {0.1};
    EXPECT_EQ(quantize_weights(Tensor::of<float>({1, 2}, values), 0, 8, CalibrationMethod::mse, least).scale[0], 0.1f);
}

}  // namespace
}  // namespace weft
