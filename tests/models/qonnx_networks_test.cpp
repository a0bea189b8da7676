// qonnx_networks_test.cpp
// Real networks in QONNX: they compile, equal their oracle, classify as the file does, and their hardware equals the contract.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "src/driver/compile.h"
#include "src/driver/evaluate_run.h"
#include "src/emit/manifest.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

/// Compiles into a project; the contract equals the oracle, and the model as written gives the same Design.
void compile_project(const fs::path& model, const CompileOptions& options, const fs::path& directory) {
    const auto compiled = compile(model, options);
    ASSERT_TRUE(compiled) << test::messages(compiled);
    const auto check = self_check(**compiled);
    ASSERT_TRUE(check) << test::messages(check);
    EXPECT_TRUE(check->exact()) << check->regions.dump(1);
    EXPECT_GT(check->elements, 0);
    const Status written = write_project(**compiled, &*check, model, directory);
    ASSERT_TRUE(written) << test::messages(written);
    const auto again = compile(directory / "model.onnx", {});
    ASSERT_TRUE(again) << test::messages(again);
    nlohmann::ordered_json first = to_json((*compiled)->design), second = to_json((*again)->design);
    first["name"] = second["name"] = "";
    EXPECT_TRUE(first == second) << "the model that was written gives another design";
}

struct ResNet {
    const char* file;
    const char* preprocess;
    int right;  ///< Of 303 labelled images, by QONNX's own executor.
};

class QonnxResNet8 : public testing::TestWithParam<ResNet> {};

TEST_P(QonnxResNet8, ClassifiesAsTheFileDoes) {
    const fs::path model = test::models_folder() / "nn2fpga" / GetParam().file, data = test::data_folder() / "cifar10-500";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(data);
    const test::TemporaryFolder folder;
    CompileOptions options;
    options.preprocess = GetParam().preprocess;
    compile_project(model, options, folder / "out");
    if (HasFatalFailure()) return;
    const auto judged = run_model({.model = folder / "out", .inputs = data / "images.npy", .labels = data / "labels.csv"}, {});
    ASSERT_TRUE(judged) << test::messages(judged);
    EXPECT_EQ(std::lround(judged->top1.value_or(0) * 303), GetParam().right);
    for (const char* engine : {"hls", "rtl"}) {
        if (engine == std::string("rtl") && !has_verilator()) GTEST_SKIP() << "Verilator is not installed";
        const auto result = run_model(
            {.model = folder / "out", .inputs = data / "images.npy", .engine = engine, .against = "integer", .sample_count = 2}, {});
        ASSERT_TRUE(result) << engine << test::messages(result);
        EXPECT_GT(result->elements, 0);
        EXPECT_EQ(result->equal_elements, result->elements) << engine;
    }
}

INSTANTIATE_TEST_SUITE_P(Files, QonnxResNet8,
                         testing::Values(ResNet{"resnet8.onnx", "layout=hwc,scale=1/255", 274},
                                         ResNet{"resnet8_a4w4b32.onnx",
                                                "layout=hwc,scale=1/255,mean=0.4914/0.4822/0.4465,std=0.2470/0.2435/0.2616", 251}),
                         [](const auto& info) { return fs::path(info.param.file).stem().string(); });

TEST(QonnxNetworks, FullyConnectedOfTwoBits) {
    const fs::path model = test::models_folder() / "qonnx/tfc_2w2a.onnx",
                   images = test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(images);
    const test::TemporaryFolder folder;
    CompileOptions options;
    options.preprocess = "scale=1/255";
    compile_project(model, options, folder / "out");
    if (HasFatalFailure()) return;
    for (const char* engine : {"hls", "rtl"}) {
        if (engine == std::string("rtl") && !has_verilator()) GTEST_SKIP() << "Verilator is not installed";
        for (const std::uint64_t seed : {0, 5}) {
            if (seed != 0 && engine == std::string("hls")) continue;
            const auto result = run_model({.model = folder / "out",
                                           .inputs = images,
                                           .engine = engine,
                                           .against = "integer",
                                           .sample_count = 2,
                                           .engines = {.stall_seed = seed}},
                                          {});
            ASSERT_TRUE(result) << engine << test::messages(result);
            EXPECT_GT(result->elements, 0);
            EXPECT_EQ(result->equal_elements, result->elements) << engine;
        }
    }
}

TEST(QonnxNetworks, ChannelsLastSeparableConvolution) {
    const fs::path model = test::models_folder() / "qonnx/separable_conv_channels_last.onnx";
    WEFT_REQUIRE_PATH(model);
    const test::TemporaryFolder folder;
    compile_project(model, {}, folder / "out");
}

}  // namespace
}  // namespace weft
