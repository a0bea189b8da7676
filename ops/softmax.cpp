// softmax.cpp
// Softmax, LogSoftmax and ArgMax: what stands behind a classifier's last layer.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ops/common/shapes.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

/// The tensor as [outer][count][inner], with the operator running over the middle.
struct Runs {
    std::int64_t outer, count, inner;
};

/// Before operator set 13 softmax flattened all axes from `axis` (default 1) on; since then it runs over `axis` (default the last) alone.
Result<Runs> softmax_runs(const Node& node, const Shape& shape) {
    const bool flattens = node.opset < 13;
    const std::int64_t given = node.attributes.has("axis") ? node.attributes.integer("axis") : flattens ? 1 : -1;
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, given, shape.size(), flattens));
    const auto middle = shape.begin() + axis;
    if (flattens) return Runs{element_count(Shape(shape.begin(), middle)), element_count(Shape(middle, shape.end())), 1};
    return Runs{element_count(Shape(shape.begin(), middle)), *middle, element_count(Shape(middle + 1, shape.end()))};
}

Result<std::vector<ValueType>> infer_softmax(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type)) return tensor_error(node, x, "the element type " + std::string(to_string(x->type)) + " is not supported");
    WEFT_CHECK(softmax_runs(node, x->shape));
    return std::vector{ValueType{x->type, x->shape}};
}

/// From operator set 13 on a softmax runs over one axis: the only one longer than 1 of those that it runs over now.
Status upgrade_softmax(Node& node, int opset) {
    if (node.opset >= 13 || opset < 13) return Ok{};
    const Shape& shape = node.input(0)->shape;
    WEFT_ASSIGN(const Runs runs, softmax_runs(node, shape));
    std::size_t axis = 0;
    for (std::int64_t before = runs.outer; axis + 1 < shape.size() && (before > 1 || shape[axis] == 1); ++axis) before /= shape[axis];
    if (shape.empty() || shape[axis] != runs.count) {
        return node_error(node, "the node runs over several axes at once, which operator sets from 13 on cannot say",
                          "flatten the tensor before this node");
    }
    node.attributes.set("axis", static_cast<std::int64_t>(axis));
    return Ok{};
}

template <class T, bool logarithm>
Tensor softmax_typed(const Tensor& x, const Runs& runs) {
    Tensor y(x.type(), x.shape());
    for (std::int64_t outer = 0; outer < runs.outer; ++outer) {
        for (std::int64_t inner = 0; inner < runs.inner; ++inner) {
            const T* source = x.as<T>().data() + outer * runs.count * runs.inner + inner;
            T* target = y.as<T>().data() + outer * runs.count * runs.inner + inner;
            if (runs.count == 0) continue;
            T largest = source[0];
            for (std::int64_t i = 1; i < runs.count; ++i) largest = std::max(largest, source[i * runs.inner]);
            double sum = 0;
            for (std::int64_t i = 0; i < runs.count; ++i) sum += std::exp(static_cast<double>(source[i * runs.inner] - largest));
            for (std::int64_t i = 0; i < runs.count; ++i) {
                const double above = static_cast<double>(source[i * runs.inner] - largest);
                target[i * runs.inner] = static_cast<T>(logarithm ? above - std::log(sum) : std::exp(above) / sum);
            }
        }
    }
    return y;
}

template <bool logarithm>
Result<std::vector<Tensor>> evaluate_softmax(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const Runs runs, softmax_runs(node, inputs[0]->shape()));
    const auto typed = inputs[0]->type() == DataType::float64 ? softmax_typed<double, logarithm> : softmax_typed<float, logarithm>;
    return only(typed(*inputs[0], runs));
}

template <bool logarithm>
std::optional<HostStep> softmax_step(const Node& node, std::span<const Tensor* const>) {
    const auto runs = softmax_runs(node, node.input(0)->shape);
    if (!runs) return std::nullopt;
    return HostStep{logarithm ? "log_softmax" : "softmax", runs->outer, runs->count, runs->inner};
}

Result<std::vector<ValueType>> infer_arg_max(Node& node) {
    const Value* x = node.input(0);
    if (x->type == DataType::boolean) return tensor_error(node, x, "the element type bool is not supported");
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), x->shape.size()));
    Shape shape = x->shape;
    if (node.attributes.integer("keepdims") != 0) {
        shape[static_cast<std::size_t>(axis)] = 1;
    } else {
        shape.erase(shape.begin() + axis);
    }
    return std::vector{ValueType{DataType::int64, shape}};
}

template <class T>
void arg_max_typed(const Tensor& x, const Runs& runs, bool last, std::span<std::int64_t> result) {
    for (std::int64_t outer = 0; outer < runs.outer; ++outer) {
        for (std::int64_t inner = 0; inner < runs.inner; ++inner) {
            const T* source = x.as<T>().data() + outer * runs.count * runs.inner + inner;
            std::int64_t best = 0;
            for (std::int64_t i = 1; i < runs.count; ++i) {
                const T element = source[i * runs.inner], top = source[best * runs.inner];
                if (element > top || (last && element == top)) best = i;
            }
            result[static_cast<std::size_t>(outer * runs.inner + inner)] = best;
        }
    }
}

Result<Runs> arg_max_runs(const Node& node, const Shape& shape) {
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), shape.size()));
    const auto middle = shape.begin() + axis;
    return Runs{element_count(Shape(shape.begin(), middle)), *middle, element_count(Shape(middle + 1, shape.end()))};
}

std::optional<HostStep> arg_max_step(const Node& node, std::span<const Tensor* const>) {
    const auto runs = arg_max_runs(node, node.input(0)->shape);
    if (!runs) return std::nullopt;
    const bool last = node.attributes.integer("select_last_index") != 0;
    return HostStep{last ? "arg_max_last" : "arg_max", runs->outer, runs->count, runs->inner};
}

Result<std::vector<Tensor>> evaluate_arg_max(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), x.shape().size()));
    WEFT_ASSIGN(const Runs runs, arg_max_runs(node, x.shape()));
    Shape shape = x.shape();
    if (node.attributes.integer("keepdims") != 0) {
        shape[static_cast<std::size_t>(axis)] = 1;
    } else {
        shape.erase(shape.begin() + axis);
    }
    Tensor y(DataType::int64, shape);
    const bool last = node.attributes.integer("select_last_index") != 0;
    visit_type(x.type(), [&](auto e) { arg_max_typed<decltype(e)>(x, runs, last, y.as<std::int64_t>()); });
    return only(std::move(y));
}

}  // namespace

extern const OpDef op_softmax{
    .name = "Softmax",
    .since = 1,
    .summary = "exponentials that sum to 1; behind the last layer",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "axis", .kind = AttributeKind::integer}},
    .traits = {.host_suffix = true},
    .infer = infer_softmax,
    .evaluate = evaluate_softmax<false>,
    .upgrade = upgrade_softmax,
    .rewrites = {},
    .host_step = softmax_step<false>,
};

extern const OpDef op_log_softmax{
    .name = "LogSoftmax",
    .since = 1,
    .summary = "logarithm of Softmax; behind the last layer",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "axis", .kind = AttributeKind::integer}},
    .traits = {.host_suffix = true},
    .infer = infer_softmax,
    .evaluate = evaluate_softmax<true>,
    .upgrade = upgrade_softmax,
    .rewrites = {},
    .host_step = softmax_step<true>,
};

extern const OpDef op_arg_max{
    .name = "ArgMax",
    .since = 1,
    .summary = "index of the largest element along an axis; behind the last layer",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                   {.name = "keepdims", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                   {.name = "select_last_index", .kind = AttributeKind::integer, .fallback = std::int64_t{0}}},
    .traits = {.host_suffix = true},
    .infer = infer_arg_max,
    .evaluate = evaluate_arg_max,
    .rewrites = {},
    .host_step = arg_max_step,
};

}  // namespace weft
