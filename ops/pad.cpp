// pad.cpp
// Padding by a constant; negative pads cut elements off.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/pad.h"

#include <algorithm>
#include <cstring>

#include "ops/common/canonical_window.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

Result<std::vector<std::int64_t>> pads_of(const Node& node, std::size_t rank) {
    std::vector<std::int64_t> given;
    if (node.attributes.has("pads")) {
        given = node.attributes.integers("pads");
    } else {
        WEFT_ASSIGN(given, constant_integers(node, 1, "pads"));
    }
    std::vector<std::int64_t> axes(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) axes[axis] = static_cast<std::int64_t>(axis);
    if (node.has_input(3)) {
        WEFT_ASSIGN(axes, constant_integers(node, 3, "axes"));
        for (std::int64_t& axis : axes) {
            WEFT_ASSIGN(axis, normalise_axis(node, axis, rank));
        }
    }
    if (given.size() != 2 * axes.size()) {
        return node_error(node,
                          std::to_string(given.size()) + " pads are given for " + std::to_string(axes.size()) + " axes; each needs two");
    }
    std::vector<std::int64_t> pads(2 * rank, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        pads[static_cast<std::size_t>(axes[i])] = given[i];
        pads[static_cast<std::size_t>(axes[i]) + rank] = given[i + axes.size()];
    }
    constexpr std::int64_t largest = 1 << 30;
    for (const std::int64_t pad : pads) {
        if (pad < -largest || pad > largest) return node_error(node, "a pad of " + std::to_string(pad) + " is out of range");
    }
    return pads;
}

std::optional<double> pad_value_of(const Node& node) {
    if (node.has_input(2)) {
        const Value* value = node.input(2);
        if (!value->is_constant() || value->constant->size() != 1) return std::nullopt;
        return value->constant->at(0);
    }
    return node.attributes.has("value") ? node.attributes.real("value") : 0.0;
}

Result<bool> absorb_pad(Graph& graph, Node* node, std::size_t first_axis) {
    Value* const image = node->input(0);
    const Node* mover = image->producer;
    const Node* pad = mover;
    std::vector<std::int64_t> perm = identity_perm(image->shape.size());
    if (mover && mover->op->traits.role == OpRole::view && mover->input(0)->shape.size() == perm.size()) {
        if (!mover->attributes.integers("perm").empty()) perm = mover->attributes.integers("perm");
        for (std::size_t axis = 0; axis < perm.size(); ++axis) {
            if (image->shape[axis] != mover->input(0)->shape[static_cast<std::size_t>(perm[axis])]) return false;
        }
        pad = mover->input(0)->producer;
    }
    if (!pad || pad->op != &op_pad || pad_value_of(*pad) != 0.0) return false;
    WEFT_ASSIGN(const auto padding, pads_of(*pad, perm.size()));
    std::vector<std::int64_t> pads = node->attributes.integers("pads");
    Shape unpadded(perm.size());
    for (std::size_t axis = 0; axis < perm.size(); ++axis) {
        const std::size_t from = static_cast<std::size_t>(perm[axis]);
        const std::int64_t before = padding[from], after = padding[from + perm.size()];
        unpadded[axis] = pad->input(0)->shape[from];
        if (before < 0 || after < 0) return false;
        if (before == 0 && after == 0) continue;
        if (axis != first_axis && axis != first_axis + 1) return false;
        pads[axis - first_axis] += before;
        pads[axis - first_axis + 2] += after;
    }
    WEFT_ASSIGN(node->inputs[0], add_view(graph, node->opset, pad->input(0), perm, unpadded, image->name + "_unpadded"));
    node->attributes.set("pads", std::move(pads));
    return true;
}

namespace {

Result<std::vector<ValueType>> infer_pad(Node& node) {
    const Value* x = node.input(0);
    const std::string mode = node.attributes.text("mode");
    if (mode != "constant") {
        return node_error(node, "padding mode '" + mode + "' is not supported", "pad with a constant (mode 'constant')");
    }
    if (node.attributes.has("paddings")) {
        node.attributes.set("pads", node.attributes.integers("paddings"));
        node.attributes.erase("paddings");
    }
    WEFT_ASSIGN(const auto pads, pads_of(node, x->shape.size()));
    if (const Value* value = node.input(2); value && (value->type != x->type || element_count(value->shape) != 1)) {
        return tensor_error(node, value, "the padding value must be one element of the input's type");
    }
    Shape shape = x->shape;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        shape[axis] += pads[axis] + pads[axis + shape.size()];
        if (shape[axis] < 1 ||
            x->shape[axis] + std::min<std::int64_t>(pads[axis], 0) + std::min<std::int64_t>(pads[axis + shape.size()], 0) < 0) {
            return node_error(node, "negative pads leave nothing of axis " + std::to_string(axis) + " of " + to_string(x->shape));
        }
    }
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{x->type, shape}};
}

Result<std::vector<Tensor>> evaluate_pad(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    const std::size_t rank = x.shape().size();
    WEFT_ASSIGN(const auto pads, pads_of(node, rank));
    const Tensor* value = inputs.size() > 2 ? inputs[2] : nullptr;
    const double fill = value ? 0.0 : pad_value_of(node).value_or(0.0);
    Shape shape = x.shape();
    for (std::size_t axis = 0; axis < rank; ++axis) shape[axis] += pads[axis] + pads[axis + rank];
    Tensor y(x.type(), shape);
    const Shape strides = strides_of(x.shape());
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        const T filler = value ? value->as<T>()[0] : static_cast<T>(fill);
        const auto source = x.as<T>();
        Shape index(rank, 0);
        for (T& target : y.as<T>()) {
            std::int64_t at = 0;
            bool within = true;
            for (std::size_t axis = 0; axis < rank; ++axis) {
                const std::int64_t position = index[axis] - pads[axis];
                within &= position >= 0 && position < x.shape()[axis];
                at += position * strides[axis];
            }
            target = within ? source[static_cast<std::size_t>(at)] : filler;
            for (std::size_t axis = rank; axis-- > 0;) {
                if (++index[axis] < shape[axis]) break;
                index[axis] = 0;
            }
        }
    });
    return std::vector{std::move(y)};
}

/// A padding of nothing disappears.
Result<bool> remove_empty_pad(Graph& graph, Node* node) {
    WEFT_ASSIGN(const auto pads, pads_of(*node, node->input(0)->shape.size()));
    if (graph.is_output(node->output()) || std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; })) return false;
    take_over(graph, node, node->input(0));
    return true;
}

/// Quantising leaves zero what it is, so a padding by zero may as well follow the quantiser: what reads it then reads typed values, and may
/// absorb it.
Result<bool> pad_after_quantiser(Graph& graph, Node* node) {
    if (pad_value_of(*node) != 0.0 || graph.is_output(node->output())) return false;
    // The model's input stays as the file quantises it: the host quantises that tensor, by its name.
    const Value* source = node->input(0);
    while (source->producer && source->producer->op->traits.role == OpRole::view) source = source->producer->input(0);
    if (!source->producer) return false;
    const std::vector<Node*> readers = graph.readers(node->output());
    const auto keeps_zero = [](const Node* reader) {
        if (reader->op->traits.role != OpRole::quantise || reader->attributes.integers("zero_point").size() != 1) return false;
        const std::int64_t zero = reader->attributes.integers("zero_point")[0];
        return reader->attributes.integer("min") <= zero && zero <= reader->attributes.integer("max");
    };
    if (readers.empty() || !std::all_of(readers.begin(), readers.end(), keeps_zero)) return false;
    for (Node* reader : readers) {
        Value* padded = reader->output();
        Value* typed = graph.add_value(graph.unique_name(padded->name + "_unpadded"), padded->type, node->input(0)->shape);
        typed->integer = padded->integer;
        std::vector<Value*> operands = node->inputs;
        operands[0] = typed;
        reader->inputs[0] = node->input(0);
        reader->outputs[0] = typed;
        typed->producer = reader;
        graph.add_node(op_pad, node->name, node->opset, std::move(operands), {padded}, node->attributes);
    }
    return true;
}

const Traits no_traits;

}  // namespace

extern const OpDef op_pad{
    .name = "Pad",
    .since = 1,
    .summary = "padding by a constant",
    .inputs = {1, 4},
    .outputs = {1, 1},
    .attributes = {{.name = "mode", .kind = AttributeKind::text, .fallback = std::string_view("constant")},
                   {.name = "paddings", .kind = AttributeKind::integers, .until = 1, .input = 1},
                   {.name = "pads", .kind = AttributeKind::integers, .until = 10, .input = 1},
                   {.name = "value", .kind = AttributeKind::real, .until = 10, .input = 2}},
    .traits = no_traits,
    .infer = infer_pad,
    .evaluate = evaluate_pad,
    .rewrites = {{"remove-empty-padding", remove_empty_pad}, {"padding-after-quantiser", pad_after_quantiser}},
};

}  // namespace weft
