// folding_file.cpp
// Foldings as JSON, by node.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "src/base/json_text.h"
#include "src/design/plumb.h"
#include "src/explore/folding.h"

namespace weft {

namespace {

const ParameterDef* find_folding_parameter(const UnitDef& def, std::string_view name) {
    const auto at = std::ranges::find_if(def.parameters,
                                         [&](const ParameterDef& row) { return row.kind == ParameterKind::folding && row.name == name; });
    return at == def.parameters.end() ? nullptr : &*at;
}

/// A folding parameter that may be 0 is then derived from the others.
bool derives_itself(const ParameterDef& row) { return row.kind == ParameterKind::folding && row.min == 0; }

class Application {
public:
    Application(Design& design, std::string_view source) : design_(design), source_(source) {
        for (const auto& unit : design.units) before_[unit.get()] = unit->parameters;
    }

    Status run(std::string_view text) {
        const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
        if (json.is_discarded() || !json.is_object()) {
            fail({}, fmt::format("{} is not a JSON object of node keys", source_), R"(write {"<node>": {"PE": 8, "Lanes": 4}, ...})");
            return std::move(found_);
        }
        for (const auto& [key, entry] : json.items()) apply_entry(key, entry);
        if (found_.empty()) keep_up();
        if (found_.empty()) check();
        if (found_.empty()) return Ok{};
        for (const auto& unit : design_.units) unit->parameters = before_[unit.get()];
        return std::move(found_);
    }

private:
    void fail(std::string node, std::string reason, std::string help, Made made = std::source_location::current()) {
        found_.push_back({Severity::error, std::move(node), {}, std::move(reason), std::move(help), made});
    }

    std::vector<Unit*> units_of(const std::string& key) const {
        std::vector<Unit*> units;
        for (const auto& unit : design_.units)
            if (std::ranges::count(unit->nodes, key)) units.push_back(unit.get());
        if (Unit* named = units.empty() ? design_.find_unit(key) : nullptr) units.push_back(named);
        return units;
    }

    std::vector<std::string> known_keys() const {
        std::vector<std::string> keys;
        for (const auto& unit : design_.units)
            for (const std::string& node : unit->nodes)
                if (std::ranges::find(keys, node) == keys.end()) keys.push_back(node);
        return keys;
    }

    void apply_entry(const std::string& key, const nlohmann::ordered_json& entry) {
        const auto units = units_of(key);
        if (units.empty())
            return fail({}, fmt::format("{} names '{}', which is no node of the design", source_, key), suggest(key, known_keys()));
        if (!entry.is_object())
            return fail(key, fmt::format("its entry in {} is not an object of parameters", source_), R"(write {"PE": 8, "Lanes": 4})");
        std::set<std::string> known;
        for (const Unit* unit : units)
            for (const ParameterDef& row : unit->def->parameters)
                if (row.kind == ParameterKind::folding) known.insert(std::string(row.name));
        named_.insert(units.begin(), units.end());
        for (Unit* unit : units)
            for (const ParameterDef& row : unit->def->parameters)
                if (derives_itself(row)) unit->set_parameter(row.name, 0);
        for (const auto& [name, value] : entry.items()) {
            if (!known.contains(name)) {
                fail(key, fmt::format("none of its units has a folding parameter '{}'", name), suggest(name, {known.begin(), known.end()}));
                continue;
            }
            if (!value.is_number_integer()) {
                fail(key, fmt::format("{} is {}, not an integer", name, value.dump()), {});
                continue;
            }
            for (Unit* unit : units) set(*unit, key, name, value.get<std::int64_t>());
        }
    }

    void set(Unit& unit, const std::string& key, const std::string& name, std::int64_t value) {
        const ParameterDef* row = find_folding_parameter(*unit.def, name);
        if (!row) return;
        if (value < row->min || value > row->max)
            return fail(key, fmt::format("{} = {} is outside {}..{}", name, value, row->min, row->max), {});
        unit.set_parameter(name, value);
    }

    /// Units without MACs that the text does not name get beats wide enough for the slowest of all other units: they come and go with the
    /// types at the network's ends, and whoever writes a folding need not know them.
    void keep_up() {
        std::int64_t interval = 0;
        std::vector<Unit*> followers;
        for (const auto& unit : design_.units) {
            const bool well = !unit->def->check || unit->def->check(*unit).empty();
            if (!named_.contains(unit.get()) && follows(*unit))
                followers.push_back(unit.get());
            else if (well)
                interval = std::max(interval, unit->def->schedule(*unit).cycles);
        }
        for (Unit* unit : followers)
            if (unit->def->schedule(*unit).cycles > interval) widen(*unit, interval);
    }

    static bool follows(const Unit& unit) {
        const auto has_taps = [](const Stream* stream) { return stream->shape.taps > 1; };
        return unit.def->foldings && unit.find_parameter("Pixels") && unit.def->cost(unit).mac_dsp == 0 &&
               std::ranges::none_of(unit.inputs, has_taps) && std::ranges::none_of(unit.outputs, has_taps);
    }

    /// Takes the fewest pixels a beat, and then the fewest elements, that reach the interval; leaves the unit as it is where none do.
    static void widen(Unit& unit, std::int64_t interval) {
        const auto before = unit.parameters;
        for (const int pixels : {1, 2, 4}) {
            unit.set_parameter("Pixels", pixels);
            for (const Folding& folding : unit.def->foldings(unit)) {
                unit.set_parameters(folding.parameters);
                if ((!unit.def->check || unit.def->check(unit).empty()) && unit.def->schedule(unit).cycles <= interval) return;
            }
        }
        unit.parameters = before;
    }

    /// What single values cannot show: each unit as a whole, and both ends of the streams whose beats cannot be changed in between.
    void check() {
        for (const auto& unit : design_.units) {
            if (unit->def->check)
                if (const std::string reason = unit->def->check(*unit); !reason.empty()) fail_unit(*unit, reason);
        }
        if (!found_.empty()) return;
        for (const auto& unit : design_.units)
            for (std::size_t port = 0; port < unit->inputs.size(); ++port) {
                const Stream& stream = *unit->inputs[port];
                if (stream.shape.taps == 1 || !stream.producer) continue;
                const Beat read = port_beat(*unit, false, static_cast<int>(port));
                const Beat written = port_beat(*stream.producer, true, stream.producer_port);
                if (read != written)
                    fail_unit(*unit, fmt::format("it reads {} taps x {} channels a beat, but '{}' writes {} x {}", read.taps, read.lanes,
                                                 stream.producer->name, written.taps, written.lanes));
            }
    }

    void fail_unit(const Unit& unit, const std::string& reason, Made made = std::source_location::current()) {
        std::string present;
        for (const ParameterDef& row : unit.def->parameters)
            if (row.kind == ParameterKind::folding)
                present += fmt::format("{}{} = {}", present.empty() ? "" : ", ", row.name, unit.parameter(row.name));
        fail(unit.nodes.empty() ? std::string() : unit.nodes.front(), fmt::format("unit '{}': {}", unit.name, reason),
             fmt::format("its folding is {}; change it in {}", present, source_), made);
    }

    Design& design_;
    const std::string source_;
    std::map<const Unit*, std::map<std::string, std::int64_t, std::less<>>> before_;
    std::set<const Unit*> named_;
    Diagnostics found_;
};

}  // namespace

Status apply_folding(Design& design, std::string_view json, std::string_view source) {
    unplumb(design);
    WEFT_CHECK(Application(design, source).run(json));
    for (const auto& unit : design.units)
        if (unit->def->derive) unit->def->derive(*unit);
    return Ok{};
}

std::string folding_json(const Design& design) {
    // Parameters by node, and the nodes whose units differ in one.
    std::map<std::string, std::map<std::string_view, std::int64_t>> agreed;
    std::set<std::string> split;
    const auto key_of = [](const Unit& unit) { return unit.nodes.empty() ? unit.name : unit.nodes.front(); };
    for (const auto& unit : design.units) {
        if (unit->def->role != UnitRole::function) continue;
        for (const ParameterDef& row : unit->def->parameters) {
            if (row.kind != ParameterKind::folding) continue;
            const auto [at, fresh] = agreed[key_of(*unit)].try_emplace(row.name, unit->parameter(row.name));
            if (!fresh && at->second != unit->parameter(row.name)) split.insert(key_of(*unit));
        }
        // A node that is another unit's node, but not its first, would be set along with it.
        for (std::size_t i = 1; i < unit->nodes.size(); ++i) split.insert(unit->nodes[i]);
    }
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& unit : design.units) {
        if (unit->def->role != UnitRole::function) continue;
        const std::string key = split.contains(key_of(*unit)) ? unit->name : key_of(*unit);
        for (const ParameterDef& row : unit->def->parameters)
            if (row.kind == ParameterKind::folding) json[key][std::string(row.name)] = unit->parameter(row.name);
    }
    return json_text(json, 2) + "\n";
}

}  // namespace weft
