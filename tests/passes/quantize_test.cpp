// quantize_test.cpp
// Post-training quantization: where quantizers go, what they say, and how near the result stays to the float network.
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "src/graph/evaluate.h"
#include "src/graph/fold_constants.h"
#include "src/graph/op_def.h"
#include "src/passes/pass.h"
#include "src/passes/quantization_points.h"
#include "tests/messages.h"
#include "tests/paths.h"
#include "tests/single_node.h"

namespace weft {
namespace {

/// Networks in a few lines: every call adds a node with defaults filled in and returns its output, named after the operator and a number.
struct Network {
    Graph graph;
    unsigned seed = 1;
    std::map<std::string, int> count;

    Value* input(Shape shape, std::string name = "input") {
        graph.inputs.push_back(graph.add_value(std::move(name), DataType::float32, std::move(shape)));
        graph.batched = true;
        return graph.inputs.back();
    }
    Value* weights(Shape shape, double deviation) {
        Tensor tensor = test::random_tensor(DataType::float32, std::move(shape), seed++);
        for (float& element : tensor.as<float>()) element *= static_cast<float>(deviation);
        return graph.add_constant(graph.unique_name("w"), std::move(tensor));
    }
    Value* node(const std::string& op_name, std::vector<Value*> inputs, Attributes attributes = {}) {
        const OpDef* op = find_op("", op_name);
        if (!op) {
            ADD_FAILURE() << "no operator " << op_name;
            return inputs[0];
        }
        for (const AttributeDef& row : op->attributes) {
            if (attributes.has(row.name)) continue;
            if (const auto* integer = std::get_if<std::int64_t>(&row.fallback)) attributes.set(std::string(row.name), *integer);
            if (const auto* real = std::get_if<double>(&row.fallback)) attributes.set(std::string(row.name), *real);
            if (const auto* text = std::get_if<std::string_view>(&row.fallback)) attributes.set(std::string(row.name), std::string(*text));
        }
        const std::string name = op_name + std::to_string(++count[op_name]);
        Value* output = graph.add_value(name + "_out", DataType::float32, {});
        Node* made = graph.add_node(*op, name, 13, std::move(inputs), {output}, std::move(attributes));
        auto types = op->infer(*made);
        if (!types) {
            ADD_FAILURE() << to_string(types.error()[0]);
            return output;
        }
        output->type = types->front().type;
        output->shape = types->front().shape;
        return output;
    }
    Value* conv(Value* x, std::int64_t outputs, std::int64_t kernel = 3) {
        Attributes attributes;
        attributes.set("pads", std::vector<std::int64_t>(4, kernel / 2));
        const double fan_in = static_cast<double>(x->shape[1] * kernel * kernel);
        return node("Conv", {x, weights({outputs, x->shape[1], kernel, kernel}, std::sqrt(2 / fan_in)), weights({outputs}, 0.1)},
                    attributes);
    }
    Value* relu(Value* x) { return node("Relu", {x}); }
    Value* silu(Value* x) { return node("Mul", {x, node("Sigmoid", {x})}); }
    Value* dense(Value* x, std::int64_t outputs) {
        Value* flat = node("Flatten", {x});
        const double fan_in = static_cast<double>(flat->shape[1]);
        return node("Gemm", {flat, weights({flat->shape[1], outputs}, std::sqrt(1 / fan_in)), weights({outputs}, 0.1)});
    }
    void output(Value* value) { graph.outputs.push_back(value); }
};

std::vector<NamedTensor> samples(const Graph& graph, std::int64_t images, unsigned seed = 77) {
    std::vector<NamedTensor> result;
    for (const Value* input : graph.inputs) {
        Shape shape = input->shape;
        shape[0] = images;
        result.push_back({input->name, test::random_tensor(DataType::float32, shape, seed++)});
    }
    return result;
}

Result<Graph> quantized(const Graph& graph, const std::string& bits = "8", CalibrationMethod method = CalibrationMethod::mse) {
    return quantize(graph, samples(graph, 24), 24, {.bits = bits, .method = method}, {});
}

/// Signal over difference of all outputs, in dB, on samples that did not calibrate.
double agreement(const Graph& graph, const Graph& other) {
    const Evaluator reference(graph, DataType::float64), candidate(other, DataType::float64);
    double signal = 0, noise = 0;
    for (unsigned seed = 0; seed < 8; ++seed) {
        std::vector<Tensor> given;
        for (const NamedTensor& sample : samples(graph, 1, 1000 + 10 * seed)) given.push_back(sample.tensor);
        const auto expected = reference.run(given), value = candidate.run(given);
        EXPECT_TRUE(expected && value);
        if (!expected || !value) return -1;
        for (std::size_t i = 0; i < expected->size(); ++i) {
            const auto a = (*expected)[i].to_doubles(), b = (*value)[i].to_doubles();
            for (std::size_t k = 0; k < a.size(); ++k) signal += a[k] * a[k], noise += (a[k] - b[k]) * (a[k] - b[k]);
        }
    }
    return 10 * std::log10(signal / noise);
}

bool has_role(const Node* node, OpRole role) { return node && node->op->traits.role == role; }

int count_role(const Graph& graph, OpRole role) {
    return static_cast<int>(std::ranges::count_if(graph.nodes(), [&](const auto& node) { return has_role(node.get(), role); }));
}

/// Whatever an accumulating node reads comes from a dequantizer, through moves only.
void expect_quantized_operands(const Graph& graph) {
    for (const auto& node : graph.nodes()) {
        if (!node->op->traits.linear) continue;
        EXPECT_TRUE(has_role(moved_from(node->input(0))->producer, OpRole::dequantize)) << graph.key(node.get());
        EXPECT_TRUE(has_role(node->input(1)->producer, OpRole::dequantize)) << graph.key(node.get());
    }
}

std::vector<std::string> points_of(Graph& graph) {
    std::vector<std::string> names;
    for (const QuantizationPoint& point : find_quantization_points(graph).values)
        names.push_back(point.value->name + (point.function_input ? " (function)" : ""));
    return names;
}

using Names = std::vector<std::string>;

TEST(Quantize, ResidualBlocks) {
    Network net;
    Value* x = net.relu(net.conv(net.input({1, 3, 8, 8}), 8));
    Value* y = net.conv(net.relu(net.conv(x, 8)), 8);
    Value* sum = net.relu(net.node("Add", {x, y}));
    net.output(net.node("Softmax", {net.dense(net.node("GlobalAveragePool", {sum}), 5)}));
    EXPECT_EQ(points_of(net.graph), (Names{"input", "Relu1_out", "Relu2_out", "Conv3_out", "Relu3_out", "GlobalAveragePool1_out"}));
    const auto result = quantized(net.graph);
    ASSERT_TRUE(result);
    expect_quantized_operands(*result);
    EXPECT_TRUE(verify(*result));
    EXPECT_TRUE(has_quantizers(*result));
    EXPECT_FALSE(has_quantizers(net.graph));
    // Names of the model's values survive; the last accumulator leaves as it is.
    EXPECT_EQ(result->outputs[0]->name, net.graph.outputs[0]->name);
    EXPECT_TRUE(has_role(result->find("Relu1_out")->producer, OpRole::dequantize));
    EXPECT_FALSE(has_role(result->find("Gemm1_out")->producer, OpRole::dequantize));
    EXPECT_GT(agreement(net.graph, *result), 25);
    // The calibrated graph is left alone.
    EXPECT_EQ(count_role(net.graph, OpRole::quantize), 0);
}

TEST(Quantize, WeightsAndBiasesAreOnTheirGrids) {
    Network net;
    Value* y = net.conv(net.input({1, 3, 6, 6}), 4);
    net.output(y);
    const auto result = quantized(net.graph, "8", CalibrationMethod::min_max);
    ASSERT_TRUE(result);
    const Node* conv = result->find(y->name)->producer;
    const Node* weights = conv->input(1)->producer;
    const Node* bias = conv->input(2)->producer;
    const Node* input = conv->input(0)->producer;
    ASSERT_TRUE(has_role(weights, OpRole::dequantize) && has_role(bias, OpRole::dequantize) && has_role(input, OpRole::dequantize));
    EXPECT_EQ(weights->input(0)->type, DataType::int8);
    EXPECT_EQ(weights->attributes.integer("axis"), 0);
    EXPECT_EQ(weights->input(1)->shape, Shape{4});
    EXPECT_EQ(bias->input(0)->type, DataType::int32);
    const auto given = net.graph.find("w_1")->constant->as<float>();
    for (std::int64_t c = 0; c < 4; ++c) {
        const auto scale = static_cast<float>(input->input(1)->constant->at(0) * weights->input(1)->constant->at(c));
        EXPECT_EQ(bias->input(1)->constant->at(c), scale);
        EXPECT_NEAR(bias->input(0)->constant->at(c) * scale, given[static_cast<std::size_t>(c)], scale);
    }
    const auto integers = weights->input(0)->constant->to_integers();
    EXPECT_EQ(*std::ranges::max_element(integers, {}, [](auto v) { return std::abs(v); }) % 127, 0);
}

TEST(Quantize, FunctionsThatAreNotStraightGetATable) {
    Network net;
    Value* x = net.silu(net.conv(net.input({1, 3, 8, 8}), 8));
    net.output(net.conv(net.node("Tanh", {net.conv(x, 4)}), 4, 1));
    EXPECT_EQ(points_of(net.graph), (Names{"input", "Conv1_out (function)", "Mul1_out", "Conv2_out (function)", "Tanh1_out"}));
    const auto result = quantized(net.graph);
    ASSERT_TRUE(result);
    EXPECT_TRUE(verify(*result));
    expect_quantized_operands(*result);
    // 1,024 levels in a 16-bit carrier, clipped as reals.
    const Node* dequantize = result->find("Conv1_out")->producer;
    EXPECT_EQ(dequantize->input(0)->type, DataType::int16);
    const Node* clip = dequantize->input(0)->producer->input(0)->producer;
    ASSERT_TRUE(has_role(clip, OpRole::clip));
    const double scale = dequantize->input(1)->constant->at(0);
    EXPECT_NEAR((clip->input(2)->constant->at(0) - clip->input(1)->constant->at(0)) / scale, 1023, 1e-3);
    EXPECT_GT(agreement(net.graph, *result), 25);
    // The clip is read back as the range of the integers.
    Graph typed = result->clone();
    PassLog log;
    ASSERT_TRUE(type_values(typed, log));
    const auto& type = typed.find("Conv1_out")->integer;
    ASSERT_TRUE(type);
    EXPECT_EQ(type->min, -512);
    EXPECT_EQ(type->max, 511);
}

TEST(Quantize, AStraightFunctionBeforeACurvedOneStaysWithTheAccumulator) {
    Network net;
    Value* x = net.conv(net.input({1, 3, 8, 8}), 8);
    Value* scaled = net.node("Mul", {x, net.weights({8, 1, 1}, 0.5)});
    net.output(net.conv(net.silu(scaled), 2));
    EXPECT_EQ(points_of(net.graph), (Names{"input", "Mul1_out (function)", "Mul2_out"}));
}

TEST(Quantize, AValueReadByBothKindsHasOneType) {
    Network net;
    Value* x = net.conv(net.input({1, 3, 8, 8}), 4);
    net.output(net.node("Add", {net.conv(net.node("Sigmoid", {x}), 4), x}));
    // The sum at the end as well: its word would not leave the kernel.
    EXPECT_EQ(points_of(net.graph), (Names{"input", "Conv1_out", "Sigmoid1_out", "Conv2_out", "Add1_out"}));
}

TEST(Quantize, ConcatenatedBranchesShareAType) {
    Network net;
    if (!find_op("", "Concat")) GTEST_SKIP() << "no Concat";
    Value* x = net.input({1, 3, 8, 8});
    Attributes axis;
    axis.set("axis", std::int64_t{1});
    Value* joined = net.node("Concat", {net.relu(net.conv(x, 4)), net.relu(net.conv(x, 6, 1))}, axis);
    net.output(net.dense(joined, 3));
    const auto result = quantized(net.graph);
    ASSERT_TRUE(result);
    const Node* first = result->find("Relu1_out")->producer;
    const Node* second = result->find("Relu2_out")->producer;
    ASSERT_TRUE(has_role(first, OpRole::dequantize) && has_role(second, OpRole::dequantize));
    EXPECT_EQ(*first->input(1)->constant, *second->input(1)->constant);
    EXPECT_EQ(*first->input(2)->constant, *second->input(2)->constant);
    EXPECT_GT(agreement(net.graph, *result), 25);
}

TEST(Quantize, PoolsAndViewsKeepTheTypeOfWhatTheyMove) {
    Network net;
    Attributes pool;
    pool.set("kernel_shape", std::vector<std::int64_t>{2, 2});
    pool.set("strides", std::vector<std::int64_t>{2, 2});
    Value* x = net.node("MaxPool", {net.relu(net.conv(net.input({1, 3, 8, 8}), 4))}, pool);
    // Here the function comes behind the pool.
    Value* y = net.relu(net.node("MaxPool", {net.conv(x, 4)}, pool));
    net.output(net.dense(y, 3));
    EXPECT_EQ(points_of(net.graph), (Names{"input", "Relu1_out", "Relu2_out"}));
}

TEST(Quantize, OutputsThatTheHostCannotFinishAreQuantized) {
    Network net;
    net.output(net.relu(net.conv(net.input({1, 3, 8, 8}), 4)));
    const auto result = quantized(net.graph);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->outputs[0]->name, "Relu1_out");
    EXPECT_TRUE(has_role(result->outputs[0]->producer, OpRole::dequantize));
}

TEST(Quantize, BitsByNode) {
    Network net;
    Value* x = net.relu(net.conv(net.input({1, 3, 8, 8}), 8));
    net.output(net.conv(net.relu(net.conv(x, 8)), 4));
    const test::TemporaryFolder folder;
    const std::string path = (folder / "bits.json").string();
    const auto text = bits_file(net.graph, {.bits = "w4a6", .method = CalibrationMethod::mse});
    ASSERT_TRUE(text);
    EXPECT_EQ(*text,
              "{\n  \"default\": {\"weights\": 4, \"activations\": 6},\n  \"nodes\": {\n    \"input\": {\"activations\": 6},\n"
              "    \"Conv1\": {\"weights\": 4, \"activations\": 6},\n    \"Conv2\": {\"weights\": 4, \"activations\": 6},\n"
              "    \"Conv3\": {\"weights\": 4}\n  }\n}\n");
    std::ofstream(path) << R"({"nodes": {"Conv1": {"weights": 3, "activations": 5}, "input": {"activations": 8}}})";
    const auto result = quantized(net.graph, path);
    ASSERT_TRUE(result);
    const auto integers =
        result->find("Conv1_out")->producer ? result->find("w_quantized")->constant->to_integers() : std::vector<std::int64_t>{};
    ASSERT_FALSE(integers.empty());
    EXPECT_EQ(std::ranges::max(integers), 3);
    EXPECT_EQ(std::ranges::min(integers), -3);
    // Five bits: clipped on the integers.
    const Node* clip = result->find("Relu1_out")->producer->input(0)->producer;
    ASSERT_TRUE(has_role(clip, OpRole::clip));
    EXPECT_EQ(clip->input(1)->constant->at(0), -16);
    EXPECT_EQ(clip->input(2)->constant->at(0), 15);
    EXPECT_FALSE(has_role(result->find("Relu2_out")->producer->input(0)->producer, OpRole::clip));

    std::ofstream(path) << R"({"nodes": {"Conv9": {"weights": 3}}})";
    const auto refused = quantized(net.graph, path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error()[0].node, "Conv9");
    EXPECT_EQ(refused.error()[0].help, "did you mean 'Conv1'?");
}

TEST(Quantize, MoreBitsAreNearer) {
    Network net;
    net.output(net.dense(net.relu(net.conv(net.relu(net.conv(net.input({1, 3, 8, 8}), 8)), 8)), 6));
    double last = 0;
    for (const char* bits : {"w3a3", "4", "w6a6", "8"}) {
        const auto result = quantized(net.graph, bits);
        ASSERT_TRUE(result);
        const double now = agreement(net.graph, *result);
        EXPECT_GT(now, last + 2) << bits;
        last = now;
    }
    EXPECT_GT(last, 30);
}

TEST(Quantize, BadSamplesAreRefused) {
    Network net;
    net.output(net.conv(net.input({1, 3, 8, 8}), 4));
    auto few = samples(net.graph, 3);
    const auto wrong = quantize(net.graph, few, 4, {}, {});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error()[0].reason, "calibration array [3, 3, 8, 8] does not hold 4 samples of shape [1, 3, 8, 8]");
    EXPECT_EQ(quantize(net.graph, few, 0, {}, {}).error()[0].reason, "there are no calibration samples");
    EXPECT_EQ(quantize(net.graph, {}, 3, {}, {}).error()[0].reason, "0 calibration arrays do not go with 1 model inputs");
    few[0].tensor.as<float>()[5] = NAN;
    const auto broken = quantize(net.graph, few, 3, {}, {});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error()[0].tensor, "input");
}

TEST(Quantize, TheSameSamplesGiveTheSameGraph) {
    Network net;
    net.output(net.dense(net.silu(net.conv(net.input({1, 3, 8, 8}), 8)), 6));
    const auto first = quantized(net.graph), second = quantized(net.graph);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(print(*first), print(*second));
}

TEST(Quantize, DoubleBecomesFloat32) {
    // What an exporter writes for a layer in double: casts around a product of double constants.
    Network network;
    Value* x = network.relu(network.conv(network.input({1, 3, 8, 8}), 8));
    Attributes to_double, to_float;
    to_double.set("to", std::int64_t{11});
    to_float.set("to", std::int64_t{1});
    Value* wide = network.node("Cast", {network.node("Flatten", {x})}, to_double);
    Value* weight = network.graph.add_constant("wide_weight", network.weights({512, 10}, 0.05)->constant->cast(DataType::float64));
    Value* limit = network.graph.add_constant("no_limit", Tensor::scalar(std::numeric_limits<double>::max()));
    Value* none = network.graph.add_constant("no_lower_limit", Tensor::scalar(0.0));
    Value* product = network.node("Clip", {network.node("MatMul", {wide, weight}), none, limit});
    network.output(network.node("Cast", {product}, to_float));
    ASSERT_EQ(product->type, DataType::float64);
    const auto result = quantized(network.graph);
    ASSERT_TRUE(result) << test::messages(result);
    for (const auto& value : result->values()) EXPECT_NE(value->type, DataType::float64) << value->name;
    EXPECT_TRUE(verify(*result));
    EXPECT_GT(agreement(network.graph, *result), 30);
    // Types said by the operators themselves, not only by the values.
    Graph again = result->clone();
    EXPECT_EQ(test::messages(infer_types(again)), "");
    for (const auto& value : again.values()) EXPECT_NE(value->type, DataType::float64) << value->name;
}

TEST(Quantize, SaysWhichChannelLosesMost) {
    Network network;
    Value* x = network.conv(network.input({1, 3, 8, 8}), 4);
    Tensor weight = *x->producer->input(1)->constant;
    const auto elements = weight.as<float>();
    for (std::size_t i = 0; i < elements.size() / 4; ++i) elements[i] *= 1e6F;
    x->producer->input(1)->constant = std::make_shared<const Tensor>(std::move(weight));
    Value* even = network.node("Mul", {x, network.graph.add_constant("even", Tensor::of<float>({4, 1, 1}, {{1e-6F, 1, 1, 1}}))});
    network.output(network.relu(even));
    Diagnostics warnings;
    const auto result = quantize(network.graph, samples(network.graph, 8), 8, {}, {}, &warnings);
    ASSERT_TRUE(result) << test::messages(result);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings[0].severity, Severity::warning);
    EXPECT_EQ(warnings[0].node, "Conv1");
    EXPECT_EQ(warnings[0].tensor, "w");
    EXPECT_NE(warnings[0].reason.find("3 of 4 channels are rounded more coarsely than their own 8 bits allow: channel "), std::string::npos)
        << warnings[0].reason;
    EXPECT_FALSE(warnings[0].help.empty());

    // Quantized together with the large channel nothing of the small ones is seen, with or without their bits.
    network.graph.outputs = {network.dense(network.relu(x), 2)};
    network.graph.remove_dead();
    warnings.clear();
    ASSERT_TRUE(quantize(network.graph, samples(network.graph, 8), 8, {}, {}, &warnings));
    EXPECT_TRUE(warnings.empty()) << test::messages(warnings);
}

/// However a reduction over space says its axes, what it reads gets a quantizer.
TEST(Quantize, ReductionsAreQuantizedHoweverTheyAreSaid) {
    for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax"}) {
        for (const bool as_input : {false, true}) {
            for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{2, 3}, {-1, -2}}) {
                Network network;
                Value* x = network.relu(network.conv(network.input({1, 3, 8, 8}), 6));
                Attributes attributes;
                attributes.set("keepdims", std::int64_t{as_input});
                std::vector<Value*> inputs{x};
                if (as_input)
                    inputs.push_back(network.graph.add_constant("axes", Tensor::of<std::int64_t>({2}, axes)));
                else
                    attributes.set("axes", axes);
                network.output(network.dense(network.node(op, inputs, attributes), 4));
                const auto result = quantized(network.graph);
                ASSERT_TRUE(result) << test::messages(result);
                const Value* relu = result->find("Relu1_out");
                ASSERT_NE(relu, nullptr);
                if (std::string(op) != "ReduceMax") {
                    EXPECT_EQ(relu->producer->op->traits.role, OpRole::dequantize) << op << " " << as_input;
                }
                EXPECT_GT(agreement(network.graph, *result), 25) << op << " " << as_input;
            }
        }
    }
}

}  // namespace
}  // namespace weft
