// main.cpp
// The standard's tests of single nodes against the committed tables: prints passed of all by operator.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "tests/node/standard_tests.h"

/// `node_tests TESTS TABLES [--write]`: TABLES holds refused.txt and passed.txt; the latter is written or compared.
int main(int argc, char** argv) {
    const bool write = argc == 4 && std::string_view(argv[3]) == "--write";
    if (argc != 3 && !write) {
        fmt::print(stderr, "usage: node_tests TESTS TABLES [--write]\n");
        return 1;
    }
    for (const char* folder : {argv[1], argv[2]}) {
        if (std::filesystem::is_directory(folder)) continue;
        fmt::print(stderr, "error: {}: there is no such folder\n", folder);
        return 1;
    }
    const std::filesystem::path tables = argv[2], counts = tables / "passed.txt";
    auto report = weft::test::run_node_tests(argv[1], tables / "refused.txt");
    for (const auto& [op, count] : report.counts) fmt::print("{:<24} {:>4} of {:>4}\n", op, count.passed, count.all);
    fmt::print("{} tests pass, {} are refused\n", report.passed, report.refused);
    if (write)
        std::ofstream(counts) << weft::test::counts_text(report.counts);
    else if (weft::test::read_counts(counts) != report.counts)
        report.faults.push_back(fmt::format("{} does not hold these counts: write it with --write", counts.string()));
    for (const std::string& fault : report.faults) fmt::print(stderr, "{}\n", fault);
    return report.faults.empty() ? 0 : 1;
}
