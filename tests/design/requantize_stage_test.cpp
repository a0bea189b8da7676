// requantize_stage_test.cpp
// The stage by its definition, and whole layers equal to it.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/requantize_stage.h"

#include <gtest/gtest.h>

#include "units/common/cases.h"

namespace weft {
namespace {

TEST(Requantize, FollowsItsDefinition) {
    Requantize stage{.form = RequantizeForm::multiply,
                     .acc_min = -100,
                     .acc_max = 100,
                     .multiplier = {3},
                     .addend = {4},
                     .shift = 3,
                     .low = {-10},
                     .high = {20}};
    EXPECT_EQ(apply(stage, 4, 0), 2);    // 16 / 8
    EXPECT_EQ(apply(stage, 3, 0), 1);    // 13 / 8, down
    EXPECT_EQ(apply(stage, -3, 0), -1);  // -5 / 8, down
    EXPECT_EQ(apply(stage, 100, 0), 20);
    EXPECT_EQ(apply(stage, -100, 0), -10);

    // Halves: 0.5 and 2.5 go down to the even number, 1.5 up.
    stage = {.form = RequantizeForm::convergent,
             .acc_min = -100,
             .acc_max = 100,
             .multiplier = {4},
             .addend = {4},
             .shift = 3,
             .low = {-50},
             .high = {50}};
    EXPECT_EQ(apply(stage, 1, 0), 0);
    EXPECT_EQ(apply(stage, 3, 0), 2);
    EXPECT_EQ(apply(stage, 5, 0), 2);
    EXPECT_EQ(apply(stage, -1, 0), 0);
    EXPECT_EQ(apply(stage, -3, 0), -2);
    EXPECT_EQ(apply(stage, 4, 0), 2);

    stage = {.form = RequantizeForm::thresholds,
             .channels = 2,
             .acc_min = -9,
             .acc_max = 9,
             .steps = 2,
             .thresholds = {-1, 5, 0, 10},
             .values = {7, 8, 9, 3, 2, 1}};
    EXPECT_EQ(apply(stage, -2, 0), 7);
    EXPECT_EQ(apply(stage, -1, 0), 8);
    EXPECT_EQ(apply(stage, 5, 0), 9);
    EXPECT_EQ(apply(stage, 9, 1), 2);

    stage = {.form = RequantizeForm::table, .acc_min = -1, .acc_max = 1, .values = {5, 6, 7}};
    EXPECT_EQ(apply(stage, -1, 3), 5);
    EXPECT_EQ(apply(stage, 1, 0), 7);

    stage = {};
    EXPECT_EQ(apply(stage, -77, 0), -77);
}

TEST(Requantize, SurvivesTheWidestConstants) {
    const std::int64_t m = (std::int64_t{1} << 34) - 1;
    const Requantize stage{.form = RequantizeForm::multiply,
                           .acc_min = -(1 << 28),
                           .acc_max = 1 << 28,
                           .multiplier = {m},
                           .addend = {(std::int64_t{1} << 62) - 1},
                           .shift = 40,
                           .low = {-(1LL << 31)},
                           .high = {(1LL << 31) - 1}};
    EXPECT_EQ(apply(stage, -(1 << 28), 0), 0);
    EXPECT_EQ(apply(stage, 1 << 28, 0), (1 << 23) - 1);
}

TEST(Requantize, WholeLayersEqualSingleElements) {
    for (const auto form :
         {RequantizeForm::none, RequantizeForm::multiply, RequantizeForm::convergent, RequantizeForm::thresholds, RequantizeForm::table})
        for (const bool per_channel : {false, true})
            for (const int channels : {1, 3, 8, 21}) {
                const Requantize stage = sample_stage(form, channels, per_channel, -900, 700, -128, 127);
                const std::int64_t positions = 37;
                const auto wide = sample(positions * channels, -900, 700, 3);
                const std::vector<std::int32_t> narrow(wide.begin(), wide.end());
                std::vector<std::int32_t> from_wide(wide.size());
                std::vector<std::int32_t> from_narrow(wide.size());
                apply(stage, wide.data(), from_wide.data(), positions, channels);
                apply(stage, narrow.data(), from_narrow.data(), positions, channels);
                for (std::size_t i = 0; i < wide.size(); ++i) {
                    ASSERT_EQ(from_wide[i], apply(stage, wide[i], static_cast<int>(i) % channels));
                    ASSERT_EQ(from_narrow[i], from_wide[i]);
                }
            }
}

}  // namespace
}  // namespace weft
