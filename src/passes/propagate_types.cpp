// propagate_types.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/graph/rational.h"
#include "src/passes/pass.h"

namespace weft {

namespace {

/// An integer of one type is the same real number in the other.
bool means_the_same(const IntegerType& a, const IntegerType& b) {
    return a.scale == b.scale && a.zero_point == b.zero_point && a.axis == b.axis;
}

/// The integers of both: values side by side may be limited differently, by the functions that they come from.
IntegerType hull(IntegerType a, const IntegerType& b) {
    a.step = a.step == b.step && (a.min - b.min) % a.step == 0 ? a.step : 1;
    a.min = std::min(a.min, b.min);
    a.max = std::max(a.max, b.max);
    return a;
}

/// Whether what the node adds to its input's elements, if anything, is an integer of `type` too.
bool holds_fill(const Node& node, const IntegerType& type) {
    if (!node.op->traits.fill_value) return true;
    const std::optional<double> fill = node.op->traits.fill_value(node);
    if (!fill || !std::isfinite(*fill)) return false;
    const Rational integer = Rational(*fill) / Rational(type.scale[0]) + Rational(mpz_class(static_cast<long>(type.zero_point[0])));
    const mpz_class offset = integer.get_num() - mpz_class(static_cast<long>(type.min));
    return integer.get_den() == 1 && integer >= type.min && integer <= type.max && offset % static_cast<long>(type.step) == 0;
}

}  // namespace

Status propagate_types(Graph& graph, PassLog& log) {
    for (const auto& node : graph.nodes()) {
        if (handed_on(*node).empty()) continue;
        Value* output = node->output();
        if (output->integer) continue;
        std::optional<IntegerType> type;
        bool agree = true;
        for (std::size_t i = 0; i < node->inputs.size(); ++i) {
            if (!hands_on(*node, i)) continue;
            const Value* input = node->input(i);
            if (!input || !input->integer || input->integer->scale.size() != 1 || (type && !means_the_same(*type, *input->integer))) {
                agree = false;
            } else {
                type = type ? hull(*type, *input->integer) : *input->integer;
            }
        }
        if (!agree || !type || !holds_fill(*node, *type)) continue;
        output->integer = type;
        log.push_back(output->name + ": " + to_string(*type));
    }
    return Ok{};
}

}  // namespace weft
