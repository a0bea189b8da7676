// rtl_networks_test.cpp
// Real networks as RTL: outputs equal the integer contract, and every handshake happens in the cycle of the schedule, also under stalls.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "src/base/files.h"
#include "src/cost/fit.h"
#include "src/cost/predict.h"
#include "src/driver/compile.h"
#include "src/driver/evaluate_run.h"
#include "src/schedule/schedule.h"
#include "src/simulate/hls_simulation.h"
#include "src/simulate/rtl_simulation.h"
#include "src/synthesize/report.h"
#include "src/synthesize/yosys.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

/// Compiles a project; its schedule's interval is at most 1 % above the bound.
void compile_project(const fs::path& model, const CompileOptions& options, const fs::path& directory, std::int64_t most_interval,
                     std::int64_t most_latency) {
    const auto compiled = compile(model, options);
    ASSERT_TRUE(compiled) << test::messages(compiled.error());
    const auto result = schedule((*compiled)->design, {.frames = 4});
    ASSERT_TRUE(result) << test::messages(result.error());
    EXPECT_LE(static_cast<double>(result->interval_cycles), 1.01 * static_cast<double>(interval_bound((*compiled)->design)));
    EXPECT_LE(result->interval_cycles, most_interval);
    EXPECT_LE(result->latency_cycles, most_latency);
    const Status written = write_project(**compiled, nullptr, model, directory);
    ASSERT_TRUE(written) << test::messages(written.error());
    // What a project lacks, the user is told.
    EXPECT_EQ(fs::exists(directory / "hls"), test::messages((*compiled)->warnings).find("the HLS kernel is left out") == std::string::npos);
    const auto text = read_file(directory / "report.json");
    ASSERT_TRUE(text);
    EXPECT_EQ(nlohmann::json::parse(*text)["warnings"].size(), (*compiled)->warnings.size() + (*compiled)->model.warnings.size());
}

void expect_rtl_equals_integer(const fs::path& project, const fs::path& inputs) {
    for (const std::uint64_t seed : {0, 5}) {
        SCOPED_TRACE(fmt::format("stall seed {}", seed));
        const auto result = run_model(
            {.model = project, .inputs = inputs, .engine = "rtl", .against = "integer", .sample_count = 3, .engines = {.stall_seed = seed}},
            {});
        ASSERT_TRUE(result) << test::messages(result.error());
        EXPECT_GT(result->elements, 0);
        EXPECT_EQ(result->equal_elements, result->elements);
        const EngineMeasures& measures = result->measures.at("rtl");
        EXPECT_GT(measures.json.at("handshakes"), 0);
        EXPECT_EQ(measures.json.at("equal_handshakes"), measures.json.at("handshakes"));
        EXPECT_TRUE(measures.as_predicted);
        std::fprintf(stderr, "%s", to_text(*result).c_str());
    }
}

CompileOptions fashion_options(const char* folding, const char* preprocess = "scale=1/255") {
    CompileOptions options;
    options.preprocess = preprocess;
    options.calibration = test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz";
    if (*folding) options.folding = test::source_folder() / "examples/fashion-mnist" / folding;
    return options;
}

class RtlFashion : public ::testing::TestWithParam<std::tuple<const char*, int, int>> {};

TEST_P(RtlFashion, EqualsContractAndSchedule) {
    const auto [folding, interval, latency] = GetParam();
    WEFT_REQUIRE_PATH(test::fashion_mnist_folder());
    const test::TemporaryFolder folder;
    compile_project(test::source_folder() / "examples/fashion-mnist/fashion.onnx", fashion_options(folding), folder / "out", interval,
                    latency);
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    expect_rtl_equals_integer(folder / "out", test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz");
}

// The folding of one pixel a beat is simulated by the benchmark of the RTL, as that of two.
INSTANTIATE_TEST_SUITE_P(Foldings, RtlFashion, ::testing::Values(std::tuple{"", 784, 1100}, std::tuple{"pixels-4.json", 196, 310}));

TEST(RtlNetworks, FashionWithOneAndTwoPixelsABeatIsFastEnough) {
    WEFT_REQUIRE_PATH(test::fashion_mnist_folder());
    const test::TemporaryFolder folder;
    const fs::path model = test::source_folder() / "examples/fashion-mnist/fashion.onnx";
    compile_project(model, fashion_options("pixels-1.json"), folder / "one", 784, 985);
    compile_project(model, fashion_options("pixels-2.json"), folder / "two", 392, 535);
    // The kernel as it is without a unit for the bytes.
    compile_project(model, fashion_options("pixels-4.json", ""), folder / "four", 196, 310);
}

/// A small device of another family: 330 multiplications a cycle in 165 of its 220 DSPs.
TEST(RtlNetworks, FashionOnTheDsp48e1) {
    WEFT_REQUIRE_PATH(test::fashion_mnist_folder());
    const test::TemporaryFolder folder;
    const fs::path project = folder / "out", images = test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz";
    CompileOptions options = fashion_options("");
    options.board = "pynq-z2";
    options.mac_dsp_limit = 200;
    compile_project(test::source_folder() / "examples/fashion-mnist/fashion.onnx", options, project, 3136, 6100);
    const auto loaded = load_project(project);
    ASSERT_TRUE(loaded) << test::messages(loaded.error());
    const Compiled& compiled = **loaded;
    EXPECT_EQ(compiled.design.dsp(), dsp48e1);
    std::int64_t products = 0;
    for (const auto& unit : compiled.design.units)
        if (unit->find_parameter("PE")) products += unit->parameter("PE") * unit->parameter("TapsPerBeat") * unit->parameter("Lanes");
    EXPECT_EQ(products, 2 * 165);
    const auto predicted = predict_cost(compiled.design);
    EXPECT_EQ(predicted.mac_dsp, 165);
    if (has_compiler()) {
        const auto hls = run_model({.model = project, .inputs = images, .engine = "hls", .against = "integer", .sample_count = 3}, {});
        ASSERT_TRUE(hls) << test::messages(hls.error());
        EXPECT_EQ(hls->equal_elements, hls->elements);
    }
    if (Yosys::find()) {
        const auto counted = count_design(compiled.design, *compiled.board);
        ASSERT_TRUE(counted) << test::messages(counted.error());
        EXPECT_EQ(static_cast<double>(counted->totals.dsp), predicted.dsp);
        EXPECT_TRUE(check_fit(counted_cost(*counted), *compiled.board, "the design").empty());
        EXPECT_TRUE(counted->warnings.empty()) << test::messages(counted->warnings);
        EXPECT_NEAR(static_cast<double>(counted->totals.lut), predicted.lut, 0.1 * predicted.lut);
    }
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    expect_rtl_equals_integer(project, images);
}

TEST(RtlNetworks, ResNet8OfTheFile) {
    const fs::path model = test::models_folder() / "mlperf-tiny/resnet8_int8_qdq.onnx", data = test::data_folder() / "cifar10-500";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(data);
    const test::TemporaryFolder folder;
    compile_project(model, {}, folder / "out", 8273, 40000);
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    expect_rtl_equals_integer(folder / "out", data / "images.npy");
}

TEST(RtlNetworks, TheOthersKeepTheirInterval) {
    const fs::path tiny = test::models_folder() / "mlperf-tiny";
    WEFT_REQUIRE_PATH(tiny);
    const test::TemporaryFolder folder;
    compile_project(tiny / "dscnn_kws_int8_qdq.onnx", {}, folder / "kws", 1894, 100000);
    compile_project(tiny / "autoencoder_int8_qdq.onnx", {}, folder / "ad", 154, 100000);
    CompileOptions options;
    options.preprocess = "layout=hwc,order=bgr,scale=1/255";
    compile_project(tiny / "mobilenetv1_vww_int8_qdq.onnx", options, folder / "vww", 9308, 100000);
}

}  // namespace
}  // namespace weft
