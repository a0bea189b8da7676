// host_program_test.cpp
// The library that is shipped with projects, told by kernel.json, does what weft's own host does: the same bytes go to the kernel, and the
// same outputs come of what it gives.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/host_program.h"

#include <gmock/gmock.h>

#include <cstring>

#include "src/driver/compile.h"
#include "src/emit/kernel_json.h"
#include "src/engines/contract.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/runtime/codec.h"
#include "src/runtime/kernel.h"
#include "src/simulate/rtl_kernel.h"
#include "tests/models/small_network.h"
#include "tests/runtime/quantized_model.h"

namespace weft::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A compiled model and its host by kernel.json.
struct Subject {
    std::unique_ptr<Compiled> compiled;
    HostProgram program;
    host::Kernel kernel;
    std::vector<KernelPort> ports;
};

std::optional<Subject> subject_of(Result<std::unique_ptr<Compiled>> compiled) {
    if (!compiled) {
        ADD_FAILURE() << messages(compiled);
        return std::nullopt;
    }
    Subject subject{std::move(*compiled), {}, {}, {}};
    auto program = host_program(subject.compiled->model.quantized, subject.compiled->design);
    if (!program) {
        ADD_FAILURE() << messages(program);
        return std::nullopt;
    }
    subject.program = *std::move(program);
    const EmitOptions options = emit_options(*subject.compiled);
    const std::string text = kernel_json_text(kernel_json({subject.compiled->design, options, {}, subject.program}));
    subject.kernel = host::read_kernel(host::Json::parse(text));
    subject.ports = kernel_ports(subject.compiled->design, options);
    return subject;
}

host::Tensor stacked(const host::Port& port, const Tensor& sample) {
    host::Shape shape{1};
    shape.insert(shape.end(), port.shape.begin(), port.shape.end());
    host::Tensor tensor(port.type, shape);
    EXPECT_EQ(tensor.data.size(), sample.bytes());
    std::memcpy(tensor.data.data(), sample.raw(), std::min(tensor.data.size(), sample.bytes()));
    return tensor;
}

/// Samples between what the model was calibrated on, and beyond.
std::vector<Tensor> drawn(const Graph& model, std::int64_t sample) {
    std::vector<double> low, high;
    for (const Value* input : model.inputs) {
        low.push_back(is_float(input->type) ? -4 : input->type == DataType::uint8 ? 0 : -100);
        high.push_back(is_float(input->type) ? 4 : input->type == DataType::uint8 ? 255 : 100);
    }
    const std::vector<NamedTensor> stack = random_inputs(model, low, high, 1, static_cast<std::uint64_t>(sample + 1));
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < stack.size(); ++i) inputs.push_back(sample_of(stack[i].tensor, 0, *model.inputs[i]));
    return inputs;
}

/// Both hosts on random samples, with the contract between them. All inputs and outputs must be the library's.
void expect_equal(const Subject& subject) {
    const Graph& model = subject.compiled->model.quantized;
    const Design& design = subject.compiled->design;
    ASSERT_THAT(subject.kernel.left, IsEmpty());
    const auto own = Host::make(model, design);
    ASSERT_TRUE(own) << messages(own);
    const ContractRunner contract(design);
    for (std::int64_t sample = 0; sample < 4; ++sample) {
        const std::vector<Tensor> inputs = drawn(model, sample);
        const auto sent = own->prepare(inputs);
        ASSERT_TRUE(sent) << messages(sent);
        for (std::size_t i = 0; i < subject.kernel.inputs.size(); ++i) {
            const host::Port& port = subject.kernel.inputs[i];
            const auto at = std::ranges::find_if(model.inputs, [&](const Value* value) { return value->name == port.name; });
            ASSERT_NE(at, model.inputs.end()) << port.name;
            const host::Tensor x = stacked(port, inputs[static_cast<std::size_t>(at - model.inputs.begin())]);
            std::string frame(subject.kernel.arguments[port.argument].frame_bytes, '\0');
            host::pack(subject.kernel, port, x.view(0, 1), 0, 1, reinterpret_cast<std::byte*>(frame.data()));
            EXPECT_EQ(frame, to_memory(subject.ports[port.argument], std::span(&(*sent)[i], 1), 0)) << "input " << port.name;
        }
        std::vector<IntTensor> received(design.outputs.size());
        contract.run(*sent, received);
        const auto wanted = own->finish(received);
        ASSERT_TRUE(wanted) << messages(wanted);
        ASSERT_EQ(subject.kernel.outputs.size(), model.outputs.size());
        for (std::size_t i = 0; i < subject.kernel.outputs.size(); ++i) {
            const host::Port& port = subject.kernel.outputs[i];
            const std::size_t from = port.argument - design.inputs.size();
            const std::string frame = to_memory(subject.ports[port.argument], std::span(&received[from], 1), 7);
            host::Tensor y = stacked(port, (*wanted)[i]);
            const std::vector<std::byte> expected = y.data;
            std::fill(y.data.begin(), y.data.end(), std::byte{});
            host::unpack(subject.kernel, port, reinterpret_cast<const std::byte*>(frame.data()), 0, 1, y);
            EXPECT_EQ(y.data, expected) << "output " << port.name << ", sample " << sample;
        }
    }
}

std::vector<std::string> ops(const std::vector<host::Step>& steps) {
    std::vector<std::string> names;
    for (const host::Step& step : steps) names.push_back(step.op);
    return names;
}

/// Convolution, pool, and a dense layer of 5 outputs, 'logits'.
struct Classifier : SmallNetwork {
    Classifier() {
        input("x", {"N", 3, 8, 6});
        convolution("x", "c", 3, 7);
        node("Relu", {"c"}, {"r"});
        node("GlobalAveragePool", {"r"}, {"p"});
        node("Flatten", {"p"}, {"f"});
        node("Gemm", {"f", weight("w", {7, 5}, 0.5), weight("b", {5}, 0.5)}, {"logits"}, "dense");
    }
};

TEST(HostProgram, EqualsTheReferenceBehindClassifiers) {
    for (const std::string op : {"Softmax", "LogSoftmax", "Sigmoid", "ArgMax"}) {
        SCOPED_TRACE(op);
        Classifier network;
        auto& node = network.node(op, {"logits"}, {"y"});
        if (op == "ArgMax") ModelBuilder::attribute(node, "axis", std::int64_t{1});
        network.output("y", {"N", op == "ArgMax" ? 1 : 5}, op == "ArgMax" ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
        const auto subject = subject_of(network.compiled({1, 3, 8, 6}));
        ASSERT_TRUE(subject);
        expect_equal(*subject);
        // Channels first of the file, channels last in memory.
        EXPECT_THAT(subject->kernel.inputs[0].layout.strides, ElementsAre(1, 3));
        EXPECT_THAT(ops(subject->kernel.inputs[0].steps), ElementsAre("quantize"));
    }
}

TEST(HostProgram, EqualsTheReferenceAroundFunctions) {
    SmallNetwork network;
    network.input("x", {"N", 3, 8, 6});
    network.floats("mean", {3, 1, 1}, {0.5F, 0.25F, 0.125F});
    network.floats("deviation", {1, 3, 1, 1}, {0.5F, 0.7F, 0.9F});
    network.node("Sub", {"x", "mean"}, {"s"});
    network.node("Div", {"s", "deviation"}, {"d"});
    network.convolution("d", "c", 3, 4);
    network.floats("scale", {4, 1, 1}, {2, -3, 0.5F, 1});
    network.floats("one", {}, {1});
    network.node("Mul", {"c", "scale"}, {"m"});
    network.node("Sub", {"one", "m"}, {"o"});
    network.node("Relu", {"o"}, {"r"});
    auto& transpose = network.node("Transpose", {"r"}, {"y"});
    ModelBuilder::attribute(transpose, "perm", std::vector<std::int64_t>{0, 2, 3, 1});
    network.output("y", {"N", 8, 6, 4});
    const auto subject = subject_of(network.compiled({1, 3, 8, 6}));
    ASSERT_TRUE(subject);
    expect_equal(*subject);
    // The quantizer is at the model's input: what follows is the kernel's, or behind it.
    EXPECT_THAT(ops(subject->kernel.inputs[0].steps), ElementsAre("quantize"));
    EXPECT_GE(subject->kernel.outputs[0].steps.size(), 1u);
}

TEST(HostProgram, EqualsTheReferenceBeforeTheFilesOwnQuantizer) {
    ModelBuilder builder;
    builder.input("x", {"N", 8, 6, 3});
    builder.floats("mean", {3}, {0.5F, 0.25F, 0.125F});
    builder.floats("half", {}, {0.5F});
    builder.floats("scale", {}, {0.03F});
    builder.floats("one", {}, {1});
    auto& zero = builder.initialiser("zero", onnx::TensorProto::INT8, {});
    zero.add_int32_data(-5);
    auto& none = builder.initialiser("none", onnx::TensorProto::INT8, {});
    none.add_int32_data(0);
    auto& weights = builder.initialiser("w", onnx::TensorProto::INT8, {2, 3, 1, 1});
    for (const int weight : {3, -2, 7, 1, 1, -9}) weights.add_int32_data(weight);
    builder.node("Sub", {"x", "mean"}, {"s"});
    auto& transpose = builder.node("Transpose", {"s"}, {"t"});
    ModelBuilder::attribute(transpose, "perm", std::vector<std::int64_t>{0, 3, 1, 2});
    builder.node("Div", {"t", "half"}, {"d"});
    builder.node("QuantizeLinear", {"d", "scale", "zero"}, {"q"});
    builder.node("DequantizeLinear", {"q", "scale", "zero"}, {"r"});
    builder.node("DequantizeLinear", {"w", "one", "none"}, {"v"});
    builder.node("Conv", {"r", "v"}, {"y"});
    builder.output("y", {"N", 2, 8, 6});
    const TemporaryFolder folder;
    builder.write(folder / "model.onnx");
    const auto subject = subject_of(compile(folder / "model.onnx", {}));
    ASSERT_TRUE(subject);
    expect_equal(*subject);
    EXPECT_THAT(ops(subject->kernel.inputs[0].steps), ElementsAre("subtract", "divide", "quantize"));
    EXPECT_THAT(subject->kernel.inputs[0].layout.strides, ElementsAre(1));  // the transpose is undone by the kernel's own order
}

TEST(HostProgram, EqualsTheReferenceOfSeveralInputsAndOutputs) {
    SmallNetwork network;
    network.input("a", {"N", 2, 5, 5});
    network.convolution("a", "c", 2, 3);
    network.node("Relu", {"c"}, {"r"});
    network.convolution("r", "big", 3, 4);
    network.node("GlobalMaxPool", {"r"}, {"p"});
    network.node("Flatten", {"p"}, {"small"});
    network.output("big", {"N", 4, 5, 5});
    network.output("small", {"N", 3});
    const auto subject = subject_of(network.compiled({1, 2, 5, 5}));
    ASSERT_TRUE(subject);
    expect_equal(*subject);
}

TEST(HostProgram, LeavesWhatIsNotSimpleToTheUser) {
    ModelBuilder builder = quantized_dense();
    builder.node("Exp", {"logits"}, {"e"}, "exponential");
    builder.node("Reciprocal", {"e"}, {"y"}, "one_over");
    builder.node("Softmax", {"logits"}, {"z"});
    builder.output("y", {"N", 3});
    builder.output("z", {"N", 3});
    const TemporaryFolder folder;
    builder.write(folder / "model.onnx");
    const auto subject = subject_of(compile(folder / "model.onnx", {}));
    ASSERT_TRUE(subject);
    ASSERT_THAT(subject->kernel.left, SizeIs(1));
    const host::LeftToUser& left = subject->kernel.left[0];
    EXPECT_TRUE(left.behind);
    EXPECT_EQ(left.name, "y");
    EXPECT_THAT(left.nodes, ElementsAre("exponential", "one_over"));
    EXPECT_THAT(left.from, ElementsAre("logits"));
    ASSERT_THAT(subject->kernel.outputs, SizeIs(2));
    EXPECT_EQ(subject->kernel.outputs[0].name, "logits");
    EXPECT_THAT(ops(subject->kernel.outputs[0].steps), ElementsAre("dequantize"));
    EXPECT_EQ(subject->kernel.outputs[1].name, "z");
}

TEST(HostProgram, RefusesADesignOfAnotherModel) {
    Classifier network;
    network.output("logits", {"N", 5});
    const auto compiled = network.compiled({1, 3, 8, 6});
    ASSERT_TRUE(compiled) << messages(compiled);
    (*compiled)->design.outputs[0].binding.tensor = "elsewhere";
    const auto program = host_program((*compiled)->model.quantized, (*compiled)->design);
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error()[0].reason, "the model does not hold the tensor that the design names");
    EXPECT_EQ(program.error()[0].help, "compile the model again");
}

TEST(HostProgram, EqualsTheReferenceOnRealModels) {
    for (const char* name :
         {"mlperf-tiny/resnet8_int8_qdq.onnx", "mlperf-tiny/dscnn_kws_int8_qdq.onnx", "mlperf-tiny/autoencoder_int8_qdq.onnx"}) {
        const std::filesystem::path path = models_folder() / name;
        if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
        SCOPED_TRACE(name);
        const auto subject = subject_of(compile(path, {}));
        ASSERT_TRUE(subject);
        expect_equal(*subject);
    }
}

}  // namespace
}  // namespace weft::test
