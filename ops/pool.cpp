// pool.cpp
// Maximum and average over windows and over whole images.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/pooling.h"

#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

namespace {

Result<std::vector<ValueType>> infer_pool(Node& node, bool maximum) {
    const Value* x = node.input(0);
    if (x->type == DataType::boolean || (!maximum && !is_float(x->type))) {
        return tensor_error(node, x, "pooling of " + std::string(to_string(x->type)) + " elements is not supported");
    }
    WEFT_CHECK(check_image(node, x, "pooling"));
    if (node.outputs.size() > 1 && node.outputs[1]) {
        return tensor_error(node, node.outputs[1], "the indices of the maxima are not supported",
                            "remove the second output of the pooling node");
    }
    if (node.attributes.has("storage_order") && node.attributes.integer("storage_order") != 0) {
        return node_error(node, "column-major storage (storage_order=1) is not supported");
    }
    node.attributes.erase("storage_order");
    WEFT_ASSIGN(const Window window, normalise_window(node, {x->shape[2], x->shape[3]}, nullptr));
    for (int side = 0; side < 4; ++side) {
        if (window.pads[static_cast<std::size_t>(side)] >= window.extent(side % 2)) {
            return node_error(node,
                              "a pad of " + std::to_string(window.pads[static_cast<std::size_t>(side)]) +
                                  " is not smaller than the window's extent of " + std::to_string(window.extent(side % 2)),
                              "windows that hold nothing but padding have no value; use smaller pads");
        }
    }
    const Shape shape{x->shape[0], x->shape[1], window.positions(0, x->shape[2]), window.positions(1, x->shape[3])};
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{x->type, shape}};
}

PoolingShape pooling_of(const Node& node, const Shape& shape, bool maximum) {
    return {.layout = Layout::channels_first,
            .batch = shape[0],
            .channels = shape[1],
            .height = shape[2],
            .width = shape[3],
            .window = window_of(node),
            .maximum = maximum,
            .count_padding = !maximum && node.attributes.integer("count_include_pad") != 0};
}

Result<std::vector<ValueType>> infer_max_pool(Node& node) { return infer_pool(node, true); }
Result<std::vector<ValueType>> infer_average_pool(Node& node) { return infer_pool(node, false); }

Result<std::vector<Tensor>> evaluate_max_pool(const Node& node, std::span<const Tensor* const> inputs) {
    return std::vector{pool(pooling_of(node, inputs[0]->shape(), true), *inputs[0])};
}

Result<std::vector<Tensor>> evaluate_average_pool(const Node& node, std::span<const Tensor* const> inputs) {
    return std::vector{pool(pooling_of(node, inputs[0]->shape(), false), *inputs[0])};
}

Result<std::vector<ValueType>> infer_global_pool(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type)) return tensor_error(node, x, "pooling of " + std::string(to_string(x->type)) + " elements is not supported");
    if (x->shape.size() < 3) return tensor_error(node, x, "pooling needs spatial axes; the shape is " + to_string(x->shape));
    Shape shape = x->shape;
    std::fill(shape.begin() + 2, shape.end(), 1);
    return std::vector{ValueType{x->type, shape}};
}

Result<std::vector<Tensor>> evaluate_global_average_pool(const Node&, std::span<const Tensor* const> inputs) {
    return std::vector{pool_globally(Layout::channels_first, false, *inputs[0])};
}

Result<std::vector<Tensor>> evaluate_global_max_pool(const Node&, std::span<const Tensor* const> inputs) {
    return std::vector{pool_globally(Layout::channels_first, true, *inputs[0])};
}

const AttributeDef auto_pad{.name = "auto_pad", .kind = AttributeKind::text};
const AttributeDef ceil_mode{.name = "ceil_mode", .kind = AttributeKind::integer, .fallback = std::int64_t{0}};
const AttributeDef dilations{.name = "dilations", .kind = AttributeKind::integers};
const AttributeDef kernel_shape{.name = "kernel_shape", .kind = AttributeKind::integers, .required = true};
const AttributeDef pads{.name = "pads", .kind = AttributeKind::integers};
const AttributeDef strides{.name = "strides", .kind = AttributeKind::integers};

}  // namespace

extern const OpDef op_max_pool{
    .name = "MaxPool",
    .since = 1,
    .summary = "maximum over a window",
    .inputs = {1, 1},
    .outputs = {1, 2},
    .attributes = {auto_pad, ceil_mode, dilations, kernel_shape, pads, {.name = "storage_order", .kind = AttributeKind::integer}, strides},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer_max_pool,
    .evaluate = evaluate_max_pool,
    .rewrites = {},
};

extern const OpDef op_average_pool{
    .name = "AveragePool",
    .since = 1,
    .summary = "average over a window",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {auto_pad,
                   ceil_mode,
                   {.name = "count_include_pad", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                   dilations,
                   kernel_shape,
                   pads,
                   strides},
    .traits = {.accumulates = true},
    .infer = infer_average_pool,
    .evaluate = evaluate_average_pool,
    .rewrites = {},
};

extern const OpDef op_global_average_pool{
    .name = "GlobalAveragePool",
    .since = 1,
    .summary = "average over all spatial positions",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {},
    .traits = {.accumulates = true},
    .infer = infer_global_pool,
    .evaluate = evaluate_global_average_pool,
    .rewrites = {},
};

extern const OpDef op_global_max_pool{
    .name = "GlobalMaxPool",
    .since = 1,
    .summary = "maximum over all spatial positions",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer_global_pool,
    .evaluate = evaluate_global_max_pool,
    .rewrites = {},
};

}  // namespace weft
