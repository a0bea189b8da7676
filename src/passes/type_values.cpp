// type_values.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/passes/pass.h"
#include "src/quantize/stated_quantizer.h"

namespace weft {

namespace {

bool has_role(const Node* node, OpRole role) { return node && node->op->traits.role == role; }

/// Scale and zero point as a quantizer or dequantizer states them, with the integer range of `carrier`.
IntegerType stated_type(const Node& node, DataType carrier) {
    IntegerType type;
    const Value* scale = node.input(1);
    const Value* zero_point = node.input(2);
    // The operators themselves take no others.
    assert(scale && scale->is_constant() && (!zero_point || zero_point->is_constant()));
    type.scale = scale->constant->to_doubles();
    type.zero_point.assign(type.scale.size(), 0);
    if (zero_point) type.zero_point = zero_point->constant->to_integers();
    if (type.scale.size() > 1) {
        type.axis = static_cast<int>(node.attributes.has("axis") ? node.attributes.integer("axis") : 1);
        if (type.axis < 0) type.axis += static_cast<int>(node.input(0)->shape.size());
    }
    visit_type(carrier, [&](auto e) {
        using T = decltype(e);
        if constexpr (std::is_integral_v<T>) {
            type.min = static_cast<std::int64_t>(std::numeric_limits<T>::min());
            type.max = static_cast<std::int64_t>(std::numeric_limits<T>::max());
        }
    });
    return type;
}

/// A dequantizer below an operator that only moves integers around goes above it, so that the operator works on the real values.
bool raise_dequantizer(Graph& graph, Node* dequantize) {
    Node* mover = dequantize->input(0)->producer;
    if (!mover || has_role(mover, OpRole::quantize) || has_role(mover, OpRole::clip)) return false;
    const Traits& traits = mover->op->traits;
    if (!traits.view && !traits.commutes_with_monotone) return false;
    std::vector<Value*> inputs = mover->inputs;
    const std::string mover_name = user_name(*mover);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i] || !hands_on(*mover, i)) continue;
        const StandingIn stead(graph, user_name(*dequantize), inputs[i]->user_name());
        Value* real = graph.add_value(graph.unique_name(inputs[i]->name + "_real"), dequantize->output()->type, inputs[i]->shape);
        graph.add_node(*dequantize->op, dequantize->name, dequantize->opset, {inputs[i], dequantize->input(1), dequantize->input(2)},
                       {real}, dequantize->attributes);
        inputs[i] = real;
    }
    Value* output = dequantize->output();
    graph.remove(dequantize);
    const StandingIn stead(graph, mover_name, {});
    graph.add_node(*mover->op, mover->name, mover->opset, std::move(inputs), {output}, mover->attributes);
    return true;
}

/// The quantizer whose integers `value` holds, through operators that only move or limit them; null if there is none.
const Node* quantizer_above(const Value* value) {
    while (const Node* producer = value->producer) {
        if (has_role(producer, OpRole::quantize)) return producer;
        std::size_t moved = 0;
        while (moved < producer->inputs.size() && (!producer->inputs[moved] || !hands_on(*producer, moved))) ++moved;
        if (has_role(producer, OpRole::clip)) moved = 0;
        if (moved == producer->inputs.size()) return nullptr;
        value = producer->inputs[moved];
    }
    return nullptr;
}

class Typer {
public:
    Typer(Graph& graph, PassLog& log) : graph_(graph), log_(log) {}

    Status run() {
        merge_twins();
        dequantize_ends();
        for (bool changed = true; changed;) {
            changed = false;
            for (Node* node : with_role(OpRole::dequantize)) {
                if (!node->input(0)->is_constant() && node->input(0)->producer) changed |= raise_dequantizer(graph_, node);
            }
        }
        WEFT_CHECK(graph_.sort());
        graph_.remove_dead();  // operators on integers that are on reals now
        for (Node* node : with_role(OpRole::quantize)) {
            if (!node->input(0)->is_constant()) WEFT_CHECK(type_quantizer(*node));
        }
        for (Node* node : with_role(OpRole::dequantize)) WEFT_CHECK(type_integer_input(*node));
        return Ok{};
    }

private:
    std::vector<Node*> with_role(OpRole role) const {
        std::vector<Node*> list;
        for (const auto& node : graph_.nodes()) {
            if (has_role(node.get(), role)) list.push_back(node.get());
        }
        return list;
    }

    /// Dequantizers that say the same of the same integers are one.
    void merge_twins() {
        std::vector<Node*> kept;
        for (Node* node : with_role(OpRole::dequantize)) {
            const auto says_the_same = [&](const Node* other) {
                const auto same = [](const Value* a, const Value* b) {
                    return a == b || (a && b && a->is_constant() && b->is_constant() && *a->constant == *b->constant);
                };
                return other->input(0) == node->input(0) && same(other->input(1), node->input(1)) &&
                       same(other->input(2), node->input(2)) && other->attributes.has("axis") == node->attributes.has("axis") &&
                       (!node->attributes.has("axis") || node->attributes.integer("axis") == other->attributes.integer("axis"));
            };
            const auto twin = std::find_if(kept.begin(), kept.end(), says_the_same);
            if (node->input(0)->is_constant() || twin == kept.end() || graph_.is_output(node->output())) {
                kept.push_back(node);
                continue;
            }
            graph_.replace_uses(node->output(), (*twin)->output());
            graph_.remove(node);
        }
    }

    /// Integers that leave the kernel behind operators that only move them: a dequantizer says what they are, and is raised like others.
    void dequantize_ends() {
        std::vector<Value*> integers;
        for (const auto& node : graph_.nodes()) {
            const Traits& traits = node->op->traits;
            if (!is_float(node->output()->type) && (traits.view || traits.commutes_with_monotone)) integers.push_back(node->output());
        }
        for (Value* value : integers) {
            std::vector<Node*> hosts = graph_.readers(value);
            std::erase_if(hosts, [](const Node* reader) { return !reader->op->traits.host_suffix; });
            const Node* quantize = quantizer_above(value);
            const bool leaves = graph_.is_output(value);
            if (!quantize || (!leaves && hosts.empty())) continue;
            const StandingIn stead(graph_, user_name(*quantize), value->user_name());
            Value* real = graph_.add_value(graph_.unique_name(value->name + "_real"), quantize->input(0)->type, value->shape);
            graph_.add_node(op_for(OpRole::dequantize), "", quantize->opset, {value, quantize->input(1), quantize->input(2)}, {real},
                            quantize->attributes);
            for (Node* host : hosts) std::replace(host->inputs.begin(), host->inputs.end(), value, real);
            if (!leaves) continue;
            std::replace(graph_.outputs.begin(), graph_.outputs.end(), value, real);
            real->integer_tensor = value->name;
        }
    }

    Status type_quantizer(Node& quantize) {
        const IntegerType type = stated_type(quantize, quantize.output()->type);
        const QuantizerSource from = source_of(quantize);
        const Rule rule{quantize, from.value, from.rounding, type};
        std::int64_t low = type.min, high = type.max;
        narrow_by_clip(rule, low, high);
        return follow(rule, quantize.output(), low, high);
    }

    /// What a quantizer does, whatever its integers mean.
    struct Rule {
        const Node& quantize;
        Value* source;
        Rounding rounding;
        IntegerType type;
    };

    /// A clip of the reals before the quantizer limits its integers as well: rounding is monotone.
    void narrow_by_clip(const Rule& by, std::int64_t& low, std::int64_t& high) const {
        const Node* clip = by.source->producer;
        const IntegerType& rule = by.type;
        if (!has_role(clip, OpRole::clip) || rule.scale.size() != 1) return;
        const auto integer_at = [&](double bound) {
            const mpz_class integer =
                rounded(Rational(Rational(bound) / Rational(rule.scale[0])), by.rounding) + mpz_class(rule.zero_point[0]);
            return integer < mpz_class(rule.min) ? rule.min : integer > mpz_class(rule.max) ? rule.max : integer.get_si();
        };
        const auto bound_of = [&](std::size_t index, std::string_view name) -> std::optional<double> {
            if (const Value* bound = clip->input(index)) return bound->is_constant() ? std::optional(bound->constant->at(0)) : std::nullopt;
            if (clip->attributes.has(name)) return clip->attributes.real(name);
            return std::nullopt;
        };
        const auto least = bound_of(1, "min"), most = bound_of(2, "max");
        if (least && most && *least > *most) return;
        if (least && std::isfinite(*least)) low = std::max(low, integer_at(*least));
        if (most && std::isfinite(*most)) high = std::min(high, integer_at(*most));
        // Padding feeds the zero point, whatever the clip.
        low = std::min(low, std::clamp(rule.zero_point[0], rule.min, rule.max));
        high = std::max(high, std::clamp(rule.zero_point[0], rule.min, rule.max));
    }

    /// `integers` holds the quantizer's result limited to low..high.
    Status follow(const Rule& rule, Value* integers, std::int64_t low, std::int64_t high) {
        // An output of the model first: it keeps its name where others are found to be the same.
        std::vector<Node*> readers = graph_.readers(integers);
        std::stable_partition(readers.begin(), readers.end(), [&](const Node* reader) { return graph_.is_output(reader->output()); });
        std::vector<Node*> hosts = readers;
        std::erase_if(hosts, [](const Node* reader) { return !reader->op->traits.host_suffix; });
        std::erase_if(readers, [](const Node* reader) { return reader->op->traits.host_suffix; });
        Value* first = nullptr;
        IntegerType first_type;
        if (graph_.is_output(integers) || !hosts.empty()) {
            IntegerType type = rule.type;
            type.min = low;
            type.max = high;
            const StandingIn stead(graph_, user_name(rule.quantize), integers->user_name());
            Value* real = graph_.add_value(graph_.unique_name(integers->name + "_real"), rule.source->type, integers->shape);
            std::replace(graph_.outputs.begin(), graph_.outputs.end(), integers, real);
            for (Node* host : hosts) std::replace(host->inputs.begin(), host->inputs.end(), integers, real);
            define(rule, real, integers, type);
            first = real;
            first_type = type;
        }
        for (Node* reader : readers) {
            if (has_role(reader, OpRole::clip)) {
                std::int64_t inner_low = low, inner_high = high;
                for (const std::size_t i : {1U, 2U}) {
                    const Value* bound = reader->input(i);
                    if (!bound) continue;
                    if (!bound->is_constant()) return tensor_error(*reader, bound, "the bound of a clip on integers is not a constant");
                    const std::int64_t limit = bound->constant->to_integers().at(0);
                    if (i == 1) inner_low = std::max(inner_low, limit);
                    if (i == 2) inner_high = std::min(inner_high, limit);
                }
                WEFT_CHECK(follow(rule, reader->output(), inner_low, inner_high));
                continue;
            }
            if (!has_role(reader, OpRole::dequantize) || reader->input(0) != integers) {
                return tensor_error(*reader, integers,
                                    "the operator " + std::string(reader->op->name) + " works on quantized integers directly",
                                    "only DequantizeLinear, Clip and operators that move elements may read a quantized tensor");
            }
            IntegerType type = stated_type(*reader, integers->type);
            type.min = low;
            type.max = high;
            Value* real = reader->output();
            graph_.remove(reader);
            if (first && type == first_type && !graph_.is_output(real)) {
                graph_.replace_uses(real, first);
                continue;
            }
            define(rule, real, integers, type);
            if (!first) {
                first = real;
                first_type = type;
            }
        }
        return Ok{};
    }

    void define(const Rule& rule, Value* real, const Value* integers, const IntegerType& type) {
        Attributes attributes;
        attributes.set("scale", rule.type.scale);
        attributes.set("zero_point", rule.type.zero_point);
        attributes.set("axis", std::int64_t{std::max(rule.type.axis, type.axis)});
        if (rule.rounding != Rounding::half_even) attributes.set("rounding", std::string(to_string(rule.rounding)));
        if (type.scale != rule.type.scale || type.zero_point != rule.type.zero_point) {
            attributes.set("real_scale", type.scale);
            attributes.set("real_zero_point", type.zero_point);
        }
        attributes.set("min", type.min);
        attributes.set("max", type.max);
        real->integer = type;
        real->integer_tensor = integers->name;
        const StandingIn stead(graph_, user_name(rule.quantize), {});
        graph_.add_node(op_for(OpRole::typed), rule.quantize.name, 1, {rule.source}, {real}, std::move(attributes));
        log_.push_back(real->name + ": " + to_string(type));
    }

    /// Integers that come from outside: the dequantizer's output is typed by what the file says of it.
    Status type_integer_input(Node& dequantize) {
        const Value* integers = dequantize.input(0);
        if (std::find(graph_.inputs.begin(), graph_.inputs.end(), integers) == graph_.inputs.end()) return Ok{};
        const IntegerType type = stated_type(dequantize, integers->type);
        dequantize.output()->integer = type;
        dequantize.output()->integer_tensor = integers->name;
        log_.push_back(dequantize.output()->name + ": " + to_string(type));
        return Ok{};
    }

    Graph& graph_;
    PassLog& log_;
};

}  // namespace

Status type_values(Graph& graph, PassLog& log) { return Typer(graph, log).run(); }

}  // namespace weft
