// view.cpp
// Operators that give the same elements another order or shape, and the canonical view that they become.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <numeric>

#include "ops/common/canonical.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

namespace {

using Integers = std::vector<std::int64_t>;

Shape permuted(const Shape& shape, const Integers& perm) {
    if (perm.empty()) return shape;
    Shape result;
    for (const std::int64_t axis : perm) result.push_back(shape[static_cast<std::size_t>(axis)]);
    return result;
}

bool is_identity(const Integers& perm) {
    for (std::size_t i = 0; i < perm.size(); ++i) {
        if (perm[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
}

/// Whether the axes that matter (extents above 1) keep their order.
bool keeps_order(const Shape& shape, const Integers& perm) {
    std::int64_t last = -1;
    for (const std::int64_t axis : perm) {
        if (shape[static_cast<std::size_t>(axis)] == 1) continue;
        if (axis < last) return false;
        last = axis;
    }
    return true;
}

template <class Word>
void transpose_words(const std::byte* from, std::byte* to, const Shape& extents, const Shape& steps) {
    const Word* source = reinterpret_cast<const Word*>(from);
    Word* target = reinterpret_cast<Word*>(to);
    const std::size_t inner = extents.size() - 1;
    const std::int64_t run = extents[inner], step = steps[inner];
    Shape index(inner, 0);
    for (;;) {
        for (std::int64_t i = 0; i < run; ++i) target[i] = source[i * step];
        target += run;
        std::size_t axis = inner;
        for (;;) {
            if (axis == 0) return;
            --axis;
            source += steps[axis];
            if (++index[axis] < extents[axis]) break;
            source -= steps[axis] * extents[axis];
            index[axis] = 0;
        }
    }
}

Tensor transposed(const Tensor& x, const Integers& perm) {
    const Shape shape = permuted(x.shape(), perm);
    if (keeps_order(x.shape(), perm) || x.size() == 0) return x.reshaped(shape);
    Tensor y(x.type(), shape);
    const Shape steps = permuted(strides_of(x.shape()), perm);
    switch (size_of(x.type())) {
        case 1:
            transpose_words<std::uint8_t>(x.raw(), y.raw(), shape, steps);
            break;
        case 2:
            transpose_words<std::uint16_t>(x.raw(), y.raw(), shape, steps);
            break;
        case 4:
            transpose_words<std::uint32_t>(x.raw(), y.raw(), shape, steps);
            break;
        default:
            transpose_words<std::uint64_t>(x.raw(), y.raw(), shape, steps);
            break;
    }
    return y;
}

/// The index map of a view: what it makes of the indices themselves.
Integers index_map(const Node& node) {
    Tensor indices(DataType::int64, node.input(0)->shape);
    const auto elements = indices.as<std::int64_t>();
    std::iota(elements.begin(), elements.end(), std::int64_t{0});
    std::vector<const Tensor*> inputs{&indices};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(node.inputs[i] ? node.inputs[i]->constant.get() : nullptr);
    return (*node.op->evaluate(node, inputs))[0].to_integers();
}

// --- the shape that each operator gives to an input of shape `from` ---

Result<Shape> reshape_shape(const Node& node, const Shape& from, const Integers& target) {
    const bool keep_zero = node.attributes.has("allowzero") && node.attributes.integer("allowzero") != 0;
    const std::int64_t count = element_count(from);
    const auto mismatch = [&] {
        return node_error(node, fmt::format("a tensor of shape {} cannot be reshaped to {}", to_string(from), to_string(target)));
    };
    Shape shape = target;
    std::int64_t known = 1;
    std::size_t open = shape.size();
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 0 && !keep_zero) {
            if (i >= from.size()) return mismatch();
            shape[i] = from[i];
        }
        if (shape[i] == -1) {
            if (open < shape.size()) return node_error(node, "more than one extent of the new shape is -1");
            open = i;
        } else if (shape[i] < 0) {
            return mismatch();
        } else {
            WEFT_CHECK(check_size(node, {known, shape[i]}));
            known *= shape[i];
        }
    }
    if (open < shape.size()) {
        if (known == 0 || count % known != 0) return mismatch();
        shape[open] = count / known;
    } else if (known != count) {
        // A file that was exported for a batch of several images names that batch here; the model's own batch is 1.
        if (shape.empty() || shape[0] <= 1 || known / shape[0] != count) return mismatch();
        shape[0] = 1;
    }
    return shape;
}

Result<Shape> resolve_reshape(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const auto target, attribute_or_input(node, "shape", 1));
    if (!target) return node_error(node, "the new shape is missing");
    return reshape_shape(node, from, *target);
}

Result<Shape> resolve_flatten(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), from.size(), true));
    const Shape outer(from.begin(), from.begin() + axis);
    return Shape{element_count(outer), element_count(Shape(from.begin() + axis, from.end()))};
}

Result<Shape> resolve_squeeze(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const auto axes, attribute_or_input(node, "axes", 1));
    Shape shape;
    if (!axes) {
        std::copy_if(from.begin(), from.end(), std::back_inserter(shape), [](std::int64_t extent) { return extent != 1; });
        return shape;
    }
    WEFT_ASSIGN(const auto dropped, normalise_axes(node, *axes, from.size()));
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (!std::binary_search(dropped.begin(), dropped.end(), static_cast<std::int64_t>(i))) {
            shape.push_back(from[i]);
        } else if (from[i] != 1) {
            return node_error(node, fmt::format("axis {} of shape {} has extent {} and cannot be squeezed", i, to_string(from), from[i]));
        }
    }
    return shape;
}

Result<Shape> resolve_unsqueeze(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const auto axes, attribute_or_input(node, "axes", 1));
    if (!axes) return node_error(node, "the axes to insert are missing");
    WEFT_ASSIGN(const auto inserted, normalise_axes(node, *axes, from.size() + axes->size()));
    Shape shape = from;
    for (const std::int64_t axis : inserted) shape.insert(shape.begin() + axis, 1);
    return shape;
}

Result<Shape> resolve_same(const Node&, const Shape& from) { return from; }

Result<Shape> resolve_expand(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const auto target, constant_integers(node, 1, "new shape"));
    const auto shape = broadcast_shape(from, target);
    if (!shape) return node_error(node, fmt::format("a tensor of shape {} does not expand to {}", to_string(from), to_string(target)));
    WEFT_CHECK(check_size(node, *shape));
    return *shape;
}

using Resolve = Result<Shape> (*)(const Node&, const Shape&);

template <Resolve resolve>
Result<std::vector<ValueType>> infer_reshaped(Node& node) {
    WEFT_ASSIGN(auto shape, resolve(node, node.input(0)->shape));
    return std::vector{ValueType{node.input(0)->type, std::move(shape)}};
}

template <Resolve resolve>
Result<std::vector<Tensor>> evaluate_reshaped(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(auto shape, resolve(node, inputs[0]->shape()));
    return only(inputs[0]->reshaped(std::move(shape)));
}

Result<bool> reshape_to_view(Graph& graph, Node* node) {
    if (node->input(0)->is_constant()) return false;
    replace_by_view(graph, node, {});
    return true;
}

Traits view_traits(OpRole role = OpRole::none, bool (*applies)(const Node&) = nullptr) {
    Traits traits;
    traits.role = role;
    traits.view = ViewTrait{.map = index_map, .applies = applies};
    traits.same_type_inputs = {0};
    traits.commutes_with_monotone = true;
    return traits;
}

template <Resolve resolve>
OpDef reshaping_op(std::string_view name, std::string_view summary, Arity inputs, std::vector<AttributeDef> attributes,
                   OpRole role = OpRole::none) {
    return {.name = name,
            .summary = summary,
            .inputs = inputs,
            .outputs = {1, 1},
            .attributes = std::move(attributes),
            .traits = view_traits(role),
            .infer = infer_reshaped<resolve>,
            .evaluate = evaluate_reshaped<resolve>,
            .rewrites = {{"reshape-to-view", reshape_to_view}}};
}

// --- Transpose ---

/// Attribute `perm`, checked; `reversed` says what its absence means: the reversed order of the axes or none.
Result<Integers> resolve_perm(const Node& node, std::size_t rank, bool reversed) {
    Integers perm = node.attributes.has("perm") ? node.attributes.integers("perm") : Integers();
    if (perm.empty()) {
        perm.resize(rank);
        std::iota(perm.begin(), perm.end(), std::int64_t{0});
        if (reversed) std::reverse(perm.begin(), perm.end());
        return perm;
    }
    Integers sorted = perm;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.size() != rank || !is_identity(sorted)) {
        return node_error(node, fmt::format("{} is not a permutation of the {} axes", to_string(perm), rank));
    }
    return perm;
}

Result<std::vector<ValueType>> infer_transpose(Node& node) {
    const Value* x = node.input(0);
    WEFT_ASSIGN(const auto perm, resolve_perm(node, x->shape.size(), true));
    return std::vector{ValueType{x->type, permuted(x->shape, perm)}};
}

Result<std::vector<Tensor>> evaluate_transpose(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const auto perm, resolve_perm(node, inputs[0]->shape().size(), true));
    return only(transposed(*inputs[0], perm));
}

Result<bool> transpose_to_view(Graph& graph, Node* node) {
    if (node->input(0)->is_constant()) return false;
    WEFT_ASSIGN(auto perm, resolve_perm(*node, node->input(0)->shape.size(), true));
    replace_by_view(graph, node, std::move(perm));
    return true;
}

// --- Dropout ---

Result<std::vector<ValueType>> infer_dropout(Node& node) {
    const Value* x = node.input(0);
    if (const Value* training = node.input(2)) {
        if (!training->is_constant() || training->constant->to_integers() != Integers{0}) {
            return tensor_error(node, training, "the dropout is in training mode", "export the model in inference mode (model.eval())");
        }
    }
    return std::vector{ValueType{x->type, x->shape}, ValueType{DataType::boolean, x->shape}};
}

Result<std::vector<Tensor>> evaluate_dropout(const Node&, std::span<const Tensor* const> inputs) {
    Tensor mask(DataType::boolean, inputs[0]->shape());
    const auto kept = mask.as<bool>();
    std::fill(kept.begin(), kept.end(), true);
    return std::vector{*inputs[0], std::move(mask)};
}

Result<bool> dropout_to_view(Graph& graph, Node* node) {
    if (node->input(0)->is_constant()) return false;
    if (node->outputs.size() > 1 && node->outputs[1] && (graph.is_output(node->outputs[1]) || !graph.readers(node->outputs[1]).empty())) {
        return tensor_error(*node, node->outputs[1], "the mask of a dropout is read", "export the model in inference mode (model.eval())");
    }
    replace_by_view(graph, node, {});
    node->outputs.resize(1);
    return true;
}

// --- Expand ---

bool has_no_effect(const Node& node) { return element_count(node.output()->shape) == element_count(node.input(0)->shape); }

Result<std::vector<Tensor>> evaluate_expand(const Node& node, std::span<const Tensor* const> inputs);

Result<bool> expand_to_view(Graph& graph, Node* node) {
    if (node->input(0)->is_constant() || !has_no_effect(*node)) return false;
    replace_by_view(graph, node, {});
    return true;
}

Result<std::vector<Tensor>> evaluate_expand(const Node&, std::span<const Tensor* const> inputs) {
    const auto shape = broadcast_shape(inputs[0]->shape(), inputs[1]->to_integers());
    assert(shape);
    Tensor y(inputs[0]->type(), *shape);
    const std::size_t word = size_of(y.type());
    const std::byte* source = inputs[0]->raw();
    std::byte* target = y.raw();
    const Shape& from = inputs[0]->shape();
    const std::size_t missing = shape->size() - from.size();
    const Shape own = strides_of(from), step = strides_of(*shape);
    for (std::int64_t i = 0; i < y.size(); ++i) {
        std::int64_t at = 0;
        for (std::size_t axis = missing; axis < shape->size(); ++axis) {
            if (from[axis - missing] != 1) at += i / step[axis] % (*shape)[axis] * own[axis - missing];
        }
        std::memcpy(target + static_cast<std::size_t>(i) * word, source + static_cast<std::size_t>(at) * word, word);
    }
    return only(std::move(y));
}

// --- DepthToSpace, SpaceToDepth: a reshape, a permutation, a reshape ---

struct BlockMove {
    Shape split;
    Integers perm;
    Shape result;
};

Result<BlockMove> resolve_depth_to_space(const Node& node, const Shape& from) {
    const std::int64_t block = node.attributes.integer("blocksize");
    if (from.size() != 4) return node_error(node, "the input must have four dimensions, not " + std::to_string(from.size()));
    if (block < 1 || block > from[1] || from[1] % (block * block) != 0) {
        return node_error(node, fmt::format("{} channels do not divide into blocks of {} x {}", from[1], block, block));
    }
    const std::int64_t depth = from[1] / (block * block);
    const Shape result{from[0], depth, from[2] * block, from[3] * block};
    if (node.attributes.text("mode") == "CRD")
        return BlockMove{{from[0], depth, block, block, from[2], from[3]}, {0, 1, 4, 2, 5, 3}, result};
    return BlockMove{{from[0], block, block, depth, from[2], from[3]}, {0, 3, 4, 1, 5, 2}, result};
}

Result<BlockMove> resolve_space_to_depth(const Node& node, const Shape& from) {
    const std::int64_t block = node.attributes.integer("blocksize");
    if (from.size() != 4) return node_error(node, "the input must have four dimensions, not " + std::to_string(from.size()));
    if (block < 1 || from[2] % block != 0 || from[3] % block != 0) {
        return node_error(node, fmt::format("{} rows and {} columns do not divide into blocks of {}", from[2], from[3], block));
    }
    const Integers perm = node.attributes.text("mode") == "CRD" ? Integers{0, 1, 3, 5, 2, 4} : Integers{0, 3, 5, 1, 2, 4};
    return BlockMove{{from[0], from[1], from[2] / block, block, from[3] / block, block},
                     perm,
                     {from[0], from[1] * block * block, from[2] / block, from[3] / block}};
}

using ResolveBlocks = Result<BlockMove> (*)(const Node&, const Shape&);

template <ResolveBlocks resolve>
Result<std::vector<ValueType>> infer_blocks(Node& node) {
    WEFT_ASSIGN(auto move, resolve(node, node.input(0)->shape));
    return std::vector{ValueType{node.input(0)->type, std::move(move.result)}};
}

template <ResolveBlocks resolve>
Result<std::vector<Tensor>> evaluate_blocks(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(auto move, resolve(node, inputs[0]->shape()));
    return only(transposed(inputs[0]->reshaped(std::move(move.split)), move.perm).reshaped(std::move(move.result)));
}

template <ResolveBlocks resolve>
Result<bool> blocks_to_views(Graph& graph, Node* node) {
    if (node->input(0)->is_constant()) return false;
    WEFT_ASSIGN(auto move, resolve(*node, node->input(0)->shape));
    WEFT_ASSIGN(node->inputs[0], add_view(graph, node->opset, node->input(0), {}, move.split, node->output()->name + "_blocks"));
    replace_by_view(graph, node, std::move(move.perm));
    return true;
}

template <ResolveBlocks resolve>
OpDef blocks_op(std::string_view name, std::string_view summary, std::vector<AttributeDef> attributes) {
    return {.name = name,
            .summary = summary,
            .inputs = {1, 1},
            .outputs = {1, 1},
            .attributes = std::move(attributes),
            .traits = view_traits(),
            .infer = infer_blocks<resolve>,
            .evaluate = evaluate_blocks<resolve>,
            .rewrites = {{"blocks-to-views", blocks_to_views<resolve>}}};
}

std::string refuse_mode(const Attribute& value) {
    const auto& text = std::get<std::string>(value);
    return text == "DCR" || text == "CRD" ? "" : "the mode '" + text + "' is neither 'DCR' nor 'CRD'";
}

std::vector<AttributeDef> block_attributes(int mode_since) {
    return {{.name = "blocksize", .kind = AttributeKind::integer, .required = true},
            {.name = "mode", .kind = AttributeKind::text, .fallback = std::string_view("DCR"), .refuse = refuse_mode, .since = mode_since}};
}

// --- the canonical view ---

Result<std::vector<ValueType>> infer_view(Node& node) {
    const Value* x = node.input(0);
    WEFT_ASSIGN(const auto perm, resolve_perm(node, x->shape.size(), false));
    const Shape& shape = node.attributes.integers("shape");
    if (element_count(shape) != element_count(x->shape)) {
        return tensor_error(node, x, "a view of " + to_string(x->shape) + " cannot have the shape " + to_string(shape));
    }
    return std::vector{ValueType{x->type, shape}};
}

Result<std::vector<Tensor>> evaluate_view(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const auto perm, resolve_perm(node, inputs[0]->shape().size(), false));
    return only(transposed(*inputs[0], perm).reshaped(node.attributes.integers("shape")));
}

/// Two views in a row become one where a single permutation says it.
Result<bool> merge_views(Graph& graph, Node* node) {
    const Node* before = node->input(0)->producer;
    if (!before || before->op != &op_weft_view) return false;
    WEFT_ASSIGN(const auto first, resolve_perm(*before, before->input(0)->shape.size(), false));
    WEFT_ASSIGN(const auto second, resolve_perm(*node, node->input(0)->shape.size(), false));
    const Shape& source = before->input(0)->shape;
    const bool no_reshape = permuted(source, first) == before->output()->shape;
    Integers perm;
    if (no_reshape) {
        for (const std::int64_t axis : second) perm.push_back(first[static_cast<std::size_t>(axis)]);
    } else if (keeps_order(before->output()->shape, second)) {
        perm = first;
    } else {
        return false;
    }
    node->inputs[0] = before->input(0);
    replace_by_view(graph, node, std::move(perm));
    return true;
}

}  // namespace

void replace_by_view(Graph& graph, Node* node, Integers perm) {
    Value* input = node->input(0);
    Value* output = node->output();
    if (keeps_order(input->shape, perm)) perm.clear();
    if (perm.empty() && input->shape == output->shape && !graph.is_output(output)) {
        Node* maker = input->producer;
        const bool takes_over =
            maker && !maker->op->domain.empty() && !input->integer && !graph.is_output(input) && graph.readers(input).size() == 1;
        if (takes_over) {
            // The value keeps the name that the model gives it, by which the host finds it.
            std::replace(maker->outputs.begin(), maker->outputs.end(), input, output);
            output->producer = maker;
            node->inputs = {output};
            node->outputs = {input};
            input->producer = node;
            return;
        }
        const auto readers = graph.readers(output);
        const bool named = std::any_of(readers.begin(), readers.end(), [](const Node* reader) { return reader->op->traits.host_suffix; });
        if (!named) {
            read_instead(graph, output, input);
            output->producer = nullptr;
            return;
        }
    }
    Attributes attributes;
    attributes.set("perm", std::move(perm));
    attributes.set("shape", output->shape);
    graph.add_node(op_weft_view, node->name, 1, {input}, {output}, std::move(attributes));
}

extern const OpDef op_reshape =
    reshaping_op<resolve_reshape>("Reshape", "the same elements under another shape; the shape is constant", {1, 2},
                                  {{.name = "shape", .kind = AttributeKind::integers, .until = 4, .input = 1},
                                   {.name = "allowzero", .kind = AttributeKind::integer, .fallback = std::int64_t{0}}});
extern const OpDef op_flatten =
    reshaping_op<resolve_flatten>("Flatten", "a matrix: the axes before `axis` are its rows", {1, 1},
                                  {{.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{1}}});
extern const OpDef op_squeeze = reshaping_op<resolve_squeeze>("Squeeze", "drops axes of extent 1; constant axes", {1, 2},
                                                              {{.name = "axes", .kind = AttributeKind::integers, .until = 12, .input = 1}});
extern const OpDef op_unsqueeze =
    reshaping_op<resolve_unsqueeze>("Unsqueeze", "inserts axes of extent 1; constant axes", {1, 2},
                                    {{.name = "axes", .kind = AttributeKind::integers, .until = 12, .input = 1}});
extern const OpDef op_identity =
    reshaping_op<resolve_same>("Identity", "the input; no sequences or optional values", {1, 1}, {}, OpRole::identity);

extern const OpDef op_transpose{
    .name = "Transpose",
    .summary = "permutes the axes",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "perm", .kind = AttributeKind::integers}},
    .traits = view_traits(OpRole::transpose),
    .infer = infer_transpose,
    .evaluate = evaluate_transpose,
    .rewrites = {{"transpose-to-view", transpose_to_view}},
};

extern const OpDef op_dropout{
    .name = "Dropout",
    .summary = "the input: nothing is dropped in inference; not in training mode, in hardware nobody reads the mask",
    .inputs = {1, 3},
    .outputs = {1, 2},
    .attributes = {{.name = "ratio", .kind = AttributeKind::real, .until = 11, .input = 1},
                   {.name = "seed", .kind = AttributeKind::integer},
                   {.name = "is_test", .kind = AttributeKind::integer, .until = 6}},
    .traits = view_traits(),
    .infer = infer_dropout,
    .evaluate = evaluate_dropout,
    .rewrites = {{"dropout-to-view", dropout_to_view}},
};

extern const OpDef op_expand{
    .name = "Expand",
    .since = 8,
    .summary = "broadcasts to a shape; the shape is constant; in hardware only where that repeats nothing",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {},
    .traits = view_traits(OpRole::none, has_no_effect),
    .infer = infer_reshaped<resolve_expand>,
    .evaluate = evaluate_expand,
    .rewrites = {{"expand-to-view", expand_to_view}},
};

extern const OpDef op_depth_to_space =
    blocks_op<resolve_depth_to_space>("DepthToSpace", "moves blocks of channels into space; four axes", block_attributes(11));
extern const OpDef op_space_to_depth =
    blocks_op<resolve_space_to_depth>("SpaceToDepth", "moves blocks of space into channels; four axes", block_attributes(28));

extern const OpDef op_weft_view{
    .name = "view",
    .domain = "weft",
    .summary = "the same elements, permuted, then under another shape",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "perm", .kind = AttributeKind::integers, .required = true},
                   {.name = "shape", .kind = AttributeKind::integers, .required = true}},
    .traits = view_traits(OpRole::view),
    .infer = infer_view,
    .evaluate = evaluate_view,
    .rewrites = {{"merge-views", merge_views}},
};

}  // namespace weft
