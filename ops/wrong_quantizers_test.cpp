// wrong_quantizers_test.cpp
// Quantizers of any vocabulary that are wrong by themselves: what a user reads of each.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/onnx/wrong_model.h"

namespace weft::test {
namespace {

constexpr const char* qonnx = "qonnx.custom_op.general";
constexpr const char* static_scales = "export the model with fixed scales, zero points and widths";

TEST(WrongQuantizers, ScalesPerBlock) {
    const auto model = [](Net& n) { Net::attribute(n.of("QuantizeLinear", {n.x({1, 4}), n.real("s", 1)}), "block_size", n.right ? 0 : 2); };
    expect_refused(21, model, {"", "scales per block are not supported", "quantize per tensor or per channel"});
}

TEST(WrongQuantizers, WidthThatTheModelComputes) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("bits", {});
        n.of("Quant", {n.x({1, 3}), n.real("s", 1), n.real("z", 0), n.right ? n.real("bits", 4) : "bits"}, qonnx);
    };
    expect_refused(13, model, {"bits", "the width in bits is computed at run time", static_scales});
}

TEST(WrongQuantizers, QuantizedBooleans) {
    const auto model = [](Net& n) {
        n.of("Quant", {n.x({1, 3}, n.right ? P::FLOAT : P::BOOL), n.real("s", 1), n.real("z", 0), n.real("b", 4)}, qonnx);
    };
    expect_refused(13, model, {"x", "elements of type bool cannot be quantized"});
}

TEST(WrongQuantizers, IntegerAsScale) {
    const auto model = [](Net& n) {
        n.of("Quant", {n.x({1, 3}), n.numbers("s", n.right ? P::FLOAT : P::INT32, {}, {1}), n.real("z", 0), n.real("b", 4)}, qonnx);
    };
    expect_refused(13, model, {"s", "the scale must be a real number"});
}

TEST(WrongQuantizers, TruncatedIntegers) {
    const auto model = [](Net& n) {
        n.of("Trunc", {n.x({1, 3}, n.right ? P::FLOAT : P::INT32), n.real("s", 1), n.real("z", 0), n.real("b", 8), n.real("o", 4)}, qonnx);
    };
    expect_refused(13, model, {"x", "elements of type int32 cannot be truncated"});
}

TEST(WrongQuantizers, IntegerAsScaleOfATruncation) {
    const auto model = [](Net& n) {
        n.of("Trunc", {n.x({1, 3}), n.numbers("s", n.right ? P::FLOAT : P::INT32, {}, {1}), n.real("z", 0), n.real("b", 8), n.real("o", 4)},
             qonnx);
    };
    expect_refused(13, model, {"s", "the scale must be a real number"});
}

TEST(WrongQuantizers, ThresholdsForIntegers) {
    const auto model = [](Net& n) { n.of("MultiThreshold", {n.x({1, 3}, n.right ? P::FLOAT : P::INT32), n.reals("t", {1, 2})}, qonnx); };
    expect_refused(13, model, {"x", "elements of type int32 are not compared with thresholds"});
}

TEST(WrongQuantizers, ThresholdsForANumber) {
    const auto model = [](Net& n) {
        n.of("MultiThreshold", {n.x(n.right ? std::vector<Extent>{1, 3} : std::vector<Extent>{}), n.reals("t", {1, 2})}, qonnx);
    };
    expect_refused(13, model, {"x", "thresholds need a channel axis"});
}

TEST(WrongQuantizers, ThresholdsThatTheModelComputes) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("t", {1, 2});
        n.of("MultiThreshold", {n.x({1, 3}), n.right ? n.reals("t", {1, 2}) : "t"}, qonnx);
    };
    expect_refused(13, model, {"t", "the thresholds are computed at run time", "only constant thresholds are supported"});
}

TEST(WrongQuantizers, SumsOfOtherIntegers) {
    const auto model = [](Net& n) {
        n.of("MatMulInteger", {n.x({1, 3}, n.right ? P::UINT8 : P::INT32), n.numbers("w", P::INT8, {3, 1}, {1, 2, 3})});
        n.real_output();
    };
    expect_refused(13, model, {"x", "integers of 8 bits are needed, not int32"});
}

TEST(WrongQuantizers, ZeroPointOfAnotherType) {
    const auto model = [](Net& n) {
        n.of("MatMulInteger",
             {n.x({1, 3}, P::UINT8), n.numbers("w", P::INT8, {3, 1}, {1, 2, 3}), n.numbers("z", n.right ? P::UINT8 : P::INT8, {}, {1})});
        n.real_output();
    };
    expect_refused(13, model, {"z", "the zero point's element type is not that of the integers"});
}

TEST(WrongQuantizers, TooManyZeroPoints) {
    const auto model = [](Net& n) {
        n.of("MatMulInteger",
             {n.x({1, 3}, P::UINT8), n.numbers("w", P::INT8, {3, 1}, {1, 2, 3}), "", n.numbers("z", P::INT8, {n.right ? 1 : 2}, {1, 1})});
        n.real_output();
    };
    expect_refused(13, model, {"z", "2 zero points do not go with the shape [3, 1]"});
}

}  // namespace
}  // namespace weft::test
