// elementwise_lower.cpp
// Lowering of the canonical quantize, add and concat operators.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ops/common/lowerings.h"
#include "src/graph/op_def.h"
#include "units/units.h"

namespace weft {

Status lower_typed(const Node& node, Lowering& lowering) {
    const Region* region = lowering.region();
    WEFT_ASSIGN(const TypedStream x, lowering.stream_of(node, region->source));
    AccumulatorChannel channel;
    channel.min = x.stream->min;
    channel.max = x.stream->max;
    channel.scale = Rational(x.type.scale[0]);
    channel.offset = -Rational(x.type.scale[0]) * Rational(static_cast<long>(x.type.zero_point[0]));
    const StreamShape shape = x.stream->shape;
    WEFT_ASSIGN(const Lowering::Finish finish,
                lowering.finish(node, shape, std::vector<AccumulatorChannel>(static_cast<std::size_t>(shape.channels), channel), x.map));
    if (!finish.stage) return lowering.define(node, x.stream, nullptr, x.map);
    Design& design = lowering.design();
    const std::string name = lowering.key(node);
    Stream* result = design.add_stream(name, shape, finish.min, finish.max);
    Unit* unit = design.add_unit(unit_requantize, name, {x.stream}, {result});
    unit->nodes = lowering.covered_nodes(node);
    unit->requantize = finish.stage;
    unit->set_parameter("Rows", shape.rows);
    unit->set_parameter("Columns", shape.columns);
    unit->set_parameter("Channels", shape.channels);
    return lowering.define(node, result, unit, x.map);
}

Status lower_add(const Node& node, Lowering& lowering) {
    WEFT_ASSIGN(const TypedStream a, lowering.input_or_sum(node, 0));
    WEFT_ASSIGN(const TypedStream b, lowering.input_or_sum(node, 1));
    if (node.input(0)->shape != node.input(1)->shape || a.stream->shape != b.stream->shape || !same_order(a.map, b.map)) {
        return node_error(node, "the two inputs of the sum have unlike shapes or orders",
                          "only sums of two tensors of one shape and layout are supported");
    }
    // Both scales on one exact grid: scale_i = multiplier_i * unit with integer multipliers.
    const auto& signs = node.attributes.integers("signs");
    const Rational scale_a(a.type.scale[0]), scale_b(b.type.scale[0]);
    mpz_class denominator;
    mpz_lcm(denominator.get_mpz_t(), scale_a.get_den_mpz_t(), scale_b.get_den_mpz_t());
    mpz_class k0 = scale_a.get_num() * (denominator / scale_a.get_den());
    mpz_class k1 = scale_b.get_num() * (denominator / scale_b.get_den());
    const mpz_class common = gcd(k0, k1);
    k0 /= common;
    k1 /= common;
    if (mpz_sizeinbase(k0.get_mpz_t(), 2) > 44 || mpz_sizeinbase(k1.get_mpz_t(), 2) > 44) {
        return node_error(node, "the scales of the two inputs are too far apart",
                          "quantize both inputs of the sum to scales within a factor of 2^20");
    }
    Rational unit_scale(common, denominator);
    unit_scale.canonicalize();
    const std::int64_t m0 = signs[0] * k0.get_si(), m1 = signs[1] * k1.get_si();

    AccumulatorChannel channel;
    channel.min = std::min(m0 * a.stream->min, m0 * a.stream->max) + std::min(m1 * b.stream->min, m1 * b.stream->max);
    channel.max = std::max(m0 * a.stream->min, m0 * a.stream->max) + std::max(m1 * b.stream->min, m1 * b.stream->max);
    channel.scale = unit_scale;
    channel.offset = -unit_scale * Rational(mpz_class(static_cast<long>(m0)) * static_cast<long>(a.type.zero_point[0]) +
                                            mpz_class(static_cast<long>(m1)) * static_cast<long>(b.type.zero_point[0]));
    const StreamShape shape = a.stream->shape;
    TwoInputSum sum{{m0, m1}, {a.stream->min, b.stream->min}, {a.stream->max, b.stream->max}};
    WEFT_ASSIGN(const Lowering::Finish finish, lowering.finish_sum(node, shape, sum, channel, a.map));
    Design& design = lowering.design();
    const std::string name = lowering.key(node);
    Stream* result = design.add_stream(name, shape, finish.min, finish.max);
    Unit* unit = design.add_unit(unit_add, name, {a.stream, b.stream}, {result});
    unit->nodes = lowering.covered_nodes(node);
    unit->requantize = finish.stage;
    unit->set_parameter("Rows", shape.rows);
    unit->set_parameter("Columns", shape.columns);
    unit->set_parameter("Channels", shape.channels);
    unit->constants["multipliers"] = {{2}, {sum.k[0], sum.k[1]}};
    return lowering.define(node, result, unit, a.map);
}

Status lower_concat(const Node& node, Lowering& lowering) {
    std::vector<Stream*> sources;
    std::int64_t low = 0, high = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        WEFT_ASSIGN(const TypedStream x, lowering.input(node, i));
        low = sources.empty() ? x.stream->min : std::min(low, x.stream->min);
        high = sources.empty() ? x.stream->max : std::max(high, x.stream->max);
        sources.push_back(x.stream);
    }
    const StreamShape shape = Lowering::stream_shape(*node.output());
    Design& design = lowering.design();
    const std::string name = lowering.key(node);
    Stream* result = design.add_stream(name, shape, low, high);
    Unit* unit = design.add_unit(unit_concat, name, std::move(sources), {result});
    unit->nodes = {lowering.key(node)};
    unit->set_parameter("Rows", shape.rows);
    unit->set_parameter("Columns", shape.columns);
    return lowering.define(node, result, unit);
}

}  // namespace weft
