// stubs_test.cpp
// An operator, a unit, a board, an engine and a back end are each added in one place: those of tests/house/stubs, which only a folder of
// the build names, are listed, lowered, folded, emitted and run as all others are.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/data/dataset.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/onnx/model_builder.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

ProcessResult run(const char* program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), std::string(WEFT_BINARY_DIR) + "/" + program);
    const auto result = run_process(arguments);
    EXPECT_TRUE(result) << test::messages(result);
    return result ? *result : ProcessResult{.exit_code = -1};
}
ProcessResult with_stubs(std::vector<std::string> arguments) { return run("weft_with_stubs", std::move(arguments)); }

json parsed(const ProcessResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return json::parse(result.output, nullptr, false);
}
json parsed(const fs::path& path) {
    const auto text = read_file(path);
    EXPECT_TRUE(text) << test::messages(text);
    return json::parse(text ? *text : std::string(), nullptr, false);
}

std::vector<std::string> listed(const char* program, const std::string& what, const std::string& key) {
    std::vector<std::string> names;
    for (const json& entry : parsed(run(program, {"list", what, "--json"}))) names.push_back(entry.at(key));
    return names;
}

/// x [N, 4] -> dense, the operator of the stubs, dense -> y [N, 2].
class Stubs : public testing::Test {
protected:
    void SetUp() override {
        test::ModelBuilder builder;
        builder.input("x", {"N", 4});
        builder.floats("v", {4, 3}, {1, -2, 3, 4, 5, -6, 0.5F, 1, 2, -1, 2, 0.25F});
        builder.floats("w", {3, 2}, {1, 2, 3, -4, 5, 6});
        builder.node("Gemm", {"x", "v"}, {"a"}, "first");
        builder.node("Hold", {"a"}, {"b"}, "middle");
        builder.node("Gemm", {"b", "w"}, {"y"}, "last");
        builder.output("y", {"N", 2});
        builder.write(folder_ / "model.onnx");
        std::vector<float> values;
        for (int i = 0; i < 32; ++i) values.push_back(static_cast<float>(i * 37 % 19) / 8 - 1);
        ASSERT_TRUE(save_npy(folder_ / "x.npy", Tensor::of<float>({8, 4}, values)));
    }
    ProcessResult compiled() const {
        return with_stubs({"compile", at("model.onnx"), "--calibrate", at("x.npy"), "--board", "bench", "-o", at("out")});
    }
    ProcessResult ran(const std::string& engine) const {
        return with_stubs({"run", at("out"), "--inputs", at("x.npy"), "--engine", engine, "--against", "integer", "--json"});
    }
    std::string at(const std::string& name) const { return (folder_ / name).string(); }

    test::TemporaryFolder folder_;
};

TEST_F(Stubs, AreListed) {
    EXPECT_THAT(listed("weft_with_stubs", "ops", "op"), AllOf(Contains("Hold"), Contains("Conv")));
    EXPECT_THAT(listed("weft_with_stubs", "units", "unit"), AllOf(Contains("hold"), Contains("matvec")));
    EXPECT_THAT(listed("weft_with_stubs", "boards", "board"), AllOf(Contains("bench"), Contains("kv260")));
    EXPECT_THAT(with_stubs({"run", "--help"}).output, HasSubstr("float, float64, integer, reference, hls, rtl or xrt"));
    // The program itself has none of them.
    EXPECT_THAT(listed("weft", "ops", "op"), Not(Contains("Hold")));
    EXPECT_THAT(listed("weft", "units", "unit"), Not(Contains("hold")));
    EXPECT_THAT(listed("weft", "boards", "board"), Not(Contains("bench")));
    EXPECT_THAT(run("weft", {"run", "--help"}).output, HasSubstr("float, float64, integer, hls, rtl or xrt"));
}

TEST_F(Stubs, AreLoweredAndEmitted) {
    const ProcessResult result = compiled();
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("A board on a bench"));
    const json design = parsed(folder_ / "out/manifest.json").at("design");
    std::vector<std::string> kinds;
    for (const json& unit : design.at("units")) kinds.push_back(unit.at("unit"));
    EXPECT_THAT(kinds, Contains("hold"));
    const auto parts = read_file(folder_ / "out/parts/units.txt");
    ASSERT_TRUE(parts);
    EXPECT_THAT(*parts, AllOf(HasSubstr("hold\n"), HasSubstr("matvec\n")));
    EXPECT_EQ(parsed(folder_ / "out/report.json").at("parts").at("units"), kinds.size());
    EXPECT_TRUE(fs::exists(folder_ / "out/hls/weft/hold/hold.hpp"));
    EXPECT_TRUE(fs::exists(folder_ / "out/rtl/weft/model_kernel_weft_hold.sv"));
    EXPECT_TRUE(fs::exists(folder_ / "out/rtl/model_kernel.v"));
    EXPECT_TRUE(fs::exists(folder_ / "out/vectors"));
}

TEST_F(Stubs, BackEndSaysWhatItLeavesOut) {
    test::ModelBuilder builder;
    builder.input("x", {"N", 4});
    builder.floats("v", {4, 1}, {1, -2, 3, 4});
    builder.floats("w", {4, 2}, {1, 2, 3, -4, 5, 6, 7, 8});
    builder.node("Gemm", {"x", "v"}, {"y"}, "first");
    builder.node("Gemm", {"x", "w"}, {"z"}, "second");
    builder.output("y", {"N", 1});
    builder.output("z", {"N", 2});
    builder.write(folder_ / "model.onnx");
    const ProcessResult result = compiled();
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("warning: the kernel has several outputs: the list of its parts is left out"));
    EXPECT_FALSE(fs::exists(folder_ / "out/parts"));
    EXPECT_FALSE(parsed(folder_ / "out/report.json").contains("parts"));
    EXPECT_TRUE(fs::exists(folder_ / "out/rtl"));
}

TEST_F(Stubs, AreRun) {
    ASSERT_EQ(compiled().exit_code, 0);
    const json reference = parsed(ran("reference"));
    EXPECT_EQ(reference.at("engine"), "reference");
    EXPECT_EQ(reference.at("elements"), 16);
    EXPECT_EQ(reference.at("equal_elements"), 16);
    EXPECT_EQ(reference.at("reference_images"), 8);
    const std::vector<std::string> alone{"run", at("out"), "--inputs", at("x.npy"), "--engine", "reference"};
    EXPECT_THAT(with_stubs(alone).output, HasSubstr("reference models: 8 images\n"));
    const json hls = parsed(ran("hls"));
    EXPECT_EQ(hls.at("equal_elements"), 16);
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    const json rtl = parsed(ran("rtl"));
    EXPECT_EQ(rtl.at("equal_elements"), 16);
    EXPECT_EQ(rtl.at("equal_handshakes"), rtl.at("handshakes"));
}

TEST_F(Stubs, NearestEngineIsNamed) {
    const ProcessResult near = with_stubs({"run", at("model.onnx"), "--inputs", at("x.npy"), "--engine", "referense"});
    EXPECT_EQ(near.exit_code, 1);
    EXPECT_EQ(near.errors, "error: there is no engine 'referense'\n  help: did you mean 'reference'?\n");
    const ProcessResult far = run("weft", {"run", at("model.onnx"), "--inputs", at("x.npy"), "--against", "card"});
    EXPECT_EQ(far.exit_code, 1);
    EXPECT_EQ(far.errors, "error: there is no engine 'card'\n  help: known: float, float64, integer, hls, rtl, xrt\n");
}

}  // namespace
}  // namespace weft
