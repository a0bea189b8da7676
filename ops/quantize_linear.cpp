// quantize_linear.cpp
// QuantizeLinear and DequantizeLinear, of the standard and of ONNX Runtime: between real numbers and integers, by a scale and a zero point
// per tensor or per channel.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "ops/common/host_steps.h"
#include "ops/common/quantized.h"
#include "ops/common/quantizer.h"
#include "ops/common/shapes.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

constexpr const char* exporter_help = "quantize the model again, or correct the constant";

/// Numbers by which the standard names element types.
enum OnnxType { onnx_float = 1, onnx_uint8 = 2, onnx_int8 = 3, onnx_uint16 = 4, onnx_int16 = 5, onnx_int32 = 6, onnx_double = 11 };

/// Weights may have a channel that training has left without any: its scale is 0, and so are its reals.
bool is_dead_channel(const Node& node, double scale) {
    return scale == 0 && node.input(0)->is_constant() && !is_float(node.input(0)->type);
}

Status check_scale(const Node& node) {
    const Value* scale = node.input(1);
    if (!scale->is_constant()) return tensor_error(node, scale, "the scale must be constant, but is computed at run time", exporter_help);
    if (!is_float(scale->type)) return tensor_error(node, scale, "the scale must be a real number", exporter_help);
    for (std::int64_t i = 0; i < scale->constant->size(); ++i) {
        const double value = scale->constant->at(i);
        const std::string which = scale->constant->size() == 1 ? "the scale" : fmt::format("the scale of channel {}", i);
        if (is_dead_channel(node, value)) continue;
        if (value == 0) return tensor_error(node, scale, which + " is zero", exporter_help);
        if (!std::isfinite(value)) return tensor_error(node, scale, fmt::format("{} is {}", which, value), exporter_help);
        if (value < 0) return tensor_error(node, scale, fmt::format("{} is negative ({})", which, value), exporter_help);
    }
    return Ok{};
}

/// Scale and zero point against each other and against the shape of the tensor that they belong to.
Status check_channels(const Node& node) {
    const Value* scale = node.input(1);
    const Value* zero = node.input(2);
    const Shape& shape = node.input(0)->shape;
    const std::int64_t channels = element_count(scale->shape);
    if (zero && !zero->is_constant()) {
        return tensor_error(node, zero, "the zero point must be constant, but is computed at run time", exporter_help);
    }
    if (zero && element_count(zero->shape) != channels) {
        return tensor_error(node, zero, fmt::format("{} zero points do not go with {} scales", element_count(zero->shape), channels),
                            exporter_help);
    }
    if (node.attributes.has("block_size") && node.attributes.integer("block_size") != 0) {
        return node_error(node, "scales per block are not supported", "quantize per tensor or per channel");
    }
    if (channels == 1 && scale->shape.size() <= 1) return Ok{};
    if (scale->shape.size() != 1) {
        return tensor_error(node, scale, "the scale must be one number or a vector, but has the shape " + to_string(scale->shape),
                            "quantize per tensor or per channel");
    }
    if (node.opset < 13 && node.op->domain.empty())
        return tensor_error(node, scale, "a scale per channel needs opset 13", "convert the model to a newer opset");
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), shape.size()));
    if (shape[static_cast<std::size_t>(axis)] != channels) {
        return tensor_error(node, scale, fmt::format("{} scales do not go with axis {} of shape {}", channels, axis, to_string(shape)),
                            exporter_help);
    }
    return Ok{};
}

std::int64_t channel_axis(const Node& node, const Shape& shape) {
    const std::int64_t axis = node.attributes.has("axis") ? node.attributes.integer("axis") : 1;
    return axis < 0 ? axis + static_cast<std::int64_t>(shape.size()) : axis;
}

bool has_one_scale(const Node& node) { return element_count(node.input(1)->shape) == 1; }

// --- QuantizeLinear ---

/// Element type of the integers that QuantizeLinear gives; boolean where weft has none for it.
DataType quantized_type(const Node& node) {
    if (node.has_input(2)) return node.input(2)->type;
    switch (node.attributes.has("output_dtype") ? node.attributes.integer("output_dtype") : 0) {
        case 0:
        case onnx_uint8:
            return DataType::uint8;
        case onnx_int8:
            return DataType::int8;
        case onnx_uint16:
            return DataType::uint16;
        case onnx_int16:
            return DataType::int16;
        default:
            return DataType::boolean;
    }
}

Result<std::vector<ValueType>> infer_quantize(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type) && x->type != DataType::int32) {
        return tensor_error(node, x, fmt::format("elements of type {} cannot be quantized", to_string(x->type)));
    }
    WEFT_CHECK(check_scale(node));
    WEFT_CHECK(check_channels(node));
    const DataType type = quantized_type(node);
    if (integer_range(type) == std::pair<std::int64_t, std::int64_t>{0, 0} || type == DataType::boolean) {
        return tensor_error(node, node.input(2), "the quantized type must be an integer type of 8 or 16 bits",
                            node.has_input(2) ? "the zero point's element type says it" : "the attribute 'output_dtype' says it");
    }
    return std::vector{ValueType{type, x->shape}};
}

template <class T, class Q>
void quantize_elements(const Node& node, const Tensor& x, const std::vector<double>& scale, const std::vector<std::int64_t>& zero,
                       Tensor& y) {
    const T low = static_cast<T>(std::numeric_limits<Q>::min()), high = static_cast<T>(std::numeric_limits<Q>::max());
    const T* source = x.as<T>().data();
    Q* target = y.as<Q>().data();
    const ChannelLayout layout(x.shape(), channel_axis(node, x.shape()), static_cast<std::int64_t>(scale.size()));
    layout.for_each_run([&](std::int64_t c, std::int64_t first, std::int64_t count) {
        const std::size_t channel = static_cast<std::size_t>(c);
        const T s = static_cast<T>(scale[channel]), z = static_cast<T>(zero[channel]);
        for (std::int64_t i = first; i < first + count; ++i) target[i] = static_cast<Q>(quantized(source[i], s, z, low, high));
    });
}

Result<std::vector<Tensor>> evaluate_quantize(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor x = is_float(inputs[0]->type()) ? *inputs[0] : inputs[0]->cast(inputs[1]->type());
    const auto scale = inputs[1]->to_doubles();
    const bool has_zero = inputs.size() > 2 && inputs[2];
    const auto zero = has_zero ? inputs[2]->to_integers() : std::vector<std::int64_t>(scale.size(), 0);
    Tensor y(has_zero ? inputs[2]->type() : quantized_type(node), x.shape());
    visit_type(y.type(), [&](auto e) {
        using Q = decltype(e);
        if constexpr (sizeof(Q) <= 2) {
            if (x.type() == DataType::float32)
                quantize_elements<float, Q>(node, x, scale, zero, y);
            else
                quantize_elements<double, Q>(node, x, scale, zero, y);
        }
    });
    return only(std::move(y));
}

long double quantize_real(const Node& node, std::span<const long double> inputs) {
    const auto [low, high] = integer_range(quantized_type(node));
    const long double zero = inputs.size() > 2 && node.has_input(2) ? inputs[2] : 0.0L;
    return std::clamp(std::nearbyint(inputs[0] / inputs[1]) + zero, static_cast<long double>(low), static_cast<long double>(high));
}

std::optional<Rational> quantize_exact(const Node& node, std::span<const Rational> inputs) {
    const auto [low, high] = integer_range(quantized_type(node));
    return quantized(inputs[0], inputs[1], inputs.size() > 2 ? inputs[2] : Rational(0), Rational(low), Rational(high));
}

/// Constant zero points; one 0 where none are given.
std::vector<double> zero_points(std::span<const Tensor* const> known) {
    return known.size() > 2 && known[2] ? known[2]->to_doubles() : std::vector<double>{0.0};
}

std::optional<HostStep> quantize_step(const Node& node, std::span<const Tensor* const> known) {
    const Shape& shape = node.input(0)->shape;
    const auto [low, high] = integer_range(quantized_type(node));
    return step_along_axis("quantize", shape, channel_axis(node, shape),
                           {{"scale", known[1]->to_doubles()},
                            {"zero_point", zero_points(known)},
                            {"low", {static_cast<double>(low)}},
                            {"high", {static_cast<double>(high)}}});
}

// --- DequantizeLinear ---

Result<std::vector<ValueType>> infer_dequantize(Node& node) {
    const Value* x = node.input(0);
    const Value* zero = node.input(2);
    const bool known = x->type == DataType::int8 || x->type == DataType::uint8 || x->type == DataType::int16 ||
                       x->type == DataType::uint16 || x->type == DataType::int32;
    if (!known) return tensor_error(node, x, fmt::format("elements of type {} cannot be dequantized", to_string(x->type)));
    WEFT_CHECK(check_scale(node));
    WEFT_CHECK(check_channels(node));
    if (zero && zero->type != x->type) {
        return tensor_error(
            node, zero,
            fmt::format("the zero point has the element type {}, the integers have {}", to_string(zero->type), to_string(x->type)),
            exporter_help);
    }
    return std::vector{ValueType{node.input(1)->type, x->shape}};
}

template <class T, class Q>
void dequantize_elements(const Node& node, const Tensor& x, const Tensor& scale, const Tensor* zero, Tensor& y) {
    const Q* source = x.as<Q>().data();
    T* target = y.as<T>().data();
    const auto scales = scale.as<T>();
    const ChannelLayout layout(x.shape(), channel_axis(node, x.shape()), scale.size());
    layout.for_each_run([&](std::int64_t c, std::int64_t first, std::int64_t count) {
        const std::size_t channel = static_cast<std::size_t>(c);
        const T s = scales[channel];
        using Wide = std::conditional_t<sizeof(Q) <= 2, std::int32_t, std::int64_t>;
        const Wide z = zero ? static_cast<Wide>(zero->as<Q>()[channel]) : 0;
        for (std::int64_t i = first; i < first + count; ++i) target[i] = static_cast<T>(source[i] - z) * s;
    });
}

Result<std::vector<Tensor>> evaluate_dequantize(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    Tensor y(inputs[1]->type(), x.shape());
    const Tensor* zero = inputs.size() > 2 ? inputs[2] : nullptr;
    visit_type(x.type(), [&](auto e) {
        using Q = decltype(e);
        if constexpr (std::is_integral_v<Q>) {
            if (y.type() == DataType::float32)
                dequantize_elements<float, Q>(node, x, *inputs[1], zero, y);
            else
                dequantize_elements<double, Q>(node, x, *inputs[1], zero, y);
        }
    });
    return only(std::move(y));
}

long double dequantize_real(const Node& node, std::span<const long double> inputs) {
    return (inputs[0] - (node.has_input(2) ? inputs[2] : 0.0L)) * inputs[1];
}

std::optional<Rational> dequantize_exact(const Node&, std::span<const Rational> inputs) {
    return Rational((inputs[0] - (inputs.size() > 2 ? inputs[2] : Rational(0))) * inputs[1]);
}

std::optional<HostStep> dequantize_step(const Node& node, std::span<const Tensor* const> known) {
    const Shape& shape = node.input(0)->shape;
    return step_along_axis("dequantize", shape, channel_axis(node, shape),
                           {{"scale", known[1]->to_doubles()}, {"zero_point", zero_points(known)}, {"offset", {0.0}}});
}

std::optional<PiecewiseLinear> dequantize_pieces(const Node&, int varying, std::span<const Rational> inputs) {
    if (varying != 0) return std::nullopt;
    return PiecewiseLinear::affine(inputs[1], inputs.size() > 2 ? Rational(-inputs[2] * inputs[1]) : Rational(0));
}

// --- ONNX Runtime's own, older than the standard's scales per channel and 16 bits ---

constexpr int int16_opset = 21;

template <const OpDef& standard>
Result<Value*> real_quantizer(RealForm& form) {
    const Node& node = form.node();
    const bool wide = size_of(node.input(0)->type) == 2 || (node.has_input(2) && size_of(node.input(2)->type) == 2);
    return form.applied(standard, {node.input(0), node.input(1), node.input(2)}, {}, wide ? int16_opset : 0);
}

std::vector<AttributeDef> microsoft_attributes() { return {{.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{1}}}; }

std::string refuse_output_type(const Attribute& value) {
    const std::int64_t type = std::get<std::int64_t>(value);
    return type == 0 || type == onnx_float || type == onnx_double || (type >= onnx_uint8 && type <= onnx_int16)
               ? ""
               : fmt::format("element type {} is not supported", type);
}

constexpr std::string_view quantize_summary =
    "round(x / scale) + zero point, ties to even, limited to the integer type; constant parameters for the tensor or each channel, 4 to 16 "
    "bits; in hardware an activation has one scale";
constexpr std::string_view dequantize_summary =
    "(x - zero point) * scale; constant parameters for the tensor or each channel, integers of 4, 8, 16 or 32 bits; in hardware an "
    "activation has one scale";

std::vector<AttributeDef> quantizer_attributes() {
    return {{.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
            {.name = "block_size", .kind = AttributeKind::integer},
            {.name = "output_dtype", .kind = AttributeKind::integer, .refuse = refuse_output_type},
            {.name = "saturate", .kind = AttributeKind::integer},
            {.name = "precision", .kind = AttributeKind::integer}};
}

}  // namespace

extern const OpDef op_quantize_linear{
    .name = "QuantizeLinear",
    .since = 10,
    .summary = quantize_summary,
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = quantizer_attributes(),
    .traits = {.role = OpRole::quantize,
               .elementwise =
                   ElementwiseTrait{
                       .real = quantize_real, .exact = quantize_exact, .non_decreasing = true, .jumps = true, .applies = has_one_scale}},
    .infer = infer_quantize,
    .evaluate = evaluate_quantize,
    .host_step = quantize_step,
};

extern const OpDef op_dequantize_linear{
    .name = "DequantizeLinear",
    .since = 10,
    .summary = dequantize_summary,
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = quantizer_attributes(),
    .traits = {.role = OpRole::dequantize,
               .elementwise = ElementwiseTrait{.real = dequantize_real,
                                               .exact = dequantize_exact,
                                               .pieces = dequantize_pieces,
                                               .non_decreasing = true,
                                               .applies = has_one_scale}},
    .infer = infer_dequantize,
    .evaluate = evaluate_dequantize,
    .host_step = dequantize_step,
};

extern const OpDef op_microsoft_quantize_linear{
    .name = "QuantizeLinear",
    .domain = "com.microsoft",
    .summary = quantize_summary,
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = microsoft_attributes(),
    .traits = {},
    .infer = infer_quantize,
    .evaluate = evaluate_quantize,
    .expansions = {{"standard-quantizer", expand_to<real_quantizer<op_quantize_linear>>}},
};

extern const OpDef op_microsoft_dequantize_linear{
    .name = "DequantizeLinear",
    .domain = "com.microsoft",
    .summary = dequantize_summary,
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = microsoft_attributes(),
    .traits = {},
    .infer = infer_dequantize,
    .evaluate = evaluate_dequantize,
    .expansions = {{"standard-dequantizer", expand_to<real_quantizer<op_dequantize_linear>>}},
};

}  // namespace weft
