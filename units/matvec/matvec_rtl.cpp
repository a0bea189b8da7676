// matvec_rtl.cpp
// The RTL face of matvec: its weight memories, one a slot of the cascades, and its control.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <memory>
#include <vector>

#include "units/common/control.h"
#include "units/common/cost_terms.h"
#include "units/matvec/matvec_faces.h"
#include "units/matvec/matvec_layout.h"
#include "units/output/output_rtl.h"

namespace weft {

namespace {

/// Deeper weight memories, and replay memories, are block RAMs.
constexpr std::int64_t most_shallow = 64;

struct Face {
    MatvecLayout layout;
    std::int64_t output_lanes, chain_length, chains, last_length;
    std::int64_t fold_beats, last_beats;  ///< Of a neuron fold, of the last one.
    bool deep;
    int latency;  ///< From a vector's last step to its first beat at the output FIFO.

    explicit Face(const Unit& unit) : layout(unit) {
        output_lanes = matvec_output_lanes(unit);
        chain_length = unit.parameter("ChainLength");
        chains = ceil_div(layout.simd(), chain_length);
        last_length = layout.simd() - (chains - 1) * chain_length;
        fold_beats = ceil_div(layout.pe, output_lanes);
        last_beats = ceil_div(layout.outputs - (layout.neuron_folds() - 1) * layout.pe, output_lanes);
        deep = layout.steps() > most_shallow;

        int depth = 0;
        while ((std::int64_t{1} << depth) < chains) ++depth;
        const bool accumulates = layout.synapse_folds() > 1;
        const bool slow_replay = layout.neuron_folds() > 1 && 2 * layout.synapse_folds() > most_shallow;
        latency = (deep || slow_replay ? 2 : 1) + static_cast<int>(chain_length) + 3 + depth + (accumulates ? 1 : 0) +
                  (fold_beats > 1 ? 1 : 0) + stage_latency(unit);
    }

    /// The last cascade may be shorter and ends with the others.
    std::int64_t late(std::int64_t chain) const { return chain == chains - 1 ? chain_length - last_length : 0; }
    /// Whether there is a weight in a cascade's slot, and of which element of the beat; there is none before the cascade begins.
    bool has_weight(std::int64_t chain, std::int64_t slot) const { return slot >= late(chain); }
    MatvecLayout::Place place(std::int64_t chain, std::int64_t slot) const {
        return layout.place(chain * chain_length + slot - late(chain));
    }
};

// A position of three beats (synapse folds), two neuron folds that give two beats each, when nobody waits:
//
//   cycle    0    1    2    3    4    5    6    7    8
//   reads    x0   x1   x2   y0   y1   y2                    the next position enters while this one is kept for its second neuron fold
//   steps         x0   x1   x2   x0   x1   x2   y0   y1     a step a cycle; with one neuron fold a beat is a step as it is read
//   takes                   2              2                credits, with a neuron fold's last step: that one waits for room
//   gives                   r0 r1 at 3 + latency, 4 + latency; r2 r3 at 6 + latency, 7 + latency

/// MatvecControl by beats.
class MatvecTiming : public UnitTiming {
public:
    MatvecTiming(const Face& face, std::int64_t depth)
        : depth_(depth),
          latency_(face.latency + FifoControl::latency(depth)),
          synapse_folds_(face.layout.synapse_folds()),
          neuron_folds_(face.layout.neuron_folds()),
          fold_beats_(face.fold_beats),
          last_beats_(face.last_beats) {}

    bool advance(std::int64_t horizon) override { return neuron_folds_ == 1 ? advance_plain(horizon) : advance_replaying(horizon); }
    std::int64_t spare_room() const override { return fold_beats_ - last_beats_; }
    std::int64_t looks_back() const override { return std::max(depth_ < endless_places ? depth_ : 0, 2 * synapse_folds_) + 2; }

private:
    /// Every beat that is read is a step.
    bool advance_plain(std::int64_t horizon) {
        Passage &in = *inputs[0], &out = *outputs[0];
        bool stuck = false;
        while (in.waits()) {
            std::int64_t cycle = in.offered();
            if (synapse_ == synapse_folds_ - 1) {
                const std::int64_t room = room_from(out, depth_, fold_beats_);
                stuck = room == never;
                cycle = std::max(cycle, room);
            }
            if (cycle >= horizon) break;
            in.take(cycle);
            if (++synapse_ == synapse_folds_) finish(cycle, last_beats_);
        }
        if (depth_ >= endless_places) {
            in.opens(never);
        } else {
            const std::int64_t room = depth_ - (out.given() - left_by_(out, depth_, depth_, in.last_taken()));
            in.opens(in.taken() + synapse_folds_ - 1 - synapse_ + room / fold_beats_ * synapse_folds_);
        }
        return stuck;
    }

    /// Beats are kept until the last neuron fold has stepped through them; there is room for those of two positions.
    bool advance_replaying(std::int64_t horizon) {
        Passage& in = *inputs[0];
        const std::int64_t places = 2 * synapse_folds_;
        bool stuck = false;
        for (bool more = true; more;) {
            more = false;
            while (in.waits()) {
                std::int64_t cycle = in.offered();
                if (in.taken() >= places) {
                    if (in.taken() - places >= returned_.count()) break;
                    cycle = std::max(cycle, returned_.at(in.taken() - places) + 1);
                }
                if (cycle >= horizon) break;
                in.take(cycle);
                more = true;
            }
            stuck = false;
            while (step(stuck)) more = true;
        }
        while (returned_by_ < returned_.count() && returned_.at(returned_by_) <= in.last_taken()) ++returned_by_;
        in.opens(places + returned_by_);
        returned_.forget(std::min(returned_by_, in.taken() - places));
        return stuck;
    }

    /// One step of a neuron fold that needs a beat or gives it back, else all up to its last one.
    bool step(bool& stuck) {
        const Passage& in = *inputs[0];
        const bool last_neuron = neuron_ == neuron_folds_ - 1;
        std::int64_t cycle = cycle_ + 1;
        if (neuron_ == 0) {
            const std::int64_t beat = first_beat_ + synapse_;
            if (beat >= in.taken()) return false;
            cycle = std::max(cycle, in.at(beat) + 1);
        } else if (!last_neuron) {
            cycle += synapse_folds_ - 1 - synapse_;
            synapse_ = synapse_folds_ - 1;
            cycle_ = cycle - 1;
        }
        if (synapse_ == synapse_folds_ - 1) {
            const std::int64_t room = room_from(*outputs[0], depth_, fold_beats_);
            stuck = room == never;
            if (stuck) return false;
            cycle = std::max(cycle, room);
        }
        cycle_ = cycle;
        if (last_neuron) returned_.push(cycle);
        if (++synapse_ < synapse_folds_) return true;
        finish(cycle, last_neuron ? last_beats_ : fold_beats_);
        neuron_ = last_neuron ? 0 : neuron_ + 1;
        if (last_neuron) first_beat_ += synapse_folds_;
        return true;
    }

    void finish(std::int64_t cycle, std::int64_t beats) {
        synapse_ = 0;
        for (std::int64_t beat = 0; beat < beats; ++beat) {
            outputs[0]->promise(cycle);
            outputs[0]->give(cycle + beat + latency_);
        }
    }

    std::int64_t depth_, latency_, synapse_folds_, neuron_folds_, fold_beats_, last_beats_;
    std::int64_t synapse_ = 0, neuron_ = 0;  ///< Of the step to come.
    std::int64_t cycle_ = -1;                ///< Of the last step.
    std::int64_t first_beat_ = 0;            ///< Of the present position.
    BeatCycles returned_;                    ///< When the last neuron fold stepped through each beat.
    std::int64_t returned_by_ = 0;           ///< Those until the last beat was read.
    LeftBy left_by_;
};

class MatvecControl : public BufferedControl {
public:
    MatvecControl(const Face& face, std::int64_t depth)
        // The last neuron fold asks for the room of a whole one.
        : BufferedControl(CreditedOutput(depth, face.latency, face.fold_beats), face.fold_beats - face.last_beats),
          face_(face),
          depth_(depth),
          synapse_folds_(face.layout.synapse_folds()),
          neuron_folds_(face.layout.neuron_folds()) {}

    bool ready(int, const Handshakes&) const override { return neuron_folds_ == 1 ? has_room() : held_ < 2 * synapse_folds_; }
    void clock(const Handshakes& ports) override {
        const bool enters = ports.reads(0);
        const bool step = neuron_folds_ == 1 ? enters : (neuron_ > 0 || unread_ > 0) && has_room();
        const bool last_neuron = neuron_ == neuron_folds_ - 1;
        const std::int64_t beats = last_neuron ? face_.last_beats : face_.fold_beats;
        const bool finishes = step && synapse_ == synapse_folds_ - 1;
        if (finishes) leaving_ = beats;
        output_.clock(finishes ? beats : 0, leaving_ > 0, ports.writes(0));
        if (leaving_ > 0) --leaving_;
        if (enters) ++held_, ++unread_;
        if (step && neuron_ == 0) --unread_;
        if (step && last_neuron) --held_;
        if (step && ++synapse_ == synapse_folds_) {
            synapse_ = 0;
            neuron_ = last_neuron ? 0 : neuron_ + 1;
        }
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<MatvecTiming>(face_, depth_); }

private:
    /// Room for what the neuron fold will give, at its last step.
    bool has_room() const { return synapse_ < synapse_folds_ - 1 || output_.room(); }

    Face face_;
    std::int64_t depth_;
    std::int64_t synapse_folds_, neuron_folds_;
    std::int64_t synapse_ = 0, neuron_ = 0;  ///< Of the step to come.
    std::int64_t held_ = 0;                  ///< Beats that will still be given.
    std::int64_t unread_ = 0;                ///< Of these, beats that have not been given yet.
    std::int64_t leaving_ = 0;               ///< Beats of a finished neuron fold that have not been sent yet.
};

}  // namespace

RtlFace matvec_rtl(const Unit& unit) {
    assert(matvec_chains_fit(unit));
    const Face face(unit);
    const MatvecLayout& layout = face.layout;
    const Stream& in = *unit.inputs[0];
    RtlFace rtl;
    rtl.parameters = {{"InBits", in.bits()}, {"InSigned", in.is_signed()}, {"ChainBits", matvec_chain_bits(unit)}, {"RomDeep", face.deep}};
    const auto weight_bits = static_cast<int>(unit.parameter("WeightBits"));
    const ConstantArray& weights = unit.constant("weights");
    std::vector<MatvecLayout::Step> steps;
    for (std::int64_t step = 0; step < layout.steps(); ++step) steps.push_back(layout.step(step));
    for (std::int64_t slot = 0; slot < face.chain_length; ++slot) {
        std::vector<MatvecLayout::Place> places;
        for (std::int64_t chain = 0; chain < face.chains; ++chain)
            if (face.has_weight(chain, slot)) places.push_back(face.place(chain, slot));
        if (places.empty()) continue;
        RtlMemory memory("weights" + std::to_string(slot), static_cast<int>(layout.pe * std::ssize(places) * weight_bits), layout.steps());
        for (std::size_t step = 0; step < steps.size(); ++step) {
            int at = 0;
            for (std::int64_t output = 0; output < layout.pe; ++output)
                for (const MatvecLayout::Place& place : places) {
                    memory.set(static_cast<std::int64_t>(step), at, weight_bits, layout.weight(weights, steps[step], output, place));
                    at += weight_bits;
                }
        }
        rtl.memories.push_back(std::move(memory));
    }
    rtl.output = output_of(unit, static_cast<int>(unit.parameter("AccumulatorBits")), face.fold_beats);
    return rtl;
}

CostFeatures matvec_features(const Unit& unit, const RtlFace& rtl) {
    const Face face(unit);
    const MatvecLayout& layout = face.layout;
    const RomContents weights = rom_contents(rtl.memories);
    const std::int64_t steps = layout.steps(), chains = face.chains, chain = face.chain_length, late = face.late(chains - 1);
    const bool replays = layout.neuron_folds() > 1;
    const std::int64_t input = beat_bits(unit, false, 0), replayed = 2 * layout.synapse_folds();
    const std::int64_t accumulator_bits = unit.parameter("AccumulatorBits"), chain_bits = matvec_chain_bits(unit);
    const std::int64_t sums = layout.pe * layout.pixels, leaving = layout.pixels * face.output_lanes * accumulator_bits;
    // An element waits a cycle for each cell of its cascade before its own: one or two in registers, more in shift registers.
    std::int64_t registers = 0, shifts = (chains - 1) * std::max<std::int64_t>(0, chain - 3);
    if (chain > 1) registers += chains - 1 + (late < 2 ? 1 : 0);
    if (chain > 2) registers += 2 * (chains - 1 + (late < 3 ? 1 : 0));
    shifts += std::max<std::int64_t>(0, chain - std::max<std::int64_t>(3, late));
    const std::int64_t element_bits = layout.pixels * unit.inputs[0]->bits();
    // Of up to 4 words, a column may be a bit of the address.
    const double column_luts = face.deep || steps <= 2 ? 0 : steps <= 4 ? 10.0 / 14 : 1;
    return {
        {{"unit", 1},
         {"counters", clog2(layout.synapse_folds()) + clog2(layout.neuron_folds()) + clog2(face.fold_beats)},
         {"inputs", input},
         {"late_inputs", face.deep || (replays && replayed > most_shallow) ? input : 0},
         {"input_registers", element_bits * registers},
         {"input_shifts", element_bits * shifts},
         {"rom_bits", static_cast<double>(weights.columns) * column_luts},
         {"deep_rom_bits", face.deep && chain > 1 ? weights.width : 0},
         // A cell outside of a cascade may have its weight's register within.
         {"lone_deep_rom_bits", face.deep && chain == 1 ? weights.width : 0},
         {"rom_addresses", chain * clog2(steps)},
         {"outputs", sums},
         // An adder has a bit more than those before it.
         {"tree_bits", sums * ((chains - 1) * (chain_bits + 2) - clog2(chains))},
         // A tree of fewer words than a power of two holds some for a level.
         {"waiting_bits", sums * (words_for(chains) - chains) * (chain_bits + 1)},
         {"accumulator_bits", layout.synapse_folds() > 1 ? sums * accumulator_bits : 0},
         {"held_bits", layout.pixels * (layout.pe - face.output_lanes) * accumulator_bits},
         {"chosen_bits", face.fold_beats > 1 ? leaving : 0},
         {"choices", leaving * ceil_div(face.fold_beats - 1, 3)},
         {"replay_memory", replays ? fifo_luts(input, replayed) : 0},
         {"replay_bits", replays ? input : 0}},
        (face.deep ? weights.bram36 : 0) + (replays && replayed > most_shallow ? block_memory(static_cast<double>(input), replayed) : 0)};
}

std::unique_ptr<UnitControl> matvec_control(const Unit& unit, std::int64_t depth) {
    const Face face(unit);
    return std::make_unique<MatvecControl>(face, output_depth(depth, face.fold_beats));
}

}  // namespace weft
