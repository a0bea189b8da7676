// verify.cpp
// Checks that hold for every sound graph, between passes.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "src/graph/graph.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

class Verifier {
public:
    explicit Verifier(const Graph& graph) : graph_(graph) {
        for (const auto& value : graph.values()) owned_.insert(value.get());
    }

    Status verify() {
        for (const Value* input : graph_.inputs) {
            if (!check_owned("", input)) continue;
            if (input->is_constant() || input->producer) report("", input, "an input of the graph is a constant or the output of a node");
            define("", input);
        }
        for (const auto& value : graph_.values()) {
            if (value->is_constant()) check_constant(*value);
        }
        for (const auto& node : graph_.nodes()) check_node(*node);
        for (const Value* output : graph_.outputs) {
            if (check_owned("", output) && !is_defined(output)) report("", output, "an output of the graph is nowhere defined");
        }
        if (!problems_.empty()) return problems_;
        return Ok{};
    }

private:
    void report(const std::string& node, const Value* value, std::string reason, Made made = std::source_location::current()) {
        problems_.push_back(
            {Severity::error, node, value ? value->name : "", std::move(reason), "this is a mistake of weft; please report it", made});
    }

    bool is_defined(const Value* value) const { return value->is_constant() || defined_.count(value) > 0; }

    bool check_owned(const std::string& node, const Value* value) {
        if (value && owned_.count(value)) return true;
        problems_.push_back({Severity::error, node, "", "a value is none of the graph's", "this is a mistake of weft; please report it"});
        return false;
    }

    void define(const std::string& node, const Value* value) {
        if (!defined_.insert(value).second) report(node, value, "the value is defined twice");
        if (graph_.find(value->name) != value) report(node, value, "the name leads to another value");
        if (std::any_of(value->shape.begin(), value->shape.end(), [](std::int64_t extent) { return extent < 1; }) ||
            !checked_element_count(value->shape)) {
            report(node, value, fmt::format("the shape {} is not positive", to_string(value->shape)));
        }
        if (value->integer) check_integer(node, *value);
    }

    void check_constant(const Value& value) {
        if (value.producer) report("", &value, "a constant is the output of a node");
        if (value.constant->type() != value.type || value.constant->shape() != value.shape) {
            report("", &value, "a constant's elements have another type or shape than it says");
        }
        if (value.integer) check_integer("", value);
    }

    void check_integer(const std::string& node, const Value& value) {
        const IntegerType& type = *value.integer;
        if (type.min > type.max || type.step < 1 || (type.max - type.min) % type.step != 0)
            report(node, &value, "the integer type's range is unsound");
        const bool per_axis = type.axis >= 0;
        const std::size_t wanted = !per_axis ? 1
                                   : type.axis < static_cast<int>(value.shape.size())
                                       ? static_cast<std::size_t>(value.shape[static_cast<std::size_t>(type.axis)])
                                       : 0;
        if (type.scale.size() != wanted || type.zero_point.size() != wanted) {
            report(node, &value,
                   fmt::format("the integer type has {} scales and {} zero points where {} belong", type.scale.size(),
                               type.zero_point.size(), wanted));
        }
        const auto unsound = [](double scale) { return !(scale > 0) || !std::isfinite(scale); };
        if (std::any_of(type.scale.begin(), type.scale.end(), unsound)) report(node, &value, "a scale of the integer type is not positive");
    }

    void check_arity(const std::string& key, const std::vector<Value*>& values, Arity arity, std::string_view what) {
        const int count = static_cast<int>(values.size());
        if (count < arity.min || (arity.max >= 0 && count > arity.max))
            report(key, nullptr, fmt::format("the node has {} {}", count, what));
        for (int i = 0; i < std::min(arity.min, count); ++i) {
            if (!values[static_cast<std::size_t>(i)])
                report(key, nullptr, fmt::format("one of the {} that must be there is left out", what));
        }
    }

    void check_node(const Node& node) {
        const std::string key = graph_.key(&node);
        if (!node.op) return report(key, nullptr, "the node has no operator");
        check_arity(key, node.inputs, node.op->inputs, "inputs");
        check_arity(key, node.outputs, node.op->outputs, "outputs");
        for (const Value* input : node.inputs) {
            if (input && check_owned(key, input) && !is_defined(input))
                report(key, input, "the node reads a value that is not defined before it");
        }
        for (const Value* output : node.outputs) {
            if (!output || !check_owned(key, output)) continue;
            if (output->producer != &node) report(key, output, "the value does not know the node that defines it");
            define(key, output);
        }
        for (const AttributeDef& def : node.op->attributes) {
            if (def.required && !node.attributes.has(def.name))
                report(key, nullptr, fmt::format("the attribute '{}' is missing", def.name));
        }
    }

    const Graph& graph_;
    std::set<const Value*> owned_;
    std::set<const Value*> defined_;
    Diagnostics problems_;
};

}  // namespace

Status verify(const Graph& graph) { return Verifier(graph).verify(); }

}  // namespace weft
