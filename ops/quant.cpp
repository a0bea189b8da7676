// quant.cpp
// QONNX's quantizers of a given width, and of the sign alone.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/common/broadcast.h"
#include "ops/common/qonnx.h"
#include "ops/common/quantizer.h"
#include "ops/common/rewrite.h"
#include "src/quantize/write_quantizer.h"

namespace weft {

namespace {

/// A quantizer as its node states it.
struct Quantizer {
    QonnxGrid grid;
    int bits = 1;
    std::int64_t min = -1, max = 1;
    Rounding rounding = Rounding::half_even;
    bool sign = false;  ///< -1 below zero, 1 from there on; the scale does not decide.
};

Result<Quantizer> quantizer_of_width(const Node& node) {
    Quantizer quantizer;
    WEFT_ASSIGN(quantizer.grid, grid_of(node, 1, 2));
    WEFT_ASSIGN(quantizer.bits, width_of(node, 3));
    const bool is_signed = node.attributes.integer("signed") != 0, narrow = node.attributes.integer("narrow") != 0;
    quantizer.sign = is_signed && quantizer.bits == 1;
    if (quantizer.sign && quantizer.grid.has_zero_points())
        return tensor_error(node, node.input(2), "a signed width of one bit leaves no room for a zero point", "quantize with zero point 0");
    if (!is_signed && narrow && quantizer.bits == 1)
        return node_error(node, "a narrow range of one bit holds a single integer", "quantize with narrow=0");
    if (!quantizer.sign) std::tie(quantizer.min, quantizer.max) = bounds_of(quantizer.bits, is_signed, narrow);
    quantizer.rounding = rounding_mode_of(node);
    return quantizer;
}

Result<Quantizer> quantizer_of_sign(const Node& node) {
    Quantizer quantizer{.sign = true};
    WEFT_ASSIGN(quantizer.grid, grid_of(node, 1, 0));
    return quantizer;
}

using Read = Result<Quantizer> (*)(const Node&);

template <Read read>
Result<std::vector<ValueType>> infer(Node& node) {
    const Value* x = node.input(0);
    if (x->type == DataType::boolean) return tensor_error(node, x, "elements of type bool cannot be quantized");
    if (!is_float(node.input(1)->type)) return tensor_error(node, node.input(1), "the scale must be a real number");
    WEFT_CHECK(read(node));
    return std::vector{ValueType{is_float(x->type) ? x->type : DataType::float32, x->shape}};
}

/// integer(x) for every element, in the arithmetic of T: as QONNX's executor comes to it, dividing, adding, limiting, rounding.
template <class T, class F>
void for_each_integer(const Quantizer& quantizer, const Tensor& x, F result) {
    const ChannelLayout layout(x.shape(), quantizer.grid.axis, static_cast<std::int64_t>(quantizer.grid.scale.size()));
    const T* source = x.as<T>().data();
    layout.for_each_run([&](std::int64_t c, std::int64_t first, std::int64_t count) {
        const auto channel = static_cast<std::size_t>(c);
        const T scale = static_cast<T>(quantizer.grid.scale[channel]), zero = static_cast<T>(quantizer.grid.zero_point[channel]);
        const T low = static_cast<T>(quantizer.min), high = static_cast<T>(quantizer.max);
        for (std::int64_t i = first; i < first + count; ++i) {
            const T integer = quantizer.sign ? (source[i] >= T(0) ? T(1) : T(-1))
                                             : rounded(std::min(std::max(source[i] / scale + zero, low), high), quantizer.rounding);
            result(i, integer, scale, zero);
        }
    });
}

template <Read read>
Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const Quantizer quantizer, read(node));
    const bool in_double =
        inputs[0]->type() == DataType::float64 || (!is_float(inputs[0]->type()) && inputs[1]->type() == DataType::float64);
    const DataType type = in_double ? DataType::float64 : DataType::float32;
    const Tensor x = inputs[0]->type() == type ? *inputs[0] : inputs[0]->cast(type);
    Tensor y(type, x.shape());
    visit_type(type, [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            T* target = y.as<T>().data();
            for_each_integer<T>(quantizer, x, [&](std::int64_t i, T integer, T scale, T zero) { target[i] = (integer - zero) * scale; });
        }
    });
    return only(std::move(y));
}

/// The integers of a constant, in the narrowest of the types that a dequantizer of stored integers reads. Zero points go with 8 bits only:
/// wider integers are stored without.
Status store(Graph& graph, Node* node, const Quantizer& quantizer) {
    const Value* x = node->input(0);
    WEFT_ASSIGN(Tensor elements, constant_elements(x));
    if (elements.type() != DataType::float64) elements = elements.cast(DataType::float32);
    const auto limits = [](std::int64_t min, std::int64_t max) { return std::pair{min, max}; };
    const auto held = [&](std::int64_t low, std::int64_t high) {
        const auto in = [&](std::int64_t integer) { return low <= integer && integer <= high; };
        const auto& zeros = quantizer.grid.zero_point;
        return in(quantizer.min) && in(quantizer.max) && std::all_of(zeros.begin(), zeros.end(), in);
    };
    const DataType type = held(-128, 127) ? DataType::int8 : held(0, 255) ? DataType::uint8 : DataType::int32;
    const bool wide = type == DataType::int32;
    const auto [least, most] = limits(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    std::vector<std::int64_t> integers(static_cast<std::size_t>(elements.size()));
    visit_type(elements.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            for_each_integer<T>(quantizer, elements, [&](std::int64_t i, T integer, T, T zero) {
                const double stored = static_cast<double>(integer) - (wide ? static_cast<double>(zero) : 0.0);
                integers[static_cast<std::size_t>(i)] =
                    static_cast<std::int64_t>(std::clamp(stored, static_cast<double>(least), static_cast<double>(most)));
            });
        }
    });
    std::vector<std::int64_t> zeros = quantizer.grid.zero_point;
    if (wide) std::fill(zeros.begin(), zeros.end(), 0);
    write_stored(graph, quantizer_opset(graph), node->output()->name, Tensor::of<std::int64_t>(elements.shape(), integers).cast(type),
                 quantizer.grid.scale, zeros, quantizer.grid.axis, node->output());
    return Ok{};
}

template <Read read>
Result<bool> to_standard(Graph& graph, Node* node) {
    WEFT_ASSIGN(const Quantizer quantizer, read(*node));
    if (is_fixed(node->input(0))) {
        WEFT_CHECK(store(graph, node, quantizer));
        return true;
    }
    WEFT_CHECK(check_activation(*node, quantizer.bits));
    if (!quantizer.sign) {
        WEFT_CHECK(write_rounded(graph, node, quantizer.grid, quantizer.min, quantizer.max, quantizer.rounding));
        return true;
    }
    if (quantizer.grid.scale.size() > 1)
        return tensor_error(*node, node->input(1), "an activation has a scale per channel",
                            "use one scale for each activation; weights may have one per channel");
    WEFT_CHECK(write_counted(graph, node, Tensor(DataType::float32, {1}), -1, 2, quantizer.grid.scale[0], 0));
    return true;
}

OpDef quantizer_op(std::string_view name) {
    return {
        .name = name,
        .domain = qonnx_domain,
        .other_domains = other_qonnx_domains(),
        .summary =
            "(limit(round(x / scale + zero point)) - zero point) * scale, for integers of a given width; all parameters constant, whole "
            "widths and zero points, rounding_mode ROUND, FLOOR or CEIL; in hardware an activation has one scale and at most 8 bits",
        .inputs = {4, 4},
        .outputs = {1, 1},
        .attributes = {{.name = "signed", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                       {.name = "narrow", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                       rounding_mode_attribute("ROUND")},
        .traits = {},
        .infer = infer<quantizer_of_width>,
        .evaluate = evaluate<quantizer_of_width>,
        .expansions = {{"quantizer-to-standard", to_standard<quantizer_of_width>}}};
}

}  // namespace

extern const OpDef op_quant = quantizer_op("Quant");
extern const OpDef op_int_quant = quantizer_op("IntQuant");

extern const OpDef op_bipolar_quant{
    .name = "BipolarQuant",
    .domain = qonnx_domain,
    .other_domains = other_qonnx_domains(),
    .summary = "scale where x >= 0, else -scale; the scale is constant, of an activation one number",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .traits = {},
    .infer = infer<quantizer_of_sign>,
    .evaluate = evaluate<quantizer_of_sign>,
    .expansions = {{"sign-to-standard", to_standard<quantizer_of_sign>}},
};

}  // namespace weft
