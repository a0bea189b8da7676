// branches_test.cpp
// If with a condition that the file decides, what is refused by name, and what no output needs.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"
#include "tests/onnx/listing.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

constexpr const char* open_condition =
    "the operator If runs one of two sub-graphs, and which one is known at run time only\n"
    "  help: export the model for inference with fixed shapes, or simplify it (onnxsim), so that the condition is constant\n";

onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& op, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs, const std::string& name = "") {
    auto& node = *graph.add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    for (const std::string& output : outputs) node.add_output(output);
    return node;
}

/// An If whose branches the caller fills.
struct Branches {
    onnx::GraphProto& then_branch;
    onnx::GraphProto& else_branch;
};

Branches branches_of(onnx::NodeProto& node) {
    onnx::GraphProto* graphs[2];
    for (const int i : {0, 1}) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(i == 0 ? "then_branch" : "else_branch");
        attribute.set_type(onnx::AttributeProto::GRAPH);
        graphs[i] = attribute.mutable_g();
        graphs[i]->set_name(attribute.name());
    }
    return {*graphs[0], *graphs[1]};
}

void set_condition(ModelBuilder& builder, const std::string& name, bool value) {
    builder.initialiser(name, onnx::TensorProto::BOOL, {}).add_int32_data(value ? 1 : 0);
}

/// x -> Neg -> h; If: h + w of its own, or relu(h) -> y.
ModelBuilder branching_model(bool condition) {
    ModelBuilder builder;
    builder.input("x", {1, 2});
    set_condition(builder, "c", condition);
    builder.node("Neg", {"x"}, {"h"}, "neg");
    const Branches branches = branches_of(builder.node("If", {"c"}, {"y"}, "choice"));
    auto& weight = *branches.then_branch.add_initializer();
    weight.set_name("w");
    weight.set_data_type(onnx::TensorProto::FLOAT);
    weight.add_dims(2);
    weight.add_float_data(10);
    weight.add_float_data(20);
    add_node(branches.then_branch, "Add", {"h", "w"}, {"t"}, "plus");
    add_node(branches.then_branch, "Relu", {"t"}, {"out"}, "clamp");
    ModelBuilder::describe(*branches.then_branch.add_output(), "out", {1, 2});
    add_node(branches.else_branch, "Relu", {"h"}, {"out"}, "only");
    ModelBuilder::describe(*branches.else_branch.add_output(), "out", {1, 2});
    builder.output("y", {1, 2});
    return builder;
}

TEST(Branches, TheOneThatRunsTakesTheNodesPlace) {
    const auto chosen = branching_model(true).import();
    ASSERT_TRUE(chosen) << messages(chosen);
    EXPECT_EQ(listing(chosen->graph), "Neg 'neg': x -> h\nAdd 'plus': h w -> t\nRelu 'clamp': t -> y\n");
    EXPECT_EQ(chosen->graph.find("w")->constant->to_doubles(), (std::vector<double>{10, 20}));
    const auto other = branching_model(false).import();
    ASSERT_TRUE(other) << messages(other);
    EXPECT_EQ(listing(other->graph), "Neg 'neg': x -> h\nRelu 'only': h -> y\n");
}

TEST(Branches, NamesThatAreTakenGetOthers) {
    ModelBuilder builder = branching_model(true);
    builder.node("Abs", {"x"}, {"t"}, "taken");
    builder.node("Add", {"y", "t"}, {"z"}, "sum");
    builder.output("z", {1, 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph),
              "Neg 'neg': x -> h\nAdd 'plus': h w -> choice/t\nRelu 'clamp': choice/t -> y\nAbs 'taken': x -> t\nAdd 'sum': y t -> z\n");
}

TEST(Branches, FollowShapesThatTheFileDecides) {
    // What exporters write for squeeze(): one branch or the other by an extent.
    for (const int rows : {1, 4}) {
        ModelBuilder builder(13);
        builder.input("x", {"N", rows, 3});
        builder.node("Shape", {"x"}, {"shape"});
        builder.integers("one_index", {1});
        builder.node("Gather", {"shape", "one_index"}, {"extent"});
        builder.integers("one", {1});
        builder.node("Equal", {"extent", "one"}, {"is_one"});
        const Branches branches = branches_of(builder.node("If", {"is_one"}, {"y"}, "squeeze"));
        add_node(branches.then_branch, "Squeeze", {"x", "one_index"}, {"squeezed"});
        ModelBuilder::describe(*branches.then_branch.add_output(), "squeezed", {"N", 3});
        add_node(branches.else_branch, "Identity", {"x"}, {"kept"});
        ModelBuilder::describe(*branches.else_branch.add_output(), "kept", {"N", rows, 3});
        builder.output("y", {});
        builder.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
        const auto model = builder.import();
        ASSERT_TRUE(model) << messages(model);
        EXPECT_EQ(model->graph.outputs[0]->shape, rows == 1 ? (Shape{1, 3}) : (Shape{1, 4, 3}));
        EXPECT_TRUE(model->graph.batched);
    }
}

TEST(Branches, NestAndDecideEachOther) {
    // The outer branch holds an inner one that reads a value of the outer; what both give decides a third.
    ModelBuilder builder(13);
    builder.input("x", {1, 2});
    set_condition(builder, "yes", true);
    set_condition(builder, "no", false);
    const Branches outer = branches_of(builder.node("If", {"yes"}, {"m"}, "outer"));
    add_node(outer.then_branch, "Neg", {"x"}, {"t"});
    auto& inner_node = add_node(outer.then_branch, "If", {"no"}, {"out"}, "inner");
    const Branches inner = branches_of(inner_node);
    add_node(inner.then_branch, "Quux", {"t"}, {"v"});
    ModelBuilder::describe(*inner.then_branch.add_output(), "v", {1, 2});
    add_node(inner.else_branch, "Abs", {"t"}, {"u"});
    add_node(inner.else_branch, "Concat", {"u", "t"}, {"v"}).add_attribute();
    inner.else_branch.mutable_node(1)->clear_attribute();
    ModelBuilder::attribute(*inner.else_branch.mutable_node(1), "axis", 1);
    ModelBuilder::describe(*inner.else_branch.add_output(), "v", {1, 4});
    ModelBuilder::describe(*outer.then_branch.add_output(), "out", {1, 4});
    add_node(outer.else_branch, "Identity", {"x"}, {"out"});
    ModelBuilder::describe(*outer.else_branch.add_output(), "out", {1, 2});

    builder.node("Size", {"m"}, {"size"});
    builder.initialiser("four", onnx::TensorProto::INT64, {}).add_int64_data(4);
    builder.node("Equal", {"size", "four"}, {"is_four"});
    const Branches last = branches_of(builder.node("If", {"is_four"}, {"y"}, "last"));
    ModelBuilder::describe(*last.then_branch.add_output(), "m", {1, 4});
    add_node(last.else_branch, "Quux", {"m"}, {"t"});
    ModelBuilder::describe(*last.else_branch.add_output(), "t", {1, 4});
    builder.output("y", {1, 4});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Neg 't': x -> t\nAbs 'u': t -> u\nConcat 'm': u t -> m\nIdentity 'y': m -> y\n");
}

TEST(Branches, StandInsideFunctionsToo) {
    ModelBuilder builder(13);
    auto& function = *builder.model.add_functions();
    function.set_domain("my.layers");
    function.set_name("Maybe");
    function.add_input("a");
    function.add_input("flag");
    function.add_output("b");
    function.add_opset_import()->set_version(13);
    auto& neg = *function.add_node();
    neg.set_op_type("Neg");
    neg.add_input("a");
    neg.add_output("t");
    auto& choice = *function.add_node();
    choice.set_op_type("If");
    choice.add_input("flag");
    choice.add_output("b");
    const Branches branches = branches_of(choice);
    auto& leaky = add_node(branches.then_branch, "LeakyRelu", {"t"}, {"out"});
    auto& reference = *leaky.add_attribute();
    reference.set_name("alpha");
    reference.set_type(onnx::AttributeProto::FLOAT);
    reference.set_ref_attr_name("slope");
    ModelBuilder::describe(*branches.then_branch.add_output(), "out", {1, 2});
    add_node(branches.else_branch, "Abs", {"t"}, {"out"});
    ModelBuilder::describe(*branches.else_branch.add_output(), "out", {1, 2});

    builder.input("x", {1, 2});
    set_condition(builder, "yes", true);
    set_condition(builder, "no", false);
    for (const char* which : {"yes", "no"}) {
        auto& node = builder.node("Maybe", {std::string(which) == "yes" ? "x" : "m", which}, {std::string(which) == "yes" ? "m" : "y"});
        node.set_domain("my.layers");
        auto& slope = *node.add_attribute();
        slope.set_name("slope");
        slope.set_type(onnx::AttributeProto::FLOAT);
        slope.set_f(0.5F);
    }
    builder.output("y", {1, 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Neg 'm/t': x -> m/t\nLeakyRelu 'm': m/t -> m\nNeg 'y/t': m -> y/t\nAbs 'y': y/t -> y\n");
    EXPECT_EQ(model->graph.nodes()[1]->attributes.real("alpha"), 0.5);
}

TEST(Branches, AConditionOfRunTimeIsRefused) {
    ModelBuilder builder = branching_model(true);
    builder.graph().mutable_initializer(0)->set_name("unused");
    builder.node("ReduceMax", {"x"}, {"largest"});
    ModelBuilder::attribute(*builder.graph().mutable_node(2), "keepdims", 0);
    builder.floats("zero", {}, {0});
    builder.node("Greater", {"largest", "zero"}, {"c"});
    EXPECT_EQ(messages(builder.import()), std::string("error: node 'choice': ") + open_condition);

    ModelBuilder no_branch = branching_model(true);
    no_branch.graph().mutable_node(1)->mutable_attribute(0)->set_name("them_branch");
    EXPECT_EQ(messages(no_branch.import()), std::string("error: node 'choice': ") + open_condition);
}

TEST(Branches, AConditionThatDependsOnTheBatchIsRefused) {
    ModelBuilder builder(13);
    builder.input("x", {2, 3});
    builder.node("Size", {"x"}, {"size"});
    builder.initialiser("three", onnx::TensorProto::INT64, {}).add_int64_data(3);
    builder.node("Greater", {"size", "three"}, {"many"});
    const Branches branches = branches_of(builder.node("If", {"many"}, {"y"}, "choice"));
    add_node(branches.then_branch, "Relu", {"x"}, {"a"});
    ModelBuilder::describe(*branches.then_branch.add_output(), "a", {2, 3});
    add_node(branches.else_branch, "Neg", {"x"}, {"a"});
    ModelBuilder::describe(*branches.else_branch.add_output(), "a", {2, 3});
    builder.output("y", {2, 3});
    EXPECT_EQ(messages(builder.import()),
              "error: tensor 'many': a condition of the model is one for 2 images and another for one\n"
              "  help: export the model for a single image (batch size 1)\n");
}

TEST(Branches, WithAnOpenShapeTheShapeIsWhatIsMissing) {
    ModelBuilder builder = branching_model(true);
    builder.graph().clear_input();
    builder.input("x", {1, "width"});
    EXPECT_EQ(messages(builder.import()),
              "error: tensor 'x': axis 1 ('width') of the input has no fixed size\n  help: give its shape: --shape x=1,<width>\n");
}

/// Why a model is refused whose only node `n` is of that operator.
Diagnostics refusal_of(const char* op) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.node(op, {"x"}, {"y"}, "n");
    builder.output("y", {1, 3});
    auto model = builder.import();
    EXPECT_FALSE(model) << op;
    return model ? Diagnostics{{}} : std::move(model).error();
}

TEST(Refused, OperatorsAreRefusedForWhatTheyAre) {
    const std::pair<const char*, const char*> table[] = {{"LSTM", "is recurrent"},
                                                         {"GRU", "is recurrent"},
                                                         {"RNN", "is recurrent"},
                                                         {"Loop", "loops are not supported"},
                                                         {"Scan", "loops are not supported"},
                                                         {"SequenceAt", "sequences of tensors"},
                                                         {"SplitToSequence", "sequences"},
                                                         {"OptionalGetElement", "may be absent"},
                                                         {"NonMaxSuppression", "whose size depends on the data"},
                                                         {"NonZero", "whose size depends"},
                                                         {"RandomNormalLike", "random numbers"},
                                                         {"InstanceNormalization", "statistics of the image itself"}};
    for (const auto& [op, reason] : table) {
        const Diagnostics refused = refusal_of(op);
        ASSERT_EQ(refused.size(), 1U) << messages(refused);
        EXPECT_EQ(refused[0].node, "n");
        EXPECT_NE(refused[0].reason.find(reason), std::string::npos) << messages(refused);
        EXPECT_FALSE(refused[0].help.empty());
        EXPECT_EQ(refused[0].help.find("did you mean"), std::string::npos) << op;
    }
}

TEST(Refused, OnlyANearNameIsSuggested) {
    const std::pair<const char*, const char*> table[] = {
        {"Resize", ""},        {"Rellu", "Relu"},     {"MaxPol", "MaxPool"},
        {"Sgmoid", "Sigmoid"}, {"Tahn", "Tanh"},      {"GlobalLpPool", ""},
        {"Trilu", ""},         {"ConvTranspose", ""}, {"BatchNormalisation", "BatchNormalization"},
        {"conv", "Conv"},      {"Hardmax", ""},       {"LpNormalization", ""}};
    for (const auto& [op, meant] : table) {
        if (find_op("", op)) continue;
        const std::string help = refusal_of(op)[0].help;
        if (*meant) {
            EXPECT_EQ(help, std::string("did you mean '") + meant + "'?") << op;
        } else {
            EXPECT_EQ(help.find("did you mean"), std::string::npos) << op << ": " << help;
        }
    }
}

TEST(Refused, WhatNoOutputNeedsRefusesNothing) {
    ModelBuilder builder = dense_model();
    builder.initialiser("text", onnx::TensorProto::STRING, {1}).add_string_data("label");
    builder.node("Quux", {"x"}, {"a"}, "unknown");
    builder.node("Relu", {"a"}, {"b"}, "feeds_dead_nodes_only");
    builder.node("LSTM", {"b", "text"}, {"c"}, "recurrent");
    builder.node("Loop", {"c", "nowhere"}, {"d"}, "loop");
    builder.node("Relu", {"x", "x", "x"}, {"e"}, "too_many_inputs");
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(listing(model->graph), "Gemm 'dense': x w -> y\n");
    EXPECT_EQ(model->graph.find("text"), nullptr);
    builder.output("d", {1});
    EXPECT_FALSE(builder.import()) << "once they are needed they are refused";
}

TEST(Opsets, NewerOnesAreTriedAsTheyAre) {
    // Reductions took their axes as an attribute once: both ways are read in a set that nobody knows yet.
    for (const bool as_input : {false, true}) {
        ModelBuilder builder(31, 8);
        builder.input("x", {1, 2, 3});
        builder.integers("axes", {2});
        auto& node = builder.node("ReduceMean", as_input ? std::vector<std::string>{"x", "axes"} : std::vector<std::string>{"x"}, {"y"});
        if (!as_input) ModelBuilder::attribute(node, "axes", std::vector<std::int64_t>{2});
        builder.output("y", {1, 2, 1});
        const auto model = builder.import();
        ASSERT_TRUE(model) << messages(model);
        EXPECT_EQ(model->graph.outputs[0]->shape, (Shape{1, 2, 1}));
        EXPECT_EQ(
            messages(model->warnings),
            "warning: the model's opset 31 is newer than 28, the newest one known\n  help: export with opset 28 if results surprise\n");
    }
}

TEST(Initialisers, Bfloat16IsWidened) {
    for (const bool raw : {false, true}) {
        ModelBuilder builder;
        builder.input("x", {1, 2}, onnx::TensorProto::BFLOAT16);
        auto& weight = builder.initialiser("w", onnx::TensorProto::BFLOAT16, {2});
        if (raw) {
            weight.set_raw_data(std::string("\x80\x3f\x40\xc0", 4));
        } else {
            weight.add_int32_data(0x3f80);
            weight.add_int32_data(0xc040);
        }
        builder.node("Mul", {"x", "w"}, {"a"});
        auto& cast = builder.node("Cast", {"a"}, {"b"});
        ModelBuilder::attribute(cast, "to", onnx::TensorProto::BFLOAT16);
        builder.node("Relu", {"b"}, {"y"});
        builder.output("y", {1, 2}, onnx::TensorProto::BFLOAT16);
        const auto model = builder.import();
        ASSERT_TRUE(model) << messages(model);
        EXPECT_EQ(messages(model->warnings), "");
        EXPECT_EQ(model->graph.find("w")->constant->to_doubles(), (std::vector<double>{1, -3}));
        EXPECT_EQ(model->graph.outputs[0]->type, DataType::float32);
    }
}

}  // namespace
}  // namespace weft::test
