// weft_ap_storage.h
// Storage of the arbitrary precision integers of C simulation: a native integer up to 64 bits, 64-bit limbs above.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_AP_STORAGE_H
#define WEFT_AP_STORAGE_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#ifndef AP_INT_MAX_W
#define AP_INT_MAX_W 1024
#endif

namespace weft_ap {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/// A misuse of the types, which the vendor's headers leave undefined: says so and ends the run.
[[noreturn]] inline void fail(const char* reason, int value, int width) {
    std::fflush(stdout);
    std::fprintf(stderr, "ap_int<%d>: %s (%d)\n", width, reason, value);
    std::_Exit(3);
}

template <int W>
struct limbs_of {
    static const int value = (W + 63) / 64;
};

/// Which arithmetic serves `W` bits: 0 = 64-bit integers, 1 = 128-bit integers, 2 = loops over limbs.
template <int W>
using kind_of = std::integral_constant<int, (W <= 64    ? 0
                                             : W <= 128 ? 1
                                                        : 2)>;

template <int Bits, bool S>
struct native;
template <>
struct native<8, true> {
    typedef std::int8_t type;
};
template <>
struct native<8, false> {
    typedef std::uint8_t type;
};
template <>
struct native<16, true> {
    typedef std::int16_t type;
};
template <>
struct native<16, false> {
    typedef std::uint16_t type;
};
template <>
struct native<32, true> {
    typedef std::int32_t type;
};
template <>
struct native<32, false> {
    typedef std::uint32_t type;
};
template <>
struct native<64, true> {
    typedef std::int64_t type;
};
template <>
struct native<64, false> {
    typedef std::uint64_t type;
};

template <int W, bool S>
struct native_of {
    typedef typename native<(W <= 8 ? 8 : W <= 16 ? 16 : W <= 32 ? 32 : 64), S>::type type;
};

/// The low `W` bits of `x`, sign or zero extended to 64 bits; W in 1..64.
template <int W, bool S>
constexpr std::uint64_t extend(std::uint64_t x) {
    return W == 64 ? x
           : S     ? static_cast<std::uint64_t>(static_cast<std::int64_t>(x << (64 - W)) >> (64 - W))
                   : x & (~std::uint64_t(0) >> (64 - W));
}

/// What an uninitialised value holds, so that runs repeat and a use of one shows.
constexpr std::uint64_t poison = 0xa5c3965ae1d2b487ull;

struct no_init {};

/// Two's complement image of any length: limb(i) gives bits 64 i .. 64 i + 63 of the infinitely extended value.
template <int W, bool S, bool Narrow = (W <= 64)>
struct storage {
    typedef typename native_of<W, S>::type word;
    word v;

    constexpr storage() : v(static_cast<word>(extend<W, S>(poison))) {}
    constexpr explicit storage(no_init) : v(0) {}

    constexpr std::uint64_t limb(int i) const { return i == 0 ? static_cast<std::uint64_t>(v) : S && v < 0 ? ~std::uint64_t(0) : 0; }
    constexpr bool negative() const { return S && v < 0; }
    constexpr void set_limb(int i, std::uint64_t x) {
        if (i == 0) v = static_cast<word>(extend<W, S>(x));
    }
    constexpr std::uint64_t bits64(int low) const { return low < 64 ? static_cast<std::uint64_t>(v) >> low : 0; }
    /// Replaces bits low .. low + count - 1 by those of `x`; count in 1..64.
    constexpr void insert64(int low, int count, std::uint64_t x) {
        const std::uint64_t mask = (~std::uint64_t(0) >> (64 - count)) << low;
        v = static_cast<word>(extend<W, S>((static_cast<std::uint64_t>(v) & ~mask) | ((x << low) & mask)));
    }
};

template <int W, bool S>
struct storage<W, S, false> {
    static const int limbs = limbs_of<W>::value;
    static const int top_bits = W - 64 * (limbs - 1);
    std::uint64_t v[limbs];

    constexpr storage() : v() {
        for (int i = 0; i < limbs; ++i) v[i] = poison;
        normalise();
    }
    constexpr explicit storage(no_init) : v() {}

    constexpr void normalise() { v[limbs - 1] = extend<top_bits, S>(v[limbs - 1]); }
    constexpr bool negative() const { return S && (v[limbs - 1] >> 63) != 0; }
    constexpr std::uint64_t limb(int i) const { return i < limbs ? v[i] : negative() ? ~std::uint64_t(0) : 0; }
    constexpr void set_limb(int i, std::uint64_t x) {
        if (i < limbs) v[i] = i == limbs - 1 ? extend<top_bits, S>(x) : x;
    }
    constexpr std::uint64_t bits64(int low) const {
        const int i = low / 64, shift = low % 64;
        return shift == 0 ? limb(i) : (limb(i) >> shift) | (limb(i + 1) << (64 - shift));
    }
    constexpr void insert64(int low, int count, std::uint64_t x) {
        const int i = low / 64, shift = low % 64;
        const std::uint64_t mask = ~std::uint64_t(0) >> (64 - count);
        v[i] = (v[i] & ~(mask << shift)) | ((x & mask) << shift);
        if (shift + count > 64) v[i + 1] = (v[i + 1] & ~(mask >> (64 - shift))) | ((x & mask) >> (64 - shift));
        normalise();
    }
};

/// The 128-bit image of a value.
template <int W, bool S>
constexpr uint128 image128(const storage<W, S, true>& x) {
    return S ? static_cast<uint128>(static_cast<int128>(x.v)) : static_cast<uint128>(x.v);
}
template <int W, bool S>
constexpr uint128 image128(const storage<W, S, false>& x) {
    return (static_cast<uint128>(x.limb(1)) << 64) | x.limb(0);
}

}  // namespace weft_ap

#endif
