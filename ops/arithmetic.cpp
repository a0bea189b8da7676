// arithmetic.cpp
// Sums, products, quotients, powers and extremes of tensors, with broadcasting.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ops/common/broadcast.h"
#include "ops/common/canonical.h"
#include "ops/common/function.h"
#include "ops/common/host_steps.h"
#include "ops/common/operands.h"

namespace weft {

namespace {

/// Integer arithmetic wraps as numpy's: through an unsigned type that integer promotion leaves alone.
template <class T, class F>
T wrapped(const T& a, const T& b, F f) {
    if constexpr (std::is_integral_v<T>) {
        using Unsigned = std::common_type_t<unsigned, std::make_unsigned_t<T>>;
        return static_cast<T>(f(static_cast<Unsigned>(a), static_cast<Unsigned>(b)));
    } else {
        return T(f(a, b));
    }
}

template <class T>
T smaller(const T& a, const T& b) {
    return b < a ? b : a;
}

template <class T>
T larger(const T& a, const T& b) {
    return a < b ? b : a;
}

using OptionalPieces = std::optional<PiecewiseLinear>;

// A function of two elements: `of`, the exact function of one input with the other constant (`pieces`), and where it has no rational
// value (`has_value`), and what it is beside a kernel (HostStep) with input `varying` unknown: the operation, and its constant's name.

struct Sum {
    static constexpr bool integers = true;
    static std::pair<const char*, const char*> host_step(int) { return {"offset", "by"}; }
    template <class T>
    static T of(const T& a, const T& b) {
        return wrapped(a, b, [](const auto& x, const auto& y) { return x + y; });
    }
    static OptionalPieces pieces(int, const Rational& constant) { return PiecewiseLinear::affine(Rational(1), constant); }
    static bool has_value(const Rational&, const Rational&) { return true; }
};

struct Difference {
    static constexpr bool integers = true;
    static std::pair<const char*, const char*> host_step(int varying) {
        if (varying == 0) return {"subtract", "by"};
        return {"subtract_from", "what"};
    }
    template <class T>
    static T of(const T& a, const T& b) {
        return wrapped(a, b, [](const auto& x, const auto& y) { return x - y; });
    }
    static OptionalPieces pieces(int varying, const Rational& constant) {
        return varying == 0 ? PiecewiseLinear::affine(Rational(1), -constant) : PiecewiseLinear::affine(Rational(-1), constant);
    }
    static bool has_value(const Rational&, const Rational&) { return true; }
};

struct Product {
    static constexpr bool integers = true;
    static std::pair<const char*, const char*> host_step(int) { return {"multiply", "by"}; }
    template <class T>
    static T of(const T& a, const T& b) {
        return wrapped(a, b, [](const auto& x, const auto& y) { return x * y; });
    }
    static OptionalPieces pieces(int, const Rational& constant) { return PiecewiseLinear::affine(constant, Rational(0)); }
    static bool has_value(const Rational&, const Rational&) { return true; }
};

struct Quotient {
    static constexpr bool integers = true;
    static std::pair<const char*, const char*> host_step(int varying) {
        if (varying == 0) return {"divide", "by"};
        return {nullptr, nullptr};
    }
    template <class T>
    static T of(const T& a, const T& b) {
        if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
            if (b == T(-1)) return negated(a);
        }
        return static_cast<T>(a / b);
    }
    static OptionalPieces pieces(int varying, const Rational& constant) {
        if (varying != 0 || constant == 0) return std::nullopt;
        return PiecewiseLinear::affine(1 / constant, Rational(0));
    }
    static bool has_value(const Rational&, const Rational& b) { return b != 0; }
};

struct Minimum {
    static constexpr bool integers = true;
    template <class T>
    static T of(const T& a, const T& b) {
        return smaller(a, b);
    }
    static OptionalPieces pieces(int, const Rational& c) { return PiecewiseLinear{{c}, {{Rational(1), Rational(0)}, {Rational(0), c}}}; }
    static bool has_value(const Rational&, const Rational&) { return true; }
};

struct Maximum {
    static constexpr bool integers = true;
    template <class T>
    static T of(const T& a, const T& b) {
        return larger(a, b);
    }
    static OptionalPieces pieces(int, const Rational& c) { return PiecewiseLinear{{c}, {{Rational(0), c}, {Rational(1), Rational(0)}}}; }
    static bool has_value(const Rational&, const Rational&) { return true; }
};

/// PRelu: x, or slope * x below 0.
struct SlopedRelu {
    static constexpr bool integers = true;
    template <class T>
    static T of(const T& x, const T& slope) {
        return x < T(0) ? Product::of(x, slope) : x;
    }
    static OptionalPieces pieces(int varying, const Rational& slope) {
        if (varying != 0) return std::nullopt;
        if (slope == 1) return PiecewiseLinear();
        return PiecewiseLinear{{Rational(0)}, {{slope, Rational(0)}, {Rational(1), Rational(0)}}};
    }
    static bool has_value(const Rational&, const Rational&) { return true; }
};

template <class F>
ElementwiseTrait two_input_trait() {
    return {.real = [](const Node&, std::span<const long double> inputs) { return F::of(inputs[0], inputs[1]); },
            .exact = [](const Node&, std::span<const Rational> inputs) -> std::optional<Rational> {
                if (!F::has_value(inputs[0], inputs[1])) return std::nullopt;
                return F::of(inputs[0], inputs[1]);
            },
            .pieces = [](const Node&, int varying,
                         std::span<const Rational> inputs) { return F::pieces(varying, inputs[static_cast<std::size_t>(1 - varying)]); },
            .applies = [](const Node& node) { return node.opset >= 7 || !node.attributes.has("axis"); }};
}

template <class F>
Result<std::vector<ValueType>> infer_two(Node& node) {
    WEFT_ASSIGN(auto type, broadcast_inputs(node));
    if (!accepts_type<F>(type.type)) return type_refused(node, node.input(0));
    return std::vector{std::move(type)};
}

template <class F>
Status combine(const Node& node, const Tensor& a, const Tensor& b, Tensor& result) {
    Status status = Ok{};
    visit_type(result.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (is_defined_on<F, T>()) {
            if constexpr (std::is_same_v<F, Quotient> && std::is_integral_v<T>) {
                const auto divisors = b.as<T>();
                if (std::find(divisors.begin(), divisors.end(), T(0)) != divisors.end()) {
                    status = tensor_error(node, node.input(1), "an integer is divided by zero");
                    return;
                }
            }
            broadcast_map<T, T, T>(a, b, result, [](const T& x, const T& y) { return F::of(x, y); });
        } else {
            status = type_refused(node, node.input(0));
        }
    });
    return status;
}

template <class F>
Result<std::vector<Tensor>> evaluate_two(const Node& node, std::span<const Tensor* const> inputs) {
    const Operands operands(inputs.first(2));
    const Tensor& a = operands[0];
    const Shape second = aligned_shape(node, a.shape(), operands[1].shape());
    Tensor result(operands.type(), *broadcast_shape(a.shape(), second));
    if (second == operands[1].shape()) {
        WEFT_CHECK(combine<F>(node, a, operands[1], result));
    } else {
        WEFT_CHECK(combine<F>(node, a, operands[1].reshaped(second), result));
    }
    return only(std::move(result));
}

/// Any number of inputs, combined from the left.
template <class F>
ElementwiseTrait any_input_trait() {
    return {.real =
                [](const Node&, std::span<const long double> inputs) {
                    return std::accumulate(inputs.begin() + 1, inputs.end(), inputs[0],
                                           [](long double a, long double b) { return F::of(a, b); });
                },
            .exact = [](const Node&, std::span<const Rational> inputs) -> std::optional<Rational> {
                return std::accumulate(inputs.begin() + 1, inputs.end(), inputs[0],
                                       [](const Rational& a, const Rational& b) { return F::of(a, b); });
            },
            .pieces = [](const Node&, int varying, std::span<const Rational> inputs) -> OptionalPieces {
                PiecewiseLinear result;
                for (std::size_t i = 0; i < inputs.size(); ++i) {
                    if (static_cast<int>(i) != varying) result = compose(*F::pieces(0, inputs[i]), result);
                }
                return result;
            },
            .applies = [](const Node& node) { return node.opset >= 7 || !node.attributes.has("axis"); }};
}

template <class F>
Result<Tensor> fold_inputs(const Node& node, std::span<const Tensor* const> inputs) {
    const Operands operands(inputs);
    Tensor result = operands[0];
    for (std::size_t i = 1; i < operands.size(); ++i) {
        Tensor next(operands.type(), *broadcast_shape(result.shape(), operands[i].shape()));
        WEFT_CHECK(combine<F>(node, result, operands[i], next));
        result = std::move(next);
    }
    return result;
}

template <class F>
Result<std::vector<Tensor>> evaluate_any(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(auto result, fold_inputs<F>(node, inputs));
    return only(std::move(result));
}

ElementwiseTrait mean_trait() {
    static const ElementwiseTrait sum = any_input_trait<Sum>();
    return {.real = [](const Node& node,
                       std::span<const long double> inputs) { return sum.real(node, inputs) / static_cast<long double>(inputs.size()); },
            .exact = [](const Node& node, std::span<const Rational> inputs) -> std::optional<Rational> {
                return Rational(*sum.exact(node, inputs) / Rational(static_cast<unsigned long>(inputs.size())));
            },
            .pieces = [](const Node& node, int varying, std::span<const Rational> inputs) -> OptionalPieces {
                const Rational part(1, static_cast<unsigned long>(inputs.size()));
                return compose(PiecewiseLinear::affine(part, Rational(0)), *sum.pieces(node, varying, inputs));
            }};
}

Result<std::vector<Tensor>> evaluate_mean(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(auto result, fold_inputs<Sum>(node, inputs));
    visit_type(result.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_floating_point_v<T>) {
            for (T& element : result.as<T>()) element /= static_cast<T>(inputs.size());
        }
    });
    return only(std::move(result));
}

// Powers have an exact value where the exponent is a small integer; larger ones are no use to a network of few bits.
constexpr long largest_exact_exponent = 16;

std::optional<Rational> exact_power(const Node&, std::span<const Rational> inputs) {
    const Rational& exponent = inputs[1];
    if (exponent.get_den() != 1 || abs(exponent) > largest_exact_exponent || (inputs[0] == 0 && exponent < 0)) return std::nullopt;
    Rational result(1);
    for (long i = 0; i < std::abs(exponent.get_num().get_si()); ++i) result *= inputs[0];
    return exponent < 0 ? Rational(1 / result) : result;
}

OptionalPieces power_pieces(const Node&, int varying, std::span<const Rational> inputs) {
    if (varying == 0 && inputs[1] == 1) return PiecewiseLinear();
    if (varying == 0 && inputs[1] == 0) return PiecewiseLinear::affine(Rational(0), Rational(1));
    return std::nullopt;
}

/// `value` as T; where T is an integer type, truncated and limited to its range.
template <class T>
T limited(long double value) {
    if constexpr (std::is_integral_v<T>) {
        if (std::isnan(value)) return T(0);
        const auto low = static_cast<long double>(std::numeric_limits<T>::min());
        const auto high = static_cast<long double>(std::numeric_limits<T>::max());
        return static_cast<T>(std::clamp(value, low, high));
    } else {
        return static_cast<T>(value);
    }
}

Result<std::vector<ValueType>> infer_power(Node& node) {
    const Value* base = node.input(0);
    const Value* exponent = node.input(1);
    for (const Value* input : {base, exponent}) {
        if (input->type == DataType::boolean) return type_refused(node, input);
    }
    const auto shape = broadcast_shape(base->shape, aligned_shape(node, base->shape, exponent->shape));
    if (!shape) {
        return tensor_error(node, exponent, "shape " + to_string(exponent->shape) + " does not broadcast with " + to_string(base->shape));
    }
    WEFT_CHECK(check_size(node, *shape));
    return std::vector{ValueType{base->type, *shape}};
}

Result<std::vector<Tensor>> evaluate_power(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& base = *inputs[0];
    const Shape second = aligned_shape(node, base.shape(), inputs[1]->shape());
    Tensor result(base.type(), *broadcast_shape(base.shape(), second));
    const auto power = [&](const Tensor& exponent) {
        visit_type(base.type(), [&](auto b) {
            visit_type(exponent.type(), [&](auto e) {
                using Base = decltype(b);
                using Exponent = decltype(e);
                broadcast_map<Base, Exponent, Base>(base, exponent, result, [](Base x, Exponent y) {
                    if constexpr (std::is_floating_point_v<Base>)
                        return static_cast<Base>(std::pow(x, static_cast<Base>(y)));
                    else
                        return limited<Base>(std::pow(static_cast<long double>(x), static_cast<long double>(y)));
                });
            });
        });
    };
    power(inputs[1]->reshaped(second));
    return only(std::move(result));
}

Traits arithmetic_traits(const ElementwiseTrait& trait, OpRole role = OpRole::none, bool accumulates = false) {
    Traits traits;
    traits.role = role;
    traits.elementwise = trait;
    traits.accumulates = accumulates;
    return traits;
}

/// Broadcasting as operator sets before 7 ask for it.
std::vector<AttributeDef> alignment_attributes() {
    return {{.name = "axis", .kind = AttributeKind::integer, .until = 6},
            {.name = "broadcast", .kind = AttributeKind::integer, .until = 6}};
}

/// From operator set 7 on, operands only align at their last axes.
Status upgrade_aligned(Node& node, int) {
    if (node.opset >= 7 || !node.attributes.has("axis")) return Ok{};
    const auto behind = static_cast<std::int64_t>(node.input(0)->shape.size() - node.input(1)->shape.size());
    const std::int64_t axis = node.attributes.integer("axis");
    if (axis == behind || axis == -static_cast<std::int64_t>(node.input(1)->shape.size())) return Ok{};
    return tensor_error(node, node.input(1), "the operand is aligned by an axis, which operator sets from 7 on cannot say",
                        "convert the model to opset 13 (onnx.version_converter)");
}

template <class F>
std::optional<HostStep> two_input_step(const Node& node, std::span<const Tensor* const> known) {
    const int varying = known[0] ? 1 : 0;
    const Tensor* constant = known[static_cast<std::size_t>(1 - varying)];
    const auto [op, name] = F::host_step(varying);
    if (!op || !constant) return std::nullopt;
    return broadcast_step(op, name, node, *node.input(static_cast<std::size_t>(varying)), *constant);
}

template <class F>
OpDef two_input_op(std::string_view name, std::string_view summary, OpRole role = OpRole::none, std::vector<Rewrite> more = {}) {
    more.insert(more.begin(), {"align-broadcast", align_broadcast});
    OpDef op{.name = name,
             .summary = summary,
             .inputs = {2, 2},
             .outputs = {1, 1},
             .attributes = alignment_attributes(),
             .traits = arithmetic_traits(two_input_trait<F>(), role, std::is_same_v<F, Sum> || std::is_same_v<F, Difference>),
             .infer = infer_two<F>,
             .evaluate = evaluate_two<F>,
             .upgrade = upgrade_aligned,
             .rewrites = std::move(more)};
    if constexpr (requires { F::host_step(0); }) op.host_step = two_input_step<F>;
    return op;
}

template <class F>
OpDef any_input_op(std::string_view name, std::string_view summary) {
    return {.name = name,
            .summary = summary,
            .inputs = {1, -1},
            .outputs = {1, 1},
            .attributes = {},
            .traits = arithmetic_traits(any_input_trait<F>()),
            .infer = infer_two<F>,
            .evaluate = evaluate_any<F>,
            .rewrites = {}};
}

OpDef sum_op() {
    OpDef op = any_input_op<Sum>("Sum", "sum of all inputs; in hardware what is computed at run time has one shape");
    op.traits.accumulates = true;
    op.rewrites = {{"sum-to-add", sum_to_add}};
    return op;
}

OpDef mean_op() {
    OpDef op = any_input_op<Sum>("Mean", "mean of all inputs; in hardware what is computed at run time has one shape");
    op.traits = arithmetic_traits(mean_trait(), OpRole::none, true);
    op.evaluate = evaluate_mean;
    op.rewrites = {{"mean-to-add", mean_to_add}};
    return op;
}

OpDef power_op() {
    OpDef op = two_input_op<Product>(
        "Pow", "x to the power of y; in hardware one input is computed at run time, or all are functions of one value");
    op.traits = arithmetic_traits({.real = [](const Node&, std::span<const long double> inputs) { return std::pow(inputs[0], inputs[1]); },
                                   .exact = exact_power,
                                   .pieces = power_pieces});
    op.infer = infer_power;
    op.evaluate = evaluate_power;
    return op;
}

}  // namespace

extern const OpDef op_add =
    two_input_op<Sum>("Add", "a + b; in hardware what is computed at run time has one shape", OpRole::add, {{"add-varying", sum_to_add}});
extern const OpDef op_sub = two_input_op<Difference>("Sub", "a - b; in hardware what is computed at run time has one shape", OpRole::none,
                                                     {{"subtract-varying", sum_to_add}});
extern const OpDef op_mul = two_input_op<Product>(
    "Mul", "a * b; in hardware one input is computed at run time, or all are functions of one value", OpRole::multiply);
extern const OpDef op_div = two_input_op<Quotient>(
    "Div", "a / b; integers truncate; in hardware one input is computed at run time, or all are functions of one value", OpRole::divide);
extern const OpDef op_p_relu = two_input_op<SlopedRelu>("PRelu", "x, or slope * x below 0; in hardware the slope is constant");
extern const OpDef op_pow = power_op();
extern const OpDef op_min = any_input_op<Minimum>(
    "Min", "smallest of all inputs; in hardware one input is computed at run time, or all are functions of one value");
extern const OpDef op_max =
    any_input_op<Maximum>("Max", "largest of all inputs; in hardware one input is computed at run time, or all are functions of one value");
extern const OpDef op_sum = sum_op();
extern const OpDef op_mean = mean_op();

}  // namespace weft
