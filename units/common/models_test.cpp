// models_test.cpp
// Every unit's fast face equals its model: on the conformance points, and under seeded random frames.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "units/common/cases.h"

namespace weft {
namespace {

std::vector<IntTensor> random_frames(const std::vector<Stream*>& streams, std::uint64_t seed) {
    std::vector<IntTensor> frames;
    for (const Stream* stream : streams) {
        IntTensor frame(stream->shape);
        const auto values = sample(stream->shape.elements(), stream->min, stream->max, seed++);
        for (std::size_t i = 0; i < values.size(); ++i) frame.data[i] = static_cast<std::int32_t>(values[i]);
        frames.push_back(std::move(frame));
    }
    return frames;
}

std::vector<IntTensor> empty_frames(const std::vector<Stream*>& streams) {
    std::vector<IntTensor> frames;
    for (const Stream* stream : streams) frames.emplace_back(stream->shape);
    return frames;
}

std::vector<const IntTensor*> pointers(const std::vector<IntTensor>& frames) {
    std::vector<const IntTensor*> list;
    for (const IntTensor& frame : frames) list.push_back(&frame);
    return list;
}

class Models : public testing::TestWithParam<const UnitDef*> {};

TEST_P(Models, CasesAreSoundAndPlumbed) {
    ASSERT_NE(GetParam()->cases, nullptr);
    const auto cases = GetParam()->cases();
    EXPECT_GE(cases.size(), 3u);
    for (const UnitCase& point : cases) {
        const Status status = verify(*point, true);
        EXPECT_TRUE(status) << to_string(status.error().front());
    }
}

TEST_P(Models, FastEqualsModelAndStaysInRange) {
    for (const UnitCase& point : GetParam()->cases()) {
        const Unit& unit = *point->units.front();
        const UnitFunction fast = unit.def->fast ? unit.def->fast(unit) : UnitFunction();
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            const auto inputs = random_frames(unit.inputs, seed);
            auto expected = empty_frames(unit.outputs);
            unit.def->model(unit, pointers(inputs), expected);
            for (std::size_t i = 0; i < expected.size(); ++i)
                for (const std::int32_t value : expected[i].data) {
                    ASSERT_GE(value, unit.outputs[i]->min);
                    ASSERT_LE(value, unit.outputs[i]->max);
                }
            if (!fast) continue;
            auto actual = empty_frames(unit.outputs);
            fast(pointers(inputs), actual);
            ASSERT_EQ(actual, expected);
        }
    }
}

TEST_P(Models, ReadsGrowOverTheFrame) {
    std::vector<UnitCase> points = GetParam()->cases();
    if (GetParam()->rtl_cases) std::ranges::move(GetParam()->rtl_cases(), std::back_inserter(points));
    for (const UnitCase& point : points) {
        const Unit& unit = *point->units.front();
        if (!unit.def->reads_for) continue;
        for (std::size_t port = 0; port < unit.inputs.size(); ++port) {
            const Stream& in = *unit.inputs[port];
            const auto reads = unit.def->reads_for(unit, static_cast<int>(port));
            ASSERT_EQ(static_cast<std::int64_t>(reads.size()), unit.outputs[0]->beat.count(unit.outputs[0]->shape));
            EXPECT_TRUE(std::ranges::is_sorted(reads));
            EXPECT_GE(reads.front(), 0);
            EXPECT_GT(reads.back(), 0);
            EXPECT_LE(reads.back(), 4 * in.beat.count(in.shape));
        }
    }
}

TEST_P(Models, FoldingsAreLegalAndPricedRight) {
    if (!GetParam()->foldings) return;
    for (const UnitCase& point : GetParam()->cases()) {
        const Unit& unit = *point->units.front();
        for (const Folding& folding : unit.def->foldings(unit)) {
            Unit trial = unit;
            trial.set_parameters(folding.parameters);
            EXPECT_EQ(trial.def->check(trial), "");
            EXPECT_EQ(trial.def->schedule(trial).cycles, folding.cycles);
            EXPECT_EQ(trial.def->cost(trial).dsp, folding.cost.dsp);
            EXPECT_EQ(trial.def->cost(trial).mac_dsp, folding.cost.mac_dsp);
            EXPECT_LE(folding.cost.mac_dsp, folding.cost.dsp);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Units, Models, testing::ValuesIn(unit_registry().begin(), unit_registry().end()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace weft
