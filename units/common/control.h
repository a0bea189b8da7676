// control.h
// Parts of unit controls: the FIFO and the credited output that most units end in. Each equals a module of the RTL, cycle by cycle.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

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

/// A pipeline that never stops, the FIFO behind it, and the credits (weft_credit) that keep the FIFO from overflowing: whoever feeds the
/// pipeline first takes a credit for each beat that will come out, and the credit returns when the beat leaves the FIFO.
class CreditedOutput {
public:
    /// A beat that enters the pipeline in cycle t is written into the FIFO in cycle t + latency (0: in the same cycle).
    CreditedOutput(std::int64_t depth, int latency) : depth_(depth), latency_(latency), fifo_(depth) {}

    /// May `beats` credits be taken in this cycle? A register, in the RTL.
    bool available(std::int64_t beats = 1) const { return taken_ + beats <= depth_; }
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
    std::int64_t depth_;
    int latency_;
    FifoControl fifo_;
    std::int64_t taken_ = 0;
    std::int64_t now_ = 0;
    std::deque<std::int64_t> arrivals_;
};

}  // namespace weft
