// pipeline_rtl.h
// Units that take a beat from each input at once, work on it in a pipeline that never stops and end in a FIFO: their face and control.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "src/design/unit_def.h"
#include "units/common/control.h"
#include "units/common/stage_rtl.h"

namespace weft {

/// Beats of the FIFO that a unit ends in.
inline std::int64_t output_depth(const Unit& unit) { return std::max(2, unit.outputs[0]->rtl_depth); }

/// Parameters that these units share: InBits, InSigned (of input 0), OutBits, OutputDepth.
inline RtlFace pipeline_face(const Unit& unit) {
    const Stream& in = *unit.inputs[0];
    return {
        {{"InBits", in.bits()}, {"InSigned", in.is_signed()}, {"OutBits", unit.outputs[0]->bits()}, {"OutputDepth", output_depth(unit)}},
        {}};
}

/// Signed bits of a stream's elements.
inline int signed_width(const Stream& stream) { return stream.bits() + (stream.is_signed() ? 0 : 1); }

/// The control of such a unit: every input is ready while there is a credit (and, of two inputs, the other one is valid). Of every
/// `beats_in` beats the last `beats_out` give a beat each, `latency` cycles later.
class PipelineControl final : public UnitControl {
public:
    PipelineControl(const Unit& unit, int latency, std::int64_t beats_in = 1, std::int64_t beats_out = 1)
        : output_(output_depth(unit), latency), inputs_(unit.inputs.size()), beats_in_(beats_in), beats_out_(beats_out) {}

    bool valid(int) const override { return output_.valid(); }
    bool ready(int input, const Handshakes& ports) const override {
        return output_.available() && (inputs_ == 1 || ports.in_valid[static_cast<std::size_t>(1 - input)]);
    }
    void clock(const Handshakes& ports) override {
        const bool enters = ports.reads(0);
        const bool gives = enters && taken_ >= beats_in_ - beats_out_;
        if (enters) taken_ = taken_ + 1 == beats_in_ ? 0 : taken_ + 1;
        output_.clock(gives, gives, ports.writes(0));
    }
    std::int64_t held(int) const override { return output_.held(); }

private:
    CreditedOutput output_;
    std::size_t inputs_;
    std::int64_t beats_in_;
    std::int64_t beats_out_;
    std::int64_t taken_ = 0;  ///< Beats of the present group.
};

}  // namespace weft
