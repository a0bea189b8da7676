// matvec_rtl.cpp
// The RTL face of matvec: its weight memories, one a slot of the cascades, and its control.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <memory>

#include "units/common/control.h"
#include "units/common/stage_rtl.h"
#include "units/matvec/matvec_layout.h"

namespace weft {

namespace {

/// Deeper weight memories, and replay memories, are block RAMs.
constexpr std::int64_t most_shallow = 64;
/// Bits of shallow memory on one address register.
constexpr std::int64_t widest_shallow = 240;

struct Face {
    MatvecLayout layout;
    std::int64_t output_lanes, chain_length, chains, last_length;
    std::int64_t fold_beats, last_beats;  ///< Of a neuron fold, of the last one.
    std::int64_t output_depth;
    bool packed, deep;
    std::int64_t rom_outputs;
    std::int64_t chain_bits;
    int latency;  ///< From a vector's last step to its first beat at the output FIFO.

    explicit Face(const Unit& unit) : layout(unit) {
        output_lanes = matvec_output_lanes(unit);
        chain_length = unit.parameter("ChainLength");
        chains = ceil_div(layout.simd(), chain_length);
        last_length = layout.simd() - (chains - 1) * chain_length;
        fold_beats = ceil_div(layout.pe, output_lanes);
        last_beats = ceil_div(layout.outputs - (layout.neuron_folds() - 1) * layout.pe, output_lanes);
        output_depth = std::max<std::int64_t>({2, fold_beats, unit.outputs[0]->rtl_depth});
        packed = unit.parameter("LaneShift") > 0;
        deep = layout.steps() > most_shallow;
        const std::int64_t weight_bits = unit.parameter("WeightBits");
        const std::int64_t sharing = packed ? 2 : 1;
        rom_outputs = deep ? layout.pe
                           : std::clamp<std::int64_t>(widest_shallow / (chains * weight_bits) / sharing * sharing, sharing,
                                                      ceil_div(layout.pe, sharing) * sharing);
        chain_bits = matvec_chain_bits(unit);

        int depth = 0;
        while ((std::int64_t{1} << depth) < chains) ++depth;
        const bool accumulates = layout.synapse_folds() > 1;
        const bool slow_replay = layout.neuron_folds() > 1 && 2 * layout.synapse_folds() > most_shallow;
        const std::int64_t sum_bits = unit.parameter("AccumulatorBits");
        const bool carries = accumulates || (depth > 0 && chain_bits + depth > most_carry_bits);
        latency = (deep || slow_replay ? 2 : 1) + static_cast<int>(chain_length) + 3 + depth + (accumulates ? 1 : 0) +
                  (carries ? carry_cycles(sum_bits) : 0) + (fold_beats > 1 ? 1 : 0) + stage_latency(unit);
    }
};

class MatvecControl : public UnitControl {
public:
    explicit MatvecControl(const Unit& unit) : face_(unit), out_(face_.output_depth, face_.latency) {
        synapse_folds_ = face_.layout.synapse_folds();
        neuron_folds_ = face_.layout.neuron_folds();
    }

    bool valid(int) const override { return out_.valid(); }
    bool ready(int, const Handshakes&) const override { return neuron_folds_ == 1 ? has_room() : held_ < 2 * synapse_folds_; }
    void clock(const Handshakes& ports) override {
        const bool enters = ports.reads(0);
        const bool step = neuron_folds_ == 1 ? enters : (neuron_ > 0 || unread_ > 0) && has_room();
        const bool last_neuron = neuron_ == neuron_folds_ - 1;
        const std::int64_t beats = last_neuron ? face_.last_beats : face_.fold_beats;
        const bool finishes = step && synapse_ == synapse_folds_ - 1;
        if (finishes) leaving_ = beats;
        out_.clock(finishes ? beats : 0, leaving_ > 0, ports.writes(0));
        if (leaving_ > 0) --leaving_;
        if (enters) ++held_, ++unread_;
        if (step && neuron_ == 0) --unread_;
        if (step && last_neuron) --held_;
        if (step && ++synapse_ == synapse_folds_) {
            synapse_ = 0;
            neuron_ = last_neuron ? 0 : neuron_ + 1;
        }
    }
    std::int64_t held(int) const override { return out_.held(); }

private:
    /// Room for what the neuron fold will give, at its last step.
    bool has_room() const { return synapse_ < synapse_folds_ - 1 || out_.available(face_.fold_beats); }

    Face face_;
    CreditedOutput out_;
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
    rtl.parameters = {{"InBits", in.bits()},
                      {"InSigned", in.is_signed()},
                      {"OutBits", unit.outputs[0]->bits()},
                      {"OutputDepth", face.output_depth},
                      {"ChainBits", face.chain_bits},
                      {"RomOutputs", face.rom_outputs},
                      {"RomDeep", face.deep}};
    const auto weight_bits = static_cast<int>(unit.parameter("WeightBits"));
    const ConstantArray& weights = unit.constant("weights");
    for (std::int64_t group = 0; group * face.rom_outputs < layout.pe; ++group) {
        const std::int64_t first = group * face.rom_outputs;
        const std::int64_t members = std::min(face.rom_outputs, layout.pe - first);
        for (std::int64_t slot = 0; slot < face.chain_length; ++slot) {
            // The last chain may be shorter and ends with the others.
            const std::int64_t late = face.chain_length - face.last_length;
            const std::int64_t present = slot >= late ? face.chains : face.chains - 1;
            RtlMemory memory("weights" + std::to_string(group * face.chain_length + slot),
                             static_cast<int>(members * present * weight_bits), layout.steps());
            for (std::int64_t step = 0; step < layout.steps(); ++step)
                for (std::int64_t member = 0; member < members; ++member)
                    for (std::int64_t chain = 0; chain < present; ++chain) {
                        const std::int64_t element = chain * face.chain_length + slot - (chain == face.chains - 1 ? late : 0);
                        memory.set(
                            step, static_cast<int>((member * present + chain) * weight_bits), weight_bits,
                            layout.weight(weights, step / layout.synapse_folds(), first + member, step % layout.synapse_folds(), element));
                    }
            rtl.memories.push_back(std::move(memory));
        }
    }
    add_stage(rtl, unit, static_cast<int>(layout.outputs), static_cast<int>(face.output_lanes), static_cast<int>(layout.pixels),
              static_cast<int>(unit.parameter("AccumulatorBits")));
    return rtl;
}

std::unique_ptr<UnitControl> matvec_control(const Unit& unit) { return std::make_unique<MatvecControl>(unit); }

}  // namespace weft
