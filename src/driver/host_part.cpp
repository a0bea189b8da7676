// host_part.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/host_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

Json nodes_json(const std::vector<HostNode>& nodes) {
    Json list = Json::array();
    for (const HostNode& node : nodes) list.push_back({{"node", node.node}, {"op", node.op}});
    return list;
}

std::string nodes_text(const std::vector<HostNode>& nodes) {
    std::string text;
    for (const HostNode& node : nodes) text += fmt::format("{}{} '{}'", text.empty() ? "" : ", ", node.op, node.node);
    return text;
}

}  // namespace

HostPart host_part(const Graph& model, const Design& design) {
    HostPart part;
    const std::vector<const Value*> inputs(model.inputs.begin(), model.inputs.end());
    for (const KernelInput& input : design.inputs) {
        if (const Value* sent = model.find(input.binding.tensor)) part.inputs.push_back({input.name, host_nodes(model, inputs, sent)});
    }
    std::vector<const Value*> received;
    for (const KernelOutput& output : design.outputs) {
        if (const Value* value = model.find(output.binding.tensor)) received.push_back(value);
    }
    for (const Value* output : model.outputs) {
        std::set<const Value*> read;
        HostPart::Output entry{output->name, {}, host_nodes(model, received, output, &read)};
        for (const Value* value : received) {
            if (read.count(value)) entry.kernel_outputs.push_back(value->name);
        }
        part.outputs.push_back(std::move(entry));
    }
    return part;
}

Json host_json(const HostPart& part) {
    Json json{{"formula", real_formula}, {"inputs", Json::array()}, {"outputs", Json::array()}};
    for (const HostPart::Input& input : part.inputs) json["inputs"].push_back({{"name", input.input}, {"nodes", nodes_json(input.nodes)}});
    for (const HostPart::Output& output : part.outputs)
        json["outputs"].push_back({{"name", output.output}, {"from", output.kernel_outputs}, {"nodes", nodes_json(output.nodes)}});
    return json;
}

std::vector<std::string> host_lines(const HostPart& part) {
    std::vector<std::string> lines;
    for (const HostPart::Input& input : part.inputs) {
        if (!input.nodes.empty())
            lines.push_back(fmt::format("on the host, before the kernel: input '{}' by {}", input.input, nodes_text(input.nodes)));
    }
    for (const HostPart::Output& output : part.outputs) {
        if (!output.nodes.empty())
            lines.push_back(fmt::format("on the host, after the kernel: output '{}' by {}", output.output, nodes_text(output.nodes)));
    }
    return lines;
}

}  // namespace weft
