// linear_lower.cpp
// Lowering of the canonical linear operator: window, matvec, depthwise.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "ops/common/lowerings.h"
#include "src/graph/op_def.h"
#include "units/units.h"

namespace weft {

namespace {

struct Weights {
    NarrowIntegers codes;         ///< [outputs][taps][inputs of one group]
    std::vector<Rational> scale;  ///< Per output channel.
    int bits = 1;
};

Result<Weights> read_weights(const Node& node) {
    const Value* value = node.input(1);
    if (!is_exact_constant(value)) {
        return tensor_error(node, value, "the weight is computed by the model", "only constant weights are supported");
    }
    WEFT_ASSIGN(ConstantReal real, constant_real(value));
    if (!real.quantized) {
        return tensor_error(node, value, "the weight is not quantized",
                            "give calibration data (--calibrate DATA) so that weft quantizes it, or quantize the model completely");
    }
    Weights weights;
    const std::int64_t outputs = value->shape[0];
    const std::int64_t fan_in = real.size() / outputs;
    for (std::int64_t o = 0; o < outputs; ++o) {
        const auto scale = real.common_scale(o * fan_in, fan_in);
        if (!scale) {
            return tensor_error(node, value, "the weight has scales along another axis than the output channels",
                                "quantize weights per tensor or per output channel");
        }
        weights.scale.emplace_back(*scale);
    }
    weights.codes = std::move(real.codes);
    const auto [low, high] = weights.codes.range();
    weights.bits = bits_for(std::min<std::int64_t>(low, -1), high);
    if (weights.bits > 9) {
        return tensor_error(node, value,
                            "the weights need " + std::to_string(weights.bits) + " bits; the hardware takes up to 8 (9 with a zero point)",
                            "quantize the weights to 8 bits");
    }
    return weights;
}

/// Reals of the bias per output channel, zero where there is none.
Result<std::vector<Rational>> read_bias(const Node& node, std::int64_t outputs) {
    std::vector<Rational> bias(static_cast<std::size_t>(outputs));
    const Value* value = node.input(2);
    if (!value) return bias;
    if (!is_exact_constant(value))
        return tensor_error(node, value, "the bias is computed by the model", "only a constant bias is supported");
    WEFT_ASSIGN(const ConstantReal real, constant_real(value));
    assert(real.size() == outputs);
    for (std::int64_t o = 0; o < outputs; ++o) bias[static_cast<std::size_t>(o)] = real.exact(o);
    return bias;
}

WindowShape window_of(const Node& node) {
    const Shape& weight = node.input(1)->shape;
    const auto& strides = node.attributes.integers("strides");
    const auto& pads = node.attributes.integers("pads");
    return {weight[1], weight[2], strides[0], strides[1], pads[0], pads[1], pads[2], pads[3]};
}

}  // namespace

Status lower_linear(const Node& node, Lowering& lowering) {
    WEFT_ASSIGN(Weights weights, read_weights(node));
    const Shape& weight_shape = node.input(1)->shape;
    const std::int64_t outputs = weight_shape[0];
    const std::int64_t taps = weight_shape[1] * weight_shape[2];
    const std::int64_t group_inputs = weight_shape[3];
    const std::int64_t groups = node.attributes.integer("group");
    const std::int64_t inputs = group_inputs * groups;
    const bool depthwise = groups > 1;
    if (depthwise && group_inputs != 1) {
        return node_error(node, "grouped convolution with " + std::to_string(group_inputs) + " channels a group is not supported",
                          "use group = 1 or depthwise convolution (group = input channels)");
    }
    const WindowShape window = window_of(node);
    const bool dense = window.is_trivial() && node.output()->shape.size() == 2 && !depthwise;

    WEFT_ASSIGN(const TypedStream x, dense ? lowering.input_any_order(node, 0) : lowering.input(node, 0));
    if (x.type.bits() > 8) {
        return tensor_error(node, node.input(0), "the input has " + std::to_string(x.type.bits()) + " bits; the hardware takes up to 8",
                            "quantize the input of linear operators to 8 bits or fewer");
    }
    const std::int64_t zero = x.type.zero_point[0];
    const Rational scale_x(x.type.scale[0]);
    WEFT_ASSIGN(const std::vector<Rational> bias, read_bias(node, outputs));

    Stream* source = x.stream;
    bool flatten = false;
    if (dense) {
        // Element j of the vector is element map[j] of the stream: the weights follow the stream's order.
        flatten = source->shape.positions() > 1;
        if (x.map) {
            Tensor permuted(weights.codes.tensor().type(), weights.codes.tensor().shape());
            weights.codes.visit([&]<class T>(std::span<const T> codes) {
                const std::span<T> to = permuted.as<T>();
                const auto row = static_cast<std::size_t>(inputs);
                for (std::size_t first = 0; first < codes.size(); first += row)
                    for (std::size_t j = 0; j < row; ++j) to[first + static_cast<std::size_t>((*x.map)[j])] = codes[first + j];
            });
            weights.codes = NarrowIntegers(std::move(permuted));
        }
    } else if (!window.is_trivial()) {
        source = add_window(lowering, node, source, window, zero);
    }

    const StreamShape shape = Lowering::stream_shape(*node.output());
    const std::int64_t fan_in = taps * group_inputs;
    const double factor = node.attributes.has("weight_factor") ? node.attributes.real("weight_factor") : 1.0;
    std::vector<AccumulatorChannel> channels(static_cast<std::size_t>(outputs));
    std::int64_t acc_min = 0, acc_max = 0;
    for (std::int64_t o = 0; o < outputs; ++o) {
        AccumulatorChannel& channel = channels[static_cast<std::size_t>(o)];
        const auto [positive, negative] =
            weights.codes.sums_of_signs(static_cast<std::size_t>(o * fan_in), static_cast<std::size_t>(fan_in));
        const std::int64_t sum = positive + negative;
        channel.min = positive * source->min + negative * source->max;
        channel.max = positive * source->max + negative * source->min;
        channel.scale = weights.scale[static_cast<std::size_t>(o)] * scale_x * Rational(factor);
        channel.offset = bias[static_cast<std::size_t>(o)] - channel.scale * Rational(static_cast<long>(sum * zero));
        acc_min = std::min(acc_min, channel.min);
        acc_max = std::max(acc_max, channel.max);
    }
    WEFT_ASSIGN(const Lowering::Finish finish, lowering.finish(node, shape, std::move(channels)));

    Design& design = lowering.design();
    const std::string name = lowering.key(node);
    Stream* result = design.add_stream(name, shape, finish.min, finish.max);
    Unit* unit = design.add_unit(depthwise ? unit_depthwise : unit_matvec, name, {source}, {result});
    unit->nodes = lowering.covered_nodes(node);
    unit->requantize = finish.stage;
    unit->set_parameter("Rows", shape.rows);
    unit->set_parameter("Columns", shape.columns);
    unit->set_parameter("WeightBits", weights.bits);
    unit->set_parameter("AccumulatorBits", bits_for(std::min<std::int64_t>(acc_min, -1), acc_max));
    if (depthwise) {
        unit->set_parameter("Taps", taps);
        unit->set_parameter("Channels", inputs);
        unit->set_parameter("Multiplier", outputs / groups);
        unit->constants["weights"] = {{static_cast<int>(outputs), static_cast<int>(taps)}, std::move(weights.codes)};
    } else {
        const std::int64_t vector_taps = flatten ? source->shape.positions() : taps;
        const std::int64_t vector_channels = flatten ? source->shape.channels : inputs;
        unit->set_parameter("Taps", vector_taps);
        unit->set_parameter("Channels", vector_channels);
        unit->set_parameter("Outputs", outputs);
        unit->set_parameter("Flatten", flatten ? 1 : 0);
        unit->constants["weights"] = {{static_cast<int>(outputs), static_cast<int>(vector_taps), static_cast<int>(vector_channels)},
                                      std::move(weights.codes)};
    }
    return lowering.define(node, result, unit);
}

}  // namespace weft
