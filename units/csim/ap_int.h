// ap_int.h
// ap_int<W> and ap_uint<W> for C simulation: the arithmetic of the vendor's header of this name, for g++ and clang.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Result widths and signs, with W1, S1 of the left and W2, S2 of the right operand; built-in operands count as ap types of their size:
//   *        W1 + W2                                     S1 or S2
//   + -      max(W1 + (S2 && !S1), W2 + (S1 && !S2)) + 1   S1 or S2; - always signed
//   /        W1 + S2                                     S1 or S2
//   %        min(W1, W2 + (!S2 && S1))                   S1
//   & | ^    max(W1 + (S2 && !S1), W2 + (S1 && !S2))       S1 or S2
//   << >> ~  W1                                          S1
//   unary -  max(W1, 1 + S1) + 1                         signed
// Comparisons are those of the numbers. Assignment truncates to the target's width, or extends by the source's sign. Reading range() gives
// an unsigned value of the parent's width. A shift by a negative amount goes the other way.
#ifndef WEFT_AP_INT_H
#define WEFT_AP_INT_H

#include <iosfwd>
#include <string>

#include "weft_ap_arith.h"

template <int W, bool S>
struct ap_int_base;
template <int W>
struct ap_int;
template <int W>
struct ap_uint;
template <int W, bool S>
struct ap_range_ref;
template <int W, bool S>
struct ap_bit_ref;
template <int W1, class T1, int W2, class T2>
struct ap_concat_ref;

namespace weft_ap {

template <int W, bool S>
using ap = typename std::conditional<S, ap_int<W>, ap_uint<W>>::type;

// Built-in integers, and plain enumerations by their promoted type, as operands.
template <class T, bool = std::is_integral<T>::value, bool = std::is_enum<T>::value&& std::is_convertible<T, int>::value>
struct builtin {
    static const bool value = false;
};
template <class T>
struct builtin<T, true, false> {
    static const bool value = true;
    static const int width = std::is_same<T, bool>::value ? 1 : int(8 * sizeof(T));
    static const bool is_signed = std::is_signed<T>::value;
};
template <class T>
struct builtin<T, false, true> : builtin<decltype(+T())> {};

/// What a type counts as in an expression. `ap` marks the types that turn an expression into ap arithmetic.
template <class T, bool = builtin<T>::value>
struct operand {
    static const bool value = false;
    static const bool is_ap = false;
};
template <int W, bool S>
struct ap_operand {
    static const bool value = true;
    static const bool is_ap = true;
    static const int width = W;
    static const bool is_signed = S;
    typedef ap_int_base<W, S> type;
};
template <class T>
struct operand<T, true> : ap_operand<builtin<T>::width, builtin<T>::is_signed> {
    static const bool is_ap = false;
    static constexpr ap_int_base<builtin<T>::width, builtin<T>::is_signed> get(T x) { return x; }
};
template <int W, bool S>
struct operand<ap_int_base<W, S>, false> : ap_operand<W, S> {
    static constexpr const ap_int_base<W, S>& get(const ap_int_base<W, S>& x) { return x; }
};
template <int W>
struct operand<ap_int<W>, false> : operand<ap_int_base<W, true>> {};
template <int W>
struct operand<ap_uint<W>, false> : operand<ap_int_base<W, false>> {};
template <int W, bool S>
struct operand<ap_range_ref<W, S>, false> : ap_operand<W, false> {
    static ap_int_base<W, false> get(const ap_range_ref<W, S>& x) { return x.get(); }
};
template <int W, bool S>
struct operand<ap_bit_ref<W, S>, false> : ap_operand<1, false> {
    static const bool is_ap = false;
    static ap_int_base<1, S && false> get(const ap_bit_ref<W, S>& x) { return x.get(); }
};
template <int W1, class T1, int W2, class T2>
struct operand<ap_concat_ref<W1, T1, W2, T2>, false> : ap_operand<W1 + W2, false> {
    static ap_int_base<W1 + W2, false> get(const ap_concat_ref<W1, T1, W2, T2>& x) { return x.get(); }
};

template <class A, class B, bool = operand<A>::value&& operand<B>::value && (operand<A>::is_ap || operand<B>::is_ap)>
struct result {};
template <class A, class B>
struct result<A, B, true> {
    static const int w1 = operand<A>::width, w2 = operand<B>::width;
    static const bool s1 = operand<A>::is_signed, s2 = operand<B>::is_signed;
    static const int common = common_width<w1, s1, w2, s2>::value;
    static const bool any = s1 || s2;
    // The vendor's headers give `built-in / ap` and `built-in % ap` the widths of the swapped operands.
    static const bool swapped = builtin<A>::value;
    static const int div_w = swapped ? w2 + s1 : w1 + s2;
    static const bool mod_s = swapped ? s2 : s1;
    static const int mod_w = swapped ? min_of(w2, w1 + (!s1 && s2)) : min_of(w1, w2 + (!s2 && s1));
    typedef ap<w1 + w2, any> mul;
    typedef ap<common + 1, any> add;
    typedef ap<common + 1, true> sub;
    typedef ap<common, any> logic;
    typedef ap<div_w, any> div;
    typedef ap<mod_w, mod_s> mod;
    typedef ap<w1 + s2, any> div_full;
    typedef ap<min_of(w1, w2 + (!s2 && s1)), s1> mod_full;
    typedef kind_of<max_of(common + !any, w1 + s2)> div_kind;
    typedef bool relation;
};

template <class T>
struct floating : std::enable_if<std::is_floating_point<T>::value, T> {};

}  // namespace weft_ap

template <int W, bool S>
struct ap_int_base : weft_ap::storage<W, S> {
    static_assert(W >= 1 && W <= AP_INT_MAX_W, "the width of an ap type is 1 .. AP_INT_MAX_W bits");
    typedef weft_ap::storage<W, S> store;
    typedef typename std::conditional<S, long long, unsigned long long>::type RetType;
    static const int width = W;
    static const bool is_signed = S;

    constexpr ap_int_base() = default;
    constexpr explicit ap_int_base(weft_ap::no_init x) : store(x) {}

    template <int W2, bool S2>
    constexpr ap_int_base(const ap_int_base<W2, S2>& x) : store(weft_ap::no_init()) {
        assign(x, std::integral_constant<bool, (W <= 64)>());
    }
    template <class T, typename std::enable_if<weft_ap::builtin<T>::value, int>::type = 0>
    constexpr ap_int_base(T x) : store(weft_ap::no_init()) {
        assign_builtin(static_cast<std::uint64_t>(x), weft_ap::builtin<T>::is_signed && x < T(0),
                       std::integral_constant<bool, (W <= 64)>());
    }
    template <class T, typename weft_ap::floating<T>::type* = nullptr>
    ap_int_base(T x) : store(weft_ap::no_init()) {
        set_double(static_cast<double>(x));
    }
    template <int W2, bool S2>
    ap_int_base(const ap_range_ref<W2, S2>& x) : store(weft_ap::no_init()) {
        for (int i = 0; i < weft_ap::limbs_of<W>::value; ++i) this->set_limb(i, x.limb(i));
    }
    template <int W2, bool S2>
    ap_int_base(const ap_bit_ref<W2, S2>& x) : ap_int_base(static_cast<bool>(x)) {}
    template <int W1, class T1, int W2, class T2>
    ap_int_base(const ap_concat_ref<W1, T1, W2, T2>& x) : ap_int_base(x.get()) {}
    ap_int_base(const char* text, signed char radix = 0) : store(weft_ap::no_init()) { set_text(text, radix); }

    constexpr operator RetType() const { return static_cast<RetType>(this->limb(0)); }

    constexpr bool to_bool() const { return !is_zero(); }
    constexpr char to_char() const { return static_cast<char>(this->limb(0)); }
    constexpr signed char to_schar() const { return static_cast<signed char>(this->limb(0)); }
    constexpr unsigned char to_uchar() const { return static_cast<unsigned char>(this->limb(0)); }
    constexpr short to_short() const { return static_cast<short>(this->limb(0)); }
    constexpr unsigned short to_ushort() const { return static_cast<unsigned short>(this->limb(0)); }
    constexpr int to_int() const { return static_cast<int>(this->limb(0)); }
    constexpr unsigned to_uint() const { return static_cast<unsigned>(this->limb(0)); }
    constexpr long to_long() const { return static_cast<long>(this->limb(0)); }
    constexpr unsigned long to_ulong() const { return static_cast<unsigned long>(this->limb(0)); }
    constexpr long long to_int64() const { return static_cast<long long>(this->limb(0)); }
    constexpr unsigned long long to_uint64() const { return this->limb(0); }
    double to_double() const;
    float to_float() const { return static_cast<float>(to_double()); }
    std::string to_string(signed char radix = 2, bool sign = S) const;

    constexpr int length() const { return W; }
    constexpr bool is_zero() const {
        for (int i = 0; i < weft_ap::limbs_of<W>::value; ++i) {
            if (this->limb(i) != 0) return false;
        }
        return true;
    }
    constexpr bool iszero() const { return is_zero(); }
    constexpr bool sign() const { return this->negative(); }

    constexpr bool get_bit(int i) const { return (this->limb(checked(i) / 64) >> (i % 64)) & 1; }
    constexpr void set_bit(int i, bool x) { this->insert64(checked(i), 1, x); }
    constexpr bool test(int i) const { return get_bit(i); }
    constexpr void set(int i, bool x = true) { set_bit(i, x); }
    constexpr void clear(int i) { set_bit(i, false); }
    constexpr void invert(int i) { set_bit(i, !get_bit(i)); }
    constexpr void b_not() { *this = ~*this; }
    ap_int_base& lrotate(int n) { return *this = ap_int_base((ap_uint<W>(*this) << n) | (ap_uint<W>(*this) >> (W - n))); }
    ap_int_base& rrotate(int n) { return *this = ap_int_base((ap_uint<W>(*this) >> n) | (ap_uint<W>(*this) << (W - n))); }
    ap_int_base& reverse() { return *this = ap_int_base(range(0, W - 1)); }
    int countLeadingZeros() const {
        int i = W;
        while (i > 0 && !get_bit(i - 1)) --i;
        return W - i;
    }
    template <int W2>
    void set(const ap_int_base<W2, false>& x) {
        *this = ap_int_base(x);
    }
    ap_int_base& get() { return *this; }
    const ap_int_base& get() const { return *this; }

    bool and_reduce() const { return ap_int_base<W, true>(*this).all_ones(); }
    bool nand_reduce() const { return !and_reduce(); }
    bool or_reduce() const { return !is_zero(); }
    bool nor_reduce() const { return is_zero(); }
    bool xor_reduce() const {
        bool parity = false;
        for (int i = 0; i < W; ++i) parity ^= get_bit(i);
        return parity;
    }
    bool xnor_reduce() const { return !xor_reduce(); }

    ap_range_ref<W, S> range(int high, int low) const {
        return ap_range_ref<W, S>(const_cast<ap_int_base*>(this), checked(high), checked(low));
    }
    ap_range_ref<W, S> range() const { return range(W - 1, 0); }
    ap_range_ref<W, S> operator()(int high, int low) const { return range(high, low); }
    ap_bit_ref<W, S> operator[](int i) { return ap_bit_ref<W, S>(this, checked(i)); }
    constexpr bool operator[](int i) const { return get_bit(i); }
    ap_bit_ref<W, S> bit(int i) { return ap_bit_ref<W, S>(this, checked(i)); }
    constexpr bool bit(int i) const { return get_bit(i); }
    template <int W2, bool S2>
    ap_concat_ref<W, ap_int_base, W2, ap_int_base<W2, S2>> concat(const ap_int_base<W2, S2>& x) const {
        return {const_cast<ap_int_base&>(*this), const_cast<ap_int_base<W2, S2>&>(x)};
    }

    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator+=(const T& x) {
        return *this = ap_int_base(*this + x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator-=(const T& x) {
        return *this = ap_int_base(*this - x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator*=(const T& x) {
        return *this = ap_int_base(*this * x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator/=(const T& x) {
        return *this = ap_int_base(*this / x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator%=(const T& x) {
        return *this = ap_int_base(*this % x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator&=(const T& x) {
        return *this = ap_int_base(*this & x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator|=(const T& x) {
        return *this = ap_int_base(*this | x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator^=(const T& x) {
        return *this = ap_int_base(*this ^ x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator<<=(const T& x) {
        return *this = ap_int_base(*this << x);
    }
    template <class T>
    constexpr typename std::enable_if<weft_ap::operand<T>::value, ap_int_base&>::type operator>>=(const T& x) {
        return *this = ap_int_base(*this >> x);
    }
    constexpr ap_int_base& operator++() { return *this += true; }
    constexpr ap_int_base& operator--() { return *this -= true; }
    constexpr weft_ap::ap<W, S> operator++(int) {
        const weft_ap::ap<W, S> old = *this;
        ++*this;
        return old;
    }
    constexpr weft_ap::ap<W, S> operator--(int) {
        const weft_ap::ap<W, S> old = *this;
        --*this;
        return old;
    }
    constexpr weft_ap::ap<W, S> operator+() const { return *this; }
    constexpr ap_int<weft_ap::max_of(W, 1 + S) + 1> operator-() const { return ap_int_base<1, false>(false) - *this; }
    constexpr weft_ap::ap<W, S> operator~() const {
        ap_int_base r((weft_ap::no_init()));
        for (int i = 0; i < weft_ap::limbs_of<W>::value; ++i) r.set_limb(i, ~this->limb(i));
        return r;
    }
    constexpr bool operator!() const { return is_zero(); }

private:
    template <int, bool>
    friend struct ap_int_base;

    static constexpr int checked(int i) { return i >= 0 && i < W ? i : (weft_ap::fail("bit position out of range", i, W), 0); }
    template <int W2, bool S2>
    constexpr void assign(const ap_int_base<W2, S2>& x, std::true_type) {
        typedef typename store::word word;
        // Where every value fits, the copy is a plain conversion.
        this->v = (W2 == W && S2 == S) || (W2 < W && (S || !S2)) ? static_cast<word>(x.limb(0))
                                                                 : static_cast<word>(weft_ap::extend<W, S>(x.limb(0)));
    }
    template <int W2, bool S2>
    constexpr void assign(const ap_int_base<W2, S2>& x, std::false_type) {
        for (int i = 0; i < store::limbs; ++i) this->v[i] = x.limb(i);
        this->normalise();
    }
    constexpr void assign_builtin(std::uint64_t x, bool, std::true_type) {
        this->v = static_cast<typename store::word>(weft_ap::extend<W, S>(x));
    }
    constexpr void assign_builtin(std::uint64_t x, bool negative, std::false_type) {
        this->v[0] = x;
        for (int i = 1; i < store::limbs; ++i) this->v[i] = negative ? ~std::uint64_t(0) : 0;
        this->normalise();
    }
    constexpr bool all_ones() const {
        for (int i = 0; i < weft_ap::limbs_of<W>::value; ++i) {
            if (this->limb(i) != ~std::uint64_t(0)) return false;
        }
        return true;
    }
    void set_double(double x);
    void set_text(const char* text, int radix);
};

template <int W, bool S>
const int ap_int_base<W, S>::width;
template <int W, bool S>
const bool ap_int_base<W, S>::is_signed;

/// A signed integer of W bits.
template <int W>
struct ap_int : ap_int_base<W, true> {
    typedef ap_int_base<W, true> Base;
    constexpr ap_int() = default;
    template <class T, typename std::enable_if<weft_ap::operand<T>::value, int>::type = 0>
    constexpr ap_int(const T& x) : Base(x) {}
    template <class T, typename weft_ap::floating<T>::type* = nullptr>
    ap_int(T x) : Base(x) {}
    ap_int(const char* text, signed char radix = 0) : Base(text, radix) {}
};

/// An unsigned integer of W bits.
template <int W>
struct ap_uint : ap_int_base<W, false> {
    typedef ap_int_base<W, false> Base;
    constexpr ap_uint() = default;
    template <class T, typename std::enable_if<weft_ap::operand<T>::value, int>::type = 0>
    constexpr ap_uint(const T& x) : Base(x) {}
    template <class T, typename weft_ap::floating<T>::type* = nullptr>
    ap_uint(T x) : Base(x) {}
    ap_uint(const char* text, signed char radix = 0) : Base(text, radix) {}
};

#include "weft_ap_ref.h"

#include "weft_ap_operators.h"

#include "weft_ap_text.h"

#endif
