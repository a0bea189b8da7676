// pipeline_rtl.h
// Units that take a beat from each input at once, work on it in a pipeline that never stops and end in a FIFO: their face and control.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "src/design/unit_def.h"
#include "units/common/control.h"
#include "units/output/output_rtl.h"

namespace weft {

/// The face of units whose input's elements and accumulators are all that they ask for.
inline RtlFace pipeline_face(const Unit& unit, int acc_bits) {
    const Stream& in = *unit.inputs[0];
    return {{{"InBits", in.bits()}, {"InSigned", in.is_signed()}}, {}, output_of(unit, acc_bits)};
}

/// Signed bits of a stream's elements.
inline int signed_width(const Stream& stream) { return stream.bits() + (stream.is_signed() ? 0 : 1); }

/// PipelineControl by beats.
class PipelineTiming final : public UnitTiming {
public:
    PipelineTiming(std::int64_t depth, int latency, std::int64_t beats_in, std::int64_t beats_out)
        : depth_(depth), latency_(latency + FifoControl::latency(depth)), silent_(beats_in - beats_out), beats_in_(beats_in) {}

    bool advance(std::int64_t horizon) override {
        Passage& out = *outputs[0];
        for (;;) {
            std::int64_t cycle = 0;
            for (const Passage* in : inputs) cycle = std::max(cycle, in->waits() ? in->offered() : never);
            if (cycle >= horizon) break;
            const std::int64_t room = room_from(out, depth_);
            if (room == never) return true;
            cycle = std::max(cycle, room);
            if (cycle >= horizon) break;
            for (Passage* in : inputs) in->take(cycle);
            if (taken_ >= silent_) {
                out.promise(cycle);
                out.give(cycle + latency_);
            }
            if (++taken_ == beats_in_) taken_ = 0;
        }
        if (inputs.size() == 1) open(*inputs[0], out);
        return false;
    }
    std::int64_t looks_back() const override { return depth_ < endless_places ? depth_ + 2 : 2; }

private:
    /// Beats that find a credit for certain.
    void open(Passage& in, const Passage& out) {
        if (depth_ >= endless_places) return in.opens(never);
        const std::int64_t room = depth_ + left_by_(out, depth_, latency_, in.last_taken()) - out.given();
        if (room > 0) in.opens(in.taken() + room + std::max<std::int64_t>(0, silent_ - taken_));
    }

    std::int64_t depth_, latency_;
    std::int64_t silent_, beats_in_;  ///< Of a group the first beats that give none; all.
    std::int64_t taken_ = 0;          ///< Beats of the present group.
    LeftBy left_by_;
};

/// The control of such a unit: every input is ready while there is a credit (and, of two inputs, the other one is valid). Of every
/// `beats_in` beats the last `beats_out` give a beat each, `latency` cycles later.
class PipelineControl final : public BufferedControl {
public:
    PipelineControl(const Unit& unit, std::int64_t depth, int latency, std::int64_t beats_in = 1, std::int64_t beats_out = 1)
        : BufferedControl(CreditedOutput(output_depth(depth), latency)),
          depth_(output_depth(depth)),
          latency_(latency),
          inputs_(unit.inputs.size()),
          beats_in_(beats_in),
          beats_out_(beats_out) {}

    bool ready(int input, const Handshakes& ports) const override {
        return output_.room() && (inputs_ == 1 || ports.in_valid[static_cast<std::size_t>(1 - input)]);
    }
    void clock(const Handshakes& ports) override {
        const bool enters = ports.reads(0);
        const bool gives = enters && taken_ >= beats_in_ - beats_out_;
        if (enters) taken_ = taken_ + 1 == beats_in_ ? 0 : taken_ + 1;
        output_.clock(gives, gives, ports.writes(0));
    }
    std::unique_ptr<UnitTiming> timing() const override {
        return std::make_unique<PipelineTiming>(depth_, latency_, beats_in_, beats_out_);
    }

private:
    std::int64_t depth_;
    int latency_;
    std::size_t inputs_;
    std::int64_t beats_in_;
    std::int64_t beats_out_;
    std::int64_t taken_ = 0;  ///< Beats of the present group.
};

}  // namespace weft
