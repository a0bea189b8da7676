// qonnx_test.cpp
// Networks of QONNX's quantizers, written here node by node: the contract equals its oracle and the file's own float evaluation.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "src/driver/compile.h"
#include "src/driver/evaluate_run.h"
#include "src/emit/manifest.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/graph/evaluate.h"
#include "src/onnx/export.h"
#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

using testing::HasSubstr;

/// Writes layers as Brevitas and FINN do. Scales are powers of two unless a test asks otherwise: evaluation in double is then exact.
class QonnxFile {
public:
    explicit QonnxFile(std::string domain, bool imports_domain = true) : domain_(std::move(domain)), random_(domain_.size() + 17) {
        if (!imports_domain || domain_.empty()) return;
        auto& import = *builder.model.add_opset_import();
        import.set_domain(domain_);
        import.set_version(1);
    }

    test::ModelBuilder builder{13};

    onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
        auto& node = builder.node(op, inputs, {output}, output + "_node");
        node.set_domain(domain_);
        return node;
    }
    std::string number(float value) { return vector({}, {value}); }
    std::string vector(const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
        const std::string name = "constant_" + std::to_string(constants_++);
        builder.floats(name, shape, values);
        return name;
    }
    std::vector<float> draw(std::size_t count, double low, double high) {
        std::vector<float> values(count);
        for (float& value : values) value = static_cast<float>(std::uniform_real_distribution<double>(low, high)(random_));
        return values;
    }

    std::string quant(const std::string& x, const std::string& y, float scale, float bits, std::int64_t is_signed = 1,
                      std::int64_t narrow = 0, const char* mode = "ROUND", float zero = 0, const char* op = "Quant") {
        return quant(x, y, number(scale), bits, is_signed, narrow, mode, zero, op);
    }
    std::string quant(const std::string& x, const std::string& y, const std::string& scale, float bits, std::int64_t is_signed = 1,
                      std::int64_t narrow = 0, const char* mode = "ROUND", float zero = 0, const char* op = "Quant") {
        auto& made = node(op, {x, scale, number(zero), number(bits)}, y);
        test::ModelBuilder::attribute(made, "signed", is_signed);
        test::ModelBuilder::attribute(made, "narrow", narrow);
        text(made, "rounding_mode", mode);
        return y;
    }
    std::string bipolar(const std::string& x, const std::string& y, float scale) {
        node("BipolarQuant", {x, number(scale)}, y);
        return y;
    }
    std::string thresholds(const std::string& x, const std::string& y, const std::vector<std::int64_t>& shape, std::vector<float> values,
                           float scale, float bias, const char* layout = "NCHW") {
        const auto count = static_cast<std::ptrdiff_t>(shape[1]);
        for (auto row = values.begin(); row != values.end(); row += count) std::sort(row, row + count);
        auto& made = node("MultiThreshold", {x, vector(shape, values)}, y);
        text(made, "out_dtype", "INT4");
        text(made, "data_layout", layout);
        real(made, "out_scale", scale);
        real(made, "out_bias", bias);
        return y;
    }
    std::string weight(const std::string& name, const std::vector<std::int64_t>& shape, float reach = 1) {
        std::size_t count = 1;
        for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
        builder.floats(name, shape, draw(count, -reach, reach));
        return name;
    }
    std::string conv(const std::string& x, const std::string& w, const std::string& y, std::int64_t pad, std::int64_t stride = 1,
                     const std::string& bias = "", std::int64_t group = 1) {
        std::vector<std::string> inputs{x, w};
        if (!bias.empty()) inputs.push_back(bias);
        auto& made = builder.node("Conv", inputs, {y}, y);
        test::ModelBuilder::attribute(made, "pads", std::vector<std::int64_t>(4, pad));
        test::ModelBuilder::attribute(made, "strides", std::vector<std::int64_t>(2, stride));
        test::ModelBuilder::attribute(made, "group", group);
        return y;
    }
    /// Statistics whose factor and mean are short binary fractions.
    std::string batch_norm(const std::string& x, const std::string& y, std::int64_t channels, bool falling = false) {
        const auto count = static_cast<std::size_t>(channels);
        std::vector<float> gamma(count), beta(count), mean(count), variance(count, 1);
        for (std::size_t c = 0; c < count; ++c) {
            gamma[c] = (falling && c % 2 ? -1.0f : 1.0f) * (c % 3 ? 0.5f : 0.25f);
            beta[c] = static_cast<float>(c % 4) * 0.125f - 0.25f;
            mean[c] = static_cast<float>(c % 5) - 2;
        }
        auto& made = builder.node(
            "BatchNormalization",
            {x, vector({channels}, gamma), vector({channels}, beta), vector({channels}, mean), vector({channels}, variance)}, {y}, y);
        real(made, "epsilon", 0);
        return y;
    }
    std::string simple(const std::string& op, const std::vector<std::string>& inputs, const std::string& y) {
        builder.node(op, inputs, {y}, y);
        return y;
    }
    std::string pool(const std::string& op, const std::string& x, const std::string& y, std::int64_t kernel) {
        auto& made = builder.node(op, {x}, {y}, y);
        test::ModelBuilder::attribute(made, "kernel_shape", std::vector<std::int64_t>(2, kernel));
        test::ModelBuilder::attribute(made, "strides", std::vector<std::int64_t>(2, kernel));
        return y;
    }
    static void text(onnx::NodeProto& node, const char* name, const char* value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::STRING);
        attribute.set_s(value);
    }
    static void real(onnx::NodeProto& node, const char* name, float value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::FLOAT);
        attribute.set_f(value);
    }

private:
    std::string domain_;
    std::mt19937_64 random_;
    int constants_ = 0;
};

std::string design_text(const Design& design) { return to_json(design).dump(1); }

/// Compiles, compares with the oracle region by region and, over whole images, with the float evaluation of the file in double; reads the
/// exported model again. `least_equal`: the share of output elements that must be the same reals (1 where evaluation is exact).
std::unique_ptr<Compiled> expect_exact(const QonnxFile& file, double low, double high, double least_equal = 1) {
    const test::TemporaryFolder folder;
    file.builder.write(folder / "model.onnx");
    auto compiled = compile(folder / "model.onnx", {});
    EXPECT_TRUE(compiled) << test::messages(compiled);
    if (!compiled) return nullptr;
    const auto check = self_check(**compiled);
    EXPECT_TRUE(check) << test::messages(check);
    if (!check) return nullptr;
    EXPECT_TRUE(check->exact()) << check->regions.dump(1);
    EXPECT_GT(check->elements, 0);
    EXPECT_LE(check->ties * 50, check->elements) << check->regions.dump(1);

    const Graph& source = (*compiled)->model.source;
    const auto engine = IntegerEngine::make((*compiled)->model.quantized, (*compiled)->design, false);
    EXPECT_TRUE(engine) << test::messages(engine);
    if (!engine) return nullptr;
    const std::vector<double> lows(source.inputs.size(), low), highs(source.inputs.size(), high);
    const auto samples = random_inputs(source, lows, highs, 6, 3);
    const auto found = (*engine)->run(samples, 6, {});
    EXPECT_TRUE(found) << test::messages(found);
    if (!found) return nullptr;
    const std::vector<double> reals = (*found)[0].tensor.to_doubles();
    std::size_t equal = 0, at = 0;
    for (std::int64_t image = 0; image < 6; ++image) {
        std::vector<Tensor> inputs;
        for (std::size_t i = 0; i < samples.size(); ++i) inputs.push_back(sample_of(samples[i].tensor, image, *source.inputs[i]));
        const auto wanted = Evaluator(source, DataType::float64).run(inputs);
        EXPECT_TRUE(wanted) << test::messages(wanted);
        if (!wanted) return nullptr;
        for (const double real : (*wanted)[0].to_doubles()) {
            if (at < reals.size() && std::fabs(reals[at] - real) <= 1e-6 * std::max(1.0, std::fabs(real))) ++equal;
            ++at;
        }
    }
    EXPECT_EQ(at, reals.size());
    const std::size_t elements = at;
    const std::set<double> seen(reals.begin(), reals.end());
    EXPECT_GE(static_cast<double>(equal), least_equal * static_cast<double>(elements)) << equal << " of " << elements;
    EXPECT_GT(seen.size(), 2U) << "the outputs tell nothing apart";

    const Status written = export_model((*compiled)->model.quantized, folder / "again.onnx");
    EXPECT_TRUE(written) << test::messages(written);
    const auto again = compile(folder / "again.onnx", {});
    EXPECT_TRUE(again) << test::messages(again);
    if (!again) return nullptr;
    (*again)->design.name = (*compiled)->design.name;
    EXPECT_EQ(design_text((*again)->design), design_text((*compiled)->design));
    return *std::move(compiled);
}

std::int64_t parameter(const Compiled& compiled, const char* unit, const char* name) {
    for (const auto& made : compiled.design.units)
        if (made->def->name == unit) return made->parameter(name);
    ADD_FAILURE() << "no unit " << unit;
    return 0;
}

/// One bit weights and activations: the sign of sums.
QonnxFile binary_network(const std::string& domain) {
    QonnxFile q(domain);
    q.builder.input("x", {"N", 3, 8, 8});
    q.quant("x", "xq", 1.0f / 64, 8);
    q.conv("xq", q.bipolar(q.weight("w1", {8, 3, 3, 3}), "w1q", 0.5f), "c1", 1);
    q.bipolar(q.batch_norm("c1", "n1", 8, true), "a1", 0.25f);
    q.conv("a1", q.quant(q.weight("w2", {10, 8, 3, 3}), "w2q", 0.125f, 1), "c2", 0);
    q.quant(q.batch_norm("c2", "n2", 10), "a2", 1, 1);
    q.pool("MaxPool", "a2", "p", 2);
    q.simple("Flatten", {"p"}, "f");
    q.simple("MatMul", {"f", q.bipolar(q.weight("w3", {90, 5}), "w3q", 1)}, "y");
    q.builder.output("y", {"N", 5});
    return q;
}

TEST(Qonnx, OneBitWeightsAndActivations) {
    for (const char* domain : {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas", ""}) {
        SCOPED_TRACE(domain);
        const auto compiled = expect_exact(binary_network(domain), -1.5, 1.5);
        if (!compiled) return;
        EXPECT_EQ(parameter(*compiled, "matvec", "WeightBits"), 2);
        // What a sign gives is -1 and 1 on its stream.
        const auto at = std::find_if(compiled->design.streams.begin(), compiled->design.streams.end(),
                                     [](const auto& stream) { return stream->name == "c1"; });
        ASSERT_NE(at, compiled->design.streams.end());
        EXPECT_EQ((*at)->min, -1);
        EXPECT_EQ((*at)->max, 1);
    }
}

QonnxFile ternary_network() {
    QonnxFile q("onnx.brevitas", false);
    q.builder.input("x", {1, 4, 7, 7});
    q.simple("Mul", {"x", q.number(2)}, "m");
    q.simple("Sub", {"m", q.number(1)}, "s");
    q.quant("s", "xq", 0.0625f, 4, 1, 1);
    q.conv("xq", q.quant(q.weight("w1", {6, 4, 3, 3}), "w1q", 0.5f, 2, 1, 1), "c1", 1, 1,
           q.quant(q.weight("b1", {6}), "b1q", 1.0f / 256, 16));
    q.quant(q.simple("Relu", {"c1"}, "r1"), "a1", 0.25f, 2, 0);
    q.conv("a1", q.quant(q.weight("w2", {6, 1, 3, 3}), "w2q", 0.5f, 2, 1, 1), "c2", 1, 2,
           q.quant(q.weight("b2", {6}), "b2q", 1.0f / 1024, 32), 6);
    q.quant("c2", "a2", 0.125f, 3, 1, 0, "ROUND", 0, "IntQuant");
    q.simple("GlobalAveragePool", {"a2"}, "g");
    q.simple("Flatten", {"g"}, "y");
    q.builder.output("y", {1, 6});
    return q;
}

TEST(Qonnx, TernaryWeightsAndWideBiases) {
    const auto compiled = expect_exact(ternary_network(), -0.5, 1.5);
    if (!compiled) return;
    EXPECT_EQ(parameter(*compiled, "matvec", "WeightBits"), 2);
    EXPECT_EQ(parameter(*compiled, "depthwise", "WeightBits"), 2);
    for (const char* bias : {"b1q", "b2q"}) {
        const Node* made = compiled->model.quantized.find(bias)->producer;
        ASSERT_TRUE(made);
        EXPECT_EQ(made->input(0)->type, DataType::int32);
    }
}

TEST(Qonnx, FloorAndCeilingOfSumsAndLayers) {
    for (const char* mode : {"FLOOR", "CEIL", "ROUND"}) {
        for (const float zero : {0.0f, 3.0f, 4.0f}) {
            SCOPED_TRACE(std::string(mode) + std::to_string(zero));
            QonnxFile q("qonnx.custom_op.general");
            q.builder.input("x", {1, 4, 6, 6});
            q.quant("x", "xq", 0.125f, 6, 1, 0, mode, zero);
            const std::string scales = q.vector({5, 1, 1, 1}, {0.25f, 0.125f, 0.5f, 0.0625f, 1});
            q.conv("xq", q.quant(q.weight("w1", {5, 4, 3, 3}), "w1q", scales, 4, 1, 1), "c1", 1);
            q.quant(q.batch_norm("c1", "n1", 5, true), "a1", 0.5f, 5, 1, 0, mode, zero);
            q.conv("a1", q.quant(q.weight("w2", {5, 5, 1, 1}), "w2q", q.vector({1, 1, 1, 1}, {0.25f}), 4, 1, 1), "c2", 0);
            q.quant("c2", "a2", 0.25f, 7, 1, 0, mode, zero);
            q.simple("Add", {"a1", "a2"}, "s");
            q.quant(q.simple("Relu", {"s"}, "r"), "a3", 1, 4, 0, 1, mode, zero);
            q.conv("a3", q.quant(q.weight("w3", {3, 5, 3, 3}), "w3q", 0.25f, 4), "y", 0);
            q.builder.output("y", {1, 3, 4, 4});
            expect_exact(q, -4, 4);
        }
    }
}

TEST(Qonnx, FloorWithScalesOfNoPowerOfTwo) {
    for (const char* mode : {"FLOOR", "CEIL"}) {
        SCOPED_TRACE(mode);
        QonnxFile q("qonnx.custom_op.general");
        q.builder.input("x", {1, 3, 9, 9});
        q.quant("x", "xq", 0.0173f, 8, 1, 0, mode);
        std::vector<float> scales = q.draw(7, 0.01, 0.03);
        q.conv("xq", q.quant(q.weight("w1", {7, 3, 3, 3}), "w1q", q.vector({7, 1, 1, 1}, scales), 6, 1, 1), "c1", 1);
        q.quant(q.simple("Relu", {"c1"}, "r1"), "a1", 0.0311f, 8, 0, 0, mode);
        // The same grid again: every value is an integer of it, where a floor in floating point may fall either way.
        q.quant("a1", "a2", 0.0311f, 8, 0, 0, mode);
        q.conv("a2", q.quant(q.weight("w2", {4, 7, 3, 3}), "w2q", 0.019f, 8), "c2", 0);
        q.quant("c2", "y", 0.0713f, 8, 1, 0, mode);
        q.builder.output("y", {1, 4, 7, 7});
        expect_exact(q, -2, 2, 0.97);
    }
}

QonnxFile threshold_network() {
    QonnxFile q("finn.custom_op.general");
    q.builder.input("x", {1, 3, 8, 8});
    q.thresholds("x", "a0", {1, 15}, q.draw(15, -2, 2), 1, -8);
    q.conv("a0", q.quant(q.weight("w1", {6, 3, 3, 3}, 7), "w1q", 1, 4, 1, 1), "c1", 1);
    q.thresholds("c1", "a1", {6, 15}, q.draw(90, -200, 200), 0.5f, 0.25f);
    q.conv("a1", q.quant(q.weight("w2", {5, 6, 3, 3}, 3), "w2q", 1, 3), "c2", 0);
    q.thresholds(q.batch_norm("c2", "n2", 5, true), "a2", {5, 7}, q.draw(35, -40, 40), -1, 3);
    q.simple("Flatten", {"a2"}, "f");
    q.simple("MatMul", {"f", q.quant(q.weight("w3", {180, 4}), "w3q", 0.5f, 2, 1, 1)}, "m");
    q.thresholds("m", "y", {1, 6}, q.draw(6, -60, 60), 2, -1.25f);
    q.builder.output("y", {1, 4});
    return q;
}

/// A residual block whose sums meet the skip before anything quantizes them.
QonnxFile residual_network(bool common_grid) {
    QonnxFile q("qonnx.custom_op.general", false);
    q.builder.input("x", {1, 3, 8, 8});
    q.quant("x", "xq", 0.125f, 5);
    q.conv("xq", q.quant(q.weight("w0", {6, 3, 3, 3}), "w0q", 0.5f, 2, 1, 1), "c0", 1);
    q.quant(q.simple("Relu", {"c0"}, "r0"), "a0", common_grid ? 0.25f : 0.2501f, 4, 0);
    const std::string scales = q.vector({6, 1, 1, 1}, common_grid ? std::vector<float>{0.25f, 0.5f, 0.25f, 0.125f, 1, 0.5f}
                                                                  : std::vector<float>{0.21f, 0.5f, 0.3f, 0.1f, 1, 0.7f});
    q.conv("a0", q.quant(q.weight("w1", {6, 6, 3, 3}), "w1q", scales, 3, 1, 1), "c1", 1, 1,
           q.quant(q.weight("b1", {6}), "b1q", 1.0f / 64, 32));
    q.simple("Add", {"c1", "a0"}, "s1");
    q.quant(q.simple("Relu", {"s1"}, "r1"), "a1", 0.5f, 4, 0);
    q.conv("a1", q.quant(q.weight("w2", {6, 6, 1, 1}), "w2q", 0.5f, 3), "c2", 0);
    q.conv("a1", q.quant(q.weight("w3", {6, 6, 1, 1}), "w3q", 0.25f, 3), "c3", 0);
    q.simple("Add", {"c2", "c3"}, "s2");
    q.pool("MaxPool", q.quant("s2", "a2", 0.5f, 6, 1, 0, "FLOOR"), "p", 2);
    q.conv("p", q.quant(q.weight("w4", {4, 6, 4, 4}), "w4q", 0.5f, 2), "y", 0);
    q.builder.output("y", {1, 4, 1, 1});
    return q;
}

TEST(Qonnx, SumsMeetTheSkipBeforeTheyAreQuantized) {
    const auto compiled = expect_exact(residual_network(true), -2, 2);
    if (!compiled) return;
    std::size_t sums = 0;
    for (const auto& unit : compiled->design.units) sums += unit->def->name == "add" ? 1 : 0;
    EXPECT_EQ(sums, 2U);

    const test::TemporaryFolder folder;
    residual_network(false).builder.write(folder / "model.onnx");
    const auto refused = weft::compile(folder / "model.onnx", {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error()[0].node, "c1");
    EXPECT_THAT(refused.error()[0].reason, HasSubstr("its sums cannot be added before they are quantized"));
    EXPECT_EQ(refused.error()[0].help, "quantize the inputs of the addition");
}

TEST(Qonnx, ThresholdsAreTheStaircase) {
    const auto compiled = expect_exact(threshold_network(), -2.5, 2.5);
    if (!compiled) return;
    bool by_thresholds = false;
    for (const RegionRecord& region : compiled->regions)
        by_thresholds |= region.form == RequantizeForm::thresholds || region.form == RequantizeForm::table;
    EXPECT_TRUE(by_thresholds);
}

TEST(Qonnx, TruncationOfPoolsAndLayers) {
    for (const char* mode : {"FLOOR", "ROUND", "CEIL"}) {
        for (const bool second_version : {false, true}) {
            SCOPED_TRACE(std::string(mode) + (second_version ? " version 2" : " version 1"));
            QonnxFile q("onnx.brevitas");
            const auto truncate = [&](const std::string& x, const std::string& y, float scale, int bits_in, int bits_out,
                                      std::int64_t is_signed) {
                std::vector<std::string> inputs{x, q.number(scale), q.number(0), q.number(static_cast<float>(bits_in))};
                if (second_version)
                    inputs.insert(inputs.end(),
                                  {q.number(std::ldexp(scale, bits_in - bits_out)), q.number(0), q.number(static_cast<float>(bits_out))});
                else
                    inputs.push_back(q.number(static_cast<float>(bits_out)));
                auto& made = q.node("Trunc", inputs, y);
                QonnxFile::text(made, "rounding_mode", mode);
                if (second_version) test::ModelBuilder::attribute(made, "signed", is_signed);
            };
            q.builder.input("x", {1, 4, 8, 8});
            q.quant("x", "xq", 0.25f, 6, 0);
            // The sum of four integers of 6 bits, back to 6.
            q.pool("AveragePool", "xq", "p", 2);
            q.simple("Mul", {"p", q.number(4)}, "sum");
            truncate("sum", "t", 0.25f, 8, 6, 0);
            q.conv("t", q.quant(q.weight("w1", {5, 4, 3, 3}), "w1q", 0.5f, 3), "c1", 1);
            truncate("c1", "a1", 0.125f, 12, 8, 1);
            q.conv("a1", q.quant(q.weight("w2", {3, 5, 1, 1}), "w2q", 0.5f, 3), "y", 0);
            q.builder.output("y", {1, 3, 4, 4});
            const auto compiled = expect_exact(q, -1, 17);
            if (!compiled) return;
            // What comes from unsigned integers stays unsigned.
            const auto& points = compiled->design.check_points;
            const auto point = std::ranges::find_if(points, [](const CheckPoint& p) { return p.binding.tensor == "t_quantized"; });
            ASSERT_NE(point, points.end());
            EXPECT_GE(point->binding.stream->min, 0);
        }
    }
}

TEST(Qonnx, ChannelsLast) {
    QonnxFile q("qonnx.custom_op.channels_last");
    const auto general = [&](const std::string& name) {
        for (auto& node : *q.builder.graph().mutable_node())
            if (node.op_type() == "Quant" || node.op_type() == "MultiThreshold") node.set_domain("qonnx.custom_op.general");
        return name;
    };
    const auto conv = [&](const std::string& x, const std::string& w, const std::string& y, std::int64_t pad, std::int64_t group) {
        auto& made = q.node("Conv", {x, w}, y);
        test::ModelBuilder::attribute(made, "kernel_shape", std::vector<std::int64_t>{3, 3});
        test::ModelBuilder::attribute(made, "pads", std::vector<std::int64_t>(4, pad));
        test::ModelBuilder::attribute(made, "strides", std::vector<std::int64_t>{1, 1});
        test::ModelBuilder::attribute(made, "dilations", std::vector<std::int64_t>{1, 1});
        test::ModelBuilder::attribute(made, "group", group);
    };
    q.builder.input("x", {1, 8, 7, 3});
    general(q.quant("x", "xq", 0.0625f, 5));
    conv("xq",
         general(q.quant(q.weight("w1", {6, 3, 3, 3}), "w1q", q.vector({6, 1, 1, 1}, {0.25f, 0.5f, 1, 0.25f, 0.5f, 0.125f}), 4, 1, 1)),
         "c1", 1, 1);
    general(q.thresholds("c1", "a1", {6, 7}, q.draw(42, -3, 3), 0.5f, -2, "NHWC"));
    auto& pool = q.node("MaxPool", {"a1"}, "p");
    test::ModelBuilder::attribute(pool, "kernel_shape", std::vector<std::int64_t>{2, 2});
    test::ModelBuilder::attribute(pool, "strides", std::vector<std::int64_t>{1, 1});
    test::ModelBuilder::attribute(pool, "pads", std::vector<std::int64_t>(4, 0));
    conv("p", general(q.quant(q.weight("w2", {6, 3, 3, 1}), "w2q", 0.25f, 4)), "c2", 1, 6);
    auto& norm = q.node("BatchNormalization",
                        {"c2", q.vector({6}, {1, 0.5f, -0.5f, 1, 2, 1}), q.vector({6}, std::vector<float>(6, 0.25f)),
                         q.vector({6}, std::vector<float>(6, 0.5f)), q.vector({6}, std::vector<float>(6, 1))},
                        "n2");
    QonnxFile::real(norm, "epsilon", 0);
    general(q.quant("n2", "y", 0.25f, 6, 1, 0, "FLOOR"));
    q.builder.output("y", {1, 7, 6, 6});
    expect_exact(q, -1.2, 1.2);
}

TEST(Qonnx, RefusesByTheNameOfTheNode) {
    const auto refusal = [](const QonnxFile& file) {
        const test::TemporaryFolder folder;
        file.builder.write(folder / "model.onnx");
        const auto compiled = compile(folder / "model.onnx", {});
        return compiled ? std::string() : test::messages(compiled.error());
    };
    const auto network = [](float bits, float weight_bits, const char* mode, const std::string& scale_shape) {
        QonnxFile q("qonnx.custom_op.general");
        q.builder.input("x", {1, 3});
        const std::string scale = scale_shape == "channel" ? q.vector({1, 3}, {0.25f, 0.5f, 1}) : q.number(0.5f);
        q.quant("x", "xq", scale, bits, 1, 0, mode);
        q.simple("MatMul", {"xq", q.quant(q.weight("w", {3, 2}, 100), "wq", 0.001f, weight_bits)}, "y");
        q.builder.output("y", {1, 2});
        return q;
    };
    EXPECT_EQ(refusal(network(8, 8, "ROUND", "")), "");
    EXPECT_THAT(refusal(network(8, 8, "ROUND_TO_ZERO", "")),
                testing::AllOf(HasSubstr("xq_node"), HasSubstr("the rounding mode 'ROUND_TO_ZERO' is not supported")));
    EXPECT_THAT(refusal(network(12, 8, "ROUND", "")),
                testing::AllOf(HasSubstr("xq_node"), HasSubstr("an activation of 12 bits is not supported")));
    EXPECT_THAT(refusal(network(8, 16, "ROUND", "")), testing::AllOf(HasSubstr("y"), HasSubstr("the hardware takes up to 8")));
    EXPECT_THAT(refusal(network(8, 8, "ROUND", "channel")), HasSubstr("a scale per channel"));
    // A bias that no grid of the scale meets leaves real numbers to the next layer.
    QonnxFile q("finn.custom_op.general");
    q.builder.input("x", {1, 3});
    q.thresholds("x", "a", {1, 3}, {-1, 0, 1}, 1, 0.3f);
    q.simple("MatMul", {"a", q.quant(q.weight("w", {3, 2}), "wq", 0.5f, 4)}, "y");
    q.builder.output("y", {1, 2});
    EXPECT_THAT(refusal(q), HasSubstr("it has no quantizer"));
}

}  // namespace
}  // namespace weft
