// weft_ap_text.h
// Text and floating point conversions of ap_int.h.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_AP_TEXT_H
#define WEFT_AP_TEXT_H

#include <algorithm>
#include <cmath>
#include <istream>
#include <ostream>
#include <string>

#include "ap_int.h"

template <int W, bool S>
double ap_int_base<W, S>::to_double() const {
    if (W <= 64) return S ? static_cast<double>(to_int64()) : static_cast<double>(to_uint64());
    double x = 0;
    const bool minus = this->negative();
    const ap_uint<W> magnitude = minus ? ap_uint<W>(-*this) : ap_uint<W>(*this);
    for (int i = weft_ap::limbs_of<W>::value - 1; i >= 0; --i) x = std::ldexp(x, 64) + static_cast<double>(magnitude.limb(i));
    return minus ? -x : x;
}

/// Truncates towards zero, then wraps to W bits.
template <int W, bool S>
void ap_int_base<W, S>::set_double(double x) {
    int exponent = 0;
    const double fraction = std::frexp(std::trunc(x), &exponent);
    const long long mantissa = std::isfinite(x) ? static_cast<long long>(std::ldexp(fraction, 53)) : 0;
    ap_uint<(W < 64 ? 64 : W)> bits = mantissa < 0 ? -mantissa : mantissa;
    bits = exponent >= 53 ? bits << (exponent - 53) : bits >> (53 - exponent);
    *this = mantissa < 0 ? ap_int_base(-bits) : ap_int_base(bits);
}

/// Radix 0 is guessed from a prefix 0x, 0b or 0o, decimal without one. Characters beyond the radix end the run.
template <int W, bool S>
void ap_int_base<W, S>::set_text(const char* text, int radix) {
    const bool minus = *text == '-';
    if (*text == '-' || *text == '+') ++text;
    if (text[0] == '0' && text[1] != 0) {
        const char kind = text[1];
        const int prefix = kind == 'x' || kind == 'X' ? 16 : kind == 'b' || kind == 'B' ? 2 : kind == 'o' || kind == 'O' ? 8 : 0;
        if (prefix != 0 && (radix == 0 || radix == prefix)) {
            radix = prefix;
            text += 2;
        }
    }
    if (radix == 0) radix = 10;
    ap_uint<W> x = 0;
    for (; *text != 0; ++text) {
        const int c = *text;
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
        if (digit >= radix) weft_ap::fail("not a digit of the number's radix", c, W);
        x = x * radix + digit;
    }
    *this = minus ? ap_int_base(-x) : ap_int_base(x);
}

/// Digits of the value; with `sign` and a radix other than 2 negative values are written with a minus, else the W bits are read as
/// unsigned. Radix 2, 8 and 16 carry their prefix.
template <int W, bool S>
std::string ap_int_base<W, S>::to_string(signed char radix, bool sign) const {
    if (radix == 2) sign = false;
    const bool minus = sign && this->negative();
    ap_uint<W> x = minus ? ap_uint<W>(-*this) : ap_uint<W>(*this);
    std::string digits;
    if (radix == 2) {
        for (int i = 0; i < W; ++i) digits += x.get_bit(i) ? '1' : '0';
    } else {
        do {
            digits += "0123456789abcdef"[(x % static_cast<unsigned char>(radix)).to_int()];
            x = x / static_cast<unsigned char>(radix);
        } while (!x.is_zero());
    }
    digits += radix == 16 ? "x0" : radix == 8 ? "o0" : radix == 2 ? "b0" : "";
    if (minus) digits += '-';
    std::reverse(digits.begin(), digits.end());
    return digits;
}

template <int W, bool S>
std::ostream& operator<<(std::ostream& out, const ap_int_base<W, S>& x) {
    const std::ios_base::fmtflags base = out.flags() & std::ios_base::basefield;
    return out << x.to_string(base == std::ios_base::hex ? 16 : base == std::ios_base::oct ? 8 : 10);
}
template <int W, bool S>
std::ostream& operator<<(std::ostream& out, const ap_range_ref<W, S>& x) {
    return out << x.get();
}
template <int W, bool S>
std::ostream& operator<<(std::ostream& out, const ap_bit_ref<W, S>& x) {
    return out << x.to_bool();
}
template <int W, bool S>
std::istream& operator>>(std::istream& in, ap_int_base<W, S>& x) {
    std::string text;
    in >> text;
    const std::ios_base::fmtflags base = in.flags() & std::ios_base::basefield;
    x = ap_int_base<W, S>(text.c_str(), base == std::ios_base::hex ? 16 : base == std::ios_base::oct ? 8 : 0);
    return in;
}

#endif
