// rational.cpp
// Rounding of exact rationals to integers.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/rational.h"

#include <cmath>

namespace weft {

mpz_class floor(const Rational& value) {
    mpz_class quotient;
    mpz_fdiv_q(quotient.get_mpz_t(), value.get_num_mpz_t(), value.get_den_mpz_t());
    return quotient;
}

mpz_class ceil(const Rational& value) {
    mpz_class quotient;
    mpz_cdiv_q(quotient.get_mpz_t(), value.get_num_mpz_t(), value.get_den_mpz_t());
    return quotient;
}

mpz_class round_half_even(const Rational& value) {
    mpz_class quotient, remainder;
    mpz_fdiv_qr(quotient.get_mpz_t(), remainder.get_mpz_t(), value.get_num_mpz_t(), value.get_den_mpz_t());
    remainder *= 2;
    const int side = cmp(remainder, value.get_den());
    if (side > 0 || (side == 0 && mpz_odd_p(quotient.get_mpz_t()))) ++quotient;
    return quotient;
}

long double to_long_double(const Rational& value) {
    if (value == 0) return 0;
    const mpz_class magnitude = abs(value.get_num());
    // A quotient of at least 66 bits with a sticky last bit: the conversion to 64 bits of mantissa then rounds once, correctly.
    const long shift =
        66 - (static_cast<long>(mpz_sizeinbase(magnitude.get_mpz_t(), 2)) - static_cast<long>(mpz_sizeinbase(value.get_den_mpz_t(), 2)));
    mpz_class numerator = magnitude, denominator = value.get_den();
    if (shift >= 0)
        numerator <<= static_cast<unsigned long>(shift);
    else
        denominator <<= static_cast<unsigned long>(-shift);
    mpz_class quotient, remainder;
    mpz_tdiv_qr(quotient.get_mpz_t(), remainder.get_mpz_t(), numerator.get_mpz_t(), denominator.get_mpz_t());
    const mpz_class high = quotient >> 32, low = quotient & mpz_class(0xffffffffUL);
    unsigned __int128 bits = (static_cast<unsigned __int128>(high.get_ui()) << 32) | low.get_ui();
    if (remainder != 0) bits |= 1;
    const long double result = std::ldexp(static_cast<long double>(bits), static_cast<int>(-shift));
    return sgn(value) < 0 ? -result : result;
}

}  // namespace weft
