// rtl_project_test.cpp
// Emitted RTL: what it looks like, that every tool takes it, and that its memories are there.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/plumb.h"
#include "src/emit/kernel_names.h"
#include "src/emit/kernel_port.h"
#include "src/emit/rtl.h"
#include "src/explore/folding.h"
#include "src/schedule/schedule.h"
#include "tests/design/sample_designs.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

const EmitOptions options{.head = {"weft, for a test"}, .board = "alveo-u200"};

/// The stem of a small net: folds that divide nothing, a pool behind.
Design small() {
    DesignBuilder build("small");
    Stream* x = build.convolution("conv", build.input(6, 5, 2), 3, 3, 1, 1);
    build.output(build.max_pool("pool", x, 2, 2));
    return std::move(build.design);
}

Design prepared(Design design, double mac_dsp_limit = 900) {
    EXPECT_TRUE(fold(design, {.mac_dsp_limit = mac_dsp_limit}));
    EXPECT_TRUE(plumb(design));
    EXPECT_TRUE(set_rtl_depths(design));
    return design;
}

RtlProject emitted(const Design& design) {
    auto project = emit_rtl(design, options);
    EXPECT_TRUE(project) << to_string(project.error()[0]);
    return project ? named_after_kernel(*std::move(project), kernel_name(design)) : RtlProject{};
}

bool installed(const char* tool) { return static_cast<bool>(run_process({"which", tool})) && run_process({"which", tool})->exit_code == 0; }

/// Writes the project, and gives the paths of its SystemVerilog.
std::vector<std::string> written(const RtlProject& project, const fs::path& folder) {
    std::vector<std::string> sources;
    for (const ProjectFile& file : project.files) {
        EXPECT_TRUE(write_file(folder / file.path, file.text));
        if (file.path.ends_with(".sv")) sources.push_back((folder / file.path).string());
    }
    return sources;
}

/// Every sample design, so that every unit is met.
class RtlTools : public ::testing::Test {
protected:
    void expect_taken(const char* tool, const std::function<std::vector<std::string>(const std::string& top)>& command) {
        if (!installed(tool)) GTEST_SKIP() << tool << " is not installed";
        for (Design& sample : sample_designs()) {
            const RtlProject project = emitted(prepared(std::move(sample)));
            const test::TemporaryFolder folder;
            const std::vector<std::string> sources = written(project, folder / "p");
            std::vector<std::string> words = command(project.core);
            words.insert(words.end(), sources.begin(), sources.end());
            // Memories are read from the working directory.
            words.insert(words.begin(), {"env", "--chdir=" + (folder / "p/rtl").string()});
            const auto result = run_process(words);
            ASSERT_TRUE(result);
            EXPECT_EQ(result->exit_code, 0) << project.core << "\n" << result->errors.substr(0, 4000) << result->output.substr(0, 2000);
        }
    }
};

TEST_F(RtlTools, VerilatorFindsNothingToSay) {
    expect_taken("verilator", [](const std::string& top) {
        return std::vector<std::string>{"verilator", "--lint-only", "-Wall", "-Wno-DECLFILENAME", "--top-module", top};
    });
}

TEST_F(RtlTools, IcarusTakesIt) {
    expect_taken("iverilog",
                 [](const std::string& top) { return std::vector<std::string>{"iverilog", "-g2012", "-t", "null", "-s", top}; });
}

TEST_F(RtlTools, ModulesRefuseParametersThatTheyCannotBeBuiltFor) {
    if (!installed("verilator")) GTEST_SKIP() << "verilator is not installed";
    struct Wrong {
        const char* module;
        std::vector<std::string> parameters;
        const char* said;  ///< Empty: they are right.
    };
    const Wrong wrong[] = {
        {"weft_fifo", {"-GDepth=0"}, "a FIFO holds a beat at least"},
        {"weft_rom", {"-GLatency=3"}, "Latency is 0, 1 or 2"},
        {"weft_scale", {"-GCascade=3"}, "Cascade is 0, 1 or 2"},
        {"weft_output", {"-GForm=5"}, "not in the table of output.sv"},
        {"weft_output", {"-GDepth=2", "-GTakes=3"}, "the FIFO never has room for the Takes beats"},
        {"weft_output", {"-GDepth=3", "-GTakes=3"}, ""},
        {"weft_add_lane", {"-GMethod=3"}, "not in the table of add_lane.sv"},
        {"weft_window", {"-GForm=2"}, "Form 0 gives all taps in a beat"},
        {"weft_matvec", {"-GOutputLanes=2"}, "no such array of DSPs"},
        {"weft_depthwise", {"-GLanes=2"}, "a beat has no more than a position"},
        {"weft_pool", {"-GTapsPerBeat=2"}, "a beat has no more channels and taps than a position"},
        {"weft_concat", {"-GInWidth=15"}, "InWidth is not what Ports says"},
        {"weft_width_step", {"-GOutPixels=2", "-GOutLanes=2"}, "changes pixels or lanes, not both"},
    };
    for (const Wrong& w : wrong) {
        const test::TemporaryFolder folder;
        std::vector<std::string> command{"verilator", "--lint-only", "--top-module", w.module};
        command.insert(command.end(), w.parameters.begin(), w.parameters.end());
        for (const ProjectFile& file : rtl_sources(w.module)) {
            ASSERT_TRUE(write_file(folder / file.path, file.text));
            command.push_back((folder / file.path).string());
        }
        const auto result = run_process(command);
        ASSERT_TRUE(result);
        EXPECT_EQ(result->exit_code == 0, *w.said == '\0') << w.module << "\n" << result->errors;
        EXPECT_THAT(result->errors, ::testing::HasSubstr(w.said)) << w.module;
    }
}

/// The files of another DSP stand under the names of those that they replace, and nothing else differs.
TEST(RtlProject, HasTheModulesOfItsDsp) {
    const auto sources = [](const DspCell& cell) {
        std::map<std::string, std::string> files;
        for (ProjectFile& file : rtl_sources("weft_matvec weft_output", cell)) files.emplace(std::move(file.path), std::move(file.text));
        return files;
    };
    const auto usual = sources(dsp48e2), other = sources(dsp48e1);
    std::vector<std::string> replaced;
    ASSERT_EQ(usual.size(), other.size());
    for (const auto& [path, text] : usual) {
        if (other.at(path) == text) continue;
        replaced.push_back(path);
        EXPECT_NE(text.find("DSP48E2 #("), std::string::npos) << path;
        EXPECT_NE(other.at(path).find("DSP48E1 #("), std::string::npos) << path;
    }
    EXPECT_THAT(replaced, ::testing::ElementsAre("rtl/weft/mac.sv", "rtl/weft/scale.sv"));
}

TEST(RtlProject, SameDesignSameBytes) {
    const auto texts = [] {
        std::string all;
        for (const ProjectFile& file : emitted(prepared(branched())).files) all += file.path + '\n' + file.text;
        return all;
    };
    EXPECT_EQ(texts(), texts());
}

TEST(RtlProject, NamesItsNodesAndBringsEveryMemory) {
    const RtlProject project = emitted(prepared(fashion()));
    std::string core, names;
    for (const ProjectFile& file : project.files) {
        if (file.path == "rtl/" + project.core + ".sv") core = file.text;
        names += file.path + "\n";
    }
    EXPECT_THAT(core, ::testing::HasSubstr("// conv1"));
    // Whatever names its memories has some.
    for (std::size_t at = core.find(".Name(\""); at != std::string::npos; at = core.find(".Name(\"", at + 1)) {
        const std::string name = core.substr(at + 7, core.find('"', at + 7) - at - 7);
        EXPECT_THAT(names, ::testing::HasSubstr("rtl/" + name + "_"));
    }
    for (const ProjectFile& file : project.files)
        if (file.path.ends_with(".mem")) {
            EXPECT_FALSE(file.text.empty()) << file.path;
        }
}

TEST(RtlProject, NamesTheUnitThatHasNoRtl) {
    Design net = prepared(small());
    UnitDef bare = *net.units[0]->def;
    bare.rtl = nullptr;
    bare.control = nullptr;
    net.units[0]->def = &bare;
    const auto text = [](const auto& result) { return result ? std::string() : to_string(result.error().front()); };
    const std::string node = "error: node '" + net.units[0]->nodes.front() + "': the unit '" + std::string(bare.name) + "' has no ";
    const std::string help = "\n  help: use the HLS kernel for this network";
    EXPECT_EQ(text(emit_rtl(net, {})), node + "SystemVerilog" + help);
    EXPECT_EQ(text(schedule(net)), node + "RTL schedule" + help);
}

TEST(RtlProject, MatchesTheGoldenFile) {
    const RtlProject project = emitted(prepared(small(), 20));
    const fs::path golden = test::source_folder() / "tests/golden/rtl_small" / (project.core + ".sv");
    const std::string path = "rtl/" + project.core + ".sv";
    const auto core = std::ranges::find_if(project.files, [&](const ProjectFile& file) { return file.path == path; });
    ASSERT_NE(core, project.files.end());
    if (std::getenv("WEFT_UPDATE_GOLDEN")) {
        ASSERT_TRUE(write_file(golden, core->text));
        return;
    }
    const auto expected = read_file(golden);
    ASSERT_TRUE(expected) << golden;
    EXPECT_EQ(core->text, *expected) << "WEFT_UPDATE_GOLDEN=1 writes the golden file anew";
}

TEST(RtlProject, MemoryWordsAreWrittenAcrossLimbs) {
    RtlMemory memory("m", 70, 2);
    memory.set(0, 60, 10, -1);
    memory.set(1, 0, 64, 0x0123456789abcdef);
    memory.set(1, 66, 4, 5);
    EXPECT_EQ(memory.text(), "3ff000000000000000\n140123456789abcdef\n");
}

}  // namespace
}  // namespace weft
