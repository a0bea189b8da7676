// shapes.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/shapes.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/graph/op_def.h"

namespace weft {

Result<std::int64_t> normalise_axis(const Node& node, std::int64_t axis, std::size_t rank, bool end_allowed) {
    const auto extent = static_cast<std::int64_t>(rank);
    const std::int64_t last = end_allowed ? extent : extent - 1;
    if (axis < -extent || axis > last) {
        return node_error(node, fmt::format("axis {} is out of range for a tensor of {} dimensions", axis, rank),
                          fmt::format("the axis must be within [{}, {}]", -extent, last));
    }
    return axis < 0 ? axis + extent : axis;
}

Result<std::vector<std::int64_t>> normalise_axes(const Node& node, const std::vector<std::int64_t>& axes, std::size_t rank) {
    std::vector<std::int64_t> result;
    for (const std::int64_t axis : axes) {
        WEFT_ASSIGN(const std::int64_t counted, normalise_axis(node, axis, rank));
        result.push_back(counted);
    }
    std::sort(result.begin(), result.end());
    if (const auto twin = std::adjacent_find(result.begin(), result.end()); twin != result.end()) {
        return node_error(node, fmt::format("axis {} is listed twice", *twin));
    }
    return result;
}

std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b) {
    Shape result(std::max(a.size(), b.size()));
    for (std::size_t i = 0; i < result.size(); ++i) {
        const std::int64_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
        const std::int64_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
        if (from_a != from_b && from_a != 1 && from_b != 1) return std::nullopt;
        result[result.size() - 1 - i] = from_a == 1 ? from_b : from_a;
    }
    return result;
}

Shape strides_of(const Shape& shape) {
    Shape strides(shape.size());
    std::int64_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0; step *= shape[i]) strides[i] = step;
    return strides;
}

Status check_size(const Node& node, const Shape& shape) {
    constexpr std::int64_t limit = 0x7fffffff;
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 0) return node_error(node, "the output's shape " + to_string(shape) + " has a negative extent");
        if (extent == 0) return Ok{};
    }
    for (const std::int64_t extent : shape) {
        if (extent > limit / count) {
            return node_error(node, "the output's shape " + to_string(shape) + " has more elements than weft accepts",
                              fmt::format("tensors may have up to {} elements", limit));
        }
        count *= extent;
    }
    return Ok{};
}

Result<std::vector<std::int64_t>> constant_integers(const Node& node, std::size_t index, std::string_view meaning) {
    const Value* value = node.input(index);
    if (!value) return node_error(node, fmt::format("the input that gives the {} is missing", meaning));
    if (!value->is_constant()) {
        return tensor_error(node, value, fmt::format("the {} must be constant, but is computed at run time", meaning),
                            "export the model with fixed shapes, or simplify it with an ONNX optimiser first");
    }
    if (is_float(value->type)) return tensor_error(node, value, fmt::format("the {} must be integers", meaning));
    return value->constant->to_integers();
}

Result<std::optional<std::vector<std::int64_t>>> attribute_or_input(const Node& node, std::string_view name, std::size_t index) {
    if (node.attributes.has(name)) return std::optional(node.attributes.integers(name));
    if (!node.has_input(index)) return std::optional<std::vector<std::int64_t>>{};
    WEFT_ASSIGN(auto integers, constant_integers(node, index, name));
    return std::optional(std::move(integers));
}

}  // namespace weft
