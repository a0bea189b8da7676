// constant.h
// The exact reals of a constant, read through dequantizers, views and functions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"
#include "src/graph/narrow_integers.h"
#include "src/graph/rational.h"

namespace weft {

/// Whether `value` is a constant, or a dequantized constant, possibly through views and functions that have exact values.
bool is_exact_constant(const Value* value);

/// Elements in the order of `value`, row-major: quantized (real = code * scale, zero point already subtracted), plain floats, or
/// fractions.
struct ConstantReal {
    Shape shape;
    bool quantized = false;
    NarrowIntegers codes;             ///< Quantized: integer minus zero point; 0 where the file's scale is 0.
    std::vector<double> scales;       ///< Quantized: the distinct scales, all positive.
    NarrowIntegers scale_index;       ///< Quantized, more than one scale: which one each element has.
    std::vector<double> reals;        ///< Not quantized.
    std::vector<Rational> fractions;  ///< Not quantized, instead of `reals`: what functions give exactly.

    std::int64_t size() const { return element_count(shape); }
    double scale(std::int64_t index) const {
        return scales[static_cast<std::size_t>(scale_index.empty() ? 0 : scale_index[static_cast<std::size_t>(index)])];
    }
    /// That of all of `count` elements from `first` on; none where they differ.
    std::optional<double> common_scale(std::int64_t first, std::int64_t count) const;
    Rational exact(std::int64_t index) const;
    long double real(std::int64_t index) const;
};

/// `value` must be an exact constant.
Result<ConstantReal> constant_real(const Value* value);

/// Of a tensor of `shape`, broadcast to the shape `to`: for each element there, in order, the flat index here.
std::vector<std::int64_t> broadcast_indices(const Shape& shape, const Shape& to);

}  // namespace weft
