// operands.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/operands.h"

#include <fmt/format.h>

#include "ops/common/shapes.h"

namespace weft {

Result<DataType> common_type(const Node& node, const Value* a, const Value* b) {
    if (a->type == b->type) return a->type;
    if (is_float(a->type) && is_float(b->type)) return DataType::float64;
    return tensor_error(node, b, fmt::format("the inputs differ in element type: {} and {}", to_string(a->type), to_string(b->type)));
}

Result<ValueType> broadcast_inputs(const Node& node) {
    const Value* first = node.input(0);
    ValueType result{first->type, first->shape};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
        const Value* input = node.input(i);
        if (!input) return node_error(node, "input " + std::to_string(i) + " is left out");
        WEFT_ASSIGN(const DataType type, common_type(node, first, input));
        if (type == DataType::float64) result.type = type;
        const auto shape = broadcast_shape(result.shape, aligned_shape(node, result.shape, input->shape));
        if (!shape) {
            return tensor_error(
                node, input,
                "shape " + to_string(input->shape) + " does not broadcast with " + to_string(result.shape) + " of '" + first->name + "'");
        }
        result.shape = *shape;
    }
    WEFT_CHECK(check_size(node, result.shape));
    return result;
}

Operands::Operands(std::span<const Tensor* const> inputs) : tensors_(inputs.begin(), inputs.end()) {
    bool mixed = false;
    for (const Tensor* tensor : tensors_) mixed = mixed || tensor->type() != tensors_[0]->type();
    if (!mixed) return;
    converted_.reserve(tensors_.size());
    for (const Tensor*& tensor : tensors_) {
        if (tensor->type() == DataType::float64) continue;
        converted_.push_back(tensor->cast(DataType::float64));
        tensor = &converted_.back();
    }
}

Shape aligned_shape(const Node& node, const Shape& first, const Shape& second) {
    if (node.opset >= 7 || !node.attributes.has("axis")) return second;
    std::int64_t axis = node.attributes.integer("axis");
    const auto rank = static_cast<std::int64_t>(first.size());
    if (axis < -rank || axis >= rank) return second;
    if (axis < 0) axis += rank;
    const std::int64_t behind = rank - axis - static_cast<std::int64_t>(second.size());
    Shape aligned = second;
    if (behind > 0) aligned.insert(aligned.end(), static_cast<std::size_t>(behind), 1);
    return aligned;
}

}  // namespace weft
