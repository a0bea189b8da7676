// hoist_quantise.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "src/graph/op_def.h"
#include "src/passes/pass.h"

namespace weft {

namespace {

/// A node that may move up across an operator which commutes with non-decreasing functions: one varying input, the same function
/// everywhere.
bool may_move(const Node& node) {
    if (node.op->traits.role == OpRole::quantise) return node.attributes.reals("scale").size() == 1;
    if (!node.op->traits.elementwise || !node.op->traits.elementwise->non_decreasing) return false;
    return std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                       [](const Value* v) { return !v || (v->is_constant() && v->constant->size() == 1); });
}

/// The operator that makes `value`, if a quantiser below may move across it: nobody else needs the value as it is.
Node* mover_of(const Graph& graph, const Value* value) {
    Node* mover = value->producer;
    if (!mover || !mover->op->traits.commutes_with_monotone || value->integer || mover->outputs.size() != 1) return nullptr;
    return graph.readers(value).size() == 1 && !graph.is_output(value) ? mover : nullptr;
}

bool hoist(Graph& graph, Node* node) {
    Node* mover = mover_of(graph, node->input(0));
    // Crossing views alone gains nothing: something that picks or joins elements must lie above them.
    const Node* above = mover;
    while (above && above->op->traits.view) above = mover_of(graph, above->input(0));
    if (!mover || !above) return false;
    const Traits& traits = mover->op->traits;
    std::vector<Value*> inputs = mover->inputs;
    Value* result = node->output();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto& list = traits.same_type_inputs;
        const bool moved = traits.same_type_all_inputs || (traits.view && i == 0) ||
                           std::find(list.begin(), list.end(), static_cast<int>(i)) != list.end();
        if (!moved || !inputs[i]) continue;
        Value* made = graph.add_value(graph.unique_name(result->name + "_of_" + inputs[i]->name), result->type, inputs[i]->shape);
        made->integer = result->integer;
        std::vector<Value*> operands = node->inputs;
        operands[0] = inputs[i];
        graph.add_node(*node->op, node->name, node->opset, std::move(operands), {made}, node->attributes);
        inputs[i] = made;
    }
    graph.remove(node);
    graph.add_node(*mover->op, mover->name, mover->opset, std::move(inputs), {result}, mover->attributes);
    return true;
}

/// Whether the chain of movable nodes from `node` down ends in a quantiser.
bool leads_to_quantiser(const Graph& graph, const Node* node) {
    while (node->op->traits.role != OpRole::quantise) {
        const auto readers = graph.readers(node->output());
        if (readers.size() != 1 || graph.is_output(node->output()) || !may_move(*readers[0])) return false;
        node = readers[0];
    }
    return true;
}

}  // namespace

Status hoist_quantise(Graph& graph, PassLog& log) {
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto& node : graph.nodes()) {
            if (!may_move(*node) || !leads_to_quantiser(graph, node.get())) continue;
            const std::string name = node->output()->name;
            if (!hoist(graph, node.get())) continue;
            log.push_back(name + " moved up");
            changed = true;
            break;
        }
        WEFT_CHECK(graph.sort());
        graph.remove_dead();
    }
    return Ok{};
}

}  // namespace weft
