// codes.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/codes.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>

namespace weft {

namespace {

/// Neighbouring accumulators that the quantizer does not tell apart; or a filling value, which stands for no accumulator.
struct Run {
    std::int64_t first = 0;
    bool filling = false;
    std::int64_t result = 0;  ///< What the quantizer gives.
    int fills = -1;           ///< The pad whose value it is.
};

using Codes = std::vector<std::int64_t>;  // one a run

/// Accumulators of more values than this are not looked at one by one.
constexpr std::int64_t apart_limit = std::int64_t{1} << 21;

/// 1 where the function rises throughout (or is constant), -1 where it falls, else 0.
int direction(const ScalarFunction& function) { return function.non_decreasing ? 1 : function.non_increasing ? -1 : 0; }

/// Whether function(x) > limit.
bool exceeds(const ScalarFunction& function, const Rational& x, const Rational& limit) {
    if (function.pieces) return (*function.pieces)(x) > limit;
    if (function.exact)
        if (const auto value = function.exact(x)) return *value > limit;
    return function.real(to_long_double(x)) > to_long_double(limit);
}

class Chain {
public:
    Chain(const AccumulatorChannel& channel, std::span<const ChainMove> moves, const QuantizerRule& rule)
        : channel_(channel), moves_(moves), rule_(rule) {}

    Result<ChannelCodes> codes();

private:
    /// From the accumulator's real to what enters move `index`.
    ScalarFunction before(std::size_t index) const {
        ScalarFunction whole = channel_.function;
        for (std::size_t i = 0; i < index; ++i) whole = compose(moves_[i].function, whole);
        return whole;
    }
    Status cut();
    /// How what enters move `index` follows the accumulator: 1, -1, or 0 where it does neither. Step by step, so that what a pad adds
    /// behind a constant is seen in one direction everywhere.
    int direction_before(std::size_t index) const {
        int whole = (sgn(channel_.scale) < 0 ? -1 : 1) * direction(channel_.function);
        for (std::size_t i = 0; i < index; ++i) whole *= direction(moves_[i].function);
        return whole;
    }
    void sort_by_value(std::size_t index, Codes& codes) const;
    Status insert_filling(std::size_t pad);
    Result<Codes> entering(std::size_t index, const Codes& next) const;

    const AccumulatorChannel& channel_;
    std::span<const ChainMove> moves_;
    const QuantizerRule& rule_;
    std::vector<Run> runs_;  ///< In the accumulator's order.
};

Status Chain::cut() {
    AccumulatorChannel whole = channel_;
    whole.function = before(moves_.size());
    WEFT_ASSIGN(const Staircase steps, staircase_of(whole, rule_));
    // Where functions fall and rise before something compares, neighbours are not neighbours there: each accumulator by itself.
    bool apart = false;
    for (std::size_t i = 0; i < moves_.size(); ++i) apart |= moves_[i].kind == ChainMove::Kind::largest && direction_before(i) == 0;
    if (apart && channel_.max - channel_.min >= apart_limit) {
        return Diagnostic{.reason = "the largest of a function that falls and rises is taken, of an accumulator of many values",
                          .help =
                              "put a quantizer between the function and the pooling, or give calibration data (--calibrate DATA) so "
                              "that weft does"};
    }
    for (std::size_t i = 0; i < steps.values.size(); ++i) {
        const std::int64_t first = i == 0 ? channel_.min : steps.positions[i - 1];
        const std::int64_t end = !apart ? first + 1 : i < steps.positions.size() ? steps.positions[i] : channel_.max + 1;
        for (std::int64_t acc = first; acc < end; ++acc) runs_.push_back({.first = acc, .result = steps.values[i]});
    }
    for (std::size_t i = 0; i < moves_.size(); ++i)
        if (moves_[i].kind == ChainMove::Kind::pad) WEFT_CHECK(insert_filling(i));
    return Ok{};
}

Status Chain::insert_filling(std::size_t pad) {
    ScalarFunction behind = moves_[pad].function;
    for (std::size_t i = pad + 1; i < moves_.size(); ++i) behind = compose(moves_[i].function, behind);
    Run filling{.filling = true, .fills = static_cast<int>(pad)};
    const AccumulatorChannel constant{.offset = moves_[pad].fill, .function = std::move(behind)};
    WEFT_ASSIGN(const Staircase step, staircase_of(constant, rule_));
    filling.result = step.values.front();

    // Its place among the accumulators, by what enters the pad; of no matter where nothing compares.
    const ScalarFunction above = before(pad);
    const bool down = direction_before(pad) < 0;
    std::int64_t low = channel_.min, high = channel_.max + 1;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        const bool beyond = exceeds(above, Rational(middle) * channel_.scale + channel_.offset, moves_[pad].fill);
        if (beyond != down)
            high = middle;
        else
            low = middle + 1;
    }
    auto at = std::ranges::find_if(runs_, [&](const Run& run) { return !run.filling && run.first >= low; });
    const bool splits = (at == runs_.end() || at->first > low) && low <= channel_.max;
    if (splits) {
        // The run that holds `low` begins before it.
        auto holder = at;
        while (holder != runs_.begin() && std::prev(holder)->filling) --holder;
        const Run rest{.first = low, .result = std::prev(holder)->result};
        at = runs_.insert(holder, rest);
    }
    // Among filling values at that place, by what those of earlier pads are here.
    const auto beyond_this = [&](const Run& other) {
        const auto from = static_cast<std::size_t>(other.fills);
        ScalarFunction here = moves_[from].function;
        for (std::size_t i = from + 1; i < pad; ++i) here = compose(moves_[i].function, here);
        return exceeds(here, moves_[from].fill, moves_[pad].fill) != down;
    };
    while (at != runs_.begin() && std::prev(at)->filling && beyond_this(*std::prev(at))) --at;
    runs_.insert(at, filling);
    return Ok{};
}

/// Codes that number the runs by what enters move `index`, one for neighbours that the next move need not tell apart.
void Chain::sort_by_value(std::size_t index, Codes& codes) const {
    const ScalarFunction above = before(index);
    const long double scale = to_long_double(channel_.scale), offset = to_long_double(channel_.offset);
    std::vector<std::pair<long double, std::size_t>> order;
    for (std::size_t run = 0; run < runs_.size(); ++run) {
        long double value = 0;
        if (runs_[run].filling) {
            const auto from = static_cast<std::size_t>(runs_[run].fills);
            value = to_long_double(moves_[from].fill);
            for (std::size_t i = from; i < index; ++i) value = moves_[i].function.real(value);
        } else {
            value = above.real(static_cast<long double>(runs_[run].first) * scale + offset);
        }
        order.emplace_back(value, run);
    }
    std::ranges::sort(order);
    const Codes next = codes;
    std::int64_t code = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i > 0 && next[order[i].second] != next[order[i - 1].second]) ++code;
        codes[order[i].second] = code;
    }
}

Result<Codes> Chain::entering(std::size_t index, const Codes& next) const {
    const ChainMove& move = moves_[index];
    Codes codes = next;
    if (move.kind == ChainMove::Kind::join) return codes;
    if (move.kind == ChainMove::Kind::pad) {
        const auto filling = std::ranges::find_if(runs_, [&](const Run& run) { return run.fills == static_cast<int>(index); });
        const std::int64_t shift = move.fill_code - next[static_cast<std::size_t>(filling - runs_.begin())];
        for (std::int64_t& code : codes) code += shift;
        return codes;
    }
    if (direction_before(index) == 0) {
        sort_by_value(index, codes);
        return codes;
    }
    const bool up = direction_before(index) > 0;
    if (!up) std::ranges::reverse(codes);
    if (!std::ranges::is_sorted(codes)) {
        if (std::ranges::is_sorted(codes, std::greater<>())) {
            for (std::int64_t& code : codes) code = -code;
        } else {
            for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::int64_t>(i);
        }
    }
    if (!up) std::ranges::reverse(codes);
    return codes;
}

Result<ChannelCodes> Chain::codes() {
    WEFT_CHECK(cut());
    std::vector<Codes> stages(moves_.size() + 1, Codes(runs_.size()));
    std::ranges::transform(runs_, stages.back().begin(), &Run::result);
    ChannelCodes result;
    result.recode.resize(moves_.size());
    for (std::size_t i = moves_.size(); i-- > 0;) {
        WEFT_ASSIGN(stages[i], entering(i, stages[i + 1]));
        for (std::size_t run = 0; run < runs_.size(); ++run) {
            [[maybe_unused]] const auto [at, fresh] = result.recode[i].emplace(stages[i][run], stages[i + 1][run]);
            assert(at->second == stages[i + 1][run]);
        }
    }
    for (std::size_t run = 0; run < runs_.size(); ++run) {
        if (runs_[run].filling) continue;
        const std::int64_t code = stages.front()[run];
        if (result.first.values.empty()) {
            result.first.values.push_back(code);
        } else if (result.first.values.back() != code) {
            result.first.positions.push_back(runs_[run].first);
            result.first.values.push_back(code);
        }
    }
    return result;
}

}  // namespace

bool ChannelCodes::recodes(std::size_t index) const {
    return std::ranges::any_of(recode[index], [](const auto& entry) { return entry.first != entry.second; });
}

Result<ChannelCodes> channel_codes(const AccumulatorChannel& channel, std::span<const ChainMove> moves, const QuantizerRule& rule) {
    return Chain(channel, moves, rule).codes();
}

ScalarFunction compose(const ScalarFunction& outer, const ScalarFunction& inner) {
    ScalarFunction result;
    if (outer.pieces && inner.pieces) result.pieces = compose(*outer.pieces, *inner.pieces);
    const auto exact_of = [](const ScalarFunction& function) -> std::function<std::optional<Rational>(const Rational&)> {
        if (function.pieces) return [pieces = *function.pieces](const Rational& x) -> std::optional<Rational> { return pieces(x); };
        return function.exact;
    };
    if (auto last = exact_of(outer), first = exact_of(inner); last && first) {
        result.exact = [last, first](const Rational& x) {
            const std::optional<Rational> middle = first(x);
            return middle ? last(*middle) : std::nullopt;
        };
    }
    result.real = [last = outer.real, first = inner.real](long double x) { return last(first(x)); };
    result.jumps = outer.jumps || inner.jumps;
    result.non_decreasing = (outer.non_decreasing && inner.non_decreasing) || (outer.non_increasing && inner.non_increasing);
    result.non_increasing = (outer.non_decreasing && inner.non_increasing) || (outer.non_increasing && inner.non_decreasing);
    result.jumps = outer.jumps || inner.jumps;
    return result;
}

}  // namespace weft
