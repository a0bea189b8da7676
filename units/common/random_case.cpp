// random_case.cpp
// Draws conformance points of a unit.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/random_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <tuple>

#include "units/common/model_parts.h"

namespace weft {

namespace {

/// Of the planner (src/quantize/multiplier_search.h): bits of a multiplier's and of a sum's magnitude.
constexpr int multiplier_magnitude = 34;
constexpr int sum_magnitude = 60;

int magnitude_bits(std::int64_t min, std::int64_t max) { return std::bit_width(static_cast<std::uint64_t>(std::max(max, -min))); }

}  // namespace

std::int64_t CaseDrawer::pick(std::int64_t low, std::int64_t high) {
    // The same on every machine, which std::uniform_int_distribution is not.
    return low + static_cast<std::int64_t>(random_() % (static_cast<std::uint64_t>(high - low) + 1));
}

int CaseDrawer::size(int most) { return static_cast<int>(chance(50) ? pick(1, std::min(3, most)) : pick(1, most)); }

int CaseDrawer::channels(int most) { return chance(8) ? static_cast<int>(pick(65, 300)) : size(most); }

int CaseDrawer::part_of(std::int64_t count) {
    const std::int64_t kind = pick(0, 3);
    count = std::min<std::int64_t>(count, 24);
    return static_cast<int>(kind == 0 ? 1 : kind == 1 ? count : pick(1, count));
}

int CaseDrawer::pixels() { return one_of({1, 1, 1, 1, 1, 2, 2, 4, 4, 3}); }

CaseDrawer::Range CaseDrawer::range(int most_bits) {
    const auto bits = static_cast<int>(chance(40) ? std::min(8, most_bits) : chance(15) ? most_bits : pick(1, most_bits));
    const bool is_signed = chance(50);
    const std::int64_t size = std::int64_t{1} << bits;
    const Range whole = is_signed ? Range{-size / 2, size / 2 - 1} : Range{0, size - 1};
    if (bits < 3 || chance(70)) return whole;
    // A part that reaches into the type's last bit on one side.
    const std::int64_t inner = pick(whole.first, whole.second);
    if (is_signed && chance(50)) return {-size / 4 - pick(1, size / 4), std::max<std::int64_t>(inner, -size / 4)};
    const std::int64_t least = size / (is_signed ? 4 : 2);
    return {std::min(inner, least), least + pick(0, least - 1)};
}

std::vector<std::int64_t> CaseDrawer::constants(std::int64_t count, std::int64_t min, std::int64_t max) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(count));
    const std::int64_t kind = pick(0, 4);
    const bool zeros = kind == 1 && min <= 0 && max >= 0;
    for (std::int64_t& value : values) value = zeros && chance(60) ? 0 : kind == 2 ? one_of({min, max}) : kind == 3 ? min : pick(min, max);
    return values;
}

std::optional<Requantize> CaseDrawer::stage(Stream& out, std::int64_t min, std::int64_t max) {
    std::vector<RequantizeForm> forms{RequantizeForm::thresholds};
    if (magnitude_bits(min, max) < sum_magnitude - 8)
        forms.insert(forms.end(), {RequantizeForm::multiply, RequantizeForm::multiply, RequantizeForm::convergent});
    // `none` and tables are for what fits a stream and a memory.
    if (min >= std::numeric_limits<std::int32_t>::min() && max <= std::numeric_limits<std::int32_t>::max())
        forms.push_back(RequantizeForm::none);
    if (max - min < 1024) forms.push_back(RequantizeForm::table);
    const RequantizeForm form = forms[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(forms.size()) - 1))];
    if (form == RequantizeForm::none) {
        out.min = min;
        out.max = max;
        return std::nullopt;
    }
    std::tie(out.min, out.max) = range();
    return stage_of(form, out, min, max);
}

Requantize CaseDrawer::stage_of(RequantizeForm form, const Stream& out, std::int64_t min, std::int64_t max) {
    Requantize stage;
    stage.form = form;
    stage.channels = out.shape.channels;
    stage.acc_min = min;
    stage.acc_max = max;
    stage.out_min = out.min;
    stage.out_max = out.max;
    if (form == RequantizeForm::multiply || form == RequantizeForm::convergent) draw_multiplier(stage);
    if (form == RequantizeForm::thresholds) draw_thresholds(stage);
    if (form == RequantizeForm::table) stage.values = constants((chance(50) ? stage.channels : 1) * (max - min + 1), out.min, out.max);
    return stage;
}

void CaseDrawer::draw_multiplier(Requantize& stage) {
    const auto entries = [&] { return chance(50) ? stage.channels : 1; };
    const int acc_bits = magnitude_bits(stage.acc_min, stage.acc_max);
    const int out_bits = magnitude_bits(stage.out_min, stage.out_max);
    // The sum of acc * m and b stays below 2^60; b is as large as what it is added to, or as the results need.
    const auto most_bits = std::min(multiplier_magnitude, sum_magnitude - 1 - acc_bits);
    const auto bits = static_cast<int>(chance(20) ? most_bits : pick(0, most_bits));
    const std::int64_t reach = (std::int64_t{1} << bits) - 1;
    const bool convergent = stage.form == RequantizeForm::convergent;
    // Most shifts bring the products about to the results' range.
    const int fitting = acc_bits + bits - out_bits + static_cast<int>(pick(-2, 2));
    stage.shift = chance(85) ? fitting : static_cast<int>(pick(0, 50));
    stage.shift = std::clamp(stage.shift, convergent ? 1 : 0, sum_magnitude - 1 - out_bits);
    for (int c = entries(); c > 0; --c)
        stage.multiplier.push_back(chance(5)    ? 0
                                   : chance(10) ? one_of({reach, -reach, std::int64_t{1}})
                                   : chance(15) ? std::int64_t{1} << (bits == 0 ? 0 : pick(0, bits - 1))
                                   : chance(20) ? -pick(0, reach)
                                                : pick(reach / 2, reach));
    const std::int64_t product = std::max<std::int64_t>(reach, 1) << acc_bits;
    for (int c = entries(); c > 0; --c) {
        const std::int64_t half = stage.shift == 0 ? 0 : std::int64_t{1} << (stage.shift - 1);
        const std::int64_t target = pick(stage.out_min, stage.out_max) * (std::int64_t{1} << stage.shift);
        const std::int64_t any = pick(-product, product);
        // Ties are what the even rule is for.
        stage.addend.push_back(chance(30) ? half : chance(50) ? target + half : convergent && chance(50) ? (any & -half) : any);
    }
    const auto bound = [&](bool upper) {
        std::vector<std::int64_t> bounds;
        const std::int64_t middle = stage.out_min + (stage.out_max - stage.out_min) / 2;
        const bool own = chance(30);
        for (int c = own ? stage.channels : 1; c > 0; --c)
            bounds.push_back(own || chance(20) ? (upper ? pick(middle, stage.out_max) : pick(stage.out_min, middle))
                                               : (upper ? stage.out_max : stage.out_min));
        return bounds;
    };
    stage.low = bound(false);
    stage.high = bound(true);
}

void CaseDrawer::draw_thresholds(Requantize& stage) {
    stage.steps = static_cast<int>(pick(1, chance(20) ? 40 : 15));
    const int entries = chance(60) ? stage.channels : 1;
    for (int c = 0; c < entries; ++c) {
        const auto first = stage.thresholds.insert(stage.thresholds.end(), static_cast<std::size_t>(stage.steps), 0);
        for (auto step = first; step != stage.thresholds.end(); ++step)
            *step = chance(10) ? stage.acc_max + 1 : pick(stage.acc_min, stage.acc_max);
        std::sort(first, stage.thresholds.end());
    }
    if (chance(40) && stage.out_max - stage.out_min >= stage.steps) {
        // Results that count up from the first.
        stage.values.resize(static_cast<std::size_t>(stage.steps) + 1);
        for (std::size_t i = 0; i < stage.values.size(); ++i) stage.values[i] = stage.out_min + static_cast<std::int64_t>(i);
    } else {
        stage.values = constants(std::int64_t{chance(50) ? stage.channels : 1} * (stage.steps + 1), stage.out_min, stage.out_max);
    }
}

void set_stage(Unit& unit, CaseDrawer* draw, RequantizeForm form, bool per_channel, std::int64_t min, std::int64_t max) {
    Stream& out = *unit.outputs[0];
    if (draw) {
        unit.requantize = draw->stage(out, min, max);
    } else if (form == RequantizeForm::none) {
        out.min = min;
        out.max = max;
    } else {
        unit.requantize = sample_stage(form, out.shape.channels, per_channel, min, max, out.min, out.max);
    }
}

UnitCase random_case(const UnitDef& def, std::uint64_t seed) {
    // Of a simulation with several frames and several kinds of stalls.
    constexpr std::int64_t most_cycles = 1500;
    std::mt19937_64 random(seed);
    while (true) {
        UnitCase point = def.random_case(random);
        if (verify(*point, true) && def.schedule(*point->units.front()).cycles <= most_cycles) return point;
    }
}

bool has_several_pixels(const Design& point) {
    return std::ranges::any_of(point.streams, [](const auto& stream) { return stream->beat.pixels > 1; });
}

std::string describe(const Design& point) {
    const Unit& unit = *point.units.front();
    std::string text(unit.def->name);
    for (const ParameterDef& row : unit.def->parameters) text += fmt::format(" {}={}", row.name, unit.parameter(row.name));
    for (const auto& stream : point.streams)
        text += fmt::format(", {} {}..{} {}x{}x{}x{} in {}x{}x{} depth {}", stream->name, stream->min, stream->max, stream->shape.rows,
                            stream->shape.columns, stream->shape.taps, stream->shape.channels, stream->beat.pixels, stream->beat.taps,
                            stream->beat.lanes, stream->rtl_depth);
    if (unit.requantize) {
        const Requantize& stage = *unit.requantize;
        text += fmt::format(", form {} of {}..{} to {}..{}", static_cast<int>(stage.form), stage.acc_min, stage.acc_max, stage.out_min,
                            stage.out_max);
        if (!stage.multiplier.empty())
            text += fmt::format(", ({} * acc + {}) >> {} ({} and {} of them)", stage.multiplier[0], stage.addend[0], stage.shift,
                                stage.multiplier.size(), stage.addend.size());
        if (stage.steps > 0) text += fmt::format(", {} steps", stage.steps);
    }
    return text;
}

}  // namespace weft
