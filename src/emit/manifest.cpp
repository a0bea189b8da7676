// manifest.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/manifest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "src/base/base64.h"
#include "src/design/unit_def.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<RequantizeForm, std::string_view> form_names[] = {{RequantizeForm::none, "none"},
                                                                      {RequantizeForm::multiply, "multiply"},
                                                                      {RequantizeForm::convergent, "convergent"},
                                                                      {RequantizeForm::thresholds, "thresholds"},
                                                                      {RequantizeForm::table, "lookup"}};

/// Up to so many numbers are a list; more are the base64 of their little-endian words.
constexpr std::size_t most_listed = 64;
static_assert(std::endian::native == std::endian::little);

Json integers_json(const NarrowIntegers& values) {
    if (values.size() <= most_listed) return values.to_vector();
    const Tensor& tensor = values.tensor();
    return {{"type", to_string(tensor.type())}, {"base64", base64({tensor.raw(), tensor.bytes()})}};
}

NarrowIntegers integers_from(const Json& json) {
    // Projects of earlier versions have lists of any length.
    if (json.is_array()) return json.get<std::vector<std::int64_t>>();
    const std::string name = json.at("type");
    const auto bytes = from_base64(json.at("base64").get_ref<const std::string&>());
    for (const DataType type : {DataType::int8, DataType::int16, DataType::int32, DataType::int64}) {
        if (name != to_string(type) || !bytes || bytes->size() % size_of(type) != 0) continue;
        Tensor tensor(type, {static_cast<std::int64_t>(bytes->size() / size_of(type))});
        std::memcpy(tensor.raw(), bytes->data(), bytes->size());
        return NarrowIntegers(std::move(tensor));
    }
    throw std::invalid_argument("an array of integers is not whole");
}

/// The map that nested loops stand for, of at most so many elements.
std::vector<std::int32_t> looped(const std::vector<std::int64_t>& extents, const std::vector<std::int64_t>& strides, std::int64_t most) {
    std::vector<std::int32_t> map{0};
    for (std::size_t i = extents.size(); i-- > 0;) {
        const std::size_t inner = map.size();
        if (extents[i] > most / static_cast<std::int64_t>(inner)) throw std::invalid_argument("an order is longer than its stream");
        for (std::int64_t step = 1; step < extents[i]; ++step)
            for (std::size_t k = 0; k < inner; ++k) map.push_back(map[k] + static_cast<std::int32_t>(step * strides.at(i)));
    }
    return map;
}

/// The map as nested loops, the first one outermost, of so many steps of such strides: what a change of layout is. A list where it is none.
Json loops_json(const std::vector<std::int32_t>& map) {
    std::vector<std::int64_t> extents, strides;
    std::size_t block = 1;
    for (; block < map.size(); block *= static_cast<std::size_t>(extents.front())) {
        const std::int64_t stride = map[block] - map[0];
        std::int64_t count = 2;
        for (std::size_t at = 2 * block; at + block <= map.size() && map[at] - map[0] == count * stride; at += block) ++count;
        extents.insert(extents.begin(), count);
        strides.insert(strides.begin(), stride);
    }
    if (block != map.size() || looped(extents, strides, std::ssize(map)) != map) return map;
    return {{"extents", extents}, {"strides", strides}};
}

Json stage_json(const Requantize& stage) {
    Json json;
    for (const auto& [form, name] : form_names) {
        if (form == stage.form) json["form"] = name;
    }
    json["channels"] = stage.channels;
    json["accumulator"] = {stage.acc_min, stage.acc_max};
    json["range"] = {stage.out_min, stage.out_max};
    json["shift"] = stage.shift;
    json["steps"] = stage.steps;
    json["multiplier"] = integers_json(stage.multiplier);
    json["addend"] = integers_json(stage.addend);
    json["low"] = integers_json(stage.low);
    json["high"] = integers_json(stage.high);
    json["thresholds"] = integers_json(stage.thresholds);
    json["values"] = integers_json(stage.values);
    return json;
}

Requantize stage_from(const Json& json) {
    Requantize stage;
    const std::string form = json.at("form");
    for (const auto& [value, name] : form_names) {
        if (name == form) stage.form = value;
    }
    stage.channels = json.at("channels");
    stage.acc_min = json.at("accumulator").at(0);
    stage.acc_max = json.at("accumulator").at(1);
    stage.out_min = json.at("range").at(0);
    stage.out_max = json.at("range").at(1);
    stage.shift = json.at("shift");
    stage.steps = json.at("steps");
    stage.multiplier = integers_from(json.at("multiplier")).to_vector();
    stage.addend = integers_from(json.at("addend")).to_vector();
    stage.low = integers_from(json.at("low")).to_vector();
    stage.high = integers_from(json.at("high")).to_vector();
    stage.thresholds = integers_from(json.at("thresholds")).to_vector();
    stage.values = integers_from(json.at("values")).to_vector();
    return stage;
}

Json binding_json(const TensorBinding& binding) {
    Json json{{"tensor", binding.tensor}, {"stream", binding.stream->name}};
    if (binding.map) json["order"] = *binding.map;
    return json;
}

/// Rebuilds a Design; `at` throws nlohmann's exceptions, which design_from_json turns into a diagnostic.
class Reader {
public:
    explicit Reader(const Json& json) : json_(json) {}

    Result<Design> read() {
        design_.name = json_.at("name");
        // Projects of earlier versions know no other.
        const std::string dsp = json_.value("dsp", std::string(dsp48e2.name));
        const DspCell* cell = find_dsp_cell(dsp);
        if (!cell) {
            return Diagnostic{Severity::error, "", "", "the manifest names an unknown DSP '" + dsp + "'",
                              "it was written by another version of weft: compile the model again"};
        }
        design_.use(*cell);
        for (const Json& entry : json_.at("streams")) read_stream(entry);
        for (const Json& entry : json_.at("units")) {
            const std::string kind = entry.at("unit");
            const UnitDef* def = find_unit_def(kind);
            if (!def) {
                return Diagnostic{Severity::error, "", "", "the manifest names an unknown unit '" + kind + "'",
                                  "it was written by another version of weft: compile the model again"};
            }
            read_unit(*def, entry);
        }
        for (const Json& entry : json_.at("inputs")) design_.inputs.push_back({entry.at("name"), read_binding(entry)});
        for (const Json& entry : json_.at("outputs")) {
            KernelOutput output;
            output.name = entry.at("name");
            output.binding = read_binding(entry);
            entry.at("scale").get_to(output.scale);
            entry.at("offset").get_to(output.offset);
            entry.at("zero_point").get_to(output.zero_point);
            output.quantized = entry.at("quantised");
            design_.outputs.push_back(std::move(output));
        }
        for (const Json& entry : json_.at("check_points")) design_.check_points.push_back({entry.at("node"), read_binding(entry)});
        return std::move(design_);
    }

private:
    void read_stream(const Json& entry) {
        auto stream = std::make_unique<Stream>();
        stream->name = entry.at("name");
        stream->shape = {entry.at("rows"), entry.at("columns"), entry.at("taps"), entry.at("channels")};
        stream->min = entry.at("min");
        stream->max = entry.at("max");
        stream->beat = {entry.at("beat").at("pixels"), entry.at("beat").at("taps"), entry.at("beat").at("lanes")};
        stream->depth = entry.at("depth");
        stream->rtl_depth = entry.at("rtl_depth");
        streams_[stream->name] = stream.get();
        design_.streams.push_back(std::move(stream));
    }

    void read_unit(const UnitDef& def, const Json& entry) {
        auto unit = std::make_unique<Unit>();
        unit->def = &def;
        unit->dsp = design_.dsp();
        unit->name = entry.at("name");
        entry.at("nodes").get_to(unit->nodes);
        for (const auto& [key, value] : entry.at("parameters").items()) unit->parameters[key] = value;
        for (const auto& [key, value] : entry.at("constants").items()) {
            ConstantArray array;
            value.at("shape").get_to(array.shape);
            array.data = integers_from(value.at("data"));
            unit->constants[key] = std::move(array);
        }
        if (entry.contains("stage")) unit->requantize = stage_from(entry.at("stage"));
        for (const Json& name : entry.at("inputs")) unit->inputs.push_back(streams_.at(name));
        for (const Json& name : entry.at("outputs")) {
            Stream* stream = streams_.at(name);
            stream->producer = unit.get();
            stream->producer_port = static_cast<int>(unit->outputs.size());
            unit->outputs.push_back(stream);
        }
        design_.units.push_back(std::move(unit));
    }

    TensorBinding read_binding(const Json& entry) const {
        TensorBinding binding{entry.at("tensor"), streams_.at(entry.at("stream")), nullptr};
        if (!entry.contains("order")) return binding;
        const Json& order = entry.at("order");
        const auto elements = binding.stream->shape.elements();
        auto map = order.is_array() ? order.get<std::vector<std::int32_t>>() : looped(order.at("extents"), order.at("strides"), elements);
        if (std::ranges::any_of(map, [&](std::int32_t at) { return at < 0 || at >= elements; }))
            throw std::invalid_argument("an order names elements that its stream does not have");
        binding.map = std::make_shared<const std::vector<std::int32_t>>(std::move(map));
        return binding;
    }

    const Json& json_;
    Design design_;
    std::map<std::string, Stream*> streams_;
};

}  // namespace

Json to_json(const Design& design) {
    Json json;
    json["name"] = design.name;
    json["dsp"] = design.dsp().name;
    json["inputs"] = Json::array();
    for (const KernelInput& input : design.inputs) {
        Json entry{{"name", input.name}};
        entry.update(binding_json(input.binding));
        json["inputs"].push_back(std::move(entry));
    }
    json["outputs"] = Json::array();
    for (const KernelOutput& output : design.outputs) {
        Json entry{{"name", output.name}};
        entry.update(binding_json(output.binding));
        entry["quantised"] = output.quantized;
        entry["scale"] = output.scale;
        entry["offset"] = output.offset;
        entry["zero_point"] = output.zero_point;
        json["outputs"].push_back(std::move(entry));
    }
    json["streams"] = Json::array();
    for (const auto& stream : design.streams) {
        json["streams"].push_back({{"name", stream->name},
                                   {"rows", stream->shape.rows},
                                   {"columns", stream->shape.columns},
                                   {"taps", stream->shape.taps},
                                   {"channels", stream->shape.channels},
                                   {"min", stream->min},
                                   {"max", stream->max},
                                   {"bits", stream->bits()},
                                   {"beat", {{"pixels", stream->beat.pixels}, {"taps", stream->beat.taps}, {"lanes", stream->beat.lanes}}},
                                   {"depth", stream->depth},
                                   {"rtl_depth", stream->rtl_depth}});
    }
    json["units"] = Json::array();
    for (const auto& unit : design.units) {
        Json entry{{"name", unit->name}, {"unit", unit->def->name}, {"nodes", unit->nodes}};
        entry["parameters"] = Json::object();
        for (const ParameterDef& parameter : unit->def->parameters) {
            entry["parameters"][std::string(parameter.name)] = unit->parameter(parameter.name);
        }
        entry["inputs"] = Json::array();
        for (const Stream* stream : unit->inputs) entry["inputs"].push_back(stream->name);
        entry["outputs"] = Json::array();
        for (const Stream* stream : unit->outputs) entry["outputs"].push_back(stream->name);
        if (unit->requantize) entry["stage"] = stage_json(*unit->requantize);
        entry["constants"] = Json::object();
        for (const auto& [key, array] : unit->constants)
            entry["constants"][key] = {{"shape", array.shape}, {"data", integers_json(array.data)}};
        json["units"].push_back(std::move(entry));
    }
    json["check_points"] = Json::array();
    for (const CheckPoint& point : design.check_points) {
        Json entry{{"node", point.node}};
        entry.update(binding_json(point.binding));
        if (point.binding.map) entry["order"] = loops_json(*point.binding.map);
        json["check_points"].push_back(std::move(entry));
    }
    return json;
}

Result<Design> design_from_json(const Json& json) {
    try {
        return Reader(json).read();
    } catch (const std::exception& problem) {
        return Diagnostic{Severity::error, "", "", std::string("the manifest cannot be read: ") + problem.what(),
                          "compile the model again"};
    }
}

}  // namespace weft
