// matvec_layout.h
// Shape and folding of a matvec instance, for all of its faces.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "units/common/arithmetic.h"

namespace weft {

struct MatvecLayout {
    std::int64_t rows, columns, taps, channels, outputs, pe, pixels, lanes, taps_per_beat;
    bool flatten;

    explicit MatvecLayout(const Unit& unit)
        : rows(unit.parameter("Rows")),
          columns(unit.parameter("Columns")),
          taps(unit.parameter("Taps")),
          channels(unit.parameter("Channels")),
          outputs(unit.parameter("Outputs")),
          pe(unit.parameter("PE")),
          pixels(unit.parameter("Pixels")),
          lanes(unit.parameter("Lanes")),
          taps_per_beat(unit.parameter("TapsPerBeat")),
          flatten(unit.parameter("Flatten") != 0) {}

    std::int64_t positions() const { return rows * columns; }
    /// Vectors of a frame: those of `pixels` positions go together.
    std::int64_t vectors() const { return rows * ceil_div(columns, pixels); }
    std::int64_t depth() const { return taps * channels; }
    std::int64_t tap_folds() const { return ceil_div(taps, taps_per_beat); }
    std::int64_t channel_folds() const { return ceil_div(channels, lanes); }
    std::int64_t neuron_folds() const { return ceil_div(outputs, pe); }
    std::int64_t synapse_folds() const { return tap_folds() * channel_folds(); }
    std::int64_t steps() const { return neuron_folds() * synapse_folds(); }
    std::int64_t simd() const { return taps_per_beat * lanes; }
    std::int64_t pairs() const { return ceil_div(pe, 2); }

    /// Results of one neuron fold leave while the next one is computed, so they take at most `synapse_folds` beats. With several neuron
    /// folds the lanes divide PE, so that a beat never mixes two folds.
    bool output_lanes_fit(std::int64_t l) const {
        return l >= 1 && l <= pe && ceil_div(pe, l) <= synapse_folds() && (neuron_folds() == 1 || pe % l == 0);
    }
    std::int64_t fewest_output_lanes() const {
        std::int64_t l = ceil_div(pe, synapse_folds());
        while (!output_lanes_fit(l)) ++l;
        return l;
    }

    /// The weight that processing element `element` of neuron fold `neuron` applies to element `i` (of a pixel) of the beat of synapse fold
    /// `synapse`; zero where there is no such output, tap or channel.
    std::int64_t weight(const ConstantArray& weights, std::int64_t neuron, std::int64_t element, std::int64_t synapse,
                        std::int64_t i) const {
        const std::int64_t output = neuron * pe + element;
        const std::int64_t tap = tap_fold(synapse) * taps_per_beat + i / lanes;
        const std::int64_t channel = channel_fold(synapse) * lanes + i % lanes;
        if (element >= pe || output >= outputs || tap >= taps || channel >= channels) return 0;
        return weights.data[static_cast<std::size_t>((output * taps + tap) * channels + channel)];
    }
    std::int64_t channel_fold(std::int64_t synapse) const { return flatten ? synapse % channel_folds() : synapse / tap_folds(); }
    std::int64_t tap_fold(std::int64_t synapse) const { return flatten ? synapse / channel_folds() : synapse % tap_folds(); }

    /// Calls visit(step, pair, i, low, high) for the weights of every step, pair of processing elements and element of the beat, as
    /// `weight` gives them one by one.
    template <class Visit>
    void for_each_pair(const ConstantArray& weights, Visit visit) const {
        weights.data.visit([&](auto values) {
            const std::int64_t depth = taps * channels, beat = simd(), synapses = synapse_folds(), neurons = neuron_folds();
            for (std::int64_t neuron = 0; neuron < neurons; ++neuron)
                for (std::int64_t synapse = 0; synapse < synapses; ++synapse) {
                    const std::int64_t first_tap = tap_fold(synapse) * taps_per_beat, first_channel = channel_fold(synapse) * lanes;
                    for (std::int64_t pair = 0; pair < pairs(); ++pair) {
                        const std::int64_t output = neuron * pe + 2 * pair;
                        const bool has_low = output < outputs, has_high = 2 * pair + 1 < pe && output + 1 < outputs;
                        std::int64_t tap = first_tap, lane = 0;
                        for (std::int64_t i = 0; i < beat; ++i) {
                            const bool there = tap < taps && first_channel + lane < channels;
                            const auto at = static_cast<std::size_t>(output * depth + tap * channels + first_channel + lane);
                            const std::int64_t low = there && has_low ? values[at] : 0;
                            const std::int64_t high = there && has_high ? values[at + static_cast<std::size_t>(depth)] : 0;
                            visit(neuron * synapses + synapse, pair, i, low, high);
                            if (++lane == lanes) lane = 0, ++tap;
                        }
                    }
                }
        });
    }
};

/// Results a beat: as chosen, or the fewest that keep pace.
inline std::int64_t matvec_output_lanes(const Unit& unit) {
    const std::int64_t chosen = unit.parameter("OutputLanes");
    return chosen > 0 ? chosen : MatvecLayout(unit).fewest_output_lanes();
}

/// Do LaneShift and ChainLength, once derived, keep the two sums of a DSP apart for these weights and inputs?
bool matvec_chains_fit(const Unit& unit);
/// Bits of the sum of any cascade of ChainLength products, signed.
int matvec_chain_bits(const Unit& unit);

RtlFace matvec_rtl(const Unit& unit);
std::unique_ptr<UnitControl> matvec_control(const Unit& unit);

}  // namespace weft
