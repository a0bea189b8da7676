// add_test.cpp
// Which sums become canonical additions, and that they stay the same sums.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "src/graph/evaluate.h"
#include "src/passes/pass.h"
#include "tests/messages.h"
#include "tests/single_node.h"

namespace weft {
namespace {

using test::random_tensor;
using test::relative_difference;

void rewrite_all(Graph& graph) {
    PassLog log;
    const Status rewritten = canonicalise(graph, log);
    ASSERT_TRUE(rewritten) << test::messages(rewritten);
    ASSERT_TRUE(graph.sort());
}

class Sums : public testing::Test {
protected:
    Sums() {
        for (const char* name : {"a", "b", "c"}) graph_.inputs.push_back(graph_.add_value(name, DataType::float32, {1, 4, 2, 2}));
    }

    Value* input(std::size_t i) { return graph_.inputs[i]; }

    Value* apply(const char* op, std::vector<Value*> inputs, int opset = 13, Attributes attributes = {}) {
        Value* output = graph_.add_value(graph_.unique_name("y"), DataType::float32, {});
        Node* node = graph_.add_node(*find_op("", op), output->name, opset, std::move(inputs), {output}, std::move(attributes));
        const auto types = node->op->infer(*node);
        EXPECT_TRUE(types);
        if (types) output->shape = types->front().shape;
        return output;
    }

    std::multiset<std::string> operators() const {
        std::multiset<std::string> names;
        for (const auto& node : graph_.nodes()) names.insert((node->op->domain.empty() ? "" : "weft.") + std::string(node->op->name));
        return names;
    }

    /// Rewrites the graph towards `output`; its values must stay the same.
    void check(Value* output, const std::multiset<std::string>& wanted) {
        graph_.outputs = {output};
        std::vector<Tensor> given;
        for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
            given.push_back(random_tensor(DataType::float32, input(i)->shape, static_cast<unsigned>(i)));
        }
        const auto before = Evaluator(graph_, DataType::float64).run(given);
        ASSERT_TRUE(before);
        rewrite_all(graph_);
        EXPECT_EQ(operators(), wanted);
        EXPECT_EQ(graph_.outputs.front(), output);
        EXPECT_EQ(output->name.substr(0, 1), "y");
        const auto after = Evaluator(graph_, DataType::float64).run(given);
        ASSERT_TRUE(after);
        EXPECT_LT(relative_difference(after->front(), before->front()), 1e-14);
    }

    Graph graph_;
};

TEST_F(Sums, TwoTensorsAreAdded) { check(apply("Add", {input(0), input(1)}), {"weft.add"}); }

TEST_F(Sums, DifferencesToo) { check(apply("Sub", {input(0), input(1)}), {"weft.add"}); }

TEST_F(Sums, ConstantsStayFunctions) {
    Value* constant = graph_.add_constant("k", random_tensor(DataType::float32, {4, 1, 1}, 9));
    check(apply("Sub", {constant, input(0)}), {"Sub"});
}

TEST_F(Sums, ManyInputsBecomeAChain) {
    Value* constant = graph_.add_constant("k", Tensor::scalar(2.5f));
    check(apply("Sum", {input(0), constant, input(1), input(2)}), {"Add", "weft.add", "weft.add"});
}

TEST_F(Sums, AMeanIsADividedSum) { check(apply("Mean", {input(0), input(1), input(2)}), {"Div", "weft.add", "weft.add"}); }

TEST_F(Sums, AFunctionOfOneValueStaysOne) {
    Value* x = input(0);
    check(apply("Add", {x, apply("Mul", {x, apply("Sigmoid", {x})})}), {"Add", "Mul", "Sigmoid"});
}

TEST_F(Sums, FunctionsOfTwoValuesDoNot) {
    Value* x = apply("Relu", {input(0)});
    Value* sum = apply("Add", {x, apply("Tanh", {input(1)})});
    check(apply("Add", {sum, x}), {"Relu", "Tanh", "weft.add", "weft.add"});
}

TEST_F(Sums, OldBroadcastingIsAligned) {
    Attributes attributes;
    attributes.set("axis", std::int64_t{1});
    attributes.set("broadcast", std::int64_t{1});
    Value* bias = graph_.add_constant("k", random_tensor(DataType::float32, {4}, 9));
    Value* sum = apply("Add", {input(0), bias}, 6, attributes);
    ASSERT_EQ(sum->shape, (Shape{1, 4, 2, 2}));
    check(sum, {"Add"});
    EXPECT_EQ(sum->producer->input(1)->shape, (Shape{4, 1, 1}));
    EXPECT_TRUE(sum->producer->op->traits.elementwise->applies(*sum->producer));
}

TEST_F(Sums, ChannelsAreConcatenatedChannelsLast) {
    Attributes attributes;
    attributes.set("axis", std::int64_t{1});
    check(apply("Concat", {input(0), input(1), input(2)}, 13, attributes),
          {"weft.concat", "weft.view", "weft.view", "weft.view", "weft.view"});
}

TEST_F(Sums, BlocksAreTwoViews) {
    Attributes attributes;
    attributes.set("blocksize", std::int64_t{2});
    attributes.set("mode", std::string("CRD"));
    check(apply("DepthToSpace", {input(0)}, 13, attributes), {"weft.view", "weft.view"});
}

}  // namespace
}  // namespace weft
