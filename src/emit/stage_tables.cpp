// stage_tables.cpp
// The requantize stage of a layer as constants of the stage templates in units/common/stage.hpp.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

#include "src/emit/constants.h"

namespace weft {

namespace {

__extension__ typedef __int128 Wide;

/// Signed bits that hold min..max; zero is always among the values, for the channels beyond the last.
int signed_bits(Wide min, Wide max) {
    int bits = 1;
    while (min < -(Wide{1} << (bits - 1)) || max > (Wide{1} << (bits - 1)) - 1) ++bits;
    return bits;
}

std::string signed_type(const std::vector<std::int64_t>& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return fmt::format("ap_int<{}>", signed_bits(std::min<std::int64_t>(*least, 0), std::max<std::int64_t>(*most, 0)));
}

class Layout {
public:
    Layout(int channels, int lanes) : channels_(channels), lanes_(lanes), folds_((channels + lanes - 1) / lanes) {}

    /// One value a channel, or one for all: every lane reads one of its own in every cycle.
    TableFunction scalars(std::string name, const std::vector<std::int64_t>& values) const {
        TableFunction function{.name = std::move(name),
                               .type = signed_type(values),
                               .arguments = {"int fold", "int lane"},
                               .index = "[fold][lane]",
                               .shape = {folds_, lanes_},
                               .values = {},
                               .pragmas = {"ARRAY_PARTITION variable=table dim=2 complete"},
                               .formula = {}};
        for (int channel = 0; channel < folds_ * lanes_; ++channel)
            function.values.push_back(values.size() == 1 ? values[0] : values[static_cast<std::size_t>(std::min(channel, channels_ - 1))]);
        return function;
    }

    /// `rows` holds `size` values a channel, or `size` values for all channels.
    TableFunction rows(std::string name, std::string type, std::string argument, const std::vector<std::int64_t>& rows,
                       std::size_t size) const {
        const std::string last = argument.substr(argument.rfind(' ') + 1);
        TableFunction function{.name = std::move(name),
                               .type = std::move(type),
                               .arguments = {"int fold", "int lane", argument},
                               .index = {},
                               .shape = {},
                               .values = {},
                               .pragmas = {},
                               .formula = {}};
        const bool shared = rows.size() == size;
        if (shared) {
            function.arguments = {"int", "int", argument};
            function.index = fmt::format("[{}]", last);
            function.shape = {static_cast<int>(size)};
            function.values = rows;
            // Every lane looks up an entry of its own: small tables become registers, others a memory with as many ports.
            function.pragmas = {size <= 8 ? "ARRAY_PARTITION variable=table dim=1 complete" : "BIND_STORAGE variable=table type=rom_np"};
        } else {
            function.index = fmt::format("[lane][fold][{}]", last);
            function.shape = {lanes_, folds_, static_cast<int>(size)};
            function.pragmas = {"ARRAY_PARTITION variable=table dim=1 complete"};
            for (int lane = 0; lane < lanes_; ++lane)
                for (int fold = 0; fold < folds_; ++fold) {
                    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(size) * std::min(fold * lanes_ + lane, channels_ - 1);
                    function.values.insert(function.values.end(), row, row + static_cast<std::ptrdiff_t>(size));
                }
        }
        return function;
    }

private:
    int channels_;
    int lanes_;
    int folds_;
};

StageTables multiply_tables(const Requantize& stage, const Layout& layout) {
    // acc * m + b is linear in acc, so its range per channel is met at the ends.
    Wide least = 0, most = 0;
    const std::size_t count = std::max(stage.multiplier.size(), stage.addend.size());
    for (std::size_t channel = 0; channel < count; ++channel) {
        const std::int64_t m = stage.multiplier[stage.multiplier.size() == 1 ? 0 : channel];
        const std::int64_t b = stage.addend[stage.addend.size() == 1 ? 0 : channel];
        for (const std::int64_t acc : {stage.acc_min, stage.acc_max}) {
            const Wide sum = Wide{acc} * m + b;
            least = std::min(least, sum);
            most = std::max(most, sum);
        }
    }
    const bool convergent = stage.form == RequantizeForm::convergent;
    assert(!convergent || stage.shift > 0);
    return {.type = convergent ? "weft::convergent_stage<Tables>" : "weft::multiply_stage<Tables>",
            .constants = {{"shift", stage.shift}, {"sum_bits", signed_bits(least, most)}},
            .functions = {layout.scalars("multiplier", stage.multiplier), layout.scalars("addend", stage.addend),
                          layout.scalars("low", stage.low), layout.scalars("high", stage.high)}};
}

/// Rows of values count up by one from the same first value: an addition instead of a table.
bool counts_up(const std::vector<std::int64_t>& values, std::size_t row) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] != values[0] + static_cast<std::int64_t>(i % row)) return false;
    return true;
}

StageTables threshold_tables(const Requantize& stage, const Layout& layout) {
    const int levels = std::bit_width(static_cast<unsigned>(stage.steps));
    const std::size_t steps = static_cast<std::size_t>(stage.steps);
    const std::size_t rows = stage.values.size() / (steps + 1);
    const std::int64_t beyond = stage.acc_max + 1;
    const std::string type = signed_type({stage.acc_min, beyond});

    StageTables tables{.type = "weft::thresholds_stage<Tables>", .constants = {{"levels", levels}}, .functions = {}};
    for (int level = 0; level < levels; ++level) {
        const std::size_t size = std::size_t{1} << level;
        const std::size_t span = std::size_t{1} << (levels - level);
        std::vector<std::int64_t> entries;
        const std::size_t threshold_rows = stage.thresholds.size() / steps;
        for (std::size_t row = 0; row < threshold_rows; ++row)
            for (std::size_t prefix = 0; prefix < size; ++prefix) {
                const std::size_t index = prefix * span + span / 2 - 1;
                entries.push_back(index < steps ? stage.thresholds[row * steps + index] : beyond);
            }
        TableFunction function = layout.rows("threshold", type, "int prefix", entries, size);
        function.arguments.insert(function.arguments.begin(), fmt::format("weft::level<{}>", level));
        tables.functions.push_back(std::move(function));
    }

    const std::string value_type = integer_type_name(stage.out_min, stage.out_max);
    if (counts_up(stage.values, steps + 1)) {
        // A stray count of a spare lane may be above the last step; its value is arbitrary.
        tables.functions.push_back({.name = "value",
                                    .type = value_type,
                                    .arguments = {"int", "int", "int count"},
                                    .index = {},
                                    .shape = {},
                                    .values = {},
                                    .pragmas = {},
                                    .formula = fmt::format("{}({} + count)", value_type, stage.values[0])});
        return tables;
    }
    const std::size_t size = std::size_t{1} << levels;
    std::vector<std::int64_t> values;
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t i = 0; i < size; ++i) values.push_back(stage.values[row * (steps + 1) + std::min(i, steps)]);
    tables.functions.push_back(layout.rows("value", value_type, "int count", values, size));
    return tables;
}

StageTables value_tables(const Requantize& stage, const Layout& layout) {
    const std::size_t size = static_cast<std::size_t>(stage.acc_max - stage.acc_min + 1);
    return {.type = "weft::table_stage<Tables>",
            .constants = {{"first", stage.acc_min}, {"size", static_cast<std::int64_t>(size)}},
            .functions = {layout.rows("value", integer_type_name(stage.out_min, stage.out_max), "int index", stage.values, size)}};
}

}  // namespace

StageTables stage_tables(const Requantize& stage, int channels, int lanes) {
    const Layout layout(channels, lanes);
    switch (stage.form) {
        case RequantizeForm::none:
            break;
        case RequantizeForm::multiply:
        case RequantizeForm::convergent:
            return multiply_tables(stage, layout);
        case RequantizeForm::thresholds:
            return threshold_tables(stage, layout);
        case RequantizeForm::table:
            return value_tables(stage, layout);
    }
    return {.type = "weft::plain_stage", .constants = {}, .functions = {}};
}

}  // namespace weft
