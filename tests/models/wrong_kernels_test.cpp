// wrong_kernels_test.cpp
// Models that can be read but not become a kernel: which node is named, why, and what helps; the model beside each that is right compiles.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "src/driver/compile.h"
#include "tests/onnx/wrong_model.h"
#include "tests/paths.h"

namespace weft::test {
namespace {

/// Adds what kernels are made of to a net.
class Kernel {
public:
    explicit Kernel(Net& net) : net_(net) {}

    std::string convolution(const std::string& x, const std::string& y, std::int64_t inputs, std::int64_t outputs) {
        net_.node("Conv", {x, net_.reals(y + "_w", {outputs, inputs, 1, 1})}, {y}, y);
        return y;
    }
    /// Quantized with `scale`, and dequantized.
    std::string quantized(const std::string& x, float scale, int type = P::INT8) {
        net_.node("QuantizeLinear", {x, net_.real(x + "_s", scale), net_.numbers(x + "_z", type, {}, {0})}, {x + "_q"}, x + "_quantize");
        net_.node("DequantizeLinear", {x + "_q", x + "_s", x + "_z"}, {x + "_d"}, x + "_dequantize");
        return x + "_d";
    }
    /// A constant of integers, dequantized with a scale for each index of `axis`.
    std::string stored(const std::string& name, int type, const Shape& shape, const Integers& values, int axis) {
        const std::int64_t channels = shape[static_cast<std::size_t>(axis)];
        std::vector<float> scales;
        for (std::int64_t c = 0; c < channels; ++c) scales.push_back(0.5F + 0.25F * static_cast<float>(c));
        net_.floats(name + "_s", {channels}, scales);
        Net::attribute(
            net_.node("DequantizeLinear", {net_.numbers(name, type, shape, values), name + "_s"}, {name + "_d"}, name + "_dequantize"),
            "axis", axis);
        return name + "_d";
    }

private:
    Net& net_;
};

void expect_no_kernel_with(bool stand_in, int opset, Build build, const Fault& fault) {
    expect_fault(opset, build, fault, [&](const Net& net) {
        const TemporaryFolder folder;
        net.write(folder / "model.onnx");
        CompileOptions options;
        options.stand_in = stand_in;
        return compile(folder / "model.onnx", options);
    });
}
/// A float model, with ranges that stand for samples.
void expect_no_kernel(int opset, Build build, const Fault& fault) { expect_no_kernel_with(true, opset, build, fault); }
/// A quantized model, as given.
void expect_no_quantized_kernel(int opset, Build build, const Fault& fault) { expect_no_kernel_with(false, opset, build, fault); }

TEST(WrongKernels, ConvolutionByTheModel) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("w", {2, 3, 1, 1});
        n.of("Conv", {n.x({1, 3, 4, 4}), n.right ? n.reals("w", {2, 3, 1, 1}) : "w"});
    };
    expect_no_kernel(13, model, {"w", "the weight is computed by the model", "only convolutions with constant weights are supported"});
}

TEST(WrongKernels, GemmByTheModel) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("w", {3, 2});
        n.of("Gemm", {n.x({1, 3}), n.right ? n.reals("w", {3, 2}) : "w"});
    };
    expect_no_kernel(13, model, {"w", "the weight is computed by the model", "only products with a constant right operand are supported"});
}

TEST(WrongKernels, ProductOfTwoInputs) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("w", {3, 2});
        n.of("MatMul", {n.x({1, 3}), n.right ? n.reals("w", {3, 2}) : "w"});
    };
    expect_no_kernel(
        13, model,
        {"", "a product of two tensors computed by the model is not supported", "only products with a constant matrix are supported"});
}

TEST(WrongKernels, SummandScaledByBeta) {
    const auto model = [](Net& n) {
        Net::real_attribute(n.of("Gemm", {n.x({2, 3}), n.reals("w", {3, 2}), n.reals("c", n.right ? Shape{2} : Shape{2, 2})}), "beta",
                            2.0F);
    };
    expect_no_kernel(13, model, {"c", "C is scaled by beta = 2.000000 and is not one constant an output", "make C a constant of one row"});
}

TEST(WrongKernels, DilatedConvolution) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("Conv", {n.x({1, 3, 6, 6}), n.reals("w", {2, 3, 3, 3})}), "dilations",
                       n.right ? Integers{1, 1} : Integers{2, 2});
    };
    expect_no_kernel(13, model,
                     {"", "a dilated convolution is not supported", "use dilation 1, or a larger kernel with zeros between its taps"});
}

TEST(WrongKernels, DilatedPooling) {
    const auto model = [](Net& n) {
        auto& pool = n.of("MaxPool", {Kernel(n).convolution(n.x({1, 3, 6, 6}), "c", 3, 2)});
        Net::attribute(pool, "kernel_shape", Integers{2, 2});
        Net::attribute(pool, "dilations", n.right ? Integers{1, 1} : Integers{2, 2});
    };
    expect_no_kernel(13, model, {"", "a dilated pooling is not supported", "use dilation 1"});
}

TEST(WrongKernels, MaskOfADropout) {
    const auto model = [](Net& n) {
        auto& dropout = n.of("Dropout", {Kernel(n).convolution(n.x({1, 3, 4, 4}), "c", 3, 2)});
        if (n.right) return;
        dropout.add_output("mask");
        n.graph().add_output()->set_name("mask");
    };
    expect_no_kernel(13, model, {"mask", "the mask of a dropout is read", "export the model in inference mode (model.eval())"});
}

TEST(WrongKernels, GroupsOfTwoChannels) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("Conv", {n.x({1, 4, 4, 4}), n.reals("w", {4, n.right ? 1 : 2, 1, 1})}), "group", n.right ? 4 : 2);
    };
    expect_no_kernel(13, model,
                     {"", "grouped convolution with 2 channels a group is not supported",
                      "use group = 1 or depthwise convolution (group = input channels)"});
}

TEST(WrongKernels, BiasByTheModel) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("b", {2});
        n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, 3, 1, 1}), n.right ? n.reals("b", {2}) : "b"});
    };
    expect_no_kernel(13, model, {"b", "the bias is computed by the model", "only a constant bias is supported"});
}

TEST(WrongKernels, FillByTheModel) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("fill", {});
        n.node("Pad",
               {Kernel(n).convolution(n.x({1, 3, 4, 4}), "c", 3, 2), n.integers_of("pads", {0, 0, 1, 1, 0, 0, 1, 1}),
                n.right ? n.real("fill", 0.5F) : "fill"},
               {"p"}, "node");
        n.node("Relu", {"p"}, {"r"}, "relu");
        Kernel(n).convolution("r", "y", 2, 2);
    };
    expect_no_kernel(13, model, {"p", "the operator Pad fills with a value that the model computes", "pad with a constant"});
}

TEST(WrongKernels, ConstantChannels) {
    const auto model = [](Net& n) {
        const std::string c = Kernel(n).convolution(n.x({1, 3, 4, 4}), "c", 3, 2);
        Net::attribute(n.node("Concat", {c, n.right ? c : n.reals("k", {1, 2, 4, 4})}, {"j"}, "node"), "axis", 1);
        n.node("Relu", {"j"}, {"r"}, "relu");
        Kernel(n).convolution("r", "y", 4, 2);
    };
    expect_no_kernel(13, model,
                     {"j", "the operator Concat joins a constant to values that are computed at run time",
                      "leave constant channels out of the model: what the layer behind makes of them is a constant too"});
}

TEST(WrongKernels, ProductWithItselfTransposed) {
    const auto model = [](Net& n) {
        const std::string c = Kernel(n).convolution(n.x({1, 3, 4, 4}), "c", 3, 2);
        Net::attribute(n.node("Transpose", {c}, {"t"}, "turn"), "perm", n.right ? Integers{0, 1, 2, 3} : Integers{0, 1, 3, 2});
        n.node("Mul", {c, "t"}, {"m"}, "node");
        Kernel(n).convolution("m", "y", 2, 2);
    };
    expect_no_kernel(13, model,
                     {"m", "the value depends on more than one varying tensor: 'c', 't'",
                      "products of two tensors are not supported; each elementwise function must have one varying source"});
}

TEST(WrongKernels, ConstantOfPositions) {
    const auto model = [](Net& n) {
        std::vector<float> factors;
        for (int i = 0; i < 16; ++i) factors.push_back(n.right ? 0.5F : 0.25F + 0.125F * static_cast<float>(i));
        n.floats("k", {4, 4}, factors);
        n.node("Mul", {Kernel(n).convolution(n.x({1, 3, 4, 4}), "c", 3, 2), "k"}, {"m"}, "node");
        Kernel(n).convolution("m", "y", 2, 2);
    };
    expect_no_kernel(
        13, model,
        {"k", "the constant differs between positions of one channel", "only constants per tensor or per channel are supported"});
}

TEST(WrongKernels, LayoutThatChanges) {
    const auto model = [](Net& n) {
        const std::string c = Kernel(n).convolution(n.x({1, 4, 4, 4}), "c", 4, 4);
        n.node("Relu", {c}, {"r"}, "relu");
        Net::attribute(n.node("Transpose", {"r"}, {"t"}, "turn"), "perm", n.right ? Integers{0, 1, 2, 3} : Integers{0, 2, 3, 1});
        n.of("Conv", {"t", n.reals("w", {2, 4, 1, 1})});
    };
    expect_no_kernel(13, model,
                     {"t", "the elements arrive in another order than the operator reads them",
                      "a reorder unit is not available: keep one layout (NCHW or NHWC) between the operators"});
}

TEST(WrongKernels, DynamicQuantization) {
    const auto model = [](Net& n) {
        if (n.right) {
            n.of("MatMul", {n.x({1, 3}), n.reals("w", {3, 2})});
            return;
        }
        n.node("DynamicQuantizeLinear", {n.x({1, 3})}, {"q", "s", "z"}, "node");
        n.node("MatMulInteger", {"q", n.numbers("w", P::INT8, {3, 2}), "z"}, {"sums"}, "product");
        Net::attribute(n.node("Cast", {"sums"}, {"real"}, "cast"), "to", P::FLOAT);
        n.node("Mul", {"real", "s"}, {"y"}, "scale");
    };
    expect_no_kernel(13, model,
                     {"", "it takes a scale from each image: the hardware's scales are constants",
                      "quantize statically: with calibration data, as onnxruntime.quantization.quantize_static does"});
}

TEST(WrongQuantizedKernels, NoQuantizers) {
    const auto model = [](Net& n) {
        const std::string x = n.x({1, 3, 4, 4});
        const std::string from = n.right ? Kernel(n).quantized(x, 0.5F) : x;
        n.node("Conv", {from, Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)}, {"y"}, "node");
    };
    expect_no_quantized_kernel(13, model,
                               {"x", "the input is a float value: it has no quantizer",
                                "give calibration data (--calibrate DATA) so that weft quantizes it, or quantize the model completely"});
}

TEST(WrongQuantizedKernels, RealWeights) {
    const auto model = [](Net& n) {
        n.of("Conv", {Kernel(n).quantized(n.x({1, 3, 4, 4}), 0.5F),
                      n.right ? Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0) : n.reals("w", {2, 3, 1, 1})});
    };
    expect_no_quantized_kernel(13, model,
                               {"w", "the weight is not quantized",
                                "give calibration data (--calibrate DATA) so that weft quantizes it, or quantize the model completely"});
}

TEST(WrongQuantizedKernels, WeightsOfInputChannels) {
    const auto model = [](Net& n) {
        n.of("Conv", {Kernel(n).quantized(n.x({1, 3, 4, 4}), 0.5F),
                      Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, n.right ? 0 : 1)});
    };
    expect_no_quantized_kernel(
        13, model,
        {"w_d", "the weight has scales along another axis than the output channels", "quantize weights per tensor or per output channel"});
}

TEST(WrongQuantizedKernels, WeightsOf16Bits) {
    const auto model = [](Net& n) {
        n.of("Conv", {Kernel(n).quantized(n.x({1, 3, 4, 4}), 0.5F),
                      Kernel(n).stored("w", P::INT16, {2, 3, 1, 1}, {1, 2, 3, 4, 5, n.right ? 6 : 30000}, 0)});
    };
    expect_no_quantized_kernel(
        21, model, {"w_d", "the weights need 16 bits; the hardware takes up to 8 (9 with a zero point)", "quantize the weights to 8 bits"});
}

TEST(WrongQuantizedKernels, ActivationsOf16Bits) {
    const auto model = [](Net& n) {
        n.of("Conv", {Kernel(n).quantized(n.x({1, 3, 4, 4}), 0.5F, n.right ? P::INT8 : P::INT16),
                      Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)});
    };
    expect_no_quantized_kernel(
        21, model,
        {"x_d", "the input has 16 bits; the hardware takes up to 8", "quantize the input of linear operators to 8 bits or fewer"});
}

TEST(WrongQuantizedKernels, InputQuantizedByChannel) {
    const auto model = [](Net& n) {
        n.floats("s", {3}, n.right ? std::vector<float>{0.5F, 0.5F, 0.5F} : std::vector<float>{0.5F, 0.25F, 0.5F});
        if (n.right) n.real("s1", 0.5F);
        const std::string scale = n.right ? "s1" : "s";
        n.node("QuantizeLinear", {n.x({1, 3, 4, 4}), scale, n.numbers("z", P::INT8, n.right ? Shape{} : Shape{3}, {0, 0, 0})}, {"q"},
               "node");
        n.node("DequantizeLinear", {"q", scale, "z"}, {"d"}, "dequantize");
        n.node("Conv", {"d", Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)}, {"y"}, "convolution");
    };
    expect_no_quantized_kernel(13, model, {"d", "the input's quantizer has a scale per channel", "use one scale for the tensor"});
}

TEST(WrongQuantizedKernels, ActivationQuantizedByChannel) {
    const auto model = [](Net& n) {
        n.node("Conv", {Kernel(n).quantized(n.x({1, 3, 4, 4}), 0.5F), Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)},
               {"c"}, "convolution");
        n.floats("s", n.right ? Shape{} : Shape{2}, n.right ? std::vector<float>{0.5F} : std::vector<float>{0.5F, 0.25F});
        n.node("QuantizeLinear", {"c", "s", n.numbers("z", P::INT8, n.right ? Shape{} : Shape{2}, {0, 0})}, {"q"}, "node");
        n.node("DequantizeLinear", {"q", "s", "z"}, {"y"}, "dequantize");
    };
    expect_no_quantized_kernel(
        13, model, {"y", "an activation has a scale per channel", "use one scale for each activation; weights may have one per channel"});
}

TEST(WrongQuantizedKernels, WideIntegersAsInput) {
    const auto model = [](Net& n) {
        Net::attribute(n.node("Cast", {n.x({1, 3, 4, 4}, n.right ? P::INT8 : P::INT32)}, {"r"}, "cast"), "to", P::FLOAT);
        n.node("QuantizeLinear", {"r", n.real("s", 0.5F), n.numbers("z", P::INT8, {}, {0})}, {"q"}, "node");
        n.node("DequantizeLinear", {"q", "s", "z"}, {"d"}, "dequantize");
        n.node("Conv", {"d", Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)}, {"y"}, "convolution");
    };
    expect_no_quantized_kernel(13, model,
                               {"x", "an integer input of more than 8 bits is not supported", "give the model a float or 8-bit input"});
}

TEST(WrongQuantizedKernels, FunctionOfQuantizedIntegers) {
    const auto model = [](Net& n) {
        n.node("QuantizeLinear", {n.x({1, 3, 4, 4}), n.real("s", 0.5F), n.numbers("z", P::INT8, {}, {0})}, {"q"}, "quantize");
        n.node(n.right ? "Identity" : "Abs", {"q"}, {"k"}, "node");
        n.node("DequantizeLinear", {"k", "s", "z"}, {"d"}, "dequantize");
        n.node("Conv", {"d", Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)}, {"y"}, "convolution");
    };
    expect_no_quantized_kernel(13, model,
                               {"q", "the operator Abs works on quantized integers directly",
                                "only DequantizeLinear, Clip and operators that move elements may read a quantized tensor"});
}

TEST(WrongQuantizedKernels, QuantizedDoubles) {
    const auto model = [](Net& n) {
        n.of("Quant", {n.x({1, 3}, n.right ? P::FLOAT : P::DOUBLE), n.real("s", 0.5F), n.real("z", 0), n.real("bits", 4)},
             "qonnx.custom_op.general");
    };
    expect_no_quantized_kernel(13, model, {"x", "elements of type float64 cannot be quantized at run time", "cast them to float first"});
}

TEST(WrongQuantizedKernels, OutputOfMoreThan32Bits) {
    const auto model = [](Net& n) {
        const std::int64_t inputs = n.right ? 1000 : 140000;
        const std::string x = Kernel(n).quantized(n.x({1, static_cast<int>(inputs)}), 0.5F);
        n.node("DequantizeLinear",
               {n.numbers("w", P::INT8, {inputs, 1}, Integers(static_cast<std::size_t>(inputs), 127)), n.real("ws", 0.5F)}, {"wd"},
               "weights");
        n.of("MatMul", {x, "wd"});
    };
    expect_no_quantized_kernel(13, model, {"", "the accumulator that leaves the kernel does not fit 32 bits", "quantize the output"});
}

TEST(WrongQuantizedKernels, ClipByTheModel) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("low", {}, P::INT8);
        n.node("QuantizeLinear", {n.x({1, 3, 4, 4}), n.real("s", 0.5F), n.numbers("z", P::INT8, {}, {0})}, {"q"}, "quantize");
        n.node("Clip", {"q", n.right ? n.numbers("low", P::INT8, {}, {-5}) : "low"}, {"k"}, "node");
        n.node("DequantizeLinear", {"k", "s", "z"}, {"d"}, "dequantize");
        n.node("Conv", {"d", Kernel(n).stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0)}, {"y"}, "convolution");
    };
    expect_no_quantized_kernel(13, model, {"low", "the bound of a clip on integers is not a constant"});
}

/// Convolution 'c' of the input, quantized: the head of the nets below.
std::string head(Net& n) {
    Kernel kernel(n);
    n.node("Conv", {kernel.quantized(n.x({1, 2, 4, 4}), 0.5F), kernel.stored("w", P::INT8, {2, 2, 1, 1}, {1, 2, 3, 4}, 0)}, {"c"}, "c");
    return kernel.quantized("c", 0.5F);
}
/// `value` quantized, and read by a last convolution.
void last(Net& n, const std::string& value) { n.node("Conv", {Kernel(n).quantized(value, 0.5F), "w_d"}, {"y"}, "y"); }

TEST(WrongQuantizedKernels, SumOfOtherOrders) {
    const auto model = [](Net& n) {
        const std::string c = head(n);
        n.node("Conv", {c, "w_d"}, {"e"}, "e");
        const std::string e = Kernel(n).quantized("e", 0.25F);
        Net::attribute(n.node("Transpose", {e}, {"t"}, "turn"), "perm", n.right ? Integers{0, 1, 2, 3} : Integers{0, 1, 3, 2});
        n.node("Add", {c, "t"}, {"a"}, "node");
        last(n, "a");
    };
    expect_no_quantized_kernel(
        13, model,
        {"", "the two inputs of the sum have unlike shapes or orders", "only sums of two tensors of one shape and layout are supported"});
}

TEST(WrongQuantizedKernels, SumOfScalesFarApart) {
    const auto model = [](Net& n) {
        const std::string c = head(n);
        n.node("Conv", {c, "w_d"}, {"e"}, "e");
        n.node("Add", {c, Kernel(n).quantized("e", n.right ? 0x1p-20F : 0x1p-60F)}, {"a"}, "node");
        last(n, "a");
    };
    expect_no_quantized_kernel(
        13, model,
        {"", "the scales of the two inputs are too far apart", "quantize both inputs of the sum to scales within a factor of 2^20"});
}

TEST(WrongQuantizedKernels, ProductWithItselfInAnotherOrder) {
    const auto model = [](Net& n) {
        n.node("Relu", {head(n)}, {"r"}, "relu");
        Net::attribute(n.node("Transpose", {"r"}, {"t"}, "turn"), "perm", n.right ? Integers{0, 1, 2, 3} : Integers{0, 1, 3, 2});
        n.node("Mul", {"r", "t"}, {"m"}, "node");
        last(n, "m");
    };
    expect_no_quantized_kernel(
        13, model,
        {"t", "one value is combined with itself in another order or shape", "elementwise operators with one source must keep its shape"});
}

TEST(WrongQuantizedKernels, QuantizedConstant) {
    const auto model = [](Net& n) {
        const std::string c = head(n), k = Kernel(n).stored("k", P::INT8, {1, 2, 1, 1}, {1, 2}, 1);
        n.node("Relu", {k}, {"r"}, "relu");
        n.node("Add", {c, n.right ? "r" : Kernel(n).quantized("r", 0.5F)}, {"a"}, "node");
        last(n, "a");
    };
    expect_no_quantized_kernel(
        13, model, {"r_d", "the value is computed from constants alone, by nodes that are not folded", "fold the constant before export"});
}

TEST(WrongQuantizedKernels, LastQuantizedConstant) {
    const auto model = [](Net& n) {
        const std::string c = head(n), k = Kernel(n).stored("k", P::INT8, {1, 2, 1, 1}, {1, 2}, 1);
        n.node("Relu", {k}, {"r"}, "relu");
        n.node("Add", {c, n.right ? "r" : Kernel(n).quantized("r", 0.5F)}, {"y"}, "node");
    };
    expect_no_quantized_kernel(13, model, {"r", "the value is a constant", "fold the constant before export", "r_quantize"});
}

TEST(WrongQuantizedKernels, LastPooledConstant) {
    const auto model = [](Net& n) {
        const std::string c = head(n), k = Kernel(n).stored("k", P::INT8, {1, 2, 4, 4}, Integers(32, 3), 1);
        Net::attribute(n.node("MaxPool", {n.right ? c : k}, {"p"}, "node"), "kernel_shape", {1, 1});
        n.node("Add", {c, Kernel(n).quantized("p", 0.5F)}, {"y"}, "sum");
    };
    expect_no_quantized_kernel(
        13, model, {"k_d", "the value is a constant, which no stream of the kernel carries", "fold the constant before export"});
}

TEST(WrongQuantizedKernels, QuantizedRepeats) {
    const auto model = [](Net& n) {
        const std::string c = head(n);
        if (n.right) {
            n.node("Identity", {c}, {"t"}, "node");
        } else {
            n.node("Tile", {c, n.integers_of("repeats", {1, 1, 2, 1})}, {"t"}, "node");
        }
        n.node("Relu", {Kernel(n).quantized("t", 0.5F)}, {"y"}, "relu");
    };
    expect_no_quantized_kernel(13, model, {"t", "the operator Tile has no hardware", "weft list ops shows what is supported"});
}

TEST(WrongQuantizedKernels, ExpandedAverages) {
    const auto model = [](Net& n) {
        const std::string c = head(n);
        n.node("GlobalAveragePool", {c}, {"g"}, "average");
        n.node("Expand", {Kernel(n).quantized("g", 0.5F), n.integers_of("shape", {1, 2, n.right ? 1 : 4, n.right ? 1 : 4})}, {"e"}, "node");
        last(n, "e");
    };
    expect_no_quantized_kernel(13, model, {"e", "this form of the operator Expand has no hardware", "weft list ops says which form has"});
}

TEST(WrongQuantizedKernels, LastConstantChannels) {
    const auto model = [](Net& n) {
        const std::string c = head(n);
        Net::attribute(n.node("Concat", {c, n.right ? c : n.reals("k", {1, 2, 4, 4})}, {"j"}, "node"), "axis", 1);
        n.node("Relu", {"j"}, {"r"}, "relu");
        n.node("Identity", {Kernel(n).quantized("r", 0.5F)}, {"y"}, "end");
    };
    expect_no_quantized_kernel(13, model,
                               {"j", "the operator Concat joins a constant to values that are computed at run time",
                                "leave constant channels out of the model: what the layer behind makes of them is a constant too"});
}

TEST(WrongQuantizedKernels, OutputThatNeedsNoKernel) {
    const auto model = [](Net& n) {
        const std::string c = head(n);
        n.node("Softmax", {n.right ? c : "x"}, {"y"}, "softmax");
        n.graph().add_output()->set_name(c);
    };
    expect_no_quantized_kernel(13, model,
                               {"y", "the output does not depend on anything that the kernel computes", "remove the output", ""});
}

TEST(WrongKernels, OutputsThatAreConstants) {
    const auto model = [](Net& n) {
        const std::string x = n.x({1, 3, 4, 4});
        n.of("Identity", {n.right ? Kernel(n).convolution(x, "c", 3, 2) : n.reals("k", {2})});
    };
    expect_no_kernel(13, model,
                     {"y", "the model's outputs are constants: the kernel has nothing to give",
                      "make an output of what is computed from the input", ""});
}

TEST(WrongQuantizedKernels, WeightsByAFunctionWithoutExactValues) {
    const auto model = [](Net& n) {
        Kernel kernel(n);
        const std::string x = kernel.quantized(n.x({1, 3, 4, 4}), 0.5F);
        const std::string w = kernel.stored("w", P::INT8, {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, 0);
        if (!n.right) n.node("Exp", {w}, {"e"}, "exponential");
        n.of("Conv", {x, n.right ? w : "e"});
    };
    expect_no_quantized_kernel(13, model, {"e", "the weight is computed by the model", "only constant weights are supported"});
}

TEST(WrongQuantizedKernels, FactorWithoutAnExactValue) {
    const auto model = [](Net& n) {
        const std::string c = head(n), k = Kernel(n).stored("k", P::INT8, {1, 2, 1, 1}, {n.right ? 1 : 0, 3}, 1);
        n.node("Div", {n.reals("one", {}), k}, {"d"}, "node");
        n.node("Mul", {c, "d"}, {"m"}, "product");
        last(n, "m");
    };
    expect_no_quantized_kernel(13, model, {"", "it has no exact value at its constants", "fold the constants before export"});
}

}  // namespace
}  // namespace weft::test
