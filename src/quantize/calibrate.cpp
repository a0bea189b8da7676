// calibrate.cpp
// Ranges, histograms and the search for the scale of least squared error.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/calibrate.h"

#include <algorithm>
#include <cmath>

namespace weft {
namespace {

/// Far from subnormal, so that products of two scales are normal float32 numbers as well.
constexpr double least_float_scale = 1e-18;
constexpr double most_float_scale = 1e18;

float float_scale(double scale) { return static_cast<float>(std::clamp(scale, least_float_scale, most_float_scale)); }

double quantized(double value, const IntegerType& type) {
    const double zero_point = static_cast<double>(type.zero_point[0]);
    const double integer =
        std::clamp(std::nearbyint(value / type.scale[0]) + zero_point, static_cast<double>(type.min), static_cast<double>(type.max));
    return (integer - zero_point) * type.scale[0];
}

/// Position of an element's channel in a tensor cut at `axis`.
struct ChannelRuns {
    std::int64_t outer, channels, inner;
};

ChannelRuns runs_of(const Shape& shape, int axis) {
    ChannelRuns runs{1, shape[static_cast<std::size_t>(axis)], 1};
    for (int i = 0; i < axis; ++i) runs.outer *= shape[static_cast<std::size_t>(i)];
    for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i) runs.inner *= shape[i];
    return runs;
}

double squared_error(std::span<const double> values, double scale, double limit) {
    double sum = 0;
    for (const double value : values) {
        const double difference = value - std::clamp(std::nearbyint(value / scale), -limit, limit) * scale;
        sum += difference * difference;
    }
    return sum;
}

float channel_scale(std::span<const double> values, int bits, CalibrationMethod method) {
    double largest = 0, sum = 0;
    for (const double value : values) {
        largest = std::max(largest, std::fabs(value));
        sum += std::fabs(value);
    }
    if (largest == 0) return 1;
    // Of two levels, the mean magnitude has the least error.
    if (bits == 1) return float_scale(sum / static_cast<double>(values.size()));
    const double limit = static_cast<double>((1 << (bits - 1)) - 1);
    double best = float_scale(largest / limit);
    if (method == CalibrationMethod::min_max) return static_cast<float>(best);
    double least = squared_error(values, best, limit);
    constexpr int steps = 80;
    for (int step = 1; step < steps; ++step) {
        const double scale = float_scale(largest / limit * (1 - step / static_cast<double>(steps)));
        const double error = squared_error(values, scale, limit);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return static_cast<float>(best);
}

/// Signal to rounding noise in dB; 0 where nothing is left of the signal.
double sqnr_db(std::span<const double> values, double scale, double limit) {
    double signal = 0;
    for (const double value : values) signal += value * value;
    const double noise = squared_error(values, scale, limit);
    return noise > 0 && signal > noise ? 10 * std::log10(signal / noise) : 0;
}

/// Less is not worth a word; nor is what a channel loses of which float32 itself would hardly see anything beside the largest.
constexpr double mentioned_loss_db = 3, seen_ratio = 1 << 24;

}  // namespace

void ObservedRange::observe(std::span<const float> values) {
    for (const float value : values) {
        if (!std::isfinite(value)) {
            finite = false;
            continue;
        }
        min = std::min(min, static_cast<double>(value));
        max = std::max(max, static_cast<double>(value));
    }
}

void ObservedRange::merge(const ObservedRange& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    finite = finite && other.finite;
}

Histogram::Histogram(const ObservedRange& range) : low_(range.min), width_((range.max - range.min) / bins), counts_(bins) {}

void Histogram::observe(std::span<const float> values) {
    if (!(width_ > 0)) return;
    for (const float value : values) {
        // Zeros carry no error: every type has them exactly.
        if (value == 0 || !std::isfinite(value)) continue;
        const double at = (static_cast<double>(value) - low_) / width_;
        ++counts_[static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(bins - 1)))];
    }
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t bin = 0; bin < bins; ++bin) counts_[bin] += other.counts_[bin];
}

bool Histogram::empty() const {
    return std::ranges::all_of(counts_, [](std::uint64_t count) { return count == 0; });
}

double Histogram::squared_error(const IntegerType& type) const {
    double sum = 0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        if (counts_[bin] == 0) continue;
        const double middle = low_ + (static_cast<double>(bin) + 0.5) * width_;
        const double difference = middle - quantized(middle, type);
        sum += static_cast<double>(counts_[bin]) * difference * difference;
    }
    return sum;
}

IntegerType activation_type(double min, double max, int bits) {
    min = std::min(min, 0.0);
    max = std::max(max, 0.0);
    IntegerType type;
    type.min = -(std::int64_t{1} << (bits - 1));
    type.max = (std::int64_t{1} << (bits - 1)) - 1;
    const double levels = static_cast<double>(type.max - type.min);
    const double scale = max > min ? float_scale((max - min) / levels) : 1.0;
    type.scale = {scale};
    const double zero = std::nearbyint(static_cast<double>(type.min) - min / scale);
    type.zero_point = {static_cast<std::int64_t>(std::clamp(zero, static_cast<double>(type.min), static_cast<double>(type.max)))};
    return type;
}

IntegerType activation_type(const ObservedRange& range, const Histogram* histogram, int bits, CalibrationMethod method) {
    IntegerType best = activation_type(range.min, range.max, bits);
    if (method == CalibrationMethod::min_max || histogram == nullptr || histogram->empty()) return best;
    double least = histogram->squared_error(best), low = range.min, high = range.max;
    auto consider = [&](double min, double max) {
        const IntegerType type = activation_type(min, max, bits);
        const double error = histogram->squared_error(type);
        if (error >= least) return;
        least = error;
        best = type;
        low = min;
        high = max;
    };
    // Both ends together, then each by itself around the best.
    constexpr int steps = 64;
    for (int step = 1; step < steps; ++step) {
        const double factor = 1 - step / static_cast<double>(steps);
        consider(range.min * factor, range.max * factor);
    }
    if (range.min < 0 && range.max > 0) {
        for (int round = 0; round < 2; ++round) {
            const double start_low = low, start_high = high;
            for (int step = -8; step <= 8; ++step) consider(std::max(range.min, start_low * (1 + step / 32.0)), high);
            for (int step = -8; step <= 8; ++step) consider(low, std::min(range.max, start_high * (1 + step / 32.0)));
        }
    }
    return best;
}

QuantizedWeights quantize_weights(const Tensor& weights, int axis, int bits, CalibrationMethod method,
                                  std::span<const double> least_scale) {
    const ChannelRuns runs = runs_of(weights.shape(), axis);
    const std::vector<double> elements = weights.to_doubles();
    QuantizedWeights result;
    result.values.resize(elements.size());
    result.scale.resize(static_cast<std::size_t>(runs.channels));
    auto for_each = [&](std::int64_t channel, auto&& visit) {
        for (std::int64_t outer = 0; outer < runs.outer; ++outer) {
            const std::int64_t start = (outer * runs.channels + channel) * runs.inner;
            for (std::int64_t i = start; i < start + runs.inner; ++i) visit(static_cast<std::size_t>(i));
        }
    };
    std::vector<double> scales, values;
    for (std::int64_t channel = 0; channel < runs.channels; ++channel) {
        values.clear();
        for_each(channel, [&](std::size_t i) { values.push_back(elements[i]); });
        scales.push_back(channel_scale(values, bits, method));
    }
    const double largest = scales.empty() ? 0 : *std::ranges::max_element(scales), least = largest / greatest_scale_ratio;
    for (std::int64_t channel = 0; channel < runs.channels; ++channel) {
        const double wanted = scales[static_cast<std::size_t>(channel)];
        double scale = wanted;
        if (scale < least) scale = float_scale(least);
        if (!least_scale.empty() && scale < least_scale[static_cast<std::size_t>(channel)])
            scale = float_scale(least_scale[static_cast<std::size_t>(channel)]);
        const double limit = bits == 1 ? 1 : static_cast<double>((1 << (bits - 1)) - 1);
        if (bits > 1 && wanted < least && wanted * seen_ratio > largest) {
            values.clear();
            for_each(channel, [&](std::size_t i) { values.push_back(elements[i]); });
            const double loss = sqnr_db(values, wanted, limit) - sqnr_db(values, scale, limit);
            if (loss >= mentioned_loss_db) ++result.lossy_channels;
            if (loss >= mentioned_loss_db && loss > result.worst_loss_db) {
                result.worst_loss_db = loss;
                result.worst_channel = static_cast<int>(channel);
            }
        }
        for_each(channel, [&](std::size_t i) {
            const double integer = bits == 1 ? (elements[i] < 0 ? -1 : 1) : std::clamp(std::nearbyint(elements[i] / scale), -limit, limit);
            result.values[i] = static_cast<std::int8_t>(integer);
        });
        result.scale[static_cast<std::size_t>(channel)] = static_cast<float>(scale);
    }
    return result;
}

}  // namespace weft
