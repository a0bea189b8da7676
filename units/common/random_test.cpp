// random_test.cpp
// Fast faces equal models on random points; the points are legal, of all kinds, and the same from run to run.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/random_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weft {
namespace {

constexpr std::uint64_t points = 120;

std::vector<const UnitDef*> drawn_units() {
    std::vector<const UnitDef*> list;
    for (const UnitDef* def : unit_registry())
        if (def->random_case) list.push_back(def);
    return list;
}

class RandomUnits : public testing::TestWithParam<const UnitDef*> {};

TEST_P(RandomUnits, FastEqualsModel) {
    const UnitDef& def = *GetParam();
    if (!def.fast) GTEST_SKIP() << "its model is fast enough";
    for (std::uint64_t seed = 0; seed < points; ++seed) {
        const UnitCase point = random_case(def, seed);
        const Unit& unit = *point->units.front();
        std::vector<IntTensor> inputs;
        for (const Stream* stream : unit.inputs) {
            IntTensor& frame = inputs.emplace_back(stream->shape);
            std::ranges::copy(sample(stream->shape.elements(), stream->min, stream->max, seed + inputs.size()), frame.data.begin());
        }
        std::vector<const IntTensor*> pointers;
        for (const IntTensor& frame : inputs) pointers.push_back(&frame);
        std::vector<IntTensor> expected;
        for (const Stream* stream : unit.outputs) expected.emplace_back(stream->shape);
        std::vector<IntTensor> actual = expected;
        def.model(unit, pointers, expected);
        def.fast(unit)(pointers, actual);
        EXPECT_EQ(actual, expected) << "seed " << seed << ": " << describe(*point);
        for (std::size_t i = 0; i < expected.size(); ++i)
            for (const std::int32_t element : expected[i].data) {
                ASSERT_GE(element, unit.outputs[i]->min) << "seed " << seed << ": " << describe(*point);
                ASSERT_LE(element, unit.outputs[i]->max) << "seed " << seed << ": " << describe(*point);
            }
    }
}

TEST_P(RandomUnits, PointsAreOfAllKinds) {
    const UnitDef& def = *GetParam();
    std::set<std::string> different;
    std::set<int> forms, bits, pixels;
    for (std::uint64_t seed = 0; seed < points; ++seed) {
        const UnitCase point = random_case(def, seed);
        different.insert(describe(*point));
        EXPECT_EQ(describe(*random_case(def, seed)), describe(*point));
        const Unit& unit = *point->units.front();
        forms.insert(static_cast<int>(unit.requantize ? unit.requantize->form : RequantizeForm::none));
        bits.insert(unit.inputs[0]->bits());
        pixels.insert(unit.inputs[0]->beat.pixels);
    }
    EXPECT_GT(different.size(), points * 9 / 10);
    EXPECT_GE(bits.size(), 8u);
    EXPECT_GE(pixels.size(), 3u);
    if (forms.size() > 1) {
        EXPECT_GE(forms.size(), 4u);
    }
}

INSTANTIATE_TEST_SUITE_P(Units, RandomUnits, testing::ValuesIn(drawn_units()),
                         [](const auto& info) { return std::string(info.param->name); });

/// Every unit has points to be held against its model with: cases and random ones.
TEST(RandomPoints, EveryUnitHasThem) {
    for (const UnitDef* def : unit_registry()) {
        EXPECT_NE(def->cases, nullptr) << def->name;
        EXPECT_NE(def->random_case, nullptr) << def->name;
    }
}

}  // namespace
}  // namespace weft
