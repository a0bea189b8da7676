// matvec_hls.cpp
// The HLS face of matvec: packing proved from the weights, and the weight table in the order of the steps.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <utility>

#include "src/design/dsp.h"
#include "units/common/field_words.h"
#include "units/matvec/matvec_faces.h"
#include "units/matvec/matvec_layout.h"

namespace weft {

namespace {

constexpr int longest_chain = 36;  // cascaded DSPs; longer ones limit placement
// Longer chains save adders (sums of 36 products take about 5 LUTs a DSP in chains of 9, 3 in chains of 18), shorter ones latency.
constexpr int preferred_chain = 9;

/// Range of weight * input.
std::pair<std::int64_t, std::int64_t> product_range(std::int64_t weight, const Stream& input) {
    return std::minmax(weight * input.min, weight * input.max);
}

/// Do all chains of `length` products sum, in the low lane, to at most `shift` signed bits, partial sums included?
bool chains_fit(const MatvecLayout& s, const ConstantArray& weights, const Stream& input, std::int64_t length, int shift) {
    const std::int64_t limit = std::int64_t{1} << (shift - 1);
    std::int64_t low = 0, high = 0;
    bool fits = true;
    s.for_each_pair(weights, [&](std::int64_t, std::int64_t, std::int64_t i, std::int64_t weight, std::int64_t) {
        if (i % length == 0) low = high = 0;
        const auto [least, most] = product_range(weight, input);
        low += std::min<std::int64_t>(least, 0);
        high += std::max<std::int64_t>(most, 0);
        fits = fits && low >= -limit && high < limit;
    });
    return fits;
}

/// The largest shift up to `most` at which every packed word fits the wide operand.
int largest_shift(const MatvecLayout& s, const ConstantArray& weights, const DspCell& cell, int most) {
    const std::int64_t limit = std::int64_t{1} << (cell.wide_bits - 1);
    int shift = most;
    s.for_each_pair(weights, [&](std::int64_t, std::int64_t, std::int64_t, std::int64_t low, std::int64_t high) {
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
    const MatvecLayout s(unit);
    const ConstantArray& weights = unit.constant("weights");
    const Stream& input = *unit.inputs[0];
    std::int64_t shift = 0;
    // Wide sums are cheaper inside the DSPs than in adders as wide.
    std::int64_t longest = unit.parameter("AccumulatorBits") <= 24 ? preferred_chain : longest_chain;
    if (unit.parameter("WeightBits") <= 8 && input.bits() <= 8 && s.pe > 1) {
        // A high weight of n bits leaves wide_bits - n for the shift; beyond the bits of any chain a larger one brings nothing.
        shift = largest_shift(s, weights, unit.dsp, unit.dsp.wide_bits - 2);
    }
    // The fewest chains, all of about one length.
    std::int64_t chain = 0;
    for (std::int64_t chains = ceil_div(s.simd(), longest);; ++chains) {
        chain = ceil_div(s.simd(), chains);
        if (chain == 1 || shift == 0 || chains_fit(s, weights, input, chain, static_cast<int>(shift))) break;
    }
    unit.parameters.insert_or_assign("LaneShift", shift);
    unit.parameters.insert_or_assign("ChainLength", chain);
}

bool matvec_chains_fit(const Unit& unit) {
    const MatvecLayout s(unit);
    const auto shift = static_cast<int>(unit.parameter("LaneShift"));
    const std::int64_t chain = unit.parameter("ChainLength");
    const ConstantArray& weights = unit.constant("weights");
    if (chain < 1 || chain > s.simd() || chain > longest_chain) return false;
    if (shift == 0) return true;
    return unit.inputs[0]->bits() <= 8 && largest_shift(s, weights, unit.dsp, shift) == shift &&
           chains_fit(s, weights, *unit.inputs[0], chain, shift);
}

int matvec_chain_bits(const Unit& unit) {
    const MatvecLayout s(unit);
    const Stream& input = *unit.inputs[0];
    const std::int64_t length = unit.parameter("ChainLength"), depth = s.depth();
    std::int64_t least = -1, most = 0;
    const auto reach = [&](std::int64_t positive, std::int64_t negative) {
        least = std::min(least, positive * input.min + negative * input.max);
        most = std::max(most, positive * input.max + negative * input.min);
    };
    const NarrowIntegers& values = unit.constant("weights").data;
    if (length == 1) {
        const auto [low, high] = values.range();
        reach(std::max<std::int64_t>(high, 0), 0);
        reach(0, std::min<std::int64_t>(low, 0));
        return bits_for(least, most);
    }
    values.visit([&](auto weights) {
        for (std::int64_t output = 0; output < s.outputs; ++output)
            for (std::int64_t first_tap = 0; first_tap < s.taps; first_tap += s.taps_per_beat)
                for (std::int64_t first_channel = 0; first_channel < s.channels; first_channel += s.lanes) {
                    const std::int64_t lanes = std::min(s.lanes, s.channels - first_channel);
                    std::int64_t sum = 0, magnitude = 0, place = 0;  // of the chain's weights; its elements so far
                    const auto end_chain = [&] {
                        reach((magnitude + sum) / 2, (sum - magnitude) / 2);
                        sum = magnitude = place = 0;
                    };
                    for (std::int64_t tap = first_tap; tap < std::min(s.taps, first_tap + s.taps_per_beat); ++tap) {
                        const auto* row = &weights[static_cast<std::size_t>(output * depth + tap * s.channels + first_channel)];
                        for (std::int64_t lane = 0; lane < s.lanes;) {
                            const std::int64_t end = std::min(s.lanes, lane + length - place);
                            place += end - lane;
                            for (; lane < std::min(end, lanes); ++lane) {
                                sum += row[lane];
                                magnitude += std::abs(std::int64_t{row[lane]});
                            }
                            lane = end;
                            if (place == length) end_chain();
                        }
                    }
                    end_chain();
                }
    });
    return bits_for(least, most);
}

std::vector<RomTable> matvec_roms(const Unit& unit) {
    const MatvecLayout s(unit);
    const ConstantArray& weights = unit.constant("weights");
    const int shift = static_cast<int>(unit.parameter("LaneShift"));
    const std::int64_t steps = s.neuron_folds() * s.synapse_folds();
    const bool packed = shift > 0;
    FieldWords words(steps, (packed ? s.pairs() : s.pe) * s.simd(),
                     packed ? unit.dsp.wide_bits : static_cast<int>(unit.parameter("WeightBits")));
    s.for_each_pair(weights, [&](std::int64_t step, std::int64_t pair, std::int64_t i, std::int64_t low, std::int64_t high) {
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
