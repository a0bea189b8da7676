// rounding.h
// How a quantizer comes from real numbers to integers, in exact arithmetic and in floating point.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <string_view>

#include "src/graph/attribute.h"
#include "src/graph/rational.h"

namespace weft {

enum class Rounding {
    half_even,  ///< To the nearest integer, ties to the even one.
    down,       ///< To the largest integer not above.
    up,         ///< To the smallest integer not below.
};

/// As the canonical quantizer's attribute `rounding` spells it.
std::string_view to_string(Rounding rounding);
/// What that attribute says; `half_even` where there is none.
Rounding rounding_of(const Attributes& attributes);
/// Why a spelling is refused; empty if it is one.
std::string refuse_rounding(const Attribute& value);

mpz_class rounded(const Rational& value, Rounding rounding);

/// The same for a number of floating point; ties by the processor's own mode, which is to even.
template <std::floating_point T>
T rounded(T value, Rounding rounding) {
    if (rounding == Rounding::down) return std::floor(value);
    if (rounding == Rounding::up) return std::ceil(value);
    return std::nearbyint(value);
}

/// From `value` to the nearest point where the rounded result changes.
template <std::floating_point T>
T distance_to_step(T value, Rounding rounding) {
    const T above = value - std::floor(value);
    return rounding == Rounding::half_even ? std::fabs(above - T(0.5)) : std::fmin(above, T(1) - above);
}

}  // namespace weft
