// quantized_linear.cpp
// Convolutions and matrix products of integers with scales: QLinearConv, QLinearMatMul and QGemm.
// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "ops/common/quantized.h"
#include "ops/common/window.h"

namespace weft {

namespace {

Result<Tensor> sums_of(const OpDef& op, const Node& node, std::vector<const Tensor*> inputs, const Attributes& attributes = {}) {
    return evaluate_as(op, node, inputs, attributes);
}

/// Input `index` in the arithmetic of exact sums; empty if it is omitted.
std::optional<Tensor> addend(std::span<const Tensor* const> inputs, std::size_t index) {
    const Tensor* input = optional_input(inputs, index);
    return input ? std::optional(input->cast(DataType::float64)) : std::nullopt;
}

// --- QLinearConv ---

enum ConvInput { conv_x, conv_x_scale, conv_x_zero, conv_w, conv_w_scale, conv_w_zero, conv_y_scale, conv_y_zero, conv_bias };

Result<Value*> real_conv(RealForm& form) {
    const Node& node = form.node();
    WEFT_ASSIGN(Value* const x, form.dequantized(node.input(conv_x), node.input(conv_x_scale), node.input(conv_x_zero), 1));
    WEFT_ASSIGN(Value* const w, form.dequantized(node.input(conv_w), node.input(conv_w_scale), node.input(conv_w_zero), 0));
    Value* bias = nullptr;
    if (node.has_input(conv_bias)) {
        WEFT_ASSIGN(bias, form.dequantized_sum(node.input(conv_bias), node.input(conv_x_scale), node.input(conv_w_scale)));
    }
    WEFT_ASSIGN(Value* const y, form.applied(op_conv, {x, w, bias}));
    return form.quantized(y, node.input(conv_y_scale), node.input(conv_y_zero), node.input(conv_x)->type);
}

Result<std::vector<Tensor>> evaluate_conv(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor x = centred(*inputs[conv_x], inputs[conv_x_zero]), w = centred(*inputs[conv_w], inputs[conv_w_zero], 0);
    const auto bias = addend(inputs, conv_bias);
    WEFT_ASSIGN(const Tensor sums, sums_of(op_conv, node, {&x, &w, bias ? &*bias : nullptr}));
    const Factor factors[] = {{inputs[conv_x_scale]}, {inputs[conv_w_scale], 1}};
    return only(rescaled(sums, factors, *inputs[conv_y_scale], inputs[conv_y_zero], inputs[conv_y_zero]->type()));
}

// --- QLinearMatMul ---

enum MatMulInput { matmul_a, matmul_a_scale, matmul_a_zero, matmul_b, matmul_b_scale, matmul_b_zero, matmul_y_scale, matmul_y_zero };

/// A matrix has a scale for each row on the left, for each column on the right; a vector has one scale.
Status check_vector(const Node& node, const Value* operand, const Value* scale) {
    if (operand->shape.size() >= 2 || element_count(scale->shape) == 1) return Ok{};
    return tensor_error(node, scale, "a vector cannot have a scale for each element of the sum", "quantize it with one scale");
}

Result<Value*> real_matmul(RealForm& form) {
    const Node& node = form.node();
    Value* a = node.input(matmul_a);
    Value* b = node.input(matmul_b);
    WEFT_CHECK(check_vector(node, a, node.input(matmul_a_scale)));
    WEFT_CHECK(check_vector(node, b, node.input(matmul_b_scale)));
    WEFT_ASSIGN(Value* const left,
                form.dequantized(a, node.input(matmul_a_scale), node.input(matmul_a_zero), static_cast<std::int64_t>(a->shape.size()) - 2));
    WEFT_ASSIGN(Value* const right,
                form.dequantized(b, node.input(matmul_b_scale), node.input(matmul_b_zero), static_cast<std::int64_t>(b->shape.size()) - 1));
    WEFT_ASSIGN(Value* const y, form.applied(op_mat_mul, {left, right}));
    return form.quantized(y, node.input(matmul_y_scale), node.input(matmul_y_zero), a->type);
}

Result<std::vector<Tensor>> evaluate_matmul(const Node& node, std::span<const Tensor* const> inputs) {
    const auto rank = [](const Tensor& tensor) { return static_cast<std::int64_t>(tensor.shape().size()); };
    const Tensor a = centred(*inputs[matmul_a], inputs[matmul_a_zero], rank(*inputs[matmul_a]) - 2);
    const Tensor b = centred(*inputs[matmul_b], inputs[matmul_b_zero], rank(*inputs[matmul_b]) - 1);
    WEFT_ASSIGN(const Tensor sums, sums_of(op_mat_mul, node, {&a, &b}));
    const std::int64_t row_axis = rank(sums) - (rank(b) > 1 ? 2 : 1);
    const Factor factors[] = {{inputs[matmul_a_scale], row_axis}, {inputs[matmul_b_scale], rank(sums) - 1}};
    return only(rescaled(sums, factors, *inputs[matmul_y_scale], inputs[matmul_y_zero], inputs[matmul_y_zero]->type()));
}

// --- QGemm ---

enum GemmInput { gemm_a, gemm_a_scale, gemm_a_zero, gemm_b, gemm_b_scale, gemm_b_zero, gemm_c, gemm_y_scale, gemm_y_zero };

std::int64_t column_axis(const Node& node) { return node.attributes.integer("transB") != 0 ? 0 : 1; }

/// C counts in steps of alpha * a_scale * b_scale; without a scale of its own the result stays real.
Result<Value*> real_gemm(RealForm& form) {
    const Node& node = form.node();
    WEFT_ASSIGN(Value* const a, form.dequantized(node.input(gemm_a), node.input(gemm_a_scale), node.input(gemm_a_zero), 0));
    WEFT_ASSIGN(Value* const b, form.dequantized(node.input(gemm_b), node.input(gemm_b_scale), node.input(gemm_b_zero), column_axis(node)));
    Value* c = nullptr;
    if (node.has_input(gemm_c)) {
        WEFT_ASSIGN(c, form.dequantized_sum(node.input(gemm_c), node.input(gemm_a_scale), node.input(gemm_b_scale)));
    }
    Attributes attributes;
    attributes.set("beta", node.attributes.real("alpha"));
    WEFT_ASSIGN(Value* const y, form.applied(op_gemm, {a, b, c}, attributes));
    if (!node.has_input(gemm_y_scale)) return y;
    return form.quantized(y, node.input(gemm_y_scale), node.input(gemm_y_zero), node.input(gemm_a)->type);
}

Result<std::vector<Tensor>> evaluate_gemm(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor a = centred(*inputs[gemm_a], inputs[gemm_a_zero]), b = centred(*inputs[gemm_b], inputs[gemm_b_zero], column_axis(node));
    const auto c = addend(inputs, gemm_c);
    Attributes plain;
    plain.set("alpha", 1.0);
    plain.set("beta", 1.0);
    WEFT_ASSIGN(const Tensor sums, sums_of(op_gemm, node, {&a, &b, c ? &*c : nullptr}, plain));
    const Tensor alpha = Tensor::scalar(node.attributes.real("alpha")).cast(inputs[gemm_a_scale]->type());
    const Factor factors[] = {{&alpha}, {inputs[gemm_a_scale]}, {inputs[gemm_b_scale], 1}};
    const Tensor* scale = optional_input(inputs, gemm_y_scale);
    if (!scale) return only(rescaled(sums, factors));
    const Tensor* zero = optional_input(inputs, gemm_y_zero);
    return only(rescaled(sums, factors, *scale, zero, zero ? zero->type() : inputs[gemm_a]->type()));
}

}  // namespace

extern const OpDef op_qlinear_conv{
    .name = "QLinearConv",
    .since = 10,
    .summary = "convolution of integers with scales and zero points; limits as Conv between quantizers, the bias of 32 bits",
    .inputs = {8, 9},
    .outputs = {1, 1},
    .attributes = convolution_attributes(),
    .traits = {},
    .infer = infer_as<real_conv>,
    .evaluate = evaluate_conv,
    .expansions = {{"quantized-convolution", expand_to<real_conv>}},
};

extern const OpDef op_qlinear_mat_mul{
    .name = "QLinearMatMul",
    .since = 10,
    .summary = "matrix product of integers with scales and zero points; limits as MatMul between quantizers",
    .inputs = {8, 8},
    .outputs = {1, 1},
    .traits = {},
    .infer = infer_as<real_matmul>,
    .evaluate = evaluate_matmul,
    .expansions = {{"quantized-product", expand_to<real_matmul>}},
};

extern const OpDef op_microsoft_qgemm{
    .name = "QGemm",
    .domain = "com.microsoft",
    .summary = "alpha * A * B + C of integers with scales and zero points; limits as Gemm between quantizers, C of 32 bits",
    .inputs = {6, 9},
    .outputs = {1, 1},
    .attributes = {{.name = "alpha", .kind = AttributeKind::real, .fallback = 1.0},
                   {.name = "transA", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                   {.name = "transB", .kind = AttributeKind::integer, .fallback = std::int64_t{0}}},
    .traits = {},
    .infer = infer_as<real_gemm>,
    .evaluate = evaluate_gemm,
    .expansions = {{"quantized-gemm", expand_to<real_gemm>}},
};

}  // namespace weft
