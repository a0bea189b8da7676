// matvec_layout.h
// Shape and folding of a matvec instance, for all of its faces.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "units/common/model_parts.h"

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

    /// Where the weights of a step begin: of its first processing element and the first element of the beat.
    struct Step {
        std::int64_t output, tap, channel;
    };
    /// Steps of a vector in order: neuron folds, and in each the beats of a position.
    Step step(std::int64_t index) const {
        const std::int64_t synapse = index % synapse_folds();
        const std::int64_t channel_fold = flatten ? synapse % channel_folds() : synapse / tap_folds();
        const std::int64_t tap_fold = flatten ? synapse / channel_folds() : synapse % tap_folds();
        return {index / synapse_folds() * pe, tap_fold * taps_per_beat, channel_fold * lanes};
    }
    /// An element of a beat (of a pixel) among its taps and lanes.
    struct Place {
        std::int64_t tap, lane;
    };
    Place place(std::int64_t element) const { return {element / lanes, element % lanes}; }

    /// The weight that processing element `element` applies; zero where there is no such output, tap or channel.
    std::int64_t weight(const ConstantArray& weights, const Step& step, std::int64_t element, const Place& place) const {
        const std::int64_t output = step.output + element, tap = step.tap + place.tap, channel = step.channel + place.lane;
        if (element >= pe || output >= outputs || tap >= taps || channel >= channels) return 0;
        return weights.data[static_cast<std::size_t>((output * taps + tap) * channels + channel)];
    }

    /// Calls visit(step, pair, i, low, high) for the weights of every step, pair of processing elements and element of the beat, as
    /// `weight` gives them one by one.
    template <class Visit>
    void for_each_pair(const ConstantArray& weights, Visit visit) const {
        weights.data.visit([&](auto values) {
            const std::int64_t depth = taps * channels, beat = simd(), count = steps(), in_step = pairs();
            for (std::int64_t index = 0; index < count; ++index) {
                const Step first = step(index);
                for (std::int64_t pair = 0; pair < in_step; ++pair) {
                    const std::int64_t output = first.output + 2 * pair;
                    const bool has_low = output < outputs, has_high = 2 * pair + 1 < pe && output + 1 < outputs;
                    std::int64_t tap = first.tap, lane = 0;
                    for (std::int64_t i = 0; i < beat; ++i) {
                        const bool there = tap < taps && first.channel + lane < channels;
                        const auto at = static_cast<std::size_t>(output * depth + tap * channels + first.channel + lane);
                        const std::int64_t low = there && has_low ? values[at] : 0;
                        const std::int64_t high = there && has_high ? values[at + static_cast<std::size_t>(depth)] : 0;
                        visit(index, pair, i, low, high);
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

}  // namespace weft
