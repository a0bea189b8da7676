// expression_test.cpp
// The arithmetic of cost tables, and that every table is written in numbers that its unit has.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/expression.h"

#include <gmock/gmock.h>

#include "src/cost/predict.h"
#include "src/cost/variables.h"
#include "src/design/unit_def.h"

namespace weft {
namespace {

using testing::HasSubstr;

double value(std::string_view text, const Variables& variables = {}) {
    const auto result = evaluate_expression(text, variables);
    EXPECT_TRUE(result) << to_string(result.error()[0]);
    return result ? *result : -12345;
}

std::string problem(std::string_view text) {
    const auto result = evaluate_expression(text, {{"Known", 1}});
    EXPECT_FALSE(result) << text;
    return result ? std::string() : result.error()[0].reason;
}

TEST(Expression, Calculates) {
    EXPECT_EQ(value("1 + 2 * 3 - 8 / 4"), 5);
    EXPECT_EQ(value("-(2 - 5) * 1.5"), 4.5);
    EXPECT_EQ(value("10 - 3 - 2"), 5);
    EXPECT_EQ(value("InFolds + nanometres", {{"InFolds", 7}}), 7);
    EXPECT_EQ(value("A * clog2(B)", {{"A", 3}, {"B", 17}}), 15);
    EXPECT_EQ(value("gcd(12, 18) + gcd(7, 3)"), 6 + 1);
    EXPECT_EQ(value("clog2(1) + clog2(2) + clog2(64) + pow2(3)"), 0 + 1 + 6 + 8);
    EXPECT_EQ(value("ceildiv(7, 2) + min(3, 2) + max(3, 2)"), 9);
    EXPECT_EQ(value("where(A <= 4, 10, 20) + (A == 4) + (A != 4) + (A > 3) + (A >= 5) + (A < 5)", {{"A", 4}}), 13);
    EXPECT_EQ(value("weights_columns + 1"), 1) << "a memory that the unit has not";
}

TEST(Expression, KnowsMemories) {
    EXPECT_EQ(value("lutram(14, 32)"), 8);
    EXPECT_EQ(value("lutram(15, 2)"), 16);
    EXPECT_EQ(value("lutram(8, 64)"), 16);
    EXPECT_EQ(value("bram18(72, 512)"), 2);
    EXPECT_EQ(value("bram18(36, 512)"), 1);
    EXPECT_EQ(value("bram18(9, 2048)"), 1);
    EXPECT_EQ(value("bram18(1, 32768)"), 2);
}

TEST(Expression, SaysWhatIsWrong) {
    EXPECT_THAT(problem("Unknown + 1"), HasSubstr("there is no 'Unknown'"));
    EXPECT_THAT(problem("(1 + 2"), HasSubstr("')' is missing"));
    EXPECT_THAT(problem("min(1)"), HasSubstr("no function 'min' of 1 arguments"));
    EXPECT_THAT(problem("1 +"), HasSubstr("ends too early"));
    EXPECT_THAT(problem("1 2"), HasSubstr("unexpected"));
}

TEST(CostTables, AreWrittenInTheNumbersOfTheirUnits) {
    for (const UnitDef* def : unit_registry()) {
        if (!def->rtl || !def->cases) continue;
        for (const UnitCase& point : def->cases()) {
            for (const auto& unit : point->units) {
                const RtlFace face = unit->def->rtl(*unit);
                const auto cost = table_cost(unit->def->name, cost_variables(*unit, face));
                ASSERT_TRUE(cost) << std::string(def->name) << ": " << to_string(cost.error()[0]);
                EXPECT_GE(cost->bram36, 0);
                EXPECT_EQ(face.output.has_value(), find_port(*def, true, 0)->buffered) << std::string(def->name);
                if (!face.output) continue;
                const auto behind = table_cost(face.output->name, cost_variables(*face.output));
                ASSERT_TRUE(behind) << std::string(def->name) << ": " << to_string(behind.error()[0]);
                EXPECT_GT(behind->ff, 0) << std::string(def->name);
            }
        }
    }
}

}  // namespace
}  // namespace weft
