// depthwise_hls.cpp
// The HLS face of depthwise: the weight table in the order of the steps.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/field_words.h"
#include "units/depthwise/depthwise_faces.h"

namespace weft {

std::vector<RomTable> depthwise_roms(const Unit& unit) {
    const std::int64_t taps = unit.parameter("Taps");
    const std::int64_t channels = unit.parameter("Channels");
    const std::int64_t multiplier = unit.parameter("Multiplier");
    const std::int64_t lanes = unit.parameter("Lanes");
    const std::int64_t taps_per_beat = unit.parameter("TapsPerBeat");
    const std::int64_t tap_folds = (taps + taps_per_beat - 1) / taps_per_beat;
    const std::int64_t channel_folds = (channels + lanes - 1) / lanes;
    const ConstantArray& weights = unit.constant("weights");

    FieldWords words(channel_folds * tap_folds, lanes * multiplier * taps_per_beat, static_cast<int>(unit.parameter("WeightBits")));
    for (std::int64_t filter = 0; filter < channels * multiplier; ++filter)
        for (std::int64_t tap = 0; tap < taps; ++tap)
            words.set(filter / (lanes * multiplier) * tap_folds + tap / taps_per_beat,
                      filter % (lanes * multiplier) * taps_per_beat + tap % taps_per_beat,
                      weights.data[static_cast<std::size_t>(filter * taps + tap)]);
    return {std::move(words).table("weights")};
}

}  // namespace weft
