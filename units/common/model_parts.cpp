// model_parts.cpp
// What the C++ faces of the units share.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/model_parts.h"

#include <fmt/format.h>

#include "units/output/output_rtl.h"

namespace weft {

namespace {

Cost stage_cost(const Unit& unit, int dsp_per_lane) {
    Cost cost;
    if (dsp_per_lane == 0) return cost;
    const std::int64_t lanes = port_beat(unit, true, 0).elements();
    cost.requantize_lanes = static_cast<double>(lanes);
    cost.requantize_dsp = static_cast<double>(lanes * dsp_per_lane);
    cost.dsp = cost.requantize_dsp;
    return cost;
}

}  // namespace

Cost requantize_cost(const Unit& unit) { return stage_cost(unit, stage_dsp_per_lane(unit)); }

std::vector<std::int64_t> distinct_folds(std::int64_t count) {
    std::vector<std::int64_t> lanes;
    for (std::int64_t l = 1; l <= count;) {
        const std::int64_t folds = ceil_div(count, l);
        lanes.push_back(l);
        if (folds == 1) break;
        l = ceil_div(count, folds - 1);
    }
    return lanes;
}

std::string expect_shape(const Stream& stream, const StreamShape& shape, const char* what) {
    if (stream.shape == shape) return {};
    const StreamShape& s = stream.shape;
    return fmt::format("{} is {} x {} x {} x {} instead of {} x {} x {} x {} (rows, columns, taps, channels)", what, s.rows, s.columns,
                       s.taps, s.channels, shape.rows, shape.columns, shape.taps, shape.channels);
}

std::string expect_constant(const Unit& unit, std::string_view key, std::int64_t elements) {
    const ConstantArray* array = unit.find_constant(key);
    if (!array) return fmt::format("constant {} is missing", key);
    if (static_cast<std::int64_t>(array->data.size()) != elements)
        return fmt::format("constant {} has {} elements instead of {}", key, array->data.size(), elements);
    return {};
}

namespace {

int bits_of_signed(std::pair<std::int64_t, std::int64_t> range) { return bits_for(std::min<std::int64_t>(range.first, -1), range.second); }

}  // namespace

void size_words(Unit& unit, std::int64_t min, std::int64_t max) {
    unit.set_parameter("WeightBits", bits_of_signed(unit.constant("weights").data.range()));
    unit.set_parameter("AccumulatorBits", bits_of_signed({min, max}));
}

std::string expect_words(const Unit& unit, std::int64_t min, std::int64_t max) {
    if (bits_of_signed(unit.constant("weights").data.range()) > unit.parameter("WeightBits")) return "a weight does not fit WeightBits";
    if (bits_of_signed({min, max}) > unit.parameter("AccumulatorBits")) return "its sums do not fit AccumulatorBits";
    return {};
}

std::string expect_range(const Unit& unit, std::int64_t min, std::int64_t max) {
    const bool staged = unit.requantize && unit.requantize->form != RequantizeForm::none;
    const std::int64_t low = staged ? unit.requantize->acc_min : unit.outputs[0]->min;
    const std::int64_t high = staged ? unit.requantize->acc_max : unit.outputs[0]->max;
    if (min >= low && max <= high) return {};
    return fmt::format("its accumulator takes {}..{}, outside {}..{} of its {}", min, max, low, high,
                       staged ? "requantize stage" : "output stream");
}

Candidates::Candidates(Unit unit) : trial_(std::move(unit)), stage_dsp_(stage_dsp_per_lane(trial_)) { trial_.requantize.reset(); }

Folding Candidates::with(std::vector<std::pair<std::string_view, std::int64_t>> parameters) {
    trial_.set_parameters(parameters);
    Cost cost = trial_.def->cost(trial_);
    cost += stage_cost(trial_, stage_dsp_);
    return {std::move(parameters), trial_.def->schedule(trial_).cycles, cost};
}

std::vector<Folding> lane_foldings(const Unit& unit) {
    Candidates candidates(unit);
    std::vector<Folding> list;
    for (const std::int64_t lanes : distinct_folds(unit.parameter("Channels"))) list.push_back(candidates.with({{"Lanes", lanes}}));
    return list;
}

std::vector<Folding> lane_tap_foldings(const Unit& unit, std::int64_t taps) {
    Candidates candidates(unit);
    std::vector<Folding> list;
    for (const std::int64_t lanes : distinct_folds(unit.parameter("Channels")))
        for (const std::int64_t per_beat : distinct_folds(taps))
            list.push_back(candidates.with({{"Lanes", lanes}, {"TapsPerBeat", per_beat}}));
    return list;
}

}  // namespace weft
