// situations_test.cpp
// How people write networks: functions behind poolings and concatenations, paddings of every kind, inputs that are read twice, heads in
// another layout. Each compiles, equals its oracle and stays near the float model.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <limits>

#include "src/driver/check_model.h"
#include "tests/models/small_network.h"

namespace weft::test {
namespace {

using testing::HasSubstr;

const Shape image{1, 3, 8, 8};
const std::vector<Extent> images{"N", 3, 8, 8};

class Situation : public SmallNetwork {
public:
    Situation() : SmallNetwork(13) { input("x", images); }

    void normalise(const std::string& x, const std::string& y, std::int64_t channels) {
        std::vector<float> scale, bias, mean, variance;
        for (std::int64_t c = 0; c < channels; ++c) {
            scale.push_back(c % 3 == 1 ? -0.75F : 1.25F);
            bias.push_back(0.1F * static_cast<float>(c));
            mean.push_back(0.05F * static_cast<float>(c) - 0.1F);
            variance.push_back(0.5F + 0.1F * static_cast<float>(c));
        }
        floats(y + "_s", {channels}, scale);
        floats(y + "_o", {channels}, bias);
        floats(y + "_m", {channels}, mean);
        floats(y + "_v", {channels}, variance);
        node("BatchNormalization", {x, y + "_s", y + "_o", y + "_m", y + "_v"}, {y}, y);
    }
    void pool(const std::string& op, const std::string& x, const std::string& y) {
        auto& made = node(op, {x}, {y}, y);
        attribute(made, "kernel_shape", {2, 2});
        attribute(made, "strides", {2, 2});
    }
    void pad(const std::string& x, const std::string& y, float value) {
        integers(y + "_p", {0, 0, 1, 1, 0, 0, 1, 2});
        floats(y + "_f", {}, {value});
        node("Pad", {x, y + "_p", y + "_f"}, {y}, y);
    }
    void transpose(const std::string& x, const std::string& y, const std::vector<std::int64_t>& perm) {
        attribute(node("Transpose", {x}, {y}, y), "perm", perm);
    }
    void convolved_output(const std::string& x, std::int64_t channels) {
        convolution(x, "y", channels, 4);
        output("y", {"N", 4, "", ""});
    }
};

TEST(Situations, FunctionsBehindAPooling) {
    for (const char* kind : {"Relu", "LeakyRelu", "BatchNormalization"}) {
        SCOPED_TRACE(kind);
        Situation network;
        network.convolution("x", "c", 3, 6);
        network.pool("MaxPool", "c", "p");
        if (std::string(kind) == "BatchNormalization")
            network.normalise("p", "n", 6);
        else
            network.node(kind, {"p"}, {"n"});
        network.convolved_output("n", 6);
        expect_good(network, image, 30);
    }
}

TEST(Situations, FunctionsBehindAConcatenation) {
    Situation network;
    network.convolution("x", "a", 3, 4);
    network.convolution("x", "b", 3, 5);
    ModelBuilder::attribute(network.node("Concat", {"a", "b"}, {"k"}, "join"), "axis", 1);
    network.normalise("k", "n", 9);
    network.node("Relu", {"n"}, {"r"});
    network.convolved_output("r", 9);
    expect_good(network, image, 30);
}

TEST(Situations, PaddingsBeforeEverything) {
    for (const float fill : {0.0F, 0.5F, -std::numeric_limits<float>::infinity()}) {
        for (const char* reader : {"Conv", "MaxPool", "AveragePool", "BatchNormalization"}) {
            for (const bool first : {true, false}) {
                const bool infinite = std::isinf(fill);
                if (infinite && std::string(reader) != "MaxPool") continue;
                SCOPED_TRACE(std::string(reader) + (first ? " on the input, filled with " : ", filled with ") + std::to_string(fill));
                Situation network;
                std::string x = "x";
                if (!first) network.convolution("x", x = "c", 3, 3);
                network.pad(x, "q", fill);
                if (std::string(reader) == "Conv") {
                    network.convolved_output("q", 3);
                } else {
                    if (std::string(reader) == "BatchNormalization")
                        network.normalise("q", "r", 3);
                    else
                        network.pool(reader, "q", "r");
                    network.convolved_output("r", 3);
                }
                const auto compiled = network.compiled(image);
                ASSERT_TRUE(compiled) << messages(compiled);
                const auto check = self_check(**compiled);
                ASSERT_TRUE(check) << messages(check);
                EXPECT_TRUE(check->exact()) << messages(check->warnings);
                EXPECT_GE(check->output_sqnr_db, 30);
            }
        }
    }
}

TEST(Situations, AnInputThatIsReadTwice) {
    Situation residual;
    residual.convolution("x", "c", 3, 3);
    residual.node("Add", {"c", "x"}, {"y"}, "residual");
    residual.output("y", images);
    expect_good(residual, image, 30);

    Situation difference;
    difference.node("Relu", {"x"}, {"t"});
    difference.convolution("t", "c", 3, 3);
    difference.node("Sub", {"t", "c"}, {"d"}, "difference");
    difference.node("Relu", {"d"}, {"y"});
    difference.output("y", images);
    expect_good(difference, image, 30);
}

TEST(Situations, ASumOfFloatsAtTheEnd) {
    Situation network;
    network.convolution("x", "t", 3, 4);
    network.node("Relu", {"t"}, {"r"});
    network.convolution("r", "a", 4, 4);
    network.convolution("r", "b", 4, 4);
    network.node("Sigmoid", {"a"}, {"s"});
    network.node("Add", {"s", "b"}, {"y"}, "final");
    network.output("y", {"N", 4, 8, 8});
    expect_good(network, image, 30);
}

TEST(Situations, HeadsInAnotherLayout) {
    for (const bool back : {false, true}) {
        Situation network;
        network.convolution("x", "a", 3, 6);
        network.node("Relu", {"a"}, {"r"});
        network.convolution("r", "c", 6, 5);
        network.transpose("c", "t", {0, 2, 3, 1});
        ModelBuilder::attribute(network.node("Softmax", {"t"}, {back ? "s" : "y"}, "head"), "axis", -1);
        if (back) network.transpose("s", "y", {0, 3, 1, 2});
        network.output("y", {"N", "", "", ""});
        expect_good(network, image, 30);
    }
}

/// A function at the end that the host computes from what leaves the kernel, whose value only the file's transposition names.
TEST(Situations, FunctionsBehindAHeadInAnotherLayout) {
    for (const char* function : {"Mul", "Sigmoid", "Neg"}) {
        SCOPED_TRACE(function);
        Situation network;
        network.convolution("x", "c", 3, 5);
        network.transpose("c", "t", {0, 2, 3, 1});
        network.floats("half", {}, {0.5F});
        if (function == std::string("Mul"))
            network.node("Mul", {"t", "half"}, {"y"});
        else
            network.node(function, {"t"}, {"y"});
        network.output("y", {"N", 8, 8, 5});
        expect_good(network, image, 30);
    }
}

/// A weight that the model computes of constants is a constant.
TEST(Situations, AWeightIsAProductOfConstants) {
    SmallNetwork network;
    network.input("x", {"N", 6});
    network.node("Gemm", {network.weight("a", {6, 3}, 0.5), network.weight("b", {3, 5}, 0.5)}, {"w"}, "weights");
    network.node("MatMul", {network.weight("d", {5, 2}, 0.5), network.weight("e", {2, 4}, 0.5)}, {"v"}, "more");
    network.node("MatMul", {"x", "w"}, {"h"}, "first");
    network.node("Relu", {"h"}, {"r"});
    network.node("MatMul", {"r", "v"}, {"y"}, "second");
    network.output("y", {"N", 4});
    expect_good(network, {1, 6}, 25);
}

/// A refusal names the node that is the cause, not the layer that suffers, and `check` says what `compile` says.
TEST(Situations, TheCauseIsNamed) {
    Situation network;
    network.convolution("x", "c", 3, 4);
    ModelBuilder::attribute(network.node("Softmax", {"c"}, {"s"}, "attention"), "axis", 1);
    network.convolved_output("s", 4);
    const auto compiled = network.compiled(image);
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error()[0].node, "attention");
    EXPECT_THAT(compiled.error()[0].reason, HasSubstr("before layers with weights"));
    const auto checked = check_model(network.folder() / "model.onnx", {}, {});
    ASSERT_TRUE(checked) << messages(checked);
    EXPECT_FALSE(checked->supported);
    ASSERT_EQ(checked->problems.size(), 1U);
    EXPECT_EQ(checked->problems[0].node, "attention");
}

/// Channels shuffled between layers need a reordering unit: said of the tensor that is shuffled, not of what passes make of it.
TEST(Situations, ATensorOfAnotherOrderIsNamed) {
    Situation network;
    network.convolution("x", "c", 3, 4);
    network.node("Relu", {"c"}, {"r"});
    network.integers("groups", {1, 2, 2, 8, 8});
    network.node("Reshape", {"r", "groups"}, {"f"});
    network.transpose("f", "g", {0, 2, 1, 3, 4});
    network.integers("together", {1, 4, 8, 8});
    network.node("Reshape", {"g", "together"}, {"h"});
    network.convolved_output("h", 4);
    const auto compiled = network.compiled(image);
    ASSERT_FALSE(compiled);
    ASSERT_EQ(compiled.error().size(), 1U) << messages(compiled);
    EXPECT_EQ(compiled.error()[0].node, "y");
    EXPECT_EQ(compiled.error()[0].tensor, "h");
    EXPECT_THAT(compiled.error()[0].reason, HasSubstr("another order"));
}

/// Names of several nodes alike, or none: the key in a refusal is the one that `check` lists.
TEST(Situations, NodesWithoutNamesOfTheirOwnAreNamed) {
    for (const char* name : {"", "layer"}) {
        SCOPED_TRACE(name);
        Situation network;
        network.convolution("x", "c", 3, 4);
        network.node("Relu", {"c"}, {"r"}, name);
        network.node("Relu", {"r"}, {"r2"}, name);
        ModelBuilder::attribute(network.node("Softmax", {"r2"}, {"s"}, name), "axis", 1);
        network.convolved_output("s", 4);
        const auto compiled = network.compiled(image);
        ASSERT_FALSE(compiled);
        EXPECT_EQ(compiled.error()[0].node, "s");
        const auto checked = check_model(network.folder() / "model.onnx", {}, {});
        ASSERT_TRUE(checked) << messages(checked);
        const auto refused = std::ranges::find(checked->nodes, std::string("refused"), &NodeFate::becomes);
        ASSERT_NE(refused, checked->nodes.end());
        EXPECT_EQ(refused->node, "s");
        EXPECT_EQ(refused->op, "Softmax");
    }
}

/// C may be computed: the product and C are added as by an Add.
TEST(Situations, AnAddendOfAProductIsComputed) {
    struct Case {
        float alpha, beta;
        bool transposed;
        const char* addend;  ///< Its shape: as the product's, or without the batch.
    };
    for (const Case& c : {Case{1, 1, false, "row"}, Case{0.5F, 1, true, "row"}, Case{1, -2, false, "row"}, Case{2, 0.25F, true, "row"},
                          Case{1, 0, false, "row"}, Case{1, 1, false, "vector"}, Case{1, 1, false, "constant"}}) {
        SCOPED_TRACE(testing::PrintToString(c.alpha) + " " + testing::PrintToString(c.beta) + " " + c.addend);
        SmallNetwork network;
        network.input("x", {"N", 6});
        network.node("Gemm", {"x", network.weight("u", {6, 5}, 0.5)}, {"a"}, "first");
        network.node("Relu", {"a"}, {"r"});
        std::string addend = "r";
        if (c.addend == std::string("vector")) {
            network.integers("flat", {5});
            addend = "v";
            network.node("Reshape", {"r", "flat"}, {"v"});
        }
        if (c.addend == std::string("constant")) addend = network.weight("k", {1, 5}, 0.5);
        auto& gemm =
            network.node("Gemm", {"x", network.weight("w", c.transposed ? Shape{5, 6} : Shape{6, 5}, 0.5), addend}, {"y"}, "second");
        const auto real = [&](const char* name, float value) {
            auto& attribute = *gemm.add_attribute();
            attribute.set_name(name);
            attribute.set_type(onnx::AttributeProto::FLOAT);
            attribute.set_f(value);
        };
        real("alpha", c.alpha);
        real("beta", c.beta);
        ModelBuilder::attribute(gemm, "transB", c.transposed ? 1 : 0);
        network.output("y", {c.addend == std::string("vector") ? Extent(1) : Extent("N"), 5});
        expect_good(network, {1, 6}, 30);
    }
}

/// What stands in the way is said, and not only whose operator it is.
TEST(Situations, WhyANodeHasNoHardwareIsSaid) {
    const auto first_of = [](Situation& network) {
        network.node("Relu", {"p"}, {"q"});
        network.convolved_output("q", 4);
        const auto compiled = network.compiled(image);
        EXPECT_FALSE(compiled);
        const auto checked = check_model(network.folder() / "model.onnx", {}, {});
        EXPECT_TRUE(checked && !checked->supported);
        if (compiled || !checked || checked->problems.empty()) return Diagnostic{};
        EXPECT_EQ(checked->problems[0].reason, compiled.error()[0].reason);
        EXPECT_EQ(checked->problems[0].help, compiled.error()[0].help);
        return compiled.error()[0];
    };
    {
        Situation network;
        network.convolution("x", "c", 3, 4);
        network.convolution("x", "d", 3, 1);
        network.node("GlobalMaxPool", {"d"}, {"m"});
        network.integers("pads", {0, 0, 1, 1, 0, 0, 1, 1});
        network.node("Pad", {"c", "pads", "m"}, {"p"}, "around");
        const Diagnostic said = first_of(network);
        EXPECT_EQ(said.node, "around");
        EXPECT_THAT(said.reason, HasSubstr("fills with a value that the model computes"));
        EXPECT_EQ(said.help, "pad with a constant");
    }
    for (const std::vector<std::int64_t>& pads : {std::vector<std::int64_t>{0, 0, -1, 0, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0, 0, 0}}) {
        Situation network;
        network.convolution("x", "c", 3, pads[1] == 1 ? 3 : 4);
        network.integers("pads", pads);
        network.node("Pad", {"c", "pads"}, {"p"}, "around");
        const Diagnostic said = first_of(network);
        EXPECT_EQ(said.node, "around");
        EXPECT_THAT(said.reason, HasSubstr(pads[1] == 1 ? "pads other axes" : "cuts elements off"));
    }
    {
        Situation network;
        network.convolution("x", "c", 3, 3);
        network.weight("k", {1, 1, 8, 8}, 1);
        ModelBuilder::attribute(network.node("Concat", {"c", "k"}, {"p"}, "join"), "axis", 1);
        const Diagnostic said = first_of(network);
        EXPECT_EQ(said.node, "join");
        EXPECT_THAT(said.reason, HasSubstr("joins a constant to values that are computed at run time"));
        EXPECT_THAT(said.help, HasSubstr("leave constant channels out"));
    }
    {
        Situation network;
        network.convolution("x", "c", 3, 4);
        network.convolution("x", "d", 3, 4);
        ModelBuilder::attribute(network.node("Concat", {"c", "d"}, {"p"}, "join"), "axis", 2);
        const Diagnostic said = first_of(network);
        EXPECT_EQ(said.node, "join");
        EXPECT_THAT(said.reason, HasSubstr("another axis than the channels"));
    }
}

TEST(Situations, ManyNodesOfOneKindAreOneLine) {
    Situation network;
    network.convolution("x", "c0", 3, 4);
    for (int i = 0; i < 5; ++i) {
        const std::string from = "c" + std::to_string(i), to = "c" + std::to_string(i + 1);
        network.node("Mul", {from, "c0"}, {"m" + std::to_string(i)}, "gate" + std::to_string(i));
        network.convolution("m" + std::to_string(i), to, 4, 4);
    }
    network.output("c5", {"N", 4, 8, 8});
    const auto compiled = network.compiled(image);
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().size(), 4U) << messages(compiled);
    const auto texts = to_strings(compiled.error());
    ASSERT_EQ(texts.size(), 1U);
    EXPECT_THAT(texts[0], HasSubstr("4 nodes ('gate1', 'gate2', 'gate3', ...)"));
}

TEST(Situations, CheckNeedsNoSamples) {
    Situation network;
    network.convolution("x", "c", 3, 4);
    network.pool("MaxPool", "c", "p");
    network.node("Relu", {"p"}, {"y"});
    network.output("y", {"N", 4, 4, 4});
    network.write(network.folder() / "model.onnx");
    const auto checked = check_model(network.folder() / "model.onnx", {}, {});
    ASSERT_TRUE(checked) << messages(checked);
    EXPECT_TRUE(checked->supported) << messages(checked->problems);
    EXPECT_TRUE(checked->needs_samples);
    for (const NodeFate& fate : checked->nodes) EXPECT_NE(fate.becomes, "") << fate.node;
}

TEST(Situations, AFunctionWithoutAValueIsRefused) {
    Situation network;
    network.convolution("x", "c", 3, 4);
    network.node("Div", {"c", "c"}, {"one"}, "division");
    network.convolved_output("one", 4);
    const auto compiled = network.compiled(image);
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error()[0].node, "division");
    EXPECT_THAT(compiled.error()[0].reason, HasSubstr("no value"));
}

}  // namespace
}  // namespace weft::test
