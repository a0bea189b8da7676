// remove_identities.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/remove_identities.h"

#include <algorithm>

#include "src/graph/op_def.h"

namespace weft {

namespace {

/// Whether the node's output can take the place of its input everywhere: the input's own name is seen by nobody outside.
bool output_can_replace_input(const Graph& graph, const Value* input) { return input->producer != nullptr && !graph.is_output(input); }

}  // namespace

bool remove_identities(Graph& graph) {
    std::vector<Node*> identities;
    for (const auto& node : graph.nodes()) {
        if (node->op->traits.role == OpRole::identity) identities.push_back(node.get());
    }
    bool changed = false;
    for (Node* node : identities) {
        Value* input = node->input(0);
        Value* output = node->output(0);
        const bool other_outputs_read = std::any_of(node->outputs.begin() + 1, node->outputs.end(), [&](const Value* value) {
            return value && (graph.is_output(value) || !graph.readers(value).empty());
        });
        if (other_outputs_read) continue;
        if (!graph.is_output(output)) {
            graph.replace_uses(output, input);
            graph.remove(node);
        } else if (output_can_replace_input(graph, input)) {
            Node* producer = input->producer;
            graph.remove(node);
            output->integer = input->integer;
            std::replace(producer->outputs.begin(), producer->outputs.end(), input, output);
            output->producer = producer;
            graph.replace_uses(input, output);
            input->producer = nullptr;
        } else {
            continue;  // an input, constant or other output that leaves under a second name
        }
        changed = true;
    }
    if (changed) graph.remove_dead();
    return changed;
}

}  // namespace weft
