// lowering.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/lower/lowering.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <limits>
#include <numeric>
#include <utility>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/graph/op_places.h"
#include "src/lower/lower_chain.h"
#include "src/quantize/exact_sum.h"

namespace weft {

StreamShape Lowering::stream_shape(const Value& value) {
    const Shape& shape = value.shape;
    if (shape.empty()) return {};
    StreamShape result;
    result.channels = static_cast<int>(shape.back());
    if (shape.size() == 4) {
        result.rows = static_cast<int>(shape[0] * shape[1]);
        result.columns = static_cast<int>(shape[2]);
    } else if (shape.size() > 1) {
        result.rows = static_cast<int>(std::accumulate(shape.begin(), shape.end() - 1, std::int64_t{1}, std::multiplies<>()));
    }
    return result;
}

Diagnostic Lowering::untyped(const Node& node, const Value* value) const {
    std::string source;
    for (const Value* at = value; at && at->producer; at = at->producer->input(0)) {
        if (at->producer->op->traits.accumulates) {
            source = " (a result of node '" + user_name(*at->producer) + "')";
            break;
        }
        if (at->producer->inputs.empty() || !at->producer->input(0)) break;
    }
    return tensor_error(node, value, "the input is a float value" + source + ": it has no quantizer",
                        "give calibration data (--calibrate DATA) so that weft quantizes it, or quantize the model completely");
}

Result<TypedStream> Lowering::input_any_order(const Node& node, std::size_t index) { return stream_of(node, node.input(index)); }

Result<TypedStream> Lowering::input_or_sum(const Node& node, std::size_t index) {
    const Value* value = node.input(index);
    if (typed_.count(value) || coded_.count(value)) return stream_of(node, value);
    const Region sum = views_before(value);
    const Node* maker = sum.source->producer;
    if (!maker || !maker->op->lower || !maker->op->traits.accumulates) return stream_of(node, value);
    const Region* const outer_region = std::exchange(region_, &sum);
    const std::optional<IntegerType> outer_sum = std::exchange(exact_, IntegerType{});
    ChainStage* const outer_stage = std::exchange(stage_, nullptr);
    const Stretch* const outer_moving = std::exchange(moving_, nullptr);
    const Status status = maker->op->lower(*maker, *this);
    moving_ = outer_moving;
    stage_ = outer_stage;
    exact_ = outer_sum;
    region_ = outer_region;
    WEFT_CHECK(status);
    return stream_of(node, value);
}

Result<TypedStream> Lowering::stream_of(const Node& node, const Value* value) const {
    if (const auto coded = coded_.find(value); coded != coded_.end()) return coded->second;
    const auto at = typed_.find(value);
    if (at == typed_.end()) return untyped(node, value);
    return at->second;
}

Result<TypedStream> Lowering::input(const Node& node, std::size_t index) {
    WEFT_ASSIGN(TypedStream typed, input_any_order(node, index));
    const StreamShape wanted = stream_shape(*node.input(index));
    const bool same_shape = typed.stream->shape == wanted ||
                            (typed.stream->shape.elements() == wanted.elements() && typed.stream->shape.channels == wanted.channels &&
                             typed.stream->shape.columns == 1 && wanted.columns == 1);
    if (typed.map || !same_shape) {
        return tensor_error(node, node.input(index), "the elements arrive in another order than the operator reads them",
                            "a reorder unit is not available: keep one layout (NCHW or NHWC) between the operators");
    }
    return typed;
}

void Lowering::bind(const Value* value, TypedStream typed) {
    if (!value->integer_tensor.empty()) {
        std::string node;
        for (const Value* at = value; at && at->producer; at = at->producer->input(0)) {
            node = graph_.key(at->producer);
            if (at->producer->op->traits.accumulates || !at->producer->has_input(0)) break;
        }
        design_.check_points.push_back({node, {value->integer_tensor, typed.stream, typed.map}});
    }
    typed_[value] = std::move(typed);
}

std::vector<std::string> Lowering::covered_nodes(const Node& node) const {
    std::vector<std::string> keys;
    const auto add = [&](const Node& covered) {
        const std::string key = graph_.key(&covered);
        if (!key.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    };
    const auto add_function = [&](const Node& inner) {
        if (!is_view(inner)) add(inner);
    };
    add(node);
    if (stage_ && stage_->leaf) {
        stage_->leaf->for_each_node_below(add_function);
    } else if (region_) {
        for (const Node* inner : region_->nodes) add_function(*inner);
    }
    return keys;
}

Status Lowering::fill_functions(StreamShape shape, const IndexMap& order) {
    std::vector<std::int32_t> channel_of(static_cast<std::size_t>(element_count(region_->source->shape)));
    for (std::size_t i = 0; i < channel_of.size(); ++i) {
        channel_of[i] = (order ? (*order)[i] : static_cast<std::int32_t>(i)) % shape.channels;
    }
    WEFT_ASSIGN(auto functions, region_functions(*region_, shape.channels, channel_of));
    for (std::size_t i = 0; i < channels_.size(); ++i) channels_[i].function = std::move(functions[i]);
    return Ok{};
}

Result<Lowering::Finish> Lowering::finish_sum(const Node& node, StreamShape shape, TwoInputSum& sum, const AccumulatorChannel& channel,
                                              const IndexMap& order) {
    const std::vector<AccumulatorChannel> channels(static_cast<std::size_t>(shape.channels), channel);
    if (region_ && region_->quantize) {
        channels_ = channels;
        WEFT_CHECK(fill_functions(shape, order));
        const auto& first = channels_.front().function.pieces;
        const bool alike = first && std::all_of(channels_.begin(), channels_.end(), [&](const AccumulatorChannel& other) {
                               return other.function.pieces && *other.function.pieces == *first;
                           });
        if (alike) {
            WEFT_ASSIGN(auto planned, plan_two_inputs(sum, channels_.front(), quantizer_rule(*region_->quantize), design_.dsp()));
            if (planned) {
                sum.k = planned->multipliers;
                plan_ = std::move(planned->plan);
                plan_.stage.channels = shape.channels;
                Finish result{std::nullopt, plan_.stage.out_min, plan_.stage.out_max};
                if (plan_.stage.form != RequantizeForm::none) result.stage = plan_.stage;
                return result;
            }
        }
    }
    return finish(node, shape, channels, order);
}

Result<Lowering::Finish> Lowering::finish(const Node& node, StreamShape shape, std::vector<AccumulatorChannel> channels,
                                          const IndexMap& order) {
    Finish result;
    result.min = std::numeric_limits<std::int64_t>::max();
    result.max = std::numeric_limits<std::int64_t>::min();
    for (const AccumulatorChannel& channel : channels) {
        result.min = std::min(result.min, channel.min);
        result.max = std::max(result.max, channel.max);
    }
    plan_ = {};
    channels_ = std::move(channels);
    if (exact_) {
        auto sum = plan_exact_sum(channels_);
        if (!sum) {
            Diagnostic reason = std::move(sum).error().front();
            reason.node = user_name(node);
            return reason;
        }
        plan_ = std::move(sum->plan);
        exact_ = std::move(sum->type);
        result.min = plan_.stage.out_min;
        result.max = plan_.stage.out_max;
        if (plan_.stage.form != RequantizeForm::none) result.stage = plan_.stage;
        return result;
    }
    if (stage_) {
        WEFT_CHECK(set_chain_steps(shape, order));
    } else if (!region_ || !region_->quantize) {
        if (region_ && (result.min < std::numeric_limits<std::int32_t>::min() || result.max > std::numeric_limits<std::int32_t>::max())) {
            return node_error(node, "the accumulator that leaves the kernel does not fit 32 bits", "quantize the output");
        }
        return result;
    } else {
        WEFT_CHECK(fill_functions(shape, order));
    }
    auto plan = plan_requantize(channels_, stage_ ? *stage_->rule : quantizer_rule(*region_->quantize), true, {.dsp = design_.dsp()});
    if (!plan) {
        Diagnostics reasons = std::move(plan).error();
        for (Diagnostic& reason : reasons) {
            if (reason.node.empty()) reason.node = user_name(node);
        }
        return reasons;
    }
    plan_ = *std::move(plan);
    result.min = plan_.stage.out_min;
    result.max = plan_.stage.out_max;
    if (plan_.stage.form != RequantizeForm::none) result.stage = plan_.stage;
    return result;
}

Status Lowering::define(const Node& node, Stream* stream, Unit* unit, const IndexMap& order) {
    if (moving_) {
        coded_[node.output()] = {stream, order, {.min = stream->min, .max = stream->max}};
        return Ok{};
    }
    if (!region_) {
        TypedStream typed{stream, order, *node.output()->integer};
        typed.type.min = stream->min;
        typed.type.max = stream->max;
        bind(node.output(), std::move(typed));
        return Ok{};
    }
    records_.push_back({graph_.key(&node), unit ? unit->name : std::string(), plan_.stage.form, plan_.multiplier_bits, plan_.why});
    if (exact_) {
        bind(region_->last, {stream, compose(order, region_->to_source()), *exact_});
        return Ok{};
    }
    if (stage_) {
        stage_->result = {stream, compose(order, region_->to_source()), {.min = stream->min, .max = stream->max}};
        return Ok{};
    }
    if (!region_->quantize) {
        KernelOutput output;
        output.quantized = false;
        output.scale.clear();
        output.offset.clear();
        for (const AccumulatorChannel& channel : channels_) {
            output.scale.push_back(channel.scale.get_d());
            output.offset.push_back(channel.offset.get_d());
        }
        output.binding = {region_->last->name, stream, compose(order, region_->to_source())};
        design_.outputs.push_back(std::move(output));
        return Ok{};
    }
    TypedStream typed{stream, compose(order, region_->to_source()), *region_->quantize->output()->integer};
    typed.type.min = stream->min;
    typed.type.max = stream->max;
    bind(region_->quantize->output(), std::move(typed));
    return Ok{};
}

/// The host packs elements in any order: that of the first reader behind views, functions and sums which is bound to one, so that no
/// view is left; the order of the sums' other inputs is found in the same way. Gives that reader's value, and the flat index in `typed` of
/// each of its elements.
std::pair<const Value*, std::vector<std::int32_t>> Lowering::wanted_order(const Value& typed) const {
    std::vector<std::int32_t> identity(static_cast<std::size_t>(element_count(typed.shape)));
    std::iota(identity.begin(), identity.end(), 0);
    std::deque<std::pair<const Value*, std::vector<std::int32_t>>> open{{&typed, identity}};
    std::set<const Value*> seen;
    std::optional<std::pair<const Value*, std::vector<std::int32_t>>> dense;
    while (!open.empty()) {
        const auto [at, map] = std::move(open.front());
        open.pop_front();
        if (!seen.insert(at).second) continue;
        for (const Node* reader : graph_.readers(at)) {
            const Traits& traits = reader->op->traits;
            if (is_view(*reader)) {
                const auto view = traits.view->map(*reader);
                std::vector<std::int32_t> composed(view.size());
                std::transform(view.begin(), view.end(), composed.begin(),
                               [&](std::int64_t i) { return map[static_cast<std::size_t>(i)]; });
                open.emplace_back(reader->output(), std::move(composed));
            } else if (traits.elementwise || traits.any_order) {
                if (reader->output()->shape == at->shape) open.emplace_back(reader->output(), map);
            } else if (reader->op->lower) {
                // A dense operator takes any order: the first does where no other is found.
                if (at->shape.size() == 4) return {at, map};
                if (!dense) dense = std::pair(at, map);
            }
        }
    }
    return dense.value_or(std::pair(&typed, identity));
}

Status Lowering::kernel_input(const Value& typed, const std::string& tensor, const std::string& input_name, IntegerType type) {
    const auto [at, map] = wanted_order(typed);
    std::vector<std::int32_t> inverse(map.size());
    for (std::size_t i = 0; i < map.size(); ++i) inverse[static_cast<std::size_t>(map[i])] = static_cast<std::int32_t>(i);
    Stream* stream = design_.add_stream("input_" + input_name, stream_shape(*at), type.min, type.max);
    TypedStream bound{stream, index_map(std::move(inverse)), std::move(type)};
    design_.inputs.push_back({input_name, {tensor, stream, bound.map}});
    bind(&typed, std::move(bound));
    return Ok{};
}

Status Lowering::lower_view(const Node& node) {
    const auto at = typed_.find(node.input(0));
    if (at == typed_.end() || !node.output()->integer) return Ok{};
    const auto view = node.op->traits.view->map(node);
    TypedStream typed = at->second;
    typed.map = compose(typed.map, index_map({view.begin(), view.end()}));
    bind(node.output(), std::move(typed));
    return Ok{};
}

Status Lowering::host_input(const Node& quantize, const Value* source) {
    IntegerType type = *quantize.output()->integer;
    if (type.scale.size() != 1)
        return tensor_error(quantize, quantize.output(), "the input's quantizer has a scale per channel", "use one scale for the tensor");
    while (source->producer) {
        const auto varying = std::ranges::find_if(source->producer->inputs, [](const Value* v) { return v && !is_exact_constant(v); });
        source = *varying;
    }
    return kernel_input(*quantize.output(), quantize.output()->integer_tensor, source->name, std::move(type));
}

Status Lowering::lower_quantizer(const Node& quantize) {
    WEFT_ASSIGN(const Region region, region_of(quantize));
    const Value* source = region.source;
    const bool from_input = std::find(graph_.inputs.begin(), graph_.inputs.end(), source) != graph_.inputs.end();
    if (from_input && is_float(source->type)) return host_input(quantize, source);
    if (from_input && !typed_.count(source)) {
        IntegerType bytes;
        visit_type(source->type, [&](auto e) {
            bytes.min = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::min());
            bytes.max = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::max());
        });
        if (size_of(source->type) > 1) {
            return tensor_error(quantize, source, "an integer input of more than 8 bits is not supported",
                                "give the model a float or 8-bit input");
        }
        WEFT_CHECK(kernel_input(*source, source->name, source->name, bytes));
    }
    const Node* producer = source->producer;
    if (quantize.output()->integer->scale.size() != 1) {
        return tensor_error(quantize, quantize.output(), "an activation has a scale per channel",
                            "use one scale for each activation; weights may have one per channel");
    }
    WEFT_ASSIGN(const bool chained, lower_chain(quantize));
    if (chained) return Ok{};
    // A quantizer behind a Softmax and the like runs on the host with it.
    if (producer && !typed_.count(source) && producer->op->traits.host_suffix && !producer->op->lower) return Ok{};
    const Node* lowered = typed_.count(source) ? &quantize : producer;
    assert(lowered);  // what nothing computes is an input of the model, or a constant
    if (!lowered->op->lower) return no_hardware(*lowered);
    region_ = &region;
    const Status status = lowered->op->lower(*lowered, *this);
    region_ = nullptr;
    return status;
}

Status Lowering::lower_output(const Value* output) {
    // Down the host's suffix to the first value that the kernel can give.
    std::vector<const Value*> frontier{output};
    std::set<const Value*> seen;
    while (!frontier.empty()) {
        const Value* value = frontier.back();
        frontier.pop_back();
        if (is_exact_constant(value) || !seen.insert(value).second) continue;
        const auto already = std::any_of(design_.outputs.begin(), design_.outputs.end(),
                                         [&](const KernelOutput& made) { return made.binding.tensor == value->name; });
        if (already) continue;
        if (const auto at = typed_.find(value); at != typed_.end()) {
            KernelOutput made;
            made.name = output->name;
            made.scale = at->second.type.scale;
            made.zero_point = at->second.type.zero_point;
            made.binding = {model_.find(value->name) ? value->name : value->integer_tensor, at->second.stream, at->second.map};
            design_.outputs.push_back(std::move(made));
            continue;
        }
        const Node* producer = value->producer;
        if (!producer)
            return Diagnostic{Severity::error, "", output->name, "the output does not depend on anything that the kernel computes",
                              "remove the output"};
        // An accumulator's real value, seen through views only.
        const Region region = views_before(value);
        const Node* maker = region.source->producer;
        if (maker && maker->op->lower && maker->op->traits.accumulates) {
            const std::size_t outputs = design_.outputs.size(), units = design_.units.size();
            region_ = &region;
            const Status status = maker->op->lower(*maker, *this);
            region_ = nullptr;
            // What has no weights the host computes as well, where its sums are not words that can leave the kernel.
            if (!status && (maker->op->traits.linear || design_.units.size() > units)) return status.error();
            if (status) {
                if (design_.outputs.size() > outputs) design_.outputs.back().name = output->name;
                continue;
            }
        }
        assert(!producer->op->traits.linear);  // rewrites make all of these canonical, or refuse them
        for (const Value* input : producer->inputs) {
            if (input) frontier.push_back(input);
        }
    }
    return Ok{};
}

Status Lowering::lower_outputs() {
    for (const Value* output : graph_.outputs) WEFT_CHECK(lower_output(output));
    if (design_.outputs.empty())
        return Diagnostic{Severity::error, "", graph_.outputs.front()->name,
                          "the model's outputs are constants: the kernel has nothing to give",
                          "make an output of what is computed from the input"};
    return Ok{};
}

Status Lowering::run() {
    for (const auto& node : graph_.nodes()) {
        const Value* output = node->output();
        if (node->op->traits.role == OpRole::typed) {
            if (!typed_.count(output)) WEFT_CHECK(lower_quantizer(*node));
            continue;
        }
        if (is_exact_constant(output)) continue;
        if (node->op->traits.role == OpRole::dequantize && output->integer) {
            WEFT_CHECK(kernel_input(*output, output->integer_tensor, node->input(0)->name, *output->integer));
            continue;
        }
        if (is_view(*node)) {
            WEFT_CHECK(lower_view(*node));
            continue;
        }
        if (output->integer && node->op->lower) WEFT_CHECK(node->op->lower(*node, *this));
    }
    WEFT_CHECK(lower_outputs());
    remove_unread();
    return Ok{};
}

void Lowering::remove_unread() {
    std::set<const Stream*> kept;
    for (const KernelOutput& output : design_.outputs) kept.insert(output.binding.stream);
    for (const KernelInput& input : design_.inputs) kept.insert(input.binding.stream);
    for (bool changed = true; changed;) {
        const auto unread = std::find_if(design_.units.begin(), design_.units.end(), [&](const auto& unit) {
            return std::none_of(unit->outputs.begin(), unit->outputs.end(),
                                [&](const Stream* stream) { return kept.count(stream) || !design_.readers(stream).empty(); });
        });
        changed = unread != design_.units.end();
        if (!changed) break;
        const std::set<const Stream*> gone((*unread)->outputs.begin(), (*unread)->outputs.end());
        design_.units.erase(unread);
        std::erase_if(design_.check_points, [&](const CheckPoint& point) { return gone.count(point.binding.stream) > 0; });
        std::erase_if(design_.streams, [&](const auto& stream) { return gone.count(stream.get()) > 0; });
    }
}

}  // namespace weft
