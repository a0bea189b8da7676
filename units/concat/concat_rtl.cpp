// concat_rtl.cpp
// The RTL face of concat: which input's turn it is, and what of a position waits for the rest of its beat.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "src/design/unit_timing.h"
#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/concat/concat_faces.h"

namespace weft {

namespace {

/// Whose turn it is, and what a position's beats complete.
class Turns {
public:
    explicit Turns(const Unit& unit) : lanes_(unit.parameter("Lanes")) {
        for (const Stream* stream : unit.inputs) channels_.push_back(stream->shape.channels);
    }

    std::size_t port() const { return port_; }
    struct Taken {
        bool completes;  ///< A beat of the output.
        bool rest;       ///< And leaves the rest of the position, which is another one.
    };
    /// The next beat is taken.
    Taken take() {
        const std::int64_t count = std::min(lanes_, channels_[port_] - channel_);
        const bool last = port_ + 1 == channels_.size() && channel_ + count == channels_[port_];
        const Taken taken{last || waiting_ + count >= lanes_, last && waiting_ + count > lanes_};
        waiting_ = last ? 0 : (waiting_ + count) % lanes_;
        channel_ += count;
        if (channel_ == channels_[port_]) {
            channel_ = 0;
            port_ = last ? 0 : port_ + 1;
        }
        return taken;
    }

private:
    std::int64_t lanes_;
    std::vector<std::int64_t> channels_;
    std::size_t port_ = 0;
    std::int64_t channel_ = 0;
    std::int64_t waiting_ = 0;  ///< Channels that wait for the rest of their beat.
};

class Timing : public UnitTiming {
public:
    explicit Timing(const Turns& turns) : turns_(turns) {}

    bool advance(std::int64_t horizon) override {
        Passage& out = *outputs[0];
        for (;;) {
            const std::int64_t free = out.leaves(out.given() - 1);
            // The beat that waits leaves as soon as the register is free, whatever comes.
            if (flushes_ && flush_cycle_ < 0) {
                if (free == never) return true;
                flush_cycle_ = std::max(free, cycle_ + 1);
                out.give(flush_cycle_ + 1);
                continue;
            }
            Passage& in = *inputs[turns_.port()];
            if (!in.waits()) return false;
            std::int64_t cycle = std::max(in.offered(), cycle_ + 1);
            const bool joins = flushes_ && cycle <= flush_cycle_;
            if (!joins && free == never) return true;
            cycle = joins ? flush_cycle_ : std::max(cycle, free);
            if (cycle >= horizon) return false;
            in.take(cycle);
            cycle_ = cycle;
            const Turns::Taken taken = turns_.take();
            if (taken.completes && !joins) out.give(cycle + 1);
            // What completes a beat while another one waits takes its place.
            flushes_ = taken.rest || (joins && taken.completes);
            flush_cycle_ = -1;
        }
    }

private:
    Turns turns_;
    std::int64_t cycle_ = -1;        ///< In which the last beat was taken.
    bool flushes_ = false;           ///< A whole beat waits, or waited when the last beat was taken.
    std::int64_t flush_cycle_ = -1;  ///< In which it goes into the register; -1: not known yet.
};

class Control : public TimedControl {
public:
    explicit Control(const Unit& unit) : turns_(unit) {}

    bool valid(int) const override { return valid_; }
    bool ready(int input, const Handshakes& ports) const override {
        return enabled(ports) && static_cast<std::size_t>(input) == turns_.port();
    }
    void clock(const Handshakes& ports) override {
        if (!enabled(ports)) return;
        if (!ports.in_valid[turns_.port()]) {
            valid_ = flushes_;
            flushes_ = false;
            return;
        }
        const Turns::Taken taken = turns_.take();
        valid_ = flushes_ || taken.completes;
        // What completes a beat while another one waits takes its place.
        flushes_ = taken.rest || (flushes_ && taken.completes);
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<Timing>(turns_); }

private:
    bool enabled(const Handshakes& ports) const { return !valid_ || ports.out_ready[0]; }

    Turns turns_;
    bool flushes_ = false;  ///< A whole beat waits.
    bool valid_ = false;
};

}  // namespace

RtlFace concat_rtl(const Unit& unit) {
    RtlFace face;
    std::int64_t width = 0;
    for (const Stream* stream : unit.inputs) width += std::int64_t{stream->beat.elements()} * stream->bits();
    face.parameters = {{"Inputs", static_cast<std::int64_t>(unit.inputs.size())}, {"InWidth", width}, {"OutBits", unit.outputs[0]->bits()}};
    std::vector<std::uint32_t>& ports = face.vectors.emplace_back("Ports", 0).second;
    for (const Stream* stream : unit.inputs)
        ports.push_back(static_cast<std::uint32_t>(stream->shape.channels * 128 + stream->bits() * 2 + (stream->is_signed() ? 1 : 0)));
    return face;
}

CostFeatures concat_features(const Unit& unit, const RtlFace&) {
    const std::int64_t lanes = unit.parameter("Lanes"), inputs = std::ssize(unit.inputs), output = beat_bits(unit, true, 0);
    const bool several = inputs > 1;
    // Channels move in parts that divide the lanes and all inputs but the last; an input begins at an offset in a beat, and what is there
    // already waits for it. Of more than four inputs the first four are looked at.
    std::array<std::int64_t, 4> channels{};
    for (std::size_t i = 0; i < std::min(channels.size(), unit.inputs.size()); ++i) channels[i] = unit.inputs[i]->shape.channels;
    std::int64_t part = lanes, begin = 0, offset = 0, most = 0;
    const auto looked_at = static_cast<std::size_t>(std::min<std::int64_t>(inputs, 4));
    for (std::size_t i = 1; i < looked_at; ++i) {
        begin += channels[i - 1];
        part = std::gcd(part, channels[i - 1]);
        offset = begin % lanes;
        most = std::max(most, offset);
    }
    if (inputs > 4) part = std::gcd(part, channels[3]);
    const std::int64_t last_end = offset + channels[looked_at - 1] - lanes * (ceil_div(channels[looked_at - 1], lanes) - 1);
    std::int64_t waiting = 0;
    if (several) {
        waiting = most;
        if (inputs < 5 && last_end > lanes) waiting = channels[0] >= lanes ? lanes : std::max(most, last_end - lanes);
    }
    // Words of a LUT or more that a bit of the output is chosen from.
    const std::int64_t choices = inputs <= 4 ? 1 : inputs <= 6 ? 2 : inputs <= 9 ? 3 : ceil_div(inputs, 4) + 1;
    return {{{"unit", 1},
             {"inputs", several ? inputs : 0},
             {"counters", several ? clog2(ceil_div(std::max({channels[0], channels[1], channels[2]}), lanes)) : 0},
             {"slots", static_cast<double>(waiting) / static_cast<double>(part)},
             {"outputs", output},
             {"choices", several ? output * choices : 0},
             {"waiting", waiting * (output / lanes)},
             {"copies", ceil_div(output, 256) - 1}}};
}

std::unique_ptr<UnitControl> concat_control(const Unit& unit, std::int64_t) { return std::make_unique<Control>(unit); }

}  // namespace weft
