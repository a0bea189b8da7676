// requantize_stage.h
// The stage behind an accumulator: from exact sums to the integers of the next value. One definition, used by every face.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft {

/// How the staircase accumulator -> integer is computed in hardware. Whatever the form, it was proved equal to the rule of the contract
/// on the whole reachable accumulator range (src/quantize/staircase.h).
enum class RequantizeForm {
    none,        ///< y = acc: an exact accumulator leaves the kernel, or the rescaling is the identity.
    multiply,    ///< y = clamp((acc * m[c] + b[c]) >> shift, low[c], high[c])
    convergent,  ///< The same with a tie-to-even fix: where the low `shift` bits of acc * m + b are all zero, bit 0 of the result is
                 ///< cleared.
    thresholds,  ///< y = values[c][number of thresholds[c][i] <= acc], thresholds ascending.
    table,       ///< y = values[c][acc - acc_min]: for accumulators of few values.
};

/// Parameters of the stage. Per-channel arrays have one entry a channel, or a single one that serves all channels.
struct Requantize {
    RequantizeForm form = RequantizeForm::none;
    int channels = 1;
    std::int64_t acc_min = 0;  ///< Reachable range of the accumulator, over all channels.
    std::int64_t acc_max = 0;
    std::int64_t out_min = 0;  ///< Range of the result, over all channels.
    std::int64_t out_max = 0;

    std::vector<std::int64_t> multiplier;  ///< m, |m| < 2^34
    std::vector<std::int64_t> addend;      ///< b, |b| < 2^62
    int shift = 0;                         ///< One for the whole layer.
    std::vector<std::int64_t> low, high;   ///< Clamp bounds.

    int steps = 0;                         ///< thresholds: how many a channel has (unused ones repeat acc_max + 1).
    std::vector<std::int64_t> thresholds;  ///< [channels or 1][steps]
    std::vector<std::int64_t> values;      ///< thresholds: [channels or 1][steps + 1]; table: [channels or 1][acc_max - acc_min + 1]

    bool operator==(const Requantize&) const = default;
};

/// What such an array has for the channel.
inline std::int64_t channel_entry(const std::vector<std::int64_t>& values, std::size_t channel) {
    return values[values.size() == 1 ? 0 : channel];
}

/// The staircase at one point: the reference that every face must equal. `acc` within [acc_min, acc_max].
std::int32_t apply(const Requantize& stage, std::int64_t acc, int channel);

/// The same for a whole layer, acc and out row-major over (position, channel). In place is allowed where the types are equal.
void apply(const Requantize& stage, const std::int32_t* acc, std::int32_t* out, std::int64_t positions, int channels);
void apply(const Requantize& stage, const std::int64_t* acc, std::int32_t* out, std::int64_t positions, int channels);

}  // namespace weft
