// conv.cpp
// Convolution over two spatial axes.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/canonical_window.h"
#include "ops/common/convolution.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"
#include "ops/common/window.h"

namespace weft {

namespace {

Result<std::vector<ValueType>> infer_conv(Node& node) {
    const Value* x = node.input(0);
    const Value* weight = node.input(1);
    if (!is_float(x->type))
        return tensor_error(node, x, "convolution of " + std::string(to_string(x->type)) + " elements is not supported");
    if (weight->type != x->type)
        return tensor_error(node, weight,
                            "the weight is " + std::string(to_string(weight->type)) + ", the input " + std::string(to_string(x->type)));
    WEFT_CHECK(check_image(node, x, "convolution"));
    if (weight->shape.size() != 4)
        return tensor_error(node, weight, "the weight needs four axes; its shape is " + to_string(weight->shape));
    const std::int64_t groups = node.attributes.integer("group"), outputs = weight->shape[0], channels = x->shape[1];
    if (groups < 1) return node_error(node, "attribute 'group' is " + std::to_string(groups));
    if (channels % groups != 0 || weight->shape[1] != channels / groups) {
        return tensor_error(node, weight,
                            "the weight " + to_string(weight->shape) + " in " + std::to_string(groups) +
                                (groups == 1 ? " group" : " groups") + " does not fit an input of " + std::to_string(channels) +
                                " channels");
    }
    if (outputs % groups != 0)
        return tensor_error(node, weight,
                            std::to_string(outputs) + " output channels do not divide into " + std::to_string(groups) + " groups");
    const Value* bias = node.input(2);
    if (bias && bias->type != x->type)
        return tensor_error(node, bias,
                            "the bias is " + std::string(to_string(bias->type)) + ", the input " + std::string(to_string(x->type)));
    if (bias && bias->shape != Shape{outputs}) {
        return tensor_error(
            node, bias,
            "the bias has shape " + to_string(bias->shape) + " but the node has " + std::to_string(outputs) + " output channels");
    }
    const std::array<std::int64_t, 2> kernel{weight->shape[2], weight->shape[3]};
    WEFT_ASSIGN(const Window window, normalise_window(node, {x->shape[2], x->shape[3]}, &kernel));
    const Shape shape{x->shape[0], outputs, window.positions(0, x->shape[2]), window.positions(1, x->shape[3])};
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{x->type, shape}};
}

Result<std::vector<Tensor>> evaluate_conv(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    const Tensor& weight = *inputs[1];
    const Tensor* bias = inputs.size() > 2 ? inputs[2] : nullptr;
    ConvolutionShape shape{.batch = x.shape()[0],
                           .channels = x.shape()[1],
                           .height = x.shape()[2],
                           .width = x.shape()[3],
                           .outputs = weight.shape()[0],
                           .groups = node.attributes.integer("group"),
                           .window = window_of(node)};
    Tensor y(x.type(), {shape.batch, shape.outputs, shape.out_height(), shape.out_width()});
    if (x.type() == DataType::float64) {
        convolve(shape, x.as<double>().data(), weight.as<double>().data(), bias ? bias->as<double>().data() : nullptr,
                 y.as<double>().data());
    } else {
        convolve(shape, x.as<float>().data(), weight.as<float>().data(), bias ? bias->as<float>().data() : nullptr, y.as<float>().data());
    }
    return only(std::move(y));
}

Result<bool> conv_to_linear(Graph& graph, Node* node) {
    Value* weight = node->input(1);
    if (!is_fixed(weight)) {
        return tensor_error(*node, weight, "the weight is computed by the model", "only convolutions with constant weights are supported");
    }
    const Window window = window_of(*node);
    for (int axis = 0; axis < 2; ++axis) {
        if (window.dilations[axis] != 1 && window.kernel[axis] != 1) {
            return node_error(*node, "a dilated convolution is not supported",
                              "use dilation 1, or a larger kernel with zeros between its taps");
        }
    }
    const std::string& name = node->output()->name;
    const Shape& s = weight->shape;
    WEFT_ASSIGN(Value* const image, to_channels_last(graph, node->opset, node->input(0), name + "_input"));
    WEFT_ASSIGN(Value* const taps, add_view(graph, node->opset, weight, {0, 2, 3, 1}, {s[0], s[2], s[3], s[1]}, weight->name + "_by_tap"));
    Attributes attributes;
    attributes.set("group", node->attributes.integer("group"));
    attributes.set("pads", node->attributes.integers("pads"));
    attributes.set("strides", node->attributes.integers("strides"));
    WEFT_ASSIGN(Value* const sums, add_inferred(graph, op_weft_linear, node->name, node->opset, {image, taps, node->input(2)},
                                                std::move(attributes), name + "_channels_last"));
    WEFT_ASSIGN(Value* const result, to_channels_first(graph, node->opset, sums, name + "_channels_first"));
    take_over(graph, node, result);
    return true;
}

const LinearTrait conv_linear{
    .weight = 1,
    .bias = 2,
    .out_axis = [](const Node&) { return 0; },
    .factors = nullptr,
    .applies = [](const Node& node) { return is_fixed(node.input(1)); },
};

const Traits conv_traits{.linear = conv_linear, .accumulates = true};

}  // namespace

extern const OpDef op_conv{
    .name = "Conv",
    .since = 1,
    .summary = "convolution over two spatial axes, in groups; in hardware constant weight and bias, no dilation",
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = convolution_attributes(),
    .traits = conv_traits,
    .infer = infer_conv,
    .evaluate = evaluate_conv,
    .rewrites = {{"convolution-to-linear", conv_to_linear}},
};

}  // namespace weft
