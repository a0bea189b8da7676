// sample_warnings_test.cpp
// Samples that fit and are odd all the same.
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/sample_warnings.h"

#include <gmock/gmock.h>

#include "tests/messages.h"
#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

using test::ModelBuilder;
using testing::HasSubstr;

Dataset bytes(std::vector<std::uint8_t> values) {
    Dataset data;
    data.count = 1;
    const auto count = static_cast<std::int64_t>(values.size());
    data.inputs.push_back({"", Tensor::of<std::uint8_t>({1, count}, values)});
    return data;
}

std::string said_of(const ModelBuilder& builder, const Dataset& data) {
    const auto imported = builder.import();
    EXPECT_TRUE(imported) << test::messages(imported);
    return imported ? test::messages(warn_of_bytes(data, imported->graph)) : std::string();
}

/// x [1, 3] -> `op` with the constant c -> Gemm -> y.
ModelBuilder prepared(const std::string& op) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.floats("c", {}, {1.0F / 255});
    builder.node("Identity", {"x"}, {"i"});
    builder.node(op, {"i", "c"}, {"p"});
    builder.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
    builder.node("Gemm", {"p", "w"}, {"y"});
    builder.output("y", {1, 2});
    return builder;
}

ModelBuilder quantized(float scale) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.floats("s", {}, {scale});
    builder.initialiser("z", onnx::TensorProto::UINT8, {}).add_int32_data(0);
    builder.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    builder.node("DequantizeLinear", {"q", "s", "z"}, {"p"});
    builder.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
    builder.node("Gemm", {"p", "w"}, {"y"});
    builder.output("y", {1, 2});
    return builder;
}

TEST(SampleWarnings, BytesForReals) {
    const std::string said = said_of(test::dense_model(), bytes({0, 7, 200}));
    EXPECT_THAT(
        said,
        HasSubstr("warning: tensor 'x': the samples are bytes up to 200, and the input takes real numbers: it gets them as they are"));
    EXPECT_THAT(said, HasSubstr("--preprocess scale=1/255"));
    EXPECT_EQ(said_of(test::dense_model(), bytes({0, 1, 1})), "");
    Dataset reals;
    reals.count = 1;
    reals.inputs.push_back({"x", Tensor::of<float>({1, 3}, std::vector<float>{0, 7, 200})});
    EXPECT_EQ(said_of(test::dense_model(), reals), "");
    // A model that scales by itself, or takes bytes.
    EXPECT_EQ(said_of(prepared("Mul"), bytes({0, 7, 200})), "");
    EXPECT_EQ(said_of(prepared("Sub"), bytes({0, 7, 200})), "");
    EXPECT_EQ(said_of(quantized(1), bytes({0, 7, 200})), "");
    EXPECT_THAT(said_of(quantized(1.0F / 255), bytes({0, 7, 200})), HasSubstr("bytes up to 200"));
}

TEST(SampleWarnings, ConstantSamples) {
    const auto said = [](Shape shape, const std::vector<float>& values) {
        const std::vector<NamedTensor> samples{{"x", Tensor::of<float>(std::move(shape), values)}};
        return test::messages(warn_of_constant_samples(samples));
    };
    EXPECT_THAT(said({2, 3}, {4, 4, 4, 4, 4, 4}), HasSubstr("warning: tensor 'x': all elements of the calibration samples are 4"));
    EXPECT_THAT(said({2, 3}, {1, 2, 3, 1, 2, 3}), HasSubstr("warning: tensor 'x': all 2 calibration samples are equal"));
    EXPECT_EQ(said({2, 3}, {1, 2, 3, 1, 2, 4}), "");
    EXPECT_EQ(said({1, 3}, {1, 2, 3}), "");
}

TEST(SampleWarnings, LabelsBeyondTheClasses) {
    const std::vector<std::int64_t> labels{0, 9, 10, -1, 12, 3};
    EXPECT_THAT(test::messages(warn_of_labels(labels, 10)),
                HasSubstr("warning: 2 of 5 labels are no class of the output, which has 10: the largest is 12; they count as wrong"));
    EXPECT_EQ(test::messages(warn_of_labels(labels, 13)), "");
    EXPECT_EQ(test::messages(warn_of_labels({}, 13)), "");
}

}  // namespace
}  // namespace weft
