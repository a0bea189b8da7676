// add.cpp
// The canonical addition of two tensors computed at run time, and the rewrites into it.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "ops/common/broadcast.h"
#include "ops/common/canonical.h"
#include "ops/common/lowerings.h"
#include "ops/common/operands.h"
#include "ops/common/rewrite.h"
#include "src/graph/node_traits.h"

namespace weft {

namespace {

using Sources = std::set<const Value*>;

/// The values of which `value` is a function element by element, as far as functions of one value can be composed.
const Sources& sources_of(const Value* value, std::map<const Value*, Sources>& known) {
    if (const auto at = known.find(value); at != known.end()) return at->second;
    Sources sources;
    const Node* producer = value->producer;
    if (producer && is_elementwise(*producer) && !is_quantizer(*producer)) {
        for (const Value* input : producer->inputs) {
            if (!input || is_fixed(input)) continue;
            const Sources& more = sources_of(input, known);
            sources.insert(more.begin(), more.end());
        }
    }
    if (sources.size() != 1) sources = {value};
    return known.emplace(value, std::move(sources)).first->second;
}

bool functions_of_one_value(const std::vector<Value*>& values) {
    std::map<const Value*, Sources> known;
    Sources all;
    for (const Value* value : values) {
        const Sources& sources = sources_of(value, known);
        all.insert(sources.begin(), sources.end());
    }
    return all.size() == 1;
}

struct Inputs {
    std::vector<Value*> varying;
    std::vector<Value*> fixed;
};

Inputs sorted_inputs(const Node& node) {
    Inputs inputs;
    for (Value* input : node.inputs) (is_fixed(input) ? inputs.fixed : inputs.varying).push_back(input);
    return inputs;
}

bool is_aligned_by_axis(const Node& node) { return node.opset < 7 && node.attributes.has("axis"); }

Result<std::vector<ValueType>> infer(Node& node) {
    if (node.attributes.integers("signs").size() != 2) return node_error(node, "an addition has two signs");
    if (node.input(0)->shape != node.input(1)->shape) {
        return tensor_error(node, node.input(1),
                            "shape " + to_string(node.input(1)->shape) + " is not the other operand's " + to_string(node.input(0)->shape));
    }
    WEFT_ASSIGN(const DataType type, common_type(node, node.input(0), node.input(1)));
    return std::vector{ValueType{type, node.input(0)->shape}};
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    const Operands operands(inputs);
    const auto& signs = node.attributes.integers("signs");
    Tensor result(operands.type(), operands[0].shape());
    visit_type(result.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            const T first = static_cast<T>(signs[0]), second = static_cast<T>(signs[1]);
            broadcast_map<T, T, T>(operands[0], operands[1], result, [=](T a, T b) { return first * a + second * b; });
        }
    });
    if (!is_float(result.type())) return tensor_error(node, node.input(0), "a canonical addition adds real numbers");
    return only(std::move(result));
}

}  // namespace

Result<bool> align_broadcast(Graph& graph, Node* node) {
    if (!is_aligned_by_axis(*node)) return false;
    Value* operand = node->input(1);
    const Shape shape = aligned_shape(*node, node->input(0)->shape, operand->shape);
    if (shape != operand->shape) {
        if (operand->is_constant()) {
            node->inputs[1] = graph.add_constant(graph.unique_name(operand->name + "_aligned"), operand->constant->reshaped(shape));
        } else {
            WEFT_ASSIGN(node->inputs[1], add_view(graph, node->opset, operand, {}, shape, operand->name + "_aligned"));
        }
    }
    node->attributes.erase("axis");
    node->attributes.erase("broadcast");
    return true;
}

Result<bool> sum_to_add(Graph& graph, Node* node) {
    const Inputs inputs = sorted_inputs(*node);
    if (inputs.varying.size() < 2 || is_aligned_by_axis(*node) || functions_of_one_value(inputs.varying)) return false;
    const bool one_shape = std::all_of(inputs.varying.begin(), inputs.varying.end(),
                                       [&](const Value* value) { return value->shape == inputs.varying[0]->shape; });
    if (!one_shape) return false;
    const std::size_t steps = inputs.varying.size() - 1 + inputs.fixed.size();
    std::size_t done = 0;
    Value* sum = inputs.varying[0];
    const auto append = [&](const OpDef& op, int opset, Value* operand, Attributes attributes) {
        const bool last = ++done == steps;
        Value* output = last ? node->output() : graph.add_value(graph.unique_name(node->output()->name + "_part"), sum->type, sum->shape);
        graph.add_node(op, last ? node->name : "", opset, {sum, operand}, {output}, std::move(attributes));
        sum = output;
    };
    for (std::size_t i = 1; i < inputs.varying.size(); ++i) {
        Attributes attributes;
        attributes.set("signs", std::vector<std::int64_t>{1, node->op == &op_sub ? -1 : 1});
        append(op_weft_add, 1, inputs.varying[i], std::move(attributes));
    }
    for (Value* fixed : inputs.fixed) append(op_add, std::max(node->opset, 7), fixed, {});
    return true;
}

Result<bool> mean_to_add(Graph& graph, Node* node) {
    const Inputs inputs = sorted_inputs(*node);
    if (inputs.varying.size() < 2 || functions_of_one_value(inputs.varying)) return false;
    Value* output = node->output();
    Value* sum = graph.add_value(graph.unique_name(output->name + "_sum"), output->type, output->shape);
    graph.add_node(op_sum, "", node->opset, node->inputs, {sum});
    Tensor count(output->type, {});
    visit_type(output->type, [&](auto e) { count.as<decltype(e)>()[0] = static_cast<decltype(e)>(node->inputs.size()); });
    Value* divisor = graph.add_constant(graph.unique_name(output->name + "_count"), std::move(count));
    graph.add_node(op_div, node->name, std::max(node->opset, 7), {sum, divisor}, {output});
    return true;
}

extern const OpDef op_weft_add{
    .name = "add",
    .domain = "weft",
    .summary = "signs[0] * a + signs[1] * b of two tensors of one shape, both computed at run time",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {{.name = "signs", .kind = AttributeKind::integers, .required = true}},
    .traits = {.any_order = true, .accumulates = true},
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower_add,
};

}  // namespace weft
