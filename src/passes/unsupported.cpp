// unsupported.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/unsupported.h"

#include <algorithm>
#include <map>
#include <set>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/graph/op_places.h"
#include "src/quantize/constant.h"

namespace weft {

namespace {

class Finder {
public:
    explicit Finder(const Graph& graph) : graph_(graph) {}

    Diagnostics find() {
        mark_needed();
        Diagnostics problems;
        for (const auto& node : graph_.nodes()) {
            if (!needed_.count(node.get()) || is_exact_constant(node->output()) || is_from_host(node->output())) continue;
            const OpDef& op = *node->op;
            if (op.lower || is_view(*node) || op.traits.role == OpRole::dequantize) continue;
            if (op.traits.host_suffix) {
                problems.push_back(tensor_error(*node, node->output(),
                                                "the operator " + std::string(op.name) +
                                                    " stands before layers with weights: only behind "
                                                    "the last of them can the host run it",
                                                "cut the model at this node into two"));
            } else if (!is_elementwise(*node)) {
                problems.push_back(no_hardware(*node));
            } else if (const Value* constant = constant_of(*node)) {
                problems.push_back(tensor_error(*node, constant, "the value is computed from constants alone, by nodes that are not folded",
                                                "fold the constant before export"));
            } else if (source_of(node->output()) == node->output()) {
                problems.push_back(tensor_error(*node, node->output(),
                                                "the operator " + std::string(op.name) + " joins tensors that are computed at run time",
                                                "of two such tensors only sums and differences have hardware"));
            }
        }
        return problems;
    }

private:
    /// Everything above a node that sums.
    void mark_needed() {
        for (auto at = graph_.nodes().rbegin(); at != graph_.nodes().rend(); ++at) {
            const Node* node = at->get();
            const Traits& traits = node->op->traits;
            if (!traits.linear && !(traits.accumulates && node->op->lower) && !needed_.count(node)) continue;
            needed_.insert(node);
            for (const Value* input : node->inputs)
                if (input && input->producer) needed_.insert(input->producer);
        }
    }

    /// Nothing but functions and operators that hand on elements above it.
    bool is_from_host(const Value* value) const {
        if (value->integer) return false;
        const Node* producer = value->producer;
        if (!producer || value->is_constant()) return true;
        const Traits& traits = producer->op->traits;
        if (traits.accumulates || traits.linear) return false;
        return std::ranges::all_of(producer->inputs, [&](const Value* v) { return !v || is_exact_constant(v) || is_from_host(v); });
    }

    /// Whether an input of the model leads to `value`.
    bool varies(const Value* value) {
        if (value->is_constant() || !value->producer) return !value->is_constant();
        if (const auto at = varies_.find(value); at != varies_.end()) return at->second;
        return varies_[value] = std::ranges::any_of(value->producer->inputs, [&](const Value* v) { return v && varies(v); });
    }

    /// An input that no input of the model leads to, though it is none of the constants that functions take; null if there is none.
    const Value* constant_of(const Node& node) {
        const auto found = std::ranges::find_if(node.inputs, [&](const Value* v) { return v && !is_exact_constant(v) && !varies(v); });
        return found == node.inputs.end() ? nullptr : *found;
    }

    /// The value of which `value` is a function; itself where it depends on several.
    const Value* source_of(const Value* value) {
        if (const auto at = sources_.find(value); at != sources_.end()) return at->second;
        const Value* source = value;
        const Node* producer = value->producer;
        // A quantized value may be a function of another one that is read as well (x * sigmoid(x)).
        if (producer && (is_elementwise(*producer) || is_view(*producer))) {
            std::set<const Value*> found;
            for (const Value* input : producer->inputs)
                if (input && !is_exact_constant(input)) found.insert(source_of(input));
            if (found.size() == 1) source = *found.begin();
        }
        return sources_[value] = source;
    }

    const Graph& graph_;
    std::set<const Node*> needed_;
    std::map<const Value*, const Value*> sources_;
    std::map<const Value*, bool> varies_;
};

}  // namespace

Diagnostics unsupported_nodes(const Graph& graph) { return Finder(graph).find(); }

}  // namespace weft
