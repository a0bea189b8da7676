// weft_ap_operators.h
// The binary operators of ap_int.h, over ap values, proxies and built-in numbers.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_AP_OPERATORS_H
#define WEFT_AP_OPERATORS_H

#include "ap_int.h"

namespace weft_ap {

template <op O, class R, class A, class B>
constexpr R binary(const A& a, const B& b) {
    typename R::Base r((no_init()));
    compute<O>(r, operand<A>::get(a), operand<B>::get(b), kind_of<R::width>());
    return r;
}

template <class R, class Full, class Kind, class A, class B>
constexpr R quotient(const A& a, const B& b, bool remainder) {
    typename Full::Base r((no_init()));
    const typename operand<B>::type divisor = operand<B>::get(b);
    if (divisor.is_zero()) fail("division by zero", 0, R::width);
    divide(r, operand<A>::get(a), divisor, remainder, Kind());
    return r;
}

template <class A, class B>
constexpr int compared(const A& a, const B& b) {
    return compare(operand<A>::get(a), operand<B>::get(b), kind_of<result<A, B>::common>());
}

/// A shift amount, clamped where it is beyond every width.
template <int W, bool S>
constexpr long long amount(const ap_int_base<W, S>& x) {
    return compare(x, ap_int_base<32, true>(AP_INT_MAX_W), kind_of<W + 33>()) > 0    ? AP_INT_MAX_W
           : compare(x, ap_int_base<32, true>(-AP_INT_MAX_W), kind_of<W + 33>()) < 0 ? -AP_INT_MAX_W
                                                                                     : x.to_int64();
}

template <class R, class A, class B>
constexpr R shifted(const A& a, const B& b, bool left) {
    typename R::Base r((no_init()));
    shift(r, operand<A>::get(a), left, amount(operand<B>::get(b)));
    return r;
}

template <class A, class B, bool = operand<A>::is_ap&& operand<B>::value>
struct shift_result {};
template <class A, class B>
struct shift_result<A, B, true> {
    typedef ap<operand<A>::width, operand<A>::is_signed> type;
};

/// The floating point type of an expression of an ap value and a floating point number.
template <class A, class B>
struct float_result
    : std::conditional<
          operand<A>::is_ap && std::is_floating_point<B>::value, floating<B>,
          typename std::conditional<operand<B>::is_ap && std::is_floating_point<A>::value, floating<A>, result<int, int>>::type>::type {};

template <class T>
typename std::enable_if<operand<T>::is_ap, double>::type as_double(const T& x) {
    return operand<T>::get(x).to_double();
}
inline double as_double(float x) { return x; }
inline double as_double(double x) { return x; }

}  // namespace weft_ap

template <class A, class B>
constexpr typename weft_ap::result<A, B>::add operator+(const A& a, const B& b) {
    return weft_ap::binary<weft_ap::op::add, typename weft_ap::result<A, B>::add>(a, b);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::sub operator-(const A& a, const B& b) {
    return weft_ap::binary<weft_ap::op::sub, typename weft_ap::result<A, B>::sub>(a, b);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::mul operator*(const A& a, const B& b) {
    return weft_ap::binary<weft_ap::op::mul, typename weft_ap::result<A, B>::mul>(a, b);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::logic operator&(const A& a, const B& b) {
    return weft_ap::binary<weft_ap::op::bit_and, typename weft_ap::result<A, B>::logic>(a, b);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::logic operator|(const A& a, const B& b) {
    return weft_ap::binary<weft_ap::op::bit_or, typename weft_ap::result<A, B>::logic>(a, b);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::logic operator^(const A& a, const B& b) {
    return weft_ap::binary<weft_ap::op::bit_xor, typename weft_ap::result<A, B>::logic>(a, b);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::div operator/(const A& a, const B& b) {
    typedef weft_ap::result<A, B> r;
    return weft_ap::quotient<typename r::div, typename r::div_full, typename r::div_kind>(a, b, false);
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::mod operator%(const A& a, const B& b) {
    typedef weft_ap::result<A, B> r;
    return weft_ap::quotient<typename r::mod, typename r::mod_full, typename r::div_kind>(a, b, true);
}
template <class A, class B>
constexpr typename weft_ap::shift_result<A, B>::type operator<<(const A& a, const B& b) {
    return weft_ap::shifted<typename weft_ap::shift_result<A, B>::type>(a, b, true);
}
template <class A, class B>
constexpr typename weft_ap::shift_result<A, B>::type operator>>(const A& a, const B& b) {
    return weft_ap::shifted<typename weft_ap::shift_result<A, B>::type>(a, b, false);
}

template <class A, class B>
constexpr typename weft_ap::result<A, B>::relation operator==(const A& a, const B& b) {
    return weft_ap::compared(a, b) == 0;
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::relation operator!=(const A& a, const B& b) {
    return weft_ap::compared(a, b) != 0;
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::relation operator<(const A& a, const B& b) {
    return weft_ap::compared(a, b) < 0;
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::relation operator<=(const A& a, const B& b) {
    return weft_ap::compared(a, b) <= 0;
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::relation operator>(const A& a, const B& b) {
    return weft_ap::compared(a, b) > 0;
}
template <class A, class B>
constexpr typename weft_ap::result<A, B>::relation operator>=(const A& a, const B& b) {
    return weft_ap::compared(a, b) >= 0;
}

#define WEFT_AP_FLOAT_OPERATOR(SYMBOL)                                                   \
    template <class A, class B>                                                          \
    typename weft_ap::float_result<A, B>::type operator SYMBOL(const A& a, const B& b) { \
        typedef typename weft_ap::float_result<A, B>::type type;                         \
        return static_cast<type>(weft_ap::as_double(a) SYMBOL weft_ap::as_double(b));    \
    }
WEFT_AP_FLOAT_OPERATOR(+)
WEFT_AP_FLOAT_OPERATOR(-)
WEFT_AP_FLOAT_OPERATOR(*)
WEFT_AP_FLOAT_OPERATOR(/)
#undef WEFT_AP_FLOAT_OPERATOR

#define WEFT_AP_FLOAT_RELATION(SYMBOL)                                                                                          \
    template <class A, class B>                                                                                                 \
    typename std::enable_if<(sizeof(typename weft_ap::float_result<A, B>::type) > 0), bool>::type operator SYMBOL(const A& a,   \
                                                                                                                  const B& b) { \
        return weft_ap::as_double(a) SYMBOL weft_ap::as_double(b);                                                              \
    }
WEFT_AP_FLOAT_RELATION(==)
WEFT_AP_FLOAT_RELATION(!=)
WEFT_AP_FLOAT_RELATION(<)
WEFT_AP_FLOAT_RELATION(<=)
WEFT_AP_FLOAT_RELATION(>)
WEFT_AP_FLOAT_RELATION(>=)
#undef WEFT_AP_FLOAT_RELATION

#endif
