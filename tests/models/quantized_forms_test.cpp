// quantized_forms_test.cpp
// What quantized files of many tools look like: integers moved about, scales behind the sums, weights of 4 bits, half precision, dead
// channels, and files that are quantized in part.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "src/data/npy.h"
#include "src/driver/compile.h"
#include "src/engines/graph_engine.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/graph/op_def.h"
#include "src/onnx/export.h"
#include "src/onnx/tensor_proto.h"
#include "tests/onnx/model_builder.h"
#include "tests/single_node.h"

namespace weft {
namespace {

using onnx::TensorProto;
using test::ModelBuilder;
using testing::HasSubstr;

/// A builder with the constants that quantized files consist of.
class File : public ModelBuilder {
public:
    explicit File(int opset = 13) : ModelBuilder(opset, 8) {}

    void microsoft() {
        auto& import = *model.add_opset_import();
        import.set_domain("com.microsoft");
        import.set_version(1);
    }
    void bytes(const std::string& name, int type, const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& values) {
        auto& tensor = initialiser(name, type, shape);
        for (const std::int64_t value : values) tensor.add_int32_data(static_cast<std::int32_t>(value));
    }
    /// Scale `<name>_s` and zero point `<name>_z`.
    void scale(const std::string& name, float step, std::int64_t zero = 0, int type = TensorProto::INT8) {
        floats(name + "_s", {}, {step});
        bytes(name + "_z", type, {}, {zero});
    }
    void quantize(const std::string& from, const std::string& to, const std::string& type) {
        node("QuantizeLinear", {from, type + "_s", type + "_z"}, {to});
    }
    void dequantize(const std::string& from, const std::string& to, const std::string& type) {
        node("DequantizeLinear", {from, type + "_s", type + "_z"}, {to});
    }
    /// Drawn integers of int8 under `<name>`, dequantized by one scale under `<name>_r`.
    void weights(const std::string& name, const std::vector<std::int64_t>& shape, float step = 0.01F) {
        bytes(name, TensorProto::INT8, shape, draw(shape, -127, 127));
        floats(name + "_s", {}, {step});
        node("DequantizeLinear", {name, name + "_s"}, {name + "_r"});
    }
    std::vector<std::int64_t> draw(const std::vector<std::int64_t>& shape, std::int64_t low, std::int64_t high) {
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        std::vector<std::int64_t> values;
        for (std::int64_t i = 0; i < count; ++i) values.push_back(std::uniform_int_distribution<std::int64_t>(low, high)(random_));
        return values;
    }
    std::vector<float> draw_reals(std::int64_t count, float reach) {
        std::vector<float> values;
        for (std::int64_t i = 0; i < count; ++i) values.push_back(std::uniform_real_distribution<float>(-reach, reach)(random_));
        return values;
    }
    /// x [1, 3, 8, 8] quantized under "xq", of scale "x".
    void quantized_input() {
        input("x", {1, 3, 8, 8});
        scale("x", 0.031F, 5);
        quantize("x", "xq", "x");
    }
    onnx::NodeProto& convolution(const std::string& x, const std::string& w, const std::string& y, std::int64_t pad = 1) {
        auto& made = node("Conv", {x, w}, {y}, y);
        attribute(made, "pads", std::vector<std::int64_t>(4, pad));
        return made;
    }

private:
    std::mt19937 random_{5};
};

struct Outcome {
    std::unique_ptr<Compiled> compiled;
    std::vector<NamedTensor> outputs;  ///< Of the contract, by the order of the model's outputs.
};

/// Compiles; the contract must equal its regions' oracle, and the file evaluated in double as a whole but for rounding ties.
Outcome run(const File& file, const CompileOptions& options = {}, double low = -4, double high = 4) {
    Outcome result;
    const test::TemporaryFolder folder;
    file.write(folder / "model.onnx");
    auto compiled = compile(folder / "model.onnx", options);
    EXPECT_TRUE(compiled) << test::messages(compiled);
    if (!compiled) return result;
    result.compiled = *std::move(compiled);
    const auto check = self_check(*result.compiled);
    EXPECT_TRUE(check) << test::messages(check);
    if (!check) return result;
    EXPECT_TRUE(check->exact()) << check->regions.dump(1);
    EXPECT_GT(check->elements, 0);
    const Graph& graph = result.compiled->model.quantized;
    const auto samples = random_inputs(graph, std::vector{low}, std::vector{high}, 8, 3);
    const auto engine = IntegerEngine::make(graph, result.compiled->design);
    EXPECT_TRUE(engine) << test::messages(engine);
    if (!engine) return result;
    auto outputs = (*engine)->run(samples, 8, {});
    EXPECT_TRUE(outputs) << test::messages(outputs);
    if (!outputs) return result;
    result.outputs = *std::move(outputs);
    if (result.compiled->model.calibrated) return result;
    GraphEngine whole(result.compiled->model.source, DataType::float64);
    const auto wanted = whole.run(samples, 8, {});
    EXPECT_TRUE(wanted) << test::messages(wanted);
    for (std::size_t i = 0; wanted && i < wanted->size(); ++i) {
        EXPECT_LT(test::relative_difference(result.outputs[i].tensor, (*wanted)[i].tensor), 1e-5) << (*wanted)[i].name;
        std::set<double> distinct;
        for (std::int64_t e = 0; e < result.outputs[i].tensor.size(); ++e) distinct.insert(result.outputs[i].tensor.at(e));
        EXPECT_GT(distinct.size(), 2U);
    }
    return result;
}

std::string refusal(const File& file, const CompileOptions& options = {}) {
    const test::TemporaryFolder folder;
    file.write(folder / "model.onnx");
    const auto compiled = compile(folder / "model.onnx", options);
    return compiled ? "compiled" : test::messages(compiled);
}

int units_of(const Compiled& compiled, std::string_view def) {
    return static_cast<int>(std::count_if(compiled.design.units.begin(), compiled.design.units.end(),
                                          [&](const auto& unit) { return unit->def->name == def; }));
}

TEST(QuantizedForms, IntegersAreMovedBetweenTheirQuantizers) {
    File file;
    file.quantized_input();
    // Channels last and back, flattened and back, all on integers.
    ModelBuilder::attribute(file.node("Transpose", {"xq"}, {"xt"}), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
    ModelBuilder::attribute(file.node("Transpose", {"xt"}, {"xb"}), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
    file.dequantize("xb", "xr", "x");
    file.weights("w", {4, 3, 3, 3});
    file.convolution("xr", "w_r", "c");
    file.scale("c", 0.05F, -3);
    file.quantize("c", "cq", "c");
    auto& pool = file.node("MaxPool", {"cq"}, {"pq"});
    ModelBuilder::attribute(pool, "kernel_shape", std::vector<std::int64_t>{8, 8});
    file.integers("axes", {2, 3});
    file.node("Squeeze", {"pq", "axes"}, {"sq"});
    file.integers("shape", {1, 4});
    file.node("Reshape", {"sq", "shape"}, {"rq"});
    file.dequantize("rq", "rr", "c");
    file.weights("d", {4, 6});
    file.node("MatMul", {"rr", "d_r"}, {"y"}, "dense");
    file.output("y", {1, 6});
    run(file);
}

TEST(QuantizedForms, IntegersArePaddedByAnyOfThem) {
    // By their zero, which a convolution absorbs, and by their least, which none does.
    for (const std::int64_t fill : {-3, -128}) {
        File file;
        file.quantized_input();
        file.dequantize("xq", "xr", "x");
        file.weights("w", {4, 3, 3, 3});
        file.convolution("xr", "w_r", "c");
        file.scale("c", 0.05F, -3);
        file.quantize("c", "cq", "c");
        file.integers("pads", {0, 0, 1, 2, 0, 0, 2, 1});
        file.bytes("fill", TensorProto::INT8, {}, {fill});
        file.node("Pad", {"cq", "pads", "fill"}, {"pq"}, "pad");
        ModelBuilder::attribute(file.node("MaxPool", {"pq"}, {"mq"}), "kernel_shape", std::vector<std::int64_t>{2, 2});
        file.dequantize("mq", "mr", "c");
        file.weights("v", {2, 4, 3, 3});
        file.convolution("mr", "v_r", "d");
        file.scale("d", 0.2F);
        file.quantize("d", "dq", "d");
        file.dequantize("dq", "y", "d");
        file.output("y", {1, 2, 10, 10});
        run(file);
    }
}

TEST(QuantizedForms, ChannelsLastImagesArePaddedBetweenQuantizers) {
    // As TFLite pads the image, with a quantizer between the padding and the permutation that would tell its order.
    File file;
    file.input("x", {1, 8, 8, 3});
    file.scale("x", 0.02F, 5);
    file.quantize("x", "xq", "x");
    file.dequantize("xq", "xr", "x");
    file.integers("pads", {0, 3, 2, 0, 0, 3, 2, 0});
    file.node("Pad", {"xr", "pads"}, {"p"}, "padding");
    file.quantize("p", "pq", "x");
    ModelBuilder::attribute(file.node("Transpose", {"pq"}, {"pt"}), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
    file.dequantize("pt", "pr", "x");
    file.weights("w", {4, 3, 3, 3});
    file.node("Conv", {"pr", "w_r"}, {"c"});
    file.node("Relu", {"c"}, {"r"});
    file.scale("y", 0.05F, -100);
    file.quantize("r", "yq", "y");
    file.dequantize("yq", "y", "y");
    file.output("y", {1, 4, 12, 10});
    run(file);
}

TEST(QuantizedForms, IntegersLeaveTheKernelAsTheyAre) {
    File file;
    file.quantized_input();
    file.dequantize("xq", "xr", "x");
    file.weights("w", {4, 3, 3, 3});
    file.convolution("xr", "w_r", "c");
    file.scale("c", 0.05F, -3);
    file.quantize("c", "cq", "c");
    // The integers themselves, moved, and their largest of each channel.
    ModelBuilder::attribute(file.node("Transpose", {"cq"}, {"t"}), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
    auto& arg_max = file.node("ArgMax", {"cq"}, {"a"});
    ModelBuilder::attribute(arg_max, "axis", std::int64_t{1});
    auto& moved = file.node("ArgMax", {"t"}, {"b"});
    ModelBuilder::attribute(moved, "axis", std::int64_t{2});
    file.output("t", {1, 8, 8, 4}, TensorProto::INT8);
    file.output("a", {1, 1, 8, 8}, TensorProto::INT64);
    file.output("b", {1, 8, 1, 4}, TensorProto::INT64);
    const Outcome result = run(file);
    ASSERT_EQ(result.outputs.size(), 3U);
    EXPECT_EQ(result.outputs[0].tensor.type(), DataType::int8);
    EXPECT_EQ(units_of(*result.compiled, "matvec"), 1);
}

TEST(QuantizedForms, InputsOfIntegersAreScaledAndShifted) {
    const auto file_with = [](const char* shift, float by) {
        File file;
        file.input("x", {1, 3, 8, 8}, TensorProto::UINT8);
        file.floats("x_s", {}, {1});
        file.node("DequantizeLinear", {"x", "x_s"}, {"xr"});
        file.floats("factor", {1}, {0.0078125F});
        file.node("Mul", {"xr", "factor"}, {"m"}, "scaled");
        file.floats("offset", {1, 1, 1, 1}, {by});
        file.node(shift, {"m", "offset"}, {"d"}, "shifted");
        file.weights("w", {4, 3, 3, 3});
        file.convolution("d", "w_r", "c");
        file.scale("c", 0.05F, -3);
        file.quantize("c", "cq", "c");
        file.dequantize("cq", "y", "c");
        file.output("y", {1, 4, 8, 8});
        return file;
    };
    for (const auto& [shift, by] : {std::pair{"Sub", 1.0F}, {"Add", -0.5F}}) {
        const Outcome result = run(file_with(shift, by), {}, 0, 255);
        ASSERT_TRUE(result.compiled);
        // The bytes as they come, under another zero point.
        EXPECT_EQ(result.compiled->design.inputs.front().binding.stream->max, 255);
        EXPECT_EQ(units_of(*result.compiled, "requantize"), 0);
    }
    // Half a step between two integers: no zero point is that.
    EXPECT_THAT(refusal(file_with("Sub", 0.99609375F)), testing::AllOf(HasSubstr("it has no quantizer"), HasSubstr("--calibrate")));
}

TEST(QuantizedForms, RectifiersOfIntegersNeedNoQuantizer) {
    // As quantize_static writes symmetric activations: a rectifier behind the dequantizer, and an average that reads it as it is.
    File file;
    file.quantized_input();
    file.dequantize("xq", "xr", "x");
    file.weights("w", {4, 3, 3, 3});
    file.convolution("xr", "w_r", "c");
    file.scale("c", 0.05F, -3);
    file.quantize("c", "cq", "c");
    file.dequantize("cq", "cr", "c");
    file.node("Relu", {"cr"}, {"relu"}, "relu");
    file.node("GlobalAveragePool", {"relu"}, {"g"}, "average");
    file.scale("g", 0.03F);
    file.quantize("g", "gq", "g");
    file.dequantize("gq", "y", "g");
    file.output("y", {1, 4, 1, 1});
    run(file);
}

TEST(QuantizedForms, DeadChannelsHaveScaleZero) {
    File file;
    file.quantized_input();
    file.dequantize("xq", "xr", "x");
    file.bytes("w", TensorProto::INT8, {4, 3, 3, 3}, file.draw({4, 3, 3, 3}, -127, 127));
    file.floats("w_s", {4}, {0.01F, 0, 0.02F, 0.005F});
    ModelBuilder::attribute(file.node("DequantizeLinear", {"w", "w_s"}, {"w_r"}), "axis", std::int64_t{0});
    file.convolution("xr", "w_r", "c");
    file.scale("c", 0.05F, -3);
    file.quantize("c", "cq", "c");
    file.dequantize("cq", "y", "c");
    file.output("y", {1, 4, 8, 8});
    const Outcome result = run(file);
    ASSERT_EQ(result.outputs.size(), 1U);
    for (std::int64_t i = 64; i < 128; ++i) EXPECT_EQ(result.outputs[0].tensor.at(i), 0);
}

TEST(QuantizedForms, HalfPrecisionIsReadAsItsReals) {
    File file(19);
    file.model.set_ir_version(9);
    file.input("x", {1, 3, 8, 8}, TensorProto::FLOAT16);
    const auto half = [&](const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& bits) {
        file.bytes(name, TensorProto::FLOAT16, shape, bits);
    };
    half("x_s", {}, {0x2800});  // 1 / 32
    file.bytes("x_z", TensorProto::INT8, {}, {4});
    file.quantize("x", "xq", "x");
    file.dequantize("xq", "xr", "x");
    file.bytes("w", TensorProto::INT8, {4, 3, 3, 3}, file.draw({4, 3, 3, 3}, -127, 127));
    half("w_s", {4}, {0x2000, 0x2123, 0x2345, 0x1fff});
    ModelBuilder::attribute(file.node("DequantizeLinear", {"w", "w_s"}, {"w_r"}), "axis", std::int64_t{0});
    ModelBuilder::attribute(file.node("Cast", {"w_r"}, {"w_f"}), "to", std::int64_t{TensorProto::FLOAT});
    ModelBuilder::attribute(file.node("Cast", {"xr"}, {"x_f"}), "to", std::int64_t{TensorProto::FLOAT});
    file.convolution("x_f", "w_f", "c");
    ModelBuilder::attribute(file.node("Cast", {"c"}, {"c_h"}), "to", std::int64_t{TensorProto::FLOAT16});
    half("c_s", {}, {0x2a66});
    file.bytes("c_z", TensorProto::UINT8, {}, {100});
    file.quantize("c_h", "cq", "c");
    file.dequantize("cq", "y", "c");
    file.output("y", {1, 4, 8, 8}, TensorProto::FLOAT16);
    run(file);
}

TEST(QuantizedForms, WeightsOf4BitsAreExact) {
    constexpr int uint4 = 21, int4 = 22;
    File file(21);
    file.model.set_ir_version(10);
    file.input("x", {1, 3, 8, 8});
    // Activations of 4 bits: the quantizer limits to them.
    file.floats("x_s", {}, {0.4F});
    file.bytes("x_z", uint4, {}, {6});
    file.quantize("x", "xq", "x");
    file.dequantize("xq", "xr", "x");
    const auto values = file.draw({4, 3, 3, 3}, -8, 7);
    std::vector<std::int64_t> packed(54);
    for (std::size_t i = 0; i < 108; ++i) packed[i / 2] |= (values[i] & 15) << (i % 2 * 4);
    file.bytes("w", int4, {4, 3, 3, 3}, packed);
    file.floats("w_s", {4}, {0.1F, 0.2F, 0.15F, 0.07F});
    file.bytes("w_z", int4, {4}, {0x10, 0x0f});  // 0, 1, -1, 0
    ModelBuilder::attribute(file.node("DequantizeLinear", {"w", "w_s", "w_z"}, {"w_r"}), "axis", std::int64_t{0});
    file.convolution("xr", "w_r", "c");
    file.scale("c", 0.3F, -3);
    file.quantize("c", "cq", "c");
    file.dequantize("cq", "y", "c");
    file.output("y", {1, 4, 8, 8});
    const Outcome result = run(file, {}, -4, 6);
    ASSERT_TRUE(result.compiled);
    const Design& design = result.compiled->design;
    EXPECT_EQ(design.inputs.front().binding.stream->min, 0);
    EXPECT_EQ(design.inputs.front().binding.stream->max, 15);
    const auto unit =
        std::find_if(design.units.begin(), design.units.end(), [](const auto& u) { return u->constants.contains("weights"); });
    ASSERT_NE(unit, design.units.end());
    EXPECT_LE((*unit)->parameter("WeightBits"), 5);
    const NarrowIntegers& weights = (*unit)->constant("weights").data;
    const std::vector<std::int64_t> zeros{0, 1, -1, 0};
    for (std::size_t o = 0; o < 4; ++o)
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t tap = 0; tap < 9; ++tap) EXPECT_EQ(weights[(o * 9 + tap) * 3 + i], values[(o * 3 + i) * 9 + tap] - zeros[o]);
    // What is written says the same in 8 bits, and is read again to the same.
    const auto written = export_to_bytes(result.compiled->model.quantized, 21);
    ASSERT_TRUE(written) << test::messages(written);
    const auto again = import_model(*written, "again.onnx");
    ASSERT_TRUE(again) << test::messages(again);
    EXPECT_EQ(again->graph.find("w")->constant->to_integers(), values);
}

TEST(QuantizedForms, ScalesMayStandBehindTheSums) {
    File file;
    file.quantized_input();
    file.bytes("w", TensorProto::UINT8, {4, 3, 3, 3}, file.draw({4, 3, 3, 3}, 0, 255));
    file.bytes("w_z", TensorProto::UINT8, {}, {120});
    ModelBuilder::attribute(file.node("ConvInteger", {"xq", "w", "x_z", "w_z"}, {"sums"}, "conv"), "pads", std::vector<std::int64_t>(4, 1));
    ModelBuilder::attribute(file.node("Cast", {"sums"}, {"sums_r"}), "to", std::int64_t{TensorProto::FLOAT});
    file.floats("product", {1, 4, 1, 1}, {0.0003F, 0.0002F, 0.0004F, 0.00025F});
    file.node("Mul", {"sums_r", "product"}, {"c"});
    file.floats("bias", {1, 4, 1, 1}, {0.1F, -0.2F, 0.3F, 0});
    file.node("Add", {"c", "bias"}, {"cb"});
    file.node("Relu", {"cb"}, {"relu"});
    file.scale("c", 0.05F, 0, TensorProto::UINT8);
    file.quantize("relu", "cq", "c");
    file.integers("shape", {1, 256});
    file.node("Reshape", {"cq", "shape"}, {"flat"});
    file.bytes("d", TensorProto::INT8, {256, 5}, file.draw({256, 5}, -127, 127));
    file.node("MatMulInteger", {"flat", "d", "c_z"}, {"y"}, "dense");
    file.output("y", {1, 5}, TensorProto::INT32);
    const Outcome result = run(file);
    ASSERT_EQ(result.outputs.size(), 1U);
    EXPECT_EQ(result.outputs[0].tensor.type(), DataType::int32);
}

TEST(QuantizedForms, ScalesOfEachImageAreRefused) {
    File file;
    file.input("x", {1, 8});
    file.node("DynamicQuantizeLinear", {"x"}, {"xq", "x_s", "x_z"}, "dynamic");
    file.bytes("d", TensorProto::INT8, {8, 5}, file.draw({8, 5}, -127, 127));
    file.node("MatMulInteger", {"xq", "d", "x_z"}, {"sums"}, "dense");
    ModelBuilder::attribute(file.node("Cast", {"sums"}, {"sums_r"}), "to", std::int64_t{TensorProto::FLOAT});
    file.node("Mul", {"sums_r", "x_s"}, {"y"});
    file.output("y", {1, 5});
    EXPECT_THAT(refusal(file),
                testing::AllOf(HasSubstr("node 'dynamic'"), HasSubstr("takes a scale from each image"), HasSubstr("quantize statically")));

    File shifted;
    shifted.quantized_input();
    shifted.bytes("w", TensorProto::INT8, {4, 3, 3, 3}, shifted.draw({4, 3, 3, 3}, -127, 127));
    shifted.node("ConvInteger", {"xq", "w", "x_z"}, {"sums"}, "conv");
    shifted.bytes("bias", TensorProto::INT32, {1, 4, 1, 1}, {1, 2, 3, 4});
    shifted.node("Add", {"sums", "bias"}, {"y"}, "add");
    shifted.output("y", {1, 4, 6, 6}, TensorProto::INT32);
    EXPECT_THAT(refusal(shifted),
                testing::AllOf(HasSubstr("node 'conv'"), HasSubstr("its 32-bit sums are read by 'add'"), HasSubstr("let Cast to float")));
}

TEST(QuantizedForms, ProductsOfTwoVaryingTensorsAreRefused) {
    File file;
    file.microsoft();
    file.quantized_input();
    file.weights("w", {3, 3, 1, 1});
    file.dequantize("xq", "xr", "x");
    file.convolution("xr", "w_r", "c", 0);
    file.scale("c", 0.05F, -3);
    file.quantize("c", "cq", "c");
    file.node("QLinearMul", {"cq", "c_s", "c_z", "xq", "x_s", "x_z", "c_s", "c_z"}, {"mq"}, "product").set_domain("com.microsoft");
    file.dequantize("mq", "y", "c");
    file.output("y", {1, 3, 8, 8});
    EXPECT_THAT(refusal(file), testing::AllOf(HasSubstr("depends on more than one varying tensor"), HasSubstr("products of two tensors")));
}

/// Every constant of the file that a quantizer reads, as the compiled model has it.
void expect_untouched(const File& file, const Graph& graph) {
    int compared = 0;
    for (const auto& initialiser : file.model.graph().initializer()) {
        const std::string& name = initialiser.name();
        const bool of_a_quantizer = name.ends_with("_s") || name.ends_with("_z") || initialiser.data_type() == TensorProto::INT8;
        if (!of_a_quantizer) continue;
        ++compared;
        const Value* value = graph.find(name);
        ASSERT_TRUE(value && value->is_constant()) << name;
        const auto given = tensor_from_proto(initialiser, ExternalData("."));
        ASSERT_TRUE(given);
        EXPECT_EQ(*value->constant, *given) << name;
        EXPECT_FALSE(graph.readers(value).empty()) << name;
    }
    EXPECT_GT(compared, 0);
}

CompileOptions calibrated(const test::TemporaryFolder& folder, std::vector<std::int64_t> shape) {
    shape[0] = 16;
    Tensor samples(DataType::float32, std::move(shape));
    std::mt19937 random(9);
    for (float& element : samples.as<float>()) element = std::uniform_real_distribution<float>(-3, 3)(random);
    const Bytes header = npy_header(samples);
    std::ofstream stream(folder / "x.npy", std::ios::binary);
    stream.write(reinterpret_cast<const char*>(header.data()), static_cast<std::streamsize>(header.size()));
    stream.write(reinterpret_cast<const char*>(samples.raw()), static_cast<std::streamsize>(samples.bytes()));
    CompileOptions options;
    options.calibration = folder / "x.npy";
    return options;
}

TEST(QuantizedForms, CalibrationCompletesWhatAFileLeavesOpen) {
    const test::TemporaryFolder folder;
    const CompileOptions options = calibrated(folder, {0, 3, 8, 8});
    // A quantized convolution, then a float one.
    File operators;
    operators.quantized_input();
    operators.bytes("w", TensorProto::INT8, {4, 3, 3, 3}, operators.draw({4, 3, 3, 3}, -127, 127));
    operators.floats("w_s", {}, {0.01F});
    operators.bytes("w_z", TensorProto::INT8, {}, {0});
    operators.scale("c", 0.05F, -3);
    operators.node("QLinearConv", {"xq", "x_s", "x_z", "w", "w_s", "w_z", "c_s", "c_z"}, {"cq"}, "first");
    operators.dequantize("cq", "cr", "c");
    operators.floats("v", {5, 4, 3, 3}, operators.draw_reals(180, 0.3F));
    operators.floats("v_b", {5}, operators.draw_reals(5, 0.3F));
    operators.node("Conv", {"cr", "v", "v_b"}, {"d"}, "second");
    operators.node("Relu", {"d"}, {"relu"});
    operators.floats("u", {2, 5, 4, 4}, operators.draw_reals(160, 0.1F));
    operators.node("Conv", {"relu", "u"}, {"y"}, "third");
    operators.output("y", {1, 2, 1, 1});
    const Outcome completed = run(operators, options);
    ASSERT_TRUE(completed.compiled);
    expect_untouched(operators, completed.compiled->model.quantized);

    // As TensorRT wants it: quantizers in front of convolutions only.
    File partial;
    partial.quantized_input();
    partial.dequantize("xq", "xr", "x");
    partial.weights("w", {4, 3, 3, 3});
    partial.floats("b", {4}, partial.draw_reals(4, 0.3F));
    ModelBuilder::attribute(partial.node("Conv", {"xr", "w_r", "b"}, {"c"}, "first"), "pads", std::vector<std::int64_t>(4, 1));
    partial.node("Relu", {"c"}, {"skip"});
    partial.scale("c", 0.05F, -128);
    partial.quantize("skip", "cq", "c");
    partial.dequantize("cq", "cr", "c");
    partial.weights("v", {4, 4, 3, 3});
    partial.convolution("cr", "v_r", "d");
    partial.node("Add", {"d", "skip"}, {"sum"}, "sum");
    partial.node("GlobalAveragePool", {"sum"}, {"g"});
    partial.node("Flatten", {"g"}, {"f"});
    partial.floats("u", {4, 3}, partial.draw_reals(12, 0.5F));
    partial.node("MatMul", {"f", "u"}, {"y"}, "dense");
    partial.output("y", {1, 3});
    EXPECT_THAT(refusal(partial), HasSubstr("--calibrate"));
    const Outcome whole = run(partial, options);
    ASSERT_TRUE(whole.compiled);
    expect_untouched(partial, whole.compiled->model.quantized);
}

TEST(QuantizedForms, WeightsMayStandOnTheLeft) {
    const test::TemporaryFolder folder;
    File file;
    file.input("x", {1, 6, 4});
    file.floats("w", {5, 6}, file.draw_reals(30, 0.5F));
    file.node("MatMul", {"w", "x"}, {"h"}, "first");
    file.node("Relu", {"h"}, {"relu"});
    file.floats("v", {3, 5}, file.draw_reals(15, 0.5F));
    file.node("MatMul", {"v", "relu"}, {"y"}, "second");
    file.output("y", {1, 3, 4});
    const Outcome result = run(file, calibrated(folder, {0, 6, 4}));
    ASSERT_EQ(result.outputs.size(), 1U);
    // Close to the reals, which calibration left 8 bits of.
    GraphEngine reals(result.compiled->model.source, DataType::float64);
    const auto samples = random_inputs(result.compiled->model.quantized, std::vector{-4.0}, std::vector{4.0}, 8, 3);
    const auto wanted = reals.run(samples, 8, {});
    ASSERT_TRUE(wanted);
    EXPECT_LT(test::relative_difference(result.outputs[0].tensor, (*wanted)[0].tensor), 0.2);
}

}  // namespace
}  // namespace weft
