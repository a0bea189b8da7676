// stage_multiply_test.cpp
// When one DSP does a product, and how a multiplying stage is cut where it does not.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/stage_multiply.h"

#include <gtest/gtest.h>

#include "src/design/dsp.h"

namespace weft {
namespace {

StageMultiply plan_for(const Requantize& stage) { return plan_stage_multiply(stage, dsp48e2); }

/// An 8-bit result of accumulators that need `acc_bits` bits.
Requantize stage_of(int acc_bits, std::int64_t multiplier, int shift, std::int64_t addend = 5) {
    Requantize stage;
    stage.form = RequantizeForm::multiply;
    stage.acc_min = -(std::int64_t{1} << (acc_bits - 1));
    stage.acc_max = (std::int64_t{1} << (acc_bits - 1)) - 1;
    stage.out_min = -128;
    stage.out_max = 127;
    stage.multiplier = {multiplier};
    stage.addend = {addend};
    stage.shift = shift;
    stage.low = {-128};
    stage.high = {127};
    return stage;
}

constexpr std::int64_t bits_18 = 131071, bits_19 = 131072, bits_27 = 67108863, bits_28 = 67108864, bits_35 = 17179869183;

TEST(Dsp, MultipliesEitherWayRound) {
    EXPECT_TRUE(dsp_multiplies(dsp48e2, 18, 27));
    EXPECT_TRUE(dsp_multiplies(dsp48e2, 27, 18));
    EXPECT_TRUE(dsp_multiplies(dsp48e2, 1, 1));
    EXPECT_FALSE(dsp_multiplies(dsp48e2, 19, 19));
    EXPECT_FALSE(dsp_multiplies(dsp48e2, 28, 1));
    EXPECT_FALSE(dsp_multiplies(dsp48e2, 1, 28));
    EXPECT_EQ(signed_bits(0, bits_18), 18);
    EXPECT_EQ(signed_bits(-bits_19, 0), 18);
    EXPECT_EQ(signed_bits(0, bits_19), 19);
}

TEST(Dsp, LongFactorsAreCutIntoDigits) {
    const auto digits = [](int acc_bits, int mul_bits, const DspCell& cell = dsp48e2) {
        const ProductDigits cut = product_digits(cell, acc_bits, mul_bits);
        EXPECT_EQ(cut.dsp(), cut.acc_digits * cut.mul_digits);
        return std::pair(cut.acc_digits, cut.mul_digits);
    };
    EXPECT_EQ(digits(27, 18), std::pair(1, 1));
    EXPECT_EQ(digits(18, 27), std::pair(1, 1));
    EXPECT_EQ(digits(19, 19), std::pair(1, 2));
    EXPECT_EQ(digits(27, 35), std::pair(1, 2));
    EXPECT_EQ(digits(28, 18), std::pair(2, 1));
    EXPECT_EQ(digits(27, 36), std::pair(2, 2));
    EXPECT_EQ(digits(36, 27), std::pair(3, 1));
    EXPECT_EQ(digits(25, 18, dsp48e1), std::pair(1, 1));
    EXPECT_EQ(digits(18, 25, dsp48e1), std::pair(1, 1));
    EXPECT_EQ(digits(26, 18, dsp48e1), std::pair(2, 1));
    EXPECT_EQ(digits(25, 35, dsp48e1), std::pair(1, 2));
    EXPECT_EQ(digits(18, 26, dsp48e1), std::pair(1, 2));
}

TEST(Dsp, IsKnownByItsName) {
    EXPECT_EQ(find_dsp_cell("DSP48E1"), &dsp48e1);
    EXPECT_EQ(find_dsp_cell("DSP48E2"), &dsp48e2);
    EXPECT_EQ(find_dsp_cell("DSP58"), nullptr);
}

TEST(StageMultiply, OneDspTakesEitherFactorOnItsWidePort) {
    EXPECT_EQ(plan_for(stage_of(27, bits_18, 36)).dsp(), 1);
    EXPECT_EQ(plan_for(stage_of(18, bits_27, 36)).dsp(), 1);
    EXPECT_EQ(plan_for(stage_of(19, bits_19, 29)).dsp(), 2);
    EXPECT_EQ(plan_for(stage_of(18, bits_28, 37)).dsp(), 2);
    const StageMultiply two = plan_for(stage_of(27, bits_35, 53));
    EXPECT_EQ(two.acc_digits, 1);
    EXPECT_EQ(two.mul_digits, 2);
}

TEST(StageMultiply, SumsThatAreClampedAlreadyAreSaturated) {
    // The result is at its limits long before the accumulator's 27 bits end.
    const StageMultiply plan = plan_for(stage_of(32, 100000, 20));
    EXPECT_EQ(plan.dsp(), 1);
    EXPECT_TRUE(plan.saturate);
    EXPECT_EQ(plan.acc_bits, 27);
    // Here it is not: every bit counts.
    const StageMultiply whole = plan_for(stage_of(32, 100000, 40));
    EXPECT_FALSE(whole.saturate);
    EXPECT_EQ(whole.acc_bits, 32);
    EXPECT_EQ(whole.acc_digits, 2);
}

TEST(StageMultiply, ASumBeyondTheDspTakesAnother) {
    EXPECT_EQ(plan_for(stage_of(20, 3, 52, std::int64_t{1} << 46)).dsp(), 1);
    EXPECT_EQ(plan_for(stage_of(20, 3, 52, std::int64_t{1} << 50)).dsp(), 2);
}

TEST(StageMultiply, TheMultiplierOneIsAnAddition) {
    const StageMultiply plan = plan_for(stage_of(40, 1, 32));
    EXPECT_EQ(plan.dsp(), 1);
    EXPECT_EQ(plan.mul_bits, 1);
    EXPECT_EQ(plan.acc_bits, 40);
    EXPECT_TRUE(shares_multiplier(stage_of(40, 1, 32)));
    Requantize each = stage_of(40, 1, 32);
    each.addend = {5, 6};
    EXPECT_FALSE(shares_multiplier(each));
    EXPECT_GT(plan_for(each).dsp(), 1);
}

TEST(StageMultiply, ADspThatDoesNotAddToTheCascadeTakesTheWholeAddendFirst) {
    const Requantize one = stage_of(25, bits_18, 36), two = stage_of(25, bits_19, 36);
    EXPECT_EQ(plan_stage_multiply(one, dsp48e1).dsp(), 1);
    EXPECT_FALSE(plan_stage_multiply(one, dsp48e1).addend_first);
    EXPECT_EQ(plan_stage_multiply(two, dsp48e1).dsp(), 2);
    EXPECT_TRUE(plan_stage_multiply(two, dsp48e1).addend_first);
    EXPECT_FALSE(plan_for(two).addend_first);
    // Saturated to the bits of its wide port.
    EXPECT_EQ(plan_stage_multiply(stage_of(32, 100000, 20), dsp48e1).acc_bits, 25);
}

}  // namespace
}  // namespace weft
