// pool_lower.cpp
// Lowering of the canonical pooling and padding operators.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "ops/common/lowerings.h"
#include "src/graph/op_def.h"
#include "units/units.h"

namespace weft {

namespace {

/// How many elements each window along one axis averages over: all of the kernel, or only those that lie on the input and counted padding.
std::vector<std::int64_t> counts_along(std::int64_t kernel, std::int64_t stride, std::int64_t pad_before, std::int64_t counted_low,
                                       std::int64_t counted_high, int positions) {
    std::vector<std::int64_t> counts;
    for (int i = 0; i < positions; ++i) {
        const std::int64_t begin = i * stride - pad_before;
        counts.push_back(std::max<std::int64_t>(1, std::min(begin + kernel, counted_high) - std::max(begin, counted_low)));
    }
    return counts;
}

/// counts -> factors L / count and L, L their least common multiple.
std::int64_t to_factors(std::vector<std::int64_t>& counts) {
    std::int64_t common = 1;
    for (const std::int64_t count : counts) common = std::lcm(common, count);
    for (std::int64_t& count : counts) count = common / count;
    return common;
}

Status define_maximum(const Node& node, Lowering& lowering, Unit* unit, Stream* result) {
    unit->nodes = {lowering.key(node)};
    return lowering.define(node, result, unit);
}

}  // namespace

Status lower_pool(const Node& node, Lowering& lowering) {
    WEFT_ASSIGN(const TypedStream x, lowering.input(node, 0));
    const auto& kernel = node.attributes.integers("kernel");
    const auto& strides = node.attributes.integers("strides");
    const auto& pads = node.attributes.integers("pads");
    const bool maximum = node.attributes.integer("maximum") != 0;
    const WindowShape window{kernel[0], kernel[1], strides[0], strides[1], pads[0], pads[1], pads[2], pads[3]};
    const std::int64_t zero = x.type.zero_point[0];
    const StreamShape in = x.stream->shape;
    const StreamShape shape = Lowering::stream_shape(*node.output());
    Stream* source = add_window(lowering, node, x.stream, window, maximum ? x.stream->min : zero);

    Design& design = lowering.design();
    const std::string name = lowering.key(node);
    const auto add_pool = [&](Stream* result) {
        Unit* unit = design.add_unit(unit_pool, name, {source}, {result});
        unit->set_parameter("Rows", shape.rows);
        unit->set_parameter("Columns", shape.columns);
        unit->set_parameter("Taps", kernel[0] * kernel[1]);
        unit->set_parameter("Channels", shape.channels);
        unit->set_parameter("Maximum", maximum ? 1 : 0);
        unit->set_parameter("Zero", maximum ? 0 : zero);
        return unit;
    };
    if (maximum) {
        Stream* result = design.add_stream(name, shape, x.stream->min, x.stream->max);
        return define_maximum(node, lowering, add_pool(result), result);
    }

    const bool count_padding = node.attributes.integer("count_include_pad") != 0;
    const auto& counted = node.attributes.has("counted_pads") ? node.attributes.integers("counted_pads") : pads;
    std::vector<std::int64_t> row_factor = counts_along(kernel[0], strides[0], pads[0], count_padding ? -counted[0] : 0,
                                                        in.rows + (count_padding ? counted[2] : 0), shape.rows);
    std::vector<std::int64_t> column_factor = counts_along(kernel[1], strides[1], pads[1], count_padding ? -counted[1] : 0,
                                                           in.columns + (count_padding ? counted[3] : 0), shape.columns);
    const std::int64_t common = to_factors(row_factor) * to_factors(column_factor);
    const std::int64_t largest =
        *std::max_element(row_factor.begin(), row_factor.end()) * *std::max_element(column_factor.begin(), column_factor.end());
    const std::int64_t taps = kernel[0] * kernel[1];
    AccumulatorChannel channel;
    channel.min = std::min<std::int64_t>(0, (source->min - zero) * taps * largest);
    channel.max = std::max<std::int64_t>(0, (source->max - zero) * taps * largest);
    channel.scale = Rational(x.type.scale[0]) / Rational(static_cast<long>(common));
    WEFT_ASSIGN(const Lowering::Finish finish,
                lowering.finish(node, shape, std::vector<AccumulatorChannel>(static_cast<std::size_t>(shape.channels), channel)));
    Stream* result = design.add_stream(name, shape, finish.min, finish.max);
    Unit* unit = add_pool(result);
    unit->nodes = lowering.covered_nodes(node);
    unit->requantize = finish.stage;
    unit->constants["row_factor"] = {{shape.rows}, row_factor};
    unit->constants["column_factor"] = {{shape.columns}, column_factor};
    return lowering.define(node, result, unit);
}

/// Padding is a window of one tap.
Status lower_pad(const Node& node, Lowering& lowering) {
    WEFT_ASSIGN(const TypedStream x, lowering.input(node, 0));
    const auto& pads = node.attributes.integers("pads");
    const WindowShape window{.pad_top = pads[0], .pad_left = pads[1], .pad_bottom = pads[2], .pad_right = pads[3]};
    return lowering.define(node, add_window(lowering, node, x.stream, window, lowering.fill_code(node, x)), nullptr);
}

Status lower_global_pool(const Node& node, Lowering& lowering) {
    WEFT_ASSIGN(const TypedStream x, lowering.input(node, 0));
    const bool maximum = node.attributes.integer("maximum") != 0;
    const StreamShape in = x.stream->shape;
    StreamShape shape;
    shape.channels = in.channels;
    Design& design = lowering.design();
    const std::string name = lowering.key(node);
    const auto add_pool = [&](Stream* result) {
        Unit* unit = design.add_unit(unit_global_pool, name, {x.stream}, {result});
        unit->set_parameter("Rows", in.rows);
        unit->set_parameter("Columns", in.columns);
        unit->set_parameter("Channels", in.channels);
        unit->set_parameter("Maximum", maximum ? 1 : 0);
        return unit;
    };
    if (maximum) {
        Stream* result = design.add_stream(name, shape, x.stream->min, x.stream->max);
        return define_maximum(node, lowering, add_pool(result), result);
    }
    const std::int64_t count = in.positions();
    AccumulatorChannel channel;
    channel.min = x.stream->min * count;
    channel.max = x.stream->max * count;
    channel.scale = Rational(x.type.scale[0]) / Rational(static_cast<long>(count));
    channel.offset = -Rational(x.type.scale[0]) * Rational(static_cast<long>(x.type.zero_point[0]));
    WEFT_ASSIGN(const Lowering::Finish finish,
                lowering.finish(node, shape, std::vector<AccumulatorChannel>(static_cast<std::size_t>(shape.channels), channel)));
    Stream* result = design.add_stream(name, shape, finish.min, finish.max);
    Unit* unit = add_pool(result);
    unit->nodes = lowering.covered_nodes(node);
    unit->requantize = finish.stage;
    return lowering.define(node, result, unit);
}

}  // namespace weft
