// requantize_plan.cpp
// Chooses the hardware form of a requantize stage and proves it against the exact staircases.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include "src/design/dsp.h"
#include "src/design/stage_multiply.h"
#include "src/quantize/multiplier_search.h"
#include "src/quantize/staircase.h"

namespace weft {
namespace {

/// More thresholds than this in a layer are no hardware any more.
constexpr std::int64_t threshold_entries_limit = std::int64_t{1} << 24;

/// A channel with all that is known of it.
struct PlannedChannel {
    const AccumulatorChannel* channel;
    Staircase staircase;
    std::int64_t low, high;  ///< Bounds of the function itself within the rule's.
    bool same_as_previous = false;
};

std::string with_commas(std::int64_t value) {
    std::string digits = std::to_string(value);
    for (auto at = static_cast<std::int64_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

bool same_function(const AccumulatorChannel& a, const AccumulatorChannel& b) {
    return a.min == b.min && a.max == b.max && !a.steps && !b.steps && a.function.pieces && b.function.pieces && a.scale == b.scale &&
           a.offset == b.offset && *a.function.pieces == *b.function.pieces;
}

/// The clamp that the function and the output type impose whatever the accumulator: the same for all channels of a layer as a rule.
void set_bounds(PlannedChannel& planned, const QuantizerRule& rule) {
    if (planned.channel->steps || !planned.channel->function.pieces) {
        const auto [low, high] = std::ranges::minmax(planned.staircase.values);
        planned.low = low;
        planned.high = high;
        return;
    }
    const PiecewiseLinear& function = *planned.channel->function.pieces;
    const int first = sgn(function.lines.front().slope), last = sgn(function.lines.back().slope);
    planned.low = rule.min;
    planned.high = rule.max;
    if (function.breaks.empty()) return;
    const bool bounded_below = first <= 0 && last >= 0, bounded_above = first >= 0 && last <= 0;
    if (!bounded_below && !bounded_above) return;
    // Both sides of every break: there may be a jump.
    std::optional<Rational> least, most;
    for (std::size_t i = 0; i < function.breaks.size(); ++i) {
        for (const Line& line : {function.lines[i], function.lines[i + 1]}) {
            const Rational value = line.slope * function.breaks[i] + line.intercept;
            if (!least || value < *least) least = value;
            if (!most || value > *most) most = value;
        }
    }
    if (bounded_below) planned.low = rule(*least);
    if (bounded_above) planned.high = rule(*most);
}

/// One entry where all are equal.
void collapse(std::vector<std::int64_t>& values, std::size_t width) {
    for (std::size_t at = width; at < values.size(); at += width)
        if (!std::equal(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(width),
                        values.begin() + static_cast<std::ptrdiff_t>(at)))
            return;
    values.resize(std::min(values.size(), width));
}

class Planner {
public:
    Planner(std::span<const AccumulatorChannel> channels, const QuantizerRule& rule, const RequantizeOptions& options)
        : channels_(channels), rule_(rule), options_(options) {}

    Result<RequantizePlan> plan(bool allow_none);

private:
    Status find_staircases();
    bool is_identity() const;
    std::optional<RequantizePlan> multiply();
    std::optional<RequantizePlan> convergent();
    Result<std::optional<RequantizePlan>> table();
    RequantizePlan thresholds() const;

    std::optional<Multiplier> exact_line(const PlannedChannel& planned) const;
    RequantizePlan with_multipliers(RequantizeForm form, std::span<const Multiplier> multipliers) const;
    Requantize stage_of(RequantizeForm form) const;
    /// Right at every step, just below it and at both ends. All forms are monotone in between, rounding ties to even included: an odd whole
    /// number goes down to what the numbers just below it give.
    bool verified(const Requantize& stage) const;
    /// The plan if it is verified; a form that is right by construction and is not verified is our mistake, and is not used.
    std::optional<RequantizePlan> proved(RequantizePlan plan) const;

    std::span<const AccumulatorChannel> channels_;
    const QuantizerRule& rule_;
    const RequantizeOptions& options_;
    std::vector<PlannedChannel> planned_;
    std::vector<std::optional<Multiplier>> shortest_;  ///< Per channel, found by `multiply`.
    std::int64_t acc_min_ = 0, acc_max_ = 0;
    std::int64_t steps_ = 0;
};

Status Planner::find_staircases() {
    acc_min_ = channels_.front().min;
    acc_max_ = channels_.front().max;
    planned_.reserve(channels_.size());
    for (const AccumulatorChannel& channel : channels_) {
        acc_min_ = std::min(acc_min_, channel.min);
        acc_max_ = std::max(acc_max_, channel.max);
        if (!planned_.empty() && same_function(*planned_.back().channel, channel)) {
            planned_.push_back(planned_.back());
            planned_.back().same_as_previous = true;
        } else {
            WEFT_ASSIGN(Staircase staircase, channel.steps ? *channel.steps : staircase_of(channel, rule_));
            planned_.push_back({.channel = &channel, .staircase = std::move(staircase), .low = rule_.min, .high = rule_.max});
            set_bounds(planned_.back(), rule_);
        }
        steps_ += static_cast<std::int64_t>(planned_.back().staircase.positions.size());
    }
    return Ok{};
}

bool Planner::is_identity() const {
    return std::ranges::all_of(planned_, [](const PlannedChannel& planned) {
        const Staircase& staircase = planned.staircase;
        const auto& channel = *planned.channel;
        if (static_cast<std::int64_t>(staircase.positions.size()) != channel.max - channel.min) return false;
        for (std::size_t i = 0; i < staircase.values.size(); ++i)
            if (staircase.values[i] != channel.min + static_cast<std::int64_t>(i)) return false;
        return true;
    });
}

Requantize Planner::stage_of(RequantizeForm form) const {
    Requantize stage;
    stage.form = form;
    stage.channels = static_cast<int>(channels_.size());
    stage.acc_min = acc_min_;
    stage.acc_max = acc_max_;
    return stage;
}

RequantizePlan Planner::with_multipliers(RequantizeForm form, std::span<const Multiplier> multipliers) const {
    RequantizePlan plan;
    Requantize& stage = plan.stage;
    stage = stage_of(form);
    for (const Multiplier& multiplier : multipliers) stage.shift = std::max(stage.shift, multiplier.shift);
    for (std::size_t c = 0; c < planned_.size(); ++c) {
        const Multiplier multiplier = multipliers[c].widened(stage.shift - multipliers[c].shift);
        stage.multiplier.push_back(multiplier.multiplier);
        stage.addend.push_back(multiplier.addend());
        stage.low.push_back(planned_[c].low);
        stage.high.push_back(planned_[c].high);
        plan.multiplier_bits = std::max(plan.multiplier_bits, signed_bits(multiplier.multiplier, multiplier.multiplier));
    }
    stage.out_min = std::ranges::min(stage.low);
    stage.out_max = std::ranges::max(stage.high);
    for (auto* values : {&stage.multiplier, &stage.addend, &stage.low, &stage.high}) collapse(*values, 1);
    plan.one_dsp = plan_stage_multiply(stage, options_.dsp).dsp() == 1;
    plan.why = fmt::format("{}: {}-bit multipliers, shift {}, equal on all {} steps of {} channels",
                           form == RequantizeForm::multiply ? "multiply" : "multiply with ties to even", plan.multiplier_bits, stage.shift,
                           with_commas(steps_), channels_.size());
    return plan;
}

std::optional<RequantizePlan> Planner::proved(RequantizePlan plan) const {
    const bool right = verified(plan.stage);
    assert(right);
    if (!right) return std::nullopt;
    return plan;
}

/// Whether every multiplier stays within the limits once all have the largest shift.
bool fit_together(std::span<const Multiplier> multipliers, std::int64_t acc_min, std::int64_t acc_max) {
    int shift = 0;
    for (const Multiplier& multiplier : multipliers) shift = std::max(shift, multiplier.shift);
    const int acc_bits = signed_bits(acc_min, acc_max) - 1;
    return std::ranges::all_of(multipliers, [&](const Multiplier& multiplier) {
        const int more = shift - multiplier.shift;
        const int bits = multiplier.multiplier == 0 ? 0 : signed_bits(multiplier.multiplier, multiplier.multiplier) - 1 + more;
        const int addend_bits = signed_bits(multiplier.addend_min, multiplier.addend_max) - 1 + more;
        return bits <= multiplier_bits_limit && bits + acc_bits < product_bits_limit && addend_bits < product_bits_limit;
    });
}

std::optional<RequantizePlan> Planner::multiply() {
    std::vector<Multiplier> multipliers;
    bool all = true;
    for (const PlannedChannel& planned : planned_) {
        if (planned.same_as_previous) {
            shortest_.push_back(shortest_.back());
        } else {
            const auto corners = corners_of(planned.staircase, planned.channel->min, planned.channel->max, planned.low, planned.high);
            shortest_.push_back(corners ? shortest_multiplier(*corners) : std::nullopt);
        }
        if (shortest_.back())
            multipliers.push_back(*shortest_.back());
        else
            all = false;
    }
    if (!all || !fit_together(multipliers, acc_min_, acc_max_)) return std::nullopt;
    RequantizePlan plan = with_multipliers(RequantizeForm::multiply, multipliers);
    return proved(std::move(plan));
}

/// The straight line before rounding as a multiplier of its own: exact where the slope's and the intercept's denominators are powers of
/// two.
std::optional<Multiplier> Planner::exact_line(const PlannedChannel& planned) const {
    if (planned.channel->steps || !planned.channel->function.pieces || rule_.rounding != Rounding::half_even) return std::nullopt;
    const PiecewiseLinear function =
        compose(*planned.channel->function.pieces, PiecewiseLinear::affine(planned.channel->scale, planned.channel->offset));
    for (std::size_t piece = 0; piece < function.lines.size(); ++piece) {
        if (sgn(function.lines[piece].slope) == 0) continue;
        if (piece > 0 && function.breaks[piece - 1] > planned.channel->max) continue;
        if (piece < function.breaks.size() && function.breaks[piece] < planned.channel->min) continue;
        const Rational slope = function.lines[piece].slope / rule_.scale;
        const Rational intercept = function.lines[piece].intercept / rule_.scale + rule_.zero_point + Rational(1, 2);
        mpz_class denominator;
        mpz_lcm(denominator.get_mpz_t(), slope.get_den_mpz_t(), intercept.get_den_mpz_t());
        const auto shift = static_cast<int>(mpz_sizeinbase(denominator.get_mpz_t(), 2)) - 1;
        if (mpz_popcount(denominator.get_mpz_t()) != 1 || shift >= product_bits_limit) continue;
        const Rational m = slope * denominator, b = intercept * denominator;
        if (mpz_sizeinbase(m.get_num_mpz_t(), 2) > multiplier_bits_limit || mpz_sizeinbase(b.get_num_mpz_t(), 2) >= product_bits_limit)
            continue;
        const Multiplier multiplier{m.get_num().get_si(), b.get_num().get_si(), b.get_num().get_si(), shift};
        return multiplier;
    }
    return std::nullopt;
}

std::optional<RequantizePlan> Planner::convergent() {
    std::vector<Multiplier> multipliers;
    for (std::size_t c = 0; c < planned_.size(); ++c) {
        const PlannedChannel& planned = planned_[c];
        if (planned.same_as_previous) {
            multipliers.push_back(multipliers.back());
            continue;
        }
        if (planned.staircase.values.size() == 1) {
            // Half a unit above the constant: never a tie.
            const std::int64_t addend = planned.staircase.values[0] * 2 + 1;
            multipliers.push_back({0, addend, addend, 1});
            continue;
        }
        if (shortest_[c]) {
            // An even multiplier with an odd addend never makes a tie.
            const std::int64_t addend = shortest_[c]->addend() * 2 + 1;
            multipliers.push_back({shortest_[c]->multiplier * 2, addend, addend, shortest_[c]->shift + 1});
            continue;
        }
        const std::optional<Multiplier> multiplier = exact_line(planned);
        if (!multiplier) return std::nullopt;
        multipliers.push_back(*multiplier);
    }
    if (!fit_together(multipliers, acc_min_, acc_max_)) return std::nullopt;
    RequantizePlan plan = with_multipliers(RequantizeForm::convergent, multipliers);
    if (!verified(plan.stage)) return std::nullopt;
    return plan;
}

Result<std::optional<RequantizePlan>> Planner::table() {
    const std::int64_t count = acc_max_ - acc_min_ + 1;
    if (count > options_.table_limit) return std::optional<RequantizePlan>{};
    RequantizePlan plan;
    Requantize& stage = plan.stage;
    stage = stage_of(RequantizeForm::table);
    stage.values.reserve(static_cast<std::size_t>(count) * planned_.size());
    for (const PlannedChannel& planned : planned_) {
        // Over the range of the whole layer, so that channels of one function have one table.
        AccumulatorChannel channel = *planned.channel;
        channel.min = acc_min_;
        channel.max = acc_max_;
        WEFT_ASSIGN(const Staircase staircase, channel.steps ? *channel.steps : staircase_of(channel, rule_));
        for (std::size_t run = 0; run < staircase.values.size(); ++run) {
            const std::int64_t end = run < staircase.positions.size() ? staircase.positions[run] : acc_max_ + 1;
            const std::int64_t begin = run > 0 ? staircase.positions[run - 1] : acc_min_;
            stage.values.insert(stage.values.end(), static_cast<std::size_t>(end - begin), staircase.values[run]);
        }
    }
    stage.out_min = std::ranges::min(stage.values);
    stage.out_max = std::ranges::max(stage.values);
    collapse(stage.values, static_cast<std::size_t>(count));
    plan.why = fmt::format("table: {} accumulator values, {}", with_commas(count),
                           static_cast<std::int64_t>(stage.values.size()) == count ? std::string("one table for all channels")
                                                                                   : fmt::format("{} tables", channels_.size()));
    return std::optional<RequantizePlan>{std::move(plan)};
}

RequantizePlan Planner::thresholds() const {
    RequantizePlan plan;
    Requantize& stage = plan.stage;
    stage = stage_of(RequantizeForm::thresholds);
    std::size_t most = 0;
    for (const PlannedChannel& planned : planned_) most = std::max(most, planned.staircase.positions.size());
    stage.steps = static_cast<int>(most);
    for (const PlannedChannel& planned : planned_) {
        const Staircase& staircase = planned.staircase;
        const std::size_t unused = most - staircase.positions.size();
        stage.thresholds.insert(stage.thresholds.end(), staircase.positions.begin(), staircase.positions.end());
        stage.thresholds.insert(stage.thresholds.end(), unused, acc_max_ + 1);
        stage.values.insert(stage.values.end(), staircase.values.begin(), staircase.values.end());
        stage.values.insert(stage.values.end(), unused, staircase.values.back());
    }
    stage.out_min = std::ranges::min(stage.values);
    stage.out_max = std::ranges::max(stage.values);
    if (most > 0) collapse(stage.thresholds, most);
    collapse(stage.values, most + 1);
    plan.why = fmt::format("thresholds: up to {} steps a channel, {} in {} channels", with_commas(stage.steps), with_commas(steps_),
                           channels_.size());
    return plan;
}

bool Planner::verified(const Requantize& stage) const {
    for (std::size_t c = 0; c < planned_.size(); ++c) {
        const PlannedChannel& planned = planned_[c];
        const Staircase& staircase = planned.staircase;
        auto right = [&](std::int64_t acc, std::int64_t value) { return apply(stage, acc, static_cast<int>(c)) == value; };
        if (!right(planned.channel->min, staircase.values.front()) || !right(planned.channel->max, staircase.values.back())) return false;
        for (std::size_t step = 0; step < staircase.positions.size(); ++step)
            if (!right(staircase.positions[step] - 1, staircase.values[step]) ||
                !right(staircase.positions[step], staircase.values[step + 1]))
                return false;
    }
    return true;
}

Result<RequantizePlan> Planner::plan(bool allow_none) {
    WEFT_CHECK(find_staircases());
    if (allow_none && is_identity()) {
        RequantizePlan plan;
        plan.stage = stage_of(RequantizeForm::none);
        plan.stage.out_min = acc_min_;
        plan.stage.out_max = acc_max_;
        plan.why = "none: the output integers are the accumulators";
        return plan;
    }
    std::size_t most_values = 0;
    for (const PlannedChannel& planned : planned_) most_values = std::max(most_values, planned.staircase.values.size());
    if (static_cast<std::int64_t>(most_values) <= options_.threshold_limit) {
        if (std::optional<RequantizePlan> by_thresholds = proved(thresholds())) return *std::move(by_thresholds);
    }
    std::optional<RequantizePlan> by_multiplier = multiply();
    if (by_multiplier && by_multiplier->one_dsp) return *std::move(by_multiplier);
    std::optional<RequantizePlan> by_ties = by_multiplier ? std::nullopt : convergent();
    if (by_ties && by_ties->one_dsp) return *std::move(by_ties);
    // A table for all channels costs less than two multipliers a lane; a table for each costs more.
    WEFT_ASSIGN(std::optional<RequantizePlan> by_table, table());
    if (by_table) by_table = proved(*std::move(by_table));
    const bool one_table = by_table && static_cast<std::int64_t>(by_table->stage.values.size()) == acc_max_ - acc_min_ + 1;
    if (one_table) return *std::move(by_table);
    if (by_multiplier) return *std::move(by_multiplier);
    if (by_ties) return *std::move(by_ties);
    if (by_table) return *std::move(by_table);
    if (static_cast<std::int64_t>(most_values * planned_.size()) > threshold_entries_limit)
        return Diagnostic{.reason = fmt::format("the requantization needs {} thresholds in each of {} channels",
                                                with_commas(static_cast<std::int64_t>(most_values)), channels_.size()),
                          .help = "quantize the output to fewer bits"};
    if (std::optional<RequantizePlan> by_thresholds = proved(thresholds())) return *std::move(by_thresholds);
    throw std::logic_error("no form of the requantization was found equal to its rule");
}

}  // namespace

Result<RequantizePlan> plan_requantize(std::span<const AccumulatorChannel> channels, const QuantizerRule& rule, bool allow_none,
                                       const RequantizeOptions& options) {
    assert(!channels.empty());
    return Planner(channels, rule, options).plan(allow_none);
}

}  // namespace weft
