// functions_test.cpp
// Model-local functions: what becomes of their nodes, names and attributes, and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"
#include "tests/onnx/listing.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

constexpr const char* damaged = "\n  help: the file is damaged or was written by a faulty tool; export the model again\n";

onnx::FunctionProto& add_function(ModelBuilder& builder, const std::string& name, const std::vector<std::string>& inputs,
                                  const std::vector<std::string>& outputs, int opset = 13) {
    auto& function = *builder.model.add_functions();
    function.set_domain("my.layers");
    function.set_name(name);
    for (const std::string& input : inputs) function.add_input(input);
    for (const std::string& output : outputs) function.add_output(output);
    auto& import = *function.add_opset_import();
    import.set_version(opset);
    return function;
}

onnx::NodeProto& add_node(onnx::FunctionProto& function, const std::string& op, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs, const std::string& name = "") {
    auto& node = *function.add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    for (const std::string& output : outputs) node.add_output(output);
    return node;
}

void refer(onnx::NodeProto& node, const std::string& name, const std::string& to, onnx::AttributeProto::AttributeType type) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    attribute.set_ref_attr_name(to);
}

void set_real(onnx::NodeProto& node, const std::string& name, float value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(value);
}

onnx::NodeProto& call(ModelBuilder& builder, const std::string& function, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& name = "") {
    auto& node = builder.node(function, inputs, outputs, name);
    node.set_domain("my.layers");
    return node;
}

std::vector<double> run(const Graph& graph, const std::vector<float>& x) {
    const Tensor input = Tensor::of<float>(graph.inputs[0]->shape, x);
    const auto outputs = Evaluator(graph, DataType::float32).run(std::span(&input, 1));
    EXPECT_TRUE(outputs) << messages(outputs);
    return outputs ? outputs->front().to_doubles() : std::vector<double>();
}

TEST(Functions, BecomeTheirNodesUnderNamesOfTheirCalls) {
    ModelBuilder builder;
    auto& block = add_function(builder, "Block", {"a", "b"}, {"out", "pre"});
    add_node(block, "Add", {"a", "b"}, {"pre"}, "sum");
    add_node(block, "Relu", {"pre"}, {"h"});
    add_node(block, "Neg", {"h"}, {"out"}, "turn");
    builder.input("x", {1, 3});
    builder.floats("w", {3}, {1, -2, 3});
    call(builder, "Block", {"x", "w"}, {"m", "side"}, "first");
    call(builder, "Block", {"m", "side"}, {"y"});
    builder.output("y", {1, 3});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings), "");
    EXPECT_EQ(listing(model->graph),
              "Add 'first/sum': x w -> side\n"
              "Relu 'first/h': side -> first/h\n"
              "Neg 'first/turn': first/h -> m\n"
              "Add 'y/sum': m side -> y/pre\n"
              "Relu 'y/h': y/pre -> y/h\n"
              "Neg 'y/turn': y/h -> y\n");
    // side = x + w, m = -relu(side), y = -relu(m + side).
    EXPECT_EQ(run(model->graph, {1, 1, 1}), (std::vector<double>{0, 0, 0}));
    EXPECT_EQ(run(model->graph, {-5, 1, 1}), (std::vector<double>{0, 0, 0}));
    const Status sound = verify(model->graph);
    EXPECT_TRUE(sound) << messages(sound);
}

TEST(Functions, AttributesComeFromTheCallOrTheDefaultOrAreLeftOut) {
    ModelBuilder builder;
    auto& leaky = add_function(builder, "Leaky", {"a"}, {"b"});
    leaky.add_attribute("slope");
    refer(add_node(leaky, "LeakyRelu", {"a"}, {"b"}, "act"), "alpha", "slope", onnx::AttributeProto::FLOAT);
    // A default is a field that the protobuf classes may not know: 11, an AttributeProto.
    auto& with_default = add_function(builder, "LeakyByDefault", {"a"}, {"b"});
    refer(add_node(with_default, "LeakyRelu", {"a"}, {"b"}, "act"), "alpha", "slope", onnx::AttributeProto::FLOAT);
    onnx::AttributeProto fallback;
    fallback.set_name("slope");
    fallback.set_type(onnx::AttributeProto::FLOAT);
    fallback.set_f(0.25F);
    with_default.GetReflection()->MutableUnknownFields(&with_default)->AddLengthDelimited(11, fallback.SerializeAsString());

    builder.input("x", {1, 1});
    set_real(call(builder, "Leaky", {"x"}, {"a"}, "given"), "slope", 0.5F);
    call(builder, "Leaky", {"a"}, {"b"}, "left_out");
    call(builder, "LeakyByDefault", {"b"}, {"c"}, "by_default");
    set_real(call(builder, "LeakyByDefault", {"c"}, {"y"}, "over_default"), "slope", 0.125F);
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    std::vector<float> alphas;
    for (const auto& node : model->graph.nodes()) alphas.push_back(static_cast<float>(node->attributes.real("alpha")));
    EXPECT_EQ(alphas, (std::vector<float>{0.5F, 0.01F, 0.25F, 0.125F}));
}

TEST(Functions, CallEachOtherAndPassAttributesDown) {
    ModelBuilder builder;
    auto& outer = add_function(builder, "Outer", {"a"}, {"b"});
    auto& inner_call = add_node(outer, "Inner", {"a"}, {"t"}, "in");
    inner_call.set_domain("my.layers");
    refer(inner_call, "slope", "outer_slope", onnx::AttributeProto::FLOAT);
    add_node(outer, "Neg", {"t"}, {"b"});
    auto& inner = add_function(builder, "Inner", {"a"}, {"b"});
    add_node(inner, "Neg", {"a"}, {"t"}, "flip");
    refer(add_node(inner, "LeakyRelu", {"t"}, {"b"}, "act"), "alpha", "slope", onnx::AttributeProto::FLOAT);
    builder.input("x", {1, 2});
    set_real(call(builder, "Outer", {"x"}, {"y"}, "top"), "outer_slope", 0.5F);
    builder.output("y", {1, 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph),
              "Neg 'top/in/flip': x -> top/in/t\n"
              "LeakyRelu 'top/in/act': top/in/t -> top/t\n"
              "Neg 'y': top/t -> y\n");
    EXPECT_EQ(run(model->graph, {1, -4}), (std::vector<double>{0.5, -4}));
}

TEST(Functions, OptionalInputsMayBeLeftOut) {
    ModelBuilder builder;
    auto& layer = add_function(builder, "Layer", {"a", "w", "c"}, {"b", "unused"});
    add_node(layer, "Gemm", {"a", "w", "c"}, {"b"}, "dense");
    add_node(layer, "Relu", {"b"}, {"unused"});
    builder.input("x", {1, 2});
    builder.floats("w", {2, 1}, {1, 2});
    call(builder, "Layer", {"x", "w"}, {"y"}, "plain");
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Gemm 'plain/dense': x w -> y\n");
}

TEST(Functions, MayHandAnInputOnOrOneValueTwice) {
    ModelBuilder builder;
    auto& twice = add_function(builder, "Twice", {"a"}, {"a", "b", "b"});
    add_node(twice, "Neg", {"a"}, {"b"});
    builder.input("x", {1, 1});
    call(builder, "Twice", {"x"}, {"same", "first", "second"}, "c");
    builder.node("Sum", {"same", "first", "second"}, {"y"});
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(run(model->graph, {3}), (std::vector<double>{-3}));
}

TEST(Functions, HaveOperatorSetsOfTheirOwn) {
    // Axes are an attribute of Squeeze before operator set 13, and an input from there on.
    ModelBuilder builder(13);
    auto& old = add_function(builder, "Old", {"a"}, {"b"}, 11);
    ModelBuilder::attribute(add_node(old, "Squeeze", {"a"}, {"b"}), "axes", std::vector<std::int64_t>{1});
    builder.input("x", {2, 1, 1, 3});
    builder.integers("axes", {1});
    call(builder, "Old", {"x"}, {"m"});
    builder.node("Squeeze", {"m", "axes"}, {"y"});
    builder.output("y", {2, 3});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(model->graph.outputs[0]->shape, (Shape{1, 3})) << "two images";
    EXPECT_EQ(model->graph.nodes()[0]->opset, 11);
    EXPECT_EQ(model->graph.nodes()[1]->opset, 13);
}

TEST(Functions, AreToldApartByTheirOverload) {
    ModelBuilder builder;
    const auto overload = [](google::protobuf::Message& message, int field, const std::string& text) {
        message.GetReflection()->MutableUnknownFields(&message)->AddLengthDelimited(field, text);
    };
    auto& first = add_function(builder, "F", {"a"}, {"b"});
    add_node(first, "Neg", {"a"}, {"b"});
    overload(first, 13, "one");
    auto& second = add_function(builder, "F", {"a"}, {"b"});
    add_node(second, "Abs", {"a"}, {"b"});
    overload(second, 13, "two");
    builder.input("x", {1, 1});
    overload(call(builder, "F", {"x"}, {"m"}), 8, "one");
    overload(call(builder, "F", {"m"}, {"y"}), 8, "two");
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Neg 'm': x -> m\nAbs 'y': m -> y\n");
}

TEST(Functions, TheirNamesMeetNobodyElses) {
    ModelBuilder builder;
    auto& block = add_function(builder, "Block", {"a"}, {"b"});
    add_node(block, "Neg", {"a"}, {"h"});
    add_node(block, "Relu", {"h"}, {"b"});
    builder.input("x", {1, 1});
    builder.node("Neg", {"x"}, {"c/h"}, "taken");
    call(builder, "Block", {"c/h"}, {"y"}, "c");
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Neg 'taken': x -> c/h\nNeg 'c/h_1': c/h -> c/h_1\nRelu 'y': c/h_1 -> y\n");
}

TEST(Functions, AreRefusedWhereTheyCannotBeUnfolded) {
    ModelBuilder endless;
    auto& round = add_function(endless, "Round", {"a"}, {"b"});
    add_node(round, "Again", {"a"}, {"b"}, "next").set_domain("my.layers");
    auto& again = add_function(endless, "Again", {"a"}, {"b"});
    add_node(again, "Round", {"a"}, {"b"}, "next").set_domain("my.layers");
    endless.input("x", {1, 1});
    call(endless, "Round", {"x"}, {"y"}, "c");
    endless.output("y", {1, 1});
    const auto refused = endless.import();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error()[0].reason.find("calls itself, or calls go deeper than 64"), std::string::npos) << messages(refused);

    // 4^12 nodes of thirteen small functions.
    ModelBuilder bomb;
    for (int i = 0; i < 12; ++i) {
        auto& level = add_function(bomb, "L" + std::to_string(i), {"a"}, {"b"});
        std::string from = "a";
        for (int k = 0; k < 4; ++k) {
            const std::string to = k == 3 ? "b" : "t" + std::to_string(k);
            auto& node = add_node(level, i == 11 ? "Neg" : "L" + std::to_string(i + 1), {from}, {to}, "n");
            if (i < 11) node.set_domain("my.layers");
            from = to;
        }
    }
    bomb.input("x", {1, 1});
    call(bomb, "L0", {"x"}, {"y"}, "c");
    bomb.output("y", {1, 1});
    const auto too_many = bomb.import();
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error()[0].reason, "the model's functions unfold into more than 100000 nodes");

    ModelBuilder loose;
    auto& body = add_function(loose, "Loose", {"a"}, {"b"});
    add_node(body, "Add", {"a", "x"}, {"b"});
    loose.input("x", {1, 1});
    call(loose, "Loose", {"x"}, {"y"}, "c");
    loose.output("y", {1, 1});
    EXPECT_EQ(messages(loose.import()),
              std::string("error: node 'c': the function Loose reads the value 'x', which is nowhere defined in it") + damaged)
        << "a function sees nothing of the graph around it";
    loose.graph().mutable_node(0)->add_input("x");
    EXPECT_EQ(messages(loose.import()),
              std::string("error: node 'c': the function Loose has 1 inputs and 1 outputs, the node 2 and 1") + damaged);
}

TEST(Functions, NamesARefusedNodeByItsCall) {
    ModelBuilder builder;
    auto& block = add_function(builder, "Block", {"a"}, {"b"});
    add_node(block, "Quux", {"a"}, {"b"}, "odd");
    builder.input("x", {1, 1});
    call(builder, "Block", {"x"}, {"y"}, "encoder");
    builder.output("y", {1, 1});
    EXPECT_EQ(messages(builder.import()),
              "error: node 'encoder/odd': the operator Quux is not supported\n"
              "  help: 'weft list ops' names the supported operators; export the model with these, or leave this part of it to the host\n");
}

TEST(Functions, AnOperatorThatWeftKnowsIsNotTakenApart) {
    ModelBuilder builder;
    auto& mine = add_function(builder, "Relu", {"a"}, {"b"});
    mine.set_domain("");
    add_node(mine, "Neg", {"a"}, {"b"});
    builder.input("x", {1, 1});
    builder.node("Relu", {"x"}, {"y"});
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Relu 'y': x -> y\n");
}

}  // namespace
}  // namespace weft::test
