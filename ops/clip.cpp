// clip.cpp
// Clip: limits a tensor to a range, on real numbers and on integers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ops/common/function.h"
#include "ops/common/host_steps.h"

namespace weft {

namespace {

constexpr const char* bound_names[] = {"", "min", "max"};

/// A bound that limits nothing is dropped, so that nobody has to compute with an infinity.
Status drop_open_bound(Node& node, std::size_t index) {
    const bool is_input = node.has_input(index);
    const Value* bound = node.input(index);
    const char* name = bound_names[index];
    double value = 0;
    if (is_input) {
        if (!bound->is_constant() || !is_float(bound->type)) return Ok{};
        value = bound->constant->at(0);
    } else if (node.attributes.has(name)) {
        value = node.attributes.real(name);
    }
    if (std::isfinite(value)) return Ok{};
    if (std::isnan(value)) return tensor_error(node, bound, std::string("the bound '") + name + "' is not a number");
    if ((value > 0) != (index == 2)) return tensor_error(node, bound, std::string("the bound '") + name + "' leaves no value");
    if (is_input) node.inputs[index] = nullptr;
    node.attributes.erase(name);
    return Ok{};
}

Result<std::vector<ValueType>> infer(Node& node) {
    const Value* x = node.input(0);
    if (x->type == DataType::boolean) return type_refused(node, x);
    for (const std::size_t index : {std::size_t{1}, std::size_t{2}}) {
        const Value* bound = node.input(index);
        if (bound && element_count(bound->shape) != 1) {
            return tensor_error(node, bound, "the bound must be a single number, but has the shape " + to_string(bound->shape));
        }
        if (bound && bound->type != x->type && !(is_float(bound->type) && is_float(x->type))) {
            return tensor_error(node, bound, "the bound has the element type " + std::string(to_string(bound->type)) + ", not the input's");
        }
        WEFT_CHECK(drop_open_bound(node, index));
    }
    while (node.inputs.size() > 1 && !node.inputs.back()) node.inputs.pop_back();
    return std::vector{ValueType{x->type, x->shape}};
}

template <class T>
std::optional<T> bound_of(const Node& node, std::span<const Tensor* const> inputs, std::size_t index) {
    if (index < inputs.size() && inputs[index]) {
        const Tensor& bound = *inputs[index];
        return bound.type() == data_type_of<T>() ? bound.as<T>()[0] : static_cast<T>(bound.at(0));
    }
    if (node.attributes.has(bound_names[index])) return static_cast<T>(node.attributes.real(bound_names[index]));
    return std::nullopt;
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    Tensor y(x.type(), x.shape());
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        const T low = bound_of<T>(node, inputs, 1).value_or(std::numeric_limits<T>::lowest());
        const T high = bound_of<T>(node, inputs, 2).value_or(std::numeric_limits<T>::max());
        const auto source = x.as<T>();
        std::transform(source.begin(), source.end(), y.as<T>().begin(), [=](T v) { return std::min(std::max(v, low), high); });
    });
    return only(std::move(y));
}

/// Integers of up to 32 bits are exact in double precision.
std::optional<HostStep> host_step(const Node& node, std::span<const Tensor* const> known) {
    const Value* x = node.input(0);
    if (size_of(x->type) > 4 && !is_float(x->type)) return std::nullopt;
    const bool varying_bound = (node.has_input(1) && !known[1]) || (node.has_input(2) && !known[2]);
    if (varying_bound) return std::nullopt;
    const double low = bound_of<double>(node, known, 1).value_or(std::numeric_limits<double>::lowest());
    const double high = bound_of<double>(node, known, 2).value_or(std::numeric_limits<double>::max());
    return step_along_axis("clip", x->shape, 0, {{"low", {low}}, {"high", {high}}});
}

/// Bound `index` for one element: the input where there is one, else the attribute of the older operator sets.
template <class T>
std::optional<T> element_bound(const Node& node, std::span<const T> inputs, std::size_t index) {
    if (node.has_input(index)) return inputs[index];
    if (node.attributes.has(bound_names[index])) return T(node.attributes.real(bound_names[index]));
    return std::nullopt;
}

template <class T>
T clipped(const Node& node, std::span<const T> inputs) {
    T y = inputs[0];
    if (const auto low = element_bound(node, inputs, 1); low && y < *low) y = *low;
    if (const auto high = element_bound(node, inputs, 2); high && y > *high) y = *high;
    return y;
}

std::optional<PiecewiseLinear> pieces(const Node& node, int varying, std::span<const Rational> inputs) {
    if (varying != 0) return std::nullopt;
    const auto low = element_bound(node, inputs, 1);
    const auto high = element_bound(node, inputs, 2);
    if (low && high && *low >= *high) return PiecewiseLinear::affine(Rational(0), *high);
    const Line identity{Rational(1), Rational(0)};
    PiecewiseLinear result;
    if (low) result = {{*low}, {{Rational(0), *low}, identity}};
    if (high) {
        result.breaks.push_back(*high);
        result.lines.push_back({Rational(0), *high});
    }
    return result;
}

}  // namespace

extern const OpDef op_clip{
    .name = "Clip",
    .summary = "min(max(x, low), high); in hardware constant bounds",
    .inputs = {1, 3},
    .outputs = {1, 1},
    .attributes = {{.name = "min", .kind = AttributeKind::real, .until = 10, .input = 1},
                   {.name = "max", .kind = AttributeKind::real, .until = 10, .input = 2}},
    .traits = {.role = OpRole::clip,
               .elementwise = ElementwiseTrait{.real = clipped<long double>,
                                               .exact = [](const Node& node, std::span<const Rational> inputs) -> std::optional<Rational> {
                                                   return clipped(node, inputs);
                                               },
                                               .pieces = pieces,
                                               .non_decreasing = true},
               .limit_inputs = {1, 2}},
    .infer = infer,
    .evaluate = evaluate,
    .host_step = host_step,
};

}  // namespace weft
