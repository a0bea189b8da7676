// real_models_test.cpp
// Real networks from file to simulated kernel: the contract equals its oracle, and the generated C++ equals the contract.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "src/base/files.h"
#include "src/driver/compile.h"
#include "src/driver/evaluate_run.h"
#include "src/explore/folding.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

/// Compiles into a project and checks what every compile must give.
void compile_project(const fs::path& model, const CompileOptions& options, const fs::path& directory, std::int64_t interval,
                     double mac_dsp) {
    const auto compiled = compile(model, options);
    ASSERT_TRUE(compiled) << test::messages(compiled.error());
    const FoldingFigures figures = weft::figures((*compiled)->design);
    EXPECT_LE(figures.interval, interval);
    EXPECT_LE(figures.cost.mac_dsp, mac_dsp);
    const auto check = self_check(**compiled);
    ASSERT_TRUE(check) << test::messages(check.error());
    EXPECT_TRUE(check->exact());
    EXPECT_GT(check->elements, 0);
    const Status written = write_project(**compiled, &*check, model, directory);
    ASSERT_TRUE(written) << test::messages(written.error());
}

RunResult run(const RunRequest& request) {
    const auto result = run_model(request, {});
    EXPECT_TRUE(result) << test::messages(result.error());
    return result ? *result : RunResult{};
}

void expect_hls_equals_integer(const fs::path& project, const fs::path& inputs, std::int64_t images) {
    const RunResult result = run({.model = project, .inputs = inputs, .engine = "hls", .against = "integer", .sample_count = images});
    EXPECT_GT(result.elements, 0);
    EXPECT_EQ(result.equal_elements, result.elements);
}

void expect_oracle(const fs::path& project, const fs::path& inputs, std::int64_t images) {
    const RunResult result = run({.model = project, .inputs = inputs, .engine = "integer", .layers = true, .sample_count = images});
    ASSERT_FALSE(result.layers.empty());
    for (const RegionAgreement& layer : result.layers) EXPECT_TRUE(layer.exact()) << layer.node << " " << layer.max_difference;
}

TEST(Networks, ResNet8OfTheFile) {
    const fs::path model = test::models_folder() / "mlperf-tiny/resnet8_int8_qdq.onnx", data = test::data_folder() / "cifar10-500";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(data);
    const test::TemporaryFolder folder;
    compile_project(model, {}, folder / "out", 8192, 764);
    expect_oracle(folder / "out", data / "images.npy", 20);
    expect_hls_equals_integer(folder / "out", data / "images.npy", 4);
    const RunResult judged = run({.model = folder / "out", .inputs = data / "images.npy", .labels = data / "labels.csv"});
    EXPECT_GE(judged.top1.value_or(0), 265.0 / 303);
}

TEST(Networks, AShallowSkipStreamIsCaughtByName) {
    const fs::path model = test::models_folder() / "mlperf-tiny/resnet8_int8_qdq.onnx", data = test::data_folder() / "cifar10-500";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(data);
    const auto compiled = compile(model, {});
    ASSERT_TRUE(compiled) << test::messages(compiled.error());
    // The deepest stream is one that waits at a sum for the other branch.
    Design& design = (*compiled)->design;
    const auto deepest =
        std::max_element(design.streams.begin(), design.streams.end(), [](const auto& a, const auto& b) { return a->depth < b->depth; });
    (*deepest)->depth /= 8;
    const test::TemporaryFolder folder;
    ASSERT_TRUE(write_project(**compiled, nullptr, model, folder / "out"));
    const auto result = run_model({.model = folder / "out", .inputs = data / "images.npy", .engine = "hls", .sample_count = 2}, {});
    ASSERT_FALSE(result);
    EXPECT_NE(result.error()[0].reason.find("deadlock"), std::string::npos) << result.error()[0].reason;
    EXPECT_NE(result.error()[0].reason.find((*deepest)->name), std::string::npos) << result.error()[0].reason;
}

TEST(Networks, KeywordSpottingOfTheFile) {
    const fs::path model = test::models_folder() / "mlperf-tiny/dscnn_kws_int8_qdq.onnx";
    WEFT_REQUIRE_PATH(model);
    const test::TemporaryFolder folder;
    compile_project(model, {}, folder / "out", 2000, 900);
}

TEST(Networks, VisualWakeWordsOfTheFile) {
    const fs::path model = test::models_folder() / "mlperf-tiny/mobilenetv1_vww_int8_qdq.onnx", data = test::data_folder() / "vww-1000";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(data);
    const test::TemporaryFolder folder;
    CompileOptions options;
    options.preprocess = "layout=hwc,order=bgr,scale=1/255";
    compile_project(model, options, folder / "out", 9216, 900);
    expect_oracle(folder / "out", data, 4);
}

TEST(Networks, AutoencoderOfTheFile) {
    const fs::path model = test::models_folder() / "mlperf-tiny/autoencoder_int8_qdq.onnx";
    WEFT_REQUIRE_PATH(model);
    const test::TemporaryFolder folder;
    compile_project(model, {}, folder / "out", 640, 900);
}

TEST(Networks, FashionFromFloatAtFourBits) {
    const fs::path data = test::fashion_mnist_folder();
    WEFT_REQUIRE_PATH(data);
    const test::TemporaryFolder folder;
    CompileOptions options;
    options.preprocess = "scale=1/255";
    options.calibration = data / "train-images-idx3-ubyte.gz";
    options.quantize.bits = "w4a4";
    compile_project(test::source_folder() / "examples/fashion-mnist/fashion.onnx", options, folder / "out", 784, 658);
    expect_hls_equals_integer(folder / "out", data / "t10k-images-idx3-ubyte.gz", 6);
    const RunResult judged = run({.model = folder / "out",
                                  .inputs = data / "t10k-images-idx3-ubyte.gz",
                                  .labels = data / "t10k-labels-idx1-ubyte.gz",
                                  .sample_count = 2000});
    EXPECT_GE(judged.top1.value_or(0), 0.85);
}

TEST(Networks, AProjectReadBackIsTheSame) {
    const fs::path model = test::models_folder() / "mlperf-tiny/resnet8_int8_qdq.onnx";
    WEFT_REQUIRE_PATH(model);
    const test::TemporaryFolder folder;
    compile_project(model, {}, folder / "out", 8192, 764);
    const auto loaded = load_project(folder / "out");
    ASSERT_TRUE(loaded) << test::messages(loaded.error());
    ASSERT_TRUE(write_project(**loaded, nullptr, model, folder / "again"));
    for (const char* file : {"manifest.json", "hls/kernel.cpp", "folding.json"}) {
        auto first = read_file(folder / "out" / file), second = read_file(folder / "again" / file);
        ASSERT_TRUE(first && second) << file;
        if (std::string_view(file) == "manifest.json")
            for (std::string* text : {&*first, &*second}) {
                // The second has no check in its report, so that digests differ.
                auto manifest = nlohmann::ordered_json::parse(*text);
                EXPECT_EQ(manifest.erase("files") + manifest.erase("digest"), 2u);
                *text = manifest.dump();
            }
        EXPECT_TRUE(*first == *second) << file;
    }
}

}  // namespace
}  // namespace weft
