// calibrate.h
// Integer types from observed reals: ranges of activations, scales of weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "src/graph/integer_type.h"
#include "src/graph/tensor.h"

namespace weft {

enum class CalibrationMethod { min_max, mse };

/// Smallest and largest value seen, 0 included: zero padding and ReLU need it exactly.
struct ObservedRange {
    double min = 0;
    double max = 0;
    bool finite = true;  ///< No NaN and no infinity was seen.

    void observe(std::span<const float> values);
    void merge(const ObservedRange& other);
};

/// Counts of values over equal bins between the ends of a range; two of one range can be merged in any order.
class Histogram {
public:
    static constexpr std::size_t bins = 2048;

    explicit Histogram(const ObservedRange& range);
    void observe(std::span<const float> values);
    void merge(const Histogram& other);
    bool empty() const;

    /// Sum over the values seen of (value - value quantized by `type`)^2, values taken at the middle of their bins (an end bin's value that
    /// is exactly 0 stays 0).
    double squared_error(const IntegerType& type) const;

private:
    double low_, width_;
    std::vector<std::uint64_t> counts_;
};

/// Asymmetric per-tensor type of `bits` bits on [-2^(bits-1), 2^(bits-1) - 1] that reaches from min to max (0 included) and has 0 exactly.
/// The scale is a normal positive float32.
IntegerType activation_type(double min, double max, int bits);

/// The type that serves what was observed: its whole range, or the shorter range of least squared error.
IntegerType activation_type(const ObservedRange& range, const Histogram* histogram, int bits, CalibrationMethod method);

/// A channel that training has switched off has weights of any smallness. Steps finer than this part of the coarsest channel's would need
/// multipliers beyond what the requantization stage has.
inline constexpr double greatest_scale_ratio = 65536;

struct QuantizedWeights {
    std::vector<std::int8_t> values;
    std::vector<float> scale;  ///< One an output channel: normal positive float32.
    /// Of channels that got a coarser scale than their weights ask for, since another channel's is so large.
    int lossy_channels = 0;
    int worst_channel = -1;
    double worst_loss_db = 0;  ///< Of the worst channel's ratio of signal to rounding noise.
};

/// Symmetric weights, one scale an index of `axis`, on the narrow range -(2^(bits-1) - 1)..2^(bits-1) - 1; at one bit {-1, +1}.
/// No scale is less than the largest / `greatest_scale_ratio`.
/// `least_scale` (one a channel, or empty) bounds the scales from below, so that a bias on the grid of the products fits its word.
QuantizedWeights quantize_weights(const Tensor& weights, int axis, int bits, CalibrationMethod method,
                                  std::span<const double> least_scale = {});

}  // namespace weft
