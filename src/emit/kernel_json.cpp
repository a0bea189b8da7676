// kernel_json.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/kernel_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "src/base/json_text.h"
#include "src/design/rtl_parts.h"
#include "src/emit/kernel_port.h"
#include "src/emit/registers.h"
#include "src/emit/shell.h"
#include "src/explore/folding.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;
using Places = std::vector<std::int64_t>;

/// Extents and strides, outermost first, by which the places are walked; false where they are not as regular.
bool find_strides(Places places, std::vector<std::int64_t>& extents, std::vector<std::int64_t>& strides) {
    while (places.size() > 1) {
        const std::int64_t stride = places[1] - places[0];
        std::size_t extent = 1;
        while (extent < places.size() && places[extent] - places[extent - 1] == stride) ++extent;
        if (stride < 0 || places.size() % extent != 0) return false;
        Places starts;
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (i % extent == 0) starts.push_back(places[i]);
            if (places[i] != starts.back() + static_cast<std::int64_t>(i % extent) * stride) return false;
        }
        extents.insert(extents.begin(), static_cast<std::int64_t>(extent));
        strides.insert(strides.begin(), stride);
        places = std::move(starts);
    }
    return true;
}

/// Where a tensor's elements lie in a frame in memory.
Json layout_json(const HostProgram::Port& port, std::int64_t elements, const KernelPort& memory) {
    Places places;
    for (std::int64_t i = 0; i < elements; ++i)
        places.push_back(memory.memory_index(port.map ? (*port.map)[static_cast<std::size_t>(i)] : i));
    std::vector<std::int64_t> extents, strides;
    if (!find_strides(places, extents, strides)) return {{"table", places}};
    if (extents.empty()) {
        extents = {1};
        strides = {1};
    }
    return {{"offset", places[0]}, {"extents", extents}, {"strides", strides}};
}

Json step_json(const HostStep& step) {
    Json json{{"op", step.op}};
    if (!step.map.empty()) {
        json["map"] = step.map;
        return json;
    }
    json["runs"] = {step.outer, step.count, step.inner};
    for (const auto& [name, values] : step.constants) json[name] = values;
    return json;
}

/// Elements of the tensor at the kernel's side: those of the user's, but for steps that leave fewer.
std::int64_t elements_at_kernel(const HostProgram::Port& port, bool output) {
    std::int64_t elements = element_count(port.shape);
    if (output) {
        if (port.map) return static_cast<std::int64_t>(port.map->size());
        const HostStep* first = port.steps.empty() ? nullptr : &port.steps.front();
        return first && first->map.empty() ? first->outer * first->count * first->inner : elements;
    }
    for (const HostStep& step : port.steps)
        if (!step.map.empty()) elements = static_cast<std::int64_t>(step.map.size());
    return elements;
}

Json port_json(const HostProgram::Port& port, bool output, std::size_t first, const std::vector<KernelPort>& ports) {
    Json steps = Json::array();
    for (const HostStep& step : port.steps) steps.push_back(step_json(step));
    const std::size_t argument = first + port.at;
    return {{"name", port.name},
            {"type", to_string(port.type)},
            {"shape", port.shape},
            {"argument", argument},
            {"layout", layout_json(port, elements_at_kernel(port, output), ports[argument])},
            {"steps", steps}};
}

Json left_json(const HostProgram::Left& left) {
    Json json{{"where", left.behind ? "behind" : "before"}, {"name", left.name}, {"from", Json::array()}, {"nodes", Json::array()}};
    for (const std::string& tensor : left.from) json["from"].push_back({{"name", tensor}});
    for (const HostNode& node : left.nodes) json["nodes"].push_back({{"op", node.op}, {"node", node.node}});
    return json;
}

}  // namespace

Json kernel_json(const EmitSubject& subject) {
    const auto& [design, options, frames, host] = subject;
    const std::vector<KernelPort> ports = kernel_ports(design, options);
    Json json{{"program", "weft"},
              {"version", WEFT_VERSION},
              {"kernel", kernel_name(design)},
              {"model", options.model},
              {"model_hash", options.model_hash},
              {"clock_mhz", options.clock_mhz},
              {"interval_cycles", figures(design).interval},
              {"board", options.board},
              {"arguments", Json::array()}};
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const FrameLayout layout = frame_layout(ports[i]);
        json["arguments"].push_back({{"name", ports[i].argument},
                                     {"index", i},
                                     {"kind", ports[i].output ? "output" : "input"},
                                     {"frame_bytes", layout.frame_bytes()},
                                     {"element_bytes", layout.bytes()},
                                     {"element_bits", layout.bits},
                                     {"signed", layout.is_signed}});
    }
    json["arguments"].push_back(
        Json::parse(fmt::format(R"({{"name": "{}", "index": {}, "kind": "count"}})", images_argument, ports.size())));
    json["status_registers"] = Json::array();
    if (rtl_takes(design) && shell_takes(design, options))
        for (const Register& entry : kernel_registers(ports))
            if (entry.kind == RegisterKind::status)
                json["status_registers"].push_back({{"name", entry.name}, {"offset", entry.offset}, {"bits", entry.bits}});
    json["inputs"] = Json::array();
    for (const HostProgram::Port& port : host.inputs) json["inputs"].push_back(port_json(port, false, 0, ports));
    json["outputs"] = Json::array();
    for (const HostProgram::Port& port : host.outputs) json["outputs"].push_back(port_json(port, true, design.inputs.size(), ports));
    json["left"] = Json::array();
    for (const HostProgram::Left& left : host.left) json["left"].push_back(left_json(left));
    return json;
}

std::string kernel_json_text(const Json& json) {
    std::string text;
    for (const auto& [key, value] : json.items()) {
        text += fmt::format("{}{}: ", text.empty() ? "{\n " : ",\n ", json_text(Json(key), -1));
        if (!value.is_array() || value.empty()) {
            text += json_text(value, -1);
            continue;
        }
        for (std::size_t i = 0; i < value.size(); ++i) text += fmt::format("{}\n  {}", i == 0 ? "[" : ",", json_text(value[i], -1));
        text += "\n ]";
    }
    return text + "\n}\n";
}

}  // namespace weft
