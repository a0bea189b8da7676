// canonical_test.cpp
// Rewrites into canonical operators keep the values: every node, rewritten as far as it goes, evaluates to what it did before.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "src/graph/evaluate.h"
#include "src/passes/pass.h"
#include "tests/single_node.h"

namespace weft {
namespace {

using test::random_tensor;
using test::relative_difference;
using test::SingleNode;
using test::with;
using Integers = std::vector<std::int64_t>;

/// The reason of a refusal.
std::string rewrite(Graph& graph) {
    PassLog log;
    const Status rewritten = canonicalise(graph, log);
    return rewritten ? std::string() : rewritten.error().front().reason;
}

Tensor run(const Graph& graph, const Tensor& x, DataType precision) {
    auto outputs = Evaluator(graph, precision).run(std::span(&x, 1));
    if (!outputs) {
        ADD_FAILURE() << to_string(outputs.error().front());
        return {};
    }
    return std::move(outputs->front());
}

/// Values before and after, in both precisions; only canonical operators are left. Returns the names of the operators.
/// A function that stays what it was may be `left`.
std::multiset<std::string> expect_same(SingleNode& single, const char* left = "") {
    EXPECT_EQ(single.infer(), "");
    const std::string name = single.node->output()->name;
    const Tensor before = run(single.graph, single.tensors[0], DataType::float64);
    const Shape shape = single.node->output()->shape;
    EXPECT_EQ(rewrite(single.graph), "");
    EXPECT_EQ(single.graph.outputs.front()->name, name);
    EXPECT_EQ(single.graph.outputs.front()->shape, shape);
    EXPECT_LT(relative_difference(run(single.graph, single.tensors[0], DataType::float64), before), 1e-13);
    EXPECT_LT(relative_difference(run(single.graph, single.tensors[0], DataType::float32), before), 3e-6);
    std::multiset<std::string> names;
    for (const auto& node : single.graph.nodes()) {
        if (node->op->name != left) {
            EXPECT_EQ(node->op->domain, "weft") << node->op->name;
        }
        names.insert(std::string(node->op->name));
    }
    return names;
}

Tensor normal(Shape shape, unsigned seed) { return random_tensor(DataType::float32, std::move(shape), seed); }

TEST(Canonical, Convolutions) {
    struct Case {
        Shape x, w;
        std::int64_t group;
        Integers strides, pads;
        bool bias;
    };
    const Case cases[] = {
        {{1, 3, 9, 8}, {5, 3, 3, 3}, 1, {1, 1}, {1, 1, 1, 1}, true},   {{1, 6, 7, 7}, {6, 1, 3, 3}, 6, {2, 2}, {0, 0, 1, 1}, true},
        {{2, 4, 5, 6}, {8, 2, 2, 3}, 2, {1, 2}, {1, 0, 0, 2}, false},  {{1, 16, 4, 4}, {12, 16, 1, 1}, 1, {1, 1}, {0, 0, 0, 0}, true},
        {{1, 3, 8, 8}, {12, 1, 3, 3}, 3, {1, 1}, {1, 1, 1, 1}, false}, {{1, 2, 1, 40}, {4, 2, 1, 9}, 1, {1, 4}, {0, 4, 0, 4}, true},
    };
    unsigned seed = 0;
    for (const Case& c : cases) {
        std::vector<Tensor> inputs{normal(c.x, ++seed), normal(c.w, ++seed)};
        if (c.bias) inputs.push_back(normal({c.w[0]}, ++seed));
        SingleNode conv("", "Conv", 11, with({{"group", c.group}, {"strides", c.strides}, {"pads", c.pads}}), inputs);
        EXPECT_EQ(expect_same(conv).count("linear"), 1U) << to_string(c.x) << to_string(c.w);
    }
}

TEST(Canonical, DilationIsRefusedUnlessItDoesNothing) {
    SingleNode dilated("", "Conv", 11, with({{"dilations", Integers{2, 2}}}), {normal({1, 2, 9, 9}, 1), normal({2, 2, 3, 3}, 2)});
    EXPECT_EQ(dilated.infer(), "");
    EXPECT_EQ(rewrite(dilated.graph), "a dilated convolution is not supported");
    SingleNode pointwise("", "Conv", 11, with({{"dilations", Integers{2, 2}}}), {normal({1, 2, 9, 9}, 1), normal({2, 2, 1, 1}, 2)});
    expect_same(pointwise);
}

TEST(Canonical, Gemms) {
    unsigned seed = 50;
    for (const std::int64_t trans_a : {0, 1}) {
        for (const std::int64_t trans_b : {0, 1}) {
            for (const Shape& c : {Shape{}, Shape{1}, Shape{7}, Shape{1, 7}, Shape{3, 7}, Shape{3, 1}}) {
                for (const auto& [alpha, beta] : {std::pair(1.0, 1.0), std::pair(0.5, -2.0), std::pair(2.5, 0.0)}) {
                    if (c.size() == 2 && c[0] == 3 && beta == -2.0) continue;
                    const std::vector<Tensor> inputs{normal(trans_a ? Shape{5, 3} : Shape{3, 5}, ++seed),
                                                     normal(trans_b ? Shape{7, 5} : Shape{5, 7}, ++seed), normal(c, ++seed)};
                    SingleNode gemm("", "Gemm", 11, with({{"transA", trans_a}, {"transB", trans_b}, {"alpha", alpha}, {"beta", beta}}),
                                    inputs);
                    ASSERT_EQ(gemm.infer(), "");
                    const Tensor before = run(gemm.graph, inputs[0], DataType::float64);
                    ASSERT_EQ(rewrite(gemm.graph), "") << to_string(c);
                    // alpha rounds into a float32 weight.
                    EXPECT_LT(relative_difference(run(gemm.graph, inputs[0], DataType::float64), before), 1e-6);
                    for (const auto& node : gemm.graph.nodes()) EXPECT_NE(node->op->name, "Gemm");
                }
            }
        }
    }
}

TEST(Canonical, ABiasOfAnAbsentCIsNotInvented) {
    SingleNode gemm("", "Gemm", 7, {}, {normal({2, 5}, 1), normal({5, 4}, 2)});
    EXPECT_EQ(expect_same(gemm), (std::multiset<std::string>{"linear", "view"}));
}

TEST(Canonical, MatrixProducts) {
    const std::pair<Shape, Shape> shapes[] = {{{3, 5}, {5, 7}},    {{2, 3, 5}, {5, 7}},    {{1, 4, 6, 5}, {5, 7}}, {{5}, {5, 7}},
                                              {{3, 5}, {1, 5, 7}}, {{2, 3, 5}, {1, 5, 7}}, {{2, 3, 5}, {5, 1}}};
    unsigned seed = 200;
    for (const auto& [a, b] : shapes) {
        SingleNode product("", "MatMul", 13, {}, {normal(a, ++seed), normal(b, ++seed)});
        EXPECT_EQ(expect_same(product).count("linear"), 1U) << to_string(a) << to_string(b);
    }
}

TEST(Canonical, AConstantLeftOperandIsTransposed) {
    SingleNode product("", "MatMul", 13, {}, {normal({1, 5, 7}, 1), normal({3, 5}, 2)});
    std::swap(product.node->inputs[0], product.node->inputs[1]);
    ASSERT_EQ(product.infer(), "");
    const Tensor before = run(product.graph, product.tensors[0], DataType::float64);
    EXPECT_EQ(before.shape(), (Shape{1, 3, 7}));
    ASSERT_EQ(rewrite(product.graph), "");
    EXPECT_LT(relative_difference(run(product.graph, product.tensors[0], DataType::float64), before), 1e-13);
}

TEST(Canonical, Pools) {
    unsigned seed = 300;
    for (const char* op : {"MaxPool", "AveragePool"}) {
        for (const Shape& x : {Shape{1, 3, 8, 9}, Shape{2, 2, 7, 5}}) {
            for (const Integers& kernel : {Integers{2, 2}, Integers{3, 2}}) {
                for (const Integers& strides : {Integers{1, 1}, Integers{2, 2}, Integers{3, 2}}) {
                    for (const Integers& pads : {Integers{0, 0, 0, 0}, Integers{1, 1, 1, 1}, Integers{0, 1, 1, 0}}) {
                        for (const std::int64_t ceil_mode : {0, 1}) {
                            for (const std::int64_t counts : {0, 1}) {
                                Attributes attributes =
                                    with({{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}, {"ceil_mode", ceil_mode}});
                                if (std::string(op) == "AveragePool") attributes.set("count_include_pad", counts);
                                SingleNode pool("", op, 12, attributes, {normal(x, ++seed)});
                                expect_same(pool);
                            }
                        }
                    }
                }
            }
        }
    }
}

TEST(Canonical, AWindowOverTheWholeImageIsGlobal) {
    SingleNode average("", "AveragePool", 11, with({{"kernel_shape", Integers{4, 6}}}), {normal({1, 5, 4, 6}, 1)});
    EXPECT_EQ(expect_same(average).count("global_average_pool"), 1U);
    SingleNode maximum("", "MaxPool", 11, with({{"kernel_shape", Integers{4, 6}}}), {normal({1, 5, 4, 6}, 1)});
    EXPECT_EQ(expect_same(maximum).count("global_max_pool"), 1U);
    SingleNode smaller("", "AveragePool", 11, with({{"kernel_shape", Integers{4, 5}}}), {normal({1, 5, 4, 6}, 1)});
    EXPECT_EQ(expect_same(smaller).count("global_average_pool"), 0U);
}

TEST(Canonical, GlobalPoolsAndReductions) {
    for (const Shape& x : {Shape{1, 3, 4, 5}, Shape{2, 3, 7}, Shape{1, 2, 3, 4, 5}}) {
        SingleNode average("", "GlobalAveragePool", 11, {}, {normal(x, 1)});
        EXPECT_EQ(expect_same(average).count("global_average_pool"), 1U);
        SingleNode maximum("", "GlobalMaxPool", 11, {}, {normal(x, 2)});
        EXPECT_EQ(expect_same(maximum).count("global_max_pool"), 1U);
    }
    for (const Integers& axes : {Integers{2, 3}, Integers{1, 2}, Integers{-1}, Integers{1, 3}, Integers{1, 2, 3}}) {
        for (const std::int64_t keep : {0, 1}) {
            for (const char* op : {"ReduceMean", "ReduceMax"}) {
                SingleNode reduce("", op, 11, with({{"axes", axes}, {"keepdims", keep}}), {normal({1, 3, 4, 5}, 3)});
                expect_same(reduce);
            }
            for (const char* op : {"ReduceMean", "ReduceMax", "ReduceSum"}) {
                SingleNode newer("", op, 18, with({{"keepdims", keep}}),
                                 {normal({1, 3, 4, 5}, 3), Tensor::of<std::int64_t>({static_cast<std::int64_t>(axes.size())}, axes)});
                expect_same(newer, "Mul");
            }
        }
    }
}

/// A zero padding before `op` becomes that operator's own.
void expect_absorbed(const char* op, Attributes attributes, std::vector<Tensor> more) {
    std::vector<Tensor> inputs{normal({1, 3, 6, 9}, 1)};
    inputs.insert(inputs.end(), more.begin(), more.end());
    SingleNode reader("", op, 11, std::move(attributes), inputs);
    Graph& graph = reader.graph;
    Value* x = reader.node->input(0);
    const OpDef* pad = find_op("", "Pad");
    ASSERT_NE(pad, nullptr);
    Value* padded = graph.add_value("padded", DataType::float32, {1, 3, 9, 13});
    graph.add_node(*pad, "pad", 2, {x}, {padded},
                   with({{"pads", Integers{0, 0, 1, 3, 0, 0, 2, 1}}, {"mode", std::string("constant")}, {"value", 0.0}}));
    reader.node->inputs[0] = padded;
    ASSERT_EQ(reader.infer(), "");
    ASSERT_TRUE(graph.sort());
    const Tensor before = run(graph, reader.tensors[0], DataType::float64);
    ASSERT_EQ(rewrite(graph), "");
    for (const auto& node : graph.nodes()) EXPECT_EQ(node->op->domain, "weft") << node->op->name;
    EXPECT_LT(relative_difference(run(graph, reader.tensors[0], DataType::float64), before), 1e-13);
}

TEST(Canonical, PaddingIsAbsorbed) {
    expect_absorbed("Conv", with({{"pads", Integers{1, 0, 0, 1}}, {"strides", Integers{2, 1}}}), {normal({4, 3, 3, 2}, 2)});
    expect_absorbed("AveragePool", with({{"kernel_shape", Integers{4, 4}}, {"count_include_pad", std::int64_t{1}}}), {});
}

/// In quantized files a quantizer stands between a padding and its convolution.
TEST(Canonical, PaddingBelowAQuantizerIsAbsorbed) {
    SingleNode conv("", "Conv", 11, {}, {normal({1, 3, 6, 9}, 1), normal({4, 3, 3, 3}, 2)});
    Graph& graph = conv.graph;
    Value* positive = graph.add_value("positive", DataType::float32, {1, 3, 6, 9});
    graph.add_node(*find_op("", "Relu"), "relu", 7, {conv.node->input(0)}, {positive});
    // What comes from a kernel's input as reals the host pads; this is a value of the kernel.
    positive->integer = IntegerType{.min = 0, .max = 127};
    Value* padded = graph.add_value("padded", DataType::float32, {1, 3, 8, 11});
    graph.add_node(*find_op("", "Pad"), "pad", 2, {positive}, {padded},
                   with({{"pads", Integers{0, 0, 1, 1, 0, 0, 1, 1}}, {"mode", std::string("constant")}, {"value", 0.0}}));
    Value* typed = graph.add_value("typed", DataType::float32, {1, 3, 8, 11});
    typed->integer = IntegerType{.min = -128, .max = 127, .scale = {0.03125}, .zero_point = {-5}};
    graph.add_node(op_for(OpRole::typed), "quantize", 1, {padded}, {typed},
                   with({{"scale", std::vector<double>{0.03125}},
                         {"zero_point", Integers{-5}},
                         {"axis", std::int64_t{-1}},
                         {"min", std::int64_t{-128}},
                         {"max", std::int64_t{127}}}));
    conv.node->inputs[0] = typed;
    ASSERT_EQ(conv.infer(), "");
    ASSERT_TRUE(graph.sort());
    const Tensor before = run(graph, conv.tensors[0], DataType::float64);
    ASSERT_EQ(rewrite(graph), "");
    for (const auto& node : graph.nodes()) {
        EXPECT_NE(node->op->name, "Pad");
        if (node->op->traits.role != OpRole::linear) continue;
        EXPECT_EQ(node->attributes.integers("pads"), (Integers{1, 1, 1, 1}));
        EXPECT_TRUE(node->input(0)->integer.has_value());
    }
    EXPECT_LT(relative_difference(run(graph, conv.tensors[0], DataType::float64), before), 1e-13);
}

TEST(Canonical, BatchNormalizationBecomesElementwise) {
    Tensor variance = normal({3}, 5);
    for (float& element : variance.as<float>()) element = element * element + 0.1F;
    for (const Shape& x : {Shape{2, 3}, Shape{1, 3, 4, 5}}) {
        const std::vector<Tensor> inputs{normal(x, 1), normal({3}, 2), normal({3}, 3), normal({3}, 4), variance};
        SingleNode node("", "BatchNormalization", 9, {}, inputs);
        ASSERT_EQ(node.infer(), "");
        const Tensor before = run(node.graph, inputs[0], DataType::float64);
        const auto& trait = *node.node->op->traits.elementwise;
        EXPECT_EQ(trait.channel_axis, 1);
        ASSERT_EQ(rewrite(node.graph), "");
        EXPECT_EQ(node.infer(), "");
        EXPECT_EQ(run(node.graph, inputs[0], DataType::float64), before);

        // The faces of one element: channel 1 of the first image.
        const std::int64_t at = before.size() / x[0] / 3;
        std::vector<long double> real;
        std::vector<Rational> exact;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const double element = inputs[i].at(i == 0 ? at : 1);
            real.push_back(element);
            exact.emplace_back(element);
        }
        EXPECT_NEAR(static_cast<double>(trait.real(*node.node, real)), before.at(at), 1e-15);
        EXPECT_NEAR(trait.exact(*node.node, exact)->get_d(), before.at(at), 1e-15);
        EXPECT_EQ((*trait.pieces(*node.node, 0, exact))(exact[0]), *trait.exact(*node.node, exact));
    }
}

/// Rewrites make no such nodes; a canonical operator says what it means by what it does not take.
TEST(Canonical, OperatorsRefuseWhatTheyDoNotMean) {
    const auto refused = [](std::string_view name, Attributes attributes, std::vector<Tensor> inputs) {
        return SingleNode("weft", name, 13, std::move(attributes), std::move(inputs)).infer();
    };
    const auto integers = [](Shape shape) { return Tensor(DataType::int32, std::move(shape)); };
    const auto reals = [](Shape shape) { return Tensor(DataType::float32, std::move(shape)); };

    EXPECT_EQ(refused("add", with({{"signs", Integers{1}}}), {reals({3}), reals({3})}), "an addition has two signs");
    EXPECT_EQ(refused("add", with({{"signs", Integers{1, 1}}}), {reals({3}), reals({1})}), "shape [1] is not the other operand's [3]");
    SingleNode sum("weft", "add", 13, with({{"signs", Integers{1, 1}}}), {integers({3}), integers({3})});
    ASSERT_EQ(sum.infer(), "");
    const std::vector<const Tensor*> operands{&sum.tensors[0], &sum.tensors[1]};
    const auto added = sum.node->op->evaluate(*sum.node, operands);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().front().reason, "a canonical addition adds real numbers");

    EXPECT_EQ(refused("count", {}, {integers({3}), integers({3})}), "thresholds are reached by real numbers");
    EXPECT_EQ(refused("count", {}, {reals({3}), reals({2, 3})}), "the thresholds do not broadcast to the shape [3]");

    EXPECT_EQ(refused("linear", {}, {integers({1, 3}), reals({2, 1, 1, 3})}), "a linear operator on int32 elements is not supported");
    EXPECT_EQ(refused("linear", {}, {reals({3}), reals({2, 1, 1, 3})}), "a linear operator needs a channel axis; the shape is [3]");
    EXPECT_EQ(refused("linear", {}, {reals({1, 3}), reals({2, 3})}), "the weight needs four axes; its shape is [2, 3]");
    EXPECT_EQ(refused("linear", {}, {reals({1, 3}), reals({2, 1, 1, 4})}),
              "the weight [2, 1, 1, 4] in 1 groups does not fit an input of 3 channels");
    EXPECT_EQ(refused("linear", {}, {reals({1, 3}), reals({2, 1, 1, 3}), reals({3})}),
              "the bias has shape [3] but the node has 2 output channels");
    EXPECT_EQ(refused("linear", {}, {reals({1, 2, 2, 3}), reals({2, 3, 3, 3})}), "the window is larger than the padded input [1, 2, 2, 3]");
    EXPECT_EQ(refused("linear", {}, {reals({1, 3}), reals({2, 3, 3, 3})}), "a window needs an input of four axes; the shape is [1, 3]");

    const Attributes pool =
        with({{"kernel", Integers{3, 3}}, {"strides", Integers{1, 1}}, {"pads", Integers{0, 0, 0, 0}}, {"maximum", std::int64_t{1}}});
    EXPECT_EQ(refused("max_pool", pool, {reals({1, 3})}), "pooling needs an image; the shape is [1, 3]");
    EXPECT_EQ(refused("max_pool", pool, {reals({1, 2, 2, 3})}), "the window is larger than the padded input [1, 2, 2, 3]");
    EXPECT_EQ(refused("global_max_pool", with({{"maximum", std::int64_t{1}}}), {reals({1, 3})}),
              "pooling needs an image; the shape is [1, 3]");
    EXPECT_EQ(refused("pad", with({{"pads", Integers{1, 1, 1, 1}}, {"value", 0.0}}), {reals({1, 3})}),
              "padding needs an image; the shape is [1, 3]");
    EXPECT_EQ(refused("view", with({{"perm", Integers{0, 1}}, {"shape", Integers{4}}}), {reals({1, 3})}),
              "a view of [1, 3] cannot have the shape [4]");

    const auto quantizer = [&](std::vector<double> scale, Integers zero, std::int64_t max, Attributes more = {}) {
        more.set("scale", std::move(scale));
        more.set("zero_point", std::move(zero));
        more.set("min", std::int64_t{0});
        more.set("max", max);
        return more;
    };
    EXPECT_EQ(refused("typed", quantizer({1}, {0}, 255), {integers({1, 3})}), "a canonical quantizer reads real numbers");
    EXPECT_EQ(refused("typed", quantizer({1}, {0, 0}, 255), {reals({1, 3})}), "2 zero points do not go with 1 scales");
    EXPECT_EQ(refused("typed", quantizer({-1}, {0}, 255), {reals({1, 3})}), "the scale -1 is not a positive number");
    EXPECT_EQ(refused("typed", quantizer({1}, {0}, 1 << 16), {reals({1, 3})}), "[0, 65536] is no range of integers of at most 16 bits");
    EXPECT_EQ(refused("typed", quantizer({1, 2}, {0, 0}, 255), {reals({1, 3})}), "2 scales do not go with axis 1 of shape [1, 3]");
    EXPECT_EQ(refused("typed",
                      quantizer({1, 2, 3}, {0, 0, 0}, 255,
                                with({{"real_scale", std::vector<double>{1, 2}}, {"real_zero_point", Integers{0, 0}}})),
                      {reals({1, 3})}),
              "2 scales of the reals do not go with 3 scales");
}

}  // namespace
}  // namespace weft
