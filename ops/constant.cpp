// constant.cpp
// Operators whose output is known without any computed input: constants, shapes and counted ranges.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ops/common/shapes.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

// --- Constant ---

Result<Tensor> constant_of(const Node& node) {
    const Attributes& attributes = node.attributes;
    if (attributes.has("value")) return attributes.tensor("value");
    if (attributes.has("value_int")) return Tensor::scalar(attributes.integer("value_int"));
    if (attributes.has("value_float")) return Tensor::scalar(static_cast<float>(attributes.real("value_float")));
    if (attributes.has("value_ints")) {
        const auto& values = attributes.integers("value_ints");
        return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
    }
    if (attributes.has("value_floats")) {
        const auto& values = attributes.reals("value_floats");
        return Tensor::of<double>({static_cast<std::int64_t>(values.size())}, values).cast(DataType::float32);
    }
    return node_error(node, "the constant has no value", "one of the attributes value, value_int(s) and value_float(s) must be there");
}

Result<std::vector<ValueType>> infer_constant(Node& node) {
    WEFT_ASSIGN(const Tensor value, constant_of(node));
    return std::vector{ValueType{value.type(), value.shape()}};
}

Result<std::vector<Tensor>> evaluate_constant(const Node& node, std::span<const Tensor* const>) {
    WEFT_ASSIGN(auto value, constant_of(node));
    return only(std::move(value));
}

// --- ConstantOfShape ---

Tensor fill_value(const Node& node) { return node.attributes.has("value") ? node.attributes.tensor("value") : Tensor::scalar(0.0f); }

Result<std::vector<ValueType>> infer_constant_of_shape(Node& node) {
    WEFT_ASSIGN(auto shape, constant_integers(node, 0, "shape"));
    WEFT_CHECK(check_size(node, shape));
    if (fill_value(node).size() != 1) return node_error(node, "the attribute 'value' must have one element");
    return std::vector{ValueType{fill_value(node).type(), std::move(shape)}};
}

Result<std::vector<Tensor>> evaluate_constant_of_shape(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor value = fill_value(node);
    Tensor result(value.type(), inputs[0]->to_integers());
    visit_type(value.type(), [&](auto e) {
        using T = decltype(e);
        const auto elements = result.as<T>();
        std::fill(elements.begin(), elements.end(), value.as<T>()[0]);
    });
    return only(std::move(result));
}

// --- Shape, Size ---

Shape shape_slice(const Node& node) {
    const Shape& shape = node.input(0)->shape;
    const auto rank = static_cast<std::int64_t>(shape.size());
    const auto bound = [&](std::string_view name, std::int64_t absent) {
        const std::int64_t at = node.attributes.has(name) ? node.attributes.integer(name) : absent;
        return std::clamp(at < 0 ? at + rank : at, std::int64_t{0}, rank);
    };
    const std::int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
    return {shape.begin() + start, shape.begin() + end};
}

Result<std::vector<ValueType>> infer_shape(Node& node) {
    return std::vector{ValueType{DataType::int64, {static_cast<std::int64_t>(shape_slice(node).size())}}};
}

Result<std::vector<Tensor>> evaluate_shape(const Node& node, std::span<const Tensor* const>) {
    const Shape shape = shape_slice(node);
    return only(Tensor::of<std::int64_t>({static_cast<std::int64_t>(shape.size())}, shape));
}

Result<std::vector<ValueType>> infer_size(Node&) { return std::vector{ValueType{DataType::int64, {}}}; }

Result<std::vector<Tensor>> evaluate_size(const Node& node, std::span<const Tensor* const>) {
    return only(Tensor::scalar(element_count(node.input(0)->shape)));
}

// --- Range ---

template <class T>
Result<std::int64_t> range_count(const Node& node, T start, T limit, T delta) {
    if (delta == T(0)) return tensor_error(node, node.input(2), "the step of the range is zero");
    const auto count = std::ceil((static_cast<long double>(limit) - static_cast<long double>(start)) / static_cast<long double>(delta));
    if (!(count < 0x1p31L)) return node_error(node, "the range has more elements than weft accepts");
    return std::max(std::int64_t{0}, static_cast<std::int64_t>(std::max(count, 0.0L)));
}

/// Calls f with start, step and number of elements, in the inputs' element type.
template <class F>
Result<std::vector<Tensor>> with_range(const Node& node, std::span<const Tensor* const> inputs, F f) {
    for (std::size_t i = 0; i < 3; ++i) {
        if (inputs[i]->size() != 1) return tensor_error(node, node.input(i), "the input must be a single number");
        if (inputs[i]->type() != inputs[0]->type()) return tensor_error(node, node.input(i), "the inputs differ in element type");
    }
    return visit_type(inputs[0]->type(), [&](auto e) -> Result<std::vector<Tensor>> {
        using T = decltype(e);
        const T start = inputs[0]->as<T>()[0], limit = inputs[1]->as<T>()[0], delta = inputs[2]->as<T>()[0];
        WEFT_ASSIGN(const std::int64_t count, range_count(node, start, limit, delta));
        return f(start, delta, count);
    });
}

Result<std::vector<Tensor>> evaluate_range(const Node& node, std::span<const Tensor* const> inputs) {
    return with_range(node, inputs, [&](auto start, auto delta, std::int64_t count) {
        using T = decltype(start);
        Tensor result(inputs[0]->type(), {count});
        const auto elements = result.as<T>();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            elements[i] = static_cast<T>(static_cast<long double>(start) + static_cast<long double>(i) * static_cast<long double>(delta));
        }
        return only(std::move(result));
    });
}

Result<std::vector<ValueType>> infer_range(Node& node) {
    std::vector<const Tensor*> inputs;
    for (const Value* input : node.inputs) {
        if (!input->is_constant()) {
            return tensor_error(node, input, "the bounds of a range must be constant, but are computed at run time",
                                "export the model with fixed shapes");
        }
        inputs.push_back(input->constant.get());
    }
    std::int64_t length = 0;
    WEFT_CHECK(with_range(node, inputs, [&](auto, auto, std::int64_t count) {
        length = count;
        return std::vector<Tensor>();
    }));
    return std::vector{ValueType{inputs[0]->type(), {length}}};
}

}  // namespace

extern const OpDef op_constant{
    .name = "Constant",
    .summary = "a tensor that the file holds; no texts, not sparse",
    .inputs = {0, 0},
    .outputs = {1, 1},
    .attributes = {{.name = "value", .kind = AttributeKind::tensor},
                   {.name = "value_int", .kind = AttributeKind::integer},
                   {.name = "value_float", .kind = AttributeKind::real},
                   {.name = "value_ints", .kind = AttributeKind::integers},
                   {.name = "value_floats", .kind = AttributeKind::reals}},
    .traits = {},
    .infer = infer_constant,
    .evaluate = evaluate_constant,
};

extern const OpDef op_constant_of_shape{
    .name = "ConstantOfShape",
    .since = 9,
    .summary = "a tensor of one value; the shape is constant",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "value", .kind = AttributeKind::tensor}},
    .infer = infer_constant_of_shape,
    .evaluate = evaluate_constant_of_shape,
};

extern const OpDef op_shape{
    .name = "Shape",
    .summary = "the extents of the input, or some of them",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .attributes = {{.name = "start", .kind = AttributeKind::integer}, {.name = "end", .kind = AttributeKind::integer}},
    .traits = {.shape_only = true},
    .infer = infer_shape,
    .evaluate = evaluate_shape,
};

extern const OpDef op_size{
    .name = "Size",
    .summary = "the number of elements of the input",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .traits = {.shape_only = true},
    .infer = infer_size,
    .evaluate = evaluate_size,
};

extern const OpDef op_range{
    .name = "Range",
    .since = 11,
    .summary = "numbers from a start by a step up to a limit; all inputs are constant",
    .inputs = {3, 3},
    .outputs = {1, 1},
    .attributes = {{.name = "stash_type", .kind = AttributeKind::integer, .since = 27}},
    .infer = infer_range,
    .evaluate = evaluate_range,
};

}  // namespace weft
