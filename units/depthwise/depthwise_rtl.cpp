// depthwise_rtl.cpp
// The RTL face of depthwise: how products share DSPs, what its module needs, and its control.
// SPDX-License-Identifier: Apache-2.0
#include "units/depthwise/depthwise_faces.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>

#include "src/design/dsp.h"
#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/common/pipeline_rtl.h"
#include "units/output/output_rtl.h"

namespace weft {

namespace {

constexpr std::int64_t longest_chain = 32;  // cascaded DSPs; longer ones limit placement
constexpr int mac_latency = 4;
// Up to this depth weights are in LUTs, of which one holds 64 bits. The same constant stands in depthwise.sv.
constexpr std::int64_t deepest_logic_memory = 256;

struct Layout {
    std::int64_t taps, channels, multiplier, pixels, lanes, taps_per_beat, chain;

    explicit Layout(const Unit& unit)
        : taps(unit.parameter("Taps")),
          channels(unit.parameter("Channels")),
          multiplier(unit.parameter("Multiplier")),
          pixels(unit.parameter("Pixels")),
          lanes(unit.parameter("Lanes")),
          taps_per_beat(unit.parameter("TapsPerBeat")),
          chain(unit.parameter("ChainLength")) {}

    std::int64_t tap_folds() const { return ceil_div(taps, taps_per_beat); }
    std::int64_t channel_folds() const { return ceil_div(channels, lanes); }
    std::int64_t steps() const { return tap_folds() * channel_folds(); }
    std::int64_t chains() const { return ceil_div(taps_per_beat, chain); }
    /// Where the tap of a beat stands in the skewed order of its chain: chains end together.
    std::int64_t place(std::int64_t tap) const {
        const std::int64_t last_length = taps_per_beat - (chains() - 1) * chain;
        return tap % chain + (tap / chain == chains() - 1 ? chain - last_length : 0);
    }
};

/// Do `high` * 2^shift + `low` fit the wide operand for all values in low..high?
bool pair_fits(const DspCell& cell, std::int64_t low, std::int64_t high, int shift) {
    const std::int64_t limit = std::int64_t{1} << (cell.wide_bits - 1);
    return (std::min<std::int64_t>(low, 0) << shift) + std::min<std::int64_t>(low, 0) >= -limit &&
           (std::max<std::int64_t>(high, 0) << shift) + std::max<std::int64_t>(high, 0) < limit;
}

/// The widest lanes that two values of the unit leave in the wide operand; 0 if there is nothing to share, or no room.
int widest_lanes(const Unit& unit) {
    const Layout s(unit);
    const Stream& input = *unit.inputs[0];
    const auto [least, most] = unit.constant("weights").data.range();
    if (s.pixels == 1 && (s.multiplier == 1 || input.bits() + (input.is_signed() ? 0 : 1) > unit.dsp.narrow_bits)) return 0;
    // A lane wider than half the sum would leave too little to its neighbour.
    int shift = unit.dsp.sum_bits / 2;
    while (shift > 0 && !(s.pixels > 1 ? pair_fits(unit.dsp, input.min, input.max, shift) : pair_fits(unit.dsp, least, most, shift)))
        --shift;
    return shift;
}

/// Do the sums of all chains of `length` products fit `shift` signed bits?
bool chains_fit(const Unit& unit, std::int64_t length, int shift) {
    const Layout s(unit);
    const NarrowIntegers& weights = unit.constant("weights").data;
    const Stream& input = *unit.inputs[0];
    const std::int64_t limit = std::int64_t{1} << (shift - 1);
    for (std::int64_t filter = 0; filter < s.channels * s.multiplier; ++filter) {
        std::int64_t low = 0, high = 0;
        for (std::int64_t tap = 0; tap < s.taps; ++tap) {
            if (tap % s.taps_per_beat % length == 0) low = high = 0;
            const std::int64_t weight = weights[static_cast<std::size_t>(filter * s.taps + tap)];
            low += std::min(weight * input.min, weight * input.max);
            high += std::max(weight * input.min, weight * input.max);
            // Ends of a chain only: what counts is where it ends, for the sum in between wraps without harm.
            const bool ends =
                tap + 1 == s.taps || tap % s.taps_per_beat + 1 == s.taps_per_beat || tap % s.taps_per_beat % length + 1 == length;
            if (ends && (low < -limit || high >= limit)) return false;
        }
    }
    return true;
}

/// LaneShift: 0 where not even single products fit.
int lane_shift(const Unit& unit) {
    const int shift = widest_lanes(unit);
    return shift > 0 && chains_fit(unit, 1, shift) ? shift : 0;
}

int weight_latency(const Layout& s) { return s.steps() == 1 ? 0 : s.steps() <= deepest_logic_memory ? 1 : 2; }

int log2_ceil(std::int64_t count) { return std::bit_width(static_cast<std::uint64_t>(count - 1)); }

/// Cycles from a beat's reading to its results' arrival in the FIFO.
int latency(const Unit& unit) {
    const Layout s(unit);
    return weight_latency(s) + static_cast<int>(s.chain) - 1 + mac_latency + log2_ceil(s.chains()) + (s.tap_folds() > 1 ? 1 : 0) +
           stage_latency(unit);
}

}  // namespace

std::int64_t depthwise_mac_dsp(const Unit& unit) {
    const Layout s(unit);
    const bool shared = lane_shift(unit) > 0;
    const std::int64_t pixels = shared && s.pixels > 1 ? s.pixels / 2 : s.pixels;
    const std::int64_t filters = shared && s.pixels == 1 ? ceil_div(s.multiplier, 2) : s.multiplier;
    return pixels * filters * s.lanes * s.taps_per_beat;
}

void depthwise_derive_packing(Unit& unit) {
    const std::int64_t taps = unit.parameter("TapsPerBeat");
    const int shift = lane_shift(unit);
    std::int64_t chain = std::min(taps, longest_chain);
    if (shift > 0) {
        while (!chains_fit(unit, chain, shift)) --chain;
    }
    // Chains of equal length wait least for one another.
    for (std::int64_t even = ceil_div(taps, ceil_div(taps, chain)); even < chain; ++even)
        if (shift == 0 || chains_fit(unit, even, shift)) chain = even;
    unit.parameters.insert_or_assign("LaneShift", shift);
    unit.parameters.insert_or_assign("ChainLength", chain);
}

RtlFace depthwise_rtl(const Unit& unit) {
    const Layout s(unit);
    const int bits = static_cast<int>(unit.parameter("WeightBits"));
    RtlFace face = pipeline_face(unit, static_cast<int>(unit.parameter("AccumulatorBits")));
    const NarrowIntegers& weights = unit.constant("weights").data;
    for (std::int64_t place = 0; place < s.chain; ++place) {
        RtlMemory memory("weights" + std::to_string(place), static_cast<int>(s.lanes * s.chains() * s.multiplier) * bits, s.steps());
        for (std::int64_t channel = 0; channel < s.channels; ++channel)
            for (std::int64_t filter = 0; filter < s.multiplier; ++filter)
                for (std::int64_t tap = 0; tap < s.taps; ++tap) {
                    const std::int64_t in_beat = tap % s.taps_per_beat;
                    if (s.place(in_beat) != place) continue;
                    const std::int64_t field = (channel % s.lanes * s.chains() + in_beat / s.chain) * s.multiplier + filter;
                    memory.set(channel / s.lanes * s.tap_folds() + tap / s.taps_per_beat, static_cast<int>(field) * bits, bits,
                               weights[static_cast<std::size_t>((channel * s.multiplier + filter) * s.taps + tap)]);
                }
        face.memories.push_back(std::move(memory));
    }
    return face;
}

CostFeatures depthwise_features(const Unit& unit, const RtlFace& face) {
    const Layout s(unit);
    const RomContents weights = rom_contents(face.memories);
    const std::int64_t steps = s.steps(), chains = s.chains(), chain = s.chain, wait = weight_latency(s);
    const std::int64_t in_bits = unit.inputs[0]->bits(), accumulator_bits = unit.parameter("AccumulatorBits");
    const std::int64_t shift = unit.parameter("LaneShift");
    const std::int64_t product_bits = in_bits + 1 + unit.parameter("WeightBits") + clog2(chain);
    const std::int64_t chain_bits = shift > 0 ? shift : std::min({std::int64_t{unit.dsp.sum_bits}, accumulator_bits, product_bits});
    // An element waits for its weight, and a cycle for each cell of its chain before its own: one or two in registers, more in an SRL.
    const std::int64_t registers = wait == 0 ? (chain > 1) + 2 * (chain > 2) : wait == 1 ? 1 + 2 * (chain > 1) : 2;
    const std::int64_t shifts = std::max<std::int64_t>(0, chain - 3 + wait);
    const std::int64_t elements = s.lanes * s.pixels, sums = elements * s.multiplier;
    // Of the tree over the chains, with those that wait for a level.
    const std::int64_t tree_words = words_for(chains) - 1;
    // Of up to 4 words, a column may be a bit of the address.
    const double column_luts = steps == 2 ? 0 : steps <= 4 ? 10.0 / 14 : static_cast<double>(ceil_div(steps, 64));
    return {{{"unit", 1},
             {"counters", clog2(s.tap_folds()) + 2 * clog2(steps)},
             {"flow", (wait + chain + 3 + clog2(chains)) * (s.tap_folds() > 1 ? 2 : 1)},
             {"input_registers", in_bits * elements * std::min(chains * registers, s.taps_per_beat * std::max<std::int64_t>(1, wait))},
             {"input_shifts", in_bits * elements * chains * shifts},
             {"weight_registers", wait == 1   ? weights.columns
                                  : wait == 2 ? weights.width
                                              : 0},
             {"rom_bits", wait == 1 ? static_cast<double>(weights.columns) * column_luts : 0},
             {"rom_addresses", wait > 0 ? weights.count * clog2(steps) : 0},
             {"tree_registers", sums * tree_words * (chain_bits + 1 + (chains > 2))},
             {"tree_bits", sums * ((chains - 1) * (chain_bits + 2) - clog2(chains))},
             {"accumulator_bits", s.tap_folds() > 1 ? sums * accumulator_bits : 0}},
            steps > deepest_logic_memory ? weights.bram36 : 0};
}

std::unique_ptr<UnitControl> depthwise_control(const Unit& unit, std::int64_t depth) {
    return std::make_unique<PipelineControl>(unit, depth, latency(unit), Layout(unit).tap_folds());
}

}  // namespace weft
