// predict.cpp
// A unit's own cost table (units/<unit>/cost.toml): features in the unit's numbers, and coefficients fitted to Yosys' counts.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/predict.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>

#include "src/cost/variables.h"
#include "src/design/rtl_parts.h"

namespace weft {

namespace {

using Named = std::vector<std::pair<std::string, std::string>>;

struct CostTable {
    Named terms;     ///< Names that features use, in terms of the unit's numbers and of each other.
    Named features;  ///< What the counts are linear in.
    std::map<std::string, double, std::less<>> lut, ff;
    std::string bram36 = "0";
};

Named expressions(const toml::table& from, const char* key) {
    Named list;
    if (const toml::table* entries = from[key].as_table())
        for (const auto& [name, value] : *entries) list.emplace_back(std::string(name.str()), value.value_or(std::string("0")));
    return list;
}

/// The table of that path among the units' files; nothing where there is none.
std::optional<toml::table> embedded_table(const std::string& path) {
    for (const EmbeddedFile& file : embedded_unit_files())
        if (file.path == path) return toml::parse(file.contents, file.path);
    return std::nullopt;
}

std::optional<CostTable> read_table(const std::string& unit) {
    const auto own = embedded_table(unit + "/cost.toml");
    if (!own) return std::nullopt;
    CostTable table;
    table.terms = expressions(*own, "terms");
    table.features = expressions(*own, "features");
    table.bram36 = (*own)["bram36"].value_or(std::string("0"));
    for (const auto& [key, coefficients] : {std::pair{"lut", &table.lut}, {"ff", &table.ff}})
        if (const toml::table* entries = (*own)[key].as_table())
            for (const auto& [name, value] : *entries) coefficients->emplace(std::string(name.str()), value.value_or(0.0));
    return table;
}

const CostTable* find_table(std::string_view unit) {
    static const auto tables = [] {
        std::map<std::string, CostTable, std::less<>> all;
        constexpr std::string_view file = "/cost.toml";
        for (const EmbeddedFile& embedded : embedded_unit_files()) {
            if (!embedded.path.ends_with(file)) continue;
            const std::string name(embedded.path.substr(0, embedded.path.size() - file.size()));
            if (auto table = read_table(name)) all.emplace(name, std::move(*table));
        }
        return all;
    }();
    const auto at = tables.find(unit);
    return at == tables.end() ? nullptr : &at->second;
}

/// Adds the terms, which may be given in any order.
Status add_terms(const Named& terms, Variables& variables) {
    std::vector<const std::pair<std::string, std::string>*> open;
    for (const auto& term : terms) open.push_back(&term);
    while (!open.empty()) {
        std::optional<Diagnostics> problem;
        const std::size_t before = open.size();
        std::erase_if(open, [&](const auto* term) {
            const auto value = evaluate_expression(term->second, variables);
            if (value)
                variables[term->first] = *value;
            else
                problem = value.error();
            return static_cast<bool>(value);
        });
        if (open.size() == before) return *problem;
    }
    return Ok{};
}

}  // namespace

Result<Cost> table_cost(std::string_view unit, Variables variables) {
    Cost cost;
    const CostTable* table = find_table(unit);
    if (!table) return cost;
    WEFT_CHECK(add_terms(table->terms, variables));
    for (const auto& [name, expression] : table->features) {
        WEFT_ASSIGN(const double value, evaluate_expression(expression, variables));
        if (const auto at = table->lut.find(name); at != table->lut.end()) cost.lut += at->second * value;
        if (const auto at = table->ff.find(name); at != table->ff.end()) cost.ff += at->second * value;
    }
    WEFT_ASSIGN(cost.bram36, evaluate_expression(table->bram36, variables));
    cost.lut = std::max(0.0, cost.lut);
    cost.ff = std::max(0.0, cost.ff);
    return cost;
}

UnitCosts predict_costs(const Unit& unit) {
    UnitCosts costs;
    if (unit.def->cost) costs.unit = unit.def->cost(unit);
    if (!unit.def->rtl) return costs;
    const auto add = [](Cost& cost, std::string_view table, const Variables& variables) {
        const auto counts = table_cost(table, variables);
        assert(counts && "a cost table names what its unit does not have");
        if (counts) cost += *counts;
    };
    const RtlFace face = unit.def->rtl(unit);
    add(costs.unit, unit.def->name, cost_variables(unit, face));
    if (!face.output) return costs;
    costs.output.emplace();
    costs.output_name = face.output->name;
    std::swap(costs.output->requantize_lanes, costs.unit.requantize_lanes);
    std::swap(costs.output->requantize_dsp, costs.unit.requantize_dsp);
    costs.output->dsp = costs.output->requantize_dsp;
    costs.unit.dsp -= costs.output->dsp;
    add(*costs.output, face.output->name, cost_variables(*face.output));
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
