// concat.cpp
// Concat, and the canonical concatenation of channels that it becomes.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ops/common/canonical.h"
#include "ops/common/lowerings.h"
#include "ops/common/operands.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"
#include "ops/common/take.h"

namespace weft {

namespace {

Result<std::int64_t> axis_of(const Node& node, std::size_t rank) {
    if (node.op == &op_weft_concat) return static_cast<std::int64_t>(rank) - 1;
    if (node.opset >= 4 && !node.attributes.has("axis")) return node_error(node, "the attribute 'axis' is missing");
    return normalise_axis(node, node.attributes.has("axis") ? node.attributes.integer("axis") : 1, rank);
}

Result<std::vector<ValueType>> infer(Node& node) {
    const Value* first = node.input(0);
    WEFT_ASSIGN(const std::int64_t axis, axis_of(node, first->shape.size()));
    const auto at = static_cast<std::size_t>(axis);
    ValueType result{first->type, first->shape};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
        const Value* input = node.input(i);
        if (!input) return node_error(node, "an input is left out");
        WEFT_ASSIGN(const DataType type, common_type(node, first, input));
        if (type == DataType::float64) result.type = type;
        Shape shape = input->shape;
        if (shape.size() == result.shape.size()) shape[at] = result.shape[at];
        if (shape != result.shape) {
            return tensor_error(node, input,
                                "shape " + to_string(input->shape) + " does not continue " + to_string(first->shape) + " along axis " +
                                    std::to_string(axis));
        }
        result.shape[at] += input->shape[at];
    }
    WEFT_CHECK(check_size(node, result.shape));
    return std::vector{std::move(result)};
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    const Operands operands(inputs);
    WEFT_ASSIGN(const std::int64_t axis, axis_of(node, operands[0].shape().size()));
    return only(concatenated(operands.tensors(), axis));
}

/// Channels of images side by side become channels-last, where the canonical form concatenates; a last axis is there already.
Result<bool> concat_channels(Graph& graph, Node* node) {
    if (std::any_of(node->inputs.begin(), node->inputs.end(), is_fixed)) return false;
    const std::size_t rank = node->output()->shape.size();
    WEFT_ASSIGN(const std::int64_t axis, axis_of(*node, rank));
    const bool is_last = axis + 1 == static_cast<std::int64_t>(rank);
    if (!is_last && (rank != 4 || axis != 1)) return false;
    if (is_last) {
        graph.add_node(op_weft_concat, node->name, 1, node->inputs, {node->output()});
        return true;
    }
    std::vector<Value*> inputs;
    for (Value* input : node->inputs) {
        WEFT_ASSIGN(Value * view, to_channels_last(graph, node->opset, input, node->output()->name + "_part"));
        inputs.push_back(view);
    }
    const std::string wanted = node->output()->name + "_channels_last";
    WEFT_ASSIGN(Value * joined, add_inferred(graph, op_weft_concat, node->name, 1, std::move(inputs), {}, wanted));
    WEFT_ASSIGN(Value * result, to_channels_first(graph, node->opset, joined, node->output()->name + "_channels_first"));
    take_over(graph, node, result);
    return true;
}

std::optional<Refusal> refused_concat(const Node& node) {
    if (std::ranges::any_of(node.inputs, is_fixed))
        return Refusal{"joins a constant to values that are computed at run time",
                       "leave constant channels out of the model: what the layer behind makes of them is a constant too"};
    return Refusal{"joins along another axis than the channels", "in hardware it joins along axis 1 of four, or along the last"};
}

}  // namespace

extern const OpDef op_concat{
    .name = "Concat",
    .summary =
        "the inputs one behind the other along an axis; in hardware along the channels (axis 1 of four, or the last), no input constant",
    .inputs = {1, -1},
    .outputs = {1, 1},
    .attributes = {{.name = "axis", .kind = AttributeKind::integer}},
    .traits = {.same_type_all_inputs = true, .commutes_with_monotone = true},
    .infer = infer,
    .evaluate = evaluate,
    .rewrites = {{"concat-channels", concat_channels}},
    .no_hardware = refused_concat,
};

extern const OpDef op_weft_concat{
    .name = "concat",
    .domain = "weft",
    .summary = "the inputs' channels side by side: along the last axis",
    .inputs = {1, -1},
    .outputs = {1, 1},
    .traits = {.same_type_all_inputs = true, .commutes_with_monotone = true},
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower_concat,
};

}  // namespace weft
