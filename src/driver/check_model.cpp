// check_model.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/check_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "src/design/unit_def.h"
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

bool has_hardware(const Node& node) {
    const Traits& traits = node.op->traits;
    return node.op->lower || traits.elementwise || traits.view || traits.host_suffix || traits.role == OpRole::quantize ||
           traits.role == OpRole::dequantize || is_constant_like(node.output());
}

std::string fate_of(const Graph& graph, const Node& node, const std::map<std::string, std::string>& units, bool quantised) {
    const Traits& traits = node.op->traits;
    if (const auto at = units.find(graph.key(&node)); at != units.end()) return at->second;
    if (is_constant_like(node.output())) return "constant";
    if (traits.role == OpRole::quantize || traits.role == OpRole::dequantize) return "integer type";
    if (traits.view && (!traits.view->applies || traits.view->applies(node))) return "no hardware (a view)";
    if (traits.host_suffix) return "host";
    if (traits.elementwise)
        return quantised ? "host, or part of a neighbour's requantisation" : "part of a region's requantisation or table";
    return quantised ? "integer type" : "hardware, once quantised";
}

}  // namespace

Result<ModelCheck> check_model(const std::filesystem::path& path, const ModelOptions& options, const Observer& observer) {
    WEFT_ASSIGN(const Model model, read_model(path, options, observer));
    ModelCheck check;
    check.warnings = model.warnings;
    check.quantised = has_quantisers(model.quantised);
    std::map<std::string, std::string> units;
    if (check.quantised) {
        const auto lowered = lower(model.quantised, model.name);
        if (lowered) {
            units = units_by_node(lowered->design);
        } else {
            check.problems = lowered.error();
        }
    } else {
        Graph canonical = model.quantised.clone();
        PassLog log;
        if (const Status status = canonicalise(canonical, log); !status) {
            check.problems = status.error();
        } else {
            for (const auto& node : canonical.nodes()) {
                if (!has_hardware(*node))
                    check.problems.push_back(node_error(*node, "the operator " + std::string(node->op->name) + " has no hardware",
                                                        "weft list ops shows what is supported"));
            }
        }
    }
    check.supported = check.problems.empty();
    std::map<std::string, const Diagnostic*> refused;
    for (const Diagnostic& problem : check.problems) refused.emplace(problem.node, &problem);
    const Graph& shown = model.quantised;
    for (const auto& node : shown.nodes()) {
        NodeFate fate{shown.key(node.get()), std::string(node->op->name), "", "", ""};
        if (const auto at = refused.find(fate.node); at != refused.end()) {
            fate.becomes = "refused";
            fate.reason = at->second->reason;
            fate.help = at->second->help;
        } else {
            fate.becomes = fate_of(shown, *node, units, check.quantised);
        }
        check.nodes.push_back(std::move(fate));
    }
    return check;
}

nlohmann::ordered_json to_json(const ModelCheck& check) {
    nlohmann::ordered_json json{{"supported", check.supported}, {"quantised", check.quantised}};
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
    for (const Diagnostic& warning : check.warnings) text += to_string(warning) + "\n";
    for (const Diagnostic& problem : check.problems) text += to_string(problem) + "\n";
    if (check.supported) {
        text += check.quantised ? "supported: weft compile makes a kernel of it\n"
                                : "supported once quantised: give weft compile samples with --calibrate DATA\n";
    } else {
        text += "not supported as it is\n";
    }
    return text;
}

}  // namespace weft
