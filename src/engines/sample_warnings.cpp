// sample_warnings.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/sample_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "src/graph/op_def.h"

namespace weft {

namespace {

/// Whether the reals that a quantizer takes reach to a good part of what a byte holds.
bool takes_bytes(const Node& quantizer) {
    if (!quantizer.has_input(1) || !quantizer.input(1)->is_constant() || quantizer.input(1)->constant->size() != 1) return false;
    const double scale = quantizer.input(1)->constant->at(0);
    return visit_type(quantizer.output()->type, [&](auto e) {
        using T = decltype(e);
        const double range = static_cast<double>(std::numeric_limits<T>::max()) - static_cast<double>(std::numeric_limits<T>::min());
        return scale * range >= 128;
    });
}

/// Whether a reader of `value` scales or shifts it by a constant, or takes bytes as they are.
bool is_prepared(const Graph& graph, const Value* value) {
    for (const Node* reader : graph.readers(value)) {
        const Traits& traits = reader->op->traits;
        const bool passes =
            traits.role == OpRole::cast || traits.role == OpRole::identity || traits.role == OpRole::transpose || traits.view;
        if (traits.role == OpRole::quantize) {
            if (takes_bytes(*reader)) return true;
            continue;
        }
        if (passes && is_prepared(graph, reader->output())) return true;
        const bool combines = traits.elementwise && traits.role != OpRole::clip;
        if (combines && std::any_of(reader->inputs.begin(), reader->inputs.end(), [](const Value* v) { return v && v->is_constant(); }))
            return true;
    }
    return false;
}

const NamedTensor* array_of(const Dataset& data, const Graph& graph, const Value& input) {
    for (const NamedTensor& candidate : data.inputs)
        if (candidate.name == input.name) return &candidate;
    return graph.inputs.size() == 1 && data.inputs.size() == 1 ? &data.inputs.front() : nullptr;
}

}  // namespace

Diagnostics warn_of_bytes(const Dataset& data, const Graph& graph) {
    Diagnostics warnings;
    for (const Value* input : graph.inputs) {
        const NamedTensor* array = array_of(data, graph, *input);
        if (!array || !is_float(input->type) || array->tensor.type() != DataType::uint8 || is_prepared(graph, input)) continue;
        const auto bytes = array->tensor.as<std::uint8_t>();
        const int largest = bytes.empty() ? 0 : *std::max_element(bytes.begin(), bytes.end());
        if (largest <= 1) continue;
        warnings.push_back(
            {Severity::warning, "", input->name,
             fmt::format("the samples are bytes up to {}, and the input takes real numbers: it gets them as they are", largest),
             graph.inputs.size() == 1
                 ? "if the model was trained on scaled values, say how: --preprocess scale=1/255 (and mean=, std=); if on bytes, say "
                   "--preprocess scale=1"
                 : "if the model was trained on scaled values, give samples that are scaled"});
    }
    return warnings;
}

Diagnostics warn_of_constant_samples(std::span<const NamedTensor> samples) {
    Diagnostics warnings;
    for (const auto& [name, tensor] : samples) {
        const std::int64_t count = tensor.shape().empty() ? 0 : tensor.shape()[0];
        if (tensor.size() < 2) continue;
        const std::size_t element = tensor.bytes() / static_cast<std::size_t>(tensor.size());
        const auto repeats = [&](std::size_t period) {
            return std::memcmp(tensor.raw(), tensor.raw() + period, tensor.bytes() - period) == 0;
        };
        std::string reason;
        if (repeats(element)) {
            reason = fmt::format("all elements of the calibration samples are {:g}", tensor.at(0));
        } else if (count > 1 && repeats(tensor.bytes() / static_cast<std::size_t>(count))) {
            reason = fmt::format("all {} calibration samples are equal", count);
        }
        if (!reason.empty())
            warnings.push_back({Severity::warning, "", name, reason + ": the ranges found with them are those of no real input",
                                "give some hundred typical inputs"});
    }
    return warnings;
}

Diagnostics warn_of_labels(std::span<const std::int64_t> labels, std::int64_t classes) {
    const auto is_beyond = [&](std::int64_t label) { return label >= classes; };
    const auto beyond = std::count_if(labels.begin(), labels.end(), is_beyond);
    if (beyond == 0) return {};
    const std::int64_t largest = *std::max_element(labels.begin(), labels.end());
    const auto labelled = std::count_if(labels.begin(), labels.end(), [](std::int64_t label) { return label >= 0; });
    return {{Severity::warning, "", "",
             fmt::format("{} of {} labels are no class of the output, which has {}: the largest is {}; they count as wrong", beyond,
                         labelled, classes, largest),
             "classes are numbered from 0: are these the labels of this model?"}};
}

}  // namespace weft
