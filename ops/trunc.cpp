// trunc.cpp
// QONNX's truncation: the integers of a quantized value lose their lowest bits.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/common/canonical.h"
#include "ops/common/qonnx.h"
#include "ops/common/rewrite.h"
#include "src/quantize/stated_quantizer.h"
#include "src/quantize/write_quantizer.h"

namespace weft {

namespace {

/// Version 1: (x, scale, zero point, width in, width out), the scale stays, nothing is limited. Version 2: (x, scale, zero point, width in,
/// scale out, zero point out, width out), limited to the width out.
constexpr std::size_t inputs_of_version_2 = 7;

/// (limit(round(round(x / scale + zero) / 2^shift)) - zero_out) * scale_out
struct Truncation {
    double scale = 1, scale_out = 1;
    std::int64_t zero = 0, zero_out = 0;
    int shift = 0;
    int bits = 8;  ///< Of the result.
    bool limited = false;
    std::int64_t min = 0, max = 0;  ///< Where it is limited.
    Rounding rounding = Rounding::down;

    double divisor() const { return std::ldexp(1.0, shift); }
};

/// The one number that input `index` holds for the whole tensor.
Result<QonnxGrid> single_grid(const Node& node, std::size_t scale, std::size_t zero) {
    WEFT_ASSIGN(QonnxGrid grid, grid_of(node, scale, zero));
    if (grid.scale.size() > 1)
        return tensor_error(node, node.input(scale), "a truncation with a scale or zero point per channel is not supported",
                            "use one scale and zero point for the tensor");
    return grid;
}

Result<Truncation> truncation_of(const Node& node) {
    Truncation truncation;
    WEFT_ASSIGN(const QonnxGrid grid, single_grid(node, 1, 2));
    truncation.scale = truncation.scale_out = grid.scale[0];
    truncation.zero = truncation.zero_out = grid.zero_point[0];
    truncation.rounding = rounding_mode_of(node);
    WEFT_ASSIGN(const int bits_in, width_of(node, 3));
    if (node.inputs.size() < inputs_of_version_2) {
        if (node.inputs.size() == 6)
            return node_error(node, "a truncation has five inputs, or seven from version 2 on, not six", "export the model again");
        WEFT_ASSIGN(truncation.bits, width_of(node, 4));
        truncation.shift = bits_in - truncation.bits;
    } else {
        WEFT_ASSIGN(const QonnxGrid out, single_grid(node, 4, 0));
        WEFT_ASSIGN(truncation.bits, width_of(node, 6));
        truncation.scale_out = out.scale[0];
        truncation.shift = static_cast<int>(std::nearbyint(std::log2(truncation.scale_out / truncation.scale)));
        truncation.limited = true;
        std::tie(truncation.min, truncation.max) =
            bounds_of(truncation.bits, node.attributes.integer("signed") != 0, node.attributes.integer("narrow") != 0);
        const double zero_out = static_cast<double>(truncation.zero) / truncation.divisor();
        if (zero_out != std::nearbyint(zero_out))
            return tensor_error(node, node.input(2), fmt::format("the zero point {} of the result is not an integer", zero_out),
                                "quantize with integer zero points");
        truncation.zero_out = static_cast<std::int64_t>(zero_out);
    }
    if (truncation.shift < 0 || truncation.shift > 31)
        return node_error(node, fmt::format("the truncation drops {} bits", truncation.shift), "truncate to fewer bits than there are");
    return truncation;
}

Result<std::vector<ValueType>> infer(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type)) return tensor_error(node, x, fmt::format("elements of type {} cannot be truncated", to_string(x->type)));
    if (!is_float(node.input(1)->type)) return tensor_error(node, node.input(1), "the scale must be a real number");
    WEFT_CHECK(truncation_of(node));
    return std::vector{ValueType{x->type, x->shape}};
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const Truncation truncation, truncation_of(node));
    const Tensor& x = *inputs[0];
    Tensor y(x.type(), x.shape());
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            const T scale = static_cast<T>(truncation.scale), zero = static_cast<T>(truncation.zero);
            const T scale_out = static_cast<T>(truncation.scale_out), zero_out = static_cast<T>(truncation.zero_out);
            const T divisor = static_cast<T>(truncation.divisor());
            const T low = static_cast<T>(truncation.min), high = static_cast<T>(truncation.max);
            const auto source = x.as<T>();
            std::transform(source.begin(), source.end(), y.as<T>().begin(), [&](T element) {
                T quotient = std::nearbyint(element / scale + zero) / divisor;
                if (truncation.limited) quotient = std::min(std::max(quotient, low), high);
                return (rounded(quotient, truncation.rounding) - zero_out) * scale_out;
            });
        }
    });
    return only(std::move(y));
}

/// Whether the value is known to be at least 0: quantized so, or made of such by what only picks and averages.
bool is_never_negative(const Value* value) {
    const Node* node = value->producer;
    if (!node) return false;
    const Traits& traits = node->op->traits;
    if (node->op == &op_relu) return true;
    if (traits.role == OpRole::dequantize) {
        std::int64_t min = 0, max = 0;
        visit_type(node->input(0)->type, [&](auto e) { min = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::min()); });
        const std::int64_t zero = node->has_input(2) ? node->input(2)->constant->to_integers().at(0) : 0;
        return quantizer_of(node->input(0), min, max) && min >= zero;
    }
    if (traits.role == OpRole::multiply || traits.role == OpRole::divide) {
        const Value* factor = node->input(1);
        return factor->is_constant() && factor->constant->size() == 1 && factor->constant->at(0) > 0 && is_never_negative(node->input(0));
    }
    const bool picks = traits.same_type_inputs == std::vector{0};
    const bool sums = traits.accumulates && !traits.linear && node->inputs.size() == 1;
    return (picks || sums) && is_never_negative(node->input(0));
}

Result<bool> to_standard(Graph& graph, Node* node) {
    WEFT_ASSIGN(Truncation truncation, truncation_of(*node));
    WEFT_CHECK(check_activation(*node, truncation.bits));
    // Version 1 does not say whether its integers are signed; what it is given does.
    if (!truncation.limited)
        std::tie(truncation.min, truncation.max) = bounds_of(truncation.bits, !is_never_negative(node->input(0)), false);
    const std::string& name = node->output()->name;
    const int opset = quantizer_opset(graph);
    const auto number = [&](const char* suffix, double value) {
        return graph.add_constant(graph.unique_name(name + suffix), Tensor::scalar(static_cast<float>(value)));
    };
    const IntegerType type{
        .min = truncation.min, .max = truncation.max, .scale = {truncation.scale_out}, .zero_point = {truncation.zero_out}};
    WEFT_ASSIGN(Value * real, add_inferred(graph, op_div, name + "_divide", opset, {node->input(0), number("_divisor", truncation.scale)},
                                           {}, name + "_divided"));
    double addend = static_cast<double>(truncation.zero);
    // Dropping bits of round(v) is dropping them of v half a unit towards where it goes: away from the steps, which lie between integers.
    const bool shifts = truncation.shift > 0 && truncation.rounding != Rounding::half_even;
    if (shifts) addend += truncation.rounding == Rounding::down ? 0.5 : -0.5;
    if (addend != 0) {
        WEFT_ASSIGN(real, add_inferred(graph, op_add, name + "_add", opset, {real, number("_addend", addend)}, {}, name + "_moved"));
    }
    QuantizerGrid grid;
    if (shifts) {
        WEFT_ASSIGN(real, add_inferred(graph, op_div, name + "_shift", opset, {real, number("_unit", truncation.divisor())}, {},
                                       name + "_shifted"));
        const OpDef& op = truncation.rounding == Rounding::down ? op_floor : op_ceil;
        WEFT_ASSIGN(real, add_inferred(graph, op, name + "_round", opset, {real}, {}, name + "_rounded"));
    } else if (truncation.shift > 0) {
        WEFT_ASSIGN(real, add_inferred(graph, op_round, name + "_round", opset, {real}, {}, name + "_rounded"));
        grid.scale = truncation.divisor();
    }
    write_quantizer(graph, opset, name, real, node->output(), type, grid);
    return true;
}

}  // namespace

extern const OpDef op_trunc{
    .name = "Trunc",
    .domain = qonnx_domain,
    .other_domains = other_qonnx_domains(),
    .summary =
        "the integers of a quantized value without their lowest bits; all parameters constant, one scale and zero point, rounding_mode "
        "ROUND, FLOOR or CEIL, at most 8 bits are left",
    .inputs = {5, 7},
    .outputs = {1, 1},
    .attributes = {rounding_mode_attribute("FLOOR"),
                   {.name = "signed", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                   {.name = "narrow", .kind = AttributeKind::integer, .fallback = std::int64_t{0}}},
    .traits = {},
    .infer = infer,
    .evaluate = evaluate,
    .expansions = {{"truncation-to-standard", to_standard}},
};

}  // namespace weft
