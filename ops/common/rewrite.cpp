// rewrite.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/rewrite.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace weft {

bool is_fixed(const Value* value) {
    if (value->is_constant()) return true;
    const Node* producer = value->producer;
    return producer &&
           std::all_of(producer->inputs.begin(), producer->inputs.end(), [](const Value* input) { return !input || is_fixed(input); });
}

const Tensor* plain_constant(const Value* value) { return value->integer ? nullptr : value->constant.get(); }

Result<Tensor> fixed_reals(const Value* value) {
    if (value->is_constant()) return is_float(value->type) ? value->constant->cast(DataType::float64) : *value->constant;
    const Node& producer = *value->producer;
    assert(producer.op->evaluate);
    std::vector<Tensor> inputs(producer.inputs.size());
    std::vector<const Tensor*> given;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (producer.inputs[i]) {
            WEFT_ASSIGN(inputs[i], fixed_reals(producer.inputs[i]));
        }
        given.push_back(producer.inputs[i] ? &inputs[i] : nullptr);
    }
    WEFT_ASSIGN(std::vector<Tensor> outputs, producer.op->evaluate(producer, given));
    const auto index = std::find(producer.outputs.begin(), producer.outputs.end(), value) - producer.outputs.begin();
    return std::move(outputs[static_cast<std::size_t>(index)]);
}

std::vector<std::int64_t> identity_perm(std::size_t rank) {
    std::vector<std::int64_t> perm(rank);
    std::iota(perm.begin(), perm.end(), 0);
    return perm;
}

Result<Value*> add_inferred(Graph& graph, const OpDef& op, std::string_view name, int opset, std::vector<Value*> inputs,
                            Attributes attributes, std::string_view wanted) {
    Value* output = graph.add_value(graph.unique_name(wanted), inputs.front()->type, {});
    Node* node = graph.add_node(op, std::string(name), opset, std::move(inputs), {output}, std::move(attributes));
    WEFT_ASSIGN(const auto types, op.infer(*node));
    output->type = types.front().type;
    output->shape = types.front().shape;
    return output;
}

Result<Value*> add_view(Graph& graph, int opset, Value* value, const std::vector<std::int64_t>& permutation, const Shape& shape,
                        std::string_view wanted) {
    const std::vector<std::int64_t> perm = permutation.empty() ? identity_perm(value->shape.size()) : permutation;
    if (perm == identity_perm(perm.size()) && shape == value->shape) return value;
    Attributes attributes;
    attributes.set("perm", perm);
    attributes.set("shape", shape);
    WEFT_ASSIGN(Value* const view, add_inferred(graph, op_for(OpRole::view), "", opset, {value}, std::move(attributes), wanted));
    view->stands_for = value->user_name();
    if (!value->integer) return view;
    if (value->integer->axis < 0) {
        view->integer = value->integer;
        return view;
    }
    const auto moved = std::find(perm.begin(), perm.end(), value->integer->axis) - perm.begin();
    const auto elements_before = [](const Shape& of, std::size_t axis) {
        return element_count(Shape(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(axis)));
    };
    Shape permuted;
    for (const std::int64_t axis : perm) permuted.push_back(value->shape[static_cast<std::size_t>(axis)]);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis] == permuted[static_cast<std::size_t>(moved)] &&
            elements_before(shape, axis) == elements_before(permuted, static_cast<std::size_t>(moved))) {
            view->integer = value->integer;
            view->integer->axis = static_cast<int>(axis);
            break;
        }
    }
    return view;
}

Result<Value*> to_channels_last(Graph& graph, int opset, Value* value, std::string_view wanted) {
    const Shape& s = value->shape;
    return add_view(graph, opset, value, {0, 2, 3, 1}, {s[0], s[2], s[3], s[1]}, wanted);
}

Result<Value*> to_channels_first(Graph& graph, int opset, Value* value, std::string_view wanted) {
    const Shape& s = value->shape;
    return add_view(graph, opset, value, {0, 3, 1, 2}, {s[0], s[3], s[1], s[2]}, wanted);
}

void read_instead(Graph& graph, Value* value, Value* same) {
    graph.replace_uses(value, same);
    if (same->stands_for.empty() || !value->stands_for.empty()) return;
    const std::string name = value->name;
    graph.rename(value, graph.unique_name(name + "_replaced"));
    graph.rename(same, name);
    same->stands_for.clear();
}

void take_over(Graph& graph, Node* node, Value* result) {
    Value* output = node->output();
    assert(output->shape == result->shape);
    Node* maker = result->producer;
    if (!maker || graph.readers(result).size() > 0 || graph.is_output(result)) {
        read_instead(graph, output, result);
        return;
    }
    std::replace(maker->outputs.begin(), maker->outputs.end(), result, output);
    output->producer = maker;
    std::replace(node->outputs.begin(), node->outputs.end(), output, result);
    result->producer = node;
}

}  // namespace weft
