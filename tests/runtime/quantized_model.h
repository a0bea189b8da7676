// quantized_model.h
// A small quantized network for tests of its host: x [N, 4], quantized, a dense layer, 'logits' [N, 3] without a quantizer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/onnx/model_builder.h"

namespace weft::test {

inline ModelBuilder quantized_dense() {
    ModelBuilder builder;
    builder.input("x", {"N", 4});
    builder.floats("scale", {}, {0.03F});
    builder.floats("half", {}, {0.5F});
    builder.initialiser("zero", onnx::TensorProto::INT8, {}).add_int32_data(-5);
    builder.initialiser("none", onnx::TensorProto::INT8, {}).add_int32_data(0);
    auto& weights = builder.initialiser("w", onnx::TensorProto::INT8, {4, 3});
    for (const int weight : {3, -2, 7, 1, 1, -9, 4, 0, 5, -6, 8, 2}) weights.add_int32_data(weight);
    builder.node("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
    builder.node("DequantizeLinear", {"q", "scale", "zero"}, {"r"});
    builder.node("DequantizeLinear", {"w", "half", "none"}, {"v"});
    builder.node("Gemm", {"r", "v"}, {"logits"}, "dense");
    return builder;
}

}  // namespace weft::test
