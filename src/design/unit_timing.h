// unit_timing.h
// The control of a unit told by beats instead of cycles: in which cycle each beat passes, from the cycles of those before it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "src/design/unit_control.h"

namespace weft {

/// Later than any cycle; of a cycle that is asked for: not known yet.
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 4;

/// A FIFO of as many places is never full.
constexpr std::int64_t endless_places = std::int64_t{1} << 28;

/// Cycles of numbered beats, of which the oldest may be forgotten.
class BeatCycles {
public:
    std::int64_t count() const { return first_ + static_cast<std::int64_t>(cycles_.size()); }
    std::int64_t at(std::int64_t beat) const {
        assert(beat >= first_ && beat < count());
        return cycles_[static_cast<std::size_t>(beat - first_)];
    }
    void push(std::int64_t cycle) { cycles_.push_back(cycle); }
    /// Those before `beat` will not be asked for.
    void forget(std::int64_t beat) {
        const std::int64_t old = beat - first_;
        // Each is moved about once.
        if (old < 128 || 2 * old < static_cast<std::int64_t>(cycles_.size())) return;
        cycles_.erase(cycles_.begin(), cycles_.begin() + old);
        first_ = beat;
    }

private:
    std::vector<std::int64_t> cycles_;
    std::int64_t first_ = 0;
};

/// The beats of a stream between the node that gives them and the node that takes them. A beat is offered from the cycle on that `give`
/// names, or from the one after its forerunner was taken if that is later, until it is taken.
class Passage {
public:
    std::int64_t given() const { return given_.count(); }
    std::int64_t taken() const { return taken_.count(); }

    void give(std::int64_t cycle) {
        const std::int64_t beat = given();
        const std::int64_t forerunner = leaves(beat - 1);
        before_last_ = last_;
        last_ = beat < open_ && forerunner != never ? std::max(cycle, forerunner + 1) : never;
        given_.push(cycle);
    }
    /// Of a node that ends in a FIFO: room for the next beat was promised in this cycle.
    void promise(std::int64_t cycle) { promised_.push(cycle); }
    /// The cycle in which beat `beat` is taken, -1 before the first one. `never` where it is not known; of those that have not been taken
    /// it may be known of the last two given.
    std::int64_t leaves(std::int64_t beat) const {
        if (beat < taken()) return beat < 0 ? -1 : taken_.at(beat);
        return beat == given() - 1 ? last_ : beat == given() - 2 ? before_last_ : never;
    }

    bool waits() const { return given() > taken(); }
    /// When the next beat to be taken is offered.
    std::int64_t offered() const { return std::max(given_.at(taken()), last_taken_ + 1); }
    void take(std::int64_t cycle) {
        waiting_ += cycle - offered();
        taken_.push(cycle);
        last_taken_ = cycle;
    }
    /// The cycle in which a beat was taken.
    std::int64_t at(std::int64_t beat) const { return taken_.at(beat); }
    std::int64_t last_taken() const { return last_taken_; }
    /// All beats before `beat` will be taken in the cycle in which they are offered, whenever that is.
    void opens(std::int64_t beat) { open_ = beat; }

    /// Sum over the beats taken of the cycles from their offer to that.
    std::int64_t waiting() const { return waiting_; }
    const BeatCycles& promised() const { return promised_; }
    std::int64_t given_cycle(std::int64_t beat) const { return given_.at(beat); }

    /// Neither end looks further back than `beats` before the last one taken.
    void forget(std::int64_t beats) {
        given_.forget(std::max<std::int64_t>(0, taken() - beats));
        taken_.forget(std::max<std::int64_t>(0, taken() - beats));
    }
    void forget_promised(std::int64_t beat) { promised_.forget(beat); }

private:
    BeatCycles given_, taken_, promised_;
    std::int64_t last_ = never, before_last_ = never;  ///< When the last two given will be taken.
    std::int64_t last_taken_ = -1;
    std::int64_t open_ = 0;
    std::int64_t waiting_ = 0;
};

/// What a UnitControl does, in other words: every beat is taken and given in the same cycle as there.
class UnitTiming {
public:
    virtual ~UnitTiming() = default;
    /// Takes all beats that may be taken before cycle `horizon` and gives what follows, as far as it is known what others do. Says whether
    /// it would do more if it knew that beats that it gave are taken.
    virtual bool advance(std::int64_t horizon) = 0;
    /// Does it ever act because no beat comes?
    virtual bool may_act_alone() const { return false; }
    /// The cycle in which it will act without a beat if none comes by then, and cannot know whether one does; else `never`.
    virtual std::int64_t acts_alone() const { return never; }
    /// No beat that has not been given yet is offered in this cycle or before.
    virtual void none_comes_by(std::int64_t /*cycle*/) {}
    /// Room that it asks for at an output, at most, beyond that for the beats that it then gives.
    virtual std::int64_t spare_room() const { return 0; }
    /// Beats before the last one taken at a port that it looks back on.
    virtual std::int64_t looks_back() const { return 2; }

    std::vector<Passage*> inputs, outputs;
};

/// A control that can say itself by beats. Designs of such units only are scheduled without stepping through their cycles.
class TimedControl : public UnitControl {
public:
    /// From reset on.
    virtual std::unique_ptr<UnitTiming> timing() const = 0;
};

/// The next beat of `out` finds one of `depth` places: the cycle from which it does, `never` if that is not known yet.
inline std::int64_t room_from(const Passage& out, std::int64_t depth, std::int64_t beats = 1) {
    const std::int64_t beat = out.given() + beats - 1 - depth;
    if (beat < 0) return 0;
    return beat < out.taken() ? out.at(beat) + 1 : never;
}

}  // namespace weft
