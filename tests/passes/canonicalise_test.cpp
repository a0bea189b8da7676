// canonicalise_test.cpp
// Rewrites are applied until none applies, whatever operators bring them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "src/graph/op_def.h"
#include "src/passes/pass.h"
#include "tests/messages.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

OpDef op(const char* name, std::vector<Rewrite> rewrites = {}, std::vector<Rewrite> expansions = {}) {
    return {.name = name,
            .summary = "",
            .inputs = {1, 1},
            .outputs = {1, 1},
            .traits = {},
            .rewrites = std::move(rewrites),
            .expansions = std::move(expansions)};
}

const OpDef last = op("Last");

Result<bool> become_last(Graph& graph, Node* node) {
    graph.add_node(last, node->name, 1, node->inputs, {node->output()});
    return true;
}
const OpDef middle = op("Middle", {{"middle-to-last", become_last}});

Result<bool> never(Graph&, Node*) { return false; }
Result<bool> become_two(Graph& graph, Node* node) {
    Value* between = graph.add_value(graph.unique_name("between"), DataType::float32, {1});
    graph.add_node(middle, node->name, 1, {between}, {node->output()});
    graph.add_node(middle, "", 1, node->inputs, {between});  // not in order
    return true;
}
const OpDef first = op("First", {{"never", never}, {"first-to-two", become_two}});

Result<bool> become_input(Graph& graph, Node* node) {
    graph.replace_uses(node->output(), node->input(0));
    return true;
}
const OpDef nothing = op("Nothing", {{"drop", become_input}});

Result<bool> refuse(Graph&, Node* node) { return node_error(*node, "it cannot be"); }
const OpDef refusing = op("Refusing", {{"refuse", refuse}});

const OpDef expanding = op("Expanding", {}, {{"expand", become_last}});

/// x -> the operators one after another -> y.
Graph chain(const std::vector<const OpDef*>& ops) {
    Graph graph;
    Value* at = graph.add_value("x", DataType::float32, {1});
    graph.inputs = {at};
    for (std::size_t i = 0; i < ops.size(); ++i) {
        Value* next = graph.add_value(i + 1 == ops.size() ? "y" : "v" + std::to_string(i), DataType::float32, {1});
        graph.add_node(*ops[i], "n" + std::to_string(i), 1, {at}, {next});
        at = next;
    }
    graph.outputs = {at};
    return graph;
}

std::vector<std::string> names(const Graph& graph) {
    std::vector<std::string> list;
    for (const auto& node : graph.nodes()) list.emplace_back(node->op->name);
    return list;
}

TEST(Canonicalise, GoesOnUntilNothingChanges) {
    Graph graph = chain({&first, &last});
    PassLog log;
    ASSERT_TRUE(canonicalise(graph, log));
    EXPECT_THAT(names(graph), ElementsAre("Last", "Last", "Last"));
    EXPECT_THAT(log, ElementsAre("first-to-two: n0", "middle-to-last: ", "middle-to-last: n0"));
    EXPECT_TRUE(verify(graph)) << "it is left in order, without the nodes that nobody reads";
    // The model's value is made by what stands in the node's stead.
    EXPECT_EQ(graph.find("v0")->producer->stands_for, "n0");
    for (const auto& node : graph.nodes()) EXPECT_EQ(user_name(*node), node->output()->name == "y" ? "n1" : "n0");
}

TEST(Canonicalise, RemovesWhatNobodyReadsAnyMore) {
    Graph graph = chain({&nothing, &nothing, &last});
    PassLog log;
    ASSERT_TRUE(canonicalise(graph, log));
    EXPECT_THAT(names(graph), ElementsAre("Last"));
    EXPECT_EQ(graph.nodes()[0]->input(0), graph.inputs[0]);
    EXPECT_EQ(graph.find("v0"), nullptr);
    EXPECT_THAT(log, ElementsAre("drop: n0", "drop: n1"));
}

TEST(Canonicalise, HandsOnARefusal) {
    Graph graph = chain({&last, &refusing});
    PassLog log;
    const Status status = canonicalise(graph, log);
    ASSERT_FALSE(status);
    EXPECT_EQ(test::messages(status), "error: node 'n1': it cannot be\n");
}

/// Each of the two passes has a list of its own.
TEST(Expand, AppliesExpansionsAlone) {
    Graph graph = chain({&first, &expanding});
    PassLog log;
    ASSERT_TRUE(canonicalise(graph, log));
    EXPECT_THAT(names(graph), ElementsAre("Last", "Last", "Expanding"));
    log.clear();
    ASSERT_TRUE(expand(graph, log));
    EXPECT_THAT(names(graph), ElementsAre("Last", "Last", "Last"));
    EXPECT_THAT(log, ElementsAre("expand: n1"));
    log.clear();
    ASSERT_TRUE(expand(graph, log));
    EXPECT_THAT(log, IsEmpty());
}

}  // namespace
}  // namespace weft
