// node_traits.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/node_traits.h"

#include <algorithm>

namespace weft {

namespace {

template <class Trait>
bool has(const std::optional<Trait>& trait, const Node& node) {
    return trait && (!trait->applies || trait->applies(node));
}

}  // namespace

bool is_view(const Node& node) { return has(node.op->traits.view, node); }

bool is_elementwise(const Node& node) { return has(node.op->traits.elementwise, node); }

bool is_linear(const Node& node) { return has(node.op->traits.linear, node); }

bool is_quantizer(const Node& node) {
    const OpRole role = node.op->traits.role;
    return role == OpRole::quantize || role == OpRole::dequantize || role == OpRole::typed;
}

bool hands_on(const Node& node, std::size_t index) {
    const Traits& traits = node.op->traits;
    return traits.same_type_all_inputs ||
           std::ranges::find(traits.same_type_inputs, static_cast<int>(index)) != traits.same_type_inputs.end();
}

std::vector<std::size_t> handed_on(const Node& node) {
    std::vector<std::size_t> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
        if (node.inputs[i] && hands_on(node, i)) inputs.push_back(i);
    return inputs;
}

}  // namespace weft
