// quantize_static_test.cpp
// Networks as ONNX Runtime's quantize_static writes them in QDQ form, rebuilt here node by node: the contract equals its oracle.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "src/driver/compile.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

/// The tool's options: types of activations and weights, and scales per channel or per tensor.
struct Types {
    const char* name;
    bool unsigned_activations;
    bool unsigned_weights;
    bool per_channel;
};

/// Writes float layers as the tool does: every activation quantized and dequantized under names made from its own, weights and biases
/// dequantized in front, Relu gone into the range of what it follows, views and max pooling with the scale of their input.
class QuantizeStatic {
public:
    explicit QuantizeStatic(const Types& types) : types_(types), random_(types.name[0] + 7 * types.per_channel), builder_(17, 8) {
        for (const char* domain : {"ai.onnx.ml", "com.microsoft", "ai.onnx.preview.training", "org.pytorch.aten"}) {
            auto& import = *builder_.model.add_opset_import();
            import.set_domain(domain);
            import.set_version(1);
        }
        builder_.model.set_producer_name("onnx.quantize");
    }

    /// An activation: its name in the float network, its shape without the batch, and the range that calibration saw.
    struct Value {
        std::string name;
        std::vector<std::int64_t> shape;
        double low = 0, high = 0;
        std::string scale;  ///< Prefix of its quantizer's constants; shared behind views.
    };

    Value input(std::vector<std::int64_t> shape) {
        std::vector<test::Extent> extents{"batch"};
        for (const std::int64_t extent : shape) extents.push_back(static_cast<int>(extent));
        builder_.input("x", extents);
        Value x{"x", std::move(shape), -3.7, 4.1, {}};
        quantize(x);
        return x;
    }

    Value convolution(const std::string& name, const Value& x, std::int64_t outputs, std::int64_t kernel, std::vector<std::int64_t> pads,
                      std::vector<std::int64_t> strides, std::int64_t group, bool relu) {
        const std::int64_t inputs = x.shape[0] / group;
        const std::string weights = parameters(name, x, {outputs, inputs, kernel, kernel}, 0);
        auto& node = builder_.node("Conv", {dequantized(x), weights, name + "_b"}, {name}, name);
        test::ModelBuilder::attribute(node, "pads", pads);
        test::ModelBuilder::attribute(node, "strides", strides);
        test::ModelBuilder::attribute(node, "group", group);
        text_attribute(node, "auto_pad", "NOTSET");
        const double reach = std::max(-x.low, x.high) * std::sqrt(3.0);
        Value y{name,
                {outputs, (x.shape[1] + pads[0] + pads[2] - kernel) / strides[0] + 1,
                 (x.shape[2] + pads[1] + pads[3] - kernel) / strides[1] + 1},
                relu ? 0 : -0.6 * reach,
                0.5 * reach,
                {}};
        quantize(y);
        return y;
    }

    /// A dense layer; `transposed` as Gemm has it, else as the tool fuses MatMul and Add.
    Value dense(const std::string& name, const Value& x, std::int64_t outputs, bool transposed) {
        const std::int64_t inputs = x.shape[0];
        const std::string weights = transposed ? parameters(name, x, {outputs, inputs}, 0) : parameters(name, x, {inputs, outputs}, 1);
        auto& node =
            builder_.node("Gemm", {dequantized(x), weights, name + "_b"}, {name + "_QuantizeLinear_Input"}, name + "/MatMulAddFusion");
        test::ModelBuilder::attribute(node, "transB", transposed ? std::int64_t{1} : std::int64_t{0});
        real_attribute(node, "alpha", 1);
        real_attribute(node, "beta", 1);
        const double reach = std::max(-x.low, x.high);
        return {name, {outputs}, -reach, reach, {}};
    }

    Value function(const std::string& op, const std::string& name, const Value& x, double low, double high, bool named = true) {
        auto& node = builder_.node(op, {dequantized(x)}, {name}, named ? name + "_node" : "");
        if (op == "HardSigmoid") {
            real_attribute(node, "alpha", 1.0F / 6);
            real_attribute(node, "beta", 0.5);
        }
        if (op == "LeakyRelu") real_attribute(node, "alpha", 0.1F);
        Value y{name, x.shape, low, high, {}};
        quantize(y);
        return y;
    }

    Value two(const std::string& op, const std::string& name, const Value& a, const Value& b, double low, double high, bool named = true) {
        builder_.node(op, {dequantized(a), dequantized(b)}, {name}, named ? name + "_node" : "");
        Value y{name, a.shape, low, high, {}};
        quantize(y);
        return y;
    }

    Value concatenation(const std::string& name, const Value& a, const Value& b) {
        auto& node = builder_.node("Concat", {dequantized(a), dequantized(b)}, {name}, name);
        test::ModelBuilder::attribute(node, "axis", std::int64_t{1});
        Value y{name, a.shape, std::min(a.low, b.low), std::max(a.high, b.high), {}};
        y.shape[0] += b.shape[0];
        quantize(y);
        return y;
    }

    /// Max pooling and average pooling keep the scale of their input; a global average gets its own.
    Value pooling(const std::string& op, const std::string& name, const Value& x, std::int64_t kernel, std::int64_t stride,
                  std::int64_t pad) {
        auto& node = builder_.node(op, {dequantized(x)}, {name}, name);
        test::ModelBuilder::attribute(node, "kernel_shape", std::vector<std::int64_t>{kernel, kernel});
        test::ModelBuilder::attribute(node, "strides", std::vector<std::int64_t>{stride, stride});
        test::ModelBuilder::attribute(node, "pads", std::vector<std::int64_t>{pad, pad, 0, 0});
        Value y = x;
        y.name = name;
        for (std::size_t i = 1; i < 3; ++i) y.shape[i] = (x.shape[i] + pad - kernel) / stride + 1;
        quantize(y);
        return y;
    }
    Value global_average(const std::string& name, const Value& x, bool reduce) {
        auto& node = builder_.node(reduce ? "ReduceMean" : "GlobalAveragePool", {dequantized(x)}, {name}, name);
        if (reduce) {
            test::ModelBuilder::attribute(node, "axes", std::vector<std::int64_t>{2, 3});
            test::ModelBuilder::attribute(node, "keepdims", std::int64_t{0});
        }
        Value y{name, {x.shape[0]}, 0.25 * x.low, 0.5 * x.high, {}};
        if (!reduce) y.shape = {x.shape[0], 1, 1};
        quantize(y);
        return y;
    }
    Value flatten(const std::string& name, const Value& x) {
        auto& node = builder_.node("Flatten", {dequantized(x)}, {name}, name);
        test::ModelBuilder::attribute(node, "axis", std::int64_t{1});
        Value y = x;
        y.name = name;
        y.shape = {1};
        for (const std::int64_t extent : x.shape) y.shape[0] *= extent;
        quantize(y);
        return y;
    }

    /// The network's output: its last quantizer dequantizes under the output's own name.
    void output(Value y) {
        constants(y);
        builder_.node("QuantizeLinear", {y.name + "_QuantizeLinear_Input", y.scale + "_scale", y.scale + "_zero_point"},
                      {y.name + "_QuantizeLinear_Output"}, y.name + "_QuantizeLinear");
        builder_.node("DequantizeLinear", {y.name + "_QuantizeLinear_Output", y.scale + "_scale", y.scale + "_zero_point"}, {y.name},
                      y.name + "_DequantizeLinear");
        builder_.output(y.name, {"batch", static_cast<int>(y.shape[0])});
    }

    const test::ModelBuilder& builder() const { return builder_; }

private:
    static std::string dequantized(const Value& x) { return x.name + "_DequantizeLinear_Output"; }
    int activation_type() const { return types_.unsigned_activations ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8; }
    double uniform(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53; }

    static void text_attribute(onnx::NodeProto& node, const char* name, const char* value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::STRING);
        attribute.set_s(value);
    }
    static void real_attribute(onnx::NodeProto& node, const char* name, float value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::FLOAT);
        attribute.set_f(value);
    }

    void bytes(const std::string& name, int type, const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& values) {
        std::string raw;
        for (const std::int64_t value : values) {
            const auto word = static_cast<std::uint32_t>(value);
            for (int byte = 0; byte < (type == onnx::TensorProto::INT32 ? 4 : 1); ++byte)
                raw.push_back(static_cast<char>(word >> 8 * byte));
        }
        builder_.initialiser(name, type, shape).set_raw_data(raw);
    }

    /// Scale and zero point of an activation, unless it shares another's.
    void constants(Value& value) {
        if (!value.scale.empty()) return;
        value.scale = value.name;
        const double low = std::min(value.low, 0.0), high = std::max(value.high, 0.0);
        const auto scale = static_cast<float>((high - low) / 255);
        const auto zero = static_cast<std::int64_t>(std::lround(-low / scale)) - (types_.unsigned_activations ? 0 : 128);
        builder_.floats(value.scale + "_scale", {}, {scale});
        bytes(value.scale + "_zero_point", activation_type(), {}, {zero});
        scales_[value.scale] = scale;
    }
    void quantize(Value& value) {
        constants(value);
        builder_.node("QuantizeLinear", {value.name, value.scale + "_scale", value.scale + "_zero_point"},
                      {value.name + "_QuantizeLinear_Output"}, value.name + "_QuantizeLinear");
        builder_.node("DequantizeLinear", {value.name + "_QuantizeLinear_Output", value.scale + "_scale", value.scale + "_zero_point"},
                      {dequantized(value)}, value.name + "_DequantizeLinear");
    }

    /// Weights of a layer along `axis`, and its bias with the scale that their product has; returns the name of the dequantized weights.
    std::string parameters(const std::string& layer, const Value& x, const std::vector<std::int64_t>& shape, std::size_t axis) {
        const std::string name = layer + "_w";
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        const std::int64_t outputs = shape[axis], entries = types_.per_channel ? outputs : 1;
        const std::vector<std::int64_t> dims = types_.per_channel ? std::vector<std::int64_t>{outputs} : std::vector<std::int64_t>{};
        const double reach = std::sqrt(3.0 * static_cast<double>(outputs) / static_cast<double>(count));
        std::vector<float> scale, bias_scale;
        std::vector<std::int64_t> zero, bias, values;
        for (std::int64_t i = 0; i < entries; ++i) {
            scale.push_back(static_cast<float>(reach * uniform(0.7, 1.3) / 127));
            zero.push_back(types_.unsigned_weights ? 128 + static_cast<std::int64_t>(uniform(-9, 9)) : 0);
            bias_scale.push_back(static_cast<float>(scales_.at(x.scale)) * scale.back());
        }
        for (std::int64_t i = 0; i < count; ++i)
            values.push_back(static_cast<std::int64_t>(types_.unsigned_weights ? uniform(0, 255.99) : uniform(-127.99, 127.99)));
        for (std::int64_t i = 0; i < outputs; ++i)
            bias.push_back(
                static_cast<std::int64_t>(uniform(-0.2, 0.2) / bias_scale[types_.per_channel ? static_cast<std::size_t>(i) : 0]));
        const int type = types_.unsigned_weights ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8;
        bytes(name + "_quantized", type, shape, values);
        bytes(name + "_zero_point", type, dims, zero);
        builder_.floats(name + "_scale", dims, scale);
        dequantize(name + "_quantized", name + "_scale", name + "_zero_point", name + "_DequantizeLinear_Output", axis);
        bytes(layer + "_b_quantized", onnx::TensorProto::INT32, {outputs}, bias);
        bytes(layer + "_b_quantized_zero_point", onnx::TensorProto::INT32, dims,
              std::vector<std::int64_t>(static_cast<std::size_t>(entries)));
        // A scale for all channels is a vector of one element here.
        builder_.floats(layer + "_b_quantized_scale", {entries}, bias_scale);
        dequantize(layer + "_b_quantized", layer + "_b_quantized_scale", layer + "_b_quantized_zero_point", layer + "_b", 0);
        return name + "_DequantizeLinear_Output";
    }
    void dequantize(const std::string& from, const std::string& scale, const std::string& zero, const std::string& to, std::size_t axis) {
        auto& node = builder_.node("DequantizeLinear", {from, scale, zero}, {to}, to + "_node");
        if (types_.per_channel) test::ModelBuilder::attribute(node, "axis", static_cast<std::int64_t>(axis));
    }

    Types types_;
    std::mt19937_64 random_;
    test::ModelBuilder builder_;
    std::map<std::string, float> scales_;
};

using Network = void (*)(QuantizeStatic&);

/// x * sigmoid(x), and the hard one as the tool inlines it: nodes without names.
void silu(QuantizeStatic& q) {
    const auto x = q.input({3, 12, 12});
    const auto c1 = q.convolution("c1", x, 8, 3, {1, 1, 1, 1}, {1, 1}, 1, false);
    const auto s1 = q.function("Sigmoid", "s1", c1, 0, 0.99);
    const auto m1 = q.two("Mul", "m1", c1, s1, -0.278, 0.9 * c1.high);
    const auto c2 = q.convolution("c2", m1, 10, 3, {0, 0, 1, 1}, {2, 2}, 1, false);
    const auto hard = q.function("HardSigmoid", "_inlfunc_HardSwish_HS_X", c2, 0, 0.9, false);
    const auto h2 = q.two("Mul", "h2", c2, hard, -0.375, 0.8 * c2.high, false);
    q.output(q.dense("y", q.flatten("f", q.global_average("g", h2, false)), 5, true));
}

void concat(QuantizeStatic& q) {
    const auto x = q.input({3, 12, 12});
    const auto r0 = q.convolution("r0", x, 6, 3, {1, 1, 1, 1}, {1, 1}, 1, true);
    const auto r1 = q.convolution("r1", r0, 7, 3, {1, 1, 1, 1}, {1, 1}, 1, true);
    const auto c2 = q.convolution("c2", r0, 5, 1, {0, 0, 0, 0}, {1, 1}, 1, false);
    const auto r2 = q.function("LeakyRelu", "r2", c2, 0.1 * c2.low, c2.high);
    const auto p = q.pooling("MaxPool", "p", q.concatenation("k", r1, r2), 3, 2, 1);
    const auto c3 = q.convolution("c3", p, 9, 3, {0, 1, 2, 1}, {2, 1}, 1, false);
    const auto a = q.pooling("AveragePool", "a", c3, 2, 1, 1);
    q.output(q.dense("y", q.flatten("f", a), 4, true));
}

void residual(QuantizeStatic& q) {
    const auto x = q.input({3, 12, 12});
    const auto r0 = q.convolution("r0", x, 8, 3, {1, 1, 1, 1}, {1, 1}, 1, true);
    const auto c1 = q.convolution("c1", r0, 8, 3, {1, 1, 1, 1}, {1, 1}, 1, false);
    const auto ra = q.two("Add", "ra", c1, r0, 0, 0.7 * (c1.high + r0.high));  // with the Relu behind it
    const auto cl = q.convolution("cl", ra, 8, 3, {1, 1, 1, 1}, {1, 1}, 8, true);
    q.output(q.dense("y", q.global_average("g", cl, true), 5, false));
}

struct NamedNetwork {
    const char* name;
    Network build;
    std::size_t least_regions;
};

class QuantizeStaticFiles : public testing::TestWithParam<std::tuple<NamedNetwork, Types>> {};

TEST_P(QuantizeStaticFiles, ContractEqualsOracle) {
    const auto& [network, types] = GetParam();
    QuantizeStatic writer(types);
    network.build(writer);
    const test::TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    writer.builder().write(path);

    const auto compiled = compile(path, {});
    ASSERT_TRUE(compiled) << test::messages(compiled);
    EXPECT_FALSE((*compiled)->model.calibrated);
    const auto check = self_check(**compiled);
    ASSERT_TRUE(check) << test::messages(check);
    EXPECT_TRUE(check->exact()) << check->regions.dump(1);
    EXPECT_GT(check->elements, 1000);
    EXPECT_GE(check->regions.size(), network.least_regions) << check->regions.dump(1);
    // All of it is in the kernel, but for the dequantizer at its end.
    ASSERT_EQ((*compiled)->design.outputs.size(), 1U);
    EXPECT_EQ((*compiled)->design.outputs[0].name, "y");
    EXPECT_TRUE((*compiled)->design.outputs[0].quantized);

    // The data are no degenerate ones: what reaches the end still tells images apart.
    const std::vector<double> low{-3.7}, high{4.1};
    constexpr std::int64_t images = 8;
    const Graph& graph = (*compiled)->model.quantized;
    const auto samples = random_inputs(graph, low, high, images, 5);
    const auto engine = IntegerEngine::make(graph, (*compiled)->design, false);
    ASSERT_TRUE(engine) << test::messages(engine);
    std::set<std::vector<std::int32_t>> results;
    for (std::int64_t image = 0; image < images; ++image) {
        const auto streams = (*engine)->all_streams(std::vector<Tensor>{sample_of(samples[0].tensor, image, *graph.inputs[0])});
        ASSERT_TRUE(streams) << test::messages(streams);
        for (std::size_t s = 0; s < streams->size(); ++s)
            if ((*compiled)->design.streams[s].get() == (*compiled)->design.outputs[0].binding.stream) results.insert((*streams)[s].data);
    }
    EXPECT_GT(results.size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Files, QuantizeStaticFiles,
                         testing::Combine(testing::Values(NamedNetwork{"silu", silu, 6}, NamedNetwork{"concat", concat, 7},
                                                          NamedNetwork{"residual", residual, 6}),
                                          testing::Values(Types{"s8s8_per_channel", false, false, true}, Types{"u8s8", true, false, false},
                                                          Types{"u8s8_per_channel", true, false, true}, Types{"u8u8", true, true, false},
                                                          Types{"u8u8_per_channel", true, true, true})),
                         [](const auto& info) { return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name; });

}  // namespace
}  // namespace weft
