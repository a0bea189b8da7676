// predict.cpp
// A unit's features, weighed with the coefficients of its own cost table (units/<unit>/cost.toml), which are fitted to Yosys' counts.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/predict.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cassert>
#include <map>

#include "src/design/rtl_parts.h"

namespace weft {

namespace {

using Coefficients = std::map<std::string, double, std::less<>>;

struct CostTable {
    Coefficients lut, ff;
};

Coefficients read_coefficients(const toml::table& from, const char* key) {
    Coefficients list;
    if (const toml::table* entries = from[key].as_table())
        for (const auto& [name, value] : *entries) list.emplace(std::string(name.str()), value.value_or(0.0));
    return list;
}

const CostTable* find_table(std::string_view name) {
    static const auto tables = [] {
        std::map<std::string, CostTable, std::less<>> all;
        constexpr std::string_view file = "/cost.toml";
        for (const EmbeddedFile& embedded : embedded_unit_files()) {
            if (!embedded.path.ends_with(file)) continue;
            const toml::table own = toml::parse(embedded.contents, embedded.path);
            all.emplace(std::string(embedded.path.substr(0, embedded.path.size() - file.size())),
                        CostTable{read_coefficients(own, "lut"), read_coefficients(own, "ff")});
        }
        return all;
    }();
    const auto at = tables.find(name);
    return at == tables.end() ? nullptr : &at->second;
}

/// The sum of coefficient times feature, where each has the other.
Result<double> weigh(const Coefficients& coefficients, const CostFeatures& features, std::string_view section) {
    double sum = 0;
    for (const CostFeature& feature : features.values) {
        const auto at = coefficients.find(feature.name);
        if (at == coefficients.end()) return Diagnostic{.reason = fmt::format("[{}] has no coefficient for '{}'", section, feature.name)};
        sum += at->second * feature.value;
    }
    for (const auto& [name, value] : coefficients)
        if (std::ranges::find(features.values, name, &CostFeature::name) == features.values.end())
            return Diagnostic{.reason = fmt::format("[{}] has a coefficient for '{}', which is no feature", section, name)};
    return std::max(0.0, sum);
}

}  // namespace

Result<Cost> table_cost(std::string_view table, const CostFeatures& features) {
    const CostTable* coefficients = find_table(table);
    if (!coefficients) return Diagnostic{.reason = fmt::format("there is no cost table '{}'", table)};
    Cost cost{.bram36 = features.bram36};
    WEFT_ASSIGN(cost.lut, weigh(coefficients->lut, features, "lut"));
    WEFT_ASSIGN(cost.ff, weigh(coefficients->ff, features, "ff"));
    return cost;
}

UnitCosts predict_costs(const Unit& unit) {
    UnitCosts costs;
    if (unit.def->cost) costs.unit = unit.def->cost(unit);
    if (!unit.def->rtl) return costs;
    const auto add = [](Cost& cost, std::string_view table, const CostFeatures& features) {
        const auto counts = table_cost(table, features);
        assert(counts && "a cost table and the features of its unit do not match");
        if (counts) cost += *counts;
    };
    const RtlFace face = unit.def->rtl(unit);
    if (unit.def->features) add(costs.unit, unit.def->name, unit.def->features(unit, face));
    if (!face.output) return costs;
    costs.output.emplace();
    costs.output_name = face.output->name;
    std::swap(costs.output->requantize_lanes, costs.unit.requantize_lanes);
    std::swap(costs.output->requantize_dsp, costs.unit.requantize_dsp);
    costs.output->dsp = costs.output->requantize_dsp;
    costs.unit.dsp -= costs.output->dsp;
    add(*costs.output, face.output->name, face.output->features);
    return costs;
}

Cost predict_cost(const Unit& unit) {
    UnitCosts costs = predict_costs(unit);
    if (costs.output) costs.unit += *costs.output;
    return costs.unit;
}

Cost predict_fifo_cost(const Stream& stream) {
    Stream ends = stream;
    Unit fifo;
    fifo.def = &unit_for(UnitRole::fifo);
    fifo.name = stream.name;
    fifo.parameters["Depth"] = std::max(1, stream.rtl_depth);
    fifo.inputs = {&ends};
    fifo.outputs = {&ends};
    return predict_cost(fifo);
}

Cost predict_cost(const Design& design) {
    Cost sum;
    for (const auto& unit : design.units) sum += predict_cost(*unit);
    for (const auto& stream : design.streams)
        if (has_rtl_fifo(*stream)) sum += predict_fifo_cost(*stream);
    return sum;
}

}  // namespace weft
