// wrong_nodes_test.cpp
// Nodes that compute and are wrong by themselves: what a user reads of each, and that the node beside it which is right is taken.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <limits>

#include "tests/onnx/wrong_model.h"

namespace weft::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(WrongNodes, SumOfBooleans) {
    const auto model = [](Net& n) { n.of("Add", {n.x({1, 3}, n.right ? P::FLOAT : P::BOOL), "x"}); };
    expect_refused(13, model, {"x", "the operator is not defined on elements of type bool"});
}

TEST(WrongNodes, SumOfDifferentTypes) {
    const auto model = [](Net& n) { n.of("Add", {n.x({1, 3}), n.numbers("b", n.right ? P::FLOAT : P::INT32, {3}, {1, 2, 3})}); };
    expect_refused(13, model, {"b", "the inputs differ in element type: float32 and int32"});
}

TEST(WrongNodes, SumOfUnlikeShapes) {
    const auto model = [](Net& n) { n.of("Add", {n.x({1, 3}), n.reals("b", {n.right ? 3 : 2})}); };
    expect_refused(13, model, {"b", "shape [2] does not broadcast with [1, 3] of 'x'"});
}

TEST(WrongNodes, MaximumWithAGap) {
    const auto model = [](Net& n) { n.of("Max", {n.x({1, 3}), n.right ? "x" : "", "x"}); };
    expect_refused(13, model, {"", "input 1 is left out"});
}

TEST(WrongNodes, IntegerDividedByZero) {
    const auto model = [](Net& n) { n.reshaped_by("Div", {n.integers_of("a", {6, 2}), n.integers_of("b", {2, n.right ? 1 : 0})}); };
    expect_refused(13, model, {"b", "an integer is divided by zero"});
}

TEST(WrongNodes, PowerOfUnlikeShapes) {
    const auto model = [](Net& n) { n.of("Pow", {n.x({1, 3}), n.reals("b", {n.right ? 3 : 2})}); };
    expect_refused(13, model, {"b", "shape [2] does not broadcast with [1, 3]"});
}

TEST(WrongNodes, BoundThatLeavesNothing) {
    const auto model = [](Net& n) {
        n.floats("low", {}, {n.right ? -infinity : infinity});
        n.of("Clip", {n.x({1, 3}), "low"});
    };
    expect_refused(13, model, {"low", "the bound 'min' leaves no value"});
}

TEST(WrongNodes, BoundThatIsNoNumber) {
    const auto model = [](Net& n) {
        n.floats("low", {}, {n.right ? 0 : std::numeric_limits<float>::quiet_NaN()});
        n.of("Clip", {n.x({1, 3}), "low"});
    };
    expect_refused(13, model, {"low", "the bound 'min' is not a number"});
}

TEST(WrongNodes, BoundOfTwoNumbers) {
    const auto model = [](Net& n) { n.of("Clip", {n.x({1, 3}), n.reals("low", {n.right ? 1 : 2})}); };
    expect_refused(13, model, {"low", "the bound must be a single number, but has the shape [2]"});
}

TEST(WrongNodes, BoundOfAnotherType) {
    const auto model = [](Net& n) { n.of("Clip", {n.x({1, 3}), n.numbers("low", n.right ? P::FLOAT : P::INT32, {}, {0})}); };
    expect_refused(13, model, {"low", "the bound has the element type int32, not the input's"});
}

TEST(WrongNodes, NegationOfReals) {
    const auto model = [](Net& n) { n.of("Not", {n.x({1, 3}, n.right ? P::BOOL : P::FLOAT)}); };
    expect_refused(13, model, {"x", "the operator is not defined on elements of type float32"});
}

TEST(WrongNodes, ComparisonOfBooleans) {
    const auto model = [](Net& n) { n.of("Less", {n.x({1, 3}, n.right ? P::FLOAT : P::BOOL), "x"}); };
    expect_refused(13, model, {"x", "the operator is not defined on elements of type bool"});
}

TEST(WrongNodes, ChoiceByReals) {
    const auto model = [](Net& n) { n.of("Where", {n.x({1, 3}, n.right ? P::BOOL : P::FLOAT), n.reals("a", {3}), n.reals("b", {3})}); };
    expect_refused(13, model, {"x", "the operator is not defined on elements of type float32"});
}

TEST(WrongNodes, ChoiceOfUnlikeShapes) {
    const auto model = [](Net& n) { n.of("Where", {n.x({1, 3}, P::BOOL), n.reals("a", {3}), n.reals("b", {n.right ? 3 : 2})}); };
    expect_refused(13, model, {"x", "shapes [1, 3], [3] and [2] do not broadcast"});
}

TEST(WrongNodes, NormalisationOfIntegers) {
    const auto model = [](Net& n) { n.normalise({1, 3, 2, 2}, 3, n.right ? P::FLOAT : P::INT32); };
    expect_refused(13, model, {"x", "batch normalisation of int32 elements is not supported"});
}

TEST(WrongNodes, NormalisationOfAVector) {
    const auto model = [](Net& n) { n.normalise(n.right ? std::vector<Extent>{1, 3} : std::vector<Extent>{3}, 3); };
    expect_refused(13, model, {"x", "batch normalisation needs a channel axis; the shape is [3]"});
}

TEST(WrongNodes, NormalisationInTraining) {
    const auto model = [](Net& n) { Net::attribute(n.normalise({1, 3}, 3), "training_mode", n.right ? 0 : 1); };
    expect_refused(
        14, model,
        {"", "the node is in training mode", "export the model for inference: model.eval() in PyTorch, training=False in TensorFlow"});
}

TEST(WrongNodes, NormalisationOfPositions) {
    const auto model = [](Net& n) { Net::attribute(n.normalise({1, 3}, 3), "spatial", n.right ? 1 : 0); };
    expect_refused(8, model,
                   {"", "statistics of single positions (spatial=0) are not supported", "use statistics of a whole channel (spatial=1)"});
}

TEST(WrongNodes, NormalisationByTheModel) {
    const auto model = [](Net& n) {
        auto& node = n.normalise({1, 3}, 3);
        if (n.right) return;
        n.input("given", {3});
        node.set_input(3, "given");
    };
    expect_refused(13, model, {"given", "the statistics are computed by the model", "only constant statistics are supported"});
}

TEST(WrongNodes, NormalisationOfOtherChannels) {
    const auto model = [](Net& n) { n.normalise({1, 3}, n.right ? 3 : 4); };
    expect_refused(13, model, {"scale", "the shape is [4] but the input has 3 channels"});
}

TEST(WrongNodes, NegativeVariance) {
    const auto model = [](Net& n) {
        auto& node = n.normalise({1, 3}, 3);
        n.floats("v", {3}, {1, n.right ? 1.0F : -1.0F, 1});
        node.set_input(4, "v");
    };
    expect_refused(13, model, {"v", "a variance plus epsilon is not positive: -1.000000"});
}

TEST(WrongNodes, ConvolutionOfIntegers) {
    const auto model = [](Net& n) {
        const auto type = n.right ? P::FLOAT : P::INT32;
        n.of("Conv", {n.x({1, 1, 4, 4}, type), n.numbers("w", type, {1, 1, 1, 1}, {1})});
    };
    expect_refused(13, model, {"x", "convolution of int32 elements is not supported"});
}

TEST(WrongNodes, ConvolutionByIntegers) {
    const auto model = [](Net& n) { n.of("Conv", {n.x({1, 1, 4, 4}), n.numbers("w", n.right ? P::FLOAT : P::INT32, {1, 1, 1, 1}, {1})}); };
    expect_refused(13, model, {"w", "the weight is int32, the input float32"});
}

TEST(WrongNodes, ConvolutionOfAMatrix) {
    const auto model = [](Net& n) {
        n.of("Conv", {n.x(n.right ? std::vector<Extent>{1, 3, 4, 4} : std::vector<Extent>{1, 3}), n.reals("w", {2, 3, 1, 1})});
    };
    expect_refused(13, model, {"x", "convolution needs a tensor of four axes (batch, channels, height, width); the shape is [1, 3]"});
}

TEST(WrongNodes, ConvolutionByAMatrix) {
    const auto model = [](Net& n) { n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", n.right ? Shape{2, 3, 1, 1} : Shape{2, 3})}); };
    expect_refused(13, model, {"w", "the weight needs four axes; its shape is [2, 3]"});
}

TEST(WrongNodes, ConvolutionOfNoGroup) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, 3, 1, 1})}), "group", n.right ? 1 : 0);
    };
    expect_refused(13, model, {"", "attribute 'group' is 0"});
}

TEST(WrongNodes, ConvolutionOfOtherChannels) {
    const auto model = [](Net& n) { n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, n.right ? 3 : 4, 1, 1})}); };
    expect_refused(13, model, {"w", "the weight [2, 4, 1, 1] in 1 group does not fit an input of 3 channels"});
}

TEST(WrongNodes, ConvolutionOfUnevenGroups) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("Conv", {n.x({1, 4, 4, 4}), n.reals("w", {n.right ? 4 : 3, 2, 1, 1})}), "group", 2);
    };
    expect_refused(13, model, {"w", "3 output channels do not divide into 2 groups"});
}

TEST(WrongNodes, ConvolutionWithABiasOfIntegers) {
    const auto model = [](Net& n) {
        n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, 3, 1, 1}), n.numbers("b", n.right ? P::FLOAT : P::INT32, {2}, {1, 2})});
    };
    expect_refused(13, model, {"b", "the bias is int32, the input float32"});
}

TEST(WrongNodes, ConvolutionWithAShortBias) {
    const auto model = [](Net& n) { n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, 3, 1, 1}), n.reals("b", {n.right ? 2 : 1})}); };
    expect_refused(13, model, {"b", "the bias has shape [1] but the node has 2 output channels"});
}

TEST(WrongNodes, KernelShapeOfAnotherWeight) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, 3, 1, 1})}), "kernel_shape",
                       n.right ? Integers{1, 1} : Integers{3, 3});
    };
    expect_refused(13, model, {"", "attribute 'kernel_shape' is [3, 3] but the weight's kernel is [1, 1]"});
}

TEST(WrongNodes, UnknownAutoPad) {
    const auto model = [](Net& n) {
        n.text(n.of("Conv", {n.x({1, 3, 4, 4}), n.reals("w", {2, 3, 1, 1})}), "auto_pad", n.right ? "VALID" : "SAME");
    };
    expect_refused(13, model, {"", "attribute 'auto_pad' is 'SAME'", "use NOTSET, VALID, SAME_UPPER or SAME_LOWER"});
}

TEST(WrongNodes, StridesOfOneAxis) {
    const auto model = [](Net& n) { Net::attribute(n.pool("MaxPool", {1, 3, 4, 4}), "strides", n.right ? Integers{2, 2} : Integers{2}); };
    expect_refused(13, model, {"", "attribute 'strides' has 1 entries where a window over two spatial axes needs 2"});
}

TEST(WrongNodes, StridesOfNothing) {
    const auto model = [](Net& n) {
        Net::attribute(n.pool("MaxPool", {1, 3, 4, 4}), "strides", n.right ? Integers{2, 2} : Integers{0, 1});
    };
    expect_refused(13, model, {"", "attribute 'strides' holds 0, outside 1..1048576"});
}

TEST(WrongNodes, WindowThatIsTooLarge) {
    const auto model = [](Net& n) { n.pool("MaxPool", {1, 3, n.right ? 4 : 1, 4}); };
    expect_refused(13, model, {"", "the window spans 2 rows but the padded input has 1"});
}

TEST(WrongNodes, PadsAsLargeAsTheWindow) {
    const auto model = [](Net& n) {
        Net::attribute(n.pool("MaxPool", {1, 3, 4, 4}), "pads", n.right ? Integers{1, 1, 1, 1} : Integers{2, 0, 0, 0});
    };
    expect_refused(13, model,
                   {"", "a pad of 2 is not smaller than the window's extent of 2",
                    "windows that hold nothing but padding have no value; use smaller pads"});
}

TEST(WrongNodes, AveragesOfIntegers) {
    const auto model = [](Net& n) { n.pool("AveragePool", {1, 3, 4, 4}, n.right ? P::FLOAT : P::INT32); };
    expect_refused(13, model, {"x", "pooling of int32 elements is not supported"});
}

TEST(WrongNodes, PoolingOverOneAxis) {
    const auto model = [](Net& n) { n.pool("MaxPool", n.right ? std::vector<Extent>{1, 3, 4, 4} : std::vector<Extent>{1, 3, 4}); };
    expect_refused(13, model,
                   {"x", "pooling over one spatial axis is not supported: the shape is [1, 3, 4]",
                    "give the tensor a height of 1 (Unsqueeze) and use the form with two spatial axes"});
}

TEST(WrongNodes, IndicesOfMaxima) {
    const auto model = [](Net& n) {
        auto& node = n.pool("MaxPool", {1, 3, 4, 4});
        if (n.right) return;
        node.add_output("where");
        n.graph().add_output()->set_name("where");
    };
    expect_refused(13, model, {"where", "the indices of the maxima are not supported", "remove the second output of the pooling node"});
}

TEST(WrongNodes, ColumnMajorPooling) {
    const auto model = [](Net& n) { Net::attribute(n.pool("MaxPool", {1, 3, 4, 4}), "storage_order", n.right ? 0 : 1); };
    expect_refused(13, model, {"", "column-major storage (storage_order=1) is not supported"});
}

TEST(WrongNodes, GlobalAverageOfIntegers) {
    const auto model = [](Net& n) { n.of("GlobalAveragePool", {n.x({1, 3, 4, 4}, n.right ? P::FLOAT : P::INT32)}); };
    expect_refused(13, model, {"x", "pooling of int32 elements is not supported"});
}

TEST(WrongNodes, GlobalAverageOfAMatrix) {
    const auto model = [](Net& n) {
        n.of("GlobalAveragePool", {n.x(n.right ? std::vector<Extent>{1, 3, 4, 4} : std::vector<Extent>{1, 3})});
    };
    expect_refused(13, model, {"x", "pooling needs spatial axes; the shape is [1, 3]"});
}

TEST(WrongNodes, ReductionOfBooleans) {
    const auto model = [](Net& n) { n.of("ReduceMean", {n.x({1, 3}, n.right ? P::FLOAT : P::BOOL)}); };
    expect_refused(13, model, {"x", "the sum of bool elements is not supported"});
}

TEST(WrongNodes, ProductOfIntegers) {
    const auto model = [](Net& n) {
        const auto type = n.right ? P::FLOAT : P::INT32;
        n.of("MatMul", {n.x({1, 3}, type), n.numbers("w", type, {3, 1}, {1, 2, 3})});
    };
    expect_refused(13, model, {"x", "a matrix product of int32 elements is not supported"});
}

TEST(WrongNodes, ProductOfDifferentTypes) {
    const auto model = [](Net& n) { n.of("MatMul", {n.x({1, 3}), n.numbers("w", n.right ? P::FLOAT : P::DOUBLE, {3, 1}, {1, 2, 3})}); };
    expect_refused(13, model, {"w", "the element types float32 and float64 differ"});
}

TEST(WrongNodes, GemmOfThreeAxes) {
    const auto model = [](Net& n) {
        n.of("Gemm", {n.x(n.right ? std::vector<Extent>{1, 3} : std::vector<Extent>{1, 2, 3}), n.reals("w", {3, 2})});
    };
    expect_refused(13, model, {"x", "a matrix is needed; the shape is [1, 2, 3]", "flatten the tensor to two axes before this node"});
}

TEST(WrongNodes, GemmOfUnlikeLengths) {
    const auto model = [](Net& n) { n.of("Gemm", {n.x({1, 3}), n.reals("w", {n.right ? 3 : 4, 2})}); };
    expect_refused(13, model, {"w", "the product sums over 3 elements of A but 4 of B"});
}

TEST(WrongNodes, GemmWithAnUnlikeSummand) {
    const auto model = [](Net& n) { n.of("Gemm", {n.x({1, 3}), n.reals("w", {3, 2}), n.reals("c", {n.right ? 2 : 3})}); };
    expect_refused(13, model, {"c", "C of shape [3] does not broadcast to [1, 2]"});
}

TEST(WrongNodes, ProductOfUnlikeLengths) {
    const auto model = [](Net& n) { n.of("MatMul", {n.x({1, 3}), n.reals("w", {n.right ? 3 : 4, 2})}); };
    expect_refused(13, model, {"w", "the shapes [1, 3] and [4, 2] have no matrix product"});
}

TEST(WrongNodes, SoftmaxOfIntegers) {
    const auto model = [](Net& n) { n.of("Softmax", {n.x({1, 3}, n.right ? P::FLOAT : P::INT32)}); };
    expect_refused(13, model, {"x", "the element type int32 is not supported"});
}

TEST(WrongNodes, LargestOfBooleans) {
    const auto model = [](Net& n) { n.of("ArgMax", {n.x({1, 3}, n.right ? P::FLOAT : P::BOOL)}); };
    expect_refused(13, model, {"x", "the element type bool is not supported"});
}

}  // namespace
}  // namespace weft::test
