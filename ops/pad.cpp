// pad.cpp
// Padding by a constant; negative pads cut elements off.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/pad.h"

#include <algorithm>
#include <functional>

#include "ops/common/canonical.h"
#include "ops/common/canonical_window.h"
#include "ops/common/lowerings.h"
#include "ops/common/quantized.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"
#include "src/graph/node_traits.h"

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

bool absorb_pad(Node* node, bool (*fits)(double value)) {
    const Node* pad = node->input(0)->producer;
    if (!pad || pad->op != &op_weft_pad || !fits(pad->attributes.real("value"))) return false;
    const auto& more = pad->attributes.integers("pads");
    std::vector<std::int64_t> pads = node->attributes.integers("pads");
    std::transform(pads.begin(), pads.end(), more.begin(), pads.begin(), std::plus<>());
    node->inputs[0] = pad->input(0);
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

/// `pads`: before each axis, then behind each.
Tensor padded(const Tensor& x, const std::vector<std::int64_t>& pads, const Tensor& fill) {
    const std::size_t rank = x.shape().size();
    Shape shape = x.shape();
    for (std::size_t axis = 0; axis < rank; ++axis) shape[axis] += pads[axis] + pads[axis + rank];
    Tensor y(x.type(), shape);
    const Shape strides = strides_of(x.shape());
    visit_type(x.type(), [&](auto e) {
        using T = decltype(e);
        const T filler = fill.as<T>()[0];
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
    return y;
}

Tensor padded(const Tensor& x, const std::vector<std::int64_t>& pads, double fill) {
    Tensor value(x.type(), {});
    visit_type(x.type(), [&](auto e) { value.as<decltype(e)>()[0] = static_cast<decltype(e)>(fill); });
    return padded(x, pads, value);
}

Result<std::vector<Tensor>> evaluate_pad(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    WEFT_ASSIGN(const auto pads, pads_of(node, x.shape().size()));
    if (const Tensor* value = inputs.size() > 2 ? inputs[2] : nullptr) return only(padded(x, pads, *value));
    return only(padded(x, pads, pad_value_of(node).value_or(0.0)));
}

/// A padding of nothing disappears.
Result<bool> remove_empty_pad(Graph& graph, Node* node) {
    WEFT_ASSIGN(const auto pads, pads_of(*node, node->input(0)->shape.size()));
    if (graph.is_output(node->output()) || std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; })) return false;
    take_over(graph, node, node->input(0));
    return true;
}

bool is_canonical_view(const Node* node) { return node && node->op == &op_weft_view; }

/// Whether the host computes the value: nothing above it but functions and operators that hand on elements.
bool is_from_host(const Value* value) {
    if (value->integer) return false;
    const Node* producer = value->producer;
    if (!producer) return true;
    if (producer->op->traits.accumulates || producer->op->traits.linear) return false;
    return std::all_of(producer->inputs.begin(), producer->inputs.end(),
                       [](const Value* v) { return !v || is_fixed(v) || is_from_host(v); });
}

/// Images whose axes 1 and 2 are space: said by which axes are padded or, where that leaves it open, by a permutation beside the node.
bool pads_channels_last(const Graph& graph, const Node& node, const std::vector<std::int64_t>& pads) {
    const auto padded = [&](std::size_t axis) { return pads[axis] != 0 || pads[axis + 4] != 0; };
    if (padded(3)) return false;
    if (padded(1) && padded(2)) return true;
    const auto permutes = [](const Node* other, const std::vector<std::int64_t>& perm) {
        return is_canonical_view(other) && other->attributes.integers("perm") == perm;
    };
    const auto readers = graph.readers(node.output());
    return permutes(node.input(0)->producer, {0, 2, 3, 1}) || std::any_of(readers.begin(), readers.end(), [&](const Node* reader) {
               return permutes(reader, {0, 3, 1, 2});
           });
}

/// Padding of space becomes that of a channels-last image.
Result<bool> pad_to_canonical(Graph& graph, Node* node) {
    Value* x = node->input(0);
    const std::optional<double> value = pad_value_of(*node);
    if (x->shape.size() != 4 || !is_float(x->type) || !value) return false;
    WEFT_ASSIGN(const auto pads, pads_of(*node, 4));
    if (std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad < 0; })) return false;
    const bool last = pads_channels_last(graph, *node, pads);
    const std::size_t rows = last ? 1 : 2, columns = rows + 1;
    for (std::size_t axis = 0; axis < 4; ++axis)
        if (axis != rows && axis != columns && (pads[axis] != 0 || pads[axis + 4] != 0)) return false;
    Attributes attributes;
    attributes.set("pads", std::vector<std::int64_t>{pads[rows], pads[columns], pads[rows + 4], pads[columns + 4]});
    attributes.set("value", *value);
    if (last) {
        graph.add_node(op_weft_pad, node->name, 1, {x}, {node->output()}, std::move(attributes));
        return true;
    }
    const std::string& name = node->output()->name;
    WEFT_ASSIGN(Value* const image, to_channels_last(graph, node->opset, x, name + "_input"));
    WEFT_ASSIGN(Value* const padded,
                add_inferred(graph, op_weft_pad, node->name, 1, {image}, std::move(attributes), name + "_channels_last"));
    WEFT_ASSIGN(Value* const result, to_channels_first(graph, node->opset, padded, name + "_channels_first"));
    take_over(graph, node, result);
    return true;
}

// --- the canonical padding ---

Result<std::vector<ValueType>> infer_canonical(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type) || x->shape.size() != 4)
        return tensor_error(node, x, "padding needs an image; the shape is " + to_string(x->shape));
    const auto& pads = node.attributes.integers("pads");
    Shape shape = x->shape;
    shape[1] += pads[0] + pads[2];
    shape[2] += pads[1] + pads[3];
    return std::vector{ValueType{x->type, shape}};
}

Result<std::vector<Tensor>> evaluate_canonical(const Node& node, std::span<const Tensor* const> inputs) {
    const auto& pads = node.attributes.integers("pads");
    return only(padded(*inputs[0], {0, pads[0], pads[1], 0, 0, pads[2], pads[3], 0}, node.attributes.real("value")));
}

/// Quantizing leaves zero what it is, so a padding by zero may as well follow the quantizer: what reads it then reads typed values, and may
/// absorb it. What the host computes stays as the file has it: the host quantizes that tensor, by its name.
Result<bool> pad_after_quantizer(Graph& graph, Node* node) {
    if (node->attributes.real("value") != 0.0 || graph.is_output(node->output()) || is_from_host(node->input(0))) return false;
    // A view between the padding and the quantizer goes below both.
    std::vector<Node*> readers = graph.readers(node->output());
    const auto keeps_zero = [](const Node* reader) {
        if (reader->op->traits.role != OpRole::typed || reader->attributes.integers("zero_point").size() != 1) return false;
        const std::int64_t zero = reader->attributes.integers("zero_point")[0];
        return reader->attributes.integer("min") <= zero && zero <= reader->attributes.integer("max");
    };
    const auto leads_to_one = [&](const Node* reader) {
        if (!is_canonical_view(reader)) return keeps_zero(reader);
        const auto next = graph.readers(reader->output());
        return next.size() == 1 && !graph.is_output(reader->output()) && keeps_zero(next[0]);
    };
    if (readers.empty() || !std::all_of(readers.begin(), readers.end(), leads_to_one)) return false;
    for (Node* reader : readers) {
        Node* view = is_canonical_view(reader) ? reader : nullptr;
        Node* quantizer = view ? graph.readers(view->output())[0] : reader;
        Value* result = quantizer->output();
        Value* typed = graph.add_value(graph.unique_name(result->name + "_unpadded"), result->type, node->input(0)->shape);
        typed->integer = result->integer;
        Value* padded = view ? graph.add_value(graph.unique_name(result->name + "_padded"), result->type, node->output()->shape) : result;
        quantizer->inputs[0] = node->input(0);
        quantizer->outputs[0] = typed;
        typed->producer = quantizer;
        graph.add_node(op_weft_pad, node->name, node->opset, {typed}, {padded}, node->attributes);
        if (!view) continue;
        graph.add_node(*view->op, view->name, view->opset, {padded}, {result}, view->attributes);
    }
    return true;
}

/// Who says what the integers that `pad` moves mean: the quantizer above, or a dequantizer below. Null if nobody does.
const Node* quantizer_around(const Graph& graph, const Node& pad) {
    for (const Value* at = pad.input(0); at && at->producer; at = at->producer->input(0)) {
        const Traits& traits = at->producer->op->traits;
        if (traits.role == OpRole::quantize) return at->producer;
        const bool hands_on = traits.role == OpRole::clip || !handed_on(*at->producer).empty();
        if (!hands_on) break;
    }
    for (const Node* reader : graph.readers(pad.output())) {
        if (reader->op->traits.role == OpRole::dequantize) return reader;
    }
    return nullptr;
}

/// Integers are padded as the reals that they stand for.
Result<bool> pad_reals(Graph& graph, Node* node) {
    Value* const x = node->input(0);
    if (is_float(x->type) || x->is_constant()) return false;
    const Node* stated = quantizer_around(graph, *node);
    const auto fill = pad_value_of(*node);
    if (!stated || !fill || !stated->input(1)->is_constant() || stated->input(1)->constant->size() != 1) return false;
    Value *const scale = stated->input(1), *const zero = stated->input(2);
    if (zero && !zero->is_constant()) return false;
    RealForm form(graph, *node);
    WEFT_ASSIGN(Value* const real, form.dequantized(x, scale, zero));
    const double shift = zero ? zero->constant->at(0) : 0;
    const auto real_fill = static_cast<float>((*fill - shift) * scale->constant->at(0));
    std::vector<Value*> inputs{real};
    Attributes attributes;
    if (node->attributes.has("pads")) {
        attributes.set("value", static_cast<double>(real_fill));
    } else {
        inputs.insert(inputs.end(), {node->input(1), form.constant("_fill", Tensor::scalar(real_fill).cast(real->type))});
        if (node->has_input(3)) inputs.push_back(node->input(3));
    }
    WEFT_ASSIGN(Value* const padded, form.applied(op_pad, std::move(inputs), attributes, node->opset));
    WEFT_ASSIGN(Value* const result, form.quantized(padded, scale, zero, x->type));
    take_over(graph, node, result);
    return true;
}

std::optional<Refusal> refused_pad(const Node& node) {
    if (!pad_value_of(node)) return Refusal{"fills with a value that the model computes", "pad with a constant"};
    const auto pads = pads_of(node, node.input(0)->shape.size());
    if (!pads || !is_float(node.input(0)->type)) return std::nullopt;
    if (std::ranges::any_of(*pads, [](std::int64_t pad) { return pad < 0; }))
        return Refusal{"cuts elements off by negative pads",
                       "no unit drops elements: give the layer before it less padding or a larger stride"};
    return Refusal{"pads other axes than the two of an image's rows and columns",
                   "only rows and columns of images (four axes) have padding"};
}

std::optional<double> canonical_fill(const Node& node) { return node.attributes.real("value"); }

const Traits pad_traits{.same_type_inputs = {0}, .fill_value = pad_value_of, .limit_inputs = {2}};
const Traits canonical_traits{.same_type_inputs = {0}, .fill_value = canonical_fill};

}  // namespace

extern const OpDef op_pad{
    .name = "Pad",
    .since = 1,
    .summary = "padding by a constant; mode constant, constant pads; in hardware of the two spatial axes of four, nothing cut off",
    .inputs = {1, 4},
    .outputs = {1, 1},
    .attributes = {{.name = "mode", .kind = AttributeKind::text, .fallback = std::string_view("constant")},
                   {.name = "paddings", .kind = AttributeKind::integers, .until = 1, .input = 1},
                   {.name = "pads", .kind = AttributeKind::integers, .until = 10, .input = 1},
                   {.name = "value", .kind = AttributeKind::real, .until = 10, .input = 2}},
    .traits = pad_traits,
    .infer = infer_pad,
    .evaluate = evaluate_pad,
    .rewrites = {{"remove-empty-padding", remove_empty_pad}, {"padding-to-canonical", pad_to_canonical}},
    .expansions = {{"integers-padded-as-reals", pad_reals}},
    .no_hardware = refused_pad,
};

extern const OpDef op_weft_pad{
    .name = "pad",
    .domain = "weft",
    .summary = "a channels-last image with `value` around it: pads above, left, below, right",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "pads", .kind = AttributeKind::integers, .required = true},
                   {.name = "value", .kind = AttributeKind::real, .required = true}},
    .traits = canonical_traits,
    .infer = infer_canonical,
    .evaluate = evaluate_canonical,
    .rewrites = {{"padding-after-quantizer", pad_after_quantizer}},
    .lower = lower_pad,
};

}  // namespace weft
