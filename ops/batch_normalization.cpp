// batch_normalization.cpp
// Batch normalisation at inference: an affine map of each channel.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

namespace {

enum Input { input_x, input_scale, input_bias, input_mean, input_variance };

Result<std::vector<ValueType>> infer_batch_normalization(Node& node) {
    const Value* x = node.input(0);
    if (!is_float(x->type))
        return tensor_error(node, x, "batch normalisation of " + std::string(to_string(x->type)) + " elements is not supported");
    if (x->shape.size() < 2) return tensor_error(node, x, "batch normalisation needs a channel axis; the shape is " + to_string(x->shape));
    Attributes& attributes = node.attributes;
    const auto is_set = [&](std::string_view name, std::int64_t fallback) {
        return (attributes.has(name) ? attributes.integer(name) : fallback) != 0;
    };
    bool training = is_set("training_mode", 0) || (node.opset < 7 && !is_set("is_test", 1));
    for (std::size_t i = 1; i < node.outputs.size(); ++i) training |= node.outputs[i] != nullptr;
    if (training)
        return node_error(node, "the node is in training mode",
                          "export the model for inference: model.eval() in PyTorch, training=False in TensorFlow");
    if (!is_set("spatial", 1))
        return node_error(node, "statistics of single positions (spatial=0) are not supported",
                          "use statistics of a whole channel (spatial=1)");
    for (const char* name : {"training_mode", "is_test", "spatial", "momentum"}) attributes.erase(name);
    const std::int64_t channels = x->shape[1];
    for (const int index : {input_scale, input_bias, input_mean, input_variance}) {
        const Value* value = node.input(static_cast<std::size_t>(index));
        if (!is_fixed(value))
            return tensor_error(node, value, "the statistics are computed by the model", "only constant statistics are supported");
        if (value->shape != Shape{channels}) {
            return tensor_error(node, value,
                                "the shape is " + to_string(value->shape) + " but the input has " + std::to_string(channels) + " channels");
        }
    }
    if (const Value* variance = node.input(input_variance); variance->is_constant()) {
        for (const double v : variance->constant->to_doubles()) {
            if (!(v + attributes.real("epsilon") > 0))
                return tensor_error(node, variance, "a variance plus epsilon is not positive: " + std::to_string(v));
        }
    }
    return std::vector{ValueType{x->type, x->shape}};
}

/// scale / sqrt(variance + epsilon), rounded once to double: the factor that every face uses, so that they agree exactly.
double factor_of(const Node& node, long double scale, long double variance) {
    return static_cast<double>(scale / std::sqrt(variance + static_cast<long double>(node.attributes.real("epsilon"))));
}

template <class T>
Tensor normalise(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor& x = *inputs[0];
    const std::int64_t channels = x.shape()[1], positions = x.size() / std::max<std::int64_t>(1, x.shape()[0] * channels);
    Tensor y(x.type(), x.shape());
    const T* source = x.as<T>().data();
    T* target = y.as<T>().data();
    for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
        for (std::int64_t c = 0; c < channels; ++c) {
            const T factor = static_cast<T>(factor_of(node, inputs[input_scale]->at(c), inputs[input_variance]->at(c)));
            const T mean = static_cast<T>(inputs[input_mean]->at(c)), bias = static_cast<T>(inputs[input_bias]->at(c));
            for (std::int64_t i = 0; i < positions; ++i) *target++ = (*source++ - mean) * factor + bias;
        }
    }
    return y;
}

Result<std::vector<Tensor>> evaluate_batch_normalization(const Node& node, std::span<const Tensor* const> inputs) {
    return only(inputs[0]->type() == DataType::float64 ? normalise<double>(node, inputs) : normalise<float>(node, inputs));
}

long double real_value(const Node& node, std::span<const long double> in) {
    return (in[input_x] - in[input_mean]) * factor_of(node, in[input_scale], in[input_variance]) + in[input_bias];
}

/// The factor of one channel, empty where the variance plus epsilon is not positive.
std::optional<Rational> exact_factor(const Node& node, std::span<const Rational> in) {
    const double factor = factor_of(node, in[input_scale].get_d(), in[input_variance].get_d());
    if (!std::isfinite(factor)) return std::nullopt;
    return Rational(factor);
}

std::optional<Rational> exact_value(const Node& node, std::span<const Rational> in) {
    const auto factor = exact_factor(node, in);
    if (!factor) return std::nullopt;
    return Rational((in[input_x] - in[input_mean]) * *factor + in[input_bias]);
}

std::optional<PiecewiseLinear> exact_pieces(const Node& node, int varying, std::span<const Rational> in) {
    const auto factor = exact_factor(node, in);
    if (varying != input_x || !factor) return std::nullopt;
    return PiecewiseLinear{{}, {{*factor, Rational(in[input_bias] - in[input_mean] * *factor)}}};
}

const Traits affine_traits{.elementwise =
                               ElementwiseTrait{.real = real_value, .exact = exact_value, .pieces = exact_pieces, .channel_axis = 1}};

}  // namespace

extern const OpDef op_batch_normalization{
    .name = "BatchNormalization",
    .since = 6,
    .summary = "normalisation of each channel by stored statistics; inference only, constant statistics for each channel (spatial = 1)",
    .inputs = {5, 5},
    .outputs = {1, 5},
    .attributes = {{.name = "epsilon", .kind = AttributeKind::real, .fallback = static_cast<double>(1e-5F)},
                   {.name = "is_test", .kind = AttributeKind::integer, .until = 6},
                   {.name = "momentum", .kind = AttributeKind::real},
                   {.name = "spatial", .kind = AttributeKind::integer, .until = 8},
                   {.name = "training_mode", .kind = AttributeKind::integer}},
    .traits = affine_traits,
    .infer = infer_batch_normalization,
    .evaluate = evaluate_batch_normalization,
};

}  // namespace weft
