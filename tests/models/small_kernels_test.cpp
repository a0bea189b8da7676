// small_kernels_test.cpp
// Float networks in the shapes that people bring, down to their kernels: HLS and RTL equal the contract, with and without stalls.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/driver/evaluate_run.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/messages.h"
#include "tests/models/small_network.h"

namespace weft::test {
namespace {

/// A network and the shape of its input, with a batch of one.
struct Drawn {
    std::unique_ptr<SmallNetwork> network = std::make_unique<SmallNetwork>();
    Shape input{1, 3, 8, 8};
};

void classes(SmallNetwork& network, const std::string& from, std::int64_t channels) {
    network.node("GlobalAveragePool", {from}, {"pooled"});
    network.node("Flatten", {"pooled"}, {"flat"});
    network.node("Gemm", {"flat", network.weight("classes_w", {channels, 4}, 0.4)}, {"y"}, "classes");
    network.output("y", {"N", 4});
}

void normalisation(SmallNetwork& network, const std::string& from, const std::string& to, std::int64_t channels) {
    const auto count = static_cast<std::size_t>(channels);
    std::vector<float> scale(count), variance(count);
    for (std::size_t c = 0; c < count; ++c)
        scale[c] = 0.6F + 0.1F * static_cast<float>(c), variance[c] = 0.5F + 0.2F * static_cast<float>(c);
    network.floats(to + "_scale", {channels}, scale);
    network.floats(to + "_variance", {channels}, variance);
    network.node("BatchNormalization",
                 {from, to + "_scale", network.weight(to + "_bias", {channels}, 0.2), network.weight(to + "_mean", {channels}, 0.2),
                  to + "_variance"},
                 {to}, to);
}

/// Each layer reads all that came before it, normalised.
Drawn dense_block() {
    Drawn drawn;
    SmallNetwork& network = *drawn.network;
    network.input("x", {"N", 3, 8, 8});
    network.convolution("x", "c0", 3, 4);
    std::string at = "c0";
    std::int64_t channels = 4;
    for (const std::string n : {"1", "2"}) {
        normalisation(network, at, "b" + n, channels);
        network.node("Relu", {"b" + n}, {"r" + n});
        network.convolution("r" + n, "c" + n, channels, 3);
        ModelBuilder::attribute(network.node("Concat", {at, "c" + n}, {"d" + n}), "axis", 1);
        at = "d" + n;
        channels += 3;
    }
    normalisation(network, at, "b3", channels);
    network.node("Relu", {"b3"}, {"r3"});
    ModelBuilder::attribute(network.node("AveragePool", {"r3"}, {"p"}), "kernel_shape", {2, 2});
    classes(network, "p", channels);
    return drawn;
}

/// As Keras writes the start of a ResNet: paddings of their own before a convolution and a pooling, both with strides.
Drawn keras_stem() {
    Drawn drawn;
    drawn.input = {1, 3, 16, 16};
    SmallNetwork& network = *drawn.network;
    network.input("x", {"N", 3, 16, 16});
    network.integers("three", {0, 0, 3, 3, 0, 0, 3, 3});
    network.node("Pad", {"x", "three"}, {"xp"}, "conv1_pad");
    auto& conv = network.node("Conv", {"xp", network.weight("w", {6, 3, 7, 7}, 0.12), network.weight("b", {6}, 0.1)}, {"c"}, "conv1");
    ModelBuilder::attribute(conv, "strides", {2, 2});
    normalisation(network, "c", "n", 6);
    network.node("Relu", {"n"}, {"r"});
    network.integers("one", {0, 0, 1, 1, 0, 0, 1, 1});
    network.node("Pad", {"r", "one"}, {"rp"}, "pool1_pad");
    auto& pool = network.node("MaxPool", {"rp"}, {"p"}, "pool1");
    ModelBuilder::attribute(pool, "kernel_shape", {3, 3});
    ModelBuilder::attribute(pool, "strides", {2, 2});
    classes(network, "p", 6);
    return drawn;
}

/// As networks that improve images: what they compute is added to the input.
Drawn global_residual() {
    Drawn drawn;
    SmallNetwork& network = *drawn.network;
    network.input("x", {"N", 3, 8, 8});
    network.convolution("x", "c1", 3, 5);
    network.node("Relu", {"c1"}, {"r1"});
    network.convolution("r1", "c2", 5, 3);
    network.node("Add", {"x", "c2"}, {"y"}, "sum");
    network.output("y", {"N", 3, 8, 8});
    return drawn;
}

/// As detectors end: scores of each position behind one another, channels last.
Drawn channels_last_head() {
    Drawn drawn;
    SmallNetwork& network = *drawn.network;
    network.input("x", {"N", 3, 8, 8});
    network.convolution("x", "c1", 3, 6);
    network.floats("slope", {6, 1, 1}, {0.1F, 0.2F, 0.05F, 0.1F, 0.3F, 0.1F});
    network.node("PRelu", {"c1", "slope"}, {"r1"});
    ModelBuilder::attribute(network.node("MaxPool", {"r1"}, {"p1"}), "kernel_shape", {2, 2});
    network.convolution("p1", "c2", 6, 10);
    ModelBuilder::attribute(network.node("Transpose", {"c2"}, {"t"}), "perm", {0, 2, 3, 1});
    network.integers("shape", {1, -1, 5});
    network.node("Reshape", {"t", "shape"}, {"boxes"});
    network.node("Sigmoid", {"boxes"}, {"y"}, "scores");
    network.output("y", {1, 98, 5});
    return drawn;
}

/// Weights and activations of one bit, then ternary weights and activations of two.
Drawn low_bits() {
    Drawn drawn;
    SmallNetwork& network = *drawn.network;
    network.input("x", {"N", 3, 8, 8});
    const auto scalar = [&](const std::string& name, float value) {
        network.floats(name, {}, {value});
        return name;
    };
    const auto bipolar = [&](const std::string& from, const std::string& to, float scale) {
        network.node("BipolarQuant", {from, scalar(to + "_s", scale)}, {to}).set_domain("qonnx.custom_op.general");
    };
    const auto quant = [&](const std::string& from, const std::string& to, float scale, float bits, int is_signed, int narrow) {
        auto& node = network.node("Quant", {from, scalar(to + "_s", scale), scalar(to + "_z", 0), scalar(to + "_b", bits)}, {to});
        node.set_domain("qonnx.custom_op.general");
        ModelBuilder::attribute(node, "signed", is_signed);
        ModelBuilder::attribute(node, "narrow", narrow);
    };
    bipolar("x", "xq", 1);
    bipolar(network.weight("w1", {6, 3, 3, 3}, 1), "w1q", 0.25F);
    network.node("Conv", {"xq", "w1q"}, {"c1"}, "one_bit");
    normalisation(network, "c1", "n1", 6);
    bipolar("n1", "a1", 1);
    quant(network.weight("w2", {6, 6, 3, 3}, 0.5), "w2q", 0.5F, 2, 1, 1);
    network.node("Conv", {"a1", "w2q"}, {"c2"}, "ternary");
    network.node("Relu", {"c2"}, {"r2"});
    quant("r2", "a2", 1, 2, 0, 0);
    network.node("Flatten", {"a2"}, {"f"});
    quant(network.weight("w3", {96, 4}, 0.5), "w3q", 0.5F, 2, 1, 1);
    network.node("MatMul", {"f", "w3q"}, {"y"}, "classes");
    network.output("y", {"N", 4});
    return drawn;
}

struct Named {
    const char* name;
    Drawn (*draw)();
};

class SmallKernels : public ::testing::TestWithParam<Named> {};

TEST_P(SmallKernels, EqualTheContract) {
    const Drawn drawn = GetParam().draw();
    SmallNetwork& network = *drawn.network;
    const auto compiled = network.compiled(drawn.input);
    ASSERT_TRUE(compiled) << messages(compiled);
    const auto check = self_check(**compiled);
    ASSERT_TRUE(check) << messages(check);
    EXPECT_GT(check->elements, 0);
    EXPECT_TRUE(check->exact()) << messages(check->warnings);
    EXPECT_GE(check->output_sqnr_db, 30);
    const Status written = write_project(**compiled, nullptr, network.folder() / "model.onnx", network.folder() / "out");
    ASSERT_TRUE(written) << messages(written.error());
    for (const auto& [engine, seed] : {std::pair{"hls", 0}, {"rtl", 0}, {"rtl", 5}}) {
        SCOPED_TRACE(fmt::format("engine {}, stall seed {}", engine, seed));
        if (engine == std::string("rtl") && !has_verilator()) GTEST_SKIP() << "Verilator is not installed";
        const auto result = run_model({.model = network.folder() / "out",
                                       .inputs = network.folder() / "x.npy",
                                       .engine = engine,
                                       .against = "integer",
                                       .sample_count = 3,
                                       .engines = {.stall_seed = static_cast<std::uint64_t>(seed)}},
                                      {});
        ASSERT_TRUE(result) << messages(result.error());
        EXPECT_GT(result->elements, 0);
        EXPECT_EQ(result->equal_elements, result->elements);
        if (engine != std::string("rtl")) continue;
        const EngineMeasures& measures = result->measures.at(engine);
        EXPECT_GT(measures.json.at("handshakes"), 0);
        EXPECT_EQ(measures.json.at("equal_handshakes"), measures.json.at("handshakes"));
        EXPECT_TRUE(measures.as_predicted);
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, SmallKernels,
                         ::testing::Values(Named{"dense_block", dense_block}, Named{"keras_stem", keras_stem},
                                           Named{"global_residual", global_residual}, Named{"channels_last_head", channels_last_head},
                                           Named{"low_bits", low_bits}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace weft::test
