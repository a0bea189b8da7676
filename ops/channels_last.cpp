// channels_last.cpp
// QONNX's channels-last twins of standard operators: images [N, H, W, C], and a convolution's weights [O, KH, KW, I].
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ops/common/canonical.h"
#include "ops/common/rewrite.h"
#include "src/quantize/write_quantizer.h"

namespace weft {

extern const OpDef op_batch_normalization;
extern const OpDef op_conv;
extern const OpDef op_max_pool;

namespace {

constexpr std::string_view domain = "qonnx.custom_op.channels_last";
/// The words of the standard in which a twin states its attributes.
constexpr int opset = 13;

using Integers = std::vector<std::int64_t>;

/// Channels from the last axis to the one behind the batch, and back.
Integers to_first(std::size_t rank) {
    Integers perm = identity_perm(rank);
    if (rank > 2) std::rotate(perm.begin() + 1, perm.end() - 1, perm.end());
    return perm;
}

Integers to_last(std::size_t rank) {
    Integers perm = identity_perm(rank);
    if (rank > 2) std::rotate(perm.begin() + 1, perm.begin() + 2, perm.end());
    return perm;
}

Shape permuted(const Shape& shape, const Integers& perm) {
    Shape result;
    for (const std::int64_t axis : perm) result.push_back(shape[static_cast<std::size_t>(axis)]);
    return result;
}

Attributes with_perm(Integers perm) {
    Attributes attributes;
    attributes.set("perm", std::move(perm));
    return attributes;
}

Result<Tensor> transposed(const Tensor& tensor, Integers perm) {
    Node node{.op = &op_transpose, .opset = opset, .attributes = with_perm(std::move(perm))};
    const Tensor* input = &tensor;
    WEFT_ASSIGN(std::vector<Tensor> outputs, op_transpose.evaluate(node, std::span(&input, 1)));
    return std::move(outputs.front());
}

/// The standard node of the same attributes on images with channels first; its own tensors while it lives.
class Twin {
public:
    /// The first `moved` inputs have their channels last.
    Twin(const Node& node, const OpDef& standard, std::size_t moved) : node_(node) {
        node_.op = &standard;
        node_.opset = opset;
        values_.resize(std::min(moved, node.inputs.size()));
        for (std::size_t i = 0; i < values_.size(); ++i) {
            Value& value = values_[i];
            value.name = node.input(i)->name;
            value.type = node.input(i)->type;
            value.shape = permuted(node.input(i)->shape, to_first(node.input(i)->shape.size()));
            node_.inputs[i] = &value;
        }
    }
    Node& node() { return node_; }

private:
    Node node_;
    std::vector<Value> values_;
};

template <const OpDef& standard, std::size_t moved>
Result<std::vector<ValueType>> infer(Node& node) {
    Twin twin(node, standard, moved);
    WEFT_ASSIGN(std::vector<ValueType> types, standard.infer(twin.node()));
    node.attributes = twin.node().attributes;
    types.resize(1);
    types[0].shape = permuted(types[0].shape, to_last(types[0].shape.size()));
    return types;
}

template <const OpDef& standard, std::size_t moved>
Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) {
    Twin twin(node, standard, moved);
    std::vector<const Tensor*> given(inputs.begin(), inputs.end());
    std::vector<Tensor> tensors(std::min(moved, given.size()));
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        WEFT_ASSIGN(tensors[i], transposed(*inputs[i], to_first(inputs[i]->shape().size())));
        given[i] = &tensors[i];
    }
    WEFT_ASSIGN(const std::vector<Tensor> outputs, standard.evaluate(twin.node(), given));
    WEFT_ASSIGN(Tensor result, transposed(outputs[0], to_last(outputs[0].shape().size())));
    return only(std::move(result));
}

template <const OpDef& standard, std::size_t moved>
Result<bool> to_standard(Graph& graph, Node* node) {
    const std::string& name = node->output()->name;
    const int standard_opset = quantizer_opset(graph);
    std::vector<Value*> inputs = node->inputs;
    for (std::size_t i = 0; i < std::min(moved, inputs.size()); ++i) {
        const Integers perm = to_first(inputs[i]->shape.size());
        const std::string wanted = name + (i == 0 ? "_input" : "_weight") + "_channels_first";
        if (inputs[i]->is_constant()) {
            WEFT_ASSIGN(Tensor tensor, transposed(*inputs[i]->constant, perm));
            inputs[i] = graph.add_constant(graph.unique_name(wanted), std::move(tensor));
        } else {
            WEFT_ASSIGN(inputs[i], add_inferred(graph, op_transpose, wanted, standard_opset, {inputs[i]}, with_perm(perm), wanted));
        }
    }
    WEFT_ASSIGN(Value* const result,
                add_inferred(graph, standard, node->name, standard_opset, std::move(inputs), node->attributes, name + "_channels_first"));
    graph.add_node(op_transpose, name + "_channels_last", standard_opset, {result}, {node->output()},
                   with_perm(to_last(result->shape.size())));
    return true;
}

template <const OpDef& standard, std::size_t moved>
OpDef twin_op(std::string_view name, std::string_view summary, Arity inputs, std::vector<AttributeDef> attributes) {
    return {.name = name,
            .domain = domain,
            .summary = summary,
            .inputs = inputs,
            .outputs = {1, 1},
            .attributes = std::move(attributes),
            .traits = {},
            .infer = infer<standard, moved>,
            .evaluate = evaluate<standard, moved>,
            .expansions = {{"channels-first", to_standard<standard, moved>}}};
}

}  // namespace

extern const OpDef op_channels_last_conv =
    twin_op<op_conv, 2>("Conv", "convolution, channels last; limits as Conv", {2, 3},
                        {{.name = "auto_pad", .kind = AttributeKind::text},
                         {.name = "dilations", .kind = AttributeKind::integers},
                         {.name = "group", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                         {.name = "kernel_shape", .kind = AttributeKind::integers},
                         {.name = "pads", .kind = AttributeKind::integers},
                         {.name = "strides", .kind = AttributeKind::integers}});

extern const OpDef op_channels_last_max_pool =
    twin_op<op_max_pool, 1>("MaxPool", "largest element of each window, channels last; limits as MaxPool", {1, 1},
                            {{.name = "auto_pad", .kind = AttributeKind::text},
                             {.name = "ceil_mode", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                             {.name = "dilations", .kind = AttributeKind::integers},
                             {.name = "kernel_shape", .kind = AttributeKind::integers, .required = true},
                             {.name = "pads", .kind = AttributeKind::integers},
                             {.name = "strides", .kind = AttributeKind::integers}});

extern const OpDef op_channels_last_batch_normalization = twin_op<op_batch_normalization, 1>(
    "BatchNormalization", "normalisation of each channel by stored statistics, channels last; limits as BatchNormalization", {5, 5},
    {{.name = "epsilon", .kind = AttributeKind::real, .fallback = static_cast<double>(1e-5F)},
     {.name = "momentum", .kind = AttributeKind::real},
     {.name = "training_mode", .kind = AttributeKind::integer}});

}  // namespace weft
