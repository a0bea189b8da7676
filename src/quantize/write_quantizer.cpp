// write_quantizer.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/write_quantizer.h"

#include <algorithm>
#include <limits>

namespace weft {
namespace {

/// Operator sets that have scales per channel, and 16-bit quantizers.
constexpr int per_channel_opset = 13, int16_opset = 21;

Tensor tensor_of(DataType type, const Shape& shape, const std::vector<std::int64_t>& values) {
    return Tensor::of<std::int64_t>(shape, values).cast(type);
}

std::pair<std::int64_t, std::int64_t> range_of(DataType type) {
    return visit_type(type, [](auto e) {
        using T = decltype(e);
        return std::pair{static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                         static_cast<std::int64_t>(std::numeric_limits<T>::max())};
    });
}

bool holds(DataType type, const IntegerType& integers) {
    const auto [low, high] = range_of(type);
    const auto fits = [&](std::int64_t integer) { return low <= integer && integer <= high; };
    return fits(integers.min) && fits(integers.max) && std::ranges::all_of(integers.zero_point, fits);
}

/// Names constants and values after one stem.
class Writer {
public:
    Writer(Graph& graph, int opset, const std::string& name) : graph_(graph), opset_(opset), name_(name) {}

    Value* constant(std::string_view suffix, Tensor tensor) {
        return graph_.add_constant(graph_.unique_name(name_ + std::string(suffix)), std::move(tensor));
    }
    Value* value(std::string_view suffix, DataType type, const Shape& shape) {
        return graph_.add_value(graph_.unique_name(name_ + std::string(suffix)), type, shape);
    }
    void add(OpRole role, std::string_view suffix, std::vector<Value*> inputs, Value* output, int axis = -1) {
        Attributes attributes;
        if (axis >= 0) attributes.set("axis", std::int64_t{axis});
        add_by_role(graph_, role, name_ + std::string(suffix), opset_, std::move(inputs), output, std::move(attributes));
    }
    Value* scales(std::string_view suffix, const std::vector<double>& scale) {
        return constant(suffix, Tensor::of<double>(shape_of(scale.size()), scale).cast(DataType::float32));
    }
    Value* integers(std::string_view suffix, DataType type, const std::vector<std::int64_t>& values) {
        return constant(suffix, tensor_of(type, shape_of(values.size()), values));
    }

private:
    /// A scalar, or one element a channel.
    static Shape shape_of(std::size_t count) { return count == 1 ? Shape{} : Shape{static_cast<std::int64_t>(count)}; }

    Graph& graph_;
    int opset_;
    const std::string& name_;
};

}  // namespace

int quantizer_opset(const Graph& graph) {
    int opset = per_channel_opset;
    for (const auto& node : graph.nodes())
        if (node->op->domain.empty()) opset = std::max(opset, node->opset);
    return opset;
}

void add_by_role(Graph& graph, OpRole role, std::string name, int opset, std::vector<Value*> inputs, Value* output, Attributes attributes) {
    const OpDef& op = op_for(role);
    for (const AttributeDef& def : op.attributes) {
        if (attributes.has(def.name)) continue;
        if (const auto* integer = std::get_if<std::int64_t>(&def.fallback)) attributes.set(std::string(def.name), *integer);
        if (const auto* real = std::get_if<double>(&def.fallback)) attributes.set(std::string(def.name), *real);
        if (const auto* text = std::get_if<std::string_view>(&def.fallback)) attributes.set(std::string(def.name), std::string(*text));
    }
    graph.add_node(op, std::move(name), opset, std::move(inputs), {output}, std::move(attributes));
}

void write_quantizer(Graph& graph, int opset, const std::string& name, Value* source, Value* result, const IntegerType& type,
                     const std::optional<QuantizerGrid>& grid) {
    const bool wide = !holds(DataType::int8, type) && !holds(DataType::uint8, type);
    const DataType carrier = wide ? DataType::int16 : holds(DataType::int8, type) ? DataType::int8 : DataType::uint8;
    const bool clipped = std::pair{type.min, type.max} != range_of(carrier);
    Writer writer(graph, wide ? std::max(opset, int16_opset) : opset, name);
    Value* scale = writer.scales("_scale", type.scale);
    Value* zero_point = writer.integers("_zero_point", carrier, type.zero_point);
    Value* taken_scale = grid ? writer.scales("_grid_scale", {grid->scale}) : scale;
    Value* taken_zero_point = grid ? writer.integers("_grid_zero_point", carrier, {grid->zero_point}) : zero_point;
    Value* real = source;
    if (wide && clipped) {
        // Integers of 16 bits cannot be clipped: the reals are, to those of the outermost integers.
        const auto bound = [&](std::int64_t integer) {
            return Tensor::scalar(static_cast<float>(static_cast<double>(integer - type.zero_point[0]) * type.scale[0]));
        };
        real = writer.value("_clipped", source->type, source->shape);
        Value* low = writer.constant("_clip_min", bound(type.min));
        Value* high = writer.constant("_clip_max", bound(type.max));
        writer.add(OpRole::clip, "_clip", {source, low, high}, real);
    }
    Value* quantized = writer.value(clipped && !wide ? "_unclipped" : "_quantized", carrier, source->shape);
    writer.add(OpRole::quantize, "_quantize", {real, taken_scale, taken_zero_point}, quantized, grid ? -1 : type.axis);
    if (clipped && !wide) {
        Value* narrow = writer.value("_quantized", carrier, source->shape);
        Value* low = writer.integers("_clip_min", carrier, {type.min});
        Value* high = writer.integers("_clip_max", carrier, {type.max});
        writer.add(OpRole::clip, "_clip", {quantized, low, high}, narrow);
        quantized = narrow;
    }
    writer.add(OpRole::dequantize, "_dequantize", {quantized, scale, zero_point}, result, type.axis);
}

void write_stored(Graph& graph, int opset, const std::string& name, Tensor integers, const std::vector<double>& scale,
                  const std::vector<std::int64_t>& zero_point, int axis, Value* result) {
    Writer writer(graph, opset, name);
    const DataType type = integers.type();
    Value* stored = writer.constant("_quantized", std::move(integers));
    Value* scales = writer.scales("_scale", scale);
    Value* zeros = writer.integers("_zero_point", type, zero_point);
    writer.add(OpRole::dequantize, "_dequantized", {stored, scales, zeros}, result, scale.size() == 1 ? -1 : axis);
}

}  // namespace weft
