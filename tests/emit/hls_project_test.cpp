// hls_project_test.cpp
// Emitted HLS projects: what they compute, what they look like, and the known limits of the vendor's compiler that they keep.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <sstream>

#include "src/base/subprocess.h"
#include "src/design/identifier.h"
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

const EmitOptions options{.head = {"weft, for a test"},
                          .board = "alveo-u200",
                          .platform = "xilinx_u200_gen3x16_xdma_2_202110_1",
                          .compute_units = {{.slr = "SLR2", .bank = "DDR[3]"}}};

/// The stem of a small net: both products in a DSP, folds that divide nothing, a pool behind.
Design small() {
    DesignBuilder build("small");
    Stream* x = build.convolution("conv", build.input(6, 5, 2), 3, 3, 1, 1);
    build.output(build.max_pool("pool", x, 2, 2));
    return std::move(build.design);
}

void fold_and_plumb(Design& design, double mac_dsp_limit) {
    const Status folded = fold(design, {.mac_dsp_limit = mac_dsp_limit});
    ASSERT_TRUE(folded) << to_string(folded.error()[0]);
    const Status plumbed = plumb(design);
    ASSERT_TRUE(plumbed) << to_string(plumbed.error()[0]);
}

HlsProject emitted(const Design& design) {
    auto project = emit_hls(design, options);
    EXPECT_TRUE(project) << to_string(project.error()[0]);
    return project ? *std::move(project) : HlsProject{};
}

const std::string& text_of(const HlsProject& project, const std::string& path) {
    for (const ProjectFile& file : project.files)
        if (file.path == path) return file.text;
    static const std::string none;
    ADD_FAILURE() << "no file " << path;
    return none;
}

std::vector<std::vector<IntTensor>> random_frames(const Design& design, int count) {
    std::mt19937 random(3);
    std::vector<std::vector<IntTensor>> frames(static_cast<std::size_t>(count));
    for (auto& frame : frames)
        for (const KernelInput& input : design.inputs) {
            const Stream& stream = *input.binding.stream;
            frame.emplace_back(stream.shape);
            for (std::int32_t& value : frame.back().data)
                value = static_cast<std::int32_t>(stream.min +
                                                  static_cast<std::int64_t>(random() % static_cast<unsigned>(stream.max - stream.min + 1)));
        }
    return frames;
}

Result<std::vector<std::vector<IntTensor>>> simulate(const Design& design, const std::vector<std::vector<IntTensor>>& frames) {
    auto simulation = HlsSimulation::build(emitted(design), kernel_ports(design, options));
    if (!simulation) return simulation.error();
    return simulation->run(frames, {});
}

void expect_equal_to_the_contract(const Design& design, int images) {
    const auto frames = random_frames(design, images);
    const auto results = simulate(design, frames);
    ASSERT_TRUE(results) << to_string(results.error()[0]);
    const ContractRunner contract(design);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        std::vector<IntTensor> expected(design.outputs.size());
        contract.run(frames[i], expected);
        for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_EQ(expected[k], (*results)[i][k]) << "image " << i << ", output " << k;
    }
}

TEST(HlsProject, BranchedNetEqualsTheContractAtSeveralFoldings) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    for (const double limit : {900.0, 40.0}) {
        SCOPED_TRACE(limit);
        Design design = branched();
        fold_and_plumb(design, limit);
        expect_equal_to_the_contract(design, 3);
    }
}

TEST(HlsProject, FashionNetEqualsTheContract) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    Design design = fashion();
    fold_and_plumb(design, 900);
    expect_equal_to_the_contract(design, 5);
}

TEST(HlsProject, SingleImageRunsToo) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    Design design = small();
    fold_and_plumb(design, 20);
    expect_equal_to_the_contract(design, 1);
}

TEST(HlsProject, FifoBelowItsNeedIsADeadlockThatNamesTheStream) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    Design design = branched();
    fold_and_plumb(design, 900);
    Stream* skip = nullptr;
    for (const auto& unit : design.units)
        if (unit->name == "inner_sum_add") skip = unit->inputs[waiting_beats(design).contains(unit->inputs[0]) ? 0 : 1];
    ASSERT_NE(skip, nullptr);
    skip->depth = 2;
    const auto results = simulate(design, random_frames(design, 2));
    ASSERT_FALSE(results);
    EXPECT_THAT(results.error()[0].reason, ::testing::HasSubstr("deadlock"));
    EXPECT_THAT(results.error()[0].reason, ::testing::HasSubstr("'s_" + skip->name + "'"));
}

TEST(HlsProject, TooManyConstantsAreRefused) {
    Design design = fashion();
    fold_and_plumb(design, 900);
    EmitOptions tight = options;
    tight.max_initialiser_tokens = 5000;
    const auto project = emit_hls(design, tight);
    ASSERT_FALSE(project);
    EXPECT_THAT(project.error()[0].reason, ::testing::HasSubstr("more than the 5000"));
    EXPECT_THAT(project.error()[0].help, ::testing::HasSubstr("RTL"));
    EXPECT_FALSE(hls_takes(design, tight));
    // The count of which the refusal speaks is that of the text.
    tight.max_initialiser_tokens = emitted(design).initialiser_tokens;
    EXPECT_TRUE(hls_takes(design, tight));
    --tight.max_initialiser_tokens;
    EXPECT_FALSE(hls_takes(design, tight));
}

TEST(HlsProject, SeveralPixelsABeatAreRefused) {
    Design design = small();
    fold_and_plumb(design, 20);
    design.streams[0]->beat.pixels = 2;
    const auto project = emit_hls(design, options);
    ASSERT_FALSE(project);
    EXPECT_EQ(project.error()[0].tensor, design.streams[0]->name);
    EXPECT_EQ(project.error()[0].reason, "its beats carry 2 pixels, the HLS kernel's carry one");
    EXPECT_EQ(project.error()[0].help, "use the RTL kernel (engine rtl), or fold with Pixels 1");
}

TEST(HlsProject, SameDesignSameBytes) {
    const auto texts = [] {
        Design design = branched();
        fold_and_plumb(design, 900);
        std::string all;
        for (const ProjectFile& file : emitted(design).files) all += file.path + '\n' + file.text;
        return all;
    };
    EXPECT_EQ(texts(), texts());
}

TEST(HlsProject, MatchesTheGoldenFiles) {
    Design design = small();
    fold_and_plumb(design, 20);
    const fs::path golden = test::source_folder() / "tests" / "golden" / "hls_small";
    const bool update = std::getenv("WEFT_UPDATE_GOLDEN") != nullptr;
    std::set<std::string> paths;
    for (const ProjectFile& file : emitted(design).files) {
        // Copies of unit sources are tested as what they are.
        if (file.path.starts_with("hls/weft/") || file.path.starts_with("hls/csim/")) continue;
        paths.insert(file.path);
        if (update) {
            fs::create_directories((golden / file.path).parent_path());
            std::ofstream(golden / file.path) << file.text;
            continue;
        }
        std::ifstream in(golden / file.path);
        std::stringstream expected;
        expected << in.rdbuf();
        EXPECT_EQ(file.text, expected.str()) << file.path << " differs; WEFT_UPDATE_GOLDEN=1 writes the golden files anew";
    }
    for (const auto& entry : fs::recursive_directory_iterator(golden)) {
        if (!entry.is_regular_file()) continue;
        EXPECT_TRUE(paths.contains(fs::relative(entry.path(), golden).string())) << entry.path() << " is no longer emitted";
    }
}

/// What the vendor's compiler is known to refuse or to get wrong, on the project of every sample design.
class HlsLint : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override {
        design_ = std::move(sample_designs()[static_cast<std::size_t>(GetParam())]);
        fold_and_plumb(design_, 900);
        project_ = emitted(design_);
    }

    std::vector<std::string> lines(const std::string& text) {
        std::vector<std::string> list;
        std::stringstream in(text);
        for (std::string line; std::getline(in, line);) {
            line.erase(0, line.find_first_not_of(' ') == std::string::npos ? line.size() : line.find_first_not_of(' '));
            if (!line.empty() && !line.starts_with("//")) list.push_back(line);
        }
        return list;
    }
    /// Files that the vendor's compiler sees.
    std::vector<ProjectFile> synthesised() {
        std::vector<ProjectFile> list;
        for (const ProjectFile& file : project_.files)
            if (file.path.starts_with("hls/") && !file.path.starts_with("hls/csim/") && file.path != "hls/testbench.cpp")
                list.push_back(file);
        return list;
    }

    Design design_;
    HlsProject project_;
};

TEST_P(HlsLint, TopIsACanonicalDataflowRegion) {
    const std::vector<std::string> source = lines(text_of(project_, "hls/kernel.cpp"));
    const std::regex stream(R"re(hls::stream<.*, (\d+)> (\w+)\("(\w+)"\);)re");
    const std::regex process(R"re(WEFT_PROCESS\((\w+)\(n_images((, \w+)+)\)\);)re");
    const std::regex word(R"re(\w+)re");
    auto line = std::find_if(source.begin(), source.end(), [](const std::string& text) { return text.starts_with("extern \"C\" void"); });
    ASSERT_NE(line, source.end());
    std::map<std::string, int> uses;
    std::set<std::string> processes;
    bool dataflow = false;
    for (++line; line != source.end() && *line != "}"; ++line) {
        std::smatch match;
        if (line->starts_with("#pragma HLS ")) {
            dataflow |= *line == "#pragma HLS DATAFLOW";
        } else if (std::regex_match(*line, match, stream)) {
            EXPECT_EQ(match[2], match[3]);
            EXPECT_GE(std::stoi(match[1]), 1);
            EXPECT_TRUE(uses.emplace(match[2], 0).second);
        } else if (std::regex_match(*line, match, process)) {
            EXPECT_TRUE(processes.insert(match[1]).second) << match[1] << " runs twice";
            const std::string arguments = match[2];
            for (std::sregex_iterator at(arguments.begin(), arguments.end(), word), end; at != end; ++at)
                if (!at->str().starts_with("gmem_")) ++uses[at->str()];
        } else {
            ADD_FAILURE() << "not of a canonical region: " << *line;
        }
    }
    EXPECT_TRUE(dataflow);
    EXPECT_EQ(line + 1, source.end());
    for (const auto& [name, count] : uses) EXPECT_EQ(count, 2) << name << " has not one writer and one reader";
}

TEST_P(HlsLint, LoopsArePipelinedOrUnrolled) {
    for (const ProjectFile& file : synthesised()) {
        const std::vector<std::string> source = lines(file.text);
        for (std::size_t i = 0; i + 1 < source.size(); ++i) {
            if (!source[i].starts_with("for (")) continue;
            EXPECT_TRUE(source[i + 1] == "#pragma HLS UNROLL" || source[i + 1] == "#pragma HLS PIPELINE II = 1 style = flp")
                << file.path << ": " << source[i];
            EXPECT_TRUE(source[i].starts_with("for (int ")) << file.path << ": " << source[i];
        }
    }
}

TEST_P(HlsLint, NoStateSurvivesACallAndNoWordIsTooWide) {
    const std::regex wide(R"re(ap_u?int<(\d+)>)re");
    const std::regex state(R"re(^static (?!const |constexpr |void |ap_int<|ap_uint<|int \w+\(|Out |bool ))re");
    for (const ProjectFile& file : synthesised()) {
        for (const std::string& line : lines(file.text)) {
            EXPECT_FALSE(std::regex_search(line, state)) << file.path << ": " << line;
            for (std::sregex_iterator at(line.begin(), line.end(), wide), end; at != end; ++at)
                EXPECT_LE(std::stoi((*at)[1]), 1024) << file.path << ": " << line;
        }
    }
}

TEST_P(HlsLint, NamesAreFreeAndTokensAreCounted) {
    for (const auto& unit : design_.units) EXPECT_EQ(to_identifier(unit->name), unit->name);
    for (const KernelPort& port : kernel_ports(design_, options)) EXPECT_EQ(to_identifier(port.argument), port.argument);
    EXPECT_EQ(to_identifier(project_.kernel), project_.kernel);

    std::int64_t tokens = 0;
    const std::regex number(R"re(-?\d+(LL|ULL)?)re");
    for (const ProjectFile& file : project_.files) {
        if (!file.path.starts_with("hls/constants/")) continue;
        bool inside = false;
        for (const std::string& line : lines(file.text)) {
            if (inside) tokens += std::distance(std::sregex_iterator(line.begin(), line.end(), number), std::sregex_iterator());
            if (line.starts_with("static const ") && line.ends_with("=")) inside = true;
            if (line.ends_with(";")) inside = false;
        }
    }
    EXPECT_EQ(tokens, project_.initialiser_tokens);
    EXPECT_LE(tokens, 100'000);
    EXPECT_GT(project_.max_images, 1000);
}

/// C++14 without extensions, by every compiler that is here.
TEST_P(HlsLint, CompilesWithoutAWarning) {
    test::TemporaryFolder folder;
    for (const ProjectFile& file : project_.files) {
        fs::create_directories((folder / file.path).parent_path());
        std::ofstream(folder / file.path) << file.text;
    }
    int compilers = 0;
    for (const char* compiler : {"g++", "clang++"}) {
        const auto version = run_process({compiler, "--version"});
        if (!version || version->exit_code != 0) continue;
        ++compilers;
        for (const char* source : {"hls/kernel.cpp", "hls/testbench.cpp"}) {
            const auto result = run_process({compiler, "-std=c++14", "-pedantic-errors", "-Wall", "-Wextra", "-Werror",
                                             "-Wno-unknown-pragmas", "-fsyntax-only", "-I" + (folder / "hls/csim").string(),
                                             "-I" + (folder / "hls").string(), (folder / source).string()});
            ASSERT_TRUE(result) << to_string(result.error()[0]);
            EXPECT_EQ(result->exit_code, 0) << compiler << ": " << result->errors;
        }
    }
    if (compilers == 0) GTEST_SKIP() << "no C++ compiler in PATH";
}

INSTANTIATE_TEST_SUITE_P(Designs, HlsLint, ::testing::Range(0, static_cast<int>(sample_designs().size())));

}  // namespace
}  // namespace weft
