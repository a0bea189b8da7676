// integer_linear.cpp
// Convolutions and matrix products of integers into 32-bit sums, and the quantizer that takes its scale from the image.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "ops/common/quantized.h"
#include "ops/common/quantizer.h"
#include "ops/common/rewrite.h"
#include "ops/common/window.h"
#include "src/graph/op_places.h"

namespace weft {

extern const OpDef op_cast;

namespace {

enum IntegerInput { input_a, input_b, input_a_zero, input_b_zero };

constexpr std::int64_t onnx_int32 = 6;

std::int64_t rank_of(const Shape& shape) { return static_cast<std::int64_t>(shape.size()); }

/// The axes that may have a zero point for each index: rows on the left, output channels or columns on the right.
std::pair<std::int64_t, std::int64_t> zero_axes(const OpDef& op, const Shape& a, const Shape& b) {
    if (&op == &op_conv) return {0, 0};
    return {rank_of(a) - 2, rank_of(b) - 1};
}

Status check_zero(const Node& node, const Value* operand, const Value* zero, std::int64_t axis) {
    if (!zero) return Ok{};
    if (zero->type != operand->type) return tensor_error(node, zero, "the zero point's element type is not that of the integers");
    const std::int64_t count = element_count(zero->shape);
    if (count == 1 || (axis >= 0 && operand->shape[static_cast<std::size_t>(axis)] == count)) return Ok{};
    return tensor_error(node, zero, std::to_string(count) + " zero points do not go with the shape " + to_string(operand->shape));
}

template <const OpDef& op>
Result<std::vector<ValueType>> infer_sums(Node& node) {
    const Value* a = node.input(input_a);
    const Value* b = node.input(input_b);
    for (const Value* operand : {a, b}) {
        if (operand->type != DataType::int8 && operand->type != DataType::uint8)
            return tensor_error(node, operand, "integers of 8 bits are needed, not " + std::string(to_string(operand->type)));
    }
    const auto axes = zero_axes(op, a->shape, b->shape);
    WEFT_CHECK(check_zero(node, a, node.input(input_a_zero), axes.first));
    WEFT_CHECK(check_zero(node, b, node.input(input_b_zero), axes.second));
    WEFT_ASSIGN(Shape shape, shape_as(op, node, std::array{a, b}));
    return std::vector{ValueType{DataType::int32, std::move(shape)}};
}

template <const OpDef& op>
Result<std::vector<Tensor>> evaluate_sums(const Node& node, std::span<const Tensor* const> inputs) {
    const auto axes = zero_axes(op, inputs[input_a]->shape(), inputs[input_b]->shape());
    const Tensor a = centred(*inputs[input_a], optional_input(inputs, input_a_zero), axes.first);
    const Tensor b = centred(*inputs[input_b], optional_input(inputs, input_b_zero), axes.second);
    WEFT_ASSIGN(const Tensor sums, evaluate_as(op, node, std::array{&a, &b}));
    return only(sums.cast(DataType::int32));
}

/// Integers are reals of scale 1; their scales stand behind the sums.
template <const OpDef& op>
Result<Value*> real_sums(RealForm& form) {
    const Node& node = form.node();
    Value* a = node.input(input_a);
    Value* b = node.input(input_b);
    Value* one = form.constant("_one", Tensor::scalar(1.0F));
    const auto axes = zero_axes(op, a->shape, b->shape);
    WEFT_ASSIGN(Value* const left, form.dequantized(a, one, node.input(input_a_zero), axes.first));
    WEFT_ASSIGN(Value* const right, form.dequantized(b, one, node.input(input_b_zero), axes.second));
    return form.applied(op, {left, right});
}

/// What converts the sums to reals reads the real form's; an output of the model is converted to 32-bit integers by the host.
template <const OpDef& op>
Result<bool> expand_sums(Graph& graph, Node* node) {
    Value* output = node->output();
    const std::vector<Node*> readers = graph.readers(output);
    for (const Node* reader : readers) {
        if (reader->op->traits.role == OpRole::cast && is_float(reader->output()->type)) continue;
        return node_error(*node, "its 32-bit sums are read by '" + graph.key(reader) + "', a " + std::string(reader->op->name),
                          "let Cast to float read them, then Mul by the constant product of the scales");
    }
    RealForm form(graph, *node);
    WEFT_ASSIGN(Value* const sums, real_sums<op>(form));
    for (Node* reader : readers) reader->inputs[0] = sums;
    if (!graph.is_output(output)) return true;
    Attributes attributes;
    attributes.set("to", onnx_int32);
    WEFT_ASSIGN(Value* const integers,
                add_inferred(graph, op_cast, "", std::max(node->opset, 13), {sums}, std::move(attributes), output->name + "_integers"));
    take_over(graph, node, integers);
    return true;
}

// --- DynamicQuantizeLinear ---

Result<std::vector<ValueType>> infer_dynamic(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type)) return tensor_error(node, x, "elements of type " + std::string(to_string(x->type)) + " cannot be quantized");
    return std::vector{ValueType{DataType::uint8, x->shape}, ValueType{x->type, {}}, ValueType{DataType::uint8, {}}};
}

/// The scale is a number of single precision by definition: so is all arithmetic with it, in an evaluation in double too.
Result<std::vector<Tensor>> evaluate_dynamic(const Node&, std::span<const Tensor* const> inputs) {
    const Tensor x = inputs[0]->cast(DataType::float32);
    Tensor y(DataType::uint8, x.shape()), zero(DataType::uint8, {});
    const auto elements = x.as<float>();
    float low = 0, high = 0;
    for (const float element : elements) {
        low = std::min(low, element);
        high = std::max(high, element);
    }
    const float s = low == high ? 1.0F : (high - low) / 255.0F;
    const float z = quantized(-low, s, 0.0F, 0.0F, 255.0F);
    zero.as<std::uint8_t>()[0] = static_cast<std::uint8_t>(z);
    std::transform(elements.begin(), elements.end(), y.as<std::uint8_t>().begin(),
                   [&](float element) { return static_cast<std::uint8_t>(quantized(element, s, z, 0.0F, 255.0F)); });
    return std::vector{std::move(y), Tensor::scalar(s).cast(inputs[0]->type()), std::move(zero)};
}

Result<bool> refuse_dynamic(Graph&, Node* node) {
    return node_error(*node, "it takes a scale from each image: the hardware's scales are constants",
                      "quantize statically: with calibration data, as onnxruntime.quantization.quantize_static does");
}

}  // namespace

extern const OpDef op_conv_integer{
    .name = "ConvInteger",
    .since = 10,
    .summary = "convolution of integers into 32-bit sums; limits as Conv; what reads the sums is a Cast to float",
    .inputs = {2, 4},
    .outputs = {1, 1},
    .attributes = convolution_attributes(),
    .traits = {},
    .infer = infer_sums<op_conv>,
    .evaluate = evaluate_sums<op_conv>,
    .expansions = {{"integer-convolution", expand_sums<op_conv>}},
};

extern const OpDef op_mat_mul_integer{
    .name = "MatMulInteger",
    .since = 10,
    .summary = "matrix product of integers into 32-bit sums; limits as MatMul; what reads the sums is a Cast to float",
    .inputs = {2, 4},
    .outputs = {1, 1},
    .traits = {},
    .infer = infer_sums<op_mat_mul>,
    .evaluate = evaluate_sums<op_mat_mul>,
    .expansions = {{"integer-product", expand_sums<op_mat_mul>}},
};

extern const OpDef op_dynamic_quantize_linear{
    .name = "DynamicQuantizeLinear",
    .since = 11,
    .summary =
        "quantizes with a scale and zero point taken from the tensor itself; evaluated, but no kernel takes a scale from each image: "
        "quantize statically",
    .inputs = {1, 1},
    .outputs = {3, 3},
    .traits = {},
    .infer = infer_dynamic,
    .evaluate = evaluate_dynamic,
    .expansions = {{refusing_step, refuse_dynamic}},
};

}  // namespace weft
