// type_functions.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/passes/pass.h"
#include "src/quantize/constant.h"

namespace weft {

namespace {

/// Types of more integers are not tried out.
constexpr std::int64_t most_integers = 1 << 16;
/// What the operand of a linear operator may have.
constexpr int linear_bits = 8;

/// The one number that a constant consists of.
std::optional<Rational> one_number(const Value* value) {
    const auto constant = constant_real(value);
    if (!constant || constant->size() < 1) return std::nullopt;
    const Rational first = constant->exact(0);
    for (std::int64_t i = 1; i < constant->size(); ++i) {
        if (constant->exact(i) != first) return std::nullopt;
    }
    return first;
}

/// An elementwise node with one varying input of its output's shape, the others the same number everywhere.
struct Function {
    const Node* node;
    std::size_t varying;
    std::vector<Rational> inputs;  ///< 0 where varying or left out.
};

std::optional<Function> function_of(const Node& node) {
    if (!is_elementwise(node) || node.op->traits.role == OpRole::typed) return std::nullopt;
    std::optional<std::size_t> varying;
    std::vector<Rational> inputs(node.inputs.size(), Rational(0));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!node.inputs[i]) continue;
        if (!is_exact_constant(node.inputs[i])) {
            if (varying) return std::nullopt;
            varying = i;
        } else if (const auto number = one_number(node.inputs[i])) {
            inputs[i] = *number;
        } else {
            return std::nullopt;
        }
    }
    if (!varying || node.inputs[*varying]->shape != node.output()->shape) return std::nullopt;
    return Function{&node, *varying, std::move(inputs)};
}

/// The same integers under another scale and zero point, where the function is a rising line.
std::optional<IntegerType> scaled_type(const Function& function, const IntegerType& from) {
    const auto face = function.node->op->traits.elementwise->pieces;
    const auto pieces = face ? face(*function.node, static_cast<int>(function.varying), function.inputs) : std::nullopt;
    if (!pieces || !pieces->is_affine() || pieces->lines[0].slope <= 0) return std::nullopt;
    const Rational scale = pieces->lines[0].slope * Rational(from.scale[0]);
    const Rational zero = Rational(static_cast<long>(from.zero_point[0])) - pieces->lines[0].intercept / scale;
    // What pads feeds the zero point.
    if (Rational(scale.get_d()) != scale || zero.get_den() != 1 || zero < from.min || zero > from.max) return std::nullopt;
    IntegerType type = from;
    type.scale[0] = scale.get_d();
    type.zero_point[0] = zero.get_num().get_si();
    return type;
}

/// Other integers of the same scale and zero point, where every result is one (a rectifier's, a limit's).
std::optional<IntegerType> limited_type(const Function& function, const IntegerType& from) {
    const auto face = function.node->op->traits.elementwise->exact;
    if (!face || from.max - from.min >= most_integers) return std::nullopt;
    const Rational scale(from.scale[0]), zero(static_cast<long>(from.zero_point[0]));
    IntegerType type = from;
    type.step = 1;
    type.min = type.max = from.zero_point[0];
    std::vector<Rational> inputs = function.inputs;
    for (std::int64_t integer = from.min; integer <= from.max; ++integer) {
        inputs[function.varying] = (Rational(static_cast<long>(integer)) - zero) * scale;
        const auto real = face(*function.node, inputs);
        if (!real) return std::nullopt;
        const Rational result = *real / scale + zero;
        if (result.get_den() != 1 || abs(result) > most_integers) return std::nullopt;
        type.min = std::min(type.min, std::int64_t{result.get_num().get_si()});
        type.max = std::max(type.max, std::int64_t{result.get_num().get_si()});
    }
    return type.bits() <= std::max(from.bits(), linear_bits) ? std::optional(type) : std::nullopt;
}

/// The type that says the reals of `value` exactly; empty where it is no function of typed values, or no type does.
std::optional<IntegerType> type_of(const Value* value) {
    if (value->integer) return value->integer->scale.size() == 1 ? value->integer : std::nullopt;
    if (!value->producer) return std::nullopt;
    if (is_view(*value->producer)) return type_of(value->producer->input(0));
    const auto function = function_of(*value->producer);
    if (!function) return std::nullopt;
    const auto from = type_of(value->producer->inputs[function->varying]);
    if (!from) return std::nullopt;
    const auto scaled = scaled_type(*function, *from);
    return scaled ? scaled : limited_type(*function, *from);
}

/// Whether an operator reads the value that needs integers, possibly through operators that only hand on elements.
bool is_needed(const Graph& graph, const Value* value) {
    const std::vector<Node*> readers = graph.readers(value);
    return std::any_of(readers.begin(), readers.end(), [&](const Node* reader) {
        if (is_view(*reader) || reader->op->traits.commutes_with_monotone) return is_needed(graph, reader->output());
        return reader->op->lower && !is_elementwise(*reader);
    });
}

}  // namespace

Status type_functions(Graph& graph, PassLog& log) {
    std::vector<Node*> functions;
    for (const auto& node : graph.nodes()) {
        if (!node->output()->integer && function_of(*node)) functions.push_back(node.get());
    }
    for (Node* function : functions) {
        Value* value = function->output();
        if (!is_needed(graph, value)) continue;
        const auto type = type_of(value);
        if (!type) continue;
        const StandingIn stead(graph, user_name(*function), value->user_name());
        Value* typed = graph.add_value(graph.unique_name(value->name + "_typed"), value->type, value->shape);
        typed->integer = type;
        for (Node* reader : graph.readers(value)) std::replace(reader->inputs.begin(), reader->inputs.end(), value, typed);
        Attributes attributes;
        attributes.set("scale", type->scale);
        attributes.set("zero_point", type->zero_point);
        attributes.set("axis", std::int64_t{type->axis});
        attributes.set("min", type->min);
        attributes.set("max", type->max);
        graph.add_node(op_for(OpRole::typed), "", 1, {value}, {typed}, std::move(attributes));
        log.push_back(typed->name + ": " + to_string(*type));
    }
    return graph.sort();
}

}  // namespace weft
