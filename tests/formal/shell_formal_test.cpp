// shell_formal_test.cpp
// The memory shell's blocks, bounded: no reachable state within so many cycles of reset breaks a promise, and what must be reachable is.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "src/base/scratch.h"
#include "src/base/subprocess.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

struct Harness {
    const char* name;
    int depth;        ///< Cycles in which no assertion fails.
    int cover_depth;  ///< Cycles within which every cover is reached.
    int covers;
    const char* parameters = "";
};

bool has_tools() {
    for (const char* tool : {"yosys", "yosys-abc"})
        if (!run_process({tool, "-h"})) return false;
    return true;
}

/// What bmc3 says of all assertions of a harness, `covers` instead of its promises if asked for.
std::string checked(const Harness& harness, bool covers, const fs::path& work) {
    const std::string units = std::string(WEFT_SOURCE_DIR) + "/units";
    const std::string model = (work / (covers ? "covers.aig" : "promises.aig")).string();
    const auto made = run_process(
        {"yosys", "-q", "-p",
         fmt::format("read_verilog {0} -formal -sv -defer {1}/shell/*.sv {1}/common/counter.sv {1}/common/credit.sv {1}/common/flags.sv "
                     "{1}/common/select.sv {1}/common/select_four.sv {1}/fifo/fifo.sv "
                     "{2}/tests/formal/{3}.sv; "
                     "hierarchy -check -top {3} {4}; setattr -mod -unset keep_hierarchy; prep -flatten -top {3}; async2sync; setundef "
                     "-undriven -anyseq; opt -fast; memory_map; "
                     "opt -fast; dffunmap; formalff -clk2ff; setundef -undriven -anyseq; techmap; opt -fast; dffunmap; abc -g AND -fast; "
                     "opt_clean; write_aiger -zinit {5}",
                     covers ? "-DWEFT_COVER" : "", units, WEFT_SOURCE_DIR, harness.name, harness.parameters, model)});
    EXPECT_TRUE(made);
    if (!made) return "";
    EXPECT_EQ(made->exit_code, 0) << made->errors;
    const auto answer = run_process(
        {"yosys-abc", "-c", fmt::format("read_aiger {}; fold; bmc3 -a -F {}", model, covers ? harness.cover_depth : harness.depth)});
    EXPECT_TRUE(answer);
    return answer ? answer->output : "";
}

class ShellFormal : public ::testing::TestWithParam<Harness> {};

TEST_P(ShellFormal, KeepsItsPromisesAndReachesItsCovers) {
    if (!has_tools()) GTEST_SKIP() << "Yosys is not installed";
    const Harness& harness = GetParam();
    const TemporaryFolder work(fs::temp_directory_path() / ("weft-formal-" + unique_suffix()));
    fs::create_directories(work.path());
    const std::string promises = checked(harness, false, work.path());
    EXPECT_NE(promises.find(fmt::format("No output asserted in {} frames", harness.depth)), std::string::npos) << promises;
    const std::string covers = checked(harness, true, work.path());
    int reached = 0;
    for (std::size_t at = covers.find("was asserted in frame"); at != std::string::npos; at = covers.find("was asserted in frame", at + 1))
        ++reached;
    EXPECT_EQ(reached, harness.covers) << covers;
}

INSTANTIATE_TEST_SUITE_P(All, ShellFormal,
                         ::testing::Values(Harness{"axi_control_formal", 16, 8, 4}, Harness{"axi_read_formal", 16, 22, 3},
                                           Harness{"axi_write_formal", 15, 22, 3}, Harness{"frame_formal", 14, 14, 1},
                                           Harness{"frame_formal", 17, 17, 1, "-chparam Columns 3 -chparam Channels 3 -chparam Pixels 2"}),
                         [](const auto& info) { return info.param.name + (*info.param.parameters ? fmt::format("_{}", info.index) : ""); });

}  // namespace
}  // namespace weft
