// design.cpp
// Building, ordering and checking a Design.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "src/design/identifier.h"
#include "src/design/unit_def.h"

namespace weft {

namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The first of base, base_1, base_2, ... that is not taken.
template <class Taken>
std::string free_name(std::string_view wanted, Taken taken) {
    const std::string base = to_identifier(wanted);
    std::string name = base;
    for (int i = 1; taken(name); ++i) name = fmt::format("{}_{}", base, i);
    return name;
}

// Units and streams have name spaces of their own; in the emitted sources a stream's name has this before it.
constexpr std::string_view stream_prefix = "s_";

std::string first_node(const Unit& unit) { return unit.nodes.empty() ? std::string() : unit.nodes.front(); }

/// Collects what is wrong with one design.
class Verifier {
public:
    Verifier(const Design& design, bool plumbed) : design_(design), plumbed_(plumbed) {}

    Status run() {
        for (const auto& stream : design_.streams) streams_.insert(stream.get());
        check_names();
        for (const auto& unit : design_.units) check_unit(*unit);
        for (const auto& stream : design_.streams) check_stream(*stream);
        check_edges();
        if (found_.empty()) return Ok{};
        return std::move(found_);
    }

private:
    void fail(const Unit* unit, const Stream* stream, std::string reason, Made made = std::source_location::current()) {
        if (unit) reason = fmt::format("unit '{}': {}", unit->name, reason);
        found_.push_back({Severity::error,
                          unit ? first_node(*unit) : std::string(),
                          stream ? stream->name : std::string(),
                          std::move(reason),
                          {},
                          made});
    }

    void check_names() {
        std::set<std::string, std::less<>> names;
        for (const auto& unit : design_.units)
            if (!names.insert(unit->name).second) fail(unit.get(), nullptr, "its name is taken");
        for (const auto& stream : design_.streams)
            if (!names.insert(std::string(stream_prefix) + stream->name).second) fail(nullptr, stream.get(), "the stream's name is taken");
    }

    void check_unit(const Unit& unit) {
        const UnitDef& def = *unit.def;
        const std::size_t before = found_.size();
        for (const ParameterDef& row : def.parameters) {
            const auto at = unit.parameters.find(row.name);
            if (at == unit.parameters.end())
                fail(&unit, nullptr, fmt::format("parameter {} is missing", row.name));
            else if (at->second < row.min || at->second > row.max)
                fail(&unit, nullptr, fmt::format("parameter {} = {} is outside {}..{}", row.name, at->second, row.min, row.max));
        }
        for (const auto& [name, value] : unit.parameters)
            if (std::ranges::none_of(def.parameters, [&name = name](const ParameterDef& row) { return row.name == name; }))
                fail(&unit, nullptr, fmt::format("parameter {} is not in the table of {}", name, def.name));
        check_ports(unit, false, unit.inputs);
        check_ports(unit, true, unit.outputs);
        for (const Stream* stream : unit.inputs)
            if (stream && stream->producer && !done_.contains(stream->producer))
                fail(&unit, stream, "it stands before the unit that feeds it");
        done_.insert(&unit);
        // The unit's own check may rely on all of the above.
        if (found_.size() == before && def.check)
            if (std::string reason = def.check(unit); !reason.empty()) fail(&unit, nullptr, std::move(reason));
        check_requantize(unit);
    }

    void check_ports(const Unit& unit, bool output, const std::vector<Stream*>& streams) {
        const std::string_view side = output ? "output" : "input";
        int singles = 0;
        bool repeated = false;
        for (const PortDef& port : unit.def->ports)
            if (port.output == output) (port.repeated ? repeated : (++singles, repeated)) |= port.repeated;
        const auto count = static_cast<int>(streams.size());
        if (repeated ? count <= singles : count != singles)
            fail(&unit, nullptr, fmt::format("it has {} {} streams instead of {}{}", count, side, repeated ? "more than " : "", singles));
        for (std::size_t i = 0; i < streams.size(); ++i) {
            const Stream* stream = streams[i];
            if (!stream || !streams_.contains(stream)) {
                fail(&unit, nullptr, fmt::format("{} {} is no stream of the design", side, i));
                continue;
            }
            if (output && (stream->producer != &unit || stream->producer_port != static_cast<int>(i)))
                fail(&unit, stream, "the stream has another producer");
        }
    }

    void check_requantize(const Unit& unit) {
        if (!unit.requantize || unit.outputs.empty() || !unit.outputs[0]) return;
        if (!unit.def->has_requantize) return fail(&unit, nullptr, "it has no requantize stage");
        const Requantize& stage = *unit.requantize;
        const auto channels = static_cast<std::size_t>(stage.channels);
        const auto sized = [&](const std::vector<std::int64_t>& values, std::size_t width) {
            return values.size() == width || values.size() == width * channels;
        };
        bool sound = stage.channels == 1 || stage.channels == unit.outputs[0]->shape.channels;
        sound &= stage.acc_min <= stage.acc_max && stage.out_min <= stage.out_max;
        switch (stage.form) {
            case RequantizeForm::none:
                break;
            case RequantizeForm::multiply:
            case RequantizeForm::convergent:
                sound &= sized(stage.multiplier, 1) && sized(stage.addend, 1) && sized(stage.low, 1) && sized(stage.high, 1);
                sound &= stage.shift >= 0 && stage.shift < 62;
                break;
            case RequantizeForm::thresholds: {
                const auto steps = static_cast<std::size_t>(stage.steps);
                sound &= sized(stage.thresholds, steps) && sized(stage.values, steps + 1);
                break;
            }
            case RequantizeForm::table:
                sound &= sized(stage.values, static_cast<std::size_t>(stage.acc_max - stage.acc_min + 1));
                break;
        }
        if (!sound) fail(&unit, nullptr, "its requantize stage is inconsistent");
        if (sound && stage.form != RequantizeForm::none && (stage.out_min < unit.outputs[0]->min || stage.out_max > unit.outputs[0]->max))
            fail(&unit, unit.outputs[0],
                 fmt::format("its results {}..{} exceed the stream's range {}..{}", stage.out_min, stage.out_max, unit.outputs[0]->min,
                             unit.outputs[0]->max));
    }

    void check_stream(const Stream& stream) {
        const StreamShape& shape = stream.shape;
        if (shape.rows < 1 || shape.columns < 1 || shape.taps < 1 || shape.channels < 1)
            fail(nullptr, &stream, "the stream's shape is empty");
        if (stream.min > stream.max)
            fail(nullptr, &stream, "the stream's range is empty");
        else if (stream.bits() + (stream.is_signed() ? 0 : 1) > 32)
            fail(nullptr, &stream, fmt::format("the stream's elements {}..{} exceed 32 signed bits", stream.min, stream.max));
        if (stream.producer) {
            const auto owned = std::ranges::any_of(design_.units, [&](const auto& unit) { return unit.get() == stream.producer; });
            const auto port = static_cast<std::size_t>(stream.producer_port);
            if (!owned || port >= stream.producer->outputs.size() || stream.producer->outputs[port] != &stream)
                fail(nullptr, &stream, "the stream's producer does not write it");
        } else if (std::ranges::none_of(design_.inputs, [&](const KernelInput& input) { return input.binding.stream == &stream; })) {
            fail(nullptr, &stream, "nothing writes the stream");
        }
        const auto readers = design_.readers(&stream);
        const auto leaving =
            std::ranges::count_if(design_.outputs, [&](const KernelOutput& output) { return output.binding.stream == &stream; });
        const auto uses = static_cast<std::int64_t>(readers.size()) + leaving;
        if (uses == 0) fail(nullptr, &stream, "nothing reads the stream");
        if (plumbed_) check_plumbed(stream, readers, uses);
    }

    void check_plumbed(const Stream& stream, const std::vector<std::pair<Unit*, int>>& readers, std::int64_t uses) {
        if (uses > 1) fail(nullptr, &stream, fmt::format("the stream has {} readers", uses));
        if (stream.depth < 1) fail(nullptr, &stream, "the stream's depth is not set");
        if (stream.producer && port_beat(*stream.producer, true, stream.producer_port) != stream.beat)
            fail(stream.producer, &stream, "the unit writes other beats than the stream has");
        for (const auto& [unit, port] : readers)
            if (port_beat(*unit, false, port) != stream.beat) fail(unit, &stream, "the unit reads other beats than the stream has");
    }

    void check_edges() {
        for (const KernelInput& input : design_.inputs) {
            check_binding(input.binding);
            if (input.binding.stream && input.binding.stream->producer)
                fail(nullptr, input.binding.stream, "a kernel input has a producer");
        }
        for (const KernelOutput& output : design_.outputs) check_binding(output.binding);
        for (const CheckPoint& point : design_.check_points) check_binding(point.binding);
        if (design_.outputs.empty()) fail(nullptr, nullptr, "the design has no output");
    }

    void check_binding(const TensorBinding& binding) {
        if (!binding.stream || !streams_.contains(binding.stream))
            return found_.push_back({Severity::error, {}, binding.tensor, "the tensor is bound to no stream of the design", {}});
        if (!binding.map) return;
        const std::int64_t elements = binding.stream->shape.elements();
        if (std::ranges::any_of(*binding.map, [&](std::int32_t at) { return at < 0 || at >= elements; }))
            fail(nullptr, binding.stream, "a tensor's index map leaves the stream");
    }

    const Design& design_;
    const bool plumbed_;
    std::set<const Stream*> streams_;
    std::set<const Unit*> done_;
    Diagnostics found_;
};

}  // namespace

std::int64_t Beat::count(const StreamShape& shape) const {
    return shape.rows * ceil_div(shape.columns, pixels) * ceil_div(shape.channels, lanes) * ceil_div(shape.taps, taps);
}

Stream* Design::add_stream(std::string_view wanted_name, StreamShape shape, std::int64_t min, std::int64_t max) {
    auto stream = std::make_unique<Stream>();
    stream->name =
        free_name(wanted_name, [&](const std::string& name) { return find_stream(name) || find_unit(std::string(stream_prefix) + name); });
    stream->shape = shape;
    stream->min = min;
    stream->max = max;
    streams.push_back(std::move(stream));
    return streams.back().get();
}

std::int64_t Unit::parameter(std::string_view key) const {
    const std::int64_t* value = find_parameter(key);
    if (!value) has_no("parameter", key);
    return *value;
}

void Unit::set_parameter(std::string_view key, std::int64_t value) {
    const auto at = parameters.find(key);
    if (at == parameters.end()) has_no("parameter", key);
    at->second = value;
}

void Unit::set_parameters(std::span<const std::pair<std::string_view, std::int64_t>> values) {
    for (const auto& [key, value] : values) set_parameter(key, value);
}

const std::int64_t* Unit::find_parameter(std::string_view key) const {
    const auto at = parameters.find(key);
    return at == parameters.end() ? nullptr : &at->second;
}

const ConstantArray& Unit::constant(std::string_view key) const {
    const ConstantArray* array = find_constant(key);
    if (!array) has_no("constant", key);
    return *array;
}

const ConstantArray* Unit::find_constant(std::string_view key) const {
    const auto at = constants.find(key);
    return at == constants.end() ? nullptr : &at->second;
}

void Unit::has_no(const char* what, std::string_view key) const {
    const std::string text = fmt::format("internal error: unit '{}' has no {} '{}'\n", name, what, key);
    std::fputs(text.c_str(), stderr);
    std::abort();
}

void Design::use(const DspCell& cell) {
    dsp_ = cell;
    for (const auto& unit : units) unit->dsp = cell;
}

Unit* Design::add_unit(const UnitDef& def, std::string_view wanted_name, std::vector<Stream*> inputs, std::vector<Stream*> outputs) {
    auto unit = std::make_unique<Unit>();
    unit->def = &def;
    unit->dsp = dsp_;
    unit->name = free_name(wanted_name, [&](const std::string& name) {
        return find_unit(name) || (name.starts_with(stream_prefix) && find_stream(name.substr(stream_prefix.size())));
    });
    for (const ParameterDef& row : def.parameters) unit->parameters[std::string(row.name)] = row.fallback;
    unit->inputs = std::move(inputs);
    unit->outputs = std::move(outputs);
    for (std::size_t i = 0; i < unit->outputs.size(); ++i) {
        assert(!unit->outputs[i]->producer);
        unit->outputs[i]->producer = unit.get();
        unit->outputs[i]->producer_port = static_cast<int>(i);
    }
    units.push_back(std::move(unit));
    return units.back().get();
}

std::vector<std::pair<Unit*, int>> Design::readers(const Stream* stream) const {
    std::vector<std::pair<Unit*, int>> list;
    for (const auto& unit : units)
        for (std::size_t i = 0; i < unit->inputs.size(); ++i)
            if (unit->inputs[i] == stream) list.emplace_back(unit.get(), static_cast<int>(i));
    return list;
}

Stream* Design::find_stream(std::string_view wanted) const {
    const auto at = std::ranges::find_if(streams, [&](const auto& stream) { return stream->name == wanted; });
    return at == streams.end() ? nullptr : at->get();
}

Unit* Design::find_unit(std::string_view wanted) const {
    const auto at = std::ranges::find_if(units, [&](const auto& unit) { return unit->name == wanted; });
    return at == units.end() ? nullptr : at->get();
}

void Design::sort() {
    std::vector<std::unique_ptr<Unit>> sorted;
    std::set<const Unit*> placed;
    while (!units.empty()) {
        const auto ready = std::ranges::find_if(units, [&](const auto& unit) {
            return std::ranges::all_of(unit->inputs,
                                       [&](const Stream* stream) { return !stream->producer || placed.contains(stream->producer); });
        });
        assert(ready != units.end() && "a design has no cycles");
        placed.insert(ready->get());
        sorted.push_back(std::move(*ready));
        units.erase(ready);
    }
    units = std::move(sorted);
}

const PortDef* find_port(const UnitDef& def, bool output, int index) {
    for (const PortDef& port : def.ports) {
        if (port.output != output) continue;
        if (port.repeated || index == 0) return &port;
        --index;
    }
    return nullptr;
}

Beat port_beat(const Unit& unit, bool output, int index) { return find_port(*unit.def, output, index)->beat(unit); }

Status verify(const Design& design, bool plumbed) { return Verifier(design, plumbed).run(); }

}  // namespace weft
