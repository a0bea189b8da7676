// multi_threshold.cpp
// FINN's staircase: how many thresholds a value has reached, scaled and moved.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/common/broadcast.h"
#include "ops/common/canonical.h"
#include "ops/common/qonnx.h"
#include "ops/common/rewrite.h"
#include "src/quantize/write_quantizer.h"

namespace weft {

namespace {

std::string refuse_layout(const Attribute& value) {
    const auto& layout = std::get<std::string>(value);
    return layout == "NCHW" || layout == "NHWC" ? "" : fmt::format("the layout '{}' is neither NCHW nor NHWC", layout);
}

/// The axis along which thresholds per channel lie: 1 in images NCHW and in matrices, else the last.
std::size_t channel_axis(const Node& node) {
    const std::size_t rank = node.input(0)->shape.size();
    return rank == 4 && node.attributes.text("data_layout") == "NCHW" ? 1 : rank - 1;
}

Result<std::vector<ValueType>> infer(Node& node) {
    const Value* x = node.input(0);
    const Value* thresholds = node.input(1);
    if (!is_float(x->type))
        return tensor_error(node, x, fmt::format("elements of type {} are not compared with thresholds", to_string(x->type)));
    if (x->shape.empty()) return tensor_error(node, x, "thresholds need a channel axis");
    if (!is_fixed(thresholds))
        return tensor_error(node, thresholds, "the thresholds are computed at run time", "only constant thresholds are supported");
    const Shape& shape = thresholds->shape;
    const std::int64_t channels = x->shape[channel_axis(node)];
    if (shape.size() != 2 || (shape[0] != 1 && shape[0] != channels) || shape[1] < 1)
        return tensor_error(node, thresholds, fmt::format("thresholds of shape {} do not go with {} channels", to_string(shape), channels),
                            "give one row of thresholds for all channels, or one for each");
    if (shape[1] > 255)
        return tensor_error(node, thresholds, fmt::format("{} thresholds make more than 8 bits", shape[1]), "use at most 255 thresholds");
    for (const char* name : {"out_scale", "out_bias"}) {
        if (!std::isfinite(node.attributes.real(name))) return node_error(node, fmt::format("'{}' is no finite number", name));
    }
    if (node.attributes.real("out_scale") == 0)
        return node_error(node, "'out_scale' is zero: the result is a constant", "train or export the model again");
    return std::vector{ValueType{x->type, x->shape}};
}

/// The thresholds with a last axis of their own, to be broadcast over x before it.
Tensor aligned_thresholds(const Node& node, const Tensor& thresholds) {
    const std::int64_t rows = thresholds.shape()[0], count = thresholds.shape()[1];
    if (rows == 1) return thresholds.reshaped({count});
    Shape shape(node.input(0)->shape.size() - channel_axis(node), 1);
    shape[0] = rows;
    shape.push_back(count);
    return thresholds.reshaped(shape);
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    const Tensor thresholds = aligned_thresholds(node, *inputs[1]).cast(x.type());
    const std::int64_t count = thresholds.shape().back();
    Tensor y(x.type(), x.shape());
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            const T scale = static_cast<T>(node.attributes.real("out_scale")), bias = static_cast<T>(node.attributes.real("out_bias"));
            const T* source = x.as<T>().data();
            const T* levels = thresholds.as<T>().data();
            T* target = y.as<T>().data();
            const Shape rows(thresholds.shape().begin(), thresholds.shape().end() - 1);
            Broadcast<2>(x.shape(), {x.shape(), rows})
                .for_each_row([&](std::int64_t at, const auto& offsets, const auto& steps, std::int64_t run) {
                    for (std::int64_t i = 0; i < run; ++i) {
                        const T* row = levels + (offsets[1] + i * steps[1]) * count;
                        target[at + i] =
                            scale * static_cast<T>(std::count_if(row, row + count, [&](T level) { return source[at + i] >= level; })) +
                            bias;
                    }
                });
        }
    });
    return only(std::move(y));
}

/// Integers first, first + step, ... for each threshold reached, that mean (integer - zero_point) * scale.
struct Integers {
    std::int64_t first = 0, step = 1, zero_point = 0;
    double scale = 1;
};

/// Integers of 8 bits for out_scale * count + out_bias; empty where the bias lies on no grid of whole parts of the scale.
std::optional<Integers> integers_for(double out_scale, double out_bias, std::int64_t count) {
    const double scale = std::fabs(out_scale);
    for (std::int64_t parts = 1; parts * count <= 255; parts *= 2) {
        const Rational offset = Rational(out_bias) * Rational(static_cast<long>(parts)) / Rational(scale);
        if (offset.get_den() != 1 || abs(offset) > 255) continue;
        const std::int64_t lies = offset.get_num().get_si(), span = parts * count;
        // Best without a zero point; else the integers begin where a type begins.
        for (const std::int64_t low : {out_scale > 0 ? lies : lies - span, std::int64_t{0}, std::int64_t{-128}}) {
            const std::int64_t first = out_scale > 0 ? low : low + span, zero = first - lies;
            const bool in_signed = low >= -128 && low + span <= 127 && zero >= -128 && zero <= 127;
            const bool in_unsigned = low >= 0 && low + span <= 255 && zero >= 0 && zero <= 255;
            if (in_signed || in_unsigned) return Integers{first, out_scale > 0 ? parts : -parts, zero, scale / static_cast<double>(parts)};
        }
    }
    return std::nullopt;
}

Result<bool> to_standard(Graph& graph, Node* node) {
    const double out_scale = node->attributes.real("out_scale"), out_bias = node->attributes.real("out_bias");
    WEFT_CHECK(check_activation(*node, 1));
    WEFT_ASSIGN(const Tensor elements, constant_elements(node->input(1)));
    Tensor thresholds = aligned_thresholds(*node, elements).cast(DataType::float32);
    const std::int64_t count = thresholds.shape().back();
    if (const auto integers = integers_for(out_scale, out_bias, count)) {
        WEFT_CHECK(
            write_counted(graph, node, std::move(thresholds), integers->first, integers->step, integers->scale, integers->zero_point));
        return true;
    }
    // Off every grid: the bias stays behind the dequantizer, for what takes real numbers.
    const auto integers = integers_for(out_scale, 0, count);
    const std::string& name = node->output()->name;
    Value* scaled = graph.add_value(graph.unique_name(name + "_scaled"), node->output()->type, node->output()->shape);
    WEFT_CHECK(
        write_counted(graph, node, std::move(thresholds), integers->first, integers->step, integers->scale, integers->zero_point, scaled));
    Value* bias = graph.add_constant(graph.unique_name(name + "_bias"), Tensor::scalar(static_cast<float>(out_bias)));
    graph.add_node(op_add, name + "_add", quantizer_opset(graph), {scaled, bias}, {node->output()});
    return true;
}

}  // namespace

extern const OpDef op_multi_threshold{
    .name = "MultiThreshold",
    .domain = qonnx_domain,
    .other_domains = other_qonnx_domains(),
    .summary =
        "out_scale times the number of thresholds that are at most x, plus out_bias; at most 255 constant thresholds for all channels or "
        "each, data_layout NCHW or NHWC",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {{.name = "out_dtype", .kind = AttributeKind::text},
                   {.name = "out_scale", .kind = AttributeKind::real, .fallback = 1.0},
                   {.name = "out_bias", .kind = AttributeKind::real, .fallback = 0.0},
                   {.name = "data_layout", .kind = AttributeKind::text, .fallback = std::string_view("NCHW"), .refuse = refuse_layout}},
    .traits = {},
    .infer = infer,
    .evaluate = evaluate,
    .expansions = {{"thresholds-to-standard", to_standard}},
};

}  // namespace weft
