// choose_branches.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/choose_branches.h"

#include "src/graph/op_def.h"

namespace weft {

namespace {

bool is_branch(const onnx::NodeProto& node) {
    const OpDef* op = find_op(domain_of(node), node.op_type());
    return op && op->traits.role == OpRole::branch && node.input_size() == 1;
}

}  // namespace

Status choose_branches(const ModelFile& file, FlatGraph& flat, const ConditionSolver& solve) {
    std::vector<std::string> outputs;
    for (const auto& output : file.model.graph().output()) outputs.push_back(output.name());
    // What one branch gives may decide the next: each round splices what is known by then.
    for (bool changed = true; changed;) {
        changed = false;
        std::vector<std::size_t> branches;
        std::vector<std::string> conditions;
        for (const std::size_t i : needed_nodes(flat, outputs)) {
            const onnx::NodeProto& node = *flat.nodes()[i].proto;
            if (!is_branch(node)) continue;
            branches.push_back(i);
            conditions.push_back(node.input(0));
        }
        if (branches.empty()) return Ok{};
        WEFT_ASSIGN(const auto known, solve(conditions));
        // From the back, so that the indices in front stay.
        for (std::size_t i = branches.size(); i-- > 0;) {
            if (!known[i]) continue;
            WEFT_ASSIGN(const bool spliced, flat.splice(branches[i], *known[i] ? "then_branch" : "else_branch"));
            changed = changed || spliced;
        }
    }
    return Ok{};
}

}  // namespace weft
