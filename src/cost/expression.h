// expression.h
// Arithmetic over named numbers, as the cost tables of units write their features.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "src/base/diagnostic.h"

namespace weft {

using Variables = std::map<std::string, double, std::less<>>;

/// Numbers, names, + - * /, comparisons (1 or 0), parentheses, and the functions
///   min(a, b)  max(a, b)  ceildiv(a, b)  gcd(a, b)  clog2(a)  pow2(a)  where(condition, a, b)
///   lutram(width, depth)   LUTs of a memory of that many bits and words with a write and a read port, in LUTs
///   bram18(width, depth)   half block RAMs of such a memory
/// bench/fit_cost.py reads the same. A name that begins with a small letter is 0 where it is not known; others must be.
Result<double> evaluate_expression(std::string_view text, const Variables& variables);

}  // namespace weft
