// lowering_test.cpp
// Corners of lowering that random networks meet too seldom.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/driver/compile.h"
#include "src/graph/op_def.h"
#include "tests/messages.h"

namespace weft {
namespace {

/// A convolution between quantisers, as files of other tools have it: unsigned activations, weights that are all 1/4.
Graph averaging_filter(std::int64_t group) {
    Graph graph;
    graph.batched = true;
    const auto value = [&](const char* name, DataType type, Shape shape) { return graph.add_value(name, type, std::move(shape)); };
    const auto constant = [&](const char* name, DataType type, Shape shape, double number) {
        Tensor tensor(DataType::float64, std::move(shape));
        for (double& element : tensor.as<double>()) element = number;
        return graph.add_constant(name, tensor.cast(type));
    };
    const auto node = [&](const char* op, std::vector<Value*> inputs, Value* output, Attributes attributes) {
        graph.add_node(*find_op("", op), output->name + "_node", 13, std::move(inputs), {output}, std::move(attributes));
        return output;
    };
    Attributes axis;
    axis.set("axis", std::int64_t{1});
    Value* zero = constant("zero", DataType::uint8, {}, 0);
    Value* step = constant("step", DataType::float32, {}, 1.0 / 256);
    const auto quantise = [&](Value* x, const char* codes, const char* real) {
        Value* integers = node("QuantizeLinear", {x, step, zero}, value(codes, DataType::uint8, x->shape), axis);
        return node("DequantizeLinear", {integers, step, zero}, value(real, DataType::float32, x->shape), axis);
    };
    Value* x = value("x", DataType::float32, {1, 3, 5, 5});
    Value* real_x = quantise(x, "x_codes", "x_real");
    const Shape kernel{3, 3 / group, 2, 2};
    Value* weights = node("DequantizeLinear",
                          {constant("weight_codes", DataType::int8, kernel, 64), step, constant("weight_zero", DataType::int8, {}, 0)},
                          value("weights", DataType::float32, kernel), axis);
    Attributes attributes;
    attributes.set("auto_pad", std::string("NOTSET"));
    attributes.set("group", group);
    for (const char* ones : {"strides", "dilations"}) attributes.set(ones, std::vector<std::int64_t>{1, 1});
    attributes.set("pads", std::vector<std::int64_t>{0, 0, 0, 0});
    attributes.set("kernel_shape", std::vector<std::int64_t>{2, 2});
    Value* sums = node("Conv", {real_x, weights}, value("sums", DataType::float32, {1, 3, 4, 4}), std::move(attributes));
    graph.inputs = {x};
    graph.outputs = {quantise(sums, "y_codes", "y")};
    return graph;
}

/// Neither weights nor inputs are negative, and the sums still take the bit of a sign.
TEST(Lowering, TakesSumsThatAreNeverNegative) {
    for (const std::int64_t group : {1, 3}) {
        SCOPED_TRACE(group);
        const auto lowered = lower(averaging_filter(group), "filter");
        ASSERT_TRUE(lowered) << test::messages(lowered.error());
        const Unit* unit = lowered->design.find_unit("sums_node");
        ASSERT_NE(unit, nullptr);
        EXPECT_EQ(unit->inputs.front()->min, 0);
    }
}

}  // namespace
}  // namespace weft
