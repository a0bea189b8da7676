// cases.cpp
// Builds conformance points: a Design of one unit with its streams.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/cases.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "units/common/model_parts.h"

namespace weft {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): a stream of 64-bit words from a counter.
std::uint64_t next(std::uint64_t& state) {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void fill_multiplier(Requantize& stage, int entries) {
    const double middle = 0.5 * static_cast<double>(stage.acc_min + stage.acc_max);
    const double target = 0.5 * static_cast<double>(stage.out_min + stage.out_max + 1);
    const double span = std::max(1.0, static_cast<double>(stage.acc_max - stage.acc_min));
    // A little more than the output's range, so that both clamps are met.
    const double gain = 1.25 * static_cast<double>(stage.out_max - stage.out_min + 1) / span;
    const int width = entries > 1 ? 22 : 15;
    stage.shift = std::clamp(width - std::ilogb(gain), 1, 46);
    for (int c = 0; c < entries; ++c) {
        const double sign = c % 4 == 3 ? -1 : 1;
        const double scaled = sign * gain * (1 + 0.125 * (c % 3)) * std::ldexp(1.0, stage.shift);
        const auto m = static_cast<std::int64_t>(std::llround(scaled));
        stage.multiplier.push_back(m);
        stage.addend.push_back(static_cast<std::int64_t>(std::llround(target * std::ldexp(1.0, stage.shift))) -
                               static_cast<std::int64_t>(std::llround(middle * static_cast<double>(m))));
        stage.low.push_back(stage.out_min + (c % 5 == 4 && stage.out_max > stage.out_min ? 1 : 0));
        stage.high.push_back(stage.out_max);
    }
}

void fill_thresholds(Requantize& stage, int entries) {
    const std::int64_t range = stage.out_max - stage.out_min;
    stage.steps = static_cast<int>(std::clamp<std::int64_t>(std::min(range, stage.acc_max - stage.acc_min), 1, 15));
    for (int c = 0; c < entries; ++c) {
        const int used = std::max(1, stage.steps - c % 3);
        for (int i = 1; i <= stage.steps; ++i) {
            const std::int64_t spread = (stage.acc_max - stage.acc_min) * i / (used + 1);
            stage.thresholds.push_back(i <= used ? stage.acc_min + std::max<std::int64_t>(spread, 1) : stage.acc_max + 1);
        }
        std::sort(stage.thresholds.end() - stage.steps, stage.thresholds.end());
        for (int i = 0; i <= stage.steps; ++i) {
            // Odd channels fall: a staircase need not be monotone.
            const std::int64_t value = range * std::min(i, used) / used;
            stage.values.push_back(c % 2 ? stage.out_max - value : stage.out_min + value);
        }
    }
}

}  // namespace

std::vector<std::int64_t> sample(std::int64_t count, std::int64_t min, std::int64_t max, std::uint64_t seed) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(count));
    const auto range = static_cast<std::uint64_t>(max - min) + 1;
    for (auto& value : values) value = min + static_cast<std::int64_t>(next(seed) % range);
    if (count > 0) values[0] = min;
    if (count > 1) values[1] = max;
    return values;
}

Requantize sample_stage(RequantizeForm form, int channels, bool per_channel, std::int64_t acc_min, std::int64_t acc_max,
                        std::int64_t out_min, std::int64_t out_max) {
    Requantize stage;
    stage.form = form;
    stage.channels = channels;
    stage.acc_min = acc_min;
    stage.acc_max = acc_max;
    stage.out_min = out_min;
    stage.out_max = out_max;
    const int entries = per_channel ? channels : 1;
    switch (form) {
        case RequantizeForm::none:
            break;
        case RequantizeForm::multiply:
        case RequantizeForm::convergent:
            fill_multiplier(stage, entries);
            break;
        case RequantizeForm::thresholds:
            fill_thresholds(stage, entries);
            break;
        case RequantizeForm::table:
            stage.values = sample(entries * (acc_max - acc_min + 1), out_min, out_max, 7);
            break;
    }
    if (form == RequantizeForm::convergent && entries == 1) {
        // Halves: without exact ties the even rule would not be seen.
        stage.shift = 3;
        stage.multiplier = {4};
        stage.addend = {4};
    }
    return stage;
}

CaseBuilder::CaseBuilder(std::string_view name) : design_(std::make_unique<Design>()) { design_->name = name; }

Stream* CaseBuilder::input(StreamShape shape, std::int64_t min, std::int64_t max) {
    Stream* stream = design_->add_stream("s_in", shape, min, max);
    design_->inputs.push_back({stream->name, {stream->name, stream, nullptr}});
    return stream;
}

Stream* CaseBuilder::output(StreamShape shape, std::int64_t min, std::int64_t max) {
    Stream* stream = design_->add_stream("s_out", shape, min, max);
    KernelOutput output;
    output.name = stream->name;
    output.binding = {stream->name, stream, nullptr};
    design_->outputs.push_back(std::move(output));
    return stream;
}

Unit* CaseBuilder::unit(const UnitDef& def, std::vector<Stream*> inputs, std::vector<Stream*> outputs,
                        std::vector<std::pair<std::string_view, std::int64_t>> parameters) {
    unit_ = design_->add_unit(def, "unit_under_test", std::move(inputs), std::move(outputs));
    unit_->nodes = {design_->name};
    unit_->set_parameters(parameters);
    return unit_;
}

UnitCase CaseBuilder::finish() {
    if (unit_->def->derive) unit_->def->derive(*unit_);
    for (std::size_t i = 0; i < unit_->inputs.size(); ++i) unit_->inputs[i]->beat = port_beat(*unit_, false, static_cast<int>(i));
    for (std::size_t i = 0; i < unit_->outputs.size(); ++i) unit_->outputs[i]->beat = port_beat(*unit_, true, static_cast<int>(i));
    return std::move(design_);
}

}  // namespace weft
