// hls_scripts_test.cpp
// The script for synthesis and co-simulation of an HLS project as the vendor's tool is told of it, and the memory that co-simulation sees.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <regex>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/plumb.h"
#include "src/emit/hls.h"
#include "src/engines/contract.h"
#include "src/explore/folding.h"
#include "src/simulate/hls_simulation.h"
#include "tests/design/sample_designs.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

bool has(const std::string& tool) {
    const auto result = run_process({"sh", "-c", "command -v " + tool});
    return result && result->exit_code == 0;
}

/// A project in a folder of its own, and stand-ins for the vendor's commands.
class HlsScripts : public ::testing::Test {
protected:
    void SetUp() override {
        design_ = branched();
        const Status folded = fold(design_, {.mac_dsp_limit = 40});
        ASSERT_TRUE(folded) << to_string(folded.error()[0]);
        const Status plumbed = plumb(design_);
        ASSERT_TRUE(plumbed) << to_string(plumbed.error()[0]);
        const EmitOptions options{.part = "xcu50-fsvh2104-2L-e", .clock_mhz = 250};
        auto project = emit_hls(design_, options);
        ASSERT_TRUE(project) << to_string(project.error()[0]);
        project_ = *std::move(project);
        ports_ = kernel_ports(design_, options);
        for (const ProjectFile& file : project_.files) ASSERT_TRUE(write_file(work_ / file.path, file.text));
    }

    /// Runs hls.tcl under a stand-in for the vendor's tool, whose synthesis reports loops of `intervals`: by itself, or as `target` of the
    /// Makefile. What the tool was told is in `log_`.
    ProcessResult run(const std::vector<std::string>& environment, const std::string& intervals, const std::string& target = "") {
        const std::string tool = R"(#!/usr/bin/env tclsh
set log [open $env(WEFT_LOG) w]
proc unknown {name args} {
    puts $::log [concat [list $name] $args]
    if {$name eq "csynth_design"} {
        file mkdir build.hls/solution/syn/report
        set report [open build.hls/solution/syn/report/conv_matvec_csynth.xml w]
        foreach interval $::env(WEFT_INTERVALS) { puts $report "<PipelineII>$interval</PipelineII><PipelineDepth>9</PipelineDepth>" }
        close $report
    }
}
source [lindex $argv 1]
)";
        const std::string path = (work_ / "bin/vitis_hls").string();
        EXPECT_TRUE(write_file(path, tool));
        fs::permissions(path, fs::perms::owner_all);
        std::vector<std::string> command{"env", "--chdir=" + (work_ / "vitis").string(), "WEFT_LOG=" + (work_ / "log").string(),
                                         "WEFT_INTERVALS=" + intervals, "PATH=" + (work_ / "bin").string() + ":" + std::getenv("PATH")};
        command.insert(command.end(), environment.begin(), environment.end());
        const std::vector<std::string> call =
            target.empty() ? std::vector<std::string>{"vitis_hls", "-f", "hls.tcl"} : std::vector<std::string>{"make", target};
        command.insert(command.end(), call.begin(), call.end());
        const auto result = run_process(command);
        EXPECT_TRUE(result);
        const auto log = read_file(work_ / "log");
        log_ = log ? *log : std::string();
        return result ? *result : ProcessResult{};
    }

    std::vector<std::vector<IntTensor>> random_frames(int count) const {
        std::mt19937 random(3);
        std::vector<std::vector<IntTensor>> frames(static_cast<std::size_t>(count));
        for (auto& frame : frames)
            for (const KernelInput& input : design_.inputs) {
                const Stream& stream = *input.binding.stream;
                std::uniform_int_distribution<std::int32_t> value(static_cast<std::int32_t>(stream.min),
                                                                  static_cast<std::int32_t>(stream.max));
                frame.emplace_back(stream.shape);
                for (std::int32_t& element : frame.back().data) element = value(random);
            }
        return frames;
    }

    test::TemporaryFolder work_;
    Design design_;
    HlsProject project_;
    std::vector<KernelPort> ports_;
    std::string log_;
};

TEST_F(HlsScripts, SynthesiseAndSimulateTheKernel) {
    if (!has("tclsh")) GTEST_SKIP() << "tclsh is not installed";
    const ProcessResult result = run({}, "1 1 1");
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("3 pipelined loops, 0 with an interval other than 1"));
    EXPECT_THAT(log_, HasSubstr("set_top " + project_.kernel + "\n"));
    EXPECT_THAT(log_,
                HasSubstr("add_files " + (work_ / "hls/kernel.cpp").string() + " -cflags {-std=c++14 -I" + (work_ / "hls").string() + "}"));
    EXPECT_THAT(log_, HasSubstr("add_files -tb " + (work_ / "hls/testbench.cpp").string()));
    EXPECT_THAT(log_, HasSubstr("set_part xcu50-fsvh2104-2L-e\ncreate_clock -period 4.0\nconfig_dataflow -strict_mode error"));
    EXPECT_THAT(log_, HasSubstr("csynth_design\ncosim_design -argv {" + (work_ / "vectors").string() + " 2}\n"));
    EXPECT_THAT(log_, Not(HasSubstr("csim_design")));
    EXPECT_EQ(run({"STEPS=csim", "FREQUENCY=200"}, "").exit_code, 0);
    EXPECT_THAT(log_, HasSubstr("create_clock -period 5.0"));
    EXPECT_THAT(log_, HasSubstr("csim_design -argv " + (work_ / "vectors").string()));
    EXPECT_THAT(log_, Not(HasSubstr("csynth_design")));
}

TEST_F(HlsScripts, StopAtALoopThatIsTooSlow) {
    if (!has("tclsh")) GTEST_SKIP() << "tclsh is not installed";
    const ProcessResult slow = run({}, "1 2 1");
    EXPECT_NE(slow.exit_code, 0);
    EXPECT_THAT(slow.errors, HasSubstr("conv_matvec_csynth: II = 2"));
    EXPECT_THAT(log_, Not(HasSubstr("cosim_design")));
    const ProcessResult none = run({}, "");
    EXPECT_NE(none.exit_code, 0);
    EXPECT_THAT(none.errors, HasSubstr("no report speaks of a pipelined loop"));
    const ProcessResult misspelt = run({"STEPS=synth"}, "1");
    EXPECT_NE(misspelt.exit_code, 0);
    EXPECT_THAT(misspelt.errors, HasSubstr("STEPS: csim, csynth and cosim, not synth"));
}

TEST_F(HlsScripts, TheMakefileRunsTheSteps) {
    if (!has("tclsh") || !has("make")) GTEST_SKIP() << "tclsh or make is not installed";
    EXPECT_EQ(run({}, "1", "csynth").exit_code, 0);
    EXPECT_THAT(log_, HasSubstr("csynth_design"));
    EXPECT_THAT(log_, Not(HasSubstr("cosim_design")));
    EXPECT_EQ(run({}, "1", "cosim").exit_code, 0);
    EXPECT_THAT(log_, HasSubstr("cosim_design"));
}

/// Co-simulation gives the kernel a copy of `depth` words of each pointer, which have to be there: here a wrapper does.
TEST_F(HlsScripts, TheDepthsOfThePortsHoldTheImagesOfACall) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    const std::string source = *read_file(work_ / "hls/kernel.cpp");
    std::string layouts, parameters, vectors, copies, arguments, results;
    for (const KernelPort& port : ports_) {
        std::smatch match;
        ASSERT_TRUE(std::regex_search(source, match, std::regex("m_axi port=" + port.argument + " .*depth=(\\d+)")));
        const std::string depth = match[1];
        // The words of an image, as the process that reads or writes them counts them.
        const std::string process = source.substr(source.find(fmt::format("void {}_{}(", port.output ? "write" : "read", port.name)));
        ASSERT_TRUE(std::regex_search(process, match, std::regex("_words<512, (.*::words)>\\(")));
        layouts += fmt::format("static_assert({} == 2 * {}, \"\");\n", depth, match[1].str());
        const std::string constant = port.output ? "" : "const ";
        parameters += fmt::format("{}ap_uint<512>* {}, ", constant, port.argument);
        vectors += fmt::format("{}std::vector<ap_uint<512> >& {}, ", constant, port.argument);
        copies += fmt::format(
            "    if ({0}.size() < {1}) std::exit(5);\n    std::vector<ap_uint<512> > {0}_copy({0}.begin(), {0}.begin() + {1});\n",
            port.argument, depth);
        arguments += port.argument + "_copy.data(), ";
        if (port.output) results += fmt::format("    std::copy({0}_copy.begin(), {0}_copy.end(), {0}.begin());\n", port.argument);
    }
    const std::string wrapper = fmt::format("void wrapped({}int n_images)", vectors);
    std::vector<ProjectFile> files = project_.files;
    for (ProjectFile& file : files) {
        if (file.path != "hls/testbench.cpp") continue;
        file.text = std::regex_replace(file.text, std::regex(project_.kernel + "\\("), "wrapped(");
        file.text = std::regex_replace(file.text, std::regex("(\\w+)\\.data\\(\\), "), "$1, ");
        file.text = "#include <ap_int.h>\n#include <vector>\n" + wrapper + ";\n" + file.text;
    }
    files.push_back(
        {"hls/wrapper.cpp", fmt::format("#include <ap_int.h>\n#include <algorithm>\n#include <cstdlib>\n#include <vector>\n"
                                        "#include \"weft/common/burst.hpp\"\n{}extern \"C\" void {}({}int);\n{} {{\n{}    "
                                        "{}({}n_images);\n{}}}\n",
                                        layouts, project_.kernel, parameters, wrapper, copies, project_.kernel, arguments, results)});
    const auto program =
        build_program(files, {"hls/kernel.cpp", "hls/testbench.cpp", "hls/wrapper.cpp"}, {"hls/csim", "hls"}, {"-O1", "-w"});
    ASSERT_TRUE(program) << to_string(program.error()[0]);

    // Three images: the second call has one of two.
    const auto frames = random_frames(3);
    const ContractRunner contract(design_);
    std::map<std::string, std::string> bytes;
    for (const auto& frame : frames) {
        std::vector<IntTensor> results(design_.outputs.size());
        contract.run(frame, results);
        std::size_t input = 0, output = 0;
        for (const KernelPort& port : ports_) {
            const IntTensor& tensor = port.output ? results[output++] : frame[input++];
            bytes[port.name].append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size() * sizeof(std::int32_t));
        }
    }
    for (const auto& [name, text] : bytes) ASSERT_TRUE(write_file(work_ / ("vectors/" + name + ".bin"), text));
    const auto result = run_process({program->string(), (work_ / "vectors").string(), "2"});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_code, 0) << result->errors;
    EXPECT_THAT(result->output, HasSubstr("3 images, 0 elements differ"));
}

}  // namespace
}  // namespace weft
