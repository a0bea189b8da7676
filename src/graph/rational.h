// rational.h
// Exact arithmetic for the numbers of the integer contract.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmpxx.h>

#include <cstdint>

namespace weft {

/// A rational number of any size. Every finite double is one, exactly.
using Rational = mpq_class;

/// Nearest integer, ties to even.
mpz_class round_half_even(const Rational& value);
/// Largest integer not above, smallest integer not below `value`.
mpz_class floor(const Rational& value);
mpz_class ceil(const Rational& value);
/// The nearest long double, ties to even.
long double to_long_double(const Rational& value);

}  // namespace weft
