// steps.h
// The operations that a host runs beside a kernel, on one sample in double precision.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <string>
#include <vector>

#include "kernel.h"

namespace weft::host {

/// Names of the constants of an operation, in the order of Step::a to Step::d; null where it is not known.
const std::vector<std::string>* step_constants(const std::string& op);
/// Whether it leaves one of each `count` elements.
bool is_one_of_many(const std::string& op);

/// Runs a step on a sample's elements, which it replaces.
void run_step(const Step& step, std::vector<double>& elements);

/// round(v), ties to even, for |v| < 2^51: adding a number whose last bit counts one leaves the rounding to the addition, which compilers
/// vectorise.
inline double round_even(double v) { return (v + 6755399441055744.0) - 6755399441055744.0; }

/// clamp(round_even(x / scale) + zero_point, low, high) with integers low and high; what is not a number gives `low`. Clamping first is
/// the same, and bounds what is rounded.
inline double quantized(double x, double scale, double zero_point, double low, double high) {
    const double ratio = x / scale;
    const double inside = ratio > low - zero_point ? (ratio < high - zero_point ? ratio : high - zero_point) : low - zero_point;
    return round_even(inside) + zero_point;
}

}  // namespace weft::host
