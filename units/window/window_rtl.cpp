// window_rtl.cpp
// The RTL face of a window and its control.
// SPDX-License-Identifier: Apache-2.0
#include "units/window/window_rtl.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "src/design/unit_timing.h"
#include "units/common/model_parts.h"

namespace weft {

WindowGeometry::WindowGeometry(const Unit& unit)
    : rows(unit.parameter("Rows")),
      columns(unit.parameter("Columns")),
      channel_folds(ceil_div(unit.parameter("Channels"), unit.parameter("Lanes"))),
      kernel_h(unit.parameter("KernelH")),
      kernel_w(unit.parameter("KernelW")),
      stride_h(unit.parameter("StrideH")),
      stride_w(unit.parameter("StrideW")),
      top(unit.parameter("PadTop")),
      left(unit.parameter("PadLeft")),
      pixels(unit.parameter("Pixels")),
      windows(std::max<std::int64_t>(1, pixels / stride_w)),
      out_rows((rows + top + unit.parameter("PadBottom") - kernel_h) / stride_h + 1),
      out_columns((columns + left + unit.parameter("PadRight") - kernel_w) / stride_w + 1),
      tap_folds(ceil_div(kernel_h * kernel_w, unit.parameter("TapsPerBeat"))),
      groups(ceil_div(columns, pixels)),
      out_groups(ceil_div(out_columns, windows)) {}

WindowLine::WindowLine(const WindowGeometry& g)
    : group_pitch(g.pixels > g.stride_w ? 1 : ceil_div(g.stride_w, g.pixels)),
      row_steps(g.groups * g.channel_folds),
      frame_steps(g.rows * row_steps),
      span((g.windows - 1) * g.stride_w + g.kernel_w),
      ahead((span - 1 - g.left) / g.pixels),
      lag((g.kernel_h - 1 - g.top) * row_steps + ahead * g.channel_folds),
      last_row((g.out_rows - 1) * g.stride_h),
      last_group((g.out_groups - 1) * group_pitch) {}

std::string line_obstacle(const WindowGeometry& g) {
    if (g.tap_folds > 1) return "a beat has not all taps of a window";
    if (g.pixels > 1 && g.pixels % g.stride_w != 0) return "StrideW does not divide Pixels";
    if (g.top >= g.kernel_h || g.left >= g.kernel_w) return "the padding is as large as the kernel";
    const WindowLine line(g);
    if (line.last_row >= g.rows || line.last_group >= g.groups) return "the padding makes more windows than the frame has positions";
    return {};
}

std::vector<std::int64_t> line_reads(const WindowGeometry& g) {
    const WindowLine line(g);
    std::vector<std::int64_t> reads;
    reads.reserve(static_cast<std::size_t>(g.out_beats()));
    // A window leaves with the step in which its centre is reached; where the next frame enters, each step is a beat of it.
    for (std::int64_t row = 0; row < g.out_rows; ++row)
        for (std::int64_t group = 0; group < g.out_groups; ++group)
            for (std::int64_t fold = 0; fold < g.channel_folds; ++fold)
                reads.push_back(row * g.stride_h * line.row_steps + group * line.group_pitch * g.channel_folds + fold + line.lag + 1);
    return reads;
}

int window_form(const Unit& unit) {
    const WindowGeometry g(unit);
    if (!line_obstacle(g).empty()) return 1;
    if (g.pixels > 1) return 0;
    // The line passes over positions without windows, one a cycle, while the reader of the windows waits: a reader that takes several
    // cycles a window would lose as many. Windows that do not overlap are taken for pooling, whose reader takes one a cycle.
    const bool pooling = g.kernel_h <= g.stride_h && g.kernel_w <= g.stride_w && g.kernel_h * g.kernel_w > 1;
    if (g.in_beats() != g.out_beats() && !pooling) return 1;
    const WindowLine line(g);
    return line.frame_steps > line.lag ? 0 : 1;
}

std::int64_t window_interval(const Unit& unit) {
    const WindowGeometry g(unit);
    const std::int64_t beats = std::max(g.in_beats(), g.out_beats());
    return window_form(unit) == 0 ? std::max(beats, WindowLine(g).lag) : beats;
}

namespace {

/// The centre of the windows on the line, step by step.
class LineSteps {
public:
    explicit LineSteps(const WindowGeometry& g) : g_(g), line_(g) {
        active_ = line_.lag == 0;
        emits_ = active_;
    }

    /// A window leaves with the present step.
    bool emits() const { return emits_; }
    /// The next frame must wait.
    bool is_blocked() const { return entered_ == 0 && waits_ && left_ != 1; }
    /// The step does not need a beat that enters.
    bool goes_alone() const { return line_.lag > 0 && entered_ == 0 && (active_ || waits_); }

    void next(bool enters) {
        const bool starts = enters && entered_ == 0;
        bool activates = false;
        if (line_.lag == 0) {
            activates = entered_ + 1 == line_.frame_steps;
        } else if (line_.lag == 1) {
            activates = starts;
        } else {
            activates = waits_ && left_ == 1;
            if (activates) waits_ = false;
            --left_;
            if (starts) {
                waits_ = true;
                left_ = line_.lag - 1;
            }
        }
        if (enters) entered_ = entered_ + 1 == line_.frame_steps ? 0 : entered_ + 1;
        if (active_) {
            active_ = !advance();
        }
        active_ = active_ || activates;
        emits_ = active_ && row_ % g_.stride_h == 0 && group_ % line_.group_pitch == 0 && group_ <= line_.last_group;
    }

private:
    /// The next centre. True from a frame's last window.
    bool advance() {
        const bool last = fold_ + 1 == g_.channel_folds && group_ == line_.last_group && row_ == line_.last_row;
        if (++fold_ < g_.channel_folds) return false;
        fold_ = 0;
        if (!last && ++group_ < g_.groups) return false;
        group_ = 0;
        row_ = last ? 0 : row_ + 1;
        return last;
    }

    WindowGeometry g_;
    WindowLine line_;
    std::int64_t entered_ = 0;                     ///< Beats of the frame that enters.
    std::int64_t left_ = 0;                        ///< Steps until the first beat of the waiting frame is the centre.
    std::int64_t fold_ = 0, group_ = 0, row_ = 0;  ///< The centre.
    bool waits_ = false, active_ = false, emits_ = false;
};

/// LineControl by beats.
class LineTiming : public UnitTiming {
public:
    explicit LineTiming(const LineSteps& steps) : steps_(steps) {}

    bool advance(std::int64_t horizon) override {
        Passage &in = *inputs[0], &out = *outputs[0];
        alone_ = never;
        for (;;) {
            const std::int64_t free = steps_.emits() ? out.leaves(out.given() - 1) : 0;
            if (free == never) return true;
            std::int64_t cycle = std::max(cycle_ + 1, free);
            bool enters = false;
            if (!steps_.goes_alone()) {
                if (!in.waits()) return false;
                cycle = std::max(cycle, in.offered());
                enters = true;
            } else if (!steps_.is_blocked()) {
                if (!in.waits() && none_by_ < cycle) {
                    alone_ = cycle < horizon ? cycle : never;
                    return false;
                }
                enters = in.waits() && in.offered() <= cycle;
            }
            if (cycle >= horizon) return false;
            if (enters) in.take(cycle);
            if (steps_.emits()) out.give(cycle + 1);
            steps_.next(enters);
            cycle_ = cycle;
        }
    }
    bool may_act_alone() const override { return true; }
    std::int64_t acts_alone() const override { return alone_; }
    void none_comes_by(std::int64_t cycle) override { none_by_ = cycle; }

private:
    LineSteps steps_;
    std::int64_t cycle_ = -1;  ///< Of the last step.
    std::int64_t alone_ = never, none_by_ = -1;
};

/// window_line.sv
class LineControl : public TimedControl {
public:
    explicit LineControl(const Unit& unit) : reset_(WindowGeometry(unit)), steps_(reset_) {}

    bool valid(int) const override { return valid_; }
    bool ready(int, const Handshakes& ports) const override { return is_free(ports) && !steps_.is_blocked(); }

    void clock(const Handshakes& ports) override {
        const bool enters = ports.in_valid[0] && !steps_.is_blocked();
        const bool step = is_free(ports) && (enters || steps_.goes_alone());
        valid_ = (step && steps_.emits()) || (valid_ && !ports.out_ready[0]);
        if (step) steps_.next(enters);
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<LineTiming>(reset_); }

private:
    bool is_free(const Handshakes& ports) const { return !steps_.emits() || !valid_ || ports.out_ready[0]; }

    LineSteps reset_, steps_;
    bool valid_ = false;
};

/// units/window/window_buffer.sv, beat by beat: what must have entered, and what is given back.
class BufferWalk {
public:
    explicit BufferWalk(const WindowGeometry& g) : g_(g) { reach(); }

    /// Beats, over all frames, that must have entered for the channel fold of the window.
    std::int64_t needs() const { return before_ + fold_ + 1; }
    bool row_ends() const { return column_ + 1 == g_.out_columns && fold_ + 1 == g_.channel_folds; }
    /// Beats, over all frames, that no window after this row of windows needs.
    std::int64_t released() const {
        const std::int64_t next =
            row_ + 1 == g_.out_rows ? g_.rows : std::clamp<std::int64_t>((row_ + 1) * g_.stride_h - g_.top, 0, g_.rows);
        return frame_ * g_.in_beats() + next * g_.columns * g_.channel_folds;
    }
    std::int64_t frame() const { return frame_; }
    void next() {
        if (++fold_ < g_.channel_folds) return;
        fold_ = 0;
        if (++column_ == g_.out_columns) {
            column_ = 0;
            if (++row_ == g_.out_rows) {
                row_ = 0;
                ++frame_;
            }
        }
        reach();
    }

private:
    void reach() {
        const std::int64_t row = std::clamp<std::int64_t>(row_ * g_.stride_h - g_.top + g_.kernel_h - 1, 0, g_.rows - 1);
        const std::int64_t column = std::clamp<std::int64_t>(column_ * g_.stride_w - g_.left + g_.kernel_w - 1, 0, g_.columns - 1);
        before_ = frame_ * g_.in_beats() + (row * g_.columns + column) * g_.channel_folds;
    }

    const WindowGeometry& g_;
    std::int64_t frame_ = 0, row_ = 0, column_ = 0, fold_ = 0;
    std::int64_t before_ = 0;  ///< Beats, over all frames, before the last position of the window.
};

bool buffer_in_luts(std::int64_t words, std::int64_t width) { return words <= 64 || (words <= 256 && words * width <= 4096); }

/// BufferControl by beats.
class BufferTiming : public UnitTiming {
public:
    BufferTiming(const WindowGeometry& g, std::int64_t words, bool block)
        : g_(g), walk_(g_), words_(words), block_(block), needs_(walk_.needs()) {}

    bool advance(std::int64_t horizon) override {
        Passage& in = *inputs[0];
        bool stuck = false;
        for (bool more = true; more;) {
            more = false;
            while (in.waits() && has_place(in.taken())) {
                const std::int64_t cycle = std::max(in.offered(), released_from_);
                if (cycle >= horizon) break;
                in.take(cycle);
                more = true;
            }
            while (needs_ <= in.taken() && issue(stuck)) more = true;
        }
        in.opens((in.last_taken() >= released_from_ ? released_ : released_before_) + words_);
        return stuck;
    }
    /// A window of nothing but padding below a frame asks for beats of its last row, which may have been given back.
    std::int64_t looks_back() const override { return words_ + g_.columns * g_.channel_folds + 2; }

private:
    bool has_place(std::int64_t beat) {
        while (beat - released_ >= words_ && !releases_.empty()) {
            released_before_ = released_;
            std::tie(released_from_, released_) = releases_.front();
            releases_.pop_front();
        }
        return beat - released_ < words_;
    }

    /// A beat out of a block RAM passes a register before that of the output.
    bool issue(bool& stuck) {
        const Passage& in = *inputs[0];
        Passage& out = *outputs[0];
        const std::int64_t free = out.leaves(out.given() - (block_ ? 2 : 1));
        stuck = free == never;
        if (stuck) return false;
        cycle_ = std::max({cycle_ + 1, in.at(needs_ - 1) + 1, free});
        out.give(cycle_ + (block_ ? 2 : 1));
        if (++tap_fold_ < g_.tap_folds) return true;
        tap_fold_ = 0;
        if (walk_.row_ends()) releases_.emplace_back(cycle_ + 2, walk_.released());
        walk_.next();
        needs_ = walk_.needs();
        return true;
    }

    WindowGeometry g_;
    BufferWalk walk_;  ///< The present beat.
    std::int64_t words_;
    bool block_;
    std::int64_t needs_;
    std::int64_t tap_fold_ = 0;
    std::int64_t cycle_ = 0;                                      ///< In which the last beat was read, or the first one cannot be yet.
    std::deque<std::pair<std::int64_t, std::int64_t>> releases_;  ///< Beats given back, and from which cycle on.
    std::int64_t released_ = 0, released_from_ = 0, released_before_ = 0;
};

class BufferControl : public TimedControl {
public:
    explicit BufferControl(const Unit& unit) : g_(unit), walk_(g_), words_(window_buffer_words(g_)) {
        const std::int64_t width = unit.parameter("Lanes") * unit.inputs[0]->bits();
        block_ = !buffer_in_luts(words_, width);
    }

    bool valid(int) const override { return valid_; }
    bool ready(int, const Handshakes&) const override { return entered_ - released_ != words_; }

    void clock(const Handshakes& ports) override {
        const bool takes_out = !valid_ || ports.out_ready[0];
        const bool issues = held_ && entered_ >= walk_.needs() && (block_ ? !read_ || takes_out : takes_out);
        valid_ = (block_ ? read_ : issues) || (valid_ && !ports.out_ready[0]);
        read_ = block_ && (issues || (read_ && !takes_out));
        held_ = true;
        released_ = given_;
        entered_ += ports.reads(0) ? 1 : 0;
        if (!issues || ++tap_fold_ < g_.tap_folds) return;
        tap_fold_ = 0;
        if (walk_.row_ends()) given_ = walk_.released();
        walk_.next();
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<BufferTiming>(g_, words_, block_); }

private:
    WindowGeometry g_;
    BufferWalk walk_;  ///< The present beat.
    std::int64_t words_;
    bool block_ = false;
    std::int64_t tap_fold_ = 0;
    std::int64_t entered_ = 0, released_ = 0, given_ = 0;
    bool held_ = false, read_ = false, valid_ = false;
};

}  // namespace

std::int64_t window_buffer_words(const WindowGeometry& g) {
    constexpr std::int64_t frames = 4;
    const std::int64_t windows = g.out_rows * g.out_columns * g.channel_folds;
    const std::int64_t beats = g.in_beats();
    constexpr std::int64_t latency = 3;
    std::int64_t words = 1;

    // As early as possible: nothing that enters may wait.
    std::vector<std::pair<std::int64_t, std::int64_t>> releases;  // cycle, beats given back by then
    std::int64_t now = 0;
    for (BufferWalk walk(g); walk.frame() < frames; walk.next()) {
        now = std::max(now + g.tap_folds, walk.needs() + latency);
        const std::int64_t entered = std::min(now + g.tap_folds, frames * beats);
        words = std::max(words, entered - (releases.empty() ? 0 : releases.back().second) + latency);
        if (walk.row_ends()) releases.emplace_back(now + g.tap_folds, walk.released());
    }
    const bool input_bound = beats >= windows * g.tap_folds;
    if (!input_bound) words = 1;

    // As late as possible, with windows taken evenly in the time that a frame needs: what leaves may not wait for what enters. A reader
    // that is slower still needs no more.
    const std::int64_t period = std::max(beats, windows * g.tap_folds);
    const auto time = [&](std::int64_t window) { return window * period / windows; };
    std::vector<std::int64_t> deadline(static_cast<std::size_t>(frames * beats), std::numeric_limits<std::int64_t>::max());
    releases.clear();
    std::int64_t number = 0;
    for (BufferWalk walk(g); walk.frame() < frames; walk.next(), ++number) {
        std::int64_t& at = deadline[static_cast<std::size_t>(walk.needs() - 1)];
        at = std::min(at, time(number) - latency);
        if (walk.row_ends()) releases.emplace_back(time(number + 1), walk.released());
    }
    std::int64_t latest = time(number);
    auto release = releases.rbegin();
    for (std::int64_t beat = frames * beats; beat-- > 0;) {
        latest = std::min(latest - 1, deadline[static_cast<std::size_t>(beat)]);
        while (release != releases.rend() && release->first > latest) ++release;
        words = std::max(words, beat + 1 - (release == releases.rend() ? 0 : release->second) + latency);
    }
    std::int64_t power = 4;
    while (power < words) power *= 2;
    return power;
}

RtlFace window_rtl(const Unit& unit) {
    const Stream& in = *unit.inputs[0];
    return {.parameters = {{"InBits", in.bits()},
                           {"InSigned", in.is_signed() ? 1 : 0},
                           {"OutBits", unit.outputs[0]->bits()},
                           {"Form", window_form(unit)},
                           {"BufferWords", window_form(unit) == 0 ? 1 : window_buffer_words(WindowGeometry(unit))}},
            .memories = {}};
}

std::unique_ptr<UnitControl> window_control(const Unit& unit, std::int64_t) {
    if (window_form(unit) == 0) return std::make_unique<LineControl>(unit);
    return std::make_unique<BufferControl>(unit);
}

}  // namespace weft
