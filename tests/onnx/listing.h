// listing.h
// The nodes of an imported graph as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "src/graph/op_def.h"

namespace weft::test {

/// Operator, key, inputs and outputs of each node, one a line.
inline std::string listing(const Graph& graph) {
    std::string text;
    for (const auto& node : graph.nodes()) {
        text += std::string(node->op->name) + " '" + graph.key(node.get()) + "':";
        for (const Value* input : node->inputs) text += " " + (input ? input->name : "-");
        text += " ->";
        for (const Value* output : node->outputs) text += " " + (output ? output->name : "-");
        text += "\n";
    }
    return text;
}

}  // namespace weft::test
