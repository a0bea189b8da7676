// function.h
// Operators that are a function of single elements: from one templated definition to every face.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <type_traits>

#include "src/graph/op_def.h"

namespace weft {

/// Base of the functions. A function F is constructed from its node (attributes) and has
///   template <class T> T operator()(const T& x) const;     T: float, double, long double; Rational if `rational`; integer types if
///   `integers`
/// and may have
///   PiecewiseLinear pieces() const;                        where it is made of straight pieces
///   bool has_value(const Rational& x) const;               where it has no rational value for some x
///   static HostStep host_step();                           where the program beside a kernel has it (HostStep)
struct Function {
    explicit Function(const Node&) {}
    static constexpr bool rational = false;        ///< Rational values for rational arguments.
    static constexpr bool integers = false;        ///< Defined on integer element types too.
    static constexpr bool non_decreasing = false;  ///< Whatever the attributes.
    static constexpr bool jumps = false;
};

/// -x, wrapping where T is an integer type.
template <class T>
T negated(const T& x) {
    if constexpr (std::is_integral_v<T>) {
        using Unsigned = std::make_unsigned_t<T>;
        return static_cast<T>(static_cast<Unsigned>(Unsigned{0} - static_cast<Unsigned>(x)));
    } else {
        return T(-x);
    }
}

template <class T>
T absolute(const T& x) {
    return x < T(0) ? negated(x) : x;
}

template <class F, class T>
constexpr bool is_defined_on() {
    return std::is_floating_point_v<T> || (F::integers && std::is_integral_v<T> && !std::is_same_v<T, bool>);
}

template <class F>
bool accepts_type(DataType type) {
    return visit_type(type, [](auto e) { return is_defined_on<F, decltype(e)>(); });
}

Diagnostic type_refused(const Node& node, const Value* input);

template <class F>
Result<std::vector<ValueType>> infer_function(Node& node) {
    const Value* x = node.input(0);
    if (!accepts_type<F>(x->type)) return type_refused(node, x);
    return std::vector{ValueType{x->type, x->shape}};
}

template <class F>
Result<std::vector<Tensor>> evaluate_function(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    if (!accepts_type<F>(x.type())) return type_refused(node, node.input(0));
    Tensor y(x.type(), x.shape());
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (is_defined_on<F, T>()) {
            const auto source = x.as<T>();
            std::transform(source.begin(), source.end(), y.as<T>().begin(), [f = F(node)](T v) { return f(v); });
        }
    });
    return only(std::move(y));
}

template <class F>
Traits function_traits(OpRole role) {
    ElementwiseTrait trait;
    trait.real = [](const Node& node, std::span<const long double> inputs) { return F(node)(inputs[0]); };
    if constexpr (F::rational) {
        trait.exact = [](const Node& node, std::span<const Rational> inputs) -> std::optional<Rational> {
            const F f(node);
            if constexpr (requires { f.has_value(inputs[0]); }) {
                if (!f.has_value(inputs[0])) return std::nullopt;
            }
            return f(inputs[0]);
        };
    }
    if constexpr (requires(const F f) { f.pieces(); }) {
        trait.pieces = [](const Node& node, int, std::span<const Rational>) -> std::optional<PiecewiseLinear> { return F(node).pieces(); };
    }
    trait.non_decreasing = F::non_decreasing;
    trait.jumps = F::jumps;
    Traits traits;
    traits.role = role;
    traits.elementwise = trait;
    return traits;
}

/// As an operation on all elements of the node's input alike.
template <class F>
std::optional<HostStep> function_step(const Node& node, std::span<const Tensor* const>) {
    if (!is_float(node.input(0)->type)) return std::nullopt;
    HostStep step = F::host_step();
    step.inner = element_count(node.input(0)->shape);
    return step;
}

/// The operator of a function of one input.
template <class F>
OpDef function_op(std::string_view name, int since, std::string_view summary, std::vector<AttributeDef> attributes = {},
                  OpRole role = OpRole::none) {
    OpDef op{.name = name,
             .since = since,
             .summary = summary,
             .inputs = {1, 1},
             .outputs = {1, 1},
             .attributes = std::move(attributes),
             .traits = function_traits<F>(role),
             .infer = infer_function<F>,
             .evaluate = evaluate_function<F>,
             .rewrites = {}};
    if constexpr (requires { F::host_step(); }) op.host_step = function_step<F>;
    return op;
}

/// Why a parameter of a function is refused; empty if it is a number.
std::string refuse_non_finite(const Attribute& value);

/// An optional attribute with the default that the standard gives as a float32.
inline AttributeDef real_attribute(std::string_view name, float fallback) {
    return {.name = name, .kind = AttributeKind::real, .fallback = static_cast<double>(fallback), .refuse = refuse_non_finite};
}

}  // namespace weft
