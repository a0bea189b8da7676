// requantize_stage.cpp
// The requantize stage: one accumulator at a time as it is defined, and whole layers at speed.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/requantize_stage.h"

#include <algorithm>
#include <cassert>

#include "src/base/multiversion.h"

namespace weft {

namespace {

/// As channel_entry, of arrays of `width` entries a channel.
const std::int64_t* row(const std::vector<std::int64_t>& values, std::size_t width, int channel) {
    return values.data() + (values.size() == width ? 0 : width * static_cast<std::size_t>(channel));
}

/// One channel's constants of the forms with a multiplier, for `count` accumulators.
template <class Accumulator>
[[gnu::always_inline]] inline void multiply_flat(const Accumulator* acc, std::int32_t* out, std::int64_t count, std::int64_t m,
                                                 std::int64_t b, int shift, std::int64_t low, std::int64_t high) {
    for (std::int64_t i = 0; i < count; ++i)
        out[i] = static_cast<std::int32_t>(std::min(high, std::max(low, (std::int64_t{acc[i]} * m + b) >> shift)));
}

template <class Accumulator>
[[gnu::always_inline]] inline void multiply_channels(const Accumulator* acc, std::int32_t* out, std::int64_t positions, int channels,
                                                     const std::int64_t* m, const std::int64_t* b, int shift, const std::int64_t* low,
                                                     const std::int64_t* high) {
    for (std::int64_t p = 0; p < positions; ++p, acc += channels, out += channels)
        for (int c = 0; c < channels; ++c)
            out[c] = static_cast<std::int32_t>(std::min(high[c], std::max(low[c], (std::int64_t{acc[c]} * m[c] + b[c]) >> shift)));
}

template <class Accumulator>
[[gnu::always_inline]] inline void convergent_channels(const Accumulator* acc, std::int32_t* out, std::int64_t positions, int channels,
                                                       const std::int64_t* m, const std::int64_t* b, int shift, const std::int64_t* low,
                                                       const std::int64_t* high) {
    const std::int64_t fraction = (std::int64_t{1} << shift) - 1;
    for (std::int64_t p = 0; p < positions; ++p, acc += channels, out += channels)
        for (int c = 0; c < channels; ++c) {
            const std::int64_t sum = std::int64_t{acc[c]} * m[c] + b[c];
            const std::int64_t tie = (sum & fraction) == 0 ? 1 : 0;
            out[c] = static_cast<std::int32_t>(std::min(high[c], std::max(low[c], (sum >> shift) & ~tie)));
        }
}

WEFT_MULTIVERSION void multiply_flat_32(const std::int32_t* acc, std::int32_t* out, std::int64_t count, std::int64_t m, std::int64_t b,
                                        int shift, std::int64_t low, std::int64_t high) {
    multiply_flat(acc, out, count, m, b, shift, low, high);
}
WEFT_MULTIVERSION void multiply_flat_64(const std::int64_t* acc, std::int32_t* out, std::int64_t count, std::int64_t m, std::int64_t b,
                                        int shift, std::int64_t low, std::int64_t high) {
    multiply_flat(acc, out, count, m, b, shift, low, high);
}
WEFT_MULTIVERSION void multiply_channels_32(const std::int32_t* acc, std::int32_t* out, std::int64_t positions, int channels,
                                            const std::int64_t* m, const std::int64_t* b, int shift, const std::int64_t* low,
                                            const std::int64_t* high) {
    multiply_channels(acc, out, positions, channels, m, b, shift, low, high);
}
WEFT_MULTIVERSION void multiply_channels_64(const std::int64_t* acc, std::int32_t* out, std::int64_t positions, int channels,
                                            const std::int64_t* m, const std::int64_t* b, int shift, const std::int64_t* low,
                                            const std::int64_t* high) {
    multiply_channels(acc, out, positions, channels, m, b, shift, low, high);
}
WEFT_MULTIVERSION void convergent_channels_32(const std::int32_t* acc, std::int32_t* out, std::int64_t positions, int channels,
                                              const std::int64_t* m, const std::int64_t* b, int shift, const std::int64_t* low,
                                              const std::int64_t* high) {
    convergent_channels(acc, out, positions, channels, m, b, shift, low, high);
}
WEFT_MULTIVERSION void convergent_channels_64(const std::int64_t* acc, std::int32_t* out, std::int64_t positions, int channels,
                                              const std::int64_t* m, const std::int64_t* b, int shift, const std::int64_t* low,
                                              const std::int64_t* high) {
    convergent_channels(acc, out, positions, channels, m, b, shift, low, high);
}

void multiply(const std::int32_t* acc, std::int32_t* out, std::int64_t positions, int channels, const std::int64_t* m,
              const std::int64_t* b, int shift, const std::int64_t* low, const std::int64_t* high) {
    multiply_channels_32(acc, out, positions, channels, m, b, shift, low, high);
}
void multiply(const std::int64_t* acc, std::int32_t* out, std::int64_t positions, int channels, const std::int64_t* m,
              const std::int64_t* b, int shift, const std::int64_t* low, const std::int64_t* high) {
    multiply_channels_64(acc, out, positions, channels, m, b, shift, low, high);
}
void multiply(const std::int32_t* acc, std::int32_t* out, std::int64_t count, std::int64_t m, std::int64_t b, int shift, std::int64_t low,
              std::int64_t high) {
    multiply_flat_32(acc, out, count, m, b, shift, low, high);
}
void multiply(const std::int64_t* acc, std::int32_t* out, std::int64_t count, std::int64_t m, std::int64_t b, int shift, std::int64_t low,
              std::int64_t high) {
    multiply_flat_64(acc, out, count, m, b, shift, low, high);
}
void convergent(const std::int32_t* acc, std::int32_t* out, std::int64_t positions, int channels, const std::int64_t* m,
                const std::int64_t* b, int shift, const std::int64_t* low, const std::int64_t* high) {
    convergent_channels_32(acc, out, positions, channels, m, b, shift, low, high);
}
void convergent(const std::int64_t* acc, std::int32_t* out, std::int64_t positions, int channels, const std::int64_t* m,
                const std::int64_t* b, int shift, const std::int64_t* low, const std::int64_t* high) {
    convergent_channels_64(acc, out, positions, channels, m, b, shift, low, high);
}

/// `values` with one entry a channel.
const std::int64_t* per_channel(const std::vector<std::int64_t>& values, int channels, std::vector<std::int64_t>& scratch) {
    if (values.size() != 1) return values.data();
    scratch.assign(static_cast<std::size_t>(channels), values[0]);
    return scratch.data();
}

/// Entries of `thresholds` that are <= acc.
int steps_below(const std::int64_t* thresholds, int steps, std::int64_t acc) {
    if (steps > 32) return static_cast<int>(std::upper_bound(thresholds, thresholds + steps, acc) - thresholds);
    int count = 0;
    for (int i = 0; i < steps; ++i) count += thresholds[i] <= acc ? 1 : 0;
    return count;
}

template <class Accumulator>
void apply_layer(const Requantize& stage, const Accumulator* acc, std::int32_t* out, std::int64_t positions, int channels) {
    const std::int64_t count = positions * channels;
    switch (stage.form) {
        case RequantizeForm::none:
            for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<std::int32_t>(acc[i]);
            return;
        case RequantizeForm::multiply:
        case RequantizeForm::convergent: {
            const bool flat = stage.multiplier.size() == 1 && stage.addend.size() == 1 && stage.low.size() == 1 && stage.high.size() == 1;
            if (flat && stage.form == RequantizeForm::multiply) {
                multiply(acc, out, count, stage.multiplier[0], stage.addend[0], stage.shift, stage.low[0], stage.high[0]);
                return;
            }
            thread_local std::vector<std::int64_t> scratch[4];
            const std::int64_t* m = per_channel(stage.multiplier, channels, scratch[0]);
            const std::int64_t* b = per_channel(stage.addend, channels, scratch[1]);
            const std::int64_t* low = per_channel(stage.low, channels, scratch[2]);
            const std::int64_t* high = per_channel(stage.high, channels, scratch[3]);
            if (stage.form == RequantizeForm::multiply)
                multiply(acc, out, positions, channels, m, b, stage.shift, low, high);
            else
                convergent(acc, out, positions, channels, m, b, stage.shift, low, high);
            return;
        }
        case RequantizeForm::thresholds: {
            const auto steps = static_cast<std::size_t>(stage.steps);
            for (std::int64_t p = 0; p < positions; ++p, acc += channels, out += channels)
                for (int c = 0; c < channels; ++c)
                    out[c] = static_cast<std::int32_t>(
                        row(stage.values, steps + 1, c)[steps_below(row(stage.thresholds, steps, c), stage.steps, acc[c])]);
            return;
        }
        case RequantizeForm::table: {
            const auto size = static_cast<std::size_t>(stage.acc_max - stage.acc_min + 1);
            for (std::int64_t p = 0; p < positions; ++p, acc += channels, out += channels)
                for (int c = 0; c < channels; ++c) out[c] = static_cast<std::int32_t>(row(stage.values, size, c)[acc[c] - stage.acc_min]);
            return;
        }
    }
}

}  // namespace

std::int32_t apply(const Requantize& stage, std::int64_t acc, int channel) {
    assert(stage.form == RequantizeForm::none || (acc >= stage.acc_min && acc <= stage.acc_max));
    switch (stage.form) {
        case RequantizeForm::none:
            return static_cast<std::int32_t>(acc);
        case RequantizeForm::multiply:
        case RequantizeForm::convergent: {
            const auto c = static_cast<std::size_t>(channel);
            const __int128 sum = static_cast<__int128>(acc) * channel_entry(stage.multiplier, c) + channel_entry(stage.addend, c);
            auto result = static_cast<std::int64_t>(sum >> stage.shift);
            const __int128 fraction = sum & ((static_cast<__int128>(1) << stage.shift) - 1);
            if (stage.form == RequantizeForm::convergent && fraction == 0) result &= ~std::int64_t{1};
            return static_cast<std::int32_t>(std::clamp(result, channel_entry(stage.low, c), channel_entry(stage.high, c)));
        }
        case RequantizeForm::thresholds: {
            const auto steps = static_cast<std::size_t>(stage.steps);
            const std::int64_t* thresholds = row(stage.thresholds, steps, channel);
            const std::ptrdiff_t passed = std::upper_bound(thresholds, thresholds + steps, acc) - thresholds;
            return static_cast<std::int32_t>(row(stage.values, steps + 1, channel)[passed]);
        }
        case RequantizeForm::table: {
            const auto size = static_cast<std::size_t>(stage.acc_max - stage.acc_min + 1);
            return static_cast<std::int32_t>(row(stage.values, size, channel)[acc - stage.acc_min]);
        }
    }
    return 0;
}

void apply(const Requantize& stage, const std::int32_t* acc, std::int32_t* out, std::int64_t positions, int channels) {
    apply_layer(stage, acc, out, positions, channels);
}

void apply(const Requantize& stage, const std::int64_t* acc, std::int32_t* out, std::int64_t positions, int channels) {
    apply_layer(stage, acc, out, positions, channels);
}

}  // namespace weft
