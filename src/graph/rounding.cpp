// rounding.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/rounding.h"

#include <algorithm>
#include <iterator>

namespace weft {

namespace {

constexpr std::string_view names[] = {"half_even", "down", "up"};

}  // namespace

std::string_view to_string(Rounding rounding) { return names[static_cast<std::size_t>(rounding)]; }

Rounding rounding_of(const Attributes& attributes) {
    if (!attributes.has("rounding")) return Rounding::half_even;
    const auto at = std::find(std::begin(names), std::end(names), attributes.text("rounding"));
    return static_cast<Rounding>(at - std::begin(names));
}

std::string refuse_rounding(const Attribute& value) {
    const auto& text = std::get<std::string>(value);
    return std::find(std::begin(names), std::end(names), text) == std::end(names) ? "'" + text + "' is no way to round" : "";
}

mpz_class rounded(const Rational& value, Rounding rounding) {
    if (rounding == Rounding::down) return floor(value);
    if (rounding == Rounding::up) return ceil(value);
    return round_half_even(value);
}

}  // namespace weft
