// predict_test.cpp
// Every unit's cost table has a coefficient for each feature of the unit and no other, and what features are made of is right.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/predict.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "units/common/cost_terms.h"
#include "units/units.h"

namespace weft {
namespace {

using testing::HasSubstr;

std::string problem(std::string_view table, const CostFeatures& features) {
    const auto cost = table_cost(table, features);
    EXPECT_FALSE(cost) << table;
    return cost ? std::string() : cost.error()[0].reason;
}

std::vector<std::string_view> names(const CostFeatures& features) {
    std::vector<std::string_view> list;
    for (const CostFeature& feature : features.values) list.push_back(feature.name);
    return list;
}

CostFeatures fork_of_two() {
    for (const UnitCase& point : unit_fork.cases())
        for (const auto& unit : point->units)
            if (unit->outputs.size() == 2) return unit_fork.features(*unit, unit_fork.rtl(*unit));
    ADD_FAILURE() << "no fork has two outputs";
    return {};
}

TEST(CostTables, HaveACoefficientForEachFeatureAndNoOther) {
    for (const UnitDef* def : unit_registry()) {
        if (!def->rtl || !def->cases) continue;
        ASSERT_TRUE(def->features) << def->name;
        std::vector<std::string_view> first;
        for (const UnitCase& point : def->cases()) {
            for (const auto& unit : point->units) {
                const RtlFace face = unit->def->rtl(*unit);
                const CostFeatures features = unit->def->features(*unit, face);
                const auto cost = table_cost(unit->def->name, features);
                ASSERT_TRUE(cost) << def->name << ": " << to_string(cost.error()[0]);
                if (first.empty()) first = names(features);
                EXPECT_EQ(names(features), first) << def->name;
                for (const CostFeature& feature : features.values) EXPECT_GE(feature.value, 0) << def->name << " " << feature.name;
                EXPECT_EQ(face.output.has_value(), find_port(*def, true, 0)->buffered) << def->name;
                if (!face.output) continue;
                const auto behind = table_cost(face.output->name, face.output->features);
                ASSERT_TRUE(behind) << def->name << ": " << to_string(behind.error()[0]);
                EXPECT_GT(behind->ff, 0) << def->name;
            }
        }
    }
}

TEST(CostTables, SayWhatDoesNotMatch) {
    CostFeatures more = fork_of_two(), fewer = fork_of_two();
    ASSERT_TRUE(table_cost("fork", more));
    more.values.emplace_back("colour", 3);
    EXPECT_EQ(problem("fork", more), "[lut] has no coefficient for 'colour'");
    fewer.values.pop_back();
    EXPECT_EQ(problem("fork", fewer), "[lut] has a coefficient for 'copies', which is no feature");
    EXPECT_EQ(problem("spoon", fewer), "there is no cost table 'spoon'");
}

TEST(CostTables, GiveWhatYosysCountsOfAFork) {
    // A register a bit, and for each output whether it has still to pass the beat on.
    const CostFeatures features = fork_of_two();
    const auto word = std::ranges::find(features.values, "word", &CostFeature::name);
    ASSERT_NE(word, features.values.end());
    EXPECT_NEAR(table_cost("fork", features)->ff, word->value + 2, 0.5);
}

TEST(CostTerms, KnowMemories) {
    EXPECT_EQ(lut_memory(14, 32), 8);
    EXPECT_EQ(lut_memory(15, 2), 16);
    EXPECT_EQ(lut_memory(8, 64), 16);
    EXPECT_EQ(lut_memory(7, 65), 16);
    EXPECT_EQ(block_memory(72, 512), 1);
    EXPECT_EQ(block_memory(36, 512), 0.5);
    EXPECT_EQ(block_memory(9, 2048), 0.5);
    EXPECT_EQ(block_memory(1, 32768), 1);
    EXPECT_EQ(block_memory(37, 512), 1);
    EXPECT_EQ(fifo_luts(14, 1), 0) << "a register";
    EXPECT_EQ(fifo_luts(14, 20), 8);
    EXPECT_EQ(fifo_luts(14, 65), 0);
    EXPECT_EQ(fifo_bram36(72, 64), 0);
    EXPECT_EQ(fifo_bram36(72, 65), 1);
}

TEST(CostTerms, CountBits) {
    EXPECT_EQ(clog2(1) + clog2(2) + clog2(64) + clog2(65), 0 + 1 + 6 + 7);
    EXPECT_EQ(words_for(1) + words_for(3) + words_for(64), 1 + 4 + 64);
}

TEST(CostTerms, FollowTheTreeOverTheTermsOfABeat) {
    const ReduceTerms sum(9, 9, 8, 13, false);
    EXPECT_EQ(sum.added_bits, 4 * 9 + 2 * 10 + 11 + 12);
    // The ninth term waits three levels.
    EXPECT_EQ(sum.register_bits, sum.added_bits);
    EXPECT_EQ(sum.shifted_bits, 8);
    const ReduceTerms five(5, 5, 8, 13, false);
    EXPECT_EQ(five.register_bits, 2 * 9 + 10 + 11 + 2 * 8);
    EXPECT_EQ(five.shifted_bits, 0);
    EXPECT_EQ(sum.compared_bits + sum.masked_bits, 0);
    const ReduceTerms maximum(4, 1, 8, 9, true);
    EXPECT_EQ(maximum.compared_bits, 3 * 8);
    EXPECT_EQ(maximum.register_bits, 3 * 8);
    EXPECT_EQ(maximum.masked_bits, 3 * 8);
    EXPECT_EQ(maximum.added_bits, 0);
    EXPECT_EQ(ReduceTerms(1, 1, 8, 9, false).register_bits, 0);
}

TEST(CostTerms, CountWhatWaitsBesideAProductOfDigits) {
    EXPECT_EQ(digit_registers({1, 1}) + factor_registers({1, 1}, dsp48e2), 0);
    EXPECT_EQ(digit_registers({1, 2}), 17);
    EXPECT_EQ(factor_registers({1, 2}, dsp48e2), 0);
    EXPECT_EQ(factor_registers({2, 2}, dsp48e2), 3 * 45);
    EXPECT_EQ(factor_registers({2, 2}, dsp48e1), 3 * 43);
}

TEST(CostTerms, SeeWhichColumnsOfARomDiffer) {
    RtlMemory memory("rom0", 5, 4);
    // Column 0 changes, column 1 is the same, column 2 changes otherwise, columns 3 and 4 are constant.
    for (int word = 0; word < 4; ++word) memory.set(word, 0, 5, (word % 2) * 3 + (word / 2) * 4 + 8);
    const RomContents one = rom_contents({&memory, 1});
    EXPECT_EQ(one.count, 1);
    EXPECT_EQ(one.depth, 4);
    EXPECT_EQ(one.width, 5);
    EXPECT_EQ(one.columns, 2);
    EXPECT_EQ(one.bram36, 0.5);
    const std::vector<RtlMemory> two{memory, RtlMemory("rom1", 40, 600)};
    const RomContents both = rom_contents(two);
    EXPECT_EQ(both.count, 2);
    EXPECT_EQ(both.depth, 600);
    EXPECT_EQ(both.width, 45);
    EXPECT_EQ(both.columns, 2) << "a memory of zeros has none that change";
    EXPECT_EQ(rom_contents({}).count, 0);
}

}  // namespace
}  // namespace weft
