// cast.cpp
// Cast: the same numbers in another element type.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ops/common/canonical.h"
#include "ops/common/rewrite.h"

namespace weft {

namespace {

/// The element type that the standard numbers `type`; half precision is float32 here.
std::optional<DataType> element_type(std::int64_t type) {
    switch (type) {
        case 1:
        case 10:
        case 16:
            return DataType::float32;
        case 2:
            return DataType::uint8;
        case 3:
            return DataType::int8;
        case 4:
            return DataType::uint16;
        case 5:
            return DataType::int16;
        case 6:
            return DataType::int32;
        case 7:
            return DataType::int64;
        case 9:
            return DataType::boolean;
        case 11:
            return DataType::float64;
        case 12:
            return DataType::uint32;
        case 13:
            return DataType::uint64;
        default:
            return std::nullopt;
    }
}

std::string refuse_type(const Attribute& value) {
    const std::int64_t type = std::get<std::int64_t>(value);
    return element_type(type) ? "" : fmt::format("element type {} is not supported", type);
}

DataType target_type(const Node& node) { return *element_type(node.attributes.integer("to")); }

Result<std::vector<ValueType>> infer(Node& node) { return std::vector{ValueType{target_type(node), node.input(0)->shape}}; }

/// Reals towards integers: truncated, limited to what the type holds, so that no value is undefined.
template <class From, class To>
To converted(From value) {
    if constexpr (std::is_same_v<To, bool>) {
        return value != From(0);
    } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
        if (std::isnan(value)) return To(0);
        // 2^63 - 1 is no floating-point number: compare with the power of two above the largest integer.
        const From limit = std::ldexp(From(1), std::numeric_limits<To>::digits);
        if (value >= limit) return std::numeric_limits<To>::max();
        if (value <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
        return static_cast<To>(value);
    } else {
        return static_cast<To>(value);
    }
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    const DataType type = target_type(node);
    if (type == x.type()) return only(x);
    Tensor y(type, x.shape());
    visit_type(x.type(), [&](auto from) {
        visit_type(type, [&](auto to) {
            using From = decltype(from);
            using To = decltype(to);
            const auto source = x.as<From>();
            std::transform(source.begin(), source.end(), y.as<To>().begin(), converted<From, To>);
        });
    });
    return only(std::move(y));
}

/// To a real type nothing happens: reals are double beside a kernel.
std::optional<HostStep> host_step(const Node& node, std::span<const Tensor* const>) {
    if (!is_float(target_type(node)) || node.input(0)->type == DataType::boolean) return std::nullopt;
    return HostStep{};
}

Result<bool> drop_cast(Graph& graph, Node* node) {
    if (node->input(0)->is_constant() || node->input(0)->type != node->output()->type) return false;
    replace_by_view(graph, node, {});
    return true;
}

const ElementwiseTrait conversion{.real = [](const Node&, std::span<const long double> inputs) { return inputs[0]; },
                                  .exact = [](const Node&, std::span<const Rational> inputs) { return std::optional(inputs[0]); },
                                  .pieces = [](const Node&, int, std::span<const Rational>) { return std::optional(PiecewiseLinear()); },
                                  .non_decreasing = true,
                                  .applies = [](const Node& node) { return is_float(target_type(node)); }};

// --- CastLike ---

/// The number of an element type, as the attribute of Cast has it.
std::int64_t number_of(DataType type) {
    constexpr std::int64_t half_numbers[] = {10, 16};
    std::int64_t number = 1;
    while (element_type(number) != type || std::ranges::find(half_numbers, number) != std::end(half_numbers)) ++number;
    return number;
}

/// The type is known by now, and all that is wanted of the second input: from here on the node is a Cast.
Result<std::vector<ValueType>> infer_like(Node& node) {
    node.attributes.set("to", number_of(node.input(1)->type));
    node.inputs.resize(1);
    node.op = &op_cast;
    return infer(node);
}

}  // namespace

extern const OpDef op_cast{
    .name = "Cast",
    .since = 6,
    .summary =
        "converts the element type; float16 and bfloat16 are float32 here; no texts, complex numbers, 8-bit floats or integers below 8 "
        "bits; in hardware to real types",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "to", .kind = AttributeKind::integer, .required = true, .refuse = refuse_type},
                   {.name = "saturate", .kind = AttributeKind::integer},
                   {.name = "round_mode", .kind = AttributeKind::text}},
    .traits = {.role = OpRole::cast, .elementwise = conversion},
    .infer = infer,
    .evaluate = evaluate,
    .rewrites = {{"drop-cast", drop_cast}, {"comparisons-to-count", comparisons_to_count}},
    .host_step = host_step,
};

extern const OpDef op_cast_like{
    .name = "CastLike",
    .since = 15,
    .summary = "Cast to the element type of the second input; limits as Cast",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {{.name = "saturate", .kind = AttributeKind::integer}, {.name = "round_mode", .kind = AttributeKind::text}},
    .traits = {.elementwise = conversion},
    .infer = infer_like,
    .evaluate = evaluate,
};

}  // namespace weft
