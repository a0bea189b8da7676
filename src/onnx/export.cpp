// export.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/export.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "src/base/files.h"
#include "src/graph/op_def.h"
#include "src/onnx/attribute_proto.h"
#include "src/onnx/model_file.h"
#include "src/onnx/tensor_proto.h"

namespace weft {

namespace {

/// Older graphs are lifted to an operator set that every runtime of today takes.
constexpr int earliest_opset = 7;
constexpr int lifted_opset = 13;
/// The newest whose quantizers and casts ONNX Runtime has (1.32): those of later sets only take more types.
constexpr int runnable_opset = 25;
constexpr const char* batch_symbol = "N";

/// The file format that came with an operator set; 8 serves all up to 18.
int ir_version_for(int opset) {
    if (opset <= 18) return 8;
    if (opset <= 20) return 9;
    if (opset <= 22) return 10;
    if (opset <= 24) return opset - 12;
    return opset <= 27 ? 13 : 14;
}

bool is_standard(const Node& node) { return node.op->domain.empty(); }

/// Whether the words of `runnable_opset` say the node, whatever set it is from.
bool is_runnable(const Node& node) {
    return node.op->since <= runnable_opset && std::ranges::all_of(node.op->attributes, [&](const AttributeDef& def) {
               if (def.since <= runnable_opset) return true;
               const auto at =
                   std::ranges::find(node.attributes, def.name, [](const auto& entry) { return std::string_view(entry.first); });
               return at == node.attributes.end() || at->second == default_of(def);
           });
}

int target_opset(const Graph& graph, int opset) {
    const int least = opset;
    for (const auto& node : graph.nodes()) {
        if (is_standard(*node)) opset = std::max(opset, node->opset);
    }
    if (opset > runnable_opset && least <= runnable_opset &&
        std::ranges::all_of(graph.nodes(), [](const auto& node) { return is_runnable(*node); }))
        return runnable_opset;
    return opset < earliest_opset ? lifted_opset : opset;
}

/// The tensor that carries an attribute's value as an input.
Tensor tensor_of(const Attribute& value, DataType type) {
    if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
        return Tensor::of<std::int64_t>({static_cast<std::int64_t>(integers->size())}, *integers);
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return Tensor::scalar(*integer);
    if (const auto* real = std::get_if<double>(&value)) return Tensor::scalar(*real).cast(type);
    if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
        return Tensor::of<double>({static_cast<std::int64_t>(reals->size())}, *reals).cast(DataType::float32);
    }
    return std::get<Tensor>(value);
}

/// Puts a node into the words of `opset`.
Status lift(Graph& graph, Node& node, int opset) {
    if (node.opset >= opset) return Ok{};
    if (node.op->upgrade) WEFT_CHECK(node.op->upgrade(node, opset));
    for (const AttributeDef& def : node.op->attributes) {
        const bool is_stale = def.until > 0 && def.until < opset && node.attributes.has(def.name);
        if (!is_stale) continue;
        if (def.input >= 0) {
            const auto index = static_cast<std::size_t>(def.input);
            const auto attribute =
                std::find_if(node.attributes.begin(), node.attributes.end(), [&](const auto& entry) { return entry.first == def.name; });
            if (node.inputs.size() <= index) node.inputs.resize(index + 1, nullptr);
            if (!node.inputs[index]) {
                const DataType type = node.input(0) ? node.input(0)->type : DataType::float32;
                node.inputs[index] = graph.add_constant(graph.unique_name(fmt::format("{}_{}", graph.key(&node), def.name)),
                                                        tensor_of(attribute->second, type));
            }
        }
        node.attributes.erase(def.name);
    }
    node.opset = opset;
    return Ok{};
}

/// Whether an attribute need not be written: its value is the default, which may also be younger than the operator set.
bool is_implied(const Node& node, const std::string& name, const Attribute& value) {
    const auto def =
        std::find_if(node.op->attributes.begin(), node.op->attributes.end(), [&](const AttributeDef& d) { return d.name == name; });
    return def != node.op->attributes.end() && (def->since > node.opset || default_of(*def) == value);
}

void write_type(const Value& value, bool batched, onnx::ValueInfoProto& info) {
    info.set_name(value.name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(data_type_to_onnx(value.type));
    auto& shape = *tensor.mutable_shape();
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
        auto& dim = *shape.add_dim();
        if (axis == 0 && batched) {
            dim.set_dim_param(batch_symbol);
        } else {
            dim.set_dim_value(value.shape[axis]);
        }
    }
}

/// Names of nodes as runtimes demand them, no two equal. A node whose name others have too is named after its first output.
class NodeNames {
public:
    explicit NodeNames(const Graph& graph) {
        for (const auto& node : graph.nodes()) ++given_[node->name];
    }

    std::string of(const Node& node) {
        if (node.name.empty() || given_.at(node.name) == 1) return node.name;
        const std::string& wanted = node.output()->name;
        std::string name = wanted;
        for (int i = 1; given_.count(name) || !taken_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
        return name;
    }

private:
    std::map<std::string, int> given_;
    std::set<std::string> taken_;
};

void write_node(const Node& node, std::string name, onnx::NodeProto& proto) {
    proto.set_name(std::move(name));
    proto.set_op_type(std::string(node.op->name));
    for (const Value* input : node.inputs) proto.add_input(input ? input->name : std::string());
    for (const Value* output : node.outputs) proto.add_output(output ? output->name : std::string());
    for (const auto& [name, value] : node.attributes) {
        if (!is_implied(node, name, value)) *proto.add_attribute() = attribute_to_proto(name, value);
    }
}

constexpr std::uint64_t most_bytes = std::numeric_limits<int>::max();

Diagnostic too_large() {
    return {Severity::error, "", "", "the model to write has more than the 2 GiB that an ONNX file may have", "use a smaller model"};
}

Status write_graph(const Graph& graph, onnx::GraphProto& proto) {
    proto.set_name(graph.name.empty() ? "graph" : graph.name);
    for (const Value* input : graph.inputs) write_type(*input, graph.batched, *proto.add_input());
    for (const Value* output : graph.outputs) write_type(*output, graph.batched && !output->is_constant(), *proto.add_output());
    NodeNames names(graph);
    std::set<const Value*> read(graph.outputs.begin(), graph.outputs.end());
    for (const auto& node : graph.nodes()) {
        read.insert(node->inputs.begin(), node->inputs.end());
        write_node(*node, names.of(*node), *proto.add_node());
    }
    std::vector<const Value*> constants;
    std::uint64_t bytes = 0;
    for (const auto& value : graph.values()) {
        if (!value->is_constant() || !read.count(value.get())) continue;
        constants.push_back(value.get());
        bytes += value->constant->bytes();
    }
    if (bytes > most_bytes) return too_large();
    for (const Value* value : constants) *proto.add_initializer() = tensor_to_proto(*value->constant, value->name);
    return Ok{};
}

Result<std::string> serialise(const onnx::ModelProto& model) {
    std::string bytes;
    if (model.ByteSizeLong() > most_bytes || !model.SerializeToString(&bytes)) return too_large();
    return bytes;
}

Status write_bytes(std::string_view bytes, const std::filesystem::path& path) { return replace_file(path, std::span(&bytes, 1)); }

Status bring_inside(onnx::TensorProto& tensor, const ExternalData& external) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return Ok{};
    const Shape shape(tensor.dims().begin(), tensor.dims().end());
    const auto count = checked_element_count(shape);
    const auto bytes = count ? onnx_raw_bytes(tensor.data_type(), *count) : std::nullopt;
    if (!bytes) return Diagnostic{Severity::error, "", tensor.name(), "its shape or element type is not usable", "export the model again"};
    WEFT_ASSIGN(*tensor.mutable_raw_data(), external.read(tensor, *bytes));
    tensor.clear_external_data();
    tensor.clear_data_location();
    return Ok{};
}

}  // namespace

Result<std::string> export_to_bytes(const Graph& graph, int opset) {
    Graph lifted = graph.clone();
    opset = target_opset(graph, opset);
    Diagnostics problems;
    for (const auto& node : lifted.nodes()) {
        if (!is_standard(*node)) {
            problems.push_back(
                {Severity::error, lifted.key(node.get()), "", fmt::format("{} is no operator of standard ONNX", node->op->name), ""});
        } else if (Status status = lift(lifted, *node, opset); !status) {
            for (Diagnostic& problem : std::move(status).error()) problems.push_back(std::move(problem));
        }
    }
    if (!problems.empty()) return problems;
    onnx::ModelProto model;
    model.set_ir_version(ir_version_for(opset));
    model.set_producer_name("weft");
    model.set_producer_version(WEFT_VERSION);
    auto& import = *model.add_opset_import();
    import.set_domain("");
    import.set_version(opset);
    WEFT_CHECK(write_graph(lifted, *model.mutable_graph()));
    return serialise(model);
}

Status export_model(const Graph& graph, const std::filesystem::path& path, int opset) {
    WEFT_ASSIGN(const std::string bytes, export_to_bytes(graph, opset));
    return write_bytes(bytes, path);
}

Status write_self_contained(const std::filesystem::path& model, const std::filesystem::path& copy) {
    WEFT_ASSIGN(ModelFile file, read_model_file(model));
    const ExternalData external(file.folder);
    bool changed = false;
    const auto bring = [&](onnx::TensorProto& tensor) {
        changed |= tensor.data_location() == onnx::TensorProto::EXTERNAL;
        return bring_inside(tensor, external);
    };
    auto& graph = *file.model.mutable_graph();
    for (auto& initialiser : *graph.mutable_initializer()) WEFT_CHECK(bring(initialiser));
    for (auto& node : *graph.mutable_node()) {
        for (auto& attribute : *node.mutable_attribute()) {
            if (attribute.has_t()) WEFT_CHECK(bring(*attribute.mutable_t()));
        }
    }
    if (!changed) return write_bytes(file.bytes, copy);
    WEFT_ASSIGN(const std::string bytes, serialise(file.model));
    return write_bytes(bytes, copy);
}

}  // namespace weft
