// op_places.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/op_places.h"

namespace weft {

OpPlaces places_of(const OpDef& op) {
    OpPlaces places;
    if (op.refusal) return places;
    const bool expands = !op.expansions.empty() && op.expansions.front().name != refusing_step && !op.traits.host_suffix;
    places.hardware = op.lower || !op.rewrites.empty() || expands || op.traits.elementwise || op.traits.view;
    places.host = op.traits.host_suffix;
    const bool is_quantized = !op.expansions.empty() && op.rewrites.empty();
    places.folded = op.evaluate && !is_quantized && op.traits.role != OpRole::dequantize;
    return places;
}

Diagnostic no_hardware(const Node& node, Made made) {
    const Value* tensor = node.outputs.empty() ? nullptr : node.output();
    const std::string name(node.op->name);
    if (const auto refusal = node.op->no_hardware ? node.op->no_hardware(node) : std::nullopt)
        return tensor_error(node, tensor, "the operator " + name + " " + std::string(refusal->reason), std::string(refusal->help), made);
    if (places_of(*node.op).hardware)
        return tensor_error(node, tensor, "this form of the operator " + name + " has no hardware", "weft list ops says which form has",
                            made);
    return tensor_error(node, tensor, "the operator " + name + " has no hardware", "weft list ops shows what is supported", made);
}

}  // namespace weft
