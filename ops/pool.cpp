// pool.cpp
// Maximum and average over windows and over whole images.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/lowerings.h"
#include "ops/common/pooling.h"

#include "ops/common/canonical_window.h"
#include "ops/common/pad.h"
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
    return only(pool(pooling_of(node, inputs[0]->shape(), true), *inputs[0]));
}

Result<std::vector<Tensor>> evaluate_average_pool(const Node& node, std::span<const Tensor* const> inputs) {
    return only(pool(pooling_of(node, inputs[0]->shape(), false), *inputs[0]));
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
    return only(pool_globally(Layout::channels_first, false, *inputs[0]));
}

Result<std::vector<Tensor>> evaluate_global_max_pool(const Node&, std::span<const Tensor* const> inputs) {
    return only(pool_globally(Layout::channels_first, true, *inputs[0]));
}

/// Into a global pooling of [N, H, W, C], any further spatial axes counted as columns.
Result<bool> to_global_pool(Graph& graph, Node* node, bool maximum) {
    Value* x = node->input(0);
    const Shape& s = x->shape;
    const std::string& name = node->output()->name;
    std::vector<std::int64_t> perm{0};
    for (std::size_t axis = 2; axis < s.size(); ++axis) perm.push_back(static_cast<std::int64_t>(axis));
    perm.push_back(1);
    WEFT_ASSIGN(Value* const image,
                add_view(graph, node->opset, x, perm, {s[0], s[2], element_count(Shape(s.begin() + 3, s.end())), s[1]}, name + "_input"));
    Attributes attributes;
    attributes.set("maximum", std::int64_t{maximum});
    WEFT_ASSIGN(Value* const pooled, add_inferred(graph, maximum ? op_weft_global_max_pool : op_weft_global_average_pool, node->name,
                                                  node->opset, {image}, std::move(attributes), name + "_channels_last"));
    WEFT_ASSIGN(Value* const result,
                add_view(graph, node->opset, pooled, identity_perm(4), node->output()->shape, name + "_channels_first"));
    take_over(graph, node, result);
    return true;
}

Result<bool> global_average_to_canonical(Graph& graph, Node* node) { return to_global_pool(graph, node, false); }
Result<bool> global_maximum_to_canonical(Graph& graph, Node* node) { return to_global_pool(graph, node, true); }

Result<bool> pool_to_canonical(Graph& graph, Node* node, bool maximum) {
    Value* x = node->input(0);
    if (!is_float(x->type)) return false;
    const Window window = window_of(*node);
    for (int axis = 0; axis < 2; ++axis) {
        if (window.dilations[axis] != 1 && window.kernel[axis] != 1)
            return node_error(*node, "a dilated pooling is not supported", "use dilation 1");
    }
    const std::array<std::int64_t, 2> sizes{x->shape[2], x->shape[3]};
    if (window.kernel == sizes && window.pads == std::array<std::int64_t, 4>{}) return to_global_pool(graph, node, maximum);

    // Where ceil_mode lets the last window hang over, canonical pads reach as far; what hung over does not count.
    std::vector<std::int64_t> pads(window.pads.begin(), window.pads.end());
    for (int axis = 0; axis < 2; ++axis) {
        const std::int64_t reach =
            (window.positions(axis, sizes[axis]) - 1) * window.strides[axis] + window.extent(axis) - sizes[axis] - window.pads[axis];
        pads[static_cast<std::size_t>(axis) + 2] = std::max(pads[static_cast<std::size_t>(axis) + 2], reach);
    }
    const bool count_padding = !maximum && node->attributes.integer("count_include_pad") != 0;
    Attributes attributes;
    attributes.set("kernel", std::vector<std::int64_t>(window.kernel.begin(), window.kernel.end()));
    attributes.set("strides", std::vector<std::int64_t>(window.strides.begin(), window.strides.end()));
    attributes.set("maximum", std::int64_t{maximum});
    attributes.set("count_include_pad", std::int64_t{count_padding});
    if (count_padding && !std::equal(pads.begin(), pads.end(), window.pads.begin()))
        attributes.set("counted_pads", node->attributes.integers("pads"));
    attributes.set("pads", std::move(pads));
    const std::string& name = node->output()->name;
    WEFT_ASSIGN(Value* const image, to_channels_last(graph, node->opset, x, name + "_input"));
    WEFT_ASSIGN(Value* const pooled, add_inferred(graph, maximum ? op_weft_max_pool : op_weft_average_pool, node->name, node->opset,
                                                  {image}, std::move(attributes), name + "_channels_last"));
    WEFT_ASSIGN(Value* const result, to_channels_first(graph, node->opset, pooled, name + "_channels_first"));
    take_over(graph, node, result);
    return true;
}

Result<bool> maximum_to_canonical(Graph& graph, Node* node) { return pool_to_canonical(graph, node, true); }
Result<bool> average_to_canonical(Graph& graph, Node* node) { return pool_to_canonical(graph, node, false); }

PoolingShape canonical_pooling(const Node& node, const Shape& shape) {
    PoolingShape pooling{.layout = Layout::channels_last,
                         .batch = shape[0],
                         .channels = shape[3],
                         .height = shape[1],
                         .width = shape[2],
                         .window = {},
                         .maximum = node.attributes.integer("maximum") != 0,
                         .count_padding = node.attributes.integer("count_include_pad") != 0};
    const auto read = [&](std::string_view name, auto& target) {
        const auto& list = node.attributes.integers(name);
        std::copy(list.begin(), list.end(), target.begin());
    };
    read("kernel", pooling.window.kernel);
    read("strides", pooling.window.strides);
    pooling.window.ceil_mode = node.attributes.has("counted_pads");
    read(pooling.window.ceil_mode ? "counted_pads" : "pads", pooling.window.pads);
    return pooling;
}

Result<std::vector<ValueType>> infer_canonical_pool(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type) || x->shape.size() != 4)
        return tensor_error(node, x, "pooling needs an image; the shape is " + to_string(x->shape));
    const PoolingShape pooling = canonical_pooling(node, x->shape);
    const Shape shape{x->shape[0], pooling.out_height(), pooling.out_width(), x->shape[3]};
    if (shape[1] < 1 || shape[2] < 1) return tensor_error(node, x, "the window is larger than the padded input " + to_string(x->shape));
    return std::vector{ValueType{x->type, shape}};
}

Result<std::vector<Tensor>> evaluate_canonical_pool(const Node& node, std::span<const Tensor* const> inputs) {
    return only(pool(canonical_pooling(node, inputs[0]->shape()), *inputs[0]));
}

/// An average that counts its padding, or has none, may take in a padding by zero; a maximum one by what is never larger than an element.
Result<bool> absorb_fitting_pad(Graph&, Node* node) {
    if (node->attributes.integer("maximum") != 0)
        return absorb_pad(node, [](double value) { return value <= -static_cast<double>(std::numeric_limits<float>::max()); });
    const auto& pads = node->attributes.integers("pads");
    const bool unpadded = std::all_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad == 0; });
    if ((node->attributes.integer("count_include_pad") == 0 && !unpadded) || node->attributes.has("counted_pads")) return false;
    if (!absorb_pad(node, [](double value) { return value == 0; })) return false;
    node->attributes.set("count_include_pad", std::int64_t{1});
    return true;
}

Result<std::vector<ValueType>> infer_canonical_global_pool(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type) || x->shape.size() != 4)
        return tensor_error(node, x, "pooling needs an image; the shape is " + to_string(x->shape));
    return std::vector{ValueType{x->type, {x->shape[0], 1, 1, x->shape[3]}}};
}

Result<std::vector<Tensor>> evaluate_canonical_global_pool(const Node& node, std::span<const Tensor* const> inputs) {
    return only(pool_globally(Layout::channels_last, node.attributes.integer("maximum") != 0, *inputs[0]));
}

const AttributeDef auto_pad{.name = "auto_pad", .kind = AttributeKind::text};
const AttributeDef ceil_mode{.name = "ceil_mode", .kind = AttributeKind::integer, .fallback = std::int64_t{0}};
/// `since`: the operator set in which the operator got dilations; until then they are 1.
AttributeDef dilations(int since) { return {.name = "dilations", .kind = AttributeKind::integers, .since = since}; }
const AttributeDef kernel_shape{.name = "kernel_shape", .kind = AttributeKind::integers, .required = true};
const AttributeDef pads{.name = "pads", .kind = AttributeKind::integers};
const AttributeDef strides{.name = "strides", .kind = AttributeKind::integers};

const Traits sums{.accumulates = true};
const Traits picks{.same_type_inputs = {0}, .commutes_with_monotone = true, .picks_largest = true};

/// What `pads` adds beyond `counted_pads` (default: `pads`) never counts.
OpDef canonical_pool(std::string_view name, std::string_view summary, Traits traits) {
    return {.name = name,
            .domain = "weft",
            .summary = summary,
            .inputs = {1, 1},
            .outputs = {1, 1},
            .attributes = {{.name = "count_include_pad", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                           {.name = "counted_pads", .kind = AttributeKind::integers},
                           {.name = "kernel", .kind = AttributeKind::integers, .required = true},
                           {.name = "maximum", .kind = AttributeKind::integer, .required = true},
                           {.name = "pads", .kind = AttributeKind::integers, .required = true},
                           {.name = "strides", .kind = AttributeKind::integers, .required = true}},
            .traits = std::move(traits),
            .infer = infer_canonical_pool,
            .evaluate = evaluate_canonical_pool,
            .rewrites = {{"absorb-padding", absorb_fitting_pad}},
            .lower = lower_pool};
}

OpDef canonical_global_pool(std::string_view name, std::string_view summary, Traits traits) {
    return {.name = name,
            .domain = "weft",
            .summary = summary,
            .inputs = {1, 1},
            .outputs = {1, 1},
            .attributes = {{.name = "maximum", .kind = AttributeKind::integer, .required = true}},
            .traits = std::move(traits),
            .infer = infer_canonical_global_pool,
            .evaluate = evaluate_canonical_global_pool,
            .rewrites = {},
            .lower = lower_global_pool};
}

}  // namespace

extern const OpDef op_max_pool{
    .name = "MaxPool",
    .since = 1,
    .summary =
        "maximum over a window; two spatial axes, pads smaller than the window, no indices, no column-major storage; in hardware no "
        "dilation",
    .inputs = {1, 1},
    .outputs = {1, 2},
    .attributes =
        {auto_pad, ceil_mode, dilations(10), kernel_shape, pads, {.name = "storage_order", .kind = AttributeKind::integer}, strides},
    .traits = picks,
    .infer = infer_max_pool,
    .evaluate = evaluate_max_pool,
    .rewrites = {{"pool-to-canonical", maximum_to_canonical}},
};

extern const OpDef op_average_pool{
    .name = "AveragePool",
    .since = 1,
    .summary = "average over a window; two spatial axes, pads smaller than the window; in hardware no dilation",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {auto_pad,
                   ceil_mode,
                   {.name = "count_include_pad", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                   dilations(19),
                   kernel_shape,
                   pads,
                   strides},
    .traits = sums,
    .infer = infer_average_pool,
    .evaluate = evaluate_average_pool,
    .rewrites = {{"pool-to-canonical", average_to_canonical}},
};

extern const OpDef op_global_average_pool{
    .name = "GlobalAveragePool",
    .since = 1,
    .summary = "average over all spatial positions; any number of spatial axes",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {},
    .traits = sums,
    .infer = infer_global_pool,
    .evaluate = evaluate_global_average_pool,
    .rewrites = {{"global-pool-to-canonical", global_average_to_canonical}},
};

extern const OpDef op_global_max_pool{
    .name = "GlobalMaxPool",
    .since = 1,
    .summary = "maximum over all spatial positions; any number of spatial axes",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {},
    .traits = picks,
    .infer = infer_global_pool,
    .evaluate = evaluate_global_max_pool,
    .rewrites = {{"global-pool-to-canonical", global_maximum_to_canonical}},
};

extern const OpDef op_weft_average_pool = canonical_pool("average_pool", "average over a window of a channels-last image", sums);
extern const OpDef op_weft_max_pool = canonical_pool("max_pool", "maximum over a window of a channels-last image", picks);
extern const OpDef op_weft_global_average_pool = canonical_global_pool("global_average_pool", "average over a channels-last image", sums);
extern const OpDef op_weft_global_max_pool = canonical_global_pool("global_max_pool", "maximum over a channels-last image", picks);

}  // namespace weft
