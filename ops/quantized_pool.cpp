// quantized_pool.cpp
// ONNX Runtime's averages of integers with scales, channels first or last.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numeric>

#include "ops/common/quantized.h"

namespace weft {

namespace {

enum PoolInput { pool_x, pool_x_scale, pool_x_zero, pool_y_scale, pool_y_zero };

bool channels_last(const Node& node) { return node.attributes.integer("channels_last") != 0; }

/// [N, ..., C] to [N, C, ...], and back.
std::vector<std::int64_t> to_first(std::size_t rank) {
    std::vector<std::int64_t> perm(rank);
    std::iota(perm.begin(), perm.end(), -1);
    perm[0] = 0;
    if (rank > 1) perm[1] = static_cast<std::int64_t>(rank) - 1;
    return perm;
}
std::vector<std::int64_t> to_last(std::size_t rank) {
    std::vector<std::int64_t> perm(rank);
    std::iota(perm.begin(), perm.end(), 1);
    perm[0] = 0;
    if (rank > 1) perm[rank - 1] = 1;
    return perm;
}

template <const OpDef& op>
Result<Value*> real_pool(RealForm& form) {
    const Node& node = form.node();
    WEFT_ASSIGN(Value * value, form.dequantized(node.input(pool_x), node.input(pool_x_scale), node.input(pool_x_zero)));
    const std::size_t rank = value->shape.size();
    if (channels_last(node)) {
        WEFT_ASSIGN(value, form.transposed(value, to_first(rank)));
    }
    WEFT_ASSIGN(value, form.applied(op, {value}));
    if (channels_last(node)) {
        WEFT_ASSIGN(value, form.transposed(value, to_last(rank)));
    }
    return form.quantized(value, node.input(pool_y_scale), node.input(pool_y_zero), node.input(pool_x)->type);
}

Result<Tensor> moved(const Node& node, Tensor tensor, std::vector<std::int64_t> perm) {
    Attributes attributes;
    attributes.set("perm", std::move(perm));
    const Tensor* const input = &tensor;
    return evaluate_as(op_transpose, node, std::span(&input, 1), attributes);
}

template <const OpDef& op>
Result<std::vector<Tensor>> evaluate_pool(const Node& node, std::span<const Tensor* const> inputs) {
    Tensor x = centred(*inputs[pool_x], inputs[pool_x_zero]);
    const std::size_t rank = x.shape().size();
    if (channels_last(node)) {
        WEFT_ASSIGN(x, moved(node, std::move(x), to_first(rank)));
    }
    const Tensor* const image = &x;
    WEFT_ASSIGN(Tensor averages, evaluate_as(op, node, std::span(&image, 1)));
    if (channels_last(node)) {
        WEFT_ASSIGN(averages, moved(node, std::move(averages), to_last(rank)));
    }
    const Factor factor{inputs[pool_x_scale]};
    const Tensor* zero = optional_input(inputs, pool_y_zero);
    return only(rescaled(averages, std::span(&factor, 1), *inputs[pool_y_scale], zero, inputs[pool_x]->type()));
}

std::vector<AttributeDef> with_layout(std::vector<AttributeDef> attributes) {
    attributes.push_back({.name = "channels_last", .kind = AttributeKind::integer, .fallback = std::int64_t{0}});
    return attributes;
}

template <const OpDef& op>
OpDef quantized_pool_op(std::string_view name, std::string_view summary, std::vector<AttributeDef> attributes) {
    return {.name = name,
            .domain = "com.microsoft",
            .summary = summary,
            .inputs = {4, 5},
            .outputs = {1, 1},
            .attributes = with_layout(std::move(attributes)),
            .traits = {},
            .infer = infer_as<real_pool<op>>,
            .evaluate = evaluate_pool<op>,
            .expansions = {{"quantized-pooling", expand_to<real_pool<op>>}}};
}

}  // namespace

extern const OpDef op_microsoft_qlinear_global_average_pool = quantized_pool_op<op_global_average_pool>(
    "QLinearGlobalAveragePool", "average of integers with scales over all positions; limits as GlobalAveragePool", {});
extern const OpDef op_microsoft_qlinear_average_pool =
    quantized_pool_op<op_average_pool>("QLinearAveragePool", "average of integers with scales over a window; limits as AveragePool",
                                       {{.name = "auto_pad", .kind = AttributeKind::text},
                                        {.name = "ceil_mode", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                                        {.name = "count_include_pad", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                                        {.name = "kernel_shape", .kind = AttributeKind::integers, .required = true},
                                        {.name = "pads", .kind = AttributeKind::integers},
                                        {.name = "strides", .kind = AttributeKind::integers}});

}  // namespace weft
