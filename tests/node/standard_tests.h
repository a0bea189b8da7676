// standard_tests.h
// The standard's own tests of single nodes, run and held against a committed table of those that are not expected to pass.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace weft::test {

/// Tests of one operator: that pass, and all.
struct TestCount {
    int passed = 0;
    int all = 0;

    bool operator==(const TestCount&) const = default;
};

/// By operator; one of another domain than the standard's is DOMAIN.NAME.
using TestCounts = std::map<std::string, TestCount>;

struct NodeTestReport {
    TestCounts counts;
    int passed = 0;
    int refused = 0;
    /// A line each: a test that fails and is not listed, or for another reason; an entry that is needless.
    std::vector<std::string> faults;
};

/// Runs every test below `tests`, a folder for each as onnx's tools write them, that is one of an operator of the registry. A test of a
/// function's body (`NAME_expanded...`) is one of the operators of the test NAME; where weft lacks these but has all operators of the body
/// it is run as well, and counts for none. A test passes if the model, evaluated in the types that it says and in double, gives the outputs
/// of the standard. `table` lists the others: a line `PATTERN  REASON`, where a * in the pattern stands for any text and the reason is part
/// of what weft says of each test that the pattern matches; a comment may follow behind two blanks and a #.
NodeTestReport run_node_tests(const std::filesystem::path& tests, const std::filesystem::path& table);

/// A line `OPERATOR PASSED ALL` for each operator.
std::string counts_text(const TestCounts& counts);
/// Reads what `counts_text` wrote; empty if there is no such file.
TestCounts read_counts(const std::filesystem::path& file);

}  // namespace weft::test
