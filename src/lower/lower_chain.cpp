// lower_chain.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/lower/lower_chain.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"
#include "src/graph/op_places.h"

namespace weft {

namespace {

/// Stands for an infinite fill value: beyond everything that a quantizer tells apart.
constexpr double beyond_all = 0x1p100;

bool is_mover(const Node& node) {
    const Traits& traits = node.op->traits;
    return (traits.commutes_with_monotone || traits.fill_value) && !traits.view;
}

std::vector<const Value*> moved_inputs(const Node& node) {
    std::vector<const Value*> moved;
    for (const std::size_t i : handed_on(node)) moved.push_back(node.inputs[i]);
    return moved;
}

bool is_graph_input(const Graph& graph, const Value* value) { return std::ranges::find(graph.inputs, value) != graph.inputs.end(); }

/// The functions of `stretch` and of all below it, applied to what channel `channel` of its source is.
ScalarFunction functions_from(const Stretch& stretch, int channel) {
    ScalarFunction whole = stretch.functions[static_cast<std::size_t>(channel)];
    for (const Stretch* at = &stretch; at->below; at = at->below) {
        channel += at->first_channel;
        whole = compose(at->below->functions[static_cast<std::size_t>(channel)], whole);
    }
    return whole;
}

}  // namespace

bool Stretch::begins_outside(const Graph& graph, bool all) const {
    if (!mover) return is_graph_input(graph, region.source) && is_float(region.source->type);
    const auto outside = [&](const auto& stretch) { return stretch->begins_outside(graph, all); };
    return all ? std::ranges::all_of(above, outside) : std::ranges::any_of(above, outside);
}

void Stretch::for_each_node_below(const std::function<void(const Node&)>& visit) const {
    for (const Stretch* at = this; at; at = at->below)
        for (const Node* node : at->region.nodes) visit(*node);
}

Result<std::unique_ptr<Stretch>> Lowering::stretch_of(const Value* last, const Node& reader, const Stretch* below) const {
    auto stretch = std::make_unique<Stretch>();
    WEFT_ASSIGN(stretch->region, region_of(last, reader));
    stretch->below = below;
    const Value* source = stretch->region.source;
    const Node* producer = source->producer;
    if (typed_.count(source) || source->integer || !producer || !is_mover(*producer)) return stretch;
    stretch->mover = producer;
    if (!producer->op->lower) return no_hardware(*producer);

    // The canonical operators that hand on elements give them in place, channel by channel.
    const int channels = stream_shape(*source).channels;
    std::vector<std::int32_t> channel_of(static_cast<std::size_t>(element_count(source->shape)));
    for (std::size_t i = 0; i < channel_of.size(); ++i) channel_of[i] = static_cast<std::int32_t>(i) % channels;
    WEFT_ASSIGN(stretch->functions, region_functions(stretch->region, channels, channel_of));
    const Traits& traits = producer->op->traits;
    if (traits.picks_largest) stretch->move.kind = ChainMove::Kind::largest;
    if (traits.fill_value) {
        stretch->move.kind = ChainMove::Kind::pad;
        const std::optional<double> fill = traits.fill_value(*producer);
        assert(fill);  // no other padding is canonical
        stretch->move.fill = Rational(std::clamp(*fill, -beyond_all, beyond_all));
    }
    int first_channel = 0;
    for (const Value* input : moved_inputs(*producer)) {
        if (is_exact_constant(input))
            return tensor_error(*producer, input, "the value is a constant, which no stream of the kernel carries",
                                "fold the constant before export");
        WEFT_ASSIGN(auto above, stretch_of(input, *producer, stretch.get()));
        above->first_channel = first_channel;
        first_channel += stream_shape(*input).channels;
        stretch->above.push_back(std::move(above));
    }
    return stretch;
}

Status Lowering::set_fill_codes(Stretch& stretch, const QuantizerRule& rule) {
    for (const auto& above : stretch.above) WEFT_CHECK(set_fill_codes(*above, rule));
    if (!stretch.mover || stretch.move.kind != ChainMove::Kind::pad) return Ok{};
    // The quantizer's own integer where it is the same in every channel; else each channel's codes are moved so that it is 0.
    for (std::size_t channel = 0; channel < stretch.functions.size(); ++channel) {
        const AccumulatorChannel constant{.offset = stretch.move.fill, .function = functions_from(stretch, static_cast<int>(channel))};
        WEFT_ASSIGN(const Staircase step, staircase_of(constant, rule));
        if (channel > 0 && step.values.front() != stretch.move.fill_code) {
            stretch.move.fill_code = 0;
            break;
        }
        stretch.move.fill_code = step.values.front();
    }
    return Ok{};
}

Status Lowering::set_chain_steps(StreamShape shape, const IndexMap& order) {
    ChainStage& stage = *stage_;
    if (!stage.leaf) {
        for (std::size_t c = 0; c < channels_.size(); ++c) {
            const ChannelCodes& codes = *stage.codes[c];
            Staircase steps;
            for (const auto& [from, to] : codes.recode[stage.moves[c]]) {
                // Codes of fill values that are added further on do not come this way yet.
                if (from > channels_[c].max) break;
                if (from <= channels_[c].min) steps = {};
                if (!steps.values.empty() && steps.values.back() == to) continue;
                if (!steps.values.empty()) steps.positions.push_back(from);
                steps.values.push_back(to);
            }
            channels_[c].steps = std::move(steps);
        }
        return Ok{};
    }
    WEFT_CHECK(fill_functions(shape, order));
    bool recoded = false;
    for (std::size_t c = 0; c < channels_.size(); ++c) {
        std::vector<ChainMove> moves;
        auto channel = static_cast<int>(c) + stage.leaf->first_channel;
        for (const Stretch* at = stage.leaf->below; at; channel += at->first_channel, at = at->below) {
            moves.push_back(at->move);
            moves.back().function = at->functions[static_cast<std::size_t>(channel)];
        }
        WEFT_ASSIGN(ChannelCodes codes, channel_codes(channels_[c], moves, *stage.rule));
        for (std::size_t i = 0; i < moves.size(); ++i) recoded |= codes.recodes(i);
        stage.codes.push_back(std::make_shared<const ChannelCodes>(std::move(codes)));
        for (const ChainMove& move : moves) channels_[c].function = compose(move.function, channels_[c].function);
    }
    stage.moves.assign(channels_.size(), 0);
    // Quantized integers all the way: the stage is that of the rule, of which more is known than its steps.
    for (std::size_t c = 0; recoded && c < channels_.size(); ++c) channels_[c].steps = stage.codes[c]->first;
    return Ok{};
}

Status Lowering::lower_stage(const Node& node, const Region& region, ChainStage& stage) {
    region_ = &region;
    stage_ = &stage;
    const Status status = node.op->lower(node, *this);
    stage_ = nullptr;
    region_ = nullptr;
    return status;
}

Result<CodedStream> Lowering::lower_stretch(const Stretch& stretch, const Node& quantize, const QuantizerRule& rule) {
    ChainStage stage{.rule = &rule};
    if (!stretch.mover) {
        const Value* source = stretch.region.source;
        const Node* node = typed_.count(source) ? &quantize : source->producer;
        if (!node || !node->op->lower) return untyped(stretch.below->mover ? *stretch.below->mover : quantize, source);
        stage.leaf = &stretch;
        WEFT_CHECK(lower_stage(*node, stretch.region, stage));
        return CodedStream{stage.result, std::move(stage.codes), std::move(stage.moves)};
    }
    CodedStream moved;
    std::vector<std::pair<const Value*, TypedStream>> entering;
    for (const auto& above : stretch.above) {
        WEFT_ASSIGN(CodedStream coded, lower_stretch(*above, quantize, rule));
        entering.emplace_back(above->region.last, coded.stream);
        moved.codes.insert(moved.codes.end(), coded.codes.begin(), coded.codes.end());
        moved.moves.insert(moved.moves.end(), coded.moves.begin(), coded.moves.end());
    }
    for (auto& [value, stream] : entering) coded_[value] = std::move(stream);
    moving_ = &stretch;
    const Status status = stretch.mover->op->lower(*stretch.mover, *this);
    moving_ = nullptr;
    for (const auto& [value, stream] : entering) coded_.erase(value);
    WEFT_CHECK(status);

    const Value* source = stretch.region.source;
    bool recoded = false;
    for (std::size_t c = 0; c < moved.codes.size(); ++c) recoded |= moved.codes[c]->recodes(moved.moves[c]);
    if (recoded) {
        stage.codes = moved.codes;
        stage.moves = moved.moves;
        WEFT_CHECK(lower_stage(quantize, stretch.region, stage));
        moved.stream = stage.result;
    } else {
        moved.stream = coded_.at(source);
        moved.stream.map = compose(moved.stream.map, stretch.region.to_source());
    }
    coded_.erase(source);
    for (std::size_t& move : moved.moves) ++move;
    return moved;
}

Result<bool> Lowering::lower_chain(const Node& quantize) {
    WEFT_ASSIGN(const auto root, stretch_of(quantize.input(0), quantize, nullptr));
    if (!root->mover) return false;
    if (root->begins_outside(graph_, true)) {
        // The host does it all.
        WEFT_CHECK(host_input(quantize, root->region.source));
        return true;
    }
    const QuantizerRule rule = quantizer_rule(quantize);
    WEFT_CHECK(set_fill_codes(*root, rule));
    WEFT_ASSIGN(const CodedStream result, lower_stretch(*root, quantize, rule));
    TypedStream typed = result.stream;
    typed.type = *quantize.output()->integer;
    typed.type.min = typed.stream->min;
    typed.type.max = typed.stream->max;
    bind(quantize.output(), std::move(typed));
    return true;
}

std::int64_t Lowering::fill_code(const Node& node, const TypedStream& input) const {
    if (moving_) return moving_->move.fill_code;
    const double fill = node.op->traits.fill_value(node).value_or(0.0);
    return static_cast<std::int64_t>(std::llround(fill / input.type.scale[0])) + input.type.zero_point[0];
}

}  // namespace weft
