// flatten.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/flatten.h"

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>

#include "src/graph/op_def.h"

namespace weft {

namespace {

constexpr const char* damaged_help = "the file is damaged or was written by a faulty tool; export the model again";

/// No exporter nests calls so deep, or writes so many nodes.
constexpr int depth_limit = 64;
constexpr std::size_t node_limit = 100'000;

/// Fields younger than the protobuf classes.
constexpr int node_overload_field = 8, function_overload_field = 13, function_defaults_field = 11;

std::vector<std::string> unknown_field(const google::protobuf::Message& message, int number) {
    std::vector<std::string> found;
    const auto& fields = message.GetReflection()->GetUnknownFields(message);
    for (int i = 0; i < fields.field_count(); ++i) {
        const auto& field = fields.field(i);
        if (field.number() == number && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
            found.push_back(field.length_delimited());
    }
    return found;
}

std::string last_or_empty(const std::vector<std::string>& texts) { return texts.empty() ? std::string() : texts.back(); }

std::string_view plain_domain(const std::string& domain) { return domain == "ai.onnx" ? std::string_view() : domain; }

std::string function_key(std::string_view domain, const std::string& name, const std::string& overload) {
    return fmt::format("{}\n{}\n{}", domain, name, overload);
}

std::string key_of(const onnx::NodeProto& node) {
    if (!node.name().empty()) return node.name();
    for (const std::string& output : node.output()) {
        if (!output.empty()) return output;
    }
    return node.op_type();
}

template <class F>
void for_each_graph(const onnx::NodeProto& node, F f) {
    for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) f(attribute.g());
        for (const auto& graph : attribute.graphs()) f(graph);
    }
}

template <class F>
void for_each_graph(onnx::NodeProto& node, F f) {
    for (auto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) f(*attribute.mutable_g());
        for (auto& graph : *attribute.mutable_graphs()) f(graph);
    }
}

}  // namespace

std::string_view domain_of(const onnx::NodeProto& node) { return plain_domain(node.domain()); }

void names_read_inside(const onnx::NodeProto& node, std::set<std::string>& names) {
    for_each_graph(node, [&](const onnx::GraphProto& graph) {
        for (const auto& inner : graph.node()) {
            names.insert(inner.input().begin(), inner.input().end());
            names_read_inside(inner, names);
        }
        for (const auto& output : graph.output()) names.insert(output.name());
    });
}

/// New names of the values of one body, and of what the sub-graphs in it define.
class FlatGraph::Renaming {
public:
    /// `prefix` is put before names that must be new; with `keep`, names that are free stay.
    Renaming(FlatGraph& graph, std::string prefix, bool keep) : graph_(graph), prefix_(std::move(prefix)), keep_(keep) {}

    const std::string& prefix() const { return prefix_; }
    bool keep() const { return keep_; }
    void set(const std::string& name, const std::string& to) { names_[name] = to; }
    bool has(const std::string& name) const { return names_.count(name) > 0; }
    /// The new name of a value that the body defines.
    const std::string& define(const std::string& name) {
        const auto [at, is_new] = names_.emplace(name, std::string());
        if (is_new) at->second = made(name);
        return at->second;
    }
    /// The new name of a value that the body reads; one that it does not define keeps its name.
    std::string read(const std::string& name) const {
        const auto at = names_.find(name);
        return at == names_.end() ? name : at->second;
    }
    /// Renames everything inside the node's sub-graphs. What these define gets names of their own at once: a name that comes in from
    /// outside must not meet one of theirs.
    void rename_inside(onnx::NodeProto& node) const {
        for_each_graph(node, [&](onnx::GraphProto& graph) {
            Renaming inner(*this);
            std::set<std::string> own;
            const auto define = [&](std::string* name) {
                if (name->empty()) return;
                if (own.insert(*name).second) inner.names_.erase(*name);
                *name = inner.define(*name);
                graph_.reserved_.insert(*name);
            };
            for (auto& input : *graph.mutable_input()) define(input.mutable_name());
            for (auto& initialiser : *graph.mutable_initializer()) define(initialiser.mutable_name());
            for (auto& sparse : *graph.mutable_sparse_initializer()) define(sparse.mutable_values()->mutable_name());
            for (auto& inside : *graph.mutable_node()) {
                for (std::string& name : *inside.mutable_output()) define(&name);
            }
            for (auto& inside : *graph.mutable_node()) {
                for (std::string& name : *inside.mutable_input()) name = inner.read(name);
                inner.rename_inside(inside);
            }
            for (auto& output : *graph.mutable_output()) output.set_name(inner.read(output.name()));
            graph.clear_value_info();
        });
    }

private:
    std::string made(const std::string& name) {
        if (keep_ && graph_.reserved_.erase(name) > 0) return name;
        if (keep_ && graph_.taken_.insert(name).second) return name;
        return graph_.fresh(prefix_ + "/" + name);
    }

    FlatGraph& graph_;
    std::string prefix_;
    bool keep_;
    std::map<std::string, std::string> names_;
};

std::string FlatGraph::fresh(const std::string& wanted) {
    std::string name = wanted;
    // Numbers go on where the last one of that name stopped: thousands of calls may bear one name.
    for (int& suffix = suffixes_[wanted]; !taken_.insert(name).second;) name = fmt::format("{}_{}", wanted, ++suffix);
    return name;
}

Result<FlatGraph> FlatGraph::make(const onnx::ModelProto& model, const Opsets& opsets) {
    FlatGraph flat;
    for (const auto& proto : model.functions()) {
        Function function{&proto, {}, opsets};
        for (const auto& import : proto.opset_import())
            function.opsets[std::string(plain_domain(import.domain()))] = static_cast<int>(import.version());
        for (const std::string& bytes : unknown_field(proto, function_defaults_field)) {
            onnx::AttributeProto attribute;
            if (attribute.ParseFromString(bytes)) function.defaults.push_back(std::move(attribute));
        }
        const std::string overload = last_or_empty(unknown_field(proto, function_overload_field));
        flat.functions_.emplace(function_key(plain_domain(proto.domain()), proto.name(), overload), std::move(function));
    }
    const onnx::GraphProto& graph = model.graph();
    for (const auto& initialiser : graph.initializer()) flat.initialisers_.push_back(&initialiser);
    for (const auto& sparse : graph.sparse_initializer()) flat.sparse_initialisers_.push_back(&sparse);
    for (const auto& input : graph.input()) flat.taken_.insert(input.name());
    for (const auto& initialiser : graph.initializer()) flat.taken_.insert(initialiser.name());
    for (const auto& node : graph.node()) flat.taken_.insert(node.output().begin(), node.output().end());
    for (const auto& node : graph.node()) WEFT_CHECK(flat.add({&node, &opsets}, flat.nodes_));
    return flat;
}

const FlatGraph::Function* FlatGraph::called_by(const onnx::NodeProto& node) const {
    if (functions_.empty()) return nullptr;
    // What weft knows itself it knows better than by its parts.
    const OpDef* op = find_op(domain_of(node), node.op_type());
    if (op && !op->refusal) return nullptr;
    const std::string overload = last_or_empty(unknown_field(node, node_overload_field));
    const auto at = functions_.find(function_key(domain_of(node), node.op_type(), overload));
    return at == functions_.end() ? nullptr : &at->second;
}

Status FlatGraph::add(const FlatNode& node, std::vector<FlatNode>& to) {
    if (const Function* function = called_by(*node.proto)) return inline_call(node, *function, to);
    to.push_back(node);
    return Ok{};
}

/// Attributes that refer to one of the call take its value; those whose attribute is nowhere given are left out.
void FlatGraph::resolve_references(onnx::NodeProto& node, const Attributes& given) const {
    google::protobuf::RepeatedPtrField<onnx::AttributeProto> resolved;
    for (auto& attribute : *node.mutable_attribute()) {
        if (attribute.ref_attr_name().empty()) {
            *resolved.Add() = std::move(attribute);
            continue;
        }
        const auto at = given.find(attribute.ref_attr_name());
        if (at == given.end()) continue;
        onnx::AttributeProto& value = *resolved.Add();
        value = *at->second;
        value.set_name(attribute.name());
    }
    node.mutable_attribute()->Swap(&resolved);
    for_each_graph(node, [&](onnx::GraphProto& graph) {
        for (auto& inside : *graph.mutable_node()) resolve_references(inside, given);
    });
}

/// A copy of a body's node in the names of the whole list.
Status FlatGraph::append(const onnx::NodeProto& body_node, Renaming& renaming, const FlatNode& like, std::vector<FlatNode>& to) {
    onnx::NodeProto& node = made_.emplace_back(body_node);
    for (std::string& name : *node.mutable_input()) name = renaming.read(name);
    for (std::string& name : *node.mutable_output()) {
        if (!name.empty()) name = renaming.define(name);
    }
    renaming.rename_inside(node);
    if (!node.name().empty() && !renaming.keep()) node.set_name(fmt::format("{}/{}", renaming.prefix(), node.name()));
    if (++appended_ > node_limit) {
        return Diagnostic{Severity::error, renaming.prefix(), "",
                          fmt::format("the model's functions unfold into more than {} nodes", node_limit), damaged_help};
    }
    return add({&node, like.opsets, like.depth}, to);
}

Status FlatGraph::inline_call(const FlatNode& call, const Function& function, std::vector<FlatNode>& to) {
    const onnx::NodeProto& node = *call.proto;
    const onnx::FunctionProto& body = *function.proto;
    const auto refuse = [&](std::string reason, Made made = std::source_location::current()) {
        return Diagnostic{Severity::error, key_of(node), "", std::move(reason), damaged_help, made};
    };
    if (call.depth >= depth_limit)
        return refuse(fmt::format("the function {} calls itself, or calls go deeper than {}", body.name(), depth_limit));
    if (node.input_size() > body.input_size() || node.output_size() > body.output_size()) {
        return refuse(fmt::format("the function {} has {} inputs and {} outputs, the node {} and {}", body.name(), body.input_size(),
                                  body.output_size(), node.input_size(), node.output_size()));
    }
    Attributes given;
    for (const auto& attribute : function.defaults) given[attribute.name()] = &attribute;
    for (const auto& attribute : node.attribute()) given[attribute.name()] = &attribute;

    Renaming renaming(*this, key_of(node), false);
    for (int i = 0; i < body.input_size(); ++i) renaming.set(body.input(i), i < node.input_size() ? node.input(i) : std::string());
    // An output that the body passes on (an input, or one value as two outputs) needs a node of its own.
    std::vector<std::pair<std::string, std::string>> passed;
    for (int i = 0; i < node.output_size(); ++i) {
        if (node.output(i).empty()) continue;
        if (renaming.has(body.output(i)))
            passed.emplace_back(body.output(i), node.output(i));
        else
            renaming.set(body.output(i), node.output(i));
    }
    for (const auto& inside : body.node()) {
        for (const std::string& name : inside.output()) {
            if (!name.empty()) renaming.define(name);
        }
    }
    FlatNode like{nullptr, &function.opsets, call.depth + 1};
    for (const auto& inside : body.node()) {
        onnx::NodeProto copy = inside;
        resolve_references(copy, given);
        for (const std::string& name : copy.input()) {
            if (!name.empty() && !renaming.has(name))
                return refuse(fmt::format("the function {} reads the value '{}', which is nowhere defined in it", body.name(), name));
        }
        WEFT_CHECK(append(copy, renaming, like, to));
    }
    for (const auto& [from, output] : passed) {
        onnx::NodeProto& identity = made_.emplace_back();
        identity.set_op_type(std::string(op_for(OpRole::identity).name));
        identity.add_input(renaming.read(from));
        identity.add_output(output);
        to.push_back({&identity, call.opsets, call.depth});
    }
    return Ok{};
}

Result<bool> FlatGraph::splice(std::size_t index, std::string_view attribute) {
    const FlatNode branch = nodes_[index];
    const auto& attributes = branch.proto->attribute();
    const auto chosen =
        std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name() == attribute && a.has_g(); });
    if (chosen == attributes.end()) return false;
    const onnx::GraphProto& body = chosen->g();
    if (body.input_size() > 0 || body.output_size() < branch.proto->output_size()) return false;

    Renaming renaming(*this, key_of(*branch.proto), true);
    std::set<std::string> defined;
    for (const auto& inside : body.node()) defined.insert(inside.output().begin(), inside.output().end());
    std::vector<std::pair<std::string, std::string>> passed;
    for (int i = 0; i < branch.proto->output_size(); ++i) {
        const std::string& output = branch.proto->output(i);
        if (output.empty()) continue;
        if (defined.count(body.output(i).name()) && !renaming.has(body.output(i).name()))
            renaming.set(body.output(i).name(), output);
        else
            passed.emplace_back(body.output(i).name(), output);
    }
    for (const auto& initialiser : body.initializer()) {
        onnx::TensorProto& copy = made_initialisers_.emplace_back(initialiser);
        copy.set_name(renaming.define(initialiser.name()));
        initialisers_.push_back(&copy);
    }
    for (const std::string& name : defined) {
        if (!name.empty()) renaming.define(name);
    }
    std::vector<FlatNode> spliced(nodes_.begin(), nodes_.begin() + static_cast<std::ptrdiff_t>(index));
    for (const auto& inside : body.node()) WEFT_CHECK(append(inside, renaming, branch, spliced));
    for (const auto& [from, output] : passed) {
        onnx::NodeProto& identity = made_.emplace_back();
        identity.set_op_type(std::string(op_for(OpRole::identity).name));
        identity.add_input(renaming.read(from));
        identity.add_output(output);
        spliced.push_back({&identity, branch.opsets, branch.depth});
    }
    spliced.insert(spliced.end(), nodes_.begin() + static_cast<std::ptrdiff_t>(index) + 1, nodes_.end());
    nodes_ = std::move(spliced);
    return true;
}

}  // namespace weft
