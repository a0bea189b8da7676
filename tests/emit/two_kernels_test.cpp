// two_kernels_test.cpp
// Two emitted kernels with the same units, the same parameters and other weights never meet: not in one model of their RTL, whose memories
// lie in one folder, and not in one program of their C++.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <regex>
#include <set>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/plumb.h"
#include "src/emit/kernel_names.h"
#include "src/emit/plain_testbench.h"
#include "src/emit/shell.h"
#include "src/engines/contract.h"
#include "src/explore/folding.h"
#include "src/schedule/schedule.h"
#include "src/simulate/hls_simulation.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/design/sample_designs.h"
#include "tests/paths.h"

namespace weft {
namespace {

using ::testing::HasSubstr;
using Frames = std::vector<std::vector<IntTensor>>;  // [image][port]

/// A convolution, a pool and a dense layer; the second network has the first one's weights in another order.
Design network(bool second) {
    DesignBuilder build(second ? "second" : "first");
    Stream* x = build.convolution("conv", build.input(6, 5, 2), 4, 3, 1, 1);
    build.output(build.dense("classes", build.max_pool("pool", x, 2, 2), 3));
    Design design = std::move(build.design);
    if (second)
        for (const auto& unit : design.units)
            for (auto& [name, constant] : unit->constants) {
                std::vector<std::int64_t> values = constant.data.to_vector();
                std::reverse(values.begin(), values.end());
                constant.data = values;
            }
    EXPECT_TRUE(fold(design, {.mac_dsp_limit = 10}));
    EXPECT_TRUE(plumb(design));
    EXPECT_TRUE(set_rtl_depths(design));
    return design;
}

class TwoKernels : public ::testing::Test {
protected:
    TwoKernels() {
        std::mt19937 random(5);
        for (auto& image : images_) {
            image.emplace_back(designs_[0].inputs[0].binding.stream->shape);
            for (std::int32_t& value : image[0].data) value = static_cast<std::int32_t>(random() % 256) - 128;
        }
        for (int k = 0; k < 2; ++k) {
            const ContractRunner contract(designs_[k]);
            for (const auto& image : images_) contract.run(image, expected_[k].emplace_back(1));
        }
    }
    void SetUp() override { ASSERT_NE(expected_[0][0][0].data, expected_[1][0][0].data); }

    /// Both cores in one program, each with the memories of both in its folder; what is wrong with each one's results.
    std::vector<bool> run_cores(bool named) {
        std::vector<RtlProject> projects;
        for (const Design& design : designs_) {
            auto project = emit_rtl(design, {});
            EXPECT_TRUE(project);
            projects.push_back(named ? named_after_kernel(*std::move(project), kernel_name(design)) : *std::move(project));
        }
        std::vector<ProjectFile> memories;
        for (const RtlProject& project : projects)
            for (const ProjectFile& file : project.files)
                if (file.path.ends_with(".mem")) memories.push_back(file);
        EXPECT_GE(memories.size(), 4U);
        for (RtlProject& project : projects) project.files.insert(project.files.end(), memories.begin(), memories.end());
        const auto simulation = RtlSimulation::build(projects, {.brief = true});
        EXPECT_TRUE(simulation) << to_string(simulation.error()[0]);
        std::vector<bool> exact;
        for (std::size_t k = 0; simulation && k < 2; ++k) {
            const auto run = simulation->run(k, images_, {});
            EXPECT_TRUE(run) << to_string(run.error()[0]);
            exact.push_back(run && run->outputs == expected_[k]);
        }
        return exact;
    }

    /// Both kernels in one program, as two translation units, beside a caller that includes both headers.
    std::vector<bool> run_programs(bool named) {
        std::vector<ProjectFile> files;
        std::string caller =
            "#include <ap_int.h>\n#include <hls_stream.h>\n#include <cstdint>\n#include <cstdlib>\n#include <cstring>\n#include <fstream>\n"
            "#include <iostream>\n#include <string>\n#include <vector>\n";
        std::string tests, choices;
        for (const Design& design : designs_) {
            const auto project = emit_hls(design, {});
            EXPECT_TRUE(project) << to_string(project.error()[0]);
            const std::string& kernel = project->kernel;
            for (ProjectFile file : project->files) {
                if (!named) file.text = std::regex_replace(file.text, std::regex(kernel + R"((_\w+_constants))"), "its$1");
                files.push_back({kernel + "/" + file.path, std::move(file.text)});
            }
            caller += fmt::format("#include \"{}/hls/kernel.hpp\"\n", kernel);
            tests += fmt::format("namespace test_{0} {{\n#include \"{0}/hls/testbench.cpp\"\n}}\n", kernel);
            choices += fmt::format("    if (std::string(argv[1]) == \"{0}\") return test_{0}::main(argc - 1, argv + 1);\n", kernel);
        }
        files.push_back({"main.cpp", fmt::format("{}{}int main(int argc, char** argv) {{\n{}    return 4;\n}}\n", caller, tests, choices)});
        const std::string first = kernel_name(designs_[0]), second = kernel_name(designs_[1]);
        const auto program = build_program(files, {"main.cpp", first + "/hls/kernel.cpp", second + "/hls/kernel.cpp"},
                                           {first + "/hls/csim", "."}, {"-O0", "-w"});
        EXPECT_TRUE(program) << to_string(program.error()[0]);
        std::vector<bool> exact;
        for (std::size_t k = 0; program && k < 2; ++k) {
            const test::TemporaryFolder folder;
            for (const KernelPort& port : kernel_ports(designs_[k], {})) {
                std::string bytes;
                for (const auto& image : port.output ? expected_[k] : images_)
                    bytes.append(reinterpret_cast<const char*>(image[0].data.data()), image[0].data.size() * sizeof(std::int32_t));
                EXPECT_TRUE(write_file(folder / (port.name + ".bin"), bytes));
            }
            const auto run = run_process({program->string(), kernel_name(designs_[k]), folder.path().string()});
            EXPECT_TRUE(run);
            EXPECT_THAT(run->output, HasSubstr(fmt::format("{} images, ", images_.size()))) << run->errors;
            exact.push_back(run->exit_code == 0 && run->output.find(" 0 elements differ") != std::string::npos);
        }
        return exact;
    }

    const std::vector<Design> designs_ = [] {
        std::vector<Design> list;
        for (const bool second : {false, true}) list.push_back(network(second));
        return list;
    }();
    Frames images_{3};
    Frames expected_[2];
};

TEST_F(TwoKernels, AreExactInOneModel) {
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    EXPECT_EQ(run_cores(true), (std::vector<bool>{true, true}));
    // Without their names they meet: one's weights are the other's.
    EXPECT_NE(run_cores(false), (std::vector<bool>{true, true}));
}

TEST_F(TwoKernels, AreExactInOneProgram) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    EXPECT_EQ(run_programs(true), (std::vector<bool>{true, true}));
    EXPECT_NE(run_programs(false), (std::vector<bool>{true, true}));
}

/// Names of modules and files of a whole RTL project, its testbench among it.
std::set<std::string> names(const Design& design) {
    std::set<std::string> found;
    const std::string kernel = kernel_name(design);
    const auto core = emit_rtl(design, {});
    const auto shell = emit_shell(design, {});
    EXPECT_TRUE(core && shell);
    std::vector<PortVectors> vectors(kernel_ports(design, {}).size());
    for (std::size_t p = 0; p < vectors.size(); ++p) vectors[p].frames.emplace_back(kernel_ports(design, {})[p].stream->shape);
    const std::regex defines(R"(\nmodule (\w+))"), reads(R"re(\$readmemh\("([^"]*)")re");
    for (const auto& files :
         {named_after_kernel(core->files, kernel), named_after_kernel(*shell, kernel), plain_testbench(design, {}, vectors)})
        for (const ProjectFile& file : files) {
            const bool source = file.path.ends_with(".sv") || file.path.ends_with(".v");
            if (source || file.path.ends_with(".mem")) found.insert(file.path.substr(file.path.rfind('/') + 1));
            if (!source) continue;
            for (std::sregex_iterator at(file.text.begin(), file.text.end(), defines), end; at != end; ++at) found.insert((*at)[1]);
            for (std::sregex_iterator at(file.text.begin(), file.text.end(), reads), end; at != end; ++at) found.insert((*at)[1]);
            // A file's head is its name.
            EXPECT_EQ(file.text.substr(0, file.text.find('\n')), "// " + file.path.substr(file.path.rfind('/') + 1));
        }
    return found;
}

TEST_F(TwoKernels, ShareNoName) {
    const std::set<std::string> first = names(designs_[0]), second = names(designs_[1]);
    EXPECT_EQ(first.size(), second.size());
    EXPECT_GT(first.size(), 60U);
    for (const std::string& name : first) {
        EXPECT_THAT(name, HasSubstr("first_kernel"));
        EXPECT_FALSE(second.contains(name)) << name;
    }
}

TEST(KernelNames, AreGivenToModulesAndMemoriesAlone) {
    const auto renamed = [](const std::string& text) {
        return named_after_kernel(std::vector<ProjectFile>{{"rtl/k_core.sv", text}}, "k")[0].text;
    };
    EXPECT_EQ(renamed("weft_fifo #(.Width(8)) fifo_weft_fifo (.weft_fifo_valid(a));\n"),
              "k_weft_fifo #(.Width(8)) fifo_weft_fifo (.weft_fifo_valid(a));\n");
    EXPECT_EQ(renamed("a #(.Name(\"weft_fifo\")) b (); $display(\"weft_fifo \\\" weft_fifo\", weft_fifo);\n"),
              "a #(.Name(\"k_weft_fifo\")) b (); $display(\"weft_fifo \\\" weft_fifo\", k_weft_fifo);\n");
    EXPECT_EQ(renamed("// of weft_fifo's \" and .Name(\"x\")\nweft_fifo"), "// of k_weft_fifo's \" and .Name(\"x\")\nk_weft_fifo");
    EXPECT_EQ(renamed("\"open weft_fifo"), "\"open weft_fifo");
    std::vector<std::string> paths;
    const std::vector<ProjectFile> files{
        {"vitis/rtl.mk", "weft_fifo"}, {"rtl/conv_weights0.mem", "0"}, {"rtl/weft/fifo.sv", "// fifo.sv\nmodule weft_fifo;\n"}};
    for (const ProjectFile& file : named_after_kernel(files, "k")) paths.push_back(file.path + ": " + file.text);
    EXPECT_THAT(paths,
                ::testing::ElementsAre("rtl/k_conv_weights0.mem: 0", "rtl/weft/k_weft_fifo.sv: // k_weft_fifo.sv\nmodule k_weft_fifo;\n",
                                       "vitis/rtl.mk: weft_fifo"));
    for (const auto& [now, before] :
         {std::pair{"rtl/k_conv_weights0.mem", "rtl/conv_weights0.mem"}, std::pair{"rtl/weft/k_weft_fifo.sv", "rtl/weft/fifo.sv"},
          std::pair{"rtl/tb/k_image.mem", "rtl/tb/image.mem"}, std::pair{"rtl/k_core.sv", "rtl/k_core.sv"},
          std::pair{"vitis/rtl.mk", "vitis/rtl.mk"}})
        EXPECT_EQ(former_path(now, "k"), before);
}

}  // namespace
}  // namespace weft
