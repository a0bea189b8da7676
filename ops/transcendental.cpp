// transcendental.cpp
// Functions of single elements without rational values: exponentials, sigmoids and what is made of them.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include "ops/common/function.h"

namespace weft {

namespace {

template <class T>
T logistic(T x) {
    // Of the two equal forms the one whose exponential cannot overflow.
    if (x >= 0) return 1 / (1 + std::exp(-x));
    const T e = std::exp(x);
    return e / (1 + e);
}

template <class T>
T softplus(T x) {
    return std::max(x, T(0)) + std::log1p(std::exp(-std::abs(x)));
}

struct Sigmoid : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    static HostStep host_step() { return {"sigmoid"}; }
    template <class T>
    T operator()(const T& x) const {
        return logistic(x);
    }
};

struct Tanh : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return std::tanh(x);
    }
};

struct Exp : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return std::exp(x);
    }
};

struct Log : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return std::log(x);
    }
};

struct Sqrt : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return std::sqrt(x);
    }
};

struct Erf : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return std::erf(x);
    }
};

struct Softplus : Function {
    using Function::Function;
    static constexpr bool non_decreasing = true;
    template <class T>
    T operator()(const T& x) const {
        return softplus(x);
    }
};

struct Elu : Function {
    explicit Elu(const Node& node) : Function(node), alpha(node.attributes.real("alpha")) {}
    template <class T>
    T operator()(const T& x) const {
        return x < 0 ? T(alpha) * std::expm1(x) : x;
    }
    double alpha;
};

struct Celu : Function {
    explicit Celu(const Node& node) : Function(node), alpha(node.attributes.real("alpha")) {}
    template <class T>
    T operator()(const T& x) const {
        return std::max(x, T(0)) + std::min(T(0), T(alpha) * std::expm1(x / T(alpha)));
    }
    double alpha;
};

struct Selu : Function {
    explicit Selu(const Node& node) : Function(node), alpha(node.attributes.real("alpha")), gamma(node.attributes.real("gamma")) {}
    template <class T>
    T operator()(const T& x) const {
        return T(gamma) * (x > 0 ? x : T(alpha) * std::expm1(x));
    }
    double alpha, gamma;
};

struct Gelu : Function {
    explicit Gelu(const Node& node) : Function(node), by_tanh(node.attributes.text("approximate") == "tanh") {}
    template <class T>
    T operator()(const T& x) const {
        if (by_tanh) {
            const T inner = std::sqrt(2 / std::numbers::pi_v<T>) * (x + T(0.044715L) * x * x * x);
            return x / 2 * (1 + std::tanh(inner));
        }
        return x / 2 * (1 + std::erf(x / std::numbers::sqrt2_v<T>));
    }
    bool by_tanh;
};

struct Mish : Function {
    using Function::Function;
    template <class T>
    T operator()(const T& x) const {
        return x * std::tanh(softplus(x));
    }
};

std::string refuse_approximation(const Attribute& value) {
    const auto& text = std::get<std::string>(value);
    return text == "none" || text == "tanh" ? "" : "the approximation '" + text + "' is neither 'none' nor 'tanh'";
}

std::string refuse_zero(const Attribute& value) {
    return std::get<double>(value) == 0 ? "it is zero, and the function divides by it" : refuse_non_finite(value);
}

}  // namespace

extern const OpDef op_sigmoid = function_op<Sigmoid>("Sigmoid", 1, "1 / (1 + exp(-x))");
extern const OpDef op_tanh = function_op<Tanh>("Tanh", 1, "hyperbolic tangent");
extern const OpDef op_exp = function_op<Exp>("Exp", 1, "exponential");
extern const OpDef op_log = function_op<Log>("Log", 1, "natural logarithm");
extern const OpDef op_sqrt = function_op<Sqrt>("Sqrt", 1, "square root");
extern const OpDef op_erf = function_op<Erf>("Erf", 9, "error function");
extern const OpDef op_softplus = function_op<Softplus>("Softplus", 1, "log(1 + exp(x))");
extern const OpDef op_elu = function_op<Elu>("Elu", 1, "x, or alpha * (exp(x) - 1) below 0", {real_attribute("alpha", 1.0f)});
extern const OpDef op_celu = function_op<Celu>("Celu", 12, "max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))",
                                               {{.name = "alpha", .kind = AttributeKind::real, .fallback = 1.0, .refuse = refuse_zero}});
extern const OpDef op_selu =
    function_op<Selu>("Selu", 1, "gamma * (x, or alpha * (exp(x) - 1) below 0)",
                      {real_attribute("alpha", 1.67326319217681884765625f), real_attribute("gamma", 1.05070102214813232421875f)});
extern const OpDef op_gelu = function_op<Gelu>(
    "Gelu", 20, "x times the normal distribution function of x",
    {{.name = "approximate", .kind = AttributeKind::text, .fallback = std::string_view("none"), .refuse = refuse_approximation}});
extern const OpDef op_mish = function_op<Mish>("Mish", 18, "x * tanh(softplus(x))");

}  // namespace weft
