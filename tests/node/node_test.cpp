// node_test.cpp
// The standard's own tests of single nodes (Debian's libonnx-testdata), and the page that counts them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "src/graph/op_places.h"
#include "tests/node/standard_tests.h"
#include "tests/paths.h"
#include "tools/operator_page/page.h"

namespace weft {
namespace {

using std::filesystem::path;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

path node_tests_folder() {
    const char* folder = std::getenv("WEFT_ONNX_TESTDATA");
    return path(folder ? folder : "/usr/share/libonnx-testdata/data") / "node";
}

TEST(StandardNodes, PassOrAreListedWithTheReason) {
    WEFT_REQUIRE_PATH(node_tests_folder());
    const path tables = test::source_folder() / "tests/node/onnx-1.12";
    const auto report = test::run_node_tests(node_tests_folder(), tables / "refused.txt");
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_GT(report.passed, 400);
    EXPECT_EQ(report.counts, test::read_counts(tables / "passed.txt"))
        << "run build/node_tests " << node_tests_folder() << " tests/node/onnx-1.12 --write";
    fmt::print("{} standard node tests pass, {} are refused\n", report.passed, report.refused);
}

/// Three of the standard's tests: one that passes, one that is refused, one of an operator that weft does not have.
class NodeTable : public testing::Test {
protected:
    void SetUp() override {
        WEFT_REQUIRE_PATH(node_tests_folder());
        for (const char* name : {"test_abs", "test_edge_pad", "test_lstm_defaults"})
            std::filesystem::create_directory_symlink(node_tests_folder() / name, tests_ / name);
    }
    test::NodeTestReport run(const std::string& table) {
        std::ofstream(table_) << table;
        return test::run_node_tests(tests_.path(), table_);
    }

    test::TemporaryFolder tests_, folder_;
    path table_ = folder_ / "refused.txt";
};

TEST_F(NodeTable, CountsPassedOfAllByOperator) {
    const auto report = run("# comment\n\ntest_*_pad  padding mode 'edge'  # why\n");
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_EQ(report.counts, (test::TestCounts{{"Abs", {1, 1}}, {"Pad", {0, 1}}}));
    std::ofstream(folder_ / "passed.txt") << test::counts_text(report.counts);
    EXPECT_EQ(test::read_counts(folder_ / "passed.txt"), report.counts);
}

TEST_F(NodeTable, FailsOnWhatIsNotListedOrNeedless) {
    EXPECT_THAT(run("").faults, ElementsAre("test_edge_pad  padding mode 'edge' is not supported"));
    EXPECT_THAT(
        run("test_edge_pad  for another reason\n").faults,
        ElementsAre("test_edge_pad  padding mode 'edge' is not supported", "test_edge_pad is listed, but matches no test that fails so"));
    EXPECT_THAT(run("test_edge_pad  padding mode\ntest_ab*  padding mode\n").faults,
                ElementsAre("test_abs passes, but is listed by test_ab*", "test_ab* is listed, but matches no test that fails so"));
    EXPECT_THAT(run("test_edge_pad  padding mode\ntest_lstm*  is recurrent\n").faults,
                ElementsAre("test_lstm* is listed, but matches no test that fails so"));
    EXPECT_THAT(run("test_edge_pad\n").faults, testing::Contains("test_edge_pad: a reason is missing"));
    std::filesystem::remove(table_);
    EXPECT_THAT(test::run_node_tests(tests_.path(), table_).faults, testing::Contains(HasSubstr("there is no such table")));
}

TEST(OperatorPage, IsUpToDate) {
    std::ifstream stream(test::source_folder() / "docs/onnx.md");
    std::stringstream page;
    page << stream.rdbuf();
    EXPECT_TRUE(page.str() == operator_page(test::source_folder() / "tests/node"))
        << "ninja -C build operator_page && build/operator_page tests/node > docs/onnx.md";
}

TEST(OperatorPage, ListsEachOperatorOnceWithItsCounts) {
    test::TemporaryFolder tables;
    std::filesystem::create_directory(tables / "b");
    std::filesystem::create_directory(tables / "a");
    std::ofstream(tables / "a" / "passed.txt") << "Abs 1 2\n";
    std::ofstream(tables / "b" / "passed.txt") << "Abs 3 4\n";
    const std::string page = operator_page(tables.path());
    EXPECT_THAT(page, AllOf(HasSubstr("| tests of a | tests of b |"),
                            HasSubstr("| Abs | 1 to 28 | hardware, folded | \\|x\\| | 1 of 2 | 3 of 4 |\n"),
                            HasSubstr("## Operators of com.microsoft\n"), HasSubstr("\n| LSTM | is recurrent")));
    for (const OpDef* op : op_registry()) {
        const std::string row = fmt::format("\n| {} |", op->name);
        std::size_t rows = 0, wanted = 0;
        for (std::size_t at = page.find(row); at != std::string::npos; at = page.find(row, at + 1)) ++rows;
        for (const OpDef* other : op_registry()) wanted += other->name == op->name && other->domain != "weft" ? 1 : 0;
        EXPECT_EQ(rows, wanted) << op->name;
    }
}

TEST(OperatorPage, SaysWhereOperatorsRun) {
    const auto places = [](std::string_view domain, std::string_view name) {
        const OpPlaces found = places_of(*find_op(domain, name));
        return fmt::format("{}{}{}", found.hardware ? "hardware " : "", found.host ? "host " : "", found.folded ? "folded" : "");
    };
    EXPECT_EQ(places("", "Conv"), "hardware folded");
    EXPECT_EQ(places("", "Relu"), "hardware folded");
    EXPECT_EQ(places("", "Transpose"), "hardware folded");
    EXPECT_EQ(places("", "DequantizeLinear"), "hardware ");
    EXPECT_EQ(places("", "QLinearConv"), "hardware ");
    EXPECT_EQ(places("", "Softmax"), "host folded");
    EXPECT_EQ(places("com.microsoft", "QLinearSoftmax"), "host ");
    EXPECT_EQ(places("", "Slice"), "folded");
    EXPECT_EQ(places("", "DynamicQuantizeLinear"), "");
    EXPECT_EQ(places("", "LSTM"), "");
}

}  // namespace
}  // namespace weft
