// build_graph.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/build_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "src/graph/op_def.h"
#include "src/onnx/attribute_proto.h"
#include "src/onnx/tensor_proto.h"
#include "src/onnx/versions.h"

namespace weft {

namespace {

constexpr const char* damaged_help = "the file is damaged or was written by a faulty tool; export the model again";

/// The first operator set that limits integers of 8 bits.
constexpr int limit_opset = 12;

/// The domain of operators that weft makes itself: no file may use them.
constexpr std::string_view own_domain = "weft";

std::vector<std::string> without_trailing_blanks(const google::protobuf::RepeatedPtrField<std::string>& names) {
    std::vector<std::string> result(names.begin(), names.end());
    while (!result.empty() && result.back().empty()) result.pop_back();
    return result;
}

class Builder {
public:
    /// `digest` takes the bytes of external data; it may be null.
    Builder(const ModelFile& file, const FlatGraph& flat, std::vector<std::string> wanted, Sha256* digest)
        : proto_(file.model.graph()), flat_(flat), wanted_(std::move(wanted)), digest_(digest), external_(file.folder) {}

    Result<BuiltGraph> build() {
        const std::vector<std::size_t> needed = needed_nodes(flat_, wanted_);
        read_.insert(wanted_.begin(), wanted_.end());
        for (const std::size_t i : needed) {
            const onnx::NodeProto& node = *flat_.nodes()[i].proto;
            read_.insert(node.input().begin(), node.input().end());
            names_read_inside(node, read_);
        }
        add_initialisers();
        add_inputs();
        add_node_outputs();
        for (const std::size_t i : needed) add_node(flat_.nodes()[i], keys_[i]);
        add_outputs();
        if (broken_) return std::move(result_.problems);
        if (Status sorted = graph().sort(); !sorted) {
            for (Diagnostic& problem : std::move(sorted).error()) result_.problems.push_back(std::move(problem));
            return std::move(result_.problems);
        }
        return std::move(result_);
    }

private:
    Graph& graph() { return result_.graph; }

    void refuse(const std::string& node, const std::string& tensor, std::string reason, std::string help,
                Made made = std::source_location::current()) {
        result_.problems.push_back({Severity::error, node, tensor, std::move(reason), std::move(help), made});
    }

    /// A new value of unknown type, or null and a report if the name is taken or blank. `what` says what the name stands for.
    Value* define(const std::string& name, const std::string& node, const std::string& what) {
        if (name.empty()) {
            refuse(node, "", fmt::format("{} has no name", what), damaged_help);
        } else if (const auto [at, is_new] = defined_as_.emplace(name, what); !is_new) {
            refuse(node, name,
                   at->second == what ? fmt::format("the name is given to two values: twice to {}", what)
                                      : fmt::format("the name is given to two values: {} and {}", at->second, what),
                   damaged_help);
        } else {
            return graph().add_value(name, DataType::float32, {});
        }
        broken_ = true;
        return nullptr;
    }

    void add_initialisers() {
        for (const onnx::TensorProto* initialiser : flat_.initialisers()) {
            Value* value = define(initialiser->name(), "", "an initialiser");
            if (!value || !read_.count(value->name)) continue;
            auto tensor = tensor_from_proto(*initialiser, external_, digest_);
            if (!tensor) {
                for (Diagnostic& problem : std::move(tensor).error()) result_.problems.push_back(std::move(problem));
                result_.unknown.push_back(value->name);
                continue;
            }
            value->type = tensor->type();
            value->shape = tensor->shape();
            value->constant = std::make_shared<const Tensor>(*std::move(tensor));
            note_4_bits(*initialiser, value->name);
        }
        for (const onnx::SparseTensorProto* sparse : flat_.sparse_initialisers()) {
            Value* value = define(sparse->values().name(), "", "an initialiser");
            if (!value || !read_.count(value->name)) continue;
            refuse("", value->name, "sparse initialisers are not supported", "store the tensor densely");
            result_.unknown.push_back(value->name);
        }
    }

    void add_inputs() {
        for (const auto& input : proto_.input()) {
            // Up to IR version 3 every initialiser is listed here too; later, one listed is a default, which weft takes as fixed.
            const Value* existing = graph().find(input.name());
            const bool is_initialiser = existing && defined_as_.at(input.name()) == "an initialiser";
            if (is_initialiser) continue;
            if (Value* value = define(input.name(), "", "an input")) graph().inputs.push_back(value);
        }
    }

    void add_node_outputs() {
        keys_ = node_keys(flat_);
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            for (const std::string& name : flat_.nodes()[i].proto->output()) {
                if (!name.empty()) define(name, keys_[i], "an output of a node");
            }
            for (const auto& attribute : flat_.nodes()[i].proto->attribute()) {
                if (attribute.has_t() && flat_.nodes()[i].proto->output_size() > 0)
                    note_4_bits(attribute.t(), flat_.nodes()[i].proto->output(0));
            }
        }
    }

    /// Constants of 4 bits lie in 8: what reads them must not take them for more.
    void note_4_bits(const onnx::TensorProto& tensor, const std::string& name) {
        if (const auto range = range_of_4_bits(tensor.data_type())) narrow_.emplace(name, *range);
    }

    bool check_4_bits(const std::string& key, const OpDef& op, const std::vector<std::string>& names) {
        const Traits& traits = op.traits;
        if (traits.role == OpRole::dequantize || traits.role == OpRole::quantize) return true;
        for (const std::string& name : names) {
            if (!narrow_.contains(name)) continue;
            refuse(key, name, fmt::format("{} reads integers of 4 bits", op.name), "only quantizers and dequantizers may read them");
            return false;
        }
        return true;
    }

    /// A quantizer to 4 bits is one to 8 bits, limited.
    void limit_to(std::pair<int, int> range, const std::string& key, int version, std::vector<Value*>& outputs) {
        const DataType carrier = range.first < 0 ? DataType::int8 : DataType::uint8;
        Value* limited = outputs[0];
        outputs[0] = graph().add_value(graph().unique_name(limited->name + "_unlimited"), DataType::float32, {});
        const auto bound = [&](int integer, const char* name) {
            Tensor tensor(carrier, {});
            visit_type(carrier, [&](auto e) { tensor.as<decltype(e)>()[0] = static_cast<decltype(e)>(integer); });
            return graph().add_constant(graph().unique_name(limited->name + name), std::move(tensor));
        };
        graph().add_node(op_for(OpRole::clip), key + "_limit", std::max(version, limit_opset),
                         {outputs[0], bound(range.first, "_least"), bound(range.second, "_most")}, {limited});
    }

    const OpDef* find_operator(const onnx::NodeProto& node, const std::string& key) {
        const std::string_view domain = domain_of(node);
        const OpDef* op = domain == own_domain ? nullptr : find_op(domain, node.op_type());
        if (op && !op->refusal) return op;
        const std::string full = domain.empty() ? node.op_type() : fmt::format("{}.{}", domain, node.op_type());
        if (op) {
            refuse(key, "", fmt::format("the operator {} {}", full, op->refusal->reason), std::string(op->refusal->help));
            return nullptr;
        }
        const bool has_graph = std::any_of(node.attribute().begin(), node.attribute().end(),
                                           [](const auto& attribute) { return attribute.has_g() || attribute.graphs_size() > 0; });
        std::vector<std::string> known;
        for (const OpDef* candidate : op_registry()) {
            if (candidate->domain != own_domain && !candidate->refusal) known.emplace_back(candidate->name);
        }
        if (has_graph) {
            refuse(key, "", fmt::format("the operator {} runs a sub-graph: control flow is not supported", full),
                   "export the model traced for fixed shapes, or simplify it (onnxsim)");
        } else if (const std::string near = nearest(node.op_type(), known); near == node.op_type() || !domain.empty()) {
            refuse(key, "", fmt::format("the operator {} is not supported", full), "export the model with standard ONNX operators only");
        } else if (!near.empty()) {
            refuse(key, "", fmt::format("the operator {} is not supported", full), fmt::format("did you mean '{}'?", near));
        } else {
            refuse(key, "", fmt::format("the operator {} is not supported", full),
                   "'weft list ops' names the supported operators; export the model with these, or leave this part of it to the host");
        }
        return nullptr;
    }

    /// Whether the number of names suits `arity`, and the names before its minimum are there.
    bool check_arity(const std::string& key, const OpDef& op, const std::vector<std::string>& names, Arity arity, const char* what) {
        const int count = static_cast<int>(names.size());
        if (arity.max >= 0 && count > arity.max) {
            refuse(key, "",
                   fmt::format("{} takes at most {} {}{}, the node has {}", op.name, arity.max, what, arity.max == 1 ? "" : "s", count),
                   damaged_help);
            return false;
        }
        for (int i = 0; i < arity.min; ++i) {
            if (i < count && !names[static_cast<std::size_t>(i)].empty()) continue;
            refuse(key, "",
                   fmt::format("{} needs at least {} {}{}, {} {} is missing", op.name, arity.min, what, arity.min == 1 ? "" : "s", what, i),
                   damaged_help);
            return false;
        }
        return true;
    }

    void add_node(const FlatNode& flat, const std::string& key) {
        const onnx::NodeProto& node = *flat.proto;
        const auto refuse_outputs = [&] {
            for (const std::string& name : node.output()) {
                if (!name.empty()) result_.unknown.push_back(name);
            }
        };
        bool sound = true;
        std::vector<Value*> inputs;
        const std::vector<std::string> input_names = without_trailing_blanks(node.input());
        for (const std::string& name : input_names) {
            inputs.push_back(name.empty() ? nullptr : graph().find(name));
            if (name.empty() || inputs.back()) continue;
            refuse(key, name, "the node reads a value that is nowhere defined", damaged_help);
            sound = false;
        }
        const OpDef* op = find_operator(node, key);
        if (!op) return refuse_outputs();

        const std::string domain(domain_of(node));
        const auto opset = flat.opsets->find(domain);
        int version = opset == flat.opsets->end() ? 1 : opset->second;
        // A node of a newer set is read as one of the newest known.
        if (domain.empty()) version = std::min(version, static_cast<int>(newest_opset));
        if (version < op->since) {
            refuse(key, "", fmt::format("{} is supported from opset {} on, the model has opset {}", op->name, op->since, version),
                   "convert the model to a newer opset (onnx.version_converter)");
            sound = false;
        }
        std::vector<std::string> output_names = without_trailing_blanks(node.output());
        while (static_cast<int>(output_names.size()) > std::max(op->outputs.min, 1) && !read_.count(output_names.back()))
            output_names.pop_back();
        sound &= check_arity(key, *op, input_names, op->inputs, "input");
        sound &= check_arity(key, *op, output_names, op->outputs, "output");
        auto attributes = attributes_from_proto(node, *op, key, external_);
        if (!attributes) {
            for (const Diagnostic& problem : attributes.error()) result_.problems.push_back(problem);
            sound = false;
        }
        sound &= check_4_bits(key, *op, input_names);
        if (!sound) return refuse_outputs();
        std::vector<Value*> outputs;
        for (const std::string& name : output_names) outputs.push_back(name.empty() ? nullptr : graph().find(name));
        if (op->traits.role == OpRole::quantize && input_names.size() > 2) {
            if (const auto narrow = narrow_.find(input_names[2]); narrow != narrow_.end()) limit_to(narrow->second, key, version, outputs);
        }
        graph().add_node(*op, node.name(), version, std::move(inputs), std::move(outputs), *std::move(attributes));
    }

    void add_outputs() {
        for (const std::string& name : wanted_) {
            Value* value = graph().find(name);
            if (!value) {
                refuse("", name, "the output is nowhere defined", damaged_help);
                broken_ = true;
            } else if (graph().is_output(value)) {
                refuse("", name, "the output is listed twice", damaged_help);
                broken_ = true;
            } else {
                graph().outputs.push_back(value);
            }
        }
        if (wanted_.empty()) {
            refuse("", "", "the model has no output", damaged_help);
            broken_ = true;
        }
    }

    const onnx::GraphProto& proto_;
    const FlatGraph& flat_;
    std::vector<std::string> wanted_;
    Sha256* digest_;
    ExternalData external_;
    BuiltGraph result_;
    std::map<std::string, std::string> defined_as_;
    std::set<std::string> read_;                         ///< What the needed nodes read, and what is wanted.
    std::map<std::string, std::pair<int, int>> narrow_;  ///< Constants of 4 bits, with their range.
    std::vector<std::string> keys_;                      ///< Of the nodes, in the file's order.
    bool broken_ = false;
};

}  // namespace

std::vector<std::string> node_keys(const FlatGraph& flat) {
    std::map<std::string, int> uses_of_name;
    for (const FlatNode& node : flat.nodes()) ++uses_of_name[node.proto->name()];
    std::vector<std::string> keys;
    for (const FlatNode& node : flat.nodes()) {
        const auto& outputs = node.proto->output();
        std::string key = node.proto->name();
        if (key.empty() || uses_of_name[key] > 1) {
            const auto first = std::find_if(outputs.begin(), outputs.end(), [](const std::string& name) { return !name.empty(); });
            if (first != outputs.end()) key = *first;
        }
        keys.push_back(std::move(key));
    }
    return keys;
}

std::vector<std::size_t> needed_nodes(const FlatGraph& flat, const std::vector<std::string>& wanted) {
    std::map<std::string_view, std::size_t> producer;
    for (std::size_t i = 0; i < flat.nodes().size(); ++i) {
        for (const std::string& name : flat.nodes()[i].proto->output()) producer.emplace(name, i);
    }
    std::set<std::size_t> needed;
    std::vector<std::size_t> open;
    const auto need = [&](const std::string& name) {
        const auto at = name.empty() ? producer.end() : producer.find(name);
        if (at != producer.end() && needed.insert(at->second).second) open.push_back(at->second);
    };
    for (const std::string& name : wanted) need(name);
    while (!open.empty()) {
        const onnx::NodeProto& node = *flat.nodes()[open.back()].proto;
        open.pop_back();
        for (const std::string& name : node.input()) need(name);
        std::set<std::string> inside;
        names_read_inside(node, inside);
        for (const std::string& name : inside) need(name);
    }
    return {needed.begin(), needed.end()};
}

Result<BuiltGraph> build_graph(ModelFile& file, const FlatGraph& flat) {
    std::vector<std::string> outputs;
    for (const auto& output : file.model.graph().output()) outputs.push_back(output.name());
    return Builder(file, flat, std::move(outputs), &file.digest).build();
}

Result<BuiltGraph> build_part(const ModelFile& file, const FlatGraph& flat, const std::vector<std::string>& wanted) {
    return Builder(file, flat, wanted, nullptr).build();
}

}  // namespace weft
