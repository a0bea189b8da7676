// mac_test.cpp
// weft_mac and weft_scale of each DSP: their behavioural twins, and with WEFT_UNISIM the primitive itself in the vendor's free simulation
// model, do what the data sheet says.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/unit_def.h"
#include "tests/paths.h"

namespace weft {
namespace {

struct Cell {
    const char* module;
    const DspCell* dsp;
    const char* result;

    std::string name() const { return std::string(dsp->name); }
};

/// Compiles the cell's bench with `more` arguments in Icarus Verilog and runs it; what it printed.
std::string run_bench(const Cell& cell, const std::vector<std::string>& more) {
    const test::TemporaryFolder folder;
    const std::string program = (folder / "bench.vvp").string();
    const std::string name(cell.module);
    const std::filesystem::path source = test::source_folder();
    std::vector<std::string> compile{"iverilog", "-g2012", "-o", program, "-s", name + "_bench"};
    compile.insert(compile.end(), more.begin(), more.end());
    compile.push_back((source / "tests/conformance" / (name + "_bench.sv")).string());
    compile.push_back(fmt::format("-DWIDE={}", cell.dsp->wide_bits));
    compile.push_back(fmt::format("-DADDS={}", cell.dsp->adds_to_cascade ? 1 : 0));
    for (const EmbeddedFile& file : unit_files_for(*cell.dsp))
        if (file.path == "common/" + name + ".sv") {
            const auto written = write_file(folder / (name + ".sv"), std::string(file.contents));
            if (!written) return to_string(written.error()[0]);
        }
    compile.push_back((folder / (name + ".sv")).string());
    const auto compiled = run_process(compile);
    if (!compiled || compiled->exit_code != 0) return compiled ? compiled->errors : to_string(compiled.error()[0]);
    const auto run = run_process({"vvp", "-n", program});
    return run ? run->output + run->errors : to_string(run.error()[0]);
}

bool has_icarus() {
    const auto found = run_process({"iverilog", "-V"});
    return found && found->exit_code == 0;
}

class Mac : public testing::TestWithParam<Cell> {};

TEST_P(Mac, TwinDoesWhatTheDataSheetSays) {
    if (!has_icarus()) GTEST_SKIP() << "no iverilog in PATH";
    EXPECT_EQ(run_bench(GetParam(), {}), std::string(GetParam().result) + "\n");
}

/// The instance of the primitive, that is its parameters and tied ports, in a model of the data sheet.
TEST_P(Mac, InstanceDoesWhatTheDataSheetSays) {
    if (!has_icarus()) GTEST_SKIP() << "no iverilog in PATH";
    const std::string model = (test::source_folder() / "tests/conformance/dsp48.sv").string();
    EXPECT_EQ(run_bench(GetParam(), {"-DSYNTHESIS", model}), std::string(GetParam().result) + "\n");
}

TEST_P(Mac, PrimitiveDoesWhatTheDataSheetSays) {
    if (!has_icarus()) GTEST_SKIP() << "no iverilog in PATH";
    const char* folder = std::getenv("WEFT_UNISIM");
    if (folder == nullptr)
        GTEST_SKIP() << "WEFT_UNISIM does not name a folder with unisims/" << GetParam().name() << ".v and glbl.v of the vendor's library";
    // The library keeps glbl.v beside the folder of its models.
    std::vector<std::string> files;
    const std::string model = GetParam().name() + ".v";
    for (const std::string& name : {model, "unisims/" + model, std::string("glbl.v"), std::string("../glbl.v")})
        if (const auto file = std::filesystem::path(folder) / name; std::filesystem::exists(file)) files.push_back(file.string());
    ASSERT_EQ(files.size(), 2u) << "no " << model << " or no glbl.v in " << folder;
    std::vector<std::string> arguments{"-DSYNTHESIS", "-s", "glbl"};
    arguments.insert(arguments.end(), files.begin(), files.end());
    // Nothing else: the model prints what it finds wrong with attributes and modes.
    EXPECT_EQ(run_bench(GetParam(), arguments), GetParam().result + std::string("\n"));
}

INSTANTIATE_TEST_SUITE_P(Cells, Mac,
                         testing::Values(Cell{"mac", &dsp48e2, "23972 checks, 0 errors"}, Cell{"scale", &dsp48e2, "67915 checks, 0 errors"},
                                         Cell{"mac", &dsp48e1, "23972 checks, 0 errors"},
                                         Cell{"scale", &dsp48e1, "67915 checks, 0 errors"}),
                         [](const auto& info) { return std::string(info.param.module) + "_" + info.param.name(); });

}  // namespace
}  // namespace weft
