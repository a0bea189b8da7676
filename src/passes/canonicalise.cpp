// canonicalise.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "src/graph/op_def.h"
#include "src/passes/pass.h"

namespace weft {

namespace {

/// Dead nodes are removed on the way, and the graph is left sorted.
Status apply_rewrites(Graph& graph, PassLog& log, std::vector<Rewrite> OpDef::*list) {
    for (bool changed = true; changed;) {
        changed = false;
        std::vector<Node*> nodes;
        for (const auto& node : graph.nodes()) nodes.push_back(node.get());
        for (Node* node : nodes) {
            for (const Rewrite& rewrite : node->op->*list) {
                const std::string name = node->name;
                const StandingIn stead(graph, *node);
                WEFT_ASSIGN(const bool applied, rewrite.apply(graph, node));
                if (!applied) continue;
                log.push_back(std::string(rewrite.name) + ": " + name);
                changed = true;
                const bool produces = std::any_of(node->outputs.begin(), node->outputs.end(), [&](Value* output) {
                    return output && output->producer == node && (graph.is_output(output) || !graph.readers(output).empty());
                });
                if (!produces) graph.remove(node);
                break;
            }
        }
        WEFT_CHECK(graph.sort());
        graph.remove_dead();
    }
    return Ok{};
}

}  // namespace

Status canonicalise(Graph& graph, PassLog& log) { return apply_rewrites(graph, log, &OpDef::rewrites); }

Status expand(Graph& graph, PassLog& log) { return apply_rewrites(graph, log, &OpDef::expansions); }

}  // namespace weft
