// constant.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/constant.h"

#include "src/graph/op_def.h"

namespace weft {

namespace {

bool is_view(const Node* node) {
    const auto& view = node->op->traits.view;
    return view && (!view->applies || view->applies(*node));
}

/// The type that a dequantiser of a constant states.
Result<ConstantReal> dequantised(const Node& node) {
    ConstantReal result;
    result.shape = node.input(0)->shape;
    result.quantised = true;
    result.codes = node.input(0)->constant->to_integers();
    for (const std::size_t i : {1U, 2U}) {
        if (node.has_input(i) && !node.input(i)->is_constant()) {
            return tensor_error(node, node.input(i), "the scale or zero point of a constant is not a constant");
        }
    }
    result.scales = node.input(1)->constant->to_doubles();
    std::vector<std::int64_t> zeros(result.scales.size(), 0);
    if (node.has_input(2)) zeros = node.input(2)->constant->to_integers();
    if (result.scales.size() == 1) {
        for (std::int64_t& code : result.codes) code -= zeros[0];
        return result;
    }
    std::int64_t axis = node.attributes.has("axis") ? node.attributes.integer("axis") : 1;
    const auto rank = static_cast<std::int64_t>(result.shape.size());
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || result.shape[static_cast<std::size_t>(axis)] != static_cast<std::int64_t>(result.scales.size())) {
        return tensor_error(node, node.input(1), "the number of scales does not fit the tensor's axis");
    }
    std::int64_t inner = 1;
    for (std::int64_t i = axis + 1; i < rank; ++i) inner *= result.shape[static_cast<std::size_t>(i)];
    result.scale_index.resize(result.codes.size());
    for (std::size_t i = 0; i < result.codes.size(); ++i) {
        const auto channel = static_cast<std::int64_t>(i) / inner % static_cast<std::int64_t>(result.scales.size());
        result.scale_index[i] = static_cast<std::int32_t>(channel);
        result.codes[i] -= zeros[static_cast<std::size_t>(channel)];
    }
    return result;
}

}  // namespace

bool is_constant_like(const Value* value) {
    while (value) {
        if (value->is_constant()) return true;
        const Node* node = value->producer;
        if (!node) return false;
        if (node->op->traits.role == OpRole::dequantize) return node->input(0)->is_constant();
        if (!is_view(node)) return false;
        value = node->input(0);
    }
    return false;
}

Result<ConstantReal> constant_real(const Value* value) {
    if (value->is_constant()) {
        ConstantReal result;
        result.shape = value->shape;
        result.reals = value->constant->to_doubles();
        return result;
    }
    const Node& node = *value->producer;
    if (node.op->traits.role == OpRole::dequantize) return dequantised(node);
    WEFT_ASSIGN(const ConstantReal source, constant_real(node.input(0)));
    const std::vector<std::int64_t> map = node.op->traits.view->map(node);
    ConstantReal result;
    result.shape = value->shape;
    result.quantised = source.quantised;
    result.scales = source.scales;
    for (const std::int64_t from : map) {
        const auto index = static_cast<std::size_t>(from);
        if (source.quantised) result.codes.push_back(source.codes[index]);
        if (!source.scale_index.empty()) result.scale_index.push_back(source.scale_index[index]);
        if (!source.quantised) result.reals.push_back(source.reals[index]);
    }
    return result;
}

Rational ConstantReal::exact(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    if (!quantised) return Rational(reals[i]);
    return Rational(mpz_class(static_cast<long>(codes[i]))) * Rational(scale(index));
}

long double ConstantReal::real(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    return quantised ? static_cast<long double>(codes[i]) * static_cast<long double>(scale(index)) : static_cast<long double>(reals[i]);
}

}  // namespace weft
