// typed.cpp
// The canonical quantizer: real numbers limited to those that an integer type stands for.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/common/canonical.h"
#include "ops/common/lowerings.h"
#include "ops/common/quantizer.h"
#include "ops/common/shapes.h"

namespace weft {

namespace {

/// What the integers stand for: the quantizer's own scale and zero point unless the node gives others.
struct Meaning {
    const std::vector<double>& scale;
    const std::vector<std::int64_t>& zero;
};

Meaning meaning_of(const Node& node) {
    const Attributes& attributes = node.attributes;
    return {attributes.reals(attributes.has("real_scale") ? "real_scale" : "scale"),
            attributes.integers(attributes.has("real_zero_point") ? "real_zero_point" : "zero_point")};
}

Status check_scales(const Node& node, const std::vector<double>& scale, const std::vector<std::int64_t>& zero) {
    if (scale.empty() || scale.size() != zero.size()) {
        return node_error(node, fmt::format("{} zero points do not go with {} scales", zero.size(), scale.size()));
    }
    for (const double s : scale) {
        if (!(s > 0) || !std::isfinite(s)) return node_error(node, fmt::format("the scale {} is not a positive number", s));
    }
    return Ok{};
}

Result<std::vector<ValueType>> infer(Node& node) {
    const Value* x = node.input(0);
    const auto& scale = node.attributes.reals("scale");
    if (!is_float(x->type)) return tensor_error(node, x, "a canonical quantizer reads real numbers");
    WEFT_CHECK(check_scales(node, scale, node.attributes.integers("zero_point")));
    const Meaning meaning = meaning_of(node);
    WEFT_CHECK(check_scales(node, meaning.scale, meaning.zero));
    if (meaning.scale.size() != scale.size() && scale.size() != 1)
        return node_error(node, fmt::format("{} scales of the reals do not go with {} scales", meaning.scale.size(), scale.size()));
    IntegerType type;
    type.min = node.attributes.integer("min");
    type.max = node.attributes.integer("max");
    type.scale = meaning.scale;
    type.zero_point = meaning.zero;
    if (type.min > type.max || type.bits() > 16) {
        return node_error(node, fmt::format("[{}, {}] is no range of integers of at most 16 bits", type.min, type.max));
    }
    if (type.scale.size() > 1) {
        WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), x->shape.size()));
        if (x->shape[static_cast<std::size_t>(axis)] != static_cast<std::int64_t>(type.scale.size())) {
            return node_error(node,
                              fmt::format("{} scales do not go with axis {} of shape {}", type.scale.size(), axis, to_string(x->shape)));
        }
        type.axis = static_cast<int>(axis);
    }
    if (!node.outputs.empty() && node.output()) node.output()->integer = std::move(type);
    return std::vector{ValueType{x->type, x->shape}};
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    Tensor y(x.type(), x.shape());
    const auto& scale = node.attributes.reals("scale");
    const auto& zero = node.attributes.integers("zero_point");
    const Meaning meaning = meaning_of(node);
    const Rounding rounding = rounding_of(node.attributes);
    std::int64_t axis = node.attributes.integer("axis");
    if (axis < 0) axis += static_cast<std::int64_t>(x.shape().size());
    const ChannelLayout layout(x.shape(), axis, static_cast<std::int64_t>(meaning.scale.size()));
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            const T* source = x.as<T>().data();
            T* target = y.as<T>().data();
            const T low = static_cast<T>(node.attributes.integer("min")), high = static_cast<T>(node.attributes.integer("max"));
            layout.for_each_run([&](std::int64_t c, std::int64_t first, std::int64_t count) {
                const auto channel = static_cast<std::size_t>(c), own = scale.size() == 1 ? 0 : channel;
                const T s = static_cast<T>(scale[own]), z = static_cast<T>(zero[own]);
                const T real_s = static_cast<T>(meaning.scale[channel]), real_z = static_cast<T>(meaning.zero[channel]);
                if (rounding == Rounding::half_even) {
                    for (std::int64_t i = first; i < first + count; ++i)
                        target[i] = (quantized(source[i], s, z, low, high) - real_z) * real_s;
                } else {
                    for (std::int64_t i = first; i < first + count; ++i)
                        target[i] = (std::clamp(rounded(source[i] / s, rounding) + z, low, high) - real_z) * real_s;
                }
            });
        }
    });
    return only(std::move(y));
}

long double real(const Node& node, std::span<const long double> inputs) {
    const long double scale = node.attributes.reals("scale")[0];
    const auto zero = static_cast<long double>(node.attributes.integers("zero_point")[0]);
    const auto low = static_cast<long double>(node.attributes.integer("min")),
               high = static_cast<long double>(node.attributes.integer("max"));
    const Meaning meaning = meaning_of(node);
    const long double integer = std::clamp(rounded(inputs[0] / scale, rounding_of(node.attributes)) + zero, low, high);
    return (integer - static_cast<long double>(meaning.zero[0])) * static_cast<long double>(meaning.scale[0]);
}

std::optional<Rational> exact(const Node& node, std::span<const Rational> inputs) {
    const Rational scale(node.attributes.reals("scale")[0]);
    const Rational zero(node.attributes.integers("zero_point")[0]);
    const Rational low(node.attributes.integer("min")), high(node.attributes.integer("max"));
    const Meaning meaning = meaning_of(node);
    return Rational((quantized(inputs[0], scale, zero, low, high, rounding_of(node.attributes)) - Rational(meaning.zero[0])) *
                    Rational(meaning.scale[0]));
}

}  // namespace

extern const OpDef op_weft_typed{
    .name = "typed",
    .domain = "weft",
    .former_name = "quantise",
    .summary = "(limit(round(x / scale) + zero_point, min, max) - real_zero_point) * real_scale: the output's integers have a type",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "scale", .kind = AttributeKind::reals, .required = true},
                   {.name = "zero_point", .kind = AttributeKind::integers, .required = true},
                   {.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                   {.name = "min", .kind = AttributeKind::integer, .required = true},
                   {.name = "max", .kind = AttributeKind::integer, .required = true},
                   {.name = "rounding", .kind = AttributeKind::text, .refuse = refuse_rounding},
                   {.name = "real_scale", .kind = AttributeKind::reals},
                   {.name = "real_zero_point", .kind = AttributeKind::integers}},
    .traits = {.role = OpRole::typed,
               .elementwise = ElementwiseTrait{.real = real,
                                               .exact = exact,
                                               .non_decreasing = true,
                                               .jumps = true,
                                               .applies = [](const Node& node) { return meaning_of(node).scale.size() == 1; }}},
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower_typed,
};

}  // namespace weft
