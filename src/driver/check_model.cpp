// check_model.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/check_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "src/design/unit_def.h"
#include "src/driver/host_part.h"
#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/quantize/constant.h"

namespace weft {

namespace {

/// Node key -> the units that compute it.
std::map<std::string, std::string> units_by_node(const Design& design) {
    std::map<std::string, std::string> units;
    for (const auto& unit : design.units) {
        for (const std::string& node : unit->nodes) {
            std::string& text = units[node];
            text += (text.empty() ? "" : ", ") + std::string(unit->def->name) + " unit " + unit->name;
        }
    }
    return units;
}

/// Node key -> where on the host it runs.
std::map<std::string, std::string> host_nodes(const Graph& graph, const Design& design) {
    const HostPart part = host_part(graph, design);
    std::map<std::string, std::string> places;
    for (const auto& input : part.inputs)
        for (const HostNode& node : input.nodes) places[node.node] = "host, before the kernel";
    for (const auto& output : part.outputs)
        for (const HostNode& node : output.nodes) places[node.node] = "host, after the kernel";
    return places;
}

std::string fate_of(const Graph& graph, const Node& node, const std::map<std::string, std::string>& units,
                    const std::map<std::string, std::string>& host) {
    const Traits& traits = node.op->traits;
    const std::string key = graph.key(&node);
    if (const auto at = units.find(key); at != units.end()) return at->second;
    if (is_exact_constant(node.output())) return "constant";
    if (const auto at = host.find(key); at != host.end()) return at->second;
    if (traits.role == OpRole::quantize || traits.role == OpRole::dequantize) return "integer type";
    if (is_view(node)) return "no hardware (a view)";
    if (traits.elementwise) return "part of a neighbour's requantization";
    return "integer type";
}

}  // namespace

Result<ModelCheck> check_model(const std::filesystem::path& path, const CompileOptions& options, const Observer& observer) {
    ModelCheck check;
    // As it is; and where that does not do, with stand-in samples in the place of --calibrate.
    ModelOptions as_given = options;
    as_given.calibration.clear();
    WEFT_ASSIGN(const Model model, read_model(path, as_given));
    check.warnings = model.warnings;
    check.quantized = has_quantizers(model.quantized);
    auto compiled = compile(path, options, observer);
    if (!compiled && options.calibration.empty()) {
        CompileOptions calibrated = options;
        calibrated.stand_in = true;
        auto completed = compile(path, calibrated, observer);
        // Of a quantized model that fails both ways, the first answer is about the file itself.
        if (completed || !check.quantized) {
            compiled = std::move(completed);
            check.needs_samples = true;
        }
    }
    std::map<std::string, std::string> units;
    std::map<std::string, std::string> host;
    if (compiled) {
        units = units_by_node((*compiled)->design);
        host = host_nodes((*compiled)->model.quantized, (*compiled)->design);
        check.warnings.insert(check.warnings.end(), (*compiled)->warnings.begin(), (*compiled)->warnings.end());
    } else {
        check.problems = compiled.error();
        check.needs_samples = false;
    }
    check.supported = check.problems.empty();
    std::map<std::string, const Diagnostic*> refused;
    for (const Diagnostic& problem : check.problems) refused.emplace(problem.node, &problem);
    for (const auto& node : model.source.nodes()) {
        NodeFate fate{model.source.key(node.get()), std::string(node->op->name), "", "", ""};
        if (const auto at = refused.find(fate.node); at != refused.end()) {
            fate.becomes = "refused";
            fate.reason = at->second->reason;
            fate.help = at->second->help;
        } else {
            fate.becomes = compiled ? fate_of(model.source, *node, units, host) : "";
        }
        check.nodes.push_back(std::move(fate));
    }
    return check;
}

nlohmann::ordered_json to_json(const ModelCheck& check) {
    nlohmann::ordered_json json{{"supported", check.supported}, {"quantised", check.quantized}, {"needs_samples", check.needs_samples}};
    json["nodes"] = nlohmann::ordered_json::array();
    for (const NodeFate& fate : check.nodes) {
        json["nodes"].push_back(
            {{"node", fate.node}, {"op", fate.op}, {"becomes", fate.becomes}, {"reason", fate.reason}, {"help", fate.help}});
    }
    json["problems"] = nlohmann::ordered_json::array();
    for (const Diagnostic& problem : check.problems) {
        json["problems"].push_back(
            {{"node", problem.node}, {"tensor", problem.tensor}, {"reason", problem.reason}, {"help", problem.help}});
    }
    return json;
}

std::string to_text(const ModelCheck& check) {
    std::size_t width = 4;
    for (const NodeFate& fate : check.nodes) width = std::max(width, std::min<std::size_t>(fate.node.size(), 48));
    std::string text;
    for (const NodeFate& fate : check.nodes) {
        const std::string node = fate.node.size() > 48 ? "..." + fate.node.substr(fate.node.size() - 45) : fate.node;
        text += fmt::format("{:<{}}  {:<18} {}{}\n", node, width, fate.op, fate.becomes, fate.reason.empty() ? "" : ": " + fate.reason);
    }
    for (const std::string& warning : to_strings(check.warnings)) text += warning + "\n";
    for (const std::string& problem : to_strings(check.problems)) text += problem + "\n";
    if (check.supported) {
        text += check.needs_samples ? "supported with samples: give weft compile --calibrate DATA\n"
                                    : "supported: weft compile makes a kernel of it\n";
    } else {
        text += "not supported as it is\n";
    }
    return text;
}

}  // namespace weft
