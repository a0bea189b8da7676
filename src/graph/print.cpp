// print.cpp
// The text form of graphs; parse.cpp reads it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "src/base/sha256.h"
#include "src/graph/graph.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            result += c;
        }
    }
    return result + "\"";
}

template <class T>
std::string list(const std::vector<T>& elements) {
    std::string text = "[";
    for (std::size_t i = 0; i < elements.size(); ++i) text += fmt::format("{}{}", i ? ", " : "", elements[i]);
    return text + "]";
}

std::string text_of(const Attribute& attribute) {
    struct {
        std::string operator()(std::int64_t value) const { return fmt::format("int {}", value); }
        std::string operator()(double value) const { return fmt::format("real {}", value); }
        std::string operator()(const std::string& value) const { return "text " + quoted(value); }
        std::string operator()(const std::vector<std::int64_t>& value) const { return "ints " + list(value); }
        std::string operator()(const std::vector<double>& value) const { return "reals " + list(value); }
        std::string operator()(const Tensor& value) const { return "tensor " + constant_key(value); }
    } visitor;
    return std::visit(visitor, attribute);
}

std::string typed(const Value& value) {
    std::string text = fmt::format("{} {} {}", quoted(value.name), to_string(value.type), to_string(value.shape));
    if (const auto& integer = value.integer) {
        text += fmt::format(" integer {{min {}, max {}, step {}, axis {}, scale {}, zero {}}}", integer->min, integer->max, integer->step,
                            integer->axis, list(integer->scale), list(integer->zero_point));
    }
    return text;
}

std::string line_of(const Node& node) {
    const std::string domain = node.op->domain.empty() ? std::string() : fmt::format("{}:", node.op->domain);
    std::string text = fmt::format("node {} {}{}@{} (", quoted(node.name), domain, node.op->name, node.opset);
    const char* separator = "";
    for (const Value* input : node.inputs) {
        text += separator + (input ? quoted(input->name) : "_");
        separator = ", ";
    }
    text += ") -> (";
    separator = "";
    for (const Value* output : node.outputs) {
        text += separator + (output ? typed(*output) : "_");
        separator = ", ";
    }
    text += ")";
    if (!node.attributes.empty()) {
        text += " {";
        separator = "";
        for (const auto& [name, value] : node.attributes) {
            text += fmt::format("{}{} = {}", separator, name, text_of(value));
            separator = ", ";
        }
        text += "}";
    }
    return text + "\n";
}

/// Constants that something reads, in order of creation.
std::vector<const Value*> live_constants(const Graph& graph) {
    std::set<const Value*> read(graph.outputs.begin(), graph.outputs.end());
    for (const auto& node : graph.nodes()) read.insert(node->inputs.begin(), node->inputs.end());
    std::vector<const Value*> result;
    for (const auto& value : graph.values()) {
        if (value->is_constant() && read.count(value.get())) result.push_back(value.get());
    }
    return result;
}

}  // namespace

std::string constant_key(const Tensor& tensor) {
    Sha256 digest;
    digest.update(fmt::format("{} {}\n", to_string(tensor.type()), to_string(tensor.shape())));
    digest.update(tensor.raw(), tensor.bytes());
    return digest.hex().substr(0, 16);
}

ConstantTable constants_of(const Graph& graph) {
    ConstantTable table;
    for (const Value* value : live_constants(graph)) table.emplace(constant_key(*value->constant), value->constant);
    for (const auto& node : graph.nodes()) {
        for (const auto& [name, attribute] : node->attributes) {
            if (const auto* tensor = std::get_if<Tensor>(&attribute))
                table.emplace(constant_key(*tensor), std::make_shared<const Tensor>(*tensor));
        }
    }
    return table;
}

std::string print(const Graph& graph) {
    std::string text = fmt::format("graph {}{}\n", quoted(graph.name), graph.batched ? " batched" : "");
    for (const Value* input : graph.inputs) text += "input " + typed(*input) + "\n";
    for (const Value* value : live_constants(graph)) text += fmt::format("constant {} {}\n", typed(*value), constant_key(*value->constant));
    for (const auto& node : graph.nodes()) text += line_of(*node);
    for (const Value* output : graph.outputs) text += "output " + quoted(output->name) + "\n";
    return text;
}

}  // namespace weft
