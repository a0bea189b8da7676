// propagate_types.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "src/graph/op_def.h"
#include "src/passes/pass.h"

namespace weft {

Status propagate_types(Graph& graph, PassLog& log) {
    for (const auto& node : graph.nodes()) {
        const Traits& traits = node->op->traits;
        const bool is_view = traits.view && (!traits.view->applies || traits.view->applies(*node));
        if (!is_view && !traits.same_type_all_inputs && traits.same_type_inputs.empty()) continue;
        Value* output = node->output();
        if (output->integer) continue;
        const IntegerType* type = nullptr;
        bool agree = true;
        for (std::size_t i = 0; i < node->inputs.size(); ++i) {
            const auto& list = traits.same_type_inputs;
            const bool passes = traits.same_type_all_inputs || (is_view && i == 0) ||
                                std::find(list.begin(), list.end(), static_cast<int>(i)) != list.end();
            if (!passes) continue;
            const Value* input = node->input(i);
            if (!input || !input->integer || input->integer->scale.size() != 1 || (type && !(*type == *input->integer))) {
                agree = false;
            } else {
                type = &*input->integer;
            }
        }
        if (!agree || !type) continue;
        output->integer = *type;
        log.push_back(output->name + ": " + to_string(*type));
    }
    return Ok{};
}

}  // namespace weft
