// graph.cpp
// Building and editing graphs.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/graph.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <unordered_map>
#include <utility>

#include "src/graph/op_def.h"

namespace weft {

Value* Graph::find(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
}

Value* Graph::add_value(std::string name, DataType type, Shape shape) {
    assert(!find(name));
    auto value = std::make_unique<Value>();
    value->name = name;
    value->type = type;
    value->shape = std::move(shape);
    value->stands_for = value_stood_for_;
    Value* plain = value.get();
    by_name_.emplace(std::move(name), plain);
    values_.push_back(std::move(value));
    return plain;
}

Value* Graph::add_constant(std::string name, Tensor tensor) {
    Value* value = add_value(std::move(name), tensor.type(), tensor.shape());
    value->constant = std::make_shared<const Tensor>(std::move(tensor));
    return value;
}

Node* Graph::add_node(const OpDef& op, std::string name, int opset, std::vector<Value*> inputs, std::vector<Value*> outputs,
                      Attributes attributes) {
    auto node = std::make_unique<Node>();
    node->op = &op;
    node->name = std::move(name);
    node->opset = opset;
    node->inputs = std::move(inputs);
    node->outputs = std::move(outputs);
    node->attributes = std::move(attributes);
    node->stands_for = node_stood_for_;
    for (Value* output : node->outputs) {
        if (output) output->producer = node.get();
    }
    nodes_.push_back(std::move(node));
    return nodes_.back().get();
}

std::string Graph::unique_name(std::string_view wanted) const {
    std::string name(wanted);
    for (int suffix = 1; find(name); ++suffix) name = std::string(wanted) + "_" + std::to_string(suffix);
    return name;
}

void Graph::rename(Value* value, std::string name) {
    assert(!find(name));
    by_name_.erase(value->name);
    by_name_.emplace(name, value);
    value->name = std::move(name);
}

void Graph::remove(Node* node) {
    for (Value* output : node->outputs) {
        if (output && output->producer == node) output->producer = nullptr;
    }
    std::erase_if(nodes_, [&](const auto& owned) { return owned.get() == node; });
}

void Graph::replace_uses(Value* from, Value* to) {
    for (const auto& node : nodes_) std::replace(node->inputs.begin(), node->inputs.end(), from, to);
    std::replace(outputs.begin(), outputs.end(), from, to);
}

std::vector<Node*> Graph::readers(const Value* value) const {
    std::vector<Node*> result;
    for (const auto& node : nodes_) {
        if (std::find(node->inputs.begin(), node->inputs.end(), value) != node->inputs.end()) result.push_back(node.get());
    }
    return result;
}

bool Graph::is_output(const Value* value) const { return std::find(outputs.begin(), outputs.end(), value) != outputs.end(); }

void Graph::remove_dead() {
    std::set<const Value*> live(outputs.begin(), outputs.end());
    for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at) {
        const Node& node = **at;
        const bool wanted = std::any_of(node.outputs.begin(), node.outputs.end(), [&](Value* v) { return live.count(v) > 0; });
        if (wanted) live.insert(node.inputs.begin(), node.inputs.end());
    }
    std::erase_if(nodes_, [&](const auto& node) {
        return std::none_of(node->outputs.begin(), node->outputs.end(), [&](Value* v) { return live.count(v) > 0; });
    });
    live.insert(inputs.begin(), inputs.end());
    for (const auto& node : nodes_) live.insert(node->outputs.begin(), node->outputs.end());
    std::erase_if(values_, [&](const auto& value) {
        if (live.count(value.get())) return false;
        by_name_.erase(value->name);
        return true;
    });
}

Status Graph::sort() {
    std::unordered_map<const Node*, std::size_t> position;
    for (std::size_t i = 0; i < nodes_.size(); ++i) position.emplace(nodes_[i].get(), i);
    std::vector<int> pending(nodes_.size(), 0);
    std::vector<std::vector<std::size_t>> readers_of(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        for (const Value* input : nodes_[i]->inputs) {
            if (!input || !input->producer) continue;
            ++pending[i];
            readers_of[position.at(input->producer)].push_back(i);
        }
    }
    std::set<std::size_t> ready;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (pending[i] == 0) ready.insert(i);
    }
    std::vector<std::unique_ptr<Node>> sorted;
    while (!ready.empty()) {
        const std::size_t next = *ready.begin();
        ready.erase(ready.begin());
        for (const std::size_t reader : readers_of[next]) {
            if (--pending[reader] == 0) ready.insert(reader);
        }
        sorted.push_back(std::move(nodes_[next]));
    }
    if (sorted.size() < nodes_.size()) {
        // What is left lies on a cycle or behind one: going back to unsorted producers must come round.
        const auto left = [](const auto& node) { return node != nullptr; };
        std::size_t at = static_cast<std::size_t>(std::find_if(nodes_.begin(), nodes_.end(), left) - nodes_.begin());
        for (std::set<std::size_t> seen; seen.insert(at).second;) {
            for (const Value* input : nodes_[at]->inputs) {
                if (!input || !input->producer || !nodes_[position.at(input->producer)]) continue;
                at = position.at(input->producer);
                break;
            }
        }
        Diagnostic cycle{Severity::error, key(nodes_[at].get()), "", "the node is part of a cycle",
                         "an ONNX graph has no cycles; export the model again"};
        for (auto& node : sorted) nodes_[position.at(node.get())] = std::move(node);
        return cycle;
    }
    nodes_ = std::move(sorted);
    return Ok{};
}

std::string Graph::key(const Node* node) const {
    const auto same_name = [&](const auto& other) { return other && other->name == node->name; };
    if (!node->name.empty() && std::count_if(nodes_.begin(), nodes_.end(), same_name) <= 1) return node->name;
    for (const Value* output : node->outputs) {
        if (output) return output->name;
    }
    return node->name;
}

Graph Graph::clone() const {
    Graph copy;
    copy.name = name;
    copy.batched = batched;
    std::unordered_map<const Value*, Value*> twin{{nullptr, nullptr}};
    for (const auto& value : values_) {
        Value* made = copy.add_value(value->name, value->type, value->shape);
        made->constant = value->constant;
        made->integer = value->integer;
        made->integer_tensor = value->integer_tensor;
        made->stands_for = value->stands_for;
        twin.emplace(value.get(), made);
    }
    const auto map = [&](const std::vector<Value*>& from) {
        std::vector<Value*> to;
        for (const Value* value : from) to.push_back(twin.at(value));
        return to;
    };
    for (const auto& node : nodes_) {
        Node* made = copy.add_node(*node->op, node->name, node->opset, map(node->inputs), map(node->outputs), node->attributes);
        made->stands_for = node->stands_for;
    }
    copy.inputs = map(inputs);
    copy.outputs = map(outputs);
    return copy;
}

StandingIn::StandingIn(Graph& graph, std::string node, std::string value)
    : graph_(graph),
      node_(std::exchange(graph.node_stood_for_, std::move(node))),
      value_(std::exchange(graph.value_stood_for_, std::move(value))) {}

StandingIn::StandingIn(Graph& graph, const Node& node)
    : StandingIn(graph, weft::user_name(node), node.outputs.empty() || !node.output() ? std::string() : node.output()->user_name()) {}

StandingIn::~StandingIn() {
    graph_.node_stood_for_ = std::move(node_);
    graph_.value_stood_for_ = std::move(value_);
}

std::string user_name(const Node& node) {
    if (!node.stands_for.empty()) return node.stands_for;
    if (!node.name.empty()) return node.name;
    for (const Value* output : node.outputs)
        if (output) return output->user_name();
    return {};
}

Diagnostic node_error(const Node& node, std::string reason, std::string help, Made made) {
    return tensor_error(node, nullptr, std::move(reason), std::move(help), made);
}

Diagnostic tensor_error(const Node& node, const Value* tensor, std::string reason, std::string help, Made made) {
    return {Severity::error, user_name(node), tensor ? tensor->user_name() : std::string(), std::move(reason), std::move(help), made};
}

}  // namespace weft
