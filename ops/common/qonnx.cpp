// qonnx.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/qonnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/common/canonical.h"
#include "ops/common/rewrite.h"
#include "src/quantize/write_quantizer.h"

namespace weft {

namespace {

constexpr const char* static_help = "export the model with fixed scales, zero points and widths";

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::optional<Rounding> rounding_from(const std::string& mode) {
    const std::string name = upper(mode);
    if (name == "ROUND") return Rounding::half_even;
    if (name == "FLOOR") return Rounding::down;
    if (name == "CEIL") return Rounding::up;
    return std::nullopt;
}

std::string refuse_rounding_mode(const Attribute& value) {
    const auto& mode = std::get<std::string>(value);
    return rounding_from(mode) ? "" : fmt::format("the rounding mode '{}' is not supported: ROUND, FLOOR and CEIL are", mode);
}

/// The one axis along which a parameter of `shape` varies over a tensor of `over`; -1 if it does not. Empty if it does not broadcast, or
/// varies along several.
std::optional<int> varying_axis(const Shape& shape, const Shape& over) {
    int axis = -1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const std::int64_t extent = shape[shape.size() - 1 - i];
        if (extent == 1) continue;
        if (i >= over.size() || over[over.size() - 1 - i] != extent || axis >= 0) return std::nullopt;
        axis = static_cast<int>(over.size() - 1 - i);
    }
    return axis;
}

/// Elements of a constant parameter with the axis along which they vary.
struct Parameter {
    std::vector<double> elements;
    int axis = -1;

    double at(std::size_t channel) const { return elements[elements.size() == 1 ? 0 : channel]; }
};

Result<Parameter> parameter_of(const Node& node, std::size_t index, const char* what) {
    const Value* value = node.input(index);
    if (!is_fixed(value)) return tensor_error(node, value, fmt::format("the {} is computed at run time", what), static_help);
    WEFT_ASSIGN(const Tensor tensor, constant_elements(value));
    const Shape& over = node.input(0)->shape;
    const auto axis = varying_axis(tensor.shape(), over);
    if (!axis) {
        return tensor_error(
            node, value,
            fmt::format("the {} of shape {} does not vary along one axis of {}", what, to_string(tensor.shape()), to_string(over)),
            "quantize per tensor or per channel");
    }
    return Parameter{tensor.to_doubles(), *axis};
}

/// What one element less than its axis says is the same for all.
void collapse(QonnxGrid& grid) {
    const auto same = [](const auto& list) { return std::equal(list.begin() + 1, list.end(), list.begin()); };
    if (!same(grid.scale) || !same(grid.zero_point)) return;
    grid.scale.resize(1);
    grid.zero_point.resize(1);
    grid.axis = -1;
}

/// A constant that broadcasts over `over` with one element for each index of `axis`.
Value* add_parameter(Graph& graph, const std::string& name, const std::vector<double>& elements, int axis, const Shape& over) {
    Shape shape;
    if (axis >= 0) {
        shape.assign(over.size() - static_cast<std::size_t>(axis), 1);
        shape[0] = static_cast<std::int64_t>(elements.size());
    }
    return graph.add_constant(graph.unique_name(name), Tensor::of<double>(shape, elements).cast(DataType::float32));
}

Status check_is_float(const Node& node) {
    const Value* x = node.input(0);
    if (x->type == DataType::float32) return Ok{};
    return tensor_error(node, x, fmt::format("elements of type {} cannot be quantized at run time", to_string(x->type)),
                        "cast them to float first");
}

}  // namespace

std::vector<std::string_view> other_qonnx_domains() { return {"finn.custom_op.general", "onnx.brevitas", ""}; }

AttributeDef rounding_mode_attribute(std::string_view fallback) {
    return {.name = "rounding_mode", .kind = AttributeKind::text, .fallback = fallback, .refuse = refuse_rounding_mode};
}

Rounding rounding_mode_of(const Node& node) { return *rounding_from(node.attributes.text("rounding_mode")); }

bool QonnxGrid::has_zero_points() const {
    return std::any_of(zero_point.begin(), zero_point.end(), [](std::int64_t zero) { return zero != 0; });
}

Result<Tensor> constant_elements(const Value* value) {
    if (value->is_constant()) return *value->constant;
    WEFT_ASSIGN(Tensor elements, fixed_reals(value));
    return is_float(value->type) ? elements.cast(value->type) : std::move(elements);
}

Result<QonnxGrid> grid_of(const Node& node, std::size_t scale_input, std::size_t zero_input) {
    WEFT_ASSIGN(const Parameter scale, parameter_of(node, scale_input, "scale"));
    Parameter zero{{0.0}, -1};
    if (zero_input > 0) {
        WEFT_ASSIGN(zero, parameter_of(node, zero_input, "zero point"));
    }
    if (scale.axis >= 0 && zero.axis >= 0 && scale.axis != zero.axis)
        return tensor_error(node, node.input(zero_input), "scales and zero points vary along different axes",
                            "quantize per tensor or per channel");
    for (const double s : scale.elements) {
        if (!(s > 0) || !std::isfinite(s))
            return tensor_error(node, node.input(scale_input), fmt::format("the scale {} is not a positive number", s),
                                "train or export the model again");
    }
    for (const double z : zero.elements) {
        if (z != std::nearbyint(z) || std::fabs(z) > 0x1p31)
            return tensor_error(node, node.input(zero_input), fmt::format("the zero point {} is not an integer", z),
                                "quantize with integer zero points");
    }
    QonnxGrid grid;
    grid.axis = std::max(scale.axis, zero.axis);
    for (std::size_t channel = 0; channel < std::max(scale.elements.size(), zero.elements.size()); ++channel) {
        grid.scale.push_back(scale.at(channel));
        grid.zero_point.push_back(static_cast<std::int64_t>(zero.at(channel)));
    }
    collapse(grid);
    return grid;
}

Result<int> width_of(const Node& node, std::size_t index) {
    const Value* value = node.input(index);
    if (!is_fixed(value)) return tensor_error(node, value, "the width in bits is computed at run time", static_help);
    WEFT_ASSIGN(const Tensor tensor, constant_elements(value));
    const std::vector<double> widths = tensor.to_doubles();
    if (widths.empty() || std::any_of(widths.begin(), widths.end(), [&](double width) { return width != widths[0]; }))
        return tensor_error(node, value, "the width in bits is not one number", "use one width for the whole tensor");
    if (widths[0] != std::nearbyint(widths[0]) || widths[0] < 1 || widths[0] > 32)
        return tensor_error(node, value, fmt::format("the width of {} bits is not a whole number from 1 to 32", widths[0]),
                            "quantize to a whole number of bits");
    return static_cast<int>(widths[0]);
}

std::pair<std::int64_t, std::int64_t> bounds_of(int bits, bool is_signed, bool narrow) {
    if (!is_signed) return {0, (std::int64_t{1} << bits) - (narrow ? 2 : 1)};
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    return {narrow ? 1 - half : -half, half - 1};
}

Status check_activation(const Node& node, int bits) {
    WEFT_CHECK(check_is_float(node));
    if (bits <= most_quantized_bits) return Ok{};
    return node_error(node,
                      fmt::format("an activation of {} bits is not supported: the hardware takes up to {}", bits, most_quantized_bits),
                      fmt::format("quantize activations to {} bits or fewer", most_quantized_bits));
}

Status write_rounded(Graph& graph, Node* node, const QonnxGrid& grid, std::int64_t min, std::int64_t max, Rounding rounding) {
    Value* x = node->input(0);
    const std::string& name = node->output()->name;
    const int opset = quantizer_opset(graph);
    const IntegerType type{.min = min, .max = max, .scale = grid.scale, .zero_point = grid.zero_point, .axis = grid.axis};
    for (const std::int64_t zero : grid.zero_point) {
        if (zero < -128 || zero > 255 || (zero < 0 && max > 127) || (zero > 127 && min < 0))
            return node_error(*node, fmt::format("the zero point {} and integers from {} to {} do not go into 8 bits", zero, min, max),
                              "quantize with a zero point among the integers");
    }
    const bool even = std::all_of(grid.zero_point.begin(), grid.zero_point.end(), [](std::int64_t zero) { return zero % 2 == 0; });
    if (rounding == Rounding::half_even && even) {
        write_quantizer(graph, opset, name, x, node->output(), type);
        return Ok{};
    }
    // The zero point is added before rounding: that decides which integer is even, and what a floor is.
    Value* scale = add_parameter(graph, name + "_divisor", grid.scale, grid.axis, x->shape);
    WEFT_ASSIGN(Value * real, add_inferred(graph, op_div, name + "_divide", opset, {x, scale}, {}, name + "_divided"));
    if (grid.has_zero_points()) {
        const std::vector<double> zeros(grid.zero_point.begin(), grid.zero_point.end());
        Value* zero = add_parameter(graph, name + "_addend", zeros, grid.axis, x->shape);
        WEFT_ASSIGN(real, add_inferred(graph, op_add, name + "_add", opset, {real, zero}, {}, name + "_moved"));
    }
    if (rounding != Rounding::half_even) {
        const OpDef& op = rounding == Rounding::down ? op_floor : op_ceil;
        WEFT_ASSIGN(real, add_inferred(graph, op, name + "_round", opset, {real}, {}, name + "_rounded"));
    }
    write_quantizer(graph, opset, name, real, node->output(), type, QuantizerGrid{});
    return Ok{};
}

Status write_counted(Graph& graph, Node* node, Tensor thresholds, std::int64_t first, std::int64_t step, double scale,
                     std::int64_t zero_point, Value* result) {
    Value* x = node->input(0);
    const std::string& name = node->output()->name;
    const int opset = quantizer_opset(graph);
    const auto axis = static_cast<std::int64_t>(x->shape.size());
    const std::int64_t count = thresholds.shape().back();
    const auto integers = [&](const char* suffix, std::vector<std::int64_t> values) {
        return graph.add_constant(graph.unique_name(name + suffix),
                                  Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
    };
    Attributes as_integers, as_reals, last_axis;
    as_integers.set("to", std::int64_t{6});
    as_reals.set("to", std::int64_t{1});
    last_axis.set("keepdims", std::int64_t{0});
    Value* axes = integers("_axes", {axis});
    Value* compared = graph.add_constant(graph.unique_name(name + "_thresholds"), std::move(thresholds));
    WEFT_ASSIGN(Value* const column, add_inferred(graph, op_unsqueeze, name + "_unsqueeze", opset, {x, axes}, {}, name + "_unsqueezed"));
    WEFT_ASSIGN(Value* const reached,
                add_inferred(graph, op_greater_or_equal, name + "_compare", opset, {column, compared}, {}, name + "_reached"));
    WEFT_ASSIGN(Value* const ones, add_inferred(graph, op_cast, name + "_as_integers", opset, {reached}, as_integers, name + "_ones"));
    WEFT_ASSIGN(Value* const sum, add_inferred(graph, op_reduce_sum, name + "_sum", opset, {ones, axes}, last_axis, name + "_sums"));
    WEFT_ASSIGN(Value * real, add_inferred(graph, op_cast, name + "_as_reals", opset, {sum}, as_reals, name + "_count"));
    if (step < 0) {
        WEFT_ASSIGN(real, add_inferred(graph, op_neg, name + "_negate", opset, {real}, {}, name + "_negated"));
    }
    const auto [low, high] = std::minmax({first, first + step * count});
    const IntegerType type{.min = low, .max = high, .scale = {scale}, .zero_point = {zero_point}};
    write_quantizer(graph, opset, name, real, result ? result : node->output(), type,
                    QuantizerGrid{1.0 / static_cast<double>(std::abs(step)), first});
    return Ok{};
}

}  // namespace weft
