// small_networks_test.cpp
// Float networks of a few nodes from file to contract: exact against the oracle, near the float model, and what the compile says of them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "src/base/files.h"
#include "src/driver/host_part.h"
#include "src/emit/manifest.h"
#include "tests/models/small_network.h"

namespace weft::test {
namespace {

TEST(SmallNetworks, ReductionsOverSpaceInEveryForm) {
    for (const char* op : {"ReduceMean", "ReduceMax", "ReduceSum"}) {
        for (const int opset : {11, 13, 18}) {
            for (const bool negative : {false, true}) {
                for (const int keep : {0, 1}) {
                    SCOPED_TRACE(std::string(op) + " of opset " + std::to_string(opset) + (negative ? " from the end" : "") +
                                 (keep ? " keeping axes" : ""));
                    SmallNetwork network(opset);
                    network.input("x", {"N", 3, 6, 6});
                    network.convolution("x", "c", 3, 8);
                    network.node("Relu", {"c"}, {"r"});
                    const bool as_input = opset >= 18 || (opset == 13 && std::string(op) == "ReduceSum");
                    const std::vector<std::int64_t> axes = negative ? std::vector<std::int64_t>{-1, -2} : std::vector<std::int64_t>{2, 3};
                    if (as_input) network.integers("axes", axes);
                    auto& reduce =
                        network.node(op, as_input ? std::vector<std::string>{"r", "axes"} : std::vector<std::string>{"r"}, {"m"});
                    if (!as_input) ModelBuilder::attribute(reduce, "axes", axes);
                    ModelBuilder::attribute(reduce, "keepdims", keep);
                    network.node("Flatten", {"m"}, {"f"});
                    network.node("Gemm", {"f", network.weight("w", {8, 4}, 0.3), network.weight("b", {4}, 0.1)}, {"y"}, "dense");
                    network.output("y", {"N", 4});
                    expect_good(network, {1, 3, 6, 6}, 30);
                }
            }
        }
    }
}

TEST(SmallNetworks, LayersInDouble) {
    for (const bool whole : {false, true}) {
        const int real = whole ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT;
        SmallNetwork network;
        network.input("x", {"N", 3, 6, 6}, real);
        auto& conv =
            network.node("Conv", {"x", network.weight("cw", {8, 3, 3, 3}, 0.25, real), network.weight("cb", {8}, 0.1, real)}, {"c"});
        ModelBuilder::attribute(conv, "pads", {1, 1, 1, 1});
        network.node("Relu", {"c"}, {"r"});
        network.node("Flatten", {"r"}, {"f"});
        std::string features = "f";
        if (!whole) {
            ModelBuilder::attribute(network.node("Cast", {"f"}, {"wide"}), "to", onnx::TensorProto::DOUBLE);
            features = "wide";
        }
        network.node("MatMul", {features, network.weight("w", {288, 4}, 0.06, onnx::TensorProto::DOUBLE)}, {"y"}, "dense");
        network.output("y", {"N", 4}, onnx::TensorProto::DOUBLE);
        expect_good(network, {1, 3, 6, 6}, 30);
    }
}

/// One filter ten thousand times larger than the others, evened out again behind: the others keep their bits.
TEST(SmallNetworks, SmallChannelsBesideALargeOne) {
    SmallNetwork network;
    network.input("x", {"N", 3, 6, 6});
    network.convolution("x", "c", 3, 8);
    auto& weights = *network.graph().mutable_initializer(0);
    for (int i = 0; i < 27; ++i) weights.set_float_data(i, weights.float_data(i) * 10000);
    std::vector<float> even(8, 1);
    even[0] = 1e-4F;
    network.floats("even", {8, 1, 1}, even);
    network.node("Mul", {"c", "even"}, {"e"});
    network.node("Relu", {"e"}, {"r"});
    network.node("Flatten", {"r"}, {"f"});
    network.node("Gemm", {"f", network.weight("w", {288, 4}, 0.06)}, {"y"}, "dense");
    network.output("y", {"N", 4});
    const SelfCheck check = expect_good(network, {1, 3, 6, 6}, 30);
    EXPECT_EQ(messages(check.warnings), "");
    for (const auto& region : check.regions) {
        EXPECT_TRUE(region["sqnr_db"].is_null() || region["sqnr_db"].get<double>() > 30) << region.dump();
    }
}

TEST(SmallNetworks, AWrongWeightOfTheLastLayerIsFound) {
    SmallNetwork network;
    network.input("x", {"N", 3, 6, 6});
    network.convolution("x", "c", 3, 8);
    network.node("Relu", {"c"}, {"r"});
    network.node("Flatten", {"r"}, {"f"});
    network.node("Gemm", {"f", network.weight("w", {288, 4}, 0.06)}, {"y"}, "dense");
    network.output("y", {"N", 4});
    const auto compiled = network.compiled({1, 3, 6, 6});
    ASSERT_TRUE(compiled) << messages(compiled);
    const auto sound = self_check(**compiled);
    ASSERT_TRUE(sound && sound->exact());
    NarrowIntegers& weights = (*compiled)->design.units.back()->constants.at("weights").data;
    weights.set(2 * 288 + 5, weights[2 * 288 + 5] + 1);
    const auto wrong = self_check(**compiled);
    ASSERT_TRUE(wrong) << messages(wrong);
    EXPECT_FALSE(wrong->exact());
    EXPECT_THAT(messages(wrong->warnings),
                ::testing::HasSubstr("error: node 'dense', tensor 'y': the integer contract differs from the region recomputed in double"));
}

TEST(SmallNetworks, WhatTheHostRunsIsSaid) {
    SmallNetwork network;
    network.input("x", {"N", 3, 6, 6});
    network.convolution("x", "c", 3, 8);
    network.node("Relu", {"c"}, {"r"});
    network.node("GlobalAveragePool", {"r"}, {"p"});
    network.node("Flatten", {"p"}, {"f"});
    network.node("Gemm", {"f", network.weight("w", {8, 4}, 0.3)}, {"logits"}, "dense");
    network.node("Softmax", {"logits"}, {"probabilities"}, "head");
    ModelBuilder::attribute(network.node("ArgMax", {"probabilities"}, {"label"}, "pick"), "axis", 1);
    network.output("probabilities", {"N", 4});
    network.output("logits", {"N", 4});
    network.output("label", {"N", 1}, onnx::TensorProto::INT64);
    const auto compiled = network.compiled({1, 3, 6, 6});
    ASSERT_TRUE(compiled) << messages(compiled);
    const HostPart part = host_part((*compiled)->model.quantized, (*compiled)->design);
    EXPECT_EQ(host_lines(part), (std::vector<std::string>{
                                    "on the host, after the kernel: output 'probabilities' by Softmax 'head'",
                                    "on the host, after the kernel: output 'label' by Softmax 'head', ArgMax 'pick'",
                                }));
    const Status written = write_project(**compiled, nullptr, network.folder() / "model.onnx", network.folder() / "out");
    ASSERT_TRUE(written) << messages(written);
    const auto text = read_file(network.folder() / "out" / "manifest.json");
    ASSERT_TRUE(text);
    const auto json = nlohmann::json::parse(*text);
    EXPECT_EQ(json["host"]["formula"], "real = (integer - zero_point) * scale + offset");
    ASSERT_EQ(json["host"]["outputs"].size(), 3U);
    EXPECT_EQ(json["host"]["inputs"], nlohmann::json::parse(R"([{"name": "x", "nodes": []}])"));
    const auto& logits = json["host"]["outputs"][1];
    EXPECT_EQ(logits["name"], "logits");
    EXPECT_TRUE(logits["nodes"].empty());
    // The tensors that an output comes from are those of the kernel, whose constants the formula takes.
    for (const auto& output : json["host"]["outputs"]) {
        ASSERT_EQ(output["from"].size(), 1U);
        EXPECT_EQ(output["from"][0], json["design"]["outputs"][0]["tensor"]);
    }
    EXPECT_EQ(json["host"]["outputs"][2]["nodes"],
              nlohmann::json::parse(R"([{"node": "head", "op": "Softmax"}, {"node": "pick", "op": "ArgMax"}])"));
}

/// Two sums that all but cancel: the output keeps less than rounding explains, and that is said of it by name.
TEST(SmallNetworks, AnOutputThatLosesMuchIsNamed) {
    SmallNetwork network;
    network.input("x", {"N", 16});
    std::vector<float> first(16 * 16, 0), second(16, -1);
    for (std::size_t i = 1; i < 16; ++i) first[i * 16 + i] = first[i * 16] = 1;
    second[0] = 1;
    second[1] += 1e-3F;
    network.floats("w", {16, 16}, first);
    network.floats("d", {16, 1}, second);
    network.node("MatMul", {"x", "w"}, {"sums"}, "first");
    network.node("MatMul", {"sums", "d"}, {"y"}, "second");
    network.output("y", {"N", 1});
    const auto compiled = network.compiled({1, 16});
    ASSERT_TRUE(compiled) << messages(compiled);
    const auto check = self_check(**compiled);
    ASSERT_TRUE(check) << messages(check);
    EXPECT_TRUE(check->exact());
    ASSERT_EQ(check->outputs.size(), 1U);
    EXPECT_LT(check->outputs[0].second, 20);
    EXPECT_NE(messages(check->warnings).find("warning: tensor 'y': the model's output 'y' keeps only"), std::string::npos)
        << messages(check->warnings);
}

}  // namespace
}  // namespace weft::test
