// preprocess_test.cpp
// Preprocessing in front of a model gives what the model took before.
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/preprocess.h"

#include <gtest/gtest.h>

#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"

namespace weft {
namespace {

/// A model of one multiplication by 2 on [1, 3, 2, 2].
Graph doubling() {
    Graph graph;
    Value* x = graph.add_value("x", DataType::float32, {1, 3, 2, 2});
    Value* two = graph.add_constant("two", Tensor::scalar(2.0F));
    Value* y = graph.add_value("y", DataType::float32, {1, 3, 2, 2});
    graph.inputs = {x};
    graph.outputs = {y};
    graph.add_node(op_for(OpRole::multiply), "double", 13, {x, two}, {y});
    graph.batched = true;
    return graph;
}

class PreprocessSpec : public testing::TestWithParam<const char*> {};

TEST_P(PreprocessSpec, ReordersScalesAndShifts) {
    const char* spec = GetParam();
    Graph graph = doubling();
    const Status status = prepend_preprocessing(graph, spec);
    ASSERT_TRUE(status);
    ASSERT_TRUE(verify(graph));
    EXPECT_EQ(graph.inputs[0]->name, "x");
    EXPECT_EQ(graph.inputs[0]->type, DataType::uint8);
    EXPECT_EQ(graph.inputs[0]->shape, (Shape{1, 2, 2, 3}));
    Tensor stored(DataType::uint8, {1, 2, 2, 3});
    for (int i = 0; i < 12; ++i) stored.as<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(10 * i);
    const auto result = Evaluator(graph, DataType::float64).run(std::vector{stored});
    ASSERT_TRUE(result);
    for (int channel = 0; channel < 3; ++channel) {
        for (int position = 0; position < 4; ++position) {
            const double byte = 10.0 * (position * 3 + (2 - channel));
            EXPECT_DOUBLE_EQ((*result)[0].at(channel * 4 + position), 2 * (byte / 2 - (channel + 1)) / 4);
        }
    }
}

// As people write lists, in another order, with fractions, and as earlier versions took lists.
INSTANTIATE_TEST_SUITE_P(Spellings, PreprocessSpec,
                         testing::Values("scale=1/2,mean=1,2,3,std=4,order=bgr,layout=hwc",
                                         "layout=hwc,std=4,4,4,mean=1,2,3,order=bgr,scale=0.5",
                                         "mean=2/2,4/2,9/3,std=8/2,scale=5e-1,order=bgr,layout=hwc",
                                         "scale=1/2,mean=1/2/3,std=4,order=bgr,layout=hwc"));

TEST(Preprocess, SaysItsWholeSyntax) {
    for (const char* part : {"scale=", "mean=", "std=", "order=", "layout=", "type=", "1/255", "uint8|int8|float32"})
        EXPECT_NE(preprocess_syntax.find(part), std::string_view::npos) << part;
    Graph graph = doubling();
    const Status status = prepend_preprocessing(graph, "sclae=1");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error()[0].reason, "--preprocess: 'sclae=1' is not understood; did you mean 'scale'?");
    EXPECT_EQ(status.error()[0].help, "the syntax is " + std::string(preprocess_syntax));
}

TEST(Preprocess, RefusesWhatItDoesNotUnderstand) {
    const char* bad[] = {"scale",     "scale=0", "scale=1/0", "scale=1,2", "mean=a",        "mean=1,,2",   "mean=1,2",
                         "mean=1/0",  "std=0",   "std=0/3",   "order=gbr", "layout=nhwc",   "sclae=1",     "scale=1,scale=2",
                         "mean=1/2x", "0.5,0.4", "type=int4", "",          "order=bgr,rgb", "mean=1/2/3/4"};
    for (const char* spec : bad) {
        Graph graph = doubling();
        const Status status = prepend_preprocessing(graph, spec);
        ASSERT_FALSE(status) << spec;
        EXPECT_TRUE(status.error()[0].reason.starts_with("--preprocess: ")) << status.error()[0].reason;
    }
}

TEST(Preprocess, RefusesModelsThatItDoesNotFit) {
    const auto reason = [](Graph graph, const char* spec) {
        const Status status = prepend_preprocessing(graph, spec);
        return status ? std::string() : status.error()[0].reason;
    };
    Graph two = doubling();
    two.inputs.push_back(two.add_value("z", DataType::float32, {1}));
    EXPECT_EQ(reason(std::move(two), "scale=1/2"), "--preprocess: the model has 2 inputs; only one is supported");
    Graph bytes = doubling();
    bytes.inputs[0]->type = DataType::uint8;
    EXPECT_EQ(reason(std::move(bytes), "scale=1/2"), "--preprocess: the model's input 'x' is uint8 already");
    Graph flat = doubling();
    for (const char* name : {"x", "y"}) flat.find(name)->shape = {1, 12};
    EXPECT_EQ(reason(std::move(flat), "layout=hwc"),
              "--preprocess: layout and order need an image input of four axes; 'x' has the shape [1, 12]");
}

}  // namespace
}  // namespace weft
