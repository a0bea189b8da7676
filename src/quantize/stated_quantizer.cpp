// stated_quantizer.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/stated_quantizer.h"

#include <algorithm>

#include "src/graph/op_def.h"

namespace weft {

QuantizerSource source_of(const Node& quantize) {
    Value* value = quantize.input(0);
    const Node* producer = value->producer;
    const Value* scale = quantize.input(1);
    if (!producer || !scale || !scale->is_constant()) return {value, Rounding::half_even};
    const std::vector<double> scales = scale->constant->to_doubles();
    if (std::any_of(scales.begin(), scales.end(), [](double s) { return s != 1; })) return {value, Rounding::half_even};
    if (producer->op->traits.role == OpRole::round_down) return {producer->input(0), Rounding::down};
    if (producer->op->traits.role == OpRole::round_up) return {producer->input(0), Rounding::up};
    return {value, Rounding::half_even};
}

const Node* quantizer_of(const Value* integers, std::int64_t& min, std::int64_t& max) {
    for (const Value* at = integers; at && at->producer; at = at->producer->input(0)) {
        const Node* node = at->producer;
        if (node->op->traits.role == OpRole::quantize) return node;
        if (node->op->traits.role != OpRole::clip) return nullptr;
        if (node->has_input(1)) min = std::max(min, node->input(1)->constant->to_integers().at(0));
        if (node->has_input(2)) max = std::min(max, node->input(2)->constant->to_integers().at(0));
    }
    return nullptr;
}

const Node* dequantizer_of(const Graph& graph, const Value* integers) {
    for (const Node* reader : graph.readers(integers)) {
        if (reader->op->traits.role == OpRole::dequantize && reader->input(0) == integers) return reader;
        if (reader->op->traits.role != OpRole::clip) continue;
        if (const Node* found = dequantizer_of(graph, reader->output())) return found;
    }
    return nullptr;
}

}  // namespace weft
