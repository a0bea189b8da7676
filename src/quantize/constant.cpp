// constant.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/constant.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

/// Functions element by element that give an exact value; quantizers are none, they begin integers of their own.
bool is_exact_function(const Node* node) {
    if (!is_elementwise(*node) || is_quantizer(*node) || node->inputs.empty()) return false;
    const ElementwiseTrait& function = *node->op->traits.elementwise;
    return function.exact && function.channel_axis < 0;  // some read their constants by channels
}

/// A conversion between real types: the same elements.
bool is_conversion(const Node& node) { return node.op->traits.role == OpRole::cast; }

/// Where a scale is 0 every integer stands for 0.
void silence_dead_channels(ConstantReal& constant) {
    if (std::find(constant.scales.begin(), constant.scales.end(), 0.0) == constant.scales.end()) return;
    for (std::size_t i = 0; i < constant.codes.size(); ++i) {
        if (constant.scale(static_cast<std::int64_t>(i)) == 0) constant.codes.set(i, 0);
    }
    std::replace(constant.scales.begin(), constant.scales.end(), 0.0, 1.0);
}

/// `tensor`, less the zero point of each element.
NarrowIntegers less_zeros(const Tensor& tensor, const std::vector<std::int64_t>& zeros, const NarrowIntegers& channel) {
    if (std::all_of(zeros.begin(), zeros.end(), [](std::int64_t zero) { return zero == 0; })) return NarrowIntegers(tensor);
    Tensor codes = tensor.cast(size_of(tensor.type()) < 4 ? DataType::int32 : DataType::int64);
    visit_type(codes.type(), [&](auto e) {
        const auto elements = codes.as<decltype(e)>();
        for (std::size_t i = 0; i < elements.size(); ++i)
            elements[i] -= static_cast<decltype(e)>(zeros[channel.empty() ? 0 : static_cast<std::size_t>(channel[i])]);
    });
    return NarrowIntegers(std::move(codes));
}

/// The type that a dequantizer of a constant states.
ConstantReal dequantized(const Node& node) {
    ConstantReal result;
    result.shape = node.input(0)->shape;
    result.quantized = true;
    // The operator itself takes no others.
    assert(node.input(1)->is_constant() && (!node.has_input(2) || node.input(2)->is_constant()));
    result.scales = node.input(1)->constant->to_doubles();
    std::vector<std::int64_t> zeros(result.scales.size(), 0);
    if (node.has_input(2)) zeros = node.input(2)->constant->to_integers();
    if (result.scales.size() > 1) {
        std::int64_t axis = node.attributes.has("axis") ? node.attributes.integer("axis") : 1;
        const auto rank = static_cast<std::int64_t>(result.shape.size());
        if (axis < 0) axis += rank;
        assert(axis >= 0 && axis < rank && result.shape[static_cast<std::size_t>(axis)] == static_cast<std::int64_t>(result.scales.size()));
        std::int64_t inner = 1;
        for (std::int64_t i = axis + 1; i < rank; ++i) inner *= result.shape[static_cast<std::size_t>(i)];
        result.scale_index = NarrowIntegers(static_cast<std::size_t>(result.size()));
        for (std::size_t first = 0, channel = 0; first < result.scale_index.size(); first += static_cast<std::size_t>(inner)) {
            result.scale_index.fill(first, static_cast<std::size_t>(inner), static_cast<std::int64_t>(channel));
            if (++channel == result.scales.size()) channel = 0;
        }
    }
    result.codes = less_zeros(*node.input(0)->constant, zeros, result.scale_index);
    silence_dead_channels(result);
    return result;
}

ConstantReal viewed(const Node& node, ConstantReal source) {
    ConstantReal result;
    result.shape = node.output()->shape;
    result.quantized = source.quantized;
    result.scales = std::move(source.scales);
    const auto arranged = [&](Tensor elements) {
        const Tensor shaped = std::move(elements).reshaped(source.shape);
        std::vector<const Tensor*> inputs{&shaped};
        for (std::size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(node.inputs[i] ? node.inputs[i]->constant.get() : nullptr);
        return std::move((*node.op->evaluate(node, inputs))[0]);
    };
    if (!source.codes.empty()) result.codes = NarrowIntegers(arranged(std::move(source.codes).tensor()));
    if (!source.scale_index.empty()) result.scale_index = NarrowIntegers(arranged(std::move(source.scale_index).tensor()));
    if (!source.reals.empty())
        result.reals = arranged(Tensor::of<double>({static_cast<std::int64_t>(source.reals.size())}, source.reals)).to_doubles();
    if (source.fractions.empty()) return result;
    for (const std::int64_t from : node.op->traits.view->map(node))
        result.fractions.push_back(source.fractions[static_cast<std::size_t>(from)]);
    return result;
}

/// Integers times plain numbers stay integers, of other scales; empty where a scale has no exact double.
std::optional<ConstantReal> scaled(const Shape& shape, const ConstantReal& integers, const ConstantReal& factors) {
    ConstantReal result;
    result.shape = shape;
    result.quantized = true;
    const auto integers_at = broadcast_indices(integers.shape, shape), factors_at = broadcast_indices(factors.shape, shape);
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> known;
    result.codes = NarrowIntegers(static_cast<std::size_t>(element_count(shape)));
    result.scale_index = result.codes;
    for (std::size_t i = 0; i < result.codes.size(); ++i) {
        const std::int64_t from = integers_at[i], factor = factors_at[i];
        const std::int64_t code = integers.codes[static_cast<std::size_t>(from)];
        const double number = factors.reals[static_cast<std::size_t>(factor)], scale = integers.scale(from);
        const std::int64_t own = integers.scale_index.empty() ? 0 : integers.scale_index[static_cast<std::size_t>(from)];
        const auto [at, fresh] = known.try_emplace({own, factor}, static_cast<std::int64_t>(result.scales.size()));
        if (fresh) {
            const double product = scale * std::fabs(number);
            if (!std::isfinite(product) || std::fma(scale, std::fabs(number), -product) != 0) return std::nullopt;
            result.scales.push_back(product);
        }
        result.codes.set(i, number < 0 ? -code : code);
        result.scale_index.set(i, at->second);
    }
    silence_dead_channels(result);
    if (result.scales.size() == 1) result.scale_index = {};
    return result;
}

Result<ConstantReal> computed(const Node& node) {
    if (is_conversion(node)) return constant_real(node.input(0));
    std::vector<std::optional<ConstantReal>> operands;
    for (const Value* input : node.inputs) {
        operands.emplace_back();
        if (!input) continue;
        WEFT_ASSIGN(operands.back(), constant_real(input));
    }
    const Shape& shape = node.output()->shape;
    if (node.op->traits.role == OpRole::multiply) {
        const bool first = operands[0]->quantized;
        const ConstantReal &integers = *operands[first ? 0 : 1], &factors = *operands[first ? 1 : 0];
        if (integers.quantized && !factors.reals.empty()) {
            if (auto result = scaled(shape, integers, factors)) return *std::move(result);
        }
    }
    ConstantReal result;
    result.shape = shape;
    std::vector<std::vector<std::int64_t>> from;
    for (const auto& operand : operands) from.push_back(operand ? broadcast_indices(operand->shape, shape) : std::vector<std::int64_t>{});
    for (std::size_t i = 0; i < static_cast<std::size_t>(element_count(shape)); ++i) {
        std::vector<Rational> inputs;
        for (std::size_t k = 0; k < operands.size(); ++k) inputs.push_back(operands[k] ? operands[k]->exact(from[k][i]) : Rational(0));
        auto value = node.op->traits.elementwise->exact(node, inputs);
        if (!value) return node_error(node, "it has no exact value at its constants", "fold the constants before export");
        result.fractions.push_back(*std::move(value));
    }
    return result;
}

}  // namespace

bool is_exact_constant(const Value* value) {
    while (value) {
        if (value->is_constant()) return true;
        const Node* node = value->producer;
        if (!node) return false;
        if (node->op->traits.role == OpRole::dequantize) return node->input(0)->is_constant();
        if (is_exact_function(node))
            return std::all_of(node->inputs.begin(), node->inputs.end(),
                               [](const Value* input) { return !input || is_exact_constant(input); });
        if (!is_view(*node)) return false;
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
    if (node.op->traits.role == OpRole::dequantize) return dequantized(node);
    if (!is_view(node)) return computed(node);
    WEFT_ASSIGN(ConstantReal source, constant_real(node.input(0)));
    return viewed(node, std::move(source));
}

std::optional<double> ConstantReal::common_scale(std::int64_t first, std::int64_t count) const {
    if (scale_index.empty()) return scales[0];
    return scale_index.visit([&](auto indices) -> std::optional<double> {
        const auto part = indices.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
        const double common = scale(first);
        for (const auto index : part)
            if (index != part[0] && scales[static_cast<std::size_t>(index)] != common) return std::nullopt;
        return common;
    });
}

Rational ConstantReal::exact(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    if (!quantized) return fractions.empty() ? Rational(reals[i]) : fractions[i];
    return Rational(mpz_class(static_cast<long>(codes[i]))) * Rational(scale(index));
}

long double ConstantReal::real(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    if (quantized) return static_cast<long double>(codes[i]) * static_cast<long double>(scale(index));
    return fractions.empty() ? static_cast<long double>(reals[i]) : to_long_double(fractions[i]);
}

std::vector<std::int64_t> broadcast_indices(const Shape& shape, const Shape& to) {
    // From the last axis on: each axis repeats what the ones behind it have made, moved on by its stride.
    std::vector<std::int64_t> indices{0};
    indices.reserve(static_cast<std::size_t>(element_count(to)));
    std::int64_t stride = 1;
    for (std::size_t i = 0; i < to.size(); ++i) {
        const std::int64_t extent = i < shape.size() ? shape[shape.size() - 1 - i] : 1;
        const std::int64_t step = extent > 1 ? stride : 0;
        stride *= extent;
        const std::int64_t count = to[to.size() - 1 - i];
        const std::size_t inner = indices.size();
        if (count == 0) return {};
        for (std::int64_t position = 1; position < count; ++position)
            for (std::size_t k = 0; k < inner; ++k) indices.push_back(indices[k] + position * step);
    }
    return indices;
}

}  // namespace weft
