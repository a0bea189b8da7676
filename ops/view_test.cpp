// view_test.cpp
// Views: index maps against evaluation, rewrites into the canonical view, shapes that are refused.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "src/graph/evaluate.h"
#include "tests/single_node.h"

namespace weft {
namespace {

using test::integers;
using test::random_tensor;
using test::SingleNode;
using test::with;
using testing::ElementsAre;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

Attributes crd_blocks() {
    Attributes attributes = with("blocksize", std::int64_t{2});
    attributes.set("mode", std::string("CRD"));
    return attributes;
}

struct Case {
    std::string name;
    int opset;
    Attributes attributes;
    Shape from;
    std::vector<Tensor> others;
    Shape to;
};

std::vector<Case> cases() {
    return {
        {"Reshape", 14, {}, {1, 2, 3, 4}, {integers({0, -1})}, {1, 24}},
        {"Reshape", 14, {}, {1, 2, 3, 4}, {integers({1, 6, 4})}, {1, 6, 4}},
        {"Reshape", 1, with("shape", Integers{2, -1}), {1, 2, 3, 4}, {}, {2, 12}},
        {"Reshape", 14, {}, {1, 2, 3, 4}, {integers({8, 24})}, {1, 24}},  // exported for a batch of 8
        {"Flatten", 13, {}, {1, 2, 3, 4}, {}, {1, 24}},
        {"Flatten", 13, with("axis", std::int64_t{0}), {1, 2, 3}, {}, {1, 6}},
        {"Flatten", 13, with("axis", std::int64_t{-1}), {1, 2, 3}, {}, {2, 3}},
        {"Flatten", 13, with("axis", std::int64_t{3}), {1, 2, 3}, {}, {6, 1}},
        {"Squeeze", 11, with("axes", Integers{-1, 2}), {1, 5, 1, 1}, {}, {1, 5}},
        {"Squeeze", 13, {}, {1, 5, 1, 1}, {integers({3})}, {1, 5, 1}},
        {"Squeeze", 13, {}, {1, 5, 1, 1}, {}, {5}},
        {"Unsqueeze", 11, with("axes", Integers{0, 3}), {5, 2}, {}, {1, 5, 2, 1}},
        {"Unsqueeze", 13, {}, {5, 2}, {integers({-1})}, {5, 2, 1}},
        {"Identity", 14, {}, {2, 3}, {}, {2, 3}},
        {"Dropout", 13, {}, {2, 3}, {}, {2, 3}},
        {"Expand", 13, {}, {2, 3}, {integers({1, 1, 3})}, {1, 2, 3}},
        {"Transpose", 13, with("perm", Integers{0, 2, 3, 1}), {1, 2, 3, 4}, {}, {1, 3, 4, 2}},
        {"Transpose", 13, with("perm", Integers{1, 0}), {5, 1}, {}, {1, 5}},
        {"Transpose", 13, {}, {2, 3, 4}, {}, {4, 3, 2}},
        {"DepthToSpace", 13, with("blocksize", std::int64_t{2}), {1, 8, 2, 3}, {}, {1, 2, 4, 6}},
        {"SpaceToDepth", 13, with("blocksize", std::int64_t{2}), {1, 2, 4, 6}, {}, {1, 8, 2, 3}},
        {"SpaceToDepth", 28, crd_blocks(), {1, 2, 4, 6}, {}, {1, 8, 2, 3}},
    };
}

TEST(View, BlocksMovedThereAndBackAreWhatTheyWere) {
    const Tensor x = random_tensor(DataType::float32, {1, 3, 4, 6}, 7);
    for (const Attributes& attributes : {with("blocksize", std::int64_t{2}), crd_blocks()}) {
        const Tensor deep = SingleNode("", "SpaceToDepth", 28, attributes, {x}).evaluate();
        EXPECT_EQ(SingleNode("", "DepthToSpace", 28, attributes, {deep}).evaluate(), x);
    }
    const Tensor by_column = SingleNode("", "SpaceToDepth", 28, crd_blocks(), {x}).evaluate();
    // The channels of one block lie side by side: those of input channel 0 first.
    EXPECT_EQ(by_column.at(1 * 6), x.at(1));
    EXPECT_EQ(by_column.at(2 * 6), x.at(6));
    EXPECT_EQ(by_column.at(4 * 6), x.at(24));
}

TEST(View, MapsAreWhatIsEvaluated) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(c.name);
        for (const DataType type : {DataType::float32, DataType::float64, DataType::int8, DataType::int16}) {
            const Tensor x = random_tensor(DataType::float64, c.from, 5).cast(type);
            std::vector<Tensor> tensors{x};
            tensors.insert(tensors.end(), c.others.begin(), c.others.end());
            SingleNode single("", c.name, c.opset, c.attributes, std::move(tensors));
            const Tensor y = single.evaluate();
            ASSERT_EQ(y.shape(), c.to);
            const Integers map = single.node->op->traits.view->map(*single.node);
            ASSERT_EQ(map.size(), static_cast<std::size_t>(y.size()));
            for (std::int64_t i = 0; i < y.size(); ++i) EXPECT_EQ(y.at(i), x.at(map[static_cast<std::size_t>(i)]));
        }
    }
}

TEST(View, TransposePutsElementsWhereThePermutationSays) {
    const Shape from{2, 3, 4, 5};
    const Tensor x = random_tensor(DataType::float32, from, 6);
    Integers perm{0, 1, 2, 3};
    do {
        SingleNode single("", "Transpose", 13, with("perm", perm), {x});
        const Tensor y = single.evaluate();
        const Shape& to = y.shape();
        for (std::int64_t i = 0; i < y.size(); ++i) {
            const Integers at{i / (to[1] * to[2] * to[3]), i / (to[2] * to[3]) % to[1], i / to[3] % to[2], i % to[3]};
            Integers source(4);
            for (std::size_t k = 0; k < 4; ++k) source[static_cast<std::size_t>(perm[k])] = at[k];
            ASSERT_EQ(y.at(i), x.at(((source[0] * 3 + source[1]) * 4 + source[2]) * 5 + source[3])) << to_string(perm);
        }
    } while (std::next_permutation(perm.begin(), perm.end()));
}

TEST(View, RewritesToTheCanonicalView) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(c.name);
        const Tensor x = random_tensor(DataType::float32, c.from, 5);
        std::vector<Tensor> tensors{x};
        tensors.insert(tensors.end(), c.others.begin(), c.others.end());
        SingleNode single("", c.name, c.opset, c.attributes, std::move(tensors));
        const Tensor wanted = single.evaluate();
        Node* node = single.node;
        const auto changed = node->op->rewrites.front().apply(single.graph, node);
        ASSERT_TRUE(changed);
        EXPECT_TRUE(*changed);
        EXPECT_NE(single.graph.outputs.front()->producer, node);
        single.graph.remove(node);
        ASSERT_TRUE(single.graph.sort());
        for (const auto& left : single.graph.nodes()) EXPECT_EQ(left->op->domain, "weft");
        const auto found = Evaluator(single.graph, DataType::float32).run(std::span(&x, 1));
        ASSERT_TRUE(found);
        EXPECT_EQ(found->front(), wanted);
    }
}

TEST(View, MergesViewsInARow) {
    SingleNode single("", "Transpose", 13, with("perm", Integers{0, 2, 3, 1}), {random_tensor(DataType::float32, {1, 2, 3, 4}, 1)});
    ASSERT_EQ(single.infer(), "");
    Graph& graph = single.graph;
    Value* middle = single.node->output();
    Value* end = graph.add_value("end", DataType::float32, {1, 2, 3, 4});
    Node* back = graph.add_node(*single.node->op, "back", 13, {middle}, {end}, with("perm", Integers{0, 3, 1, 2}));
    Value* last = graph.add_value("last", DataType::float32, {1, 24});
    Node* flat = graph.add_node(*find_op("", "Flatten"), "flat", 13, {end}, {last}, with("axis", std::int64_t{1}));
    graph.outputs = {last};
    for (Node* node : {single.node, back, flat}) {
        ASSERT_TRUE(node->op->rewrites.front().apply(graph, node));
        graph.remove(node);
    }
    bool changed = true;
    while (changed) {
        changed = false;
        std::vector<Node*> nodes;
        for (const auto& node : graph.nodes()) nodes.push_back(node.get());
        for (Node* node : nodes) {
            const auto merged = node->op->rewrites.front().apply(graph, node);
            ASSERT_TRUE(merged);
            if (!*merged) continue;
            changed = true;
            graph.remove(node);
            break;
        }
        graph.remove_dead();
    }
    ASSERT_EQ(graph.nodes().size(), 1u);
    EXPECT_EQ(graph.nodes()[0]->input(0), graph.inputs[0]);
    EXPECT_TRUE(graph.nodes()[0]->attributes.integers("perm").empty());
}

TEST(View, RefusesShapesThatDoNotFit) {
    const auto reason = [](const std::string& name, int opset, Attributes attributes, Shape from, std::vector<Tensor> others) {
        others.insert(others.begin(), random_tensor(DataType::float32, std::move(from), 1));
        return SingleNode("", name, opset, std::move(attributes), std::move(others)).infer();
    };
    EXPECT_THAT(reason("Reshape", 14, {}, {1, 6}, {integers({1, 5})}), HasSubstr("[1, 6] cannot be reshaped to [1, 5]"));
    EXPECT_THAT(reason("Reshape", 14, {}, {1, 6}, {integers({-1, -1})}), HasSubstr("more than one"));
    EXPECT_THAT(reason("Reshape", 14, {}, {1, 6}, {integers({-1, 4})}), HasSubstr("cannot be reshaped"));
    EXPECT_THAT(reason("Reshape", 14, {}, {1, 6}, {integers({1, 0, 0})}), HasSubstr("cannot be reshaped"));
    EXPECT_THAT(reason("Reshape", 14, {}, {1, 6}, {integers({std::int64_t{1} << 62, 6})}), HasSubstr("more elements"));
    EXPECT_THAT(reason("Reshape", 14, {}, {1, 6}, {integers({3, 6, 2})}), HasSubstr("cannot be reshaped"));
    EXPECT_THAT(reason("Flatten", 13, with("axis", std::int64_t{4}), {1, 6}, {}), HasSubstr("axis 4 is out of range"));
    EXPECT_THAT(reason("Squeeze", 13, {}, {1, 6}, {integers({1})}), HasSubstr("has extent 6"));
    EXPECT_THAT(reason("Unsqueeze", 13, {}, {1, 6}, {integers({1, 1})}), HasSubstr("listed twice"));
    EXPECT_THAT(reason("Transpose", 13, with("perm", Integers{0, 0}), {1, 6}, {}), HasSubstr("is not a permutation"));
    EXPECT_THAT(reason("Expand", 13, {}, {1, 6}, {integers({4})}), HasSubstr("does not expand"));
    EXPECT_THAT(reason("DepthToSpace", 13, with("blocksize", std::int64_t{2}), {1, 6, 2, 2}, {}), HasSubstr("do not divide"));
    EXPECT_THAT(reason("DepthToSpace", 13, with("blocksize", std::int64_t{0}), {1, 6, 2, 2}, {}), HasSubstr("do not divide"));
}

}  // namespace
}  // namespace weft
