// lowering_test.cpp
// Corners of lowering that random networks meet too seldom.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/driver/compile.h"
#include "src/graph/op_def.h"
#include "tests/messages.h"

namespace weft {
namespace {

/// A graph as files of other tools have it: between quantizers, with unsigned activations in steps of 1/256.
class QuantizedGraph {
public:
    QuantizedGraph() {
        graph.batched = true;
        zero_ = constant("zero", DataType::uint8, {}, 0);
        step_ = constant("step", DataType::float32, {}, 1.0 / 256);
        axis_.set("axis", std::int64_t{1});
    }

    Value* input(Shape shape) {
        graph.inputs.push_back(value("x", DataType::float32, std::move(shape)));
        return graph.inputs.back();
    }
    Value* constant(const char* name, DataType type, Shape shape, double number) {
        Tensor tensor(DataType::float64, std::move(shape));
        for (double& element : tensor.as<double>()) element = number;
        return graph.add_constant(name, tensor.cast(type));
    }
    Value* node(const char* op, std::vector<Value*> inputs, Value* output, Attributes attributes = {}) {
        graph.add_node(*find_op("", op), output->name + "_node", 13, std::move(inputs), {output}, std::move(attributes));
        return output;
    }
    Value* value(const std::string& name, DataType type, Shape shape) { return graph.add_value(name, type, std::move(shape)); }

    Value* quantize(Value* x) {
        Value* integers = node("QuantizeLinear", {x, step_, zero_}, value(x->name + "_codes", DataType::uint8, x->shape), axis_);
        return node("DequantizeLinear", {integers, step_, zero_}, value(x->name + "_real", DataType::float32, x->shape), axis_);
    }
    /// Weights of 1/4, without padding or strides.
    Value* convolution(Value* x, const char* name, Shape kernel, Shape result, std::int64_t group) {
        Value* codes = constant("weight_codes", DataType::int8, kernel, 64);
        Value* weights = node("DequantizeLinear", {codes, step_, constant("weight_zero", DataType::int8, {}, 0)},
                              value("weights", DataType::float32, kernel), axis_);
        Attributes attributes;
        attributes.set("auto_pad", std::string("NOTSET"));
        attributes.set("group", group);
        for (const char* ones : {"strides", "dilations"}) attributes.set(ones, std::vector<std::int64_t>{1, 1});
        attributes.set("pads", std::vector<std::int64_t>{0, 0, 0, 0});
        attributes.set("kernel_shape", std::vector<std::int64_t>{kernel[2], kernel[3]});
        return node("Conv", {x, weights}, value(name, DataType::float32, std::move(result)), std::move(attributes));
    }

    Graph graph;

private:
    Value* zero_ = nullptr;
    Value* step_ = nullptr;
    Attributes axis_;
};

/// An averaging filter: neither weights nor inputs are negative, and the sums still take the bit of a sign.
TEST(Lowering, TakesSumsThatAreNeverNegative) {
    for (const std::int64_t group : {1, 3}) {
        SCOPED_TRACE(group);
        QuantizedGraph net;
        Value* x = net.quantize(net.input({1, 3, 5, 5}));
        net.graph.outputs = {net.quantize(net.convolution(x, "sums", {3, 3 / group, 2, 2}, {1, 3, 4, 4}, group))};
        const auto lowered = lower(net.graph, "filter");
        ASSERT_TRUE(lowered) << test::messages(lowered.error());
        const Unit* unit = lowered->design.find_unit("sums_node");
        ASSERT_NE(unit, nullptr);
        EXPECT_EQ(unit->inputs.front()->min, 0);
    }
}

/// Channels of one scale of which some are clipped: the integers of a concatenation are those of all its inputs.
TEST(Lowering, JoinsValuesThatAreLimitedDifferently) {
    QuantizedGraph net;
    const Shape shape{1, 2, 3, 3};
    Value* x = net.quantize(net.input(shape));
    Value* least = net.constant("least", DataType::float32, {}, 0);
    Value* most = net.constant("most", DataType::float32, {}, 0.25);
    Value* clipped = net.quantize(net.node("Clip", {x, least, most}, net.value("clipped", DataType::float32, shape)));
    Attributes axis;
    axis.set("axis", std::int64_t{1});
    Value* joined = net.node("Concat", {clipped, x}, net.value("joined", DataType::float32, {1, 4, 3, 3}), std::move(axis));
    net.graph.outputs = {net.quantize(net.convolution(joined, "sums", {2, 4, 1, 1}, {1, 2, 3, 3}, 1))};
    const auto lowered = lower(net.graph, "joined");
    ASSERT_TRUE(lowered) << test::messages(lowered.error());
    const Unit* unit = lowered->design.find_unit("joined_node");
    ASSERT_NE(unit, nullptr);
    EXPECT_EQ(unit->inputs[0]->max, 64);
    EXPECT_EQ(unit->inputs[1]->max, 255);
    EXPECT_EQ(unit->outputs[0]->max, 255);
}

}  // namespace
}  // namespace weft
