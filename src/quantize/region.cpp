// region.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/region.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/quantize/constant.h"

namespace weft {

namespace {

/// Collects the nodes above a value down to the values where other regions begin.
class Collector {
public:
    void collect(const Value* value) {
        if (is_exact_constant(value) || !seen_.insert(value).second) return;
        const Node* producer = value->producer;
        const bool starts = !producer || (value->integer && !inlined_.count(value)) || (!is_elementwise(*producer) && !is_view(*producer));
        if (starts) {
            boundaries_.push_back(value);
            return;
        }
        for (const Value* input : producer->inputs) {
            if (input) collect(input);
        }
        nodes_.push_back(producer);
    }

    void restart() {
        seen_.clear();
        boundaries_.clear();
        nodes_.clear();
    }

    void inline_value(const Value* value) { inlined_.insert(value); }

    const std::vector<const Value*>& boundaries() const { return boundaries_; }
    const std::vector<const Node*>& nodes() const { return nodes_; }

private:
    std::set<const Value*> seen_;
    std::set<const Value*> inlined_;
    std::vector<const Value*> boundaries_;
    std::vector<const Node*> nodes_;
};

/// Where input `k` of node `step` comes from.
struct Operand {
    int step = -1;                           ///< Result of that step; -2: the region's source; -1: a constant or omitted.
    const ConstantReal* constant = nullptr;  ///< Null with step -1: omitted.
    std::vector<std::int32_t> element;       ///< Element of the constant for each channel; empty: element 0.

    std::int64_t element_of(int channel) const { return element.empty() ? 0 : element[static_cast<std::size_t>(channel)]; }
};

struct Step {
    const Node* node;
    std::vector<Operand> operands;
};

/// The region as a straight-line program, shared by the functions of all channels.
struct Program {
    std::vector<Step> steps;
    std::map<const Value*, ConstantReal> constants;

    long double real(int channel, long double x) const {
        std::vector<long double> results(steps.size());
        std::vector<long double> inputs;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            inputs.clear();
            for (const Operand& operand : steps[i].operands) {
                if (operand.step == -2) {
                    inputs.push_back(x);
                } else if (operand.step >= 0) {
                    inputs.push_back(results[static_cast<std::size_t>(operand.step)]);
                } else {
                    inputs.push_back(operand.constant ? operand.constant->real(operand.element_of(channel))
                                                      : std::numeric_limits<long double>::quiet_NaN());
                }
            }
            results[i] = steps[i].node->op->traits.elementwise->real(*steps[i].node, inputs);
        }
        return results.empty() ? x : results.back();
    }

    std::optional<Rational> exact(int channel, const Rational& x) const {
        std::vector<Rational> results(steps.size());
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const std::vector<Rational> inputs = operands_of(steps[i], channel, x, results);
            const auto face = steps[i].node->op->traits.elementwise->exact;
            const auto value = face ? face(*steps[i].node, inputs) : std::nullopt;
            if (!value) return std::nullopt;
            results[i] = *value;
        }
        return results.empty() ? x : results.back();
    }

    /// Set where every step is straight pieces in one varying input.
    std::optional<PiecewiseLinear> pieces(int channel) const {
        PiecewiseLinear whole;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const auto step = pieces_of(i, channel);
            if (!step) return std::nullopt;
            whole = compose(*step, whole);
        }
        return whole;
    }

    /// Whether the whole is known to be non-decreasing, and non-increasing.
    std::pair<bool, bool> directions(int channel) const {
        bool up = true, down = false;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (varying_operand(i) < 0) return {false, false};
            const auto step = pieces_of(i, channel);
            const bool rises = step ? step->is_non_decreasing() : steps[i].node->op->traits.elementwise->non_decreasing;
            const bool falls = step && step->is_non_increasing();
            std::tie(up, down) = std::pair((rises && up) || (falls && down), (rises && down) || (falls && up));
        }
        return {up, down};
    }

private:
    /// The operand of step `i` that is the result of the step before it (the source for the first), where no other varies; else -1.
    int varying_operand(std::size_t i) const {
        int varying = -1;
        const int expected = i == 0 ? -2 : static_cast<int>(i) - 1;
        for (std::size_t k = 0; k < steps[i].operands.size(); ++k) {
            if (steps[i].operands[k].step == -1) continue;
            if (varying >= 0 || steps[i].operands[k].step != expected) return -1;
            varying = static_cast<int>(k);
        }
        return varying;
    }

    std::optional<PiecewiseLinear> pieces_of(std::size_t i, int channel) const {
        const int varying = varying_operand(i);
        const auto face = steps[i].node->op->traits.elementwise->pieces;
        if (varying < 0 || !face) return std::nullopt;
        return face(*steps[i].node, varying, operands_of(steps[i], channel, Rational(0), {}));
    }

    static std::vector<Rational> operands_of(const Step& step, int channel, const Rational& x, const std::vector<Rational>& results) {
        std::vector<Rational> inputs;
        for (const Operand& operand : step.operands) {
            if (operand.step == -2) {
                inputs.push_back(x);
            } else if (operand.step >= 0) {
                inputs.push_back(results.empty() ? Rational(0) : results[static_cast<std::size_t>(operand.step)]);
            } else {
                inputs.push_back(operand.constant ? operand.constant->exact(operand.element_of(channel)) : Rational(0));
            }
        }
        return inputs;
    }
};

Status map_to_source(Region& region) {
    auto& maps = region.maps;
    maps[region.source] = nullptr;
    for (const Node* node : region.nodes) {
        const Value* output = node->output();
        if (is_view(*node)) {
            const auto view = node->op->traits.view->map(*node);
            maps[output] = compose(maps.at(node->input(0)), index_map({view.begin(), view.end()}));
            continue;
        }
        std::optional<IndexMap> common;
        for (const Value* input : node->inputs) {
            if (!input || is_exact_constant(input)) continue;
            const auto& map = maps.at(input);
            if (input->shape != output->shape || (common && !same_order(*common, map))) {
                return tensor_error(*node, input, "one value is combined with itself in another order or shape",
                                    "elementwise operators with one source must keep its shape");
            }
            common = map;
        }
        maps[output] = common.value_or(nullptr);
    }
    return Ok{};
}

}  // namespace

Region views_before(const Value* last) {
    Region region;
    region.source = region.last = last;
    while (region.source->producer && is_view(*region.source->producer)) {
        region.nodes.insert(region.nodes.begin(), region.source->producer);
        region.source = region.source->producer->input(0);
    }
    [[maybe_unused]] const Status mapped = map_to_source(region);
    assert(mapped);  // views keep all elements
    return region;
}

Result<Region> region_of(const Node& quantize) {
    WEFT_ASSIGN(Region region, region_of(quantize.input(0), quantize));
    region.quantize = &quantize;
    return region;
}

Result<Region> region_of(const Value* last, const Node& reader) {
    Collector collector;
    collector.collect(last);
    // An inner quantized value that is itself a function of the remaining source (x * sigmoid(x) with a quantizer between) is no source.
    while (collector.boundaries().size() > 1) {
        const auto& found = collector.boundaries();
        const Value* inner = nullptr;
        for (const Value* boundary : found) {
            const Node* producer = boundary->producer;
            if (!boundary->integer || !producer || producer->op->traits.role != OpRole::typed) continue;
            const auto upstream = region_of(*producer);
            if (!upstream || !upstream->source->integer) continue;
            inner = boundary;
            if (std::find(found.begin(), found.end(), upstream->source) != found.end()) break;
        }
        if (!inner) {
            std::string names;
            for (const Value* boundary : found) names += (names.empty() ? "'" : ", '") + boundary->name + "'";
            return tensor_error(reader, last, "the value depends on more than one varying tensor: " + names,
                                "products of two tensors are not supported; each elementwise function must have one varying source");
        }
        collector.inline_value(inner);
        collector.restart();
        collector.collect(last);
    }
    if (collector.boundaries().empty()) return tensor_error(reader, last, "the value is a constant", "fold the constant before export");
    Region region;
    region.source = collector.boundaries().front();
    region.nodes = collector.nodes();
    region.last = last;
    WEFT_CHECK(map_to_source(region));
    return region;
}

Result<std::vector<ScalarFunction>> region_functions(const Region& region, int channels, std::span<const std::int32_t> channel_of) {
    auto program = std::make_shared<Program>();
    std::map<const Value*, int> step_of{{region.source, -2}};
    bool has_exact = true;
    bool jumps = false;
    for (const Node* node : region.nodes) {
        if (is_view(*node)) {
            step_of[node->output()] = step_of.at(node->input(0));
            continue;
        }
        Step step{node, {}};
        const auto& trait = *node->op->traits.elementwise;
        for (std::size_t k = 0; k < node->inputs.size(); ++k) {
            const Value* input = node->input(k);
            Operand operand;
            if (input && is_exact_constant(input)) {
                auto [at, fresh] = program->constants.try_emplace(input);
                if (fresh) {
                    WEFT_ASSIGN(at->second, constant_real(input));
                }
                operand.constant = &at->second;
                if (operand.constant->size() > 1) {
                    operand.element.assign(static_cast<std::size_t>(channels), -1);
                    const IndexMap& map = region.maps.at(node->output());
                    Shape shape = input->shape;
                    if (trait.channel_axis >= 0 && shape.size() == 1)
                        shape.resize(node->output()->shape.size() - static_cast<std::size_t>(trait.channel_axis), 1);
                    const auto elements = broadcast_indices(shape, node->output()->shape);
                    for (std::size_t i = 0; i < elements.size(); ++i) {
                        const std::size_t at_source = map ? static_cast<std::size_t>((*map)[i]) : i;
                        const auto channel = static_cast<std::size_t>(channel_of[at_source]);
                        const auto element = static_cast<std::int32_t>(elements[i]);
                        std::int32_t& known = operand.element[channel];
                        if (known < 0) known = element;
                        if (known != element && operand.constant->real(known) != operand.constant->real(element)) {
                            return tensor_error(*node, input, "the constant differs between positions of one channel",
                                                "only constants per tensor or per channel are supported");
                        }
                    }
                }
            } else if (input) {
                operand.step = step_of.at(input);
            }
            step.operands.push_back(std::move(operand));
        }
        jumps = jumps || trait.jumps;
        has_exact = has_exact && trait.exact;
        step_of[node->output()] = static_cast<int>(program->steps.size());
        program->steps.push_back(std::move(step));
    }

    std::vector<ScalarFunction> functions(static_cast<std::size_t>(channels));
    const bool uniform = std::all_of(program->steps.begin(), program->steps.end(), [](const Step& step) {
        return std::all_of(step.operands.begin(), step.operands.end(), [](const Operand& operand) { return operand.element.empty(); });
    });
    for (int channel = 0; channel < channels; ++channel) {
        ScalarFunction& function = functions[static_cast<std::size_t>(channel)];
        if (uniform && channel > 0) {
            function = functions[0];
            continue;
        }
        function.pieces = program->pieces(channel);
        if (has_exact && program->exact(channel, Rational(1, 3)) && program->exact(channel, Rational(-1, 3))) {
            function.exact = [program, channel](const Rational& x) {
                const auto value = program->exact(channel, x);
                return value ? *value : Rational(static_cast<double>(program->real(channel, static_cast<long double>(x.get_d()))));
            };
        }
        function.real = [program, channel](long double x) { return program->real(channel, x); };
        std::tie(function.non_decreasing, function.non_increasing) = program->directions(channel);
        function.jumps = jumps;
    }
    return functions;
}

QuantizerRule quantizer_rule(const Node& quantize) {
    QuantizerRule rule;
    rule.scale = Rational(quantize.attributes.reals("scale").at(0));
    rule.zero_point = quantize.attributes.integers("zero_point").at(0);
    rule.min = quantize.attributes.integer("min");
    rule.max = quantize.attributes.integer("max");
    rule.rounding = rounding_of(quantize.attributes);
    return rule;
}

}  // namespace weft
