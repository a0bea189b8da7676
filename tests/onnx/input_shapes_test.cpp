// input_shapes_test.cpp
// Which axis counts images, and how open extents are given.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

ModelBuilder rectifier(const std::vector<Extent>& shape) {
    ModelBuilder builder;
    builder.input("x", shape);
    builder.node("Relu", {"x"}, {"y"}, "relu");
    builder.output("y", shape);
    return builder;
}

struct Batch {
    std::vector<Extent> declared;
    Shape imported;
    bool batched;
};

class Batches : public testing::TestWithParam<Batch> {};

TEST_P(Batches, OfAnElementwiseModel) {
    const auto model = rectifier(GetParam().declared).import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings), "");
    EXPECT_EQ(model->graph.inputs[0]->shape, GetParam().imported);
    EXPECT_EQ(model->graph.outputs[0]->shape, GetParam().imported);
    EXPECT_EQ(model->graph.batched, GetParam().batched);
}

INSTANTIATE_TEST_SUITE_P(Forms, Batches,
                         testing::Values(Batch{{1, 3, 8, 8}, {1, 3, 8, 8}, true}, Batch{{"N", 3, 8, 8}, {1, 3, 8, 8}, true},
                                         Batch{{"", 3, 8, 8}, {1, 3, 8, 8}, true}, Batch{{64, 3, 8, 8}, {1, 3, 8, 8}, true},
                                         Batch{{789444, 16}, {1, 16}, true}, Batch{{"N"}, {1}, true}, Batch{{5}, {5}, false},
                                         Batch{{}, {}, false}));

TEST(Batch, KeepsANumberThatTheWeightsNeed) {
    ModelBuilder builder;
    builder.input("x", {3, 8, 8});
    builder.integers("axes", {0});
    builder.node("Unsqueeze", {"x", "axes"}, {"image"});
    builder.floats("w", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6});
    builder.node("Conv", {"image", "w"}, {"y"});
    builder.output("y", {1, 2, 8, 8});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_FALSE(model->graph.batched);
    EXPECT_EQ(model->graph.inputs[0]->shape, (Shape{3, 8, 8}));
}

TEST(Batch, KeepsANumberThatASumTakesAway) {
    ModelBuilder builder;
    builder.input("x", {4, 8});
    builder.integers("axes", {0});
    builder.node("ReduceSum", {"x", "axes"}, {"y"});
    builder.output("y", {1, 8});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_FALSE(model->graph.batched);
    EXPECT_EQ(model->graph.inputs[0]->shape, (Shape{4, 8}));
}

TEST(Batch, KeepsANumberThatIsMovedToAnotherAxis) {
    ModelBuilder builder;
    builder.input("x", {4, 8});
    ModelBuilder::attribute(builder.node("Transpose", {"x"}, {"y"}), "perm", {1, 0});
    builder.output("y", {8, 4});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_FALSE(model->graph.batched);
    EXPECT_EQ(model->graph.outputs[0]->shape, (Shape{8, 4}));
}

TEST(Batch, OfTwoInputsMustAgree) {
    ModelBuilder builder;
    builder.input("a", {4, 8});
    builder.input("b", {1, 8});
    builder.node("Add", {"a", "b"}, {"y"});
    builder.output("y", {4, 8});
    const auto broadcast = builder.import();
    ASSERT_TRUE(broadcast) << messages(broadcast);
    EXPECT_EQ(broadcast->graph.inputs.size(), 2U);
    builder.graph().mutable_input(1)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(4);
    const auto same = builder.import();
    ASSERT_TRUE(same) << messages(same);
    EXPECT_TRUE(same->graph.batched);
    EXPECT_EQ(same->graph.outputs[0]->shape, (Shape{1, 8}));
}

TEST(Shapes, AreKeptWhenAsked) {
    const auto model = rectifier({64, 3}).import({.keep_shapes = true});
    ASSERT_TRUE(model) << messages(model);
    EXPECT_FALSE(model->graph.batched);
    EXPECT_EQ(model->graph.inputs[0]->shape, (Shape{64, 3}));
    EXPECT_EQ(messages(rectifier({"N", 3}).import({.keep_shapes = true})),
              "error: tensor 'x': axis 0 ('N') of the input has no fixed size\n  help: give its shape: --shape x=1,3\n");
}

TEST(Shapes, MustBeGivenWhereTheyAreOpen) {
    EXPECT_EQ(
        messages(rectifier({"N", 3, "", "width"}).import()),
        "error: tensor 'x': axis 2 of the input has no fixed size\n  help: give its shape: --shape x=1,3,<axis 2>,<width>\n"
        "error: tensor 'x': axis 3 ('width') of the input has no fixed size\n  help: give its shape: --shape x=1,3,<axis 2>,<width>\n");
    ModelBuilder builder = rectifier({1});
    builder.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
    EXPECT_EQ(messages(builder.import()),
              "error: tensor 'x': the input has no shape\n  help: give its shape: --shape x=1,<channels>,<height>,<width>\n");
    const auto model = builder.import({.shapes = {{"x", {1, 3, 8, 8}}}});
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(model->graph.outputs[0]->shape, (Shape{1, 3, 8, 8}));
}

TEST(Shapes, GivenReplaceOpenOnes) {
    const auto model = rectifier({"N", 3, "height", "width"}).import({.shapes = {{"x", {1, 3, 32, 48}}}});
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(model->graph.outputs[0]->shape, (Shape{1, 3, 32, 48}));
    EXPECT_TRUE(model->graph.batched);
}

TEST(Shapes, GivenMustFit) {
    const ModelBuilder builder = rectifier({"N", 3, "height", 8});
    EXPECT_EQ(messages(builder.import({.shapes = {{"x", {1, 4, 8, 8}}}})),
              "error: tensor 'x': axis 1 of the input is 3 in the model and cannot be given as 4\n"
              "  help: give its shape: --shape x=1,3,<height>,8\n");
    EXPECT_EQ(messages(builder.import({.shapes = {{"x", {1, 3, 8}}}})),
              "error: tensor 'x': the shape [1, 3, 8] that is given for the input has 3 axes, the model has 4\n"
              "  help: give its shape: --shape x=1,3,<height>,8\n");
    EXPECT_EQ(
        messages(builder.import({.shapes = {{"x", {1, 3, 0, 8}}}})),
        "error: tensor 'x': the shape [1, 3, 0, 8] that is given for the input is not usable\n  help: every extent must be 1 or more\n");
    EXPECT_EQ(messages(builder.import({.shapes = {{"x", {1, 3, 8, 8}}, {"xx", {1}}}})),
              "error: tensor 'xx': a shape is given for an input that the model does not have\n  help: did you mean 'x'?\n");
}

TEST(Shapes, InputsMustBeTensorsOfNumbers) {
    ModelBuilder text = rectifier({1});
    text.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::STRING);
    EXPECT_EQ(
        messages(text.import()),
        "error: tensor 'x': the input's element type STRING is not supported\n  help: use float, float16 or integers of 8 to 64 bits\n");
    ModelBuilder sequence = rectifier({1});
    sequence.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
    EXPECT_EQ(messages(sequence.import()), "error: tensor 'x': the input is no tensor\n  help: only tensors are supported as inputs\n");
}

}  // namespace
}  // namespace weft::test
