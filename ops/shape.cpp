// shape.cpp
// Operators that pick, repeat or divide the elements of a tensor along axes.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ops/common/shapes.h"
#include "ops/common/take.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

using Integers = std::vector<std::int64_t>;

// --- Gather, GatherElements ---

Status check_index_type(const Node& node) {
    const DataType type = node.input(1)->type;
    if (type == DataType::int32 || type == DataType::int64) return Ok{};
    return tensor_error(node, node.input(1), fmt::format("indices of type {} are not allowed: int32 or int64", to_string(type)));
}

/// The indices, negative ones counted from the end of an axis of that extent.
Result<Integers> counted_indices(const Node& node, const Tensor& indices, std::int64_t extent) {
    Integers result = indices.to_integers();
    for (std::int64_t& index : result) {
        if (index < -extent || index >= extent) {
            return tensor_error(node, node.input(1), fmt::format("index {} is out of range for an axis of extent {}", index, extent));
        }
        if (index < 0) index += extent;
    }
    return result;
}

Shape gathered_shape(const Shape& data, const Shape& indices, std::int64_t axis) {
    Shape shape(data.begin(), data.begin() + axis);
    shape.insert(shape.end(), indices.begin(), indices.end());
    shape.insert(shape.end(), data.begin() + axis + 1, data.end());
    return shape;
}

Result<std::vector<ValueType>> infer_gather(Node& node) {
    const Value* data = node.input(0);
    WEFT_CHECK(check_index_type(node));
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), data->shape.size()));
    Shape shape = gathered_shape(data->shape, node.input(1)->shape, axis);
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{data->type, std::move(shape)}};
}

Result<std::vector<Tensor>> evaluate_gather(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& data = *inputs[0];
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), data.shape().size()));
    WEFT_ASSIGN(const Integers indices, counted_indices(node, *inputs[1], data.shape()[static_cast<std::size_t>(axis)]));
    return only(take(data, axis, indices).reshaped(gathered_shape(data.shape(), inputs[1]->shape(), axis)));
}

/// Indices that name every slice once only reorder them.
bool gather_reorders(const Node& node) {
    const Value* indices = node.input(1);
    if (!indices || !indices->is_constant() || indices->shape.size() != 1) return false;
    const auto axis = normalise_axis(node, node.attributes.integer("axis"), node.input(0)->shape.size());
    if (!axis) return false;
    const auto counted = counted_indices(node, *indices->constant, node.input(0)->shape[static_cast<std::size_t>(*axis)]);
    if (!counted) return false;
    Integers sorted = *counted;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (sorted[i] != static_cast<std::int64_t>(i)) return false;
    }
    return static_cast<std::int64_t>(sorted.size()) == node.input(0)->shape[static_cast<std::size_t>(*axis)];
}

/// Of a node that reorders.
Integers gather_map(const Node& node) {
    const Shape& shape = node.input(0)->shape;
    Tensor positions(DataType::int64, shape);
    std::iota(positions.as<std::int64_t>().begin(), positions.as<std::int64_t>().end(), std::int64_t{0});
    const Tensor* const inputs[] = {&positions, node.input(1)->constant.get()};
    const auto gathered = evaluate_gather(node, inputs);
    return gathered->front().to_integers();
}

Result<std::vector<ValueType>> infer_gather_elements(Node& node) {
    const Value* data = node.input(0);
    const Value* indices = node.input(1);
    WEFT_CHECK(check_index_type(node));
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), data->shape.size()));
    bool fits = indices->shape.size() == data->shape.size();
    for (std::size_t i = 0; fits && i < data->shape.size(); ++i) {
        fits = static_cast<std::int64_t>(i) == axis || indices->shape[i] <= data->shape[i];
    }
    if (!fits) {
        return tensor_error(
            node, indices,
            fmt::format("indices of shape {} do not fit data of shape {}", to_string(indices->shape), to_string(data->shape)));
    }
    return std::vector{ValueType{data->type, indices->shape}};
}

Result<std::vector<Tensor>> evaluate_gather_elements(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& data = *inputs[0];
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), data.shape().size()));
    WEFT_ASSIGN(const Integers indices, counted_indices(node, *inputs[1], data.shape()[static_cast<std::size_t>(axis)]));
    const Shape& shape = inputs[1]->shape();
    const Shape step = strides_of(shape), own = strides_of(data.shape());
    Integers at(indices.size(), 0);
    for (std::size_t i = 0; i < at.size(); ++i) {
        for (std::size_t k = 0; k < shape.size(); ++k) {
            const std::int64_t position = static_cast<std::int64_t>(i) / step[k] % shape[k];
            at[i] += (static_cast<std::int64_t>(k) == axis ? indices[i] : position) * own[k];
        }
    }
    return only(take(data.reshaped({data.size()}), 0, at).reshaped(shape));
}

// --- Slice ---

/// The indices kept on each axis of a tensor of shape `from`; empty for an axis that is left whole.
Result<std::vector<std::optional<Integers>>> sliced_indices(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const auto starts, attribute_or_input(node, "starts", 1));
    WEFT_ASSIGN(const auto ends, attribute_or_input(node, "ends", 2));
    if (!starts || !ends || starts->size() != ends->size()) return node_error(node, "a slice needs as many ends as starts");
    WEFT_ASSIGN(const auto given_axes, attribute_or_input(node, "axes", 3));
    Integers axes(starts->size());
    std::iota(axes.begin(), axes.end(), std::int64_t{0});
    if (given_axes) axes = *given_axes;
    Integers steps(starts->size(), 1);
    if (node.has_input(4)) {
        WEFT_ASSIGN(steps, constant_integers(node, 4, "steps"));
    }
    if (axes.size() != starts->size() || steps.size() != starts->size()) return node_error(node, "a slice needs a start for every axis");
    std::vector<std::optional<Integers>> kept(from.size());
    for (std::size_t i = 0; i < axes.size(); ++i) {
        WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, axes[i], from.size()));
        const std::int64_t extent = from[static_cast<std::size_t>(axis)], step = steps[i];
        if (step == 0) return node_error(node, "the step of the slice is zero");
        if (kept[static_cast<std::size_t>(axis)]) return node_error(node, fmt::format("axis {} is listed twice", axis));
        const auto counted = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
            return std::clamp(at < 0 ? std::max(at, -extent - 1) + extent : at, low, high);
        };
        Integers indices;
        if (step > 0) {
            const std::int64_t end = counted((*ends)[i], 0, extent);
            // Past the last kept index a step may be as large as the file likes: leave before adding it.
            for (std::int64_t at = counted((*starts)[i], 0, extent); at < end; at += step) {
                indices.push_back(at);
                if (step >= end - at) break;
            }
        } else {
            const std::int64_t end = counted((*ends)[i], -1, extent - 1);
            for (std::int64_t at = counted((*starts)[i], -1, extent - 1); at > end; at += step) {
                indices.push_back(at);
                if (step <= end - at) break;
            }
        }
        kept[static_cast<std::size_t>(axis)] = std::move(indices);
    }
    return kept;
}

Result<std::vector<ValueType>> infer_slice(Node& node) {
    const Value* x = node.input(0);
    WEFT_ASSIGN(const auto kept, sliced_indices(node, x->shape));
    Shape shape = x->shape;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (kept[axis]) shape[axis] = static_cast<std::int64_t>(kept[axis]->size());
    }
    return std::vector{ValueType{x->type, std::move(shape)}};
}

Result<std::vector<Tensor>> evaluate_slice(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const auto kept, sliced_indices(node, inputs[0]->shape()));
    Tensor y = *inputs[0];
    for (std::size_t axis = 0; axis < kept.size(); ++axis) {
        if (kept[axis]) y = take(y, static_cast<std::int64_t>(axis), *kept[axis]);
    }
    return only(std::move(y));
}

// --- Split ---

struct Parts {
    std::int64_t axis;
    Integers extents;
};

Result<Parts> resolve_split(const Node& node, const Shape& from) {
    WEFT_ASSIGN(const std::int64_t axis, normalise_axis(node, node.attributes.integer("axis"), from.size()));
    const std::int64_t extent = from[static_cast<std::size_t>(axis)], count = static_cast<std::int64_t>(node.outputs.size());
    WEFT_ASSIGN(const auto given, attribute_or_input(node, "split", 1));
    Integers parts;
    if (given) {
        parts = *given;
    } else {
        const bool uneven = node.attributes.has("num_outputs");
        if (!uneven && extent % count != 0) {
            return node_error(node, fmt::format("axis {} of extent {} does not divide into {} equal parts", axis, extent, count));
        }
        const std::int64_t part = (extent + count - 1) / count;
        for (std::int64_t i = 0, left = extent; i < count; ++i, left -= parts.back()) parts.push_back(std::min(part, left));
    }
    const bool sound = static_cast<std::int64_t>(parts.size()) == count &&
                       std::all_of(parts.begin(), parts.end(), [&](std::int64_t part) { return part >= 0 && part <= extent; }) &&
                       std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == extent;
    if (!sound) {
        return node_error(node,
                          fmt::format("axis {} of extent {} does not split into {} parts of {}", axis, extent, count, to_string(parts)));
    }
    return Parts{axis, std::move(parts)};
}

Result<std::vector<ValueType>> infer_split(Node& node) {
    const Value* x = node.input(0);
    WEFT_ASSIGN(const Parts parts, resolve_split(node, x->shape));
    std::vector<ValueType> types;
    for (const std::int64_t extent : parts.extents) {
        types.push_back({x->type, x->shape});
        types.back().shape[static_cast<std::size_t>(parts.axis)] = extent;
    }
    return types;
}

Result<std::vector<Tensor>> evaluate_split(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const Parts parts, resolve_split(node, inputs[0]->shape()));
    std::vector<Tensor> outputs;
    std::int64_t first = 0;
    for (const std::int64_t extent : parts.extents) {
        Integers indices(static_cast<std::size_t>(extent));
        std::iota(indices.begin(), indices.end(), first);
        outputs.push_back(take(*inputs[0], parts.axis, indices));
        first += extent;
    }
    return outputs;
}

// --- Tile ---

Result<Integers> resolve_repeats(const Node& node) {
    WEFT_ASSIGN(Integers repeats, constant_integers(node, 1, "repeats"));
    if (repeats.size() != node.input(0)->shape.size()) {
        return tensor_error(node, node.input(1),
                            fmt::format("{} repeats do not go with {} axes", repeats.size(), node.input(0)->shape.size()));
    }
    return repeats;
}

Result<std::vector<ValueType>> infer_tile(Node& node) {
    const Value* x = node.input(0);
    WEFT_ASSIGN(const Integers repeats, resolve_repeats(node));
    Shape shape = x->shape;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        WEFT_CHECK(check_size(node, {shape[i], repeats[i]}));
        shape[i] *= repeats[i];
    }
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{x->type, std::move(shape)}};
}

Result<std::vector<Tensor>> evaluate_tile(const Node& node, std::span<const Tensor* const> inputs) {
    WEFT_ASSIGN(const Integers repeats, resolve_repeats(node));
    Tensor y = *inputs[0];
    for (std::size_t axis = 0; axis < repeats.size(); ++axis) {
        const std::int64_t extent = y.shape()[axis];
        Integers indices(static_cast<std::size_t>(extent * repeats[axis]));
        for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::int64_t>(i) % extent;
        y = take(y, static_cast<std::int64_t>(axis), indices);
    }
    return only(std::move(y));
}

AttributeDef axis_attribute() { return {.name = "axis", .kind = AttributeKind::integer, .fallback = std::int64_t{0}}; }

}  // namespace

extern const OpDef op_gather{
    .name = "Gather",
    .summary = "slices at given indices of an axis; in hardware the indices are constant and name each slice once",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {axis_attribute()},
    .traits = {.role = OpRole::gather,
               .view = ViewTrait{.map = gather_map, .applies = gather_reorders},
               .same_type_inputs = {0},
               .commutes_with_monotone = true},
    .infer = infer_gather,
    .evaluate = evaluate_gather,
};

extern const OpDef op_gather_elements{
    .name = "GatherElements",
    .since = 11,
    .summary = "elements at given indices of an axis",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {axis_attribute()},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer_gather_elements,
    .evaluate = evaluate_gather_elements,
};

extern const OpDef op_slice{
    .name = "Slice",
    .summary = "part of a tensor, by start, end and step of some axes; constant bounds",
    .inputs = {1, 5},
    .outputs = {1, 1},
    .attributes = {{.name = "starts", .kind = AttributeKind::integers, .until = 9, .input = 1},
                   {.name = "ends", .kind = AttributeKind::integers, .until = 9, .input = 2},
                   {.name = "axes", .kind = AttributeKind::integers, .until = 9, .input = 3}},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer_slice,
    .evaluate = evaluate_slice,
};

extern const OpDef op_split{
    .name = "Split",
    .summary = "parts of a tensor along an axis; constant extents",
    .inputs = {1, 2},
    .outputs = {1, -1},
    .attributes = {axis_attribute(),
                   {.name = "split", .kind = AttributeKind::integers, .until = 12, .input = 1},
                   {.name = "num_outputs", .kind = AttributeKind::integer}},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer_split,
    .evaluate = evaluate_split,
};

extern const OpDef op_tile{
    .name = "Tile",
    .since = 6,
    .summary = "repeats a tensor along its axes; constant numbers of repeats",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer_tile,
    .evaluate = evaluate_tile,
};

}  // namespace weft
