// fuzz_test.cpp
// Damaged models end in a diagnostic or a graph, never in a crash.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "src/onnx/export.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

/// A model with something of everything: a convolution, its quantizers, a computed shape, typed and raw data, attributes of several kinds,
/// a function of its own, a branch, a layer in double.
std::string seed_model() {
    ModelBuilder builder(13, 8);
    builder.input("x", {"N", 2, 6, 6});
    builder.floats("scale", {}, {0.5F});
    builder.initialiser("zero", onnx::TensorProto::INT8, {}).add_int32_data(3);
    builder.node("QuantizeLinear", {"x", "scale", "zero"}, {"xq"}, "quantize");
    builder.node("DequantizeLinear", {"xq", "scale", "zero"}, {"xd"}, "dequantize");
    builder.initialiser("w", onnx::TensorProto::INT8, {3, 2, 3, 3}).set_raw_data(std::string(54, '\x05'));
    builder.floats("w_scale", {3}, {0.5F, 0.25F, 2});
    builder.initialiser("w_zero", onnx::TensorProto::INT8, {3}).set_raw_data(std::string(3, '\0'));
    ModelBuilder::attribute(builder.node("DequantizeLinear", {"w", "w_scale", "w_zero"}, {"wd"}), "axis", 0);
    auto& conv = builder.node("Conv", {"xd", "wd"}, {"c"}, "conv");
    ModelBuilder::attribute(conv, "kernel_shape", {3, 3});
    ModelBuilder::attribute(conv, "pads", {1, 1, 1, 1});
    ModelBuilder::attribute(conv, "strides", {2, 2});
    auto& function = *builder.model.add_functions();
    function.set_domain("own");
    function.set_name("Act");
    function.add_input("a");
    function.add_output("b");
    function.add_attribute("slope");
    function.add_opset_import()->set_version(13);
    auto& leaky = *function.add_node();
    leaky.set_op_type("LeakyRelu");
    leaky.add_input("a");
    leaky.add_output("b");
    auto& reference = *leaky.add_attribute();
    reference.set_name("alpha");
    reference.set_type(onnx::AttributeProto::FLOAT);
    reference.set_ref_attr_name("slope");
    auto& call = builder.node("Act", {"c"}, {"act"}, "act");
    call.set_domain("own");
    auto& slope = *call.add_attribute();
    slope.set_name("slope");
    slope.set_type(onnx::AttributeProto::FLOAT);
    slope.set_f(0.25F);
    builder.initialiser("flag", onnx::TensorProto::BOOL, {}).add_int32_data(1);
    auto& branch = builder.node("If", {"flag"}, {"r"}, "branch");
    for (const char* which : {"then_branch", "else_branch"}) {
        auto& attribute = *branch.add_attribute();
        attribute.set_name(which);
        attribute.set_type(onnx::AttributeProto::GRAPH);
        auto& relu = *attribute.mutable_g()->add_node();
        relu.set_op_type("Relu");
        relu.add_input("act");
        relu.add_output("out");
        attribute.mutable_g()->add_output()->set_name("out");
    }
    auto& pool = builder.node("MaxPool", {"r"}, {"p"}, "pool");
    ModelBuilder::attribute(pool, "kernel_shape", {3, 3});
    builder.integers("target", {0, -1});
    builder.node("Reshape", {"p", "target"}, {"f"}, "flatten");
    builder.floats("fc", {3, 2}, {1, 2, 3, 4, 5, 6});
    builder.node("Gemm", {"f", "fc"}, {"n"}, "dense");
    ModelBuilder::attribute(builder.node("Cast", {"n"}, {"d"}, "widen"), "to", onnx::TensorProto::DOUBLE);
    builder.initialiser("shift", onnx::TensorProto::DOUBLE, {2}).set_raw_data(std::string(16, '\x3f'));
    builder.node("Add", {"d", "shift"}, {"e"}, "add");
    ModelBuilder::attribute(builder.node("Cast", {"e"}, {"g"}, "narrow"), "to", onnx::TensorProto::FLOAT);
    ModelBuilder::attribute(builder.node("Softmax", {"g"}, {"y"}, "softmax"), "axis", 1);
    builder.output("y", {"N", 2});
    return builder.bytes();
}

constexpr int rounds = 3000;

class Fuzz : public testing::Test {
protected:
    /// Imports, and takes what was imported through everything that a graph meets before the passes.
    void feed(const std::string& bytes) {
        const auto model = import_model(bytes, folder_ / "m.onnx");
        if (!model) {
            EXPECT_FALSE(model.error().empty());
            return;
        }
        ++imported_;
        const Status sound = verify(model->graph);
        EXPECT_TRUE(sound) << messages(sound);
        const std::string text = print(model->graph);
        const auto again = parse(text, constants_of(model->graph));
        ASSERT_TRUE(again) << messages(again);
        EXPECT_EQ(print(*again), text);
        const auto written = export_to_bytes(model->graph);
        EXPECT_TRUE(written ? !written->empty() : !written.error().empty());
    }

    TemporaryFolder folder_;
    int imported_ = 0;
};

TEST_F(Fuzz, Truncations) {
    const std::string whole = seed_model();
    feed(whole);
    EXPECT_EQ(imported_, 1) << "the model that is damaged must be sound itself";
    for (std::size_t length = 1; length < whole.size(); ++length) feed(whole.substr(0, length));
}

TEST_F(Fuzz, FlippedBits) {
    const std::string whole = seed_model();
    std::mt19937 random(1);
    for (int round = 0; round < rounds; ++round) {
        std::string damaged = whole;
        const int flips = 1 + static_cast<int>(random() % 4);
        for (int i = 0; i < flips; ++i) damaged[random() % damaged.size()] ^= static_cast<char>(1U << random() % 8);
        feed(damaged);
    }
    EXPECT_GT(imported_, 100) << "most damage should hit names and weights, so that the passes behind import are reached";
}

TEST_F(Fuzz, ReplacedPieces) {
    const std::string whole = seed_model();
    std::mt19937 random(2);
    for (int round = 0; round < rounds; ++round) {
        std::string damaged = whole;
        const std::size_t from = random() % whole.size(), to = random() % whole.size();
        const std::size_t length = 1 + random() % 24;
        switch (random() % 3) {
            case 0:
                damaged.replace(to, length, whole.substr(from, length));
                break;
            case 1:
                damaged.insert(to, whole.substr(from, length));
                break;
            default:
                damaged.erase(to, length);
        }
        feed(damaged);
    }
}

/// Damage below the level of protobuf's framing: numbers, names and lists of a well-formed message.
TEST_F(Fuzz, StrangeNumbersAndNames) {
    std::mt19937 random(3);
    onnx::ModelProto sound;
    ASSERT_TRUE(sound.ParseFromString(seed_model()));
    const std::int64_t numbers[] = {0,
                                    1,
                                    -1,
                                    2,
                                    3,
                                    7,
                                    1 << 16,
                                    std::int64_t{1} << 31,
                                    std::int64_t{1} << 33,
                                    std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::min()};
    const auto number = [&] { return numbers[random() % std::size(numbers)]; };
    for (int round = 0; round < rounds; ++round) {
        onnx::ModelProto model = sound;
        auto& graph = *model.mutable_graph();
        auto& node = *graph.mutable_node(static_cast<int>(random() % static_cast<unsigned>(graph.node_size())));
        auto& tensor = *graph.mutable_initializer(static_cast<int>(random() % static_cast<unsigned>(graph.initializer_size())));
        const auto& other = graph.node(static_cast<int>(random() % static_cast<unsigned>(graph.node_size())));
        switch (random() % 9) {
            case 0:
                if (node.attribute_size() == 0) continue;
                if (auto& attribute = *node.mutable_attribute(static_cast<int>(random() % static_cast<unsigned>(node.attribute_size())));
                    attribute.ints_size() > 0) {
                    attribute.set_ints(static_cast<int>(random() % static_cast<unsigned>(attribute.ints_size())), number());
                } else {
                    attribute.set_i(number());
                }
                break;
            case 1:
                tensor.set_data_type(static_cast<int>(random() % 24));
                break;
            case 2:
                if (tensor.dims_size() > 0)
                    tensor.set_dims(static_cast<int>(random() % static_cast<unsigned>(tensor.dims_size())), number());
                break;
            case 3:
                tensor.add_dims(number());
                break;
            case 4:
                graph.mutable_input(0)
                    ->mutable_type()
                    ->mutable_tensor_type()
                    ->mutable_shape()
                    ->mutable_dim(static_cast<int>(random() % 4))
                    ->set_dim_value(number());
                break;
            case 5:
                node.set_input(static_cast<int>(random() % static_cast<unsigned>(node.input_size())), other.output(0));
                break;
            case 6:
                node.set_op_type(other.op_type());
                break;
            case 7:
                if (tensor.int64_data_size() > 0) tensor.set_int64_data(static_cast<int>(random() % 2), number());
                break;
            default:
                model.mutable_opset_import(0)->set_version(number());
                break;
        }
        feed(model.SerializeAsString());
    }
    EXPECT_GT(imported_, 100);
}

}  // namespace
}  // namespace weft::test
