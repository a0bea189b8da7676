// op_registry.cpp
// The operator table as the build found it.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "src/graph/op_def.h"

namespace weft {

namespace generated {
extern const OpDef* const ops[];
extern const int op_count;
}  // namespace generated

std::span<const OpDef* const> op_registry() {
    static const std::vector<const OpDef*> sorted = [] {
        std::vector<const OpDef*> list(generated::ops, generated::ops + generated::op_count);
        std::sort(list.begin(), list.end(),
                  [](const OpDef* a, const OpDef* b) { return std::pair(a->domain, a->name) < std::pair(b->domain, b->name); });
        return list;
    }();
    return sorted;
}

const OpDef* find_op(std::string_view domain, std::string_view name) {
    if (domain == "ai.onnx") domain = "";
    const auto list = op_registry();
    const OpDef* found = nullptr;
    for (const OpDef* op : list) {
        if (op->name != name && (op->former_name.empty() || op->former_name != name)) continue;
        if (op->domain == domain) return op;
        if (std::find(op->other_domains.begin(), op->other_domains.end(), domain) != op->other_domains.end()) found = op;
    }
    return found;
}

const OpDef& op_for(OpRole role) {
    const auto list = op_registry();
    const auto at = std::find_if(list.begin(), list.end(), [&](const OpDef* op) { return op->traits.role == role; });
    assert(at != list.end());
    return **at;
}

}  // namespace weft
