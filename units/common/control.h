// control.h
// Parts of unit controls: the FIFO and the credited output that most units end in. Each equals a module of the RTL, cycle by cycle; and
// the same told by beats.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "src/design/unit_timing.h"

namespace weft {

/// weft_fifo (units/fifo/fifo.sv): holds at most `depth` beats. A beat that enters can leave `latency(depth)` cycles later.
class FifoControl {
public:
    explicit FifoControl(std::int64_t depth) : depth_(depth), deep_(latency(depth) > 1) {}

    /// Up to this depth the memory is read without a clock (registers or LUTRAM); beyond it is a block RAM with its output register.
    static constexpr std::int64_t most_shallow = 64;
    static int latency(std::int64_t depth) { return depth <= most_shallow ? 1 : 2; }

    bool ready() const { return count_ + out_ < depth_; }
    bool valid() const { return deep_ ? out_ > 0 : count_ > 0; }
    std::int64_t count() const { return count_ + out_; }
    void clock(bool enters, bool leaves) {
        if (deep_) {
            const bool moves = count_ > 0 && (out_ == 0 || leaves);
            out_ += (moves ? 1 : 0) - (leaves ? 1 : 0);
            count_ += (enters ? 1 : 0) - (moves ? 1 : 0);
        } else {
            count_ += (enters ? 1 : 0) - (leaves ? 1 : 0);
        }
    }

private:
    std::int64_t depth_;
    bool deep_;
    std::int64_t count_ = 0;  ///< In the memory.
    std::int64_t out_ = 0;    ///< In the output register of a deep one.
};

/// weft_output (units/output/output.sv) behind a pipeline that never stops: a FIFO and the credits that keep it from overflowing. Whoever
/// feeds the pipeline first takes a credit for each beat that will come out, and the credit returns when the beat leaves the FIFO.
class CreditedOutput {
public:
    /// A beat that enters the pipeline in cycle t is written into the FIFO in cycle t + latency (0: in the same cycle). Up to `most`
    /// credits are taken at once.
    CreditedOutput(std::int64_t depth, int latency, std::int64_t most = 1) : depth_(depth), most_(most), latency_(latency), fifo_(depth) {}

    /// May credits be taken in this cycle? A register, in the RTL.
    bool room() const { return taken_ + most_ <= depth_; }
    bool valid() const { return fifo_.valid(); }
    std::int64_t held() const { return taken_; }

    /// `takes` credits are taken and `enters` tells whether a beat enters the pipeline in this cycle; `leaves`: a beat leaves the FIFO.
    void clock(std::int64_t takes, bool enters, bool leaves) {
        if (enters) arrivals_.push_back(now_ + latency_);
        const bool arrives = !arrivals_.empty() && arrivals_.front() == now_;
        if (arrives) arrivals_.pop_front();
        fifo_.clock(arrives, leaves);
        taken_ += takes - (leaves ? 1 : 0);
        ++now_;
    }

private:
    std::int64_t depth_, most_;
    int latency_;
    FifoControl fifo_;
    std::int64_t taken_ = 0;
    std::int64_t now_ = 0;
    std::deque<std::int64_t> arrivals_;
};

/// The control of a unit with a buffered port: what stands behind it is the same for all.
class BufferedControl : public TimedControl {
public:
    bool valid(int) const final { return output_.valid(); }
    std::int64_t held(int) const final { return output_.held() + spare_; }

protected:
    /// `spare`: places that the unit asks for and does not fill (UnitTiming::spare_room).
    explicit BufferedControl(CreditedOutput output, std::int64_t spare = 0) : output_(std::move(output)), spare_(spare) {}

    CreditedOutput output_;

private:
    std::int64_t spare_;
};

/// How many of the first beats of a passage behind a FIFO of `depth` places have left by cycle `cycle`, or will have left whenever a beat
/// needs their places; asked for ever later cycles, by which all beats that were given had found a place.
class LeftBy {
public:
    std::int64_t operator()(const Passage& out, std::int64_t depth, std::int64_t latency, std::int64_t cycle) {
        // The passage may have forgotten the beats whose places these are.
        beats_ = std::max(beats_, out.given() - depth);
        while (out.leaves(beats_) <= cycle) ++beats_;
        // Beats that are sure to pass at once leave before as many as there are places can have come after them.
        return depth > latency && beats_ >= out.taken() ? std::max(beats_, out.open()) : beats_;
    }

private:
    std::int64_t beats_ = 0;
};

/// FifoControl between two passages.
class FifoBeats {
public:
    explicit FifoBeats(std::int64_t depth) : depth_(depth), latency_(FifoControl::latency(depth)) {}

    bool advance(Passage& in, Passage& out, std::int64_t horizon) {
        std::int64_t room = 0;
        while (in.waits()) {
            room = room_from(out, depth_);
            const std::int64_t cycle = std::max(in.offered(), room);
            if (cycle >= horizon) break;
            in.take(cycle);
            out.promise(cycle);
            out.give(cycle + latency_);
        }
        in.opens(depth_ < endless_places ? depth_ + left_by_(out, depth_, latency_, in.last_taken()) : never);
        return room == never;
    }
    std::int64_t looks_back() const { return depth_ < endless_places ? depth_ + 2 : 2; }

private:
    std::int64_t depth_;
    std::int64_t latency_;
    LeftBy left_by_;
};

}  // namespace weft
