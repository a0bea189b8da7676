// count.cpp
// The canonical count: how many of several thresholds a value has reached.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/broadcast.h"
#include "ops/common/canonical.h"
#include "ops/common/operands.h"
#include "ops/common/rewrite.h"

namespace weft {

namespace {

Result<std::vector<ValueType>> infer(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type)) return tensor_error(node, x, "thresholds are reached by real numbers");
    WEFT_ASSIGN(const ValueType all, broadcast_inputs(node));
    if (all.shape != x->shape) return tensor_error(node, x, "the thresholds do not broadcast to the shape " + to_string(x->shape));
    return std::vector{ValueType{x->type, x->shape}};
}

Result<std::vector<Tensor>> evaluate(const Node&, std::span<const Tensor* const> inputs) {
    const Operands operands(inputs);
    Tensor y(operands.type(), operands[0].shape());
    visit_type(y.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            const T* x = operands[0].as<T>().data();
            T* target = y.as<T>().data();
            for (std::size_t i = 1; i < operands.size(); ++i) {
                const T* threshold = operands[i].as<T>().data();
                Broadcast<2>(y.shape(), {y.shape(), operands[i].shape()})
                    .for_each_row([&](std::int64_t at, const auto& offsets, const auto& steps, std::int64_t count) {
                        for (std::int64_t j = 0; j < count; ++j)
                            target[at + j] += x[at + j] >= threshold[offsets[1] + j * steps[1]] ? 1 : 0;
                    });
            }
        }
    });
    return only(std::move(y));
}

template <class T>
T reached(std::span<const T> inputs) {
    return T(
        static_cast<double>(std::count_if(inputs.begin() + 1, inputs.end(), [&](const T& threshold) { return inputs[0] >= threshold; })));
}

/// The view that appends an axis of extent 1, and nothing else; null if `value` is made otherwise.
Value* before_last_axis(const Value* value) {
    const Node* node = value->producer;
    if (!node || !node->op->traits.view ||
        node->op->traits.view->map(*node) != identity_perm(static_cast<std::size_t>(element_count(value->shape))))
        return nullptr;
    Shape shape = node->input(0)->shape;
    shape.push_back(1);
    return shape == value->shape ? node->input(0) : nullptr;
}

/// The thresholds of index `index` along the last axis.
Tensor slice_of(const Tensor& thresholds, std::int64_t index) {
    const std::int64_t count = thresholds.shape().back();
    Tensor slice(thresholds.type(), Shape(thresholds.shape().begin(), thresholds.shape().end() - 1));
    visit_type(slice.type(), [&](auto e) {
        using T = decltype(e);
        const auto source = thresholds.as<T>();
        const auto target = slice.as<T>();
        for (std::size_t i = 0; i < target.size(); ++i)
            target[i] = source[i * static_cast<std::size_t>(count) + static_cast<std::size_t>(index)];
    });
    return slice;
}

}  // namespace

Result<bool> comparisons_to_count(Graph& graph, Node* node) {
    const auto made_by = [](const Value* value, const OpDef& op) { return value && value->producer && value->producer->op == &op; };
    if (!is_float(node->output()->type) || !made_by(node->input(0), op_reduce_sum)) return false;
    const Node* sum = node->input(0)->producer;
    if (is_float(sum->input(0)->type) || !made_by(sum->input(0), op_cast)) return false;
    const Value* bits = sum->input(0)->producer->input(0);
    if (!made_by(bits, op_greater_or_equal)) return false;
    const Node* comparison = bits->producer;
    Value* x = before_last_axis(comparison->input(0));
    const Value* thresholds = comparison->input(1);
    // Only the axis of the thresholds is summed, which is the last and is not kept.
    if (!x || !thresholds->is_constant() || !is_float(x->type) || sum->output()->shape != x->shape || thresholds->shape.empty() ||
        bits->shape.size() != x->shape.size() + 1 || bits->shape.back() != thresholds->shape.back() ||
        !std::equal(x->shape.begin(), x->shape.end(), bits->shape.begin()))
        return false;
    std::vector<Value*> inputs{x};
    for (std::int64_t i = 0; i < thresholds->shape.back(); ++i)
        inputs.push_back(graph.add_constant(graph.unique_name(node->output()->name + "_threshold_" + std::to_string(i)),
                                            slice_of(*thresholds->constant, i)));
    WEFT_ASSIGN(Value* const count,
                add_inferred(graph, op_weft_count, node->name, 1, std::move(inputs), {}, node->output()->name + "_count"));
    take_over(graph, node, count);
    return true;
}

extern const OpDef op_weft_count{
    .name = "count",
    .domain = "weft",
    .summary = "(x, thresholds...): how many thresholds are at most x",
    .inputs = {1, -1},
    .outputs = {1, 1},
    .traits = {.elementwise = ElementwiseTrait{
                   .real = [](const Node&, std::span<const long double> inputs) { return reached(inputs); },
                   .exact = [](const Node&, std::span<const Rational> inputs) -> std::optional<Rational> { return reached(inputs); },
                   .pieces = [](const Node&, int varying, std::span<const Rational> inputs) -> std::optional<PiecewiseLinear> {
                       if (varying != 0) return std::nullopt;
                       return PiecewiseLinear::steps({inputs.begin() + 1, inputs.end()});
                   },
                   .non_decreasing = true,
                   .jumps = true}},
    .infer = infer,
    .evaluate = evaluate,
};

}  // namespace weft
