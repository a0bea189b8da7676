// evaluate_run_test.cpp
// What a run and a compile say of outputs: each apart, with what it loses; a contract that is wrong gives no project.
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/evaluate_run.h"

#include <gmock/gmock.h>

#include <cmath>

#include "src/base/files.h"
#include "src/driver/compile.h"
#include "tests/messages.h"
#include "tests/onnx/model_builder.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// x [1, 3] -> two dense layers, one with five outputs and one with a single one.
test::ModelBuilder two_heads() {
    test::ModelBuilder builder;
    builder.input("x", {"N", 3});
    builder.floats("w", {3, 5}, {1, 2, 3, 4, 5, 6, 7, 8, -9, 1, 2, 3, 4, 5, 6});
    builder.floats("v", {3, 1}, {0.5F, -1, 0.25F});
    builder.node("Gemm", {"x", "w"}, {"classes"}, "first");
    builder.node("Gemm", {"x", "v"}, {"level"}, "second");
    builder.output("classes", {"N", 5});
    builder.output("level", {"N", 1});
    return builder;
}

class RunTest : public testing::Test {
protected:
    void SetUp() override {
        two_heads().write(folder_ / "model.onnx");
        std::vector<float> values;
        for (int i = 0; i < 24; ++i) values.push_back(static_cast<float>(std::sin(i * 1.7)));
        ASSERT_TRUE(save_npy(folder_ / "samples.npy", Tensor::of<float>({8, 3}, values)));
    }
    RunRequest request(std::int64_t images) const {
        RunRequest request{.model = folder_ / "model.onnx", .inputs = folder_ / "samples.npy", .engine = "integer", .sample_count = images};
        request.options.calibration = folder_ / "samples.npy";
        return request;
    }
    test::TemporaryFolder folder_;
};

TEST_F(RunTest, ReportsOutputsApart) {
    RunRequest both = request(0);
    both.against = "float";
    const auto result = run_model(both, {});
    ASSERT_TRUE(result) << test::messages(result);
    const nlohmann::ordered_json json = to_json(*result);
    ASSERT_EQ(json.at("outputs").size(), 2u);
    std::int64_t elements = 0;
    double largest = 0;
    for (const auto& output : json["outputs"]) {
        elements += output.at("elements").get<std::int64_t>();
        largest = std::max(largest, output.at("max_difference").get<double>());
        EXPECT_GT(output.at("sqnr_db").get<double>(), 20);
        EXPECT_FALSE(output.contains("prediction"));
    }
    EXPECT_EQ(json["outputs"][0]["name"], "classes");
    EXPECT_EQ(json["outputs"][1]["name"], "level");
    EXPECT_EQ(json["outputs"][1]["elements"], 8);
    EXPECT_EQ(json["elements"], elements);
    EXPECT_EQ(json["max_difference"], largest);
    // The decibels are those of the outputs that are written.
    RunRequest reference = request(0);
    reference.engine = "float";
    const auto floats = run_model(reference, {});
    ASSERT_TRUE(floats);
    for (std::size_t i = 0; i < 2; ++i) {
        double signal = 0, noise = 0;
        for (std::int64_t e = 0; e < floats->outputs[i].tensor.size(); ++e) {
            const double wanted = floats->outputs[i].tensor.at(e), got = result->outputs[i].tensor.at(e);
            signal += wanted * wanted;
            noise += (wanted - got) * (wanted - got);
        }
        EXPECT_NEAR(json["outputs"][i]["sqnr_db"].get<double>(), 10 * std::log10(signal / noise), 1e-9);
    }
    EXPECT_THAT(to_text(*result), HasSubstr("  output 'classes': "));
    EXPECT_THAT(to_text(*result), HasSubstr("  output 'level': "));
    EXPECT_THAT(to_text(*result), HasSubstr(" dB\n"));
}

TEST_F(RunTest, PredictsOfASingleImage) {
    RunRequest one = request(1);
    one.engine = "float";
    const auto result = run_model(one, {});
    ASSERT_TRUE(result) << test::messages(result);
    // x = (0, sin 1.7, sin 3.4): the third class has 8 sin 1.7 + 4 sin 3.4.
    const nlohmann::ordered_json json = to_json(*result);
    EXPECT_EQ(json["outputs"][0]["prediction"]["class"], 2);
    EXPECT_EQ(json["outputs"][0]["prediction"]["top"].size(), 5u);
    EXPECT_NEAR(json["outputs"][0]["prediction"]["value"].get<double>(), 8 * std::sin(1.7) + 4 * std::sin(3.4), 1e-5);
    EXPECT_NEAR(json["outputs"][1]["prediction"]["value"].get<double>(), -std::sin(1.7) + 0.25 * std::sin(3.4), 1e-5);
    EXPECT_THAT(to_text(*result), HasSubstr("output 'classes': class 2 ("));
    EXPECT_THAT(to_text(*result), HasSubstr("output 'level': -1.0"));
}

TEST_F(RunTest, SaysThatThereIsNothingToCompare) {
    RunResult none;
    none.engine = "integer";
    none.has_layers = true;
    EXPECT_THAT(to_text(none), HasSubstr("no region to compare"));
}

TEST_F(RunTest, WarnsOfLabelsAndOfConstantSamples) {
    ASSERT_TRUE(save_npy(folder_ / "labels.npy", Tensor::of<std::int64_t>({8}, std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 0})));
    ASSERT_TRUE(save_npy(folder_ / "constant.npy", Tensor::of<float>({2, 3}, std::vector<float>(6, 0.5F))));
    RunRequest labelled = request(6);
    labelled.labels = folder_ / "labels.npy";
    labelled.options.calibration = folder_ / "constant.npy";
    const auto result = run_model(labelled, {});
    ASSERT_TRUE(result) << test::messages(result);
    EXPECT_THAT(test::messages(result->warnings), HasSubstr("1 of 6 labels are no class of the output, which has 5: the largest is 5"));
    EXPECT_THAT(test::messages(result->warnings), HasSubstr("tensor 'x': all elements of the calibration samples are 0.5"));
}

TEST_F(RunTest, AContractUnlikeItsOracleGivesNoProject) {
    CompileOptions options;
    options.calibration = folder_ / "samples.npy";
    test::ModelBuilder deep = two_heads();
    deep.floats("u", {5, 2}, {1, -1, 2, -2, 3, -3, 4, -4, 5, 5});
    deep.node("Relu", {"classes"}, {"hidden"});
    deep.node("Gemm", {"hidden", "u"}, {"deep"}, "third");
    deep.output("deep", {"N", 2});
    deep.graph().mutable_output(0)->Swap(deep.graph().mutable_output(2));
    deep.graph().mutable_output()->RemoveLast();
    deep.write(folder_ / "model.onnx");
    const auto compiled = compile(folder_ / "model.onnx", options);
    ASSERT_TRUE(compiled) << test::messages(compiled);
    auto check = self_check(**compiled);
    ASSERT_TRUE(check) << test::messages(check);
    EXPECT_TRUE(check->exact());
    ASSERT_EQ(check->outputs.size(), 2u);
    EXPECT_EQ(check->outputs[0].first, "deep");
    EXPECT_GT(check->outputs[1].second, 20);

    // One weight of the hardware is not the model's.
    for (const auto& unit : (*compiled)->design.units)
        for (auto& [name, array] : unit->constants)
            if (array.data.size() == 15) array.data.set(0, array.data[0] + 9);
    check = self_check(**compiled);
    ASSERT_TRUE(check) << test::messages(check);
    ASSERT_FALSE(check->exact());
    const Status written = write_project(**compiled, &*check, folder_ / "model.onnx", folder_ / "out");
    ASSERT_FALSE(written);
    EXPECT_THAT(test::messages(written), HasSubstr("no project is written"));
    EXPECT_FALSE(fs::exists(folder_ / "out"));
    (*compiled)->options.self_check = false;
    EXPECT_TRUE(write_project(**compiled, nullptr, folder_ / "model.onnx", folder_ / "out"));
}

TEST_F(RunTest, AsksForIntegersAndForAProject) {
    RunRequest uncalibrated = request(1);
    uncalibrated.options.calibration.clear();
    EXPECT_EQ(test::messages(run_model(uncalibrated, {})),
              "error: the engine integer needs integer types and the model is not quantized\n  help: give calibration samples (--calibrate "
              "DATA), or run the directory that weft compile wrote\n");
    RunRequest emitted = request(1);
    emitted.engine = "rtl";
    EXPECT_EQ(test::messages(run_model(emitted, {})),
              "error: the engine rtl runs a compiled project\n  help: compile the model first (weft compile MODEL -o DIR) and run DIR\n");
}

TEST_F(RunTest, HasNothingToCompareWhereOutputsAreEmpty) {
    test::ModelBuilder empty;
    empty.input("x", {1, 3});
    empty.floats("k", {0}, {});
    empty.node("Identity", {"k"}, {"y"}, "node");
    empty.output("y", {});
    empty.write(folder_ / "empty.onnx");
    const RunRequest alone{.model = folder_ / "empty.onnx", .inputs = folder_ / "samples.npy", .engine = "float"};
    const auto result = run_model(alone, {});
    EXPECT_TRUE(result) << test::messages(result);
    RunRequest compared = alone;
    compared.against = "float64";
    EXPECT_EQ(test::messages(run_model(compared, {})),
              "error: there is nothing to compare with the engine float64: the outputs have no elements\n  help: leave out --against\n");
}

TEST_F(RunTest, TakesSamplesOfAnotherTypeWhereTheyFit) {
    test::ModelBuilder bytes;
    bytes.input("x", {1, 3}, onnx::TensorProto::UINT8);
    test::ModelBuilder::attribute(bytes.node("Cast", {"x"}, {"y"}, "cast"), "to", onnx::TensorProto::FLOAT);
    bytes.output("y", {1, 3});
    bytes.write(folder_ / "bytes.onnx");
    const auto running = [&](std::int16_t largest) {
        const std::vector<std::int16_t> values{0, 1, largest};
        EXPECT_TRUE(save_npy(folder_ / "wide.npy", Tensor::of<std::int16_t>({1, 3}, values)));
        return test::messages(run_model({.model = folder_ / "bytes.onnx", .inputs = folder_ / "wide.npy", .engine = "float"}, {}));
    };
    EXPECT_EQ(running(255), "");
    EXPECT_EQ(running(256),
              "error: tensor 'x': the samples are int16 and do not fit the input's type uint8\n  help: give samples of type uint8\n");
}

TEST(SelfCheck, WarnsOfARegionThatKeepsLittle) {
    // The first samples, which the check takes, are so small beside the others that the range leaves nothing of them.
    const test::TemporaryFolder folder;
    test::ModelBuilder net;
    net.input("x", {"N", 3});
    net.floats("w", {3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, -9, 1, 2, 3});
    net.floats("v", {4, 2}, {1, -2, 3, 4, 5, -6, 7, 8});
    net.node("Gemm", {"x", "w"}, {"a"}, "first");
    net.node("Relu", {"a"}, {"r"}, "relu");
    net.node("Gemm", {"r", "v"}, {"y"}, "second");
    net.output("y", {"N", 2});
    net.write(folder / "model.onnx");
    const auto warnings = [&](float small) {
        std::vector<float> values;
        for (int i = 0; i < 48; ++i) values.push_back(static_cast<float>(std::sin(i * 1.7)) * (i < 24 ? small : 1.0F));
        EXPECT_TRUE(save_npy(folder / "samples.npy", Tensor::of<float>({16, 3}, values)));
        CompileOptions options;
        options.calibration = folder / "samples.npy";
        options.quantize.method = CalibrationMethod::min_max;
        const auto compiled = compile(folder / "model.onnx", options);
        EXPECT_TRUE(compiled) << test::messages(compiled);
        if (!compiled) return std::string();
        const auto check = self_check(**compiled);
        EXPECT_TRUE(check) << test::messages(check);
        return check ? test::messages(check->warnings) : std::string();
    };
    EXPECT_EQ(warnings(1), "");
    const std::string lost = warnings(0.001F);
    EXPECT_THAT(lost, HasSubstr("quantization leaves only 0.0 dB at 8 bits against the float model\n  help: give more calibration samples, "
                                "more bits to this node (--bits FILE.json), or train with the kernel's arithmetic\n"));
    EXPECT_THAT(lost, HasSubstr("the model's output 'y' keeps only "));
}

}  // namespace
}  // namespace weft
