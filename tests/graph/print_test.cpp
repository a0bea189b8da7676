// print_test.cpp
// The text form of graphs, both ways, and what a sound graph is.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "src/graph/op_def.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

Graph dense_graph() {
    auto model = dense_model().import();
    EXPECT_TRUE(model) << messages(model);
    return std::move(model->graph);
}

TEST(Print, IsReadableText) {
    const Graph graph = dense_graph();
    EXPECT_EQ(print(graph),
              "graph \"test\" batched\n"
              "input \"x\" float32 [1, 3]\n"
              "constant \"w\" float32 [3, 2] " +
                  constant_key(*graph.find("w")->constant) +
                  "\n"
                  "node \"dense\" Gemm@13 (\"x\", \"w\") -> (\"y\" float32 [1, 2]) {alpha = real 1, beta = real 1, transA = int 0, transB "
                  "= int 0}\n"
                  "output \"y\"\n");
}

TEST(Print, KeepsEveryKindOfAttributeAndStrangeNames) {
    Graph graph = dense_graph();
    graph.name = "quote \" backslash \\ line\nend \xc3\xa9";
    Node* node = graph.nodes()[0].get();
    node->attributes.set("an_int", std::numeric_limits<std::int64_t>::min());
    node->attributes.set("a_real", 0.1);
    node->attributes.set("an_infinity", -std::numeric_limits<double>::infinity());
    node->attributes.set("a_text", std::string("a, b} (c)"));
    node->attributes.set("ints", std::vector<std::int64_t>{1, -2});
    node->attributes.set("no_ints", std::vector<std::int64_t>{});
    node->attributes.set("reals", std::vector<double>{1e-300, 3});
    node->attributes.set("a_tensor", Tensor::scalar(2.5F));
    node->inputs.push_back(nullptr);
    node->output()->integer = IntegerType{-1, 1, 2, {0.1, 3}, {0, -7}, 1};
    const std::string text = print(graph);
    const auto again = parse(text, constants_of(graph));
    ASSERT_TRUE(again) << messages(again);
    EXPECT_EQ(print(*again), text);
    EXPECT_EQ(again->find("y")->integer, node->output()->integer);
    EXPECT_EQ(again->name, graph.name);
    EXPECT_EQ(again->nodes()[0]->attributes.tensor("a_tensor"), Tensor::scalar(2.5F));
    EXPECT_EQ(again->nodes()[0]->attributes.real("a_real"), 0.1);
}

TEST(Parse, KnowsOperatorsByTheirFormerNames) {
    const auto graph = parse(
        "graph \"old\" batched\n"
        "input \"x\" float32 [1, 3]\n"
        "node \"q\" weft:quantise@1 (\"x\") -> (\"y\" float32 [1, 3]) {scale = reals [0.5], zero_point = ints [0], min = int 0, max = int "
        "15}\n"
        "output \"y\"\n",
        {});
    ASSERT_TRUE(graph) << messages(graph);
    EXPECT_EQ(graph->nodes()[0]->op, &op_for(OpRole::typed));
    EXPECT_NE(print(*graph).find("\"q\" weft:typed@1"), std::string::npos) << print(*graph);
}

TEST(Print, NamesConstantsByContent) {
    EXPECT_EQ(constant_key(Tensor::scalar(1.0F)), constant_key(Tensor::scalar(1.0F)));
    EXPECT_NE(constant_key(Tensor::scalar(1.0F)), constant_key(Tensor::scalar(2.0F)));
    EXPECT_NE(constant_key(Tensor::scalar(1.0F)), constant_key(Tensor::scalar(1.0F).reshaped({1})));
    EXPECT_NE(constant_key(Tensor::scalar(std::int8_t{0})), constant_key(Tensor::scalar(std::uint8_t{0})));
}

std::string reading(const std::string& text) {
    const std::string message = messages(parse(text, {}));
    return message.substr(0, message.find('\n'));
}

TEST(Parse, NamesTheLineThatIsWrong) {
    EXPECT_EQ(reading("graph \"g\"\nnonsense\n"),
              "error: line 2 of the graph's text: the line begins with none of graph, input, constant, node, output");
    EXPECT_EQ(reading("input \"x\" float33 [1]\n"), "error: line 1 of the graph's text: 'float33' is not an element type");
    EXPECT_EQ(reading("input \"x\" float32 [1, ]\n"), "error: line 1 of the graph's text: a number is missing before ']'");
    EXPECT_EQ(reading("input \"x\" float32 [1] more\n"), "error: line 1 of the graph's text: there is more on the line than belongs there");
    EXPECT_EQ(reading("input \"x\" float32 [1]\ninput \"x\" float32 [1]\n"),
              "error: line 2 of the graph's text: the value 'x' is defined twice");
    EXPECT_EQ(reading("constant \"w\" float32 [1] 0123456789abcdef\n"),
              "error: line 1 of the graph's text: the constant 0123456789abcdef is not in the table");
    EXPECT_EQ(reading("node \"n\" Quux@13 () -> ()\n"), "error: line 1 of the graph's text: the operator Quux is not known");
    EXPECT_EQ(reading("node \"n\" Relu@13 (\"x\") -> (\"y\" float32 [1])\n"),
              "error: line 1 of the graph's text: the value 'x' is not defined above");
    EXPECT_EQ(reading("output \"y\"\n"), "error: line 1 of the graph's text: the value 'y' is not defined above");
    EXPECT_EQ(reading("graph \"never ends\n"), "error: line 1 of the graph's text: a name does not end");
    EXPECT_EQ(reading("graph g\n"), "error: line 1 of the graph's text: '\"' is missing before 'g'");
    EXPECT_EQ(reading("graph \"\\xg0\"\n"), "error: line 1 of the graph's text: a \\x is wrong");
    EXPECT_EQ(reading("input \"x\" [1]\n"), "error: line 1 of the graph's text: a word is missing before '[1]'");
    EXPECT_EQ(reading("input \"x\" float32 [65536, 65536, 65536]\n"), "error: line 1 of the graph's text: the shape is absurd");
    const std::string x = "input \"x\" float32 [1]\n";
    for (const char* node : {"Add@13 (\"x\" \"x\") -> (\"y\" float32 [1])", "Split@13 (\"x\") -> (\"y\" float32 [1] \"z\" float32 [1])",
                             "Relu@13 (\"x\") -> (\"y\" float32 [1]) {a = int 1 b = int 2}"})
        EXPECT_EQ(reading(x + "node \"n\" " + node + "\n"), "error: line 2 of the graph's text: a comma is missing") << node;
    const auto one = std::make_shared<const Tensor>(Tensor::scalar(1.0F));
    const std::string key = constant_key(*one);
    EXPECT_EQ(messages(parse("constant \"w\" float32 [1] " + key + "\n", {{key, one}})),
              "error: line 1 of the graph's text: the constant has another type or shape\n  help: give the text and the constants as they "
              "were written\n");
    EXPECT_TRUE(parse("constant \"w\" float32 [] " + key + "\n", {{key, one}}));
}

TEST(Parse, SurvivesCutLines) {
    const Graph graph = dense_graph();
    const std::string text = print(graph);
    const ConstantTable constants = constants_of(graph);
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto cut = parse(text.substr(0, length), constants);
        EXPECT_TRUE(cut || !cut.error().empty());
    }
}

std::string flaw_of(const Graph& graph) {
    const Status status = verify(graph);
    return status ? std::string() : status.error()[0].reason;
}

TEST(VerifyGraph, FindsFlaws) {
    EXPECT_EQ(flaw_of(dense_graph()), "");
    Graph order = dense_graph();
    const OpDef& relu = *find_op("", "Relu");
    Value* late = order.add_value("late", DataType::float32, {1, 3});
    order.nodes()[0]->inputs[0] = late;
    order.add_node(relu, "relu", 13, {order.find("x")}, {late});
    EXPECT_EQ(flaw_of(order), "the node reads a value that is not defined before it");
    ASSERT_TRUE(order.sort());
    EXPECT_EQ(flaw_of(order), "");

    Graph empty = dense_graph();
    empty.find("x")->shape = {1, 0};
    EXPECT_EQ(flaw_of(empty), "the shape [1, 0] is not positive");
    Graph arity = dense_graph();
    arity.nodes()[0]->inputs.resize(1);
    EXPECT_EQ(flaw_of(arity), "the node has 1 inputs");
    Graph left_out = dense_graph();
    left_out.nodes()[0]->inputs[1] = nullptr;
    EXPECT_EQ(flaw_of(left_out), "one of the inputs that must be there is left out");
    Graph constant = dense_graph();
    constant.find("w")->shape = {2, 3};
    EXPECT_EQ(flaw_of(constant), "a constant's elements have another type or shape than it says");
    Graph integer = dense_graph();
    integer.find("y")->integer = IntegerType{0, 255, 1, {0.5, 0.5}, {0, 0}, -1};
    EXPECT_EQ(flaw_of(integer), "the integer type has 2 scales and 2 zero points where 1 belong");
    integer.find("y")->integer = IntegerType{0, 255, 1, {0.0}, {0}, -1};
    EXPECT_EQ(flaw_of(integer), "a scale of the integer type is not positive");
    integer.find("y")->integer = IntegerType{-1, 2, 2, {1.0}, {0}, -1};
    EXPECT_EQ(flaw_of(integer), "the integer type's range is unsound");
    Graph foreign = dense_graph();
    Graph another = dense_graph();
    foreign.nodes()[0]->inputs[0] = another.find("x");
    EXPECT_EQ(flaw_of(foreign), "a value is none of the graph's");
    Graph given = dense_graph();
    given.inputs.push_back(given.find("w"));
    EXPECT_EQ(flaw_of(given), "an input of the graph is a constant or the output of a node");
    Graph twice = dense_graph();
    twice.inputs.push_back(twice.find("x"));
    EXPECT_EQ(flaw_of(twice), "the value is defined twice");
    Graph named = dense_graph();
    named.find("x")->name = "another";
    EXPECT_EQ(flaw_of(named), "the name leads to another value");
    Graph made = dense_graph();
    made.find("w")->producer = made.nodes()[0].get();
    EXPECT_EQ(flaw_of(made), "a constant is the output of a node");
    Graph without = dense_graph();
    without.nodes()[0]->op = nullptr;
    EXPECT_EQ(flaw_of(without), "the node has no operator");
    Graph unknown = dense_graph();
    unknown.find("y")->producer = nullptr;
    EXPECT_EQ(flaw_of(unknown), "the value does not know the node that defines it");
    Graph incomplete = dense_graph();
    incomplete.add_node(*find_op("", "Cast"), "cast", 13, {incomplete.find("y")}, {incomplete.add_value("z", DataType::float32, {1, 2})});
    EXPECT_EQ(flaw_of(incomplete), "the attribute 'to' is missing");
    Graph loose = dense_graph();
    loose.remove(loose.nodes()[0].get());
    EXPECT_EQ(flaw_of(loose), "an output of the graph is nowhere defined");
}

}  // namespace
}  // namespace weft::test
