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
    std::int64_t taken() const { return taken_; }

    void give(std::int64_t cycle) {
        given_.push(cycle);
        settle();
    }
    /// Of a node that ends in a FIFO: room for the next beat was promised in this cycle.
    void promise(std::int64_t cycle) { promised_.push(cycle); }
    /// Of how many beats it is known when they are taken.
    std::int64_t known() const { return leaving_.count(); }
    /// The cycle in which beat `beat` is taken, -1 before the first one; `never` where it is not known.
    std::int64_t leaves(std::int64_t beat) const { return beat < 0 ? -1 : beat < known() ? leaving_.at(beat) : never; }

    bool waits() const { return given() > taken_; }
    /// When the next beat to be taken is offered.
    std::int64_t offered() const { return std::max(given_.at(taken_), last_taken_ + 1); }
    void take(std::int64_t cycle) {
        waiting_ += cycle - offered();
        assert(known() == taken_ || leaving_.at(taken_) == cycle);
        if (known() == taken_) leaving_.push(cycle);
        ++taken_;
        last_taken_ = cycle;
    }
    /// The cycle in which a beat was taken.
    std::int64_t at(std::int64_t beat) const { return leaving_.at(beat); }
    std::int64_t last_taken() const { return last_taken_; }
    /// All beats before `beat` will be taken in the cycle in which they are offered, whenever that is.
    void opens(std::int64_t beat) {
        open_ = std::max(open_, beat);
        settle();
    }
    std::int64_t open() const { return open_; }

    /// Sum over the beats taken of the cycles from their offer to that.
    std::int64_t waiting() const { return waiting_; }
    const BeatCycles& promised() const { return promised_; }
    std::int64_t given_cycle(std::int64_t beat) const { return given_.at(beat); }

    /// Neither end looks further back than `beats` before the last one taken.
    void forget(std::int64_t beats) {
        given_.forget(std::max<std::int64_t>(0, taken_ - beats));
        leaving_.forget(std::max<std::int64_t>(0, taken_ - beats));
    }
    void forget_promised(std::int64_t beat) { promised_.forget(beat); }

private:
    /// When those that were given will be taken, as far as they are sure to be as soon as they are offered.
    void settle() {
        for (const std::int64_t end = std::min(open_, given()); known() < end;)
            leaving_.push(std::max(given_.at(known()), leaves(known() - 1) + 1));
    }

    BeatCycles given_, promised_;
    BeatCycles leaving_;  ///< Of beats that were taken, and of others that it is known of.
    std::int64_t taken_ = 0;
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
    const std::int64_t cycle = out.leaves(beat);
    return cycle == never ? never : cycle + 1;
}

}  // namespace weft
