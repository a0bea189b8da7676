// qoperator_test.cpp
// One network in both of ONNX Runtime's forms, quantized operators and real ones between quantizers: the same Design, the same results.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "src/driver/compile.h"
#include "src/engines/graph_engine.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

struct Form {
    const char* name;
    bool unsigned_activations;
    bool unsigned_weights;
    bool per_channel;
    bool symmetric;
    /// Scales of few bits, so that the product of two is a float32 and the QDQ form can say a bias exactly.
    bool short_scales;
};

/// Writes a network layer by layer, in one of both forms; the drawn numbers do not depend on which.
class Writer {
public:
    Writer(const Form& form, bool quantized_operators) : form_(form), q_(quantized_operators), random_(11), builder_(13, 8) {
        auto& import = *builder_.model.add_opset_import();
        import.set_domain("com.microsoft");
        import.set_version(1);
    }

    /// Integers of that name, with scale and zero point `<scale>_s` and `<scale>_z`.
    struct Value {
        std::string name;
        std::vector<std::int64_t> shape;
        std::string scale;
        float step = 0;
    };

    Value input() {
        builder_.input("x", {1, 3, 10, 10});
        Value value = quantized("xq", {3, 10, 10}, 0.03);
        builder_.node("QuantizeLinear", {"x", "xq_s", "xq_z"}, {"xq"}, "x_quantize");
        return value;
    }

    Value convolution(const std::string& name, const Value& x, std::int64_t outputs, std::int64_t kernel, std::int64_t group, bool bias) {
        const std::int64_t inputs = x.shape[0] / group;
        const std::vector<float> scales = weights(name, {outputs, inputs, kernel, kernel}, 0);
        if (bias) biases(name, x, outputs, scales);
        Value y = quantized(name, {outputs, x.shape[1], x.shape[2]}, 0.05);
        onnx::NodeProto* node = nullptr;
        if (q_) {
            std::vector<std::string> inputs_of{x.name,        x.scale + "_s", x.scale + "_z", name + "_w",
                                               name + "_w_s", name + "_w_z",  y.scale + "_s", y.scale + "_z"};
            if (bias) inputs_of.push_back(name + "_b");
            node = &builder_.node("QLinearConv", inputs_of, {name}, name);
        } else {
            std::vector<std::string> inputs_of{real(x), real_weights(name, 0)};
            if (bias) inputs_of.push_back(real_bias(name));
            node = &builder_.node("Conv", inputs_of, {name + "_real"}, name);
        }
        test::ModelBuilder::attribute(*node, "pads", std::vector<std::int64_t>(4, kernel / 2));
        test::ModelBuilder::attribute(*node, "group", group);
        if (!q_) quantize(y);
        return y;
    }

    Value sum(const std::string& name, const Value& a, const Value& b) {
        Value y = quantized(name, a.shape, 0.06);
        if (q_) {
            microsoft("QLinearAdd",
                      {a.name, a.scale + "_s", a.scale + "_z", b.name, b.scale + "_s", b.scale + "_z", name + "_s", name + "_z"}, name);
        } else {
            builder_.node("Add", {real(a), real(b)}, {name + "_real"}, name);
            quantize(y);
        }
        return y;
    }

    Value concatenation(const std::string& name, const Value& a, const Value& b) {
        Value y = quantized(name, a.shape, 0.055);
        y.shape[0] += b.shape[0];
        auto& node =
            q_ ? microsoft("QLinearConcat",
                           {name + "_s", name + "_z", a.name, a.scale + "_s", a.scale + "_z", b.name, b.scale + "_s", b.scale + "_z"}, name)
               : builder_.node("Concat", {real(a), real(b)}, {name + "_real"}, name);
        test::ModelBuilder::attribute(node, "axis", std::int64_t{1});
        if (!q_) quantize(y);
        return y;
    }

    /// A function of single elements or an average: one input, one output.
    Value one(const std::string& op, const std::string& name, const Value& x, double step, std::vector<std::int64_t> shape) {
        Value y = quantized(name, std::move(shape), step);
        auto& node = q_ ? microsoft("QLinear" + op, {x.name, x.scale + "_s", x.scale + "_z", name + "_s", name + "_z"}, name)
                        : builder_.node(op, {real(x)}, {name + "_real"}, name);
        if (op == "AveragePool") {
            test::ModelBuilder::attribute(node, "kernel_shape", std::vector<std::int64_t>{2, 2});
            test::ModelBuilder::attribute(node, "strides", std::vector<std::int64_t>{2, 2});
        }
        if (op == "Softmax") test::ModelBuilder::attribute(node, "axis", std::int64_t{1});
        if (op == "Softmax" && q_) test::ModelBuilder::attribute(node, "opset", std::int64_t{13});
        if (!q_) quantize(y);
        return y;
    }

    /// Works on integers in both forms.
    Value moved(const std::string& op, const std::string& name, const Value& x, std::vector<std::int64_t> shape) {
        auto& node = builder_.node(op, {x.name}, {name}, name);
        if (op == "MaxPool") {
            test::ModelBuilder::attribute(node, "kernel_shape", std::vector<std::int64_t>{2, 2});
            test::ModelBuilder::attribute(node, "strides", std::vector<std::int64_t>{2, 2});
        }
        return {name, std::move(shape), x.scale, x.step};
    }

    Value dense(const std::string& name, const Value& x, std::int64_t outputs, bool gemm) {
        const std::vector<float> scales = weights(name, {x.shape[0], outputs}, 1);
        if (gemm) biases(name, x, outputs, scales);
        Value y = quantized(name, {outputs}, 0.04);
        if (!q_) {
            std::vector<std::string> inputs{real(x), real_weights(name, 1)};
            if (gemm) inputs.push_back(real_bias(name));
            builder_.node(gemm ? "Gemm" : "MatMul", inputs, {name + "_real"}, name);
            quantize(y);
        } else if (gemm) {
            microsoft(
                "QGemm",
                {x.name, x.scale + "_s", x.scale + "_z", name + "_w", name + "_w_s", name + "_w_z", name + "_b", name + "_s", name + "_z"},
                name);
        } else {
            builder_.node("QLinearMatMul",
                          {x.name, x.scale + "_s", x.scale + "_z", name + "_w", name + "_w_s", name + "_w_z", name + "_s", name + "_z"},
                          {name}, name);
        }
        return y;
    }

    void output(const Value& y) {
        builder_.node("DequantizeLinear", {y.name, y.scale + "_s", y.scale + "_z"}, {"y"}, "y_dequantize");
        std::vector<test::Extent> shape{1};
        for (const std::int64_t extent : y.shape) shape.emplace_back(static_cast<int>(extent));
        builder_.output("y", shape);
    }

    const test::ModelBuilder& builder() const { return builder_; }

private:
    double uniform(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53; }
    float scale_near(double step) {
        const double drawn = step * uniform(0.8, 1.25);
        return static_cast<float>(form_.short_scales ? std::ldexp(std::nearbyint(std::ldexp(drawn, 16)), -16) : drawn);
    }
    onnx::NodeProto& microsoft(const std::string& op, const std::vector<std::string>& inputs, const std::string& name) {
        auto& node = builder_.node(op, inputs, {name}, name);
        node.set_domain("com.microsoft");
        return node;
    }
    void bytes(const std::string& name, int type, const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& values) {
        auto& tensor = builder_.initialiser(name, type, shape);
        for (const std::int64_t value : values) tensor.add_int32_data(static_cast<std::int32_t>(value));
    }
    int activation() const { return form_.unsigned_activations ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8; }

    Value quantized(const std::string& name, std::vector<std::int64_t> shape, double step) {
        Value value{name, std::move(shape), name, scale_near(step)};
        const std::int64_t middle = form_.unsigned_activations ? 128 : 0;
        builder_.floats(name + "_s", {}, {value.step});
        bytes(name + "_z", activation(), {}, {form_.symmetric ? middle : middle + static_cast<std::int64_t>(uniform(-40, 40))});
        return value;
    }
    /// Each reader has a dequantizer of its own.
    std::string real(const Value& value) {
        const int reader = ++readers_[value.name];
        const std::string name = value.name + "_dequantized" + (reader > 1 ? std::to_string(reader) : "");
        builder_.node("DequantizeLinear", {value.name, value.scale + "_s", value.scale + "_z"}, {name});
        return name;
    }
    void quantize(const Value& value) {
        builder_.node("QuantizeLinear", {value.name + "_real", value.name + "_s", value.name + "_z"}, {value.name},
                      value.name + "_quantize");
    }
    std::string real_weights(const std::string& layer, std::int64_t axis) {
        auto& node = builder_.node("DequantizeLinear", {layer + "_w", layer + "_w_s", layer + "_w_z"}, {layer + "_w_real"});
        if (form_.per_channel) test::ModelBuilder::attribute(node, "axis", axis);
        return layer + "_w_real";
    }
    std::string real_bias(const std::string& layer) {
        auto& node = builder_.node("DequantizeLinear", {layer + "_b", layer + "_b_s"}, {layer + "_b_real"});
        if (form_.per_channel) test::ModelBuilder::attribute(node, "axis", std::int64_t{0});
        return layer + "_b_real";
    }

    std::vector<float> weights(const std::string& layer, const std::vector<std::int64_t>& shape, std::size_t axis) {
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        const double fan_in = static_cast<double>(count) / static_cast<double>(shape[axis]);
        const std::int64_t entries = form_.per_channel ? shape[axis] : 1;
        const std::vector<std::int64_t> dims = form_.per_channel ? std::vector{entries} : std::vector<std::int64_t>{};
        std::vector<float> scales;
        std::vector<std::int64_t> zeros, values;
        for (std::int64_t i = 0; i < entries; ++i) {
            scales.push_back(scale_near(std::sqrt(3 / fan_in) / 127));
            zeros.push_back(form_.unsigned_weights ? 128 + (form_.symmetric ? 0 : static_cast<std::int64_t>(uniform(-9, 9))) : 0);
        }
        for (std::int64_t i = 0; i < count; ++i)
            values.push_back(static_cast<std::int64_t>(form_.unsigned_weights ? uniform(0, 255.99) : uniform(-127.99, 127.99)));
        bytes(layer + "_w", form_.unsigned_weights ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8, shape, values);
        bytes(layer + "_w_z", form_.unsigned_weights ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8, dims, zeros);
        builder_.floats(layer + "_w_s", dims, scales);
        return scales;
    }
    void biases(const std::string& layer, const Value& x, std::int64_t outputs, const std::vector<float>& scales) {
        std::vector<float> products;
        for (const float scale : scales) products.push_back(x.step * scale);
        std::vector<std::int64_t> values;
        for (std::int64_t i = 0; i < outputs; ++i)
            values.push_back(static_cast<std::int64_t>(uniform(-0.3, 0.3) / products[form_.per_channel ? static_cast<std::size_t>(i) : 0]));
        bytes(layer + "_b", onnx::TensorProto::INT32, {outputs}, values);
        if (!q_) builder_.floats(layer + "_b_s", form_.per_channel ? std::vector{outputs} : std::vector<std::int64_t>{}, products);
    }

    Form form_;
    bool q_;
    std::mt19937_64 random_;
    test::ModelBuilder builder_;
    std::map<std::string, int> readers_;
};

void write_network(Writer& w) {
    const auto c0 = w.convolution("c0", w.input(), 8, 3, 1, true);
    const auto c1 = w.convolution("c1", c0, 8, 3, 8, true);
    const auto skip = w.sum("skip", w.one("LeakyRelu", "leaky", c1, 0.04, {8, 10, 10}), c0);
    const auto pool = w.moved("MaxPool", "pool", skip, {8, 5, 5});
    const auto left = w.convolution("left", pool, 6, 1, 1, true);
    const auto right = w.one("Sigmoid", "right", w.convolution("gate", pool, 5, 3, 1, false), 1.0 / 256, {5, 5, 5});
    const auto both = w.one("AveragePool", "average", w.concatenation("both", left, right), 0.03, {11, 2, 2});
    const auto global = w.one("GlobalAveragePool", "global", both, 0.02, {11, 1, 1});
    const auto dense = w.dense("dense", w.moved("Flatten", "flat", global, {11}), 7, false);
    w.output(w.one("Softmax", "classes", w.dense("logits", dense, 5, true), 1.0 / 256, {5}));
}

std::string text_of(const TensorBinding& binding) {
    std::string text = binding.tensor + " on " + binding.stream->name;
    if (binding.map)
        for (const std::int32_t at : *binding.map) text += " " + std::to_string(at);
    return text;
}

/// Everything that a Design says but its requantize constants.
std::vector<std::string> text_of(const Design& design) {
    std::vector<std::string> lines;
    for (const auto& stream : design.streams) {
        const StreamShape& s = stream->shape;
        lines.push_back(stream->name + " " + std::to_string(s.rows) + "x" + std::to_string(s.columns) + "x" + std::to_string(s.taps) + "x" +
                        std::to_string(s.channels) + " [" + std::to_string(stream->min) + ", " + std::to_string(stream->max) + "] " +
                        std::to_string(stream->beat.elements()) + " deep " + std::to_string(stream->depth) + " " +
                        std::to_string(stream->rtl_depth));
    }
    for (const auto& unit : design.units) {
        std::string line = std::string(unit->name) + " of";
        for (const std::string& node : unit->nodes) line += " " + node;
        for (const auto& [key, value] : unit->parameters) line += " " + key + "=" + std::to_string(value);
        for (const auto& [key, array] : unit->constants) {
            line += " " + key + ":";
            for (const std::int64_t value : array.data.to_vector()) line += " " + std::to_string(value);
        }
        for (const Stream* stream : unit->inputs) line += " <" + stream->name;
        for (const Stream* stream : unit->outputs) line += " >" + stream->name;
        lines.push_back(line);
    }
    for (const KernelInput& input : design.inputs) lines.push_back(input.name + ": " + text_of(input.binding));
    for (const KernelOutput& output : design.outputs) lines.push_back(output.name + ": " + text_of(output.binding));
    for (const CheckPoint& point : design.check_points) lines.push_back(point.node + ": " + text_of(point.binding));
    return lines;
}

class QOperatorFiles : public testing::TestWithParam<Form> {};

TEST_P(QOperatorFiles, GiveTheDesignOfTheirQdqTwins) {
    const Form& form = GetParam();
    std::vector<std::unique_ptr<Compiled>> both;
    for (const bool quantized_operators : {false, true}) {
        Writer writer(form, quantized_operators);
        write_network(writer);
        const test::TemporaryFolder folder;
        writer.builder().write(folder / "model.onnx");
        auto compiled = compile(folder / "model.onnx", {});
        ASSERT_TRUE(compiled) << quantized_operators << ": " << test::messages(compiled);
        EXPECT_FALSE((*compiled)->model.calibrated);
        const auto check = self_check(**compiled);
        ASSERT_TRUE(check) << test::messages(check);
        EXPECT_TRUE(check->exact()) << check->regions.dump(1);
        EXPECT_GT(check->elements, 5000);
        EXPECT_GE(check->regions.size(), 11U) << check->regions.dump(1);
        both.push_back(*std::move(compiled));
    }
    const Design &qdq = both[0]->design, &qoperator = both[1]->design;
    EXPECT_EQ(text_of(qoperator), text_of(qdq));
    ASSERT_EQ(qoperator.units.size(), qdq.units.size());
    if (form.short_scales) {
        for (std::size_t i = 0; i < qdq.units.size(); ++i) EXPECT_EQ(qoperator.units[i]->requantize, qdq.units[i]->requantize) << i;
    }

    const std::vector<double> low{-4}, high{4};
    constexpr std::int64_t images = 40;
    const auto samples = random_inputs(both[0]->model.quantized, low, high, images, 3);
    std::vector<Tensor> results;
    for (const auto& compiled : both) {
        const auto engine = IntegerEngine::make(compiled->model.quantized, compiled->design);
        ASSERT_TRUE(engine) << test::messages(engine);
        auto outputs = (*engine)->run(samples, images, {});
        ASSERT_TRUE(outputs) << test::messages(outputs);
        results.push_back(std::move(outputs->front().tensor));
    }
    EXPECT_EQ(results[1], results[0]);
    std::set<double> distinct;
    for (std::int64_t i = 0; i < results[0].size(); ++i) distinct.insert(results[0].at(i));
    EXPECT_GT(distinct.size(), 10U);

    // The file's own operators, which know nothing of the real form: at most a step of the last quantizer away.
    GraphEngine floats(both[1]->model.source, DataType::float32);
    const auto outputs = floats.run(samples, images, {});
    ASSERT_TRUE(outputs) << test::messages(outputs);
    double largest = 0;
    for (std::int64_t i = 0; i < results[0].size(); ++i)
        largest = std::max(largest, std::abs(outputs->front().tensor.at(i) - results[1].at(i)));
    EXPECT_LT(largest, 0.03);
}

INSTANTIATE_TEST_SUITE_P(Forms, QOperatorFiles,
                         testing::Values(Form{"s8s8", false, false, false, true, true},
                                         Form{"s8s8_per_channel", false, false, true, false, true},
                                         Form{"u8s8_per_channel", true, false, true, false, true},
                                         Form{"u8u8", true, true, false, false, true},
                                         Form{"u8u8_per_channel", true, true, true, false, true},
                                         Form{"u8s8_per_channel_long_scales", true, false, true, false, false},
                                         Form{"s8s8_long_scales", false, false, false, false, false}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace weft
