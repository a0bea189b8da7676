// evaluate.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/evaluate.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "src/graph/op_def.h"

namespace weft {

Evaluator::Evaluator(const Graph& graph, DataType precision)
    : Evaluator(graph, precision, {graph.inputs.begin(), graph.inputs.end()}, {graph.outputs.begin(), graph.outputs.end()}) {}

Evaluator::Evaluator(const Graph& graph, DataType precision, std::vector<const Value*> given, std::vector<const Value*> wanted)
    : precision_(precision) {
    const std::set<const Value*> known(given.begin(), given.end());
    std::set<const Value*> needed(wanted.begin(), wanted.end());
    std::vector<const Node*> order;
    for (auto at = graph.nodes().rbegin(); at != graph.nodes().rend(); ++at) {
        const Node* node = at->get();
        const bool used = std::any_of(node->outputs.begin(), node->outputs.end(),
                                      [&](const Value* v) { return v && needed.count(v) && !known.count(v); });
        if (!used) continue;
        order.push_back(node);
        needed.insert(node->inputs.begin(), node->inputs.end());
    }
    std::reverse(order.begin(), order.end());

    std::map<const Value*, int> slots;
    const auto slot_of = [&](const Value* value) {
        if (!value) return -1;
        const auto [at, fresh] = slots.emplace(value, slots_);
        if (fresh) {
            ++slots_;
            if (value->is_constant() && !known.count(value)) {
                constants_.emplace_back(at->second, value->constant->cast(held_as(*value)));
            } else if (!value->producer && !known.count(value)) {
                missing_ = value;
            }
        }
        return at->second;
    };
    for (const Value* value : given) {
        given_.push_back(slot_of(value));
        given_types_.push_back(held_as(*value));
    }
    for (const Node* node : order) {
        Step step{node, {}, {}, {}};
        for (const Value* input : node->inputs) step.inputs.push_back(slot_of(input));
        for (const Value* output : node->outputs) step.outputs.push_back(slot_of(output));
        steps_.push_back(std::move(step));
    }
    for (const Value* value : wanted) wanted_.push_back(slot_of(value));

    std::set<int> kept(wanted_.begin(), wanted_.end());
    for (const auto& [slot, tensor] : constants_) kept.insert(slot);
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
        for (const int slot : step->inputs) {
            if (slot >= 0 && kept.insert(slot).second) step->release.push_back(slot);
        }
    }
}

std::vector<const Node*> Evaluator::nodes() const {
    std::vector<const Node*> nodes;
    for (const Step& step : steps_) nodes.push_back(step.node);
    return nodes;
}

Result<std::vector<Tensor>> Evaluator::evaluate(const Node& node, std::span<const Tensor* const> inputs) const {
    assert(node.op->evaluate);
    // A cast to a real type only says how a number is held: in double it must not be rounded on the way.
    if (node.op->traits.role == OpRole::cast && is_float(node.output()->type)) return only(inputs[0]->cast(held_as(*node.output())));
    WEFT_ASSIGN(std::vector<Tensor> outputs, node.op->evaluate(node, inputs));
    // Real numbers that come from integers alone (a constant, a range) know nothing of the precision.
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
        if (!node.outputs[i] || !is_float(outputs[i].type()) || !is_float(node.outputs[i]->type)) continue;
        const DataType held = held_as(*node.outputs[i]);
        if (outputs[i].type() != held) outputs[i] = outputs[i].cast(held);
    }
    return outputs;
}

Result<std::vector<Tensor>> Evaluator::run(std::span<const Tensor> given) const {
    std::vector<const Tensor*> at(static_cast<std::size_t>(slots_), nullptr);
    std::vector<Tensor> owned(static_cast<std::size_t>(slots_));
    for (const auto& [slot, tensor] : constants_) at[static_cast<std::size_t>(slot)] = &tensor;
    for (std::size_t i = 0; i < given_.size(); ++i) {
        const std::size_t slot = static_cast<std::size_t>(given_[i]);
        if (is_float(given[i].type()) && is_float(given_types_[i]) && given[i].type() != given_types_[i]) {
            owned[slot] = given[i].cast(given_types_[i]);
            at[slot] = &owned[slot];
        } else {
            at[slot] = &given[i];
        }
    }
    std::vector<const Tensor*> inputs;
    for (const Step& step : steps_) {
        inputs.clear();
        for (const int slot : step.inputs) inputs.push_back(slot < 0 ? nullptr : at[static_cast<std::size_t>(slot)]);
        auto outputs = evaluate(*step.node, inputs);
        if (!outputs) return std::move(outputs).error();
        for (std::size_t i = 0; i < step.outputs.size() && i < outputs->size(); ++i) {
            if (step.outputs[i] < 0) continue;
            const std::size_t slot = static_cast<std::size_t>(step.outputs[i]);
            owned[slot] = std::move((*outputs)[i]);
            at[slot] = &owned[slot];
        }
        for (const int slot : step.release) owned[static_cast<std::size_t>(slot)] = Tensor();
    }
    std::vector<Tensor> result;
    for (const int slot : wanted_) {
        const std::size_t index = static_cast<std::size_t>(slot);
        result.push_back(*at[index]);
    }
    return result;
}

}  // namespace weft
