// slang_test.cpp
// Every unit with the parameters of its conformance points, and whole kernels in their shells, are elaborated by slang, which is as strict
// as the vendors' front-ends are. Needs pyslang.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/plumb.h"
#include "src/emit/kernel_names.h"
#include "src/emit/rtl.h"
#include "src/emit/shell.h"
#include "src/explore/folding.h"
#include "src/schedule/schedule.h"
#include "tests/conformance/points.h"
#include "tests/design/sample_designs.h"
#include "tests/paths.h"

namespace weft {
namespace {

using ::testing::HasSubstr;

class Slang : public ::testing::Test {
protected:
    void SetUp() override {
        const auto here = run_process({"python3", "-c", "import pyslang.driver"});
        if (!here || here->exit_code != 0) GTEST_SKIP() << "pyslang is not installed (bench/requirements.txt)";
    }

    void write(const std::string& path, const std::string& text) { ASSERT_TRUE(write_file(work_ / path, text)); }
    void write(const std::string& folder, const std::vector<ProjectFile>& files) {
        for (const ProjectFile& file : files)
            if (file.path.ends_with(".sv") || file.path.ends_with(".v")) write(folder + "/" + file.path, file.text);
    }

    /// What slang says of the trees of sources, each a design of its own; empty where it takes them.
    std::string said(const std::vector<std::string>& folders) {
        std::vector<std::string> command{"python3", (test::source_folder() / "bench/slang.py").string()};
        for (const std::string& folder : folders) command.push_back((work_ / folder).string());
        const auto result = run_process(command);
        if (!result) return to_string(result.error()[0]);
        return result->exit_code == 0 ? "" : fmt::format("{}{}", result->errors, result->output).substr(0, 8000);
    }

    test::TemporaryFolder work_;
};

TEST_F(Slang, TakesEveryUnitAtItsConformancePoints) {
    std::vector<std::string> folders;
    for (const UnitDef* def : unit_registry()) {
        if (!def->rtl || !def->cases) continue;
        std::size_t index = 0;
        for (const std::vector<test::ConformancePoint>& points : test::conformance_points(*def, true))
            for (const test::ConformancePoint& point : points) {
                point.design->name = fmt::format("{}{}", std::string(def->name), index++);
                ASSERT_TRUE(set_rtl_depths(*point.design));
                const auto project = emit_rtl(*point.design, {});
                ASSERT_TRUE(project) << point.label << ": " << to_string(project.error()[0]);
                write(std::string(def->name), project->files);
            }
        folders.emplace_back(def->name);
    }
    EXPECT_GE(folders.size(), 10U);
    EXPECT_EQ(said(folders), "");
}

TEST_F(Slang, TakesKernelsInTheirShells) {
    std::vector<std::string> folders;
    for (Design& design : sample_designs()) {
        ASSERT_TRUE(fold(design, {.mac_dsp_limit = 200}));
        ASSERT_TRUE(plumb(design));
        ASSERT_TRUE(set_rtl_depths(design));
        const auto core = emit_rtl(design, {});
        ASSERT_TRUE(core) << to_string(core.error()[0]);
        const auto shell = emit_shell(design, {});
        ASSERT_TRUE(shell) << to_string(shell.error()[0]);
        for (const auto& files : {core->files, *shell}) write(design.name, named_after_kernel(files, kernel_name(design)));
        folders.push_back(design.name);
    }
    EXPECT_GE(folders.size(), 3U);
    EXPECT_EQ(said(folders), "");
}

TEST_F(Slang, SaysWhatIsWrong) {
    write("late/late.sv", "module late (input logic a, output logic y);\n    assign y = b;\n    logic b;\n    assign b = a;\nendmodule\n");
    EXPECT_THAT(said({"late"}), HasSubstr("identifier 'b' used before its declaration"));
    write("checked/checked.sv", "module checked (input logic a);\n`ifdef WEFT_CHECK\n    missing part (.a(a));\n`endif\nendmodule\n");
    EXPECT_THAT(said({"checked"}), HasSubstr("unknown module 'missing'"));
    write("outside/outside.sv", "module outside (input logic [1:0] a, output logic y);\n    assign y = a[2];\nendmodule\n");
    EXPECT_THAT(said({"outside"}), HasSubstr("outside.sv:2:"));
}

}  // namespace
}  // namespace weft
