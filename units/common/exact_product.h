// exact_product.h
// Exact matrix products of integers in floating point: every partial sum stays below 2^24 (float) or 2^53 (double), so no rounding happens.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "src/graph/narrow_integers.h"

namespace weft {

/// Weights [outputs][depth] as panels of as many outputs as fill 64 bytes: panel, depth, output; spare outputs are zero.
template <class Real>
class PackedWeights {
public:
    static constexpr int panel_outputs = 64 / sizeof(Real);

    PackedWeights(const NarrowIntegers& weights, std::int64_t outputs, std::int64_t depth);

    std::int64_t depth() const { return depth_; }
    std::int64_t panels() const { return panels_; }
    std::int64_t outputs_with_spare() const { return panels_ * panel_outputs; }
    const Real* panel(std::int64_t index) const { return data_.data() + index * depth_ * panel_outputs; }

private:
    std::int64_t depth_;
    std::int64_t panels_;
    std::vector<Real> data_;
};

/// results[row][outputs_with_spare] = inputs[row][depth] * weights. The caller has bounded the sums.
void multiply(const PackedWeights<float>& weights, const float* inputs, std::int64_t rows, float* results);
void multiply(const PackedWeights<double>& weights, const double* inputs, std::int64_t rows, double* results);

extern template class PackedWeights<float>;
extern template class PackedWeights<double>;

}  // namespace weft
