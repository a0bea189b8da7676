// width_rtl.cpp
// The RTL face of width: one or two regroupings, of a row's pixels and of a pixel's channels.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>
#include <vector>

#include "units/common/control.h"
#include "units/common/model_parts.h"
#include "units/width/width_faces.h"

namespace weft {

namespace {

/// A row (a pixel) in steps: a beat that enters, where beats grow, else one that leaves; each `folds` times over.
class Steps {
public:
    Steps(std::int64_t items, std::int64_t in, std::int64_t out, std::int64_t folds) : folds_(folds) {
        const std::int64_t divisor = std::gcd(in, out);
        in_ = in / divisor;
        out_ = out / divisor;
        items_ = ceil_div(items, divisor);
        grows_ = in_ <= out_;
        steps_ = ceil_div(items_, std::min(in_, out_));
        const std::int64_t rest = items_ - (steps_ - 1) * in_;
        leaves_rest_ = grows_ && ((steps_ - 1) * in_) % out_ + rest > out_;
    }

    bool grows() const { return grows_; }
    std::int64_t folds() const { return folds_; }
    /// Does the present step complete a beat that leaves, or need a beat that enters?
    bool flag() const {
        if (grows_) return step_ == steps_ - 1 || (step_ * in_) % out_ + in_ >= out_;
        const std::int64_t offset = (step_ * out_) % in_;
        return offset == 0 || offset + std::min(out_, items_ - step_ * out_) > in_;
    }
    /// Says whether that was the last one and leaves a rest: a beat for each fold.
    bool next() {
        if (++fold_ < folds_) return false;
        fold_ = 0;
        if (++step_ < steps_) return false;
        step_ = 0;
        return leaves_rest_;
    }

private:
    std::int64_t folds_;
    std::int64_t in_, out_, items_, steps_;
    bool grows_, leaves_rest_;
    std::int64_t step_ = 0, fold_ = 0;
};

/// weft_regroup (units/width/regroup.sv).
class Regroup {
public:
    explicit Regroup(const Steps& steps) : steps_(steps) {}

    bool valid() const { return valid_; }
    bool ready(bool out_ready) const { return enabled(out_ready) && (steps_.grows() || steps_.flag()); }
    void clock(bool in_valid, bool out_ready) {
        if (!enabled(out_ready)) return;
        const bool advances = in_valid || (!steps_.grows() && !steps_.flag());
        valid_ = steps_.grows() ? (in_valid && steps_.flag()) || rests_ > 0 : advances;
        if (rests_ > 0) --rests_;
        if (advances && steps_.next()) rests_ = steps_.folds();
    }

private:
    bool enabled(bool out_ready) const { return !valid_ || out_ready; }

    Steps steps_;
    bool valid_ = false;
    std::int64_t rests_ = 0;  ///< Beats of the rest that have still to leave.
};

/// Regroup between two passages.
class RegroupBeats {
public:
    explicit RegroupBeats(const Steps& steps) : steps_(steps) {}

    bool advance(Passage& in, Passage& out, std::int64_t horizon) {
        return steps_.grows() ? grow(in, out, horizon) : shrink(in, out, horizon);
    }

private:
    bool shrink(Passage& in, Passage& out, std::int64_t horizon) {
        for (;;) {
            const bool reads = steps_.flag();
            if (reads && !in.waits()) return false;
            const std::int64_t free = out.leaves(out.given() - 1);
            if (free == never) return true;
            const std::int64_t cycle = std::max({free, reads ? in.offered() : 0, std::int64_t{0}});
            if (cycle >= horizon) return false;
            if (reads) in.take(cycle);
            out.give(cycle + 1);
            steps_.next();
        }
    }

    bool grow(Passage& in, Passage& out, std::int64_t horizon) {
        for (;;) {
            std::int64_t free = out.leaves(out.given() - 1);
            // A rest leaves as soon as the register is free, whatever comes; what comes then is taken in the same cycle.
            for (; rests_ > 0 && free != never; --rests_) {
                rest_cycles_.push_back(std::max(free, cycle_ + 1));
                out.give(rest_cycles_.back() + 1);
                free = out.leaves(out.given() - 1);
            }
            if (!in.waits()) return rests_ > 0;
            std::int64_t cycle = std::max(in.offered(), cycle_ + 1);
            while (!rest_cycles_.empty() && rest_cycles_.front() < cycle) rest_cycles_.pop_front();
            if (!rest_cycles_.empty()) {
                cycle = rest_cycles_.front();
            } else if (free == never) {
                return true;
            } else {
                cycle = std::max(cycle, free);
            }
            if (cycle >= horizon) return rests_ > 0;
            in.take(cycle);
            cycle_ = cycle;
            if (steps_.flag()) out.give(cycle + 1);
            if (steps_.next()) rests_ = steps_.folds();
        }
    }

    Steps steps_;
    std::int64_t cycle_ = -1;               ///< In which the last beat was taken.
    std::int64_t rests_ = 0;                ///< Beats of the rest that have still to leave.
    std::deque<std::int64_t> rest_cycles_;  ///< In which others went into the register: beats can be taken in them.
};

/// One or two regroupings, and the beats that the FIFO between two holds.
struct Plan {
    std::vector<Steps> parts;
    std::int64_t between = 2;

    explicit Plan(const Unit& unit) {
        const std::int64_t columns = unit.parameter("Columns");
        const std::int64_t channels = unit.parameter("Channels");
        const std::int64_t in_pixels = unit.parameter("InputPixels");
        const std::int64_t out_pixels = unit.parameter("OutputPixels");
        const std::int64_t in_lanes = unit.parameter("InputLanes");
        const std::int64_t out_lanes = unit.parameter("OutputLanes");
        const bool pixels_first = in_pixels < out_pixels;
        if (pixels_first) parts.emplace_back(columns, in_pixels, out_pixels, ceil_div(channels, in_lanes));
        if (in_lanes != out_lanes || in_pixels == out_pixels) parts.emplace_back(channels, in_lanes, out_lanes, 1);
        if (in_pixels > out_pixels) parts.emplace_back(columns, in_pixels, out_pixels, ceil_div(channels, out_lanes));
        between = 2 * ceil_div(channels, pixels_first ? in_lanes : out_lanes) + 2;
    }
};

class Timing : public UnitTiming {
public:
    explicit Timing(const Plan& plan) : fifo_(plan.between) {
        for (const Steps& steps : plan.parts) parts_.emplace_back(steps);
    }

    bool advance(std::int64_t horizon) override {
        if (parts_.size() == 1) return parts_[0].advance(*inputs[0], *outputs[0], horizon);
        bool stuck = false;
        for (std::int64_t before = -1, now = beats(); before != now; before = now, now = beats()) {
            parts_[0].advance(*inputs[0], entering_, horizon);
            fifo_.advance(entering_, leaving_, horizon);
            stuck = parts_[1].advance(leaving_, *outputs[0], horizon);
        }
        entering_.forget(2);
        leaving_.forget(fifo_.looks_back());
        leaving_.forget_promised(leaving_.promised().count());
        return stuck;
    }

private:
    /// Changes where one of the parts did anything, or can tell more.
    std::int64_t beats() const {
        return inputs[0]->taken() + entering_.taken() + entering_.known() + leaving_.taken() + leaving_.known() + outputs[0]->given();
    }

    std::vector<RegroupBeats> parts_;
    FifoBeats fifo_;
    Passage entering_, leaving_;  ///< The ends of the FIFO.
};

class Control : public TimedControl {
public:
    explicit Control(const Unit& unit) : plan_(unit), between_(plan_.between) {
        for (const Steps& steps : plan_.parts) parts_.emplace_back(steps);
    }

    bool valid(int) const override { return parts_.back().valid(); }
    bool ready(int, const Handshakes& ports) const override {
        return parts_.front().ready(parts_.size() == 1 ? ports.out_ready[0] : between_.ready());
    }
    void clock(const Handshakes& ports) override {
        if (parts_.size() == 1) {
            parts_[0].clock(ports.in_valid[0], ports.out_ready[0]);
            return;
        }
        const bool enters = parts_[0].valid() && between_.ready();
        const bool leaves = between_.valid() && parts_[1].ready(ports.out_ready[0]);
        parts_[0].clock(ports.in_valid[0], between_.ready());
        parts_[1].clock(between_.valid(), ports.out_ready[0]);
        between_.clock(enters, leaves);
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<Timing>(plan_); }

private:
    Plan plan_;
    std::vector<Regroup> parts_;
    FifoControl between_;
};

}  // namespace

RtlFace width_rtl(const Unit& unit) { return {.parameters = {{"InBits", unit.inputs[0]->bits()}}, .memories = {}}; }

std::unique_ptr<UnitControl> width_control(const Unit& unit, std::int64_t) { return std::make_unique<Control>(unit); }

}  // namespace weft
