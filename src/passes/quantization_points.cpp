// quantization_points.cpp
// Walks up from what accumulating operators read to the values that regions give.
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/quantization_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/quantize/constant.h"

namespace weft {
namespace {

/// The dequantized side of a quantizer that the graph has already.
bool is_quantized(const Value* value) {
    return value->producer && (value->producer->op->traits.role == OpRole::dequantize || value->producer->op->traits.role == OpRole::typed);
}

/// Indices of the inputs whose elements a node hands on unchanged; empty if it does not, or adds others than zero and infinities, which a
/// type of the inputs need not hold.
std::vector<std::size_t> moved_inputs(const Node* node) {
    if (node->op->traits.fill_value) {
        const double fill = node->op->traits.fill_value(*node).value_or(1.0);
        if (fill != 0 && std::isfinite(fill)) return {};
    }
    std::vector<std::size_t> result = handed_on(*node);
    std::erase_if(result, [&](std::size_t i) { return is_exact_constant(node->inputs[i]); });
    return result;
}

/// A function of elements that is more than a quantizer.
bool is_real_function(const Node* node) { return is_elementwise(*node) && !is_quantizer(*node); }

std::vector<int> varying_inputs(const Node* node) {
    std::vector<int> result;
    for (std::size_t i = 0; i < node->inputs.size(); ++i)
        if (node->inputs[i] && !is_exact_constant(node->inputs[i])) result.push_back(static_cast<int>(i));
    return result;
}

/// The pieces of the node in its one varying input, with the `index`th element of each constant (the last where it has fewer).
std::optional<PiecewiseLinear> pieces_at(const Node* node, int varying, std::int64_t index) {
    const auto& trait = *node->op->traits.elementwise;
    if (!trait.pieces) return std::nullopt;
    std::vector<Rational> inputs(node->inputs.size(), Rational(0));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Value* input = node->inputs[i];
        if (input && input->is_constant() && is_float(input->type) && input->constant->size() > 0)
            inputs[i] = Rational(input->constant->at(std::min(index, input->constant->size() - 1)));
    }
    return trait.pieces(*node, varying, inputs);
}

/// One varying input of which the node is a function of straight pieces.
bool is_straight(const Node* node) {
    const std::vector<int> varying = varying_inputs(node);
    return varying.size() == 1 && pieces_at(node, varying[0], 0).has_value();
}

/// Whether the node rises or falls throughout in its one varying input, whatever the channel.
bool is_monotone(const Node* node) {
    const std::vector<int> varying = varying_inputs(node);
    if (varying.size() != 1) return false;
    if (node->op->traits.elementwise->non_decreasing) return true;
    std::int64_t elements = 1;
    for (const Value* input : node->inputs)
        if (input && input->is_constant()) elements = std::max(elements, input->constant->size());
    for (std::int64_t i = 0; i < elements; ++i) {
        const auto pieces = pieces_at(node, varying[0], i);
        if (!pieces || (!pieces->is_non_decreasing() && !pieces->is_non_increasing())) return false;
    }
    return true;
}

bool is_affine(const Node* node) {
    const std::vector<int> varying = varying_inputs(node);
    if (varying.size() != 1) return false;
    const auto pieces = pieces_at(node, varying[0], 0);
    return pieces && pieces->is_affine();
}

/// Whether the accumulator of an output is a word that can leave the kernel: sums of values of unlike scales are not.
bool fits_as_it_is(const Node* node) { return node->op->traits.linear || !is_real_function(node) || varying_inputs(node).size() < 2; }

class Finder {
public:
    explicit Finder(Graph& graph) : graph_(graph) {
        for (const auto& node : graph.nodes())
            for (std::size_t i = 0; i < node->inputs.size(); ++i)
                if (node->inputs[i]) readers_[node->inputs[i]].insert(node.get());
    }

    QuantizationPoints find();

private:
    /// The value that `value` is a function of, element by element; itself if it is of none or of several.
    Value* source_of(Value* value);
    bool is_function(const Node* node) { return is_real_function(node) && source_of(node->output()) != node->output(); }
    bool accumulates(const Node* node) {
        if (is_quantizer(*node) || is_function(node)) return false;
        return node->op->traits.accumulates || node->op->traits.linear.has_value() || is_real_function(node);
    }

    void require(Value* value, bool function_input);
    void require_outputs();
    void follow_functions(std::size_t point) { follow(points_[point].value, false); }
    void follow(Value* value, bool ordered);
    void collect_moved(Value* value, std::vector<Value*>& sources, std::set<const Value*>& seen) const;
    std::set<Value*> between(Value* value, const Value* source) const;
    std::string key_of(Value* value);
    int class_of(int index);

    Graph& graph_;
    std::map<const Value*, std::set<const Node*>> readers_;
    std::map<const Value*, Value*> sources_;
    std::vector<QuantizationPoint> points_;
    std::map<const Value*, std::size_t> index_;
    std::vector<int> parents_;
};

Value* Finder::source_of(Value* value) {
    if (const auto at = sources_.find(value); at != sources_.end()) return at->second;
    Value* source = value;
    const Node* producer = value->producer;
    if (producer && is_real_function(producer)) {
        std::set<Value*> found;
        for (Value* input : producer->inputs)
            if (input && !is_exact_constant(input)) found.insert(source_of(input));
        if (found.size() == 1) source = *found.begin();
    }
    return sources_[value] = source;
}

int Finder::class_of(int index) {
    while (parents_[static_cast<std::size_t>(index)] != index) index = parents_[static_cast<std::size_t>(index)];
    return index;
}

void Finder::collect_moved(Value* value, std::vector<Value*>& sources, std::set<const Value*>& seen) const {
    if (!seen.insert(value).second) return;
    const std::vector<std::size_t> moved = value->producer ? moved_inputs(value->producer) : std::vector<std::size_t>{};
    if (moved.empty()) {
        sources.push_back(value);
        return;
    }
    for (const std::size_t i : moved) collect_moved(value->producer->inputs[i], sources, seen);
}

void Finder::require(Value* value, bool function_input) {
    if (is_exact_constant(value)) return;
    std::vector<Value*> sources;
    std::set<const Value*> seen;
    collect_moved(value, sources, seen);
    int first = -1;
    for (Value* source : sources) {
        if (is_quantized(source) || !is_float(source->type)) continue;
        const auto [at, fresh] = index_.emplace(source, points_.size());
        if (fresh) {
            parents_.push_back(static_cast<int>(points_.size()));
            points_.push_back({.value = source, .key = {}, .function_input = function_input});
        } else if (!function_input) {
            points_[at->second].function_input = false;
        }
        const int group = class_of(static_cast<int>(at->second));
        if (first < 0)
            first = group;
        else
            parents_[static_cast<std::size_t>(std::max(first, group))] = std::min(first, group), first = std::min(first, group);
    }
}

/// Everything on a path from `source` to `value` but `source` itself.
std::set<Value*> Finder::between(Value* value, const Value* source) const {
    std::set<Value*> result;
    std::vector<Value*> open{value};
    while (!open.empty()) {
        Value* at = open.back();
        open.pop_back();
        if (at == source || !result.insert(at).second) continue;
        for (Value* input : at->producer->inputs)
            if (input && !is_exact_constant(input)) open.push_back(input);
    }
    return result;
}

/// What the functions above a quantized value need: a table's address, or an accumulator that they can be merged into, through operators
/// that hand on elements. `ordered`: one of those below `value` compares.
void Finder::follow(Value* value, bool ordered) {
    Value* source = source_of(value);
    const std::set<Value*> functions = between(value, source);
    if (!std::ranges::all_of(functions, [](const Value* v) { return is_straight(v->producer); })) {
        // Straight functions that everything passes through stay with the accumulator.
        Value* cut = source;
        for (;;) {
            const auto& readers = readers_[cut];
            if (readers.size() != 1 || graph_.is_output(cut) || !is_function(*readers.begin()) || !is_straight(*readers.begin())) break;
            cut = (*readers.begin())->output();
        }
        if (index_.contains(cut)) return;
        const bool from_outside = source->producer == nullptr;
        require(from_outside ? source : cut, !from_outside);
        return;
    }
    if (ordered && !std::ranges::all_of(functions, [](const Value* v) { return is_monotone(v->producer); })) {
        require(value, true);
        return;
    }
    if (is_quantized(source) || !is_float(source->type) || (source != value && index_.contains(source))) return;
    if (source->producer == nullptr) {
        if (source != value || ordered) require(source, false);
        return;
    }
    const std::vector<std::size_t> moved = moved_inputs(source->producer);
    if (moved.empty()) {
        // A fill value that no type of the input need hold is merged with the accumulator as well.
        if (source->producer->op->traits.fill_value) follow(source->producer->inputs[0], ordered);
        return;
    }
    // What several read is computed once.
    if (source != value && (readers_[source].size() > 1 || graph_.is_output(source))) {
        require(source, true);
        return;
    }
    for (const std::size_t i : moved) follow(source->producer->inputs[i], ordered || source->producer->op->traits.picks_largest);
}

/// Outputs leave as exact accumulators where the host can do what follows; else they are quantized.
void Finder::require_outputs() {
    for (Value* output : graph_.outputs) {
        std::vector<Value*> open{output};
        std::set<const Value*> seen;
        while (!open.empty()) {
            Value* value = open.back();
            open.pop_back();
            const Node* producer = value->producer;
            if (!seen.insert(value).second || !producer || is_quantizer(*producer) || !is_float(value->type)) continue;
            if (producer->op->traits.host_suffix) {
                for (const int i : varying_inputs(producer)) open.push_back(producer->inputs[static_cast<std::size_t>(i)]);
            } else if (is_view(*producer) || (is_function(producer) && is_affine(producer))) {
                for (const int i : varying_inputs(producer)) open.push_back(producer->inputs[static_cast<std::size_t>(i)]);
            } else if (is_function(producer) || !moved_inputs(producer).empty() || producer->op->traits.fill_value ||
                       !fits_as_it_is(producer)) {
                require(value, false);
            }
        }
    }
}

/// Up through functions, moves and table addresses to the accumulating node.
std::string Finder::key_of(Value* value) {
    for (;;) {
        value = source_of(value);
        if (value->producer == nullptr) return value->user_name();
        const std::vector<std::size_t> moved = moved_inputs(value->producer);
        if (moved.empty() || is_quantized(value)) return user_name(*value->producer);
        value = value->producer->inputs[moved[0]];
    }
}

QuantizationPoints Finder::find() {
    QuantizationPoints result;
    for (const auto& node : graph_.nodes()) {
        // Constant integers only say how: the axes of a reduction.
        const bool reads_real =
            std::ranges::all_of(node->inputs, [](const Value* input) { return !input || is_float(input->type) || input->is_constant(); });
        if (!accumulates(node.get()) || !reads_real) continue;
        if (is_linear(*node)) {
            const Value* weight = node->input(static_cast<std::size_t>(node->op->traits.linear->weight));
            if (weight && weight->is_constant() && is_float(weight->type)) result.weights.push_back({node.get(), user_name(*node)});
        }
        for (Value* input : node->inputs)
            if (input && !is_exact_constant(input)) require(input, false);
    }
    require_outputs();
    for (std::size_t point = 0; point < points_.size(); ++point) follow_functions(point);

    for (std::size_t i = 0; i < points_.size(); ++i) {
        QuantizationPoint& point = points_[i];
        point.key = key_of(point.value);
        point.type_class = class_of(static_cast<int>(i));
        const Node* producer = point.value->producer;
        const Value* stored = producer && producer->op->traits.role == OpRole::cast ? producer->input(0) : nullptr;
        if (stored && size_of(stored->type) == 1 && stored->type != DataType::boolean) {
            point.stored_integers = true;
            point.stored_min = stored->type == DataType::uint8 ? 0 : -128;
            point.stored_max = stored->type == DataType::uint8 ? 255 : 127;
        }
    }
    std::map<const Value*, std::size_t> order;
    for (const Value* input : graph_.inputs) order.emplace(input, order.size());
    for (const auto& node : graph_.nodes())
        for (const Value* output : node->outputs)
            if (output) order.emplace(output, order.size());
    std::ranges::sort(points_, {}, [&](const QuantizationPoint& point) { return order[point.value]; });
    result.values = std::move(points_);
    return result;
}

}  // namespace

const Value* moved_from(const Value* value) {
    while (value->producer) {
        const std::vector<std::size_t> moved = moved_inputs(value->producer);
        if (moved.empty()) break;
        value = value->producer->inputs[moved[0]];
    }
    return value;
}

QuantizationPoints find_quantization_points(Graph& graph) { return Finder(graph).find(); }

}  // namespace weft
