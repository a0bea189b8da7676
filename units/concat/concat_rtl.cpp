// concat_rtl.cpp
// The RTL face of concat: which input's turn it is, and what of a position waits for the rest of its beat.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "units/common/arithmetic.h"
#include "units/common/unit_faces.h"

namespace weft {

namespace {

class Control : public UnitControl {
public:
    explicit Control(const Unit& unit) : lanes_(unit.parameter("Lanes")) {
        for (const Stream* stream : unit.inputs) channels_.push_back(stream->shape.channels);
    }

    bool valid(int) const override { return valid_; }
    bool ready(int input, const Handshakes& ports) const override { return enabled(ports) && static_cast<std::size_t>(input) == port_; }
    void clock(const Handshakes& ports) override {
        if (!enabled(ports)) return;
        const bool takes = ports.in_valid[port_];
        const std::int64_t count = std::min(lanes_, channels_[port_] - channel_);
        const bool last = port_ + 1 == channels_.size() && channel_ + count == channels_[port_];
        const bool completes = last || waiting_ + count >= lanes_;
        valid_ = flushes_ || (takes && completes);
        if (!takes) {
            flushes_ = false;
            return;
        }
        // What completes a beat while another one waits takes its place.
        flushes_ = (last && waiting_ + count > lanes_) || (flushes_ && completes);
        waiting_ = last ? 0 : (waiting_ + count) % lanes_;
        channel_ += count;
        if (channel_ < channels_[port_]) return;
        channel_ = 0;
        port_ = last ? 0 : port_ + 1;
    }

private:
    bool enabled(const Handshakes& ports) const { return !valid_ || ports.out_ready[0]; }

    std::int64_t lanes_;
    std::vector<std::int64_t> channels_;
    std::size_t port_ = 0;
    std::int64_t channel_ = 0;
    std::int64_t waiting_ = 0;  ///< Channels that wait for the rest of their beat.
    bool flushes_ = false;      ///< A whole beat waits.
    bool valid_ = false;
};

}  // namespace

RtlFace concat_rtl(const Unit& unit) {
    RtlFace face;
    std::int64_t width = 0;
    for (const Stream* stream : unit.inputs) width += std::int64_t{stream->beat.elements()} * stream->bits();
    face.parameters = {{"Inputs", static_cast<std::int64_t>(unit.inputs.size())}, {"InWidth", width}, {"OutBits", unit.outputs[0]->bits()}};
    for (std::size_t i = 0; i < unit.inputs.size(); ++i) {
        const Stream& stream = *unit.inputs[i];
        face.parameters.emplace_back(fmt::format("Input{}", i),
                                     std::int64_t{stream.shape.channels} * 128 + stream.bits() * 2 + (stream.is_signed() ? 1 : 0));
    }
    return face;
}

std::unique_ptr<UnitControl> concat_control(const Unit& unit) { return std::make_unique<Control>(unit); }

}  // namespace weft
