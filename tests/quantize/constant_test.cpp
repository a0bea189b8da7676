// constant_test.cpp
// The exact reals of constants behind dequantizers, views and functions.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/constant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

using onnx::TensorProto;
using test::ModelBuilder;
using testing::ElementsAre;

constexpr float small = 0x1.234568p-9F, smaller = 0x1.fedcbap-7F;

/// Integers [2, 3] under `w`, dequantized by one scale under `w_r`.
ModelBuilder stored() {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    auto& tensor = builder.initialiser("w", TensorProto::INT32, {2, 3});
    for (const int value : {1, -2, 3, 4, 5, -1000000007}) tensor.add_int32_data(value);
    builder.floats("w_s", {}, {small});
    builder.node("DequantizeLinear", {"w", "w_s"}, {"w_r"});
    return builder;
}

/// The constant that a sum with the input reads under `name`.
template <class F>
void read(ModelBuilder& builder, const std::string& name, F check) {
    builder.node("Add", {"x", name}, {"y"});
    builder.output("y", {2, 3});
    const auto imported = builder.import();
    ASSERT_TRUE(imported) << test::messages(imported);
    const Value* value = imported->graph.find(name);
    ASSERT_TRUE(is_exact_constant(value));
    EXPECT_FALSE(is_exact_constant(imported->graph.find("y")));
    const auto constant = constant_real(value);
    ASSERT_TRUE(constant) << test::messages(constant);
    EXPECT_EQ(constant->shape, value->shape);
    for (std::int64_t i = 0; i < constant->size(); ++i)
        EXPECT_EQ(to_long_double(constant->exact(i)), constant->real(i)) << "two readings of element " << i;
    check(*constant);
}

TEST(ConstantReals, ProductsOfScalesAreExact) {
    ModelBuilder builder = stored();
    builder.floats("f", {}, {smaller});
    builder.node("Mul", {"w_r", "f"}, {"p"});
    read(builder, "p", [](const ConstantReal& constant) {
        ASSERT_TRUE(constant.quantized);
        EXPECT_THAT(constant.codes.to_vector(), ElementsAre(1, -2, 3, 4, 5, -1000000007));
        EXPECT_EQ(constant.exact(5), Rational(-1000000007) * Rational(small) * Rational(smaller));
        EXPECT_NE(constant.exact(0), Rational(small * smaller)) << "the product has a float32: nothing is tested";
    });
}

TEST(ConstantReals, FactorsOfRowsMakeScalesOfRows) {
    ModelBuilder builder = stored();
    builder.floats("f", {2, 1}, {-smaller, 0});
    builder.node("Mul", {"f", "w_r"}, {"p"});
    read(builder, "p", [](const ConstantReal& constant) {
        ASSERT_TRUE(constant.quantized);
        EXPECT_THAT(constant.codes.to_vector(), ElementsAre(-1, 2, -3, 0, 0, 0));
        EXPECT_EQ(constant.scale(0), constant.scale(2));
        EXPECT_EQ(constant.exact(1), Rational(2) * Rational(small) * Rational(smaller));
        EXPECT_GT(constant.scale(4), 0) << "scales stay positive";
    });
}

TEST(ConstantReals, WhatNoDoubleHoldsIsAFraction) {
    ModelBuilder builder = stored();
    builder.floats("f", {}, {smaller});
    builder.node("Mul", {"w_r", "f"}, {"p"});
    builder.node("Mul", {"p", "f"}, {"pp"});  // 72 bits
    builder.floats("shift", {3}, {1, 2, 3});
    builder.node("Sub", {"pp", "shift"}, {"d"});
    read(builder, "d", [](const ConstantReal& constant) {
        EXPECT_FALSE(constant.quantized);
        EXPECT_EQ(constant.exact(4), Rational(5) * Rational(small) * Rational(smaller) * Rational(smaller) - 2);
    });
}

TEST(ConstantReals, ViewsAndConversionsKeepTheIntegers) {
    ModelBuilder builder = stored();
    ModelBuilder::attribute(builder.node("Transpose", {"w_r"}, {"t"}), "perm", std::vector<std::int64_t>{1, 0});
    ModelBuilder::attribute(builder.node("Cast", {"t"}, {"c"}), "to", std::int64_t{TensorProto::FLOAT16});
    builder.integers("shape", {2, 3});
    builder.node("Reshape", {"c", "shape"}, {"r"});
    read(builder, "r", [](const ConstantReal& constant) {
        ASSERT_TRUE(constant.quantized);
        EXPECT_THAT(constant.codes.to_vector(), ElementsAre(1, 4, -2, 5, 3, -1000000007));
    });
}

TEST(ConstantReals, ScalesOfZeroSilenceTheirChannel) {
    ModelBuilder builder = stored();
    builder.floats("s", {3}, {0.5F, 0, 0.25F});
    builder.node("DequantizeLinear", {"w", "s"}, {"z"});
    read(builder, "z", [](const ConstantReal& constant) {
        EXPECT_THAT(constant.codes.to_vector(), ElementsAre(1, 0, 3, 4, 0, -1000000007));
        EXPECT_EQ(constant.exact(1), Rational(0));
        EXPECT_THAT(constant.scales, testing::Each(testing::Gt(0)));
    });
}

TEST(ConstantReals, BroadcastingFollowsTheLastAxes) {
    using Indices = std::vector<std::int64_t>;
    EXPECT_EQ(broadcast_indices({3}, {2, 3}), (Indices{0, 1, 2, 0, 1, 2}));
    EXPECT_EQ(broadcast_indices({2, 1}, {2, 3}), (Indices{0, 0, 0, 1, 1, 1}));
    EXPECT_EQ(broadcast_indices({}, {2, 3}), Indices(6, 0));
    EXPECT_EQ(broadcast_indices({2, 1, 2}, {2, 3, 2}), (Indices{0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3}));
    EXPECT_EQ(broadcast_indices({1}, {0, 3}), Indices{});
}

}  // namespace
}  // namespace weft
