// manifest.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/manifest.h"

#include <map>
#include <nlohmann/json.hpp>

#include "src/design/unit_def.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<RequantizeForm, std::string_view> form_names[] = {{RequantizeForm::none, "none"},
                                                                      {RequantizeForm::multiply, "multiply"},
                                                                      {RequantizeForm::convergent, "convergent"},
                                                                      {RequantizeForm::thresholds, "thresholds"},
                                                                      {RequantizeForm::table, "lookup"}};

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
    json["multiplier"] = stage.multiplier;
    json["addend"] = stage.addend;
    json["low"] = stage.low;
    json["high"] = stage.high;
    json["thresholds"] = stage.thresholds;
    json["values"] = stage.values;
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
    json.at("multiplier").get_to(stage.multiplier);
    json.at("addend").get_to(stage.addend);
    json.at("low").get_to(stage.low);
    json.at("high").get_to(stage.high);
    json.at("thresholds").get_to(stage.thresholds);
    json.at("values").get_to(stage.values);
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
            output.quantised = entry.at("quantised");
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
        unit->name = entry.at("name");
        entry.at("nodes").get_to(unit->nodes);
        for (const auto& [key, value] : entry.at("parameters").items()) unit->parameters[key] = value;
        for (const auto& [key, value] : entry.at("constants").items()) {
            ConstantArray array;
            value.at("shape").get_to(array.shape);
            array.data = value.at("data").get<std::vector<std::int64_t>>();
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
        if (entry.contains("order"))
            binding.map = std::make_shared<const std::vector<std::int32_t>>(entry.at("order").get<std::vector<std::int32_t>>());
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
        entry["quantised"] = output.quantised;
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
            entry["constants"][key] = {{"shape", array.shape}, {"data", array.data.to_vector()}};
        json["units"].push_back(std::move(entry));
    }
    json["check_points"] = Json::array();
    for (const CheckPoint& point : design.check_points) {
        Json entry{{"node", point.node}};
        entry.update(binding_json(point.binding));
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
