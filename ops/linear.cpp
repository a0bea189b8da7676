// linear.cpp
// The canonical linear operator: a convolution over channels-last images, or a dense layer over the last axis.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/convolution.h"
#include "ops/common/lowerings.h"
#include "ops/common/matrix_product.h"
#include "ops/common/pad.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

namespace {

Window linear_window(const Node& node, const Shape& weight) {
    Window window;
    const auto& strides = node.attributes.integers("strides");
    const auto& pads = node.attributes.integers("pads");
    window.kernel = {weight[1], weight[2]};
    std::copy(strides.begin(), strides.end(), window.strides.begin());
    std::copy(pads.begin(), pads.end(), window.pads.begin());
    return window;
}

Result<std::vector<ValueType>> infer_linear(Node& node) {
    const Value* x = node.input(0);
    const Value* weight = node.input(1);
    const std::size_t rank = x->shape.size();
    if (!is_float(x->type))
        return tensor_error(node, x, "a linear operator on " + std::string(to_string(x->type)) + " elements is not supported");
    if (rank < 2) return tensor_error(node, x, "a linear operator needs a channel axis; the shape is " + to_string(x->shape));
    if (weight->shape.size() != 4)
        return tensor_error(node, weight, "the weight needs four axes; its shape is " + to_string(weight->shape));
    if (!node.attributes.has("strides")) node.attributes.set("strides", std::vector<std::int64_t>(2, 1));
    if (!node.attributes.has("pads")) node.attributes.set("pads", std::vector<std::int64_t>(4, 0));
    if (!node.attributes.has("group")) node.attributes.set("group", std::int64_t{1});
    const std::int64_t groups = node.attributes.integer("group"), outputs = weight->shape[0], channels = x->shape.back();
    if (groups < 1 || channels % groups != 0 || outputs % groups != 0 || weight->shape[3] != channels / groups) {
        return tensor_error(node, weight,
                            "the weight " + to_string(weight->shape) + " in " + std::to_string(groups) +
                                " groups does not fit an input of " + std::to_string(channels) + " channels");
    }
    if (const Value* bias = node.input(2); bias && bias->shape != Shape{outputs}) {
        return tensor_error(
            node, bias,
            "the bias has shape " + to_string(bias->shape) + " but the node has " + std::to_string(outputs) + " output channels");
    }
    const Window window = linear_window(node, weight->shape);
    Shape shape = x->shape;
    shape.back() = outputs;
    if (rank == 4) {
        for (int axis = 0; axis < 2; ++axis) {
            shape[static_cast<std::size_t>(axis) + 1] = window.positions(axis, x->shape[static_cast<std::size_t>(axis) + 1]);
            if (shape[static_cast<std::size_t>(axis) + 1] < 1)
                return tensor_error(node, x, "the window is larger than the padded input " + to_string(x->shape));
        }
    } else if (element_count(Shape(weight->shape.begin() + 1, weight->shape.begin() + 3)) != 1 || groups != 1) {
        return tensor_error(node, x, "a window needs an input of four axes; the shape is " + to_string(x->shape));
    }
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{x->type, shape}};
}

template <class T>
Tensor linear_typed(const Node& node, const Tensor& x, const Tensor& weight, const Tensor* bias) {
    const std::int64_t outputs = weight.shape()[0], depth = weight.size() / outputs;
    Tensor scaled;
    const T* factors = weight.as<T>().data();
    if (node.attributes.has("weight_factor")) {
        scaled = weight;
        for (T& element : scaled.as<T>()) element *= static_cast<T>(node.attributes.real("weight_factor"));
        factors = scaled.as<T>().data();
    }
    const T* addend = bias ? bias->as<T>().data() : nullptr;
    Shape shape = x.shape();
    shape.back() = outputs;
    if (x.shape().size() == 4) {
        const ConvolutionShape convolution{.layout = Layout::channels_last,
                                           .batch = shape[0],
                                           .channels = x.shape()[3],
                                           .height = shape[1],
                                           .width = shape[2],
                                           .outputs = outputs,
                                           .groups = node.attributes.integer("group"),
                                           .window = linear_window(node, weight.shape())};
        shape[1] = convolution.out_height();
        shape[2] = convolution.out_width();
        Tensor y(x.type(), shape);
        convolve(convolution, x.as<T>().data(), factors, addend, y.as<T>().data());
        return y;
    }
    Tensor y(x.type(), shape);
    const std::int64_t rows = y.size() / outputs;
    T* target = y.as<T>().data();
    gemm(rows, outputs, depth, row_major(x.as<T>().data(), depth), transposed(factors, depth), target, outputs);
    for (std::int64_t row = 0; addend && row < rows; ++row) {
        for (std::int64_t o = 0; o < outputs; ++o) *target++ += addend[o];
    }
    return y;
}

Result<std::vector<Tensor>> evaluate_linear(const Node& node, std::span<const Tensor* const> inputs) {
    const DataType type = inputs[0]->type();
    const auto typed = type == DataType::float64 ? linear_typed<double> : linear_typed<float>;
    // Rewrites compute weights and biases in double, whatever the type of the layer.
    Tensor weight, bias;
    const Tensor* operands[] = {inputs[1], inputs.size() > 2 ? inputs[2] : nullptr};
    if (operands[0]->type() != type) operands[0] = &(weight = operands[0]->cast(type));
    if (operands[1] && operands[1]->type() != type) operands[1] = &(bias = operands[1]->cast(type));
    return only(typed(node, *inputs[0], *operands[0], operands[1]));
}

Result<bool> absorb_zeros(Graph&, Node* node) {
    if (node->input(0)->shape.size() != 4) return false;
    return absorb_pad(node, [](double value) { return value == 0; });
}

double weight_factor(const Node& node) { return node.attributes.has("weight_factor") ? node.attributes.real("weight_factor") : 1.0; }

const LinearTrait canonical_linear{
    .weight = 1,
    .bias = 2,
    .out_axis = [](const Node&) { return 0; },
    .factors = [](const Node& node) { return std::pair(weight_factor(node), 1.0); },
    .applies = nullptr,
};

const Traits linear_traits{.role = OpRole::linear, .linear = canonical_linear, .accumulates = true};

}  // namespace

extern const OpDef op_weft_linear{
    .name = "linear",
    .domain = "weft",
    .summary = "sums of weights [O, KH, KW, I] and a channels-last input, per window of two spatial axes or over the last axis",
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = {{.name = "group", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
                   {.name = "pads", .kind = AttributeKind::integers},
                   {.name = "strides", .kind = AttributeKind::integers},
                   {.name = "weight_factor", .kind = AttributeKind::real}},
    .traits = linear_traits,
    .infer = infer_linear,
    .evaluate = evaluate_linear,
    .rewrites = {{"absorb-padding", absorb_zeros}},
    .lower = lower_linear,
};

}  // namespace weft
