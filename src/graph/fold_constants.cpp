// fold_constants.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/fold_constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "src/graph/op_def.h"

namespace weft {

namespace {

/// A few bytes of a file may ask for any amount of memory; real models stay far below this.
constexpr std::int64_t folded_bytes_limit = std::int64_t{1} << 31;

bool is_foldable(const Node& node) {
    // What only expands is quantized itself.
    const bool is_quantized = !node.op->expansions.empty() && node.op->rewrites.empty();
    if (!node.op->evaluate || node.op->traits.role == OpRole::dequantize || is_quantized) return false;
    if (node.op->traits.shape_only) return true;
    return std::all_of(node.inputs.begin(), node.inputs.end(), [](const Value* input) { return !input || input->is_constant(); });
}

/// Folds node by node; keeps count of the memory taken.
class Folder {
public:
    explicit Folder(Graph& graph) : graph_(graph) {}

    /// Makes the outputs of a node constants if they are known. True if so: the node is then to be removed.
    Result<bool> fold(Node& node) {
        if (!is_foldable(node)) return false;
        std::int64_t bytes = bytes_;
        for (const Value* output : node.outputs) {
            if (output) bytes += element_count(output->shape) * static_cast<std::int64_t>(size_of(output->type));
        }
        if (bytes > folded_bytes_limit) {
            return node_error(node, "the constants that the model computes take more than 2 GiB", "simplify the model when exporting it");
        }
        bytes_ = bytes;
        std::vector<const Tensor*> inputs;
        for (const Value* input : node.inputs) inputs.push_back(input ? input->constant.get() : nullptr);
        WEFT_ASSIGN(std::vector<Tensor> outputs, node.op->evaluate(node, inputs));
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            Value* value = node.outputs[i];
            if (!value) continue;
            assert(i < outputs.size());
            value->type = outputs[i].type();
            value->shape = outputs[i].shape();
            value->constant = std::make_shared<const Tensor>(std::move(outputs[i]));
        }
        folded_.push_back(&node);
        return true;
    }

    bool remove_folded() {
        for (Node* node : folded_) graph_.remove(node);
        return !folded_.empty();
    }

private:
    Graph& graph_;
    std::vector<Node*> folded_;
    std::int64_t bytes_ = 0;
};

/// An operator's own reports name the node by its name, which several nodes may share.
void append(Diagnostics& problems, Diagnostics more, const Graph& graph, const Node& node) {
    for (Diagnostic& problem : more) {
        problem.node = graph.key(&node);
        problems.push_back(std::move(problem));
    }
}

Status set_types(Node& node) {
    WEFT_ASSIGN(const std::vector<ValueType> types, node.op->infer(node));
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        Value* value = node.outputs[i];
        if (!value) continue;
        if (i >= types.size()) return node_error(node, fmt::format("{} has no output {}", node.op->name, i), "leave that output out");
        if (!checked_element_count(types[i].shape)) {
            return tensor_error(node, value, fmt::format("its shape {} is absurd", to_string(types[i].shape)),
                                "check the shapes of the model's inputs");
        }
        value->type = types[i].type;
        value->shape = types[i].shape;
    }
    return Ok{};
}

/// An empty tensor is fine as a constant (no axes, no sizes), but nothing to compute.
Status check_not_empty(const Node& node) {
    for (const Value* value : node.outputs) {
        if (!value || std::find(value->shape.begin(), value->shape.end(), 0) == value->shape.end()) continue;
        return tensor_error(node, value, fmt::format("it is empty: its shape is {}", to_string(value->shape)),
                            "check the shapes of the model's inputs");
    }
    return Ok{};
}

}  // namespace

Result<bool> fold_constants(Graph& graph) {
    Folder folder(graph);
    for (const auto& node : graph.nodes()) {
        const auto folded = folder.fold(*node);
        if (folded) continue;
        Diagnostics problems;
        append(problems, folded.error(), graph, *node);
        return problems;
    }
    return folder.remove_folded();
}

Diagnostics infer_types(Graph& graph, const std::set<const Value*>& unknown) {
    Diagnostics problems;
    std::set<const Value*> untyped = unknown;
    Folder folder(graph);
    for (const auto& node : graph.nodes()) {
        const auto is_untyped = [&](const Value* value) { return value && untyped.count(value) > 0; };
        if (std::any_of(node->inputs.begin(), node->inputs.end(), is_untyped)) {
            untyped.insert(node->outputs.begin(), node->outputs.end());
            continue;
        }
        Status status = set_types(*node);
        if (status) {
            auto folded = folder.fold(*node);
            if (!folded) {
                status = std::move(folded).error();
            } else if (!*folded) {
                status = check_not_empty(*node);
            }
        }
        if (status) continue;
        append(problems, std::move(status).error(), graph, *node);
        untyped.insert(node->outputs.begin(), node->outputs.end());
    }
    folder.remove_folded();
    return problems;
}

}  // namespace weft
