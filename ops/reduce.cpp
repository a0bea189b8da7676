// reduce.cpp
// Reductions over any axes: mean, sum, maximum and minimum.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "ops/common/canonical_window.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

namespace {

enum class Reduction { mean, sum, maximum, minimum };

/// Per axis whether it is reduced. Axes are an attribute or an input, by operator set; none given means all, or none with
/// noop_with_empty_axes.
Result<std::vector<bool>> reduced_axes(const Node& node, std::size_t rank) {
    WEFT_ASSIGN(const auto given, attribute_or_input(node, "axes", 1));
    if (!given || given->empty()) {
        const bool keep_all = node.attributes.has("noop_with_empty_axes") && node.attributes.integer("noop_with_empty_axes") != 0;
        return std::vector<bool>(rank, !keep_all);
    }
    WEFT_ASSIGN(const auto axes, normalise_axes(node, *given, rank));
    std::vector<bool> reduced(rank, false);
    for (const std::int64_t axis : axes) reduced[static_cast<std::size_t>(axis)] = true;
    return reduced;
}

Shape reduced_shape(const Node& node, const Shape& shape, const std::vector<bool>& reduced) {
    const bool keep = node.attributes.integer("keepdims") != 0;
    Shape result;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (!reduced[axis]) {
            result.push_back(shape[axis]);
        } else if (keep) {
            result.push_back(1);
        }
    }
    return result;
}

Result<std::vector<ValueType>> infer_reduce(Node& node) {
    const Value* x = node.input(0);
    const bool picks = node.op->traits.commutes_with_monotone;
    if (x->type == DataType::boolean && !picks) return tensor_error(node, x, "the sum of bool elements is not supported");
    WEFT_ASSIGN(const auto reduced, reduced_axes(node, x->shape.size()));
    return std::vector{ValueType{x->type, reduced_shape(node, x->shape, reduced)}};
}

template <class T, Reduction kind>
void reduce_typed(const Tensor& x, const std::vector<bool>& reduced, Tensor& y) {
    // Sums of float are taken in double: the order of summation then does not show.
    using Sum = std::conditional_t<std::is_same_v<T, float>, double, std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>>;
    using Limits = std::numeric_limits<T>;
    const Shape& shape = x.shape();
    Shape strides(shape.size());
    std::int64_t outputs = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        strides[axis] = reduced[axis] ? 0 : outputs;
        if (!reduced[axis]) outputs *= shape[axis];
    }
    constexpr Sum start = kind == Reduction::maximum   ? static_cast<Sum>(Limits::has_infinity ? -Limits::infinity() : Limits::lowest())
                          : kind == Reduction::minimum ? static_cast<Sum>(Limits::has_infinity ? Limits::infinity() : Limits::max())
                                                       : Sum(0);
    std::vector<Sum> sums(static_cast<std::size_t>(outputs), start);
    Shape index(shape.size(), 0);
    std::int64_t at = 0;
    for (const T element : x.as<T>()) {
        Sum& sum = sums[static_cast<std::size_t>(at)];
        const Sum value = static_cast<Sum>(element);
        if constexpr (kind == Reduction::maximum) {
            sum = std::max(sum, value);
        } else if constexpr (kind == Reduction::minimum) {
            sum = std::min(sum, value);
        } else {
            sum = static_cast<Sum>(sum + value);
        }
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            at += strides[axis];
            if (++index[axis] < shape[axis]) break;
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    const std::int64_t count = outputs > 0 ? x.size() / outputs : 1;
    const auto target = y.as<T>();
    for (std::size_t i = 0; i < sums.size(); ++i) {
        if (kind == Reduction::mean && count > 0) sums[i] = static_cast<Sum>(sums[i] / static_cast<Sum>(count));
        target[i] = static_cast<T>(sums[i]);
    }
}

template <Reduction kind>
Result<std::vector<Tensor>> evaluate_reduce(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    WEFT_ASSIGN(const auto reduced, reduced_axes(node, x.shape().size()));
    Tensor y(x.type(), reduced_shape(node, x.shape(), reduced));
    visit_type(x.type(), [&](auto e) { reduce_typed<decltype(e), kind>(x, reduced, y); });
    return only(std::move(y));
}

/// The reduced axes become rows and columns, the others channels, of a global pooling; a sum is a mean times the number of elements.
template <Reduction kind>
Result<bool> reduce_to_global_pool(Graph& graph, Node* node) {
    static_assert(kind != Reduction::minimum);
    Value* x = node->input(0);
    if (!is_float(x->type) || x->shape.size() < 2) return false;
    WEFT_ASSIGN(const auto reduced, reduced_axes(*node, x->shape.size()));
    if (reduced[0] || std::find(reduced.begin(), reduced.end(), true) == reduced.end()) return false;
    std::vector<std::int64_t> perm{0}, channel_axes;
    Shape image{x->shape[0], 1, 1, 1};
    for (std::size_t axis = 1; axis < reduced.size(); ++axis) {
        if (reduced[axis]) {
            image[perm.size() == 1 ? 1 : 2] *= x->shape[axis];
            perm.push_back(static_cast<std::int64_t>(axis));
        } else {
            image[3] *= x->shape[axis];
            channel_axes.push_back(static_cast<std::int64_t>(axis));
        }
    }
    perm.insert(perm.end(), channel_axes.begin(), channel_axes.end());
    const std::string& name = node->output()->name;
    WEFT_ASSIGN(Value* const source, add_view(graph, node->opset, x, perm, image, name + "_input"));
    Attributes attributes;
    attributes.set("maximum", std::int64_t{kind == Reduction::maximum});
    WEFT_ASSIGN(Value * pooled, add_inferred(graph, kind == Reduction::maximum ? op_weft_global_max_pool : op_weft_global_average_pool,
                                             node->name, node->opset, {source}, std::move(attributes), name + "_pooled"));
    if (kind == Reduction::sum) {
        const Tensor count = Tensor::scalar(static_cast<double>(image[1] * image[2])).cast(x->type);
        Value* const factor = graph.add_constant(graph.unique_name(name + "_count"), count);
        WEFT_ASSIGN(pooled, add_inferred(graph, op_for(OpRole::multiply), node->name, node->opset, {pooled, factor}, {}, name + "_sum"));
    }
    WEFT_ASSIGN(Value* const result, add_view(graph, node->opset, pooled, identity_perm(4), node->output()->shape, name + "_shaped"));
    take_over(graph, node, result);
    return true;
}

/// `axes_until`: the last operator set in which the axes are an attribute.
template <Reduction kind>
OpDef reduction(std::string_view name, std::string_view summary, Traits traits, std::vector<Rewrite> rewrites = {}, int axes_until = 17) {
    return {.name = name,
            .since = 1,
            .summary = summary,
            .inputs = {1, 2},
            .outputs = {1, 1},
            .attributes = {{.name = "axes", .kind = AttributeKind::integers, .until = axes_until, .input = 1},
                           {.name = "keepdims", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                           {.name = "noop_with_empty_axes", .kind = AttributeKind::integer}},
            .traits = std::move(traits),
            .infer = infer_reduce,
            .evaluate = evaluate_reduce<kind>,
            .rewrites = std::move(rewrites)};
}

const Traits sums{.accumulates = true};
const Traits picks{.same_type_inputs = {0}, .commutes_with_monotone = true, .picks_largest = true};

}  // namespace

extern const OpDef op_reduce_mean = reduction<Reduction::mean>("ReduceMean", "mean over axes; constant axes; in hardware not of axis 0",
                                                               sums, {{"mean-to-global-pool", reduce_to_global_pool<Reduction::mean>}});
extern const OpDef op_reduce_sum = reduction<Reduction::sum>("ReduceSum", "sum over axes; constant axes; in hardware not of axis 0", sums,
                                                             {{"sum-to-global-pool", reduce_to_global_pool<Reduction::sum>}}, 12);
extern const OpDef op_reduce_max =
    reduction<Reduction::maximum>("ReduceMax", "maximum over axes; constant axes; in hardware not of axis 0", picks,
                                  {{"maximum-to-global-pool", reduce_to_global_pool<Reduction::maximum>}});
extern const OpDef op_reduce_min = reduction<Reduction::minimum>("ReduceMin", "minimum over axes; constant axes", picks);

}  // namespace weft
