// fold_constants_test.cpp
// What becomes a constant, what stays, and which nodes only pass a value on.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/fold_constants.h"

#include <gtest/gtest.h>

#include "src/graph/op_def.h"
#include "src/passes/remove_identities.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

std::vector<std::string> operators(const Graph& graph) {
    std::vector<std::string> names;
    for (const auto& node : graph.nodes()) names.emplace_back(node->op->name);
    return names;
}

TEST(FoldConstants, EvaluatesWhatIsKnown) {
    ModelBuilder builder;
    builder.input("x", {1, 2});
    builder.floats("a", {2}, {1, 2});
    builder.floats("b", {2}, {3, 4});
    builder.node("Add", {"a", "b"}, {"sum"});
    builder.node("Mul", {"x", "sum"}, {"y"});
    builder.output("y", {1, 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(operators(model->graph), std::vector<std::string>{"Mul"});
    EXPECT_EQ(model->graph.find("sum")->constant->to_doubles(), (std::vector<double>{4, 6}));
    EXPECT_EQ(model->graph.find("a"), nullptr) << "what was folded is gone";
}

TEST(FoldConstants, LeavesDequantizedWeights) {
    ModelBuilder builder;
    builder.input("x", {1, 2});
    builder.floats("real", {2, 1}, {0.5F, -1});
    builder.floats("scale", {}, {0.5F});
    builder.initialiser("zero", onnx::TensorProto::INT8, {}).add_int32_data(0);
    builder.node("QuantizeLinear", {"real", "scale", "zero"}, {"integers"});
    builder.node("DequantizeLinear", {"integers", "scale", "zero"}, {"w"});
    builder.node("MatMul", {"x", "w"}, {"y"});
    builder.output("y", {1, 1});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(operators(model->graph), (std::vector<std::string>{"DequantizeLinear", "MatMul"}));
    EXPECT_EQ(model->graph.find("integers")->constant->to_integers(), (std::vector<std::int64_t>{1, -2}));
}

TEST(FoldConstants, IsAPassToo) {
    auto model = dense_model().import();
    ASSERT_TRUE(model) << messages(model);
    Graph& graph = model->graph;
    const auto unchanged = fold_constants(graph);
    ASSERT_TRUE(unchanged);
    EXPECT_FALSE(*unchanged);
    Value* weight = graph.find("w");
    Value* rectified = graph.add_value("rectified", weight->type, weight->shape);
    graph.add_node(*find_op("", "Neg"), "", 13, {weight}, {rectified});
    graph.nodes()[0]->inputs[1] = rectified;
    ASSERT_TRUE(graph.sort());
    const auto changed = fold_constants(graph);
    ASSERT_TRUE(changed);
    EXPECT_TRUE(*changed);
    EXPECT_EQ(graph.nodes().size(), 1U);
    EXPECT_EQ(rectified->constant->to_doubles(), (std::vector<double>{-1, -2, -3, -4, -5, -6}));
    const Status sound = verify(graph);
    EXPECT_TRUE(sound) << messages(sound);
}

TEST(FoldConstants, RefusesToFillTheMemory) {
    ModelBuilder builder(13);
    builder.input("x", {1, 1});
    builder.integers("shape", {1 << 15, 1 << 15});
    builder.node("ConstantOfShape", {"shape"}, {"big"}, "fill");
    builder.node("Add", {"x", "big"}, {"y"});
    builder.output("y", {1 << 15, 1 << 15});
    EXPECT_EQ(
        messages(builder.import()),
        "error: node 'fill': the constants that the model computes take more than 2 GiB\n  help: simplify the model when exporting it\n");
}

/// Passes rely on it: whatever a graph holds, its values can be computed.
TEST(Operators, AreRefusedOrHaveTypesAndValues) {
    for (const OpDef* op : op_registry()) {
        EXPECT_EQ(op->infer != nullptr, !op->refusal) << op->name;
        EXPECT_EQ(op->evaluate != nullptr, !op->refusal) << op->name;
    }
}

TEST(InferTypes, RefusesWhatAnOperatorShouldNotHaveSaid) {
    const auto message = [](const OpDef& op) {
        Graph graph;
        Value* x = graph.add_value("x", DataType::float32, {1, 2});
        graph.inputs.push_back(x);
        std::vector<Value*> outputs{graph.add_value("y", DataType::float32, {}), graph.add_value("z", DataType::float32, {})};
        graph.add_node(op, "node", 13, {x}, outputs);
        return messages(infer_types(graph, {}));
    };
    OpDef op{.name = "Op", .outputs = {2, 2}};
    op.infer = [](Node&) -> Result<std::vector<ValueType>> { return std::vector<ValueType>(2, {DataType::float32, {1}}); };
    EXPECT_EQ(message(op), "");
    op.infer = [](Node&) -> Result<std::vector<ValueType>> { return std::vector<ValueType>(1, {DataType::float32, {1}}); };
    EXPECT_EQ(message(op), "error: node 'node': Op has no output 1\n  help: leave that output out\n");
    op.infer = [](Node&) -> Result<std::vector<ValueType>> { return std::vector<ValueType>(2, {DataType::float32, {-1}}); };
    EXPECT_EQ(message(op), "error: node 'node', tensor 'y': its shape [-1] is absurd\n  help: check the shapes of the model's inputs\n");
}

TEST(RemoveIdentities, KeepsTheNamesOfInputsAndOutputs) {
    ModelBuilder builder;
    builder.input("x", {1, 2});
    builder.node("Identity", {"x"}, {"a"});
    builder.node("Relu", {"a"}, {"b"});
    builder.node("Identity", {"b"}, {"c"});
    builder.node("Identity", {"c"}, {"y"});
    builder.output("y", {1, 2});
    auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_TRUE(remove_identities(model->graph));
    EXPECT_EQ(operators(model->graph), std::vector<std::string>{"Relu"});
    EXPECT_EQ(model->graph.nodes()[0]->input(0)->name, "x");
    EXPECT_EQ(model->graph.outputs[0]->name, "y");
    EXPECT_FALSE(remove_identities(model->graph));
    const Status sound = verify(model->graph);
    EXPECT_TRUE(sound) << messages(sound);
}

TEST(RemoveIdentities, LeavesAnInputThatIsAnOutput) {
    ModelBuilder builder;
    builder.input("x", {1, 2});
    builder.node("Identity", {"x"}, {"y"});
    builder.output("y", {1, 2});
    auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_FALSE(remove_identities(model->graph));
    EXPECT_EQ(operators(model->graph), std::vector<std::string>{"Identity"});
}

}  // namespace
}  // namespace weft::test
