// width_rtl.cpp
// The RTL face of width: one or two regroupings, of a row's pixels and of a pixel's channels.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "units/common/arithmetic.h"
#include "units/common/control.h"
#include "units/common/unit_faces.h"

namespace weft {

namespace {

/// weft_regroup (units/width/regroup.sv).
class Regroup {
public:
    Regroup(std::int64_t items, std::int64_t in, std::int64_t out, std::int64_t folds) : folds_(folds) {
        const std::int64_t divisor = std::gcd(in, out);
        in_ = in / divisor;
        out_ = out / divisor;
        items_ = ceil_div(items, divisor);
        grows_ = in_ <= out_;
        steps_ = ceil_div(items_, std::min(in_, out_));
        const std::int64_t rest = items_ - (steps_ - 1) * in_;
        leaves_rest_ = grows_ && ((steps_ - 1) * in_) % out_ + rest > out_;
    }

    bool valid() const { return valid_; }
    bool ready(bool out_ready) const { return enabled(out_ready) && (grows_ || flag()); }
    void clock(bool in_valid, bool out_ready) {
        if (!enabled(out_ready)) return;
        const bool advances = in_valid || (!grows_ && !flag());
        valid_ = grows_ ? (in_valid && flag()) || flushes_ : advances;
        if (flushes_ && ++flush_fold_ == folds_) flushes_ = false;
        if (!advances || ++fold_ < folds_) return;
        fold_ = 0;
        if (++step_ < steps_) return;
        step_ = 0;
        if (leaves_rest_) {
            flushes_ = true;
            flush_fold_ = 0;
        }
    }

private:
    bool enabled(bool out_ready) const { return !valid_ || out_ready; }
    /// Does the present step complete a beat that leaves, or need a beat that enters?
    bool flag() const {
        if (grows_) return step_ == steps_ - 1 || (step_ * in_) % out_ + in_ >= out_;
        const std::int64_t offset = (step_ * out_) % in_;
        return offset == 0 || offset + std::min(out_, items_ - step_ * out_) > in_;
    }

    std::int64_t folds_;
    std::int64_t in_, out_, items_, steps_;
    bool grows_, leaves_rest_;
    bool valid_ = false;
    bool flushes_ = false;
    std::int64_t step_ = 0, fold_ = 0, flush_fold_ = 0;
};

class Control : public UnitControl {
public:
    explicit Control(const Unit& unit) {
        const std::int64_t columns = unit.parameter("Columns");
        const std::int64_t channels = unit.parameter("Channels");
        const std::int64_t in_pixels = unit.parameter("InputPixels");
        const std::int64_t out_pixels = unit.parameter("OutputPixels");
        const std::int64_t in_lanes = unit.parameter("InputLanes");
        const std::int64_t out_lanes = unit.parameter("OutputLanes");
        const bool pixels_first = in_pixels < out_pixels;
        if (pixels_first) parts_.emplace_back(columns, in_pixels, out_pixels, ceil_div(channels, in_lanes));
        if (in_lanes != out_lanes || in_pixels == out_pixels) parts_.emplace_back(channels, in_lanes, out_lanes, 1);
        if (in_pixels > out_pixels) parts_.emplace_back(columns, in_pixels, out_pixels, ceil_div(channels, out_lanes));
        between_ = FifoControl(2 * ceil_div(channels, pixels_first ? in_lanes : out_lanes) + 2);
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

private:
    std::vector<Regroup> parts_;
    FifoControl between_{2};
};

}  // namespace

RtlFace width_rtl(const Unit& unit) { return {.parameters = {{"InBits", unit.inputs[0]->bits()}}, .memories = {}}; }

std::unique_ptr<UnitControl> width_control(const Unit& unit) { return std::make_unique<Control>(unit); }

}  // namespace weft
