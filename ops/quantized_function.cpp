// quantized_function.cpp
// ONNX Runtime's sums, products, concatenations and functions of integers with scales.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/canonical.h"
#include "ops/common/function.h"
#include "ops/common/quantized.h"

namespace weft {

namespace {

/// The inputs' reals through `op`, onto the output's scale.
Result<std::vector<Tensor>> requantized(const OpDef& op, const Node& node, std::span<const Tensor> reals, const Tensor& scale,
                                        const Tensor* zero, DataType type, int opset = 0) {
    std::vector<const Tensor*> inputs;
    for (const Tensor& real : reals) inputs.push_back(&real);
    WEFT_ASSIGN(const Tensor result, evaluate_as(op, node, inputs, {}, opset));
    return only(integers_of(result, scale, zero, type));
}

// --- QLinearAdd, QLinearMul ---

enum TwoInput { two_a, two_a_scale, two_a_zero, two_b, two_b_scale, two_b_zero, two_y_scale, two_y_zero };

template <const OpDef& op>
Result<Value*> real_two(RealForm& form) {
    const Node& node = form.node();
    WEFT_ASSIGN(Value* const a, form.dequantized(node.input(two_a), node.input(two_a_scale), node.input(two_a_zero)));
    WEFT_ASSIGN(Value* const b, form.dequantized(node.input(two_b), node.input(two_b_scale), node.input(two_b_zero)));
    WEFT_ASSIGN(Value* const y, form.applied(op, {a, b}));
    return form.quantized(y, node.input(two_y_scale), node.input(two_y_zero), node.input(two_a)->type);
}

template <const OpDef& op>
Result<std::vector<Tensor>> evaluate_two(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor reals[] = {real_of(*inputs[two_a], *inputs[two_a_scale], inputs[two_a_zero]),
                            real_of(*inputs[two_b], *inputs[two_b_scale], inputs[two_b_zero])};
    return requantized(op, node, reals, *inputs[two_y_scale], optional_input(inputs, two_y_zero), inputs[two_a]->type());
}

template <const OpDef& op>
OpDef two_op(std::string_view name, std::string_view summary) {
    return {.name = name,
            .domain = "com.microsoft",
            .summary = summary,
            .inputs = {7, 8},
            .outputs = {1, 1},
            .attributes = {},
            .traits = {},
            .infer = infer_as<real_two<op>>,
            .evaluate = evaluate_two<op>,
            .expansions = {{"quantized-pair", expand_to<real_two<op>>}}};
}

// --- QLinearConcat ---

enum ConcatInput { concat_y_scale, concat_y_zero, concat_first };
constexpr std::size_t concat_stride = 3;

Result<Value*> real_concat(RealForm& form) {
    const Node& node = form.node();
    if ((node.inputs.size() - concat_first) % concat_stride != 0)
        return node_error(node, "its inputs are no tensors with a scale and a zero point each");
    std::vector<Value*> parts;
    for (std::size_t i = concat_first; i < node.inputs.size(); i += concat_stride) {
        WEFT_ASSIGN(Value* const part, form.dequantized(node.input(i), node.input(i + 1), node.input(i + 2)));
        parts.push_back(part);
    }
    WEFT_ASSIGN(Value* const y, form.applied(op_concat, std::move(parts)));
    return form.quantized(y, node.input(concat_y_scale), node.input(concat_y_zero), node.input(concat_first)->type);
}

Result<std::vector<Tensor>> evaluate_concat(const Node& node, std::span<const Tensor* const> inputs) {
    std::vector<Tensor> reals;
    for (std::size_t i = concat_first; i < inputs.size(); i += concat_stride)
        reals.push_back(real_of(*inputs[i], *inputs[i + 1], inputs[i + 2]));
    return requantized(op_concat, node, reals, *inputs[concat_y_scale], inputs[concat_y_zero], inputs[concat_y_zero]->type());
}

// --- QLinearLeakyRelu, QLinearSigmoid, QLinearSoftmax ---

enum FunctionInput { function_x, function_x_scale, function_x_zero, function_y_scale, function_y_zero };

/// The operator set whose Softmax is meant: up to 12 it runs over all axes from `axis` on. 0 for other functions.
int opset_of(const Node& node) { return node.attributes.has("opset") ? static_cast<int>(node.attributes.integer("opset")) : 0; }

template <const OpDef& op>
Result<Value*> real_function(RealForm& form) {
    const Node& node = form.node();
    WEFT_ASSIGN(Value* const x, form.dequantized(node.input(function_x), node.input(function_x_scale), node.input(function_x_zero)));
    WEFT_ASSIGN(Value* const y, form.applied(op, {x}, {}, opset_of(node)));
    return form.quantized(y, node.input(function_y_scale), node.input(function_y_zero), node.input(function_x)->type);
}

template <const OpDef& op>
Result<std::vector<Tensor>> evaluate_function(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor real = real_of(*inputs[function_x], *inputs[function_x_scale], inputs[function_x_zero]);
    return requantized(op, node, std::span(&real, 1), *inputs[function_y_scale], optional_input(inputs, function_y_zero),
                       inputs[function_x]->type(), opset_of(node));
}

template <const OpDef& op>
OpDef quantized_function_op(std::string_view name, std::string_view summary, std::vector<AttributeDef> attributes, Traits traits = {}) {
    return {.name = name,
            .domain = "com.microsoft",
            .summary = summary,
            .inputs = {4, 5},
            .outputs = {1, 1},
            .attributes = std::move(attributes),
            .traits = std::move(traits),
            .infer = infer_as<real_function<op>>,
            .evaluate = evaluate_function<op>,
            .expansions = {{"quantized-function", expand_to<real_function<op>>}}};
}

std::string refuse_opset(const Attribute& value) {
    const std::int64_t opset = std::get<std::int64_t>(value);
    return opset >= 1 && opset <= 1000 ? "" : std::to_string(opset) + " is no operator set";
}

}  // namespace

extern const OpDef op_microsoft_qlinear_add =
    two_op<op_add>("QLinearAdd", "sum of integers with scales and zero points; limits as Add between quantizers");
extern const OpDef op_microsoft_qlinear_mul =
    two_op<op_mul>("QLinearMul", "product of integers with scales and zero points; limits as Mul between quantizers");

extern const OpDef op_microsoft_qlinear_concat{
    .name = "QLinearConcat",
    .domain = "com.microsoft",
    .summary = "integers with scales one behind the other along an axis, brought to one scale; limits as Concat",
    .inputs = {5, -1},
    .outputs = {1, 1},
    .attributes = {{.name = "axis", .kind = AttributeKind::integer, .required = true}},
    .traits = {},
    .infer = infer_as<real_concat>,
    .evaluate = evaluate_concat,
    .expansions = {{"quantized-concatenation", expand_to<real_concat>}},
};

extern const OpDef op_microsoft_qlinear_leaky_relu =
    quantized_function_op<op_leaky_relu>("QLinearLeakyRelu", "LeakyRelu of integers with scales", {real_attribute("alpha", 0.01F)});
extern const OpDef op_microsoft_qlinear_sigmoid =
    quantized_function_op<op_sigmoid>("QLinearSigmoid", "Sigmoid of integers with scales", {});
extern const OpDef op_microsoft_qlinear_softmax =
    quantized_function_op<op_softmax>("QLinearSoftmax", "Softmax of integers with scales; limits as Softmax",
                                      {{.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{-1}},
                                       {.name = "opset", .kind = AttributeKind::integer, .required = true, .refuse = refuse_opset}},
                                      {.host_suffix = true});

}  // namespace weft
