// check_model_test.cpp
// What `weft check` says of each node, with samples, without them, and of models that do not go.
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/check_model.h"

#include <gmock/gmock.h>

#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

using test::ModelBuilder;
using testing::HasSubstr;
using testing::StartsWith;

class CheckModel : public testing::Test {
protected:
    ModelCheck check(const ModelBuilder& builder, const CompileOptions& options = {}) const {
        builder.write(path());
        const auto checked = check_model(path(), options, {});
        EXPECT_TRUE(checked) << test::messages(checked);
        return checked ? *checked : ModelCheck{};
    }
    std::filesystem::path path() const { return folder_ / "model.onnx"; }

    static std::string fate(const ModelCheck& check, const std::string& node) {
        for (const NodeFate& fate : check.nodes)
            if (fate.node == node) return fate.becomes;
        return "not listed";
    }

    test::TemporaryFolder folder_;
};

/// x -> quantizer -> Flatten -> Gemm of quantized weights -> Relu -> quantizer -> Softmax.
ModelBuilder quantized() {
    ModelBuilder builder;
    builder.input("x", {1, 3, 1, 1});
    builder.floats("s", {}, {0.5F});
    builder.initialiser("z", onnx::TensorProto::INT8, {}).add_int32_data(0);
    auto& w = builder.initialiser("w", onnx::TensorProto::INT8, {3, 2});
    for (int i = 1; i <= 6; ++i) w.add_int32_data(i);
    builder.node("QuantizeLinear", {"x", "s", "z"}, {"xq"}, "quantize_x");
    builder.node("DequantizeLinear", {"xq", "s", "z"}, {"xr"}, "dequantize_x");
    builder.node("Flatten", {"xr"}, {"t"}, "flat");
    builder.node("DequantizeLinear", {"w", "s", "z"}, {"wr"}, "dequantize_w");
    builder.node("Gemm", {"t", "wr"}, {"g"}, "dense");
    builder.node("Relu", {"g"}, {"r"}, "rectify");
    builder.node("QuantizeLinear", {"r", "s", "z"}, {"rq"}, "quantize_r");
    builder.node("DequantizeLinear", {"rq", "s", "z"}, {"rr"}, "dequantize_r");
    builder.node("Softmax", {"rr"}, {"y"}, "likely");
    builder.output("y", {1, 2});
    return builder;
}

TEST_F(CheckModel, SaysWhatBecomesOfEachNode) {
    const ModelCheck checked = check(quantized());
    EXPECT_TRUE(checked.supported) << test::messages(checked.problems);
    EXPECT_TRUE(checked.quantized);
    EXPECT_FALSE(checked.needs_samples);
    EXPECT_EQ(checked.nodes.size(), 9U);
    EXPECT_THAT(fate(checked, "dense"), HasSubstr("matvec"));
    EXPECT_EQ(fate(checked, "flat"), "no hardware (a view)");
    EXPECT_EQ(fate(checked, "dequantize_w"), "constant");
    EXPECT_EQ(fate(checked, "dequantize_r"), "integer type");
    EXPECT_EQ(fate(checked, "likely"), "host, after the kernel");
    const std::string text = to_text(checked);
    EXPECT_THAT(text, StartsWith("quantize_x"));
    EXPECT_THAT(text, HasSubstr("\nflat          Flatten            no hardware (a view)\n"));
    EXPECT_THAT(text, testing::EndsWith("supported: weft compile makes a kernel of it\n"));
    const auto json = to_json(checked);
    EXPECT_EQ(json["supported"], true);
    EXPECT_EQ(json["nodes"][4]["node"], "dense");
    EXPECT_EQ(json["nodes"][4]["becomes"], fate(checked, "dense"));
    EXPECT_TRUE(json["problems"].empty());
}

/// Without quantizers and samples it is judged as if there were some, and says that they are needed.
TEST_F(CheckModel, OfAFloatModelAsksForSamples) {
    const ModelCheck checked = check(test::dense_model());
    EXPECT_TRUE(checked.supported) << test::messages(checked.problems);
    EXPECT_FALSE(checked.quantized);
    EXPECT_TRUE(checked.needs_samples);
    EXPECT_THAT(fate(checked, "dense"), HasSubstr("matvec"));
    EXPECT_THAT(to_text(checked), testing::EndsWith("supported with samples: give weft compile --calibrate DATA\n"));
    EXPECT_EQ(to_json(checked)["needs_samples"], true);
}

TEST_F(CheckModel, NamesTheNodeThatIsRefused) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.floats("w", {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    builder.node("Gemm", {"x", "w"}, {"a"}, "first");
    builder.node("Softmax", {"a"}, {"b"}, "attention");
    builder.node("Gemm", {"b", "w"}, {"y"}, "second");
    builder.output("y", {1, 3});
    const ModelCheck checked = check(builder);
    EXPECT_FALSE(checked.supported);
    EXPECT_FALSE(checked.needs_samples) << "samples would not help";
    EXPECT_EQ(fate(checked, "attention"), "refused");
    EXPECT_EQ(fate(checked, "first"), "") << "of a model that does not go nothing becomes";
    ASSERT_EQ(checked.problems.size(), 1U) << test::messages(checked.problems);
    EXPECT_EQ(checked.nodes[1].reason, checked.problems[0].reason);
    EXPECT_EQ(checked.nodes[1].help, checked.problems[0].help);
    EXPECT_THAT(to_text(checked), testing::EndsWith("not supported as it is\n"));
    EXPECT_THAT(to_text(checked),
                HasSubstr("attention  Softmax            refused: the operator Softmax stands before layers with weights"));
    EXPECT_EQ(to_json(checked)["problems"][0]["node"], "attention");
}

/// A quantized model that fails for another reason is not judged by other samples.
TEST_F(CheckModel, OfAQuantizedModelTellsTheFirstReason) {
    CompileOptions options;
    options.folding = folder_ / "missing.json";
    const ModelCheck checked = check(quantized(), options);
    EXPECT_FALSE(checked.supported);
    EXPECT_FALSE(checked.needs_samples);
    ASSERT_EQ(checked.problems.size(), 1U);
    EXPECT_THAT(test::messages(checked.problems), HasSubstr("missing.json"));
}

TEST_F(CheckModel, FailsWhereThereIsNoModel) {
    const auto missing = check_model(path(), {}, {});
    ASSERT_FALSE(missing);
    EXPECT_THAT(test::messages(missing), HasSubstr("model.onnx"));
}

}  // namespace
}  // namespace weft
