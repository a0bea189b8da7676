// weft_ap_arith.h
// Arithmetic on ap_int storage of any width; the result's width is the caller's, values wrap to it.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_AP_ARITH_H
#define WEFT_AP_ARITH_H

#include "weft_ap_storage.h"

namespace weft_ap {

constexpr int max_of(int a, int b) { return a > b ? a : b; }
constexpr int min_of(int a, int b) { return a < b ? a : b; }

/// Bits that hold the values of both operands as numbers of one signedness.
template <int W1, bool S1, int W2, bool S2>
using common_width = std::integral_constant<int, max_of(W1 + (S2 && !S1), W2 + (S1 && !S2))>;

enum class op { add, sub, mul, bit_and, bit_or, bit_xor };

template <op O, class T>
constexpr T apply(T a, T b) {
    return O == op::add       ? a + b
           : O == op::sub     ? a - b
           : O == op::mul     ? a * b
           : O == op::bit_and ? (a & b)
           : O == op::bit_or  ? (a | b)
                              : (a ^ b);
}

// Up to 64 bits: 32-bit images where the result has no more, so that loops vectorise.
template <op O, class R, class A, class B>
constexpr void compute(R& r, const A& a, const B& b, std::integral_constant<int, 0>) {
    typedef typename std::conditional<(sizeof(r.v) <= 4), std::uint32_t, std::uint64_t>::type image;
    r.v = static_cast<typename R::word>(apply<O, image>(static_cast<image>(a.v), static_cast<image>(b.v)));
}

template <op O, class R, class A, class B>
constexpr void compute(R& r, const A& a, const B& b, std::integral_constant<int, 1>) {
    const uint128 x = apply<O, uint128>(image128(a), image128(b));
    r.set_limb(0, static_cast<std::uint64_t>(x));
    r.set_limb(1, static_cast<std::uint64_t>(x >> 64));
}

template <op O>
struct limb_loop {
    template <class R, class A, class B>
    static constexpr void run(R& r, const A& a, const B& b) {
        for (int i = 0; i < R::limbs; ++i) r.set_limb(i, apply<O, std::uint64_t>(a.limb(i), b.limb(i)));
    }
};
template <>
struct limb_loop<op::add> {
    template <class R, class A, class B>
    static constexpr void run(R& r, const A& a, const B& b) {
        uint128 carry = 0;
        for (int i = 0; i < R::limbs; ++i) {
            carry += static_cast<uint128>(a.limb(i)) + b.limb(i);
            r.set_limb(i, static_cast<std::uint64_t>(carry));
            carry >>= 64;
        }
    }
};
template <>
struct limb_loop<op::sub> {
    template <class R, class A, class B>
    static constexpr void run(R& r, const A& a, const B& b) {
        uint128 carry = 1;
        for (int i = 0; i < R::limbs; ++i) {
            carry += static_cast<uint128>(a.limb(i)) + ~b.limb(i);
            r.set_limb(i, static_cast<std::uint64_t>(carry));
            carry >>= 64;
        }
    }
};
template <>
struct limb_loop<op::mul> {
    template <class R, class A, class B>
    static constexpr void run(R& r, const A& a, const B& b) {
        std::uint64_t sum[R::limbs] = {};
        for (int i = 0; i < R::limbs; ++i) {
            std::uint64_t carry = 0;
            for (int j = 0; i + j < R::limbs; ++j) {
                const uint128 t = static_cast<uint128>(a.limb(i)) * b.limb(j) + sum[i + j] + carry;
                sum[i + j] = static_cast<std::uint64_t>(t);
                carry = static_cast<std::uint64_t>(t >> 64);
            }
        }
        for (int i = 0; i < R::limbs; ++i) r.set_limb(i, sum[i]);
    }
};

template <op O, class R, class A, class B>
constexpr void compute(R& r, const A& a, const B& b, std::integral_constant<int, 2>) {
    limb_loop<O>::run(r, a, b);
}

// Division truncates towards zero, the remainder has the dividend's sign.
template <class R, class T, class U>
constexpr void divide_images(R& r, T a, T b, bool remainder) {
    const bool negative_a = a < 0, negative_b = b < 0;
    const U x = negative_a ? U(0) - static_cast<U>(a) : static_cast<U>(a);
    const U y = negative_b ? U(0) - static_cast<U>(b) : static_cast<U>(b);
    U q = remainder ? x % y : x / y;
    if (remainder ? negative_a : negative_a != negative_b) q = U(0) - q;
    const int128 wide = static_cast<int128>(static_cast<T>(q));
    r.set_limb(0, static_cast<std::uint64_t>(wide));
    r.set_limb(1, static_cast<std::uint64_t>(static_cast<uint128>(wide) >> 64));
}

template <class R, class A, class B>
constexpr void divide(R& r, const A& a, const B& b, bool remainder, std::integral_constant<int, 0>) {
    divide_images<R, std::int64_t, std::uint64_t>(r, static_cast<std::int64_t>(a.limb(0)), static_cast<std::int64_t>(b.limb(0)), remainder);
}

template <class R, class A, class B>
constexpr void divide(R& r, const A& a, const B& b, bool remainder, std::integral_constant<int, 1>) {
    divide_images<R, int128, uint128>(r, static_cast<int128>(image128(a)), static_cast<int128>(image128(b)), remainder);
}

template <int N>
constexpr void negate_limbs(std::uint64_t (&x)[N]) {
    std::uint64_t carry = 1;
    for (int i = 0; i < N; ++i) {
        x[i] = ~x[i] + carry;
        carry = carry && x[i] == 0;
    }
}

template <class R, class A, class B>
void divide(R& r, const A& a, const B& b, bool remainder, std::integral_constant<int, 2>) {
    const int n = max_of(limbs_of<A::width>::value, limbs_of<B::width>::value) + 1;
    std::uint64_t x[n] = {}, y[n] = {}, q[n] = {}, rest[n] = {};
    for (int i = 0; i < n; ++i) {
        x[i] = a.limb(i);
        y[i] = b.limb(i);
    }
    if (a.negative()) negate_limbs(x);
    if (b.negative()) negate_limbs(y);
    for (int bit = 64 * n - 1; bit >= 0; --bit) {
        for (int i = n - 1; i > 0; --i) rest[i] = (rest[i] << 1) | (rest[i - 1] >> 63);
        rest[0] = (rest[0] << 1) | ((x[bit / 64] >> (bit % 64)) & 1);
        int i = n - 1;
        while (i > 0 && rest[i] == y[i]) --i;
        if (rest[i] < y[i]) continue;
        uint128 carry = 1;
        for (int j = 0; j < n; ++j) {
            carry += static_cast<uint128>(rest[j]) + ~y[j];
            rest[j] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
        }
        q[bit / 64] |= std::uint64_t(1) << (bit % 64);
    }
    if (a.negative() != b.negative()) negate_limbs(q);
    if (a.negative()) negate_limbs(rest);
    for (int i = 0; i < n; ++i) r.set_limb(i, remainder ? rest[i] : q[i]);
}

/// -1, 0 or 1 as a < b, a == b, a > b, as numbers.
template <class A, class B>
constexpr int compare(const A& a, const B& b, std::integral_constant<int, 0>) {
    typedef typename std::conditional<(A::is_signed || B::is_signed), std::int64_t, std::uint64_t>::type image;
    return static_cast<image>(a.v) < static_cast<image>(b.v) ? -1 : static_cast<image>(a.v) == static_cast<image>(b.v) ? 0 : 1;
}

template <class A, class B, int Kind>
constexpr int compare(const A& a, const B& b, std::integral_constant<int, Kind>) {
    if (a.negative() != b.negative()) return a.negative() ? -1 : 1;
    for (int i = max_of(limbs_of<A::width>::value, limbs_of<B::width>::value) - 1; i >= 0; --i) {
        if (a.limb(i) != b.limb(i)) return a.limb(i) < b.limb(i) ? -1 : 1;
    }
    return 0;
}

template <class A>
constexpr void shift_left(A& r, const A& a, long long count, std::true_type) {
    r.v = count >= A::width ? 0 : static_cast<typename A::word>(extend<A::width, A::is_signed>(static_cast<std::uint64_t>(a.v) << count));
}
template <class A>
constexpr void shift_right(A& r, const A& a, long long count, std::true_type) {
    typedef typename std::conditional<A::is_signed, std::int64_t, std::uint64_t>::type image;
    const bool beyond = count > 63;
    r.v = beyond && !A::is_signed ? 0 : static_cast<typename A::word>(static_cast<image>(a.v) >> (beyond ? 63 : static_cast<int>(count)));
}
template <class A>
constexpr void shift_left(A& r, const A& a, long long count, std::false_type) {
    for (int i = A::limbs - 1; i >= 0; --i) {
        const long long low = 64ll * i - count;
        r.set_limb(i, low >= 0 ? a.bits64(static_cast<int>(low)) : low > -64 ? a.limb(0) << -low : 0);
    }
}
template <class A>
constexpr void shift_right(A& r, const A& a, long long count, std::false_type) {
    const int n = static_cast<int>(count > A::width ? A::width : count);
    for (int i = 0; i < A::limbs; ++i) r.set_limb(i, a.bits64(64 * i + n));
}

/// Shifts by a number that may be negative: the other way then.
template <class A>
constexpr void shift(A& r, const A& a, bool left, long long count) {
    typedef std::integral_constant<bool, (A::width <= 64)> narrow;
    if (count < 0) {
        left = !left;
        count = -count;
    }
    if (left) {
        shift_left(r, a, count, narrow());
    } else {
        shift_right(r, a, count, narrow());
    }
}

}  // namespace weft_ap

#endif
