// function.cpp
// Functions of single elements with rational values: rectifiers, hard sigmoids, rounding, sign.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/function.h"

#include <cmath>
#include <limits>

namespace weft {

Diagnostic type_refused(const Node& node, const Value* input) {
    return tensor_error(node, input, "the operator is not defined on elements of type " + std::string(to_string(input->type)));
}

std::string refuse_non_finite(const Attribute& value) { return std::isfinite(std::get<double>(value)) ? "" : "it is no finite number"; }

namespace {

/// `below` for x < at, `above` from there on.
PiecewiseLinear bent(const Rational& at, Line below, Line above) {
    if (below == above) return {{}, {std::move(below)}};
    return {{at}, {std::move(below), std::move(above)}};
}

const Line identity_line{Rational(1), Rational(0)};

struct Relu : Function {
    using Function::Function;
    static constexpr bool rational = true, integers = true, non_decreasing = true;
    static HostStep host_step() { return {.op = "clip", .constants = {{"low", {0.0}}, {"high", {std::numeric_limits<double>::max()}}}}; }
    template <class T>
    T operator()(const T& x) const {
        return x > T(0) ? x : T(0);
    }
    PiecewiseLinear pieces() const { return bent(0, {Rational(0), Rational(0)}, {Rational(1), Rational(0)}); }
};

struct LeakyRelu : Function {
    explicit LeakyRelu(const Node& node) : Function(node), alpha(node.attributes.real("alpha")) {}
    static constexpr bool rational = true;
    template <class T>
    T operator()(const T& x) const {
        return x < T(0) ? T(x * T(alpha)) : x;
    }
    PiecewiseLinear pieces() const { return bent(0, {Rational(alpha), Rational(0)}, identity_line); }
    double alpha;
};

struct ThresholdedRelu : Function {
    explicit ThresholdedRelu(const Node& node) : Function(node), alpha(node.attributes.real("alpha")) {}
    static constexpr bool rational = true, jumps = true;
    template <class T>
    T operator()(const T& x) const {
        return x > T(alpha) ? x : T(0);
    }
    double alpha;
};

struct HardSigmoid : Function {
    explicit HardSigmoid(const Node& node) : Function(node), alpha(node.attributes.real("alpha")), beta(node.attributes.real("beta")) {}
    static constexpr bool rational = true;
    template <class T>
    T operator()(const T& x) const {
        const T y = T(alpha) * x + T(beta);
        return y < T(0) ? T(0) : y > T(1) ? T(1) : y;
    }
    PiecewiseLinear pieces() const {
        return compose(PiecewiseLinear::clamp(Rational(0), Rational(1)), PiecewiseLinear::affine(Rational(alpha), Rational(beta)));
    }
    double alpha, beta;
};

struct HardSwish : Function {
    using Function::Function;
    static constexpr bool rational = true;
    template <class T>
    T operator()(const T& x) const {
        const T gate = x / T(6) + T(1) / T(2);
        return gate < T(0) ? T(0) : gate > T(1) ? x : T(x * gate);
    }
};

struct Softsign : Function {
    using Function::Function;
    static constexpr bool rational = true, non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return x / (T(1) + absolute(x));
    }
};

struct Abs : Function {
    using Function::Function;
    static constexpr bool rational = true, integers = true;
    template <class T>
    T operator()(const T& x) const {
        return absolute(x);
    }
    PiecewiseLinear pieces() const { return bent(0, {Rational(-1), Rational(0)}, identity_line); }
};

struct Neg : Function {
    using Function::Function;
    static constexpr bool rational = true, integers = true;
    template <class T>
    T operator()(const T& x) const {
        return negated(x);
    }
    PiecewiseLinear pieces() const { return PiecewiseLinear::affine(Rational(-1), Rational(0)); }
};

struct Reciprocal : Function {
    using Function::Function;
    static constexpr bool rational = true;
    template <class T>
    T operator()(const T& x) const {
        return T(1) / x;
    }
    bool has_value(const Rational& x) const { return x != 0; }
};

struct Sign : Function {
    using Function::Function;
    static constexpr bool rational = true, integers = true, non_decreasing = true, jumps = true;
    template <class T>
    T operator()(const T& x) const {
        return x > T(0) ? T(1) : x < T(0) ? negated(T(1)) : T(0);
    }
};

struct Floor : Function {
    using Function::Function;
    static constexpr bool rational = true, non_decreasing = true, jumps = true;
    static HostStep host_step() { return {"round_down"}; }
    template <class T>
    T operator()(const T& x) const {
        if constexpr (std::is_same_v<T, Rational>)
            return Rational(weft::floor(x));
        else
            return std::floor(x);
    }
};

struct Ceil : Function {
    using Function::Function;
    static constexpr bool rational = true, non_decreasing = true, jumps = true;
    static HostStep host_step() { return {"round_up"}; }
    template <class T>
    T operator()(const T& x) const {
        if constexpr (std::is_same_v<T, Rational>)
            return Rational(weft::ceil(x));
        else
            return std::ceil(x);
    }
};

struct Round : Function {
    using Function::Function;
    static constexpr bool rational = true, non_decreasing = true, jumps = true;
    template <class T>
    T operator()(const T& x) const {
        if constexpr (std::is_same_v<T, Rational>)
            return Rational(round_half_even(x));
        else
            return std::nearbyint(x);
    }
};

}  // namespace

extern const OpDef op_relu = function_op<Relu>("Relu", 1, "max(x, 0)");
extern const OpDef op_leaky_relu = function_op<LeakyRelu>("LeakyRelu", 1, "x, or alpha * x below 0", {real_attribute("alpha", 0.01f)});
extern const OpDef op_thresholded_relu =
    function_op<ThresholdedRelu>("ThresholdedRelu", 10, "x above alpha, else 0", {real_attribute("alpha", 1.0f)});
extern const OpDef op_hard_sigmoid = function_op<HardSigmoid>("HardSigmoid", 1, "alpha * x + beta, limited to [0, 1]",
                                                              {real_attribute("alpha", 0.2f), real_attribute("beta", 0.5f)});
extern const OpDef op_hard_swish = function_op<HardSwish>("HardSwish", 14, "x * (x / 6 + 1/2 limited to [0, 1])");
extern const OpDef op_softsign = function_op<Softsign>("Softsign", 1, "x / (1 + |x|)");
extern const OpDef op_abs = function_op<Abs>("Abs", 1, "|x|");
extern const OpDef op_neg = function_op<Neg>("Neg", 1, "-x");
extern const OpDef op_reciprocal = function_op<Reciprocal>("Reciprocal", 1, "1 / x");
extern const OpDef op_sign = function_op<Sign>("Sign", 9, "-1, 0 or 1");
extern const OpDef op_floor = function_op<Floor>("Floor", 1, "largest integer not above x", {}, OpRole::round_down);
extern const OpDef op_ceil = function_op<Ceil>("Ceil", 1, "smallest integer not below x", {}, OpRole::round_up);
extern const OpDef op_round = function_op<Round>("Round", 11, "nearest integer, ties to even");

}  // namespace weft
