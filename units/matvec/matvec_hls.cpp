// matvec_hls.cpp
// The HLS face of matvec: packing proved from the weights, and the weight table in the order of the steps.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <utility>

#include "units/common/field_words.h"
#include "units/common/unit_faces.h"

namespace weft {

namespace {

constexpr int packed_bits = 27;    // the wide operand of a DSP48E2
constexpr int longest_chain = 32;  // cascaded DSPs; longer ones limit placement

struct Shape {
    std::int64_t outputs, taps, channels, pe, lanes, taps_per_beat, tap_folds, channel_folds;
    bool flatten;

    explicit Shape(const Unit& unit)
        : outputs(unit.parameter("Outputs")),
          taps(unit.parameter("Taps")),
          channels(unit.parameter("Channels")),
          pe(unit.parameter("PE")),
          lanes(unit.parameter("Lanes")),
          taps_per_beat(unit.parameter("TapsPerBeat")),
          tap_folds((taps + taps_per_beat - 1) / taps_per_beat),
          channel_folds((channels + lanes - 1) / lanes),
          flatten(unit.parameter("Flatten") != 0) {}

    std::int64_t simd() const { return taps_per_beat * lanes; }
    std::int64_t synapse_folds() const { return tap_folds * channel_folds; }
    std::int64_t neuron_folds() const { return (outputs + pe - 1) / pe; }
    std::int64_t pairs() const { return (pe + 1) / 2; }
};

/// The weight that processing element `element` of neuron fold `neuron` applies to element `i` of the beat of synapse fold `synapse`;
/// zero where there is no such output, tap or channel.
std::int64_t weight_at(const Shape& s, const ConstantArray& weights, std::int64_t neuron, std::int64_t element, std::int64_t synapse,
                       std::int64_t i) {
    const std::int64_t channel_fold = s.flatten ? synapse % s.channel_folds : synapse / s.tap_folds;
    const std::int64_t tap_fold = s.flatten ? synapse / s.channel_folds : synapse % s.tap_folds;
    const std::int64_t output = neuron * s.pe + element;
    const std::int64_t tap = tap_fold * s.taps_per_beat + i / s.lanes;
    const std::int64_t channel = channel_fold * s.lanes + i % s.lanes;
    if (element >= s.pe || output >= s.outputs || tap >= s.taps || channel >= s.channels) return 0;
    return weights.data[static_cast<std::size_t>((output * s.taps + tap) * s.channels + channel)];
}

/// Calls visit(step, pair, i, low, high) for the pair of weights of every step, pair of processing elements and element of the beat.
template <class Visit>
void for_each_pair(const Shape& s, const ConstantArray& weights, Visit visit) {
    for (std::int64_t neuron = 0; neuron < s.neuron_folds(); ++neuron)
        for (std::int64_t synapse = 0; synapse < s.synapse_folds(); ++synapse)
            for (std::int64_t pair = 0; pair < s.pairs(); ++pair)
                for (std::int64_t i = 0; i < s.simd(); ++i)
                    visit(neuron * s.synapse_folds() + synapse, pair, i, weight_at(s, weights, neuron, 2 * pair, synapse, i),
                          weight_at(s, weights, neuron, 2 * pair + 1, synapse, i));
}

/// Range of weight * input.
std::pair<std::int64_t, std::int64_t> product_range(std::int64_t weight, const Stream& input) {
    return std::minmax(weight * input.min, weight * input.max);
}

/// Do all chains of `length` products sum, in the low lane, to at most `shift` signed bits, partial sums included?
bool chains_fit(const Shape& s, const ConstantArray& weights, const Stream& input, std::int64_t length, int shift) {
    const std::int64_t limit = std::int64_t{1} << (shift - 1);
    std::int64_t low = 0, high = 0;
    bool fits = true;
    for_each_pair(s, weights, [&](std::int64_t, std::int64_t, std::int64_t i, std::int64_t weight, std::int64_t) {
        if (i % length == 0) low = high = 0;
        const auto [least, most] = product_range(weight, input);
        low += std::min<std::int64_t>(least, 0);
        high += std::max<std::int64_t>(most, 0);
        fits = fits && low >= -limit && high < limit;
    });
    return fits;
}

/// The largest shift up to `most` at which every packed word fits the wide operand.
int largest_shift(const Shape& s, const ConstantArray& weights, int most) {
    const std::int64_t limit = std::int64_t{1} << (packed_bits - 1);
    int shift = most;
    for_each_pair(s, weights, [&](std::int64_t, std::int64_t, std::int64_t, std::int64_t low, std::int64_t high) {
        const auto fits = [&] {
            const std::int64_t word = high * (std::int64_t{1} << shift) + low;
            return word >= -limit && word < limit;
        };
        while (shift > 0 && !fits()) --shift;
    });
    return shift;
}

}  // namespace

void matvec_derive(Unit& unit) {
    const Shape s(unit);
    const ConstantArray& weights = unit.constant("weights");
    const Stream& input = *unit.inputs[0];
    std::int64_t shift = 0, chain = 0;
    if (unit.parameter("WeightBits") <= 8 && input.bits() <= 8 && s.pe > 1) {
        // A high weight of n bits leaves 27 - n for the shift; beyond the bits of any chain a larger one brings nothing.
        shift = largest_shift(s, weights, packed_bits - 2);
        chain = std::min<std::int64_t>(s.simd(), longest_chain);
        while (chain > 1 && !chains_fit(s, weights, input, chain, static_cast<int>(shift))) --chain;
    }
    unit.parameters.insert_or_assign("LaneShift", shift);
    unit.parameters.insert_or_assign("ChainLength", chain);
}

std::vector<RomTable> matvec_roms(const Unit& unit) {
    const Shape s(unit);
    const ConstantArray& weights = unit.constant("weights");
    const int shift = static_cast<int>(unit.parameter("LaneShift"));
    const std::int64_t steps = s.neuron_folds() * s.synapse_folds();
    const bool packed = shift > 0;
    FieldWords words(steps, (packed ? s.pairs() : s.pe) * s.simd(), packed ? packed_bits : static_cast<int>(unit.parameter("WeightBits")));
    for_each_pair(s, weights, [&](std::int64_t step, std::int64_t pair, std::int64_t i, std::int64_t low, std::int64_t high) {
        if (packed) {
            words.set(step, pair * s.simd() + i, high * (std::int64_t{1} << shift) + low);
        } else {
            words.set(step, 2 * pair * s.simd() + i, low);
            if (2 * pair + 1 < s.pe) words.set(step, (2 * pair + 1) * s.simd() + i, high);
        }
    });
    return {std::move(words).table("weights")};
}

}  // namespace weft
