// inputs.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/inputs.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace weft {

namespace {

Shape without_ones(const Shape& shape) {
    Shape result;
    std::copy_if(shape.begin(), shape.end(), std::back_inserter(result), [](std::int64_t extent) { return extent != 1; });
    return result;
}

/// Whether every element of `tensor` is an integer within the range of `type`.
bool fits(const Tensor& tensor, DataType type) {
    return visit_type(type, [&](auto to) {
        using To = decltype(to);
        return visit_type(tensor.type(), [&](auto from) {
            const auto elements = tensor.as<decltype(from)>();
            return std::all_of(elements.begin(), elements.end(), [](auto e) {
                const double value = static_cast<double>(e);
                return value == std::floor(value) && value >= static_cast<double>(std::numeric_limits<To>::min()) &&
                       value <= static_cast<double>(std::numeric_limits<To>::max());
            });
        });
    });
}

Result<Tensor> fit(const Tensor& samples, std::int64_t count, const Value& input) {
    Shape sample(samples.shape().begin() + 1, samples.shape().end());
    if (without_ones(sample) != without_ones(input.shape)) {
        std::string help = "a sample must have the shape " + to_string(input.shape) + " up to axes of extent 1";
        Shape sorted_sample = without_ones(sample), sorted_input = without_ones(input.shape);
        std::sort(sorted_sample.begin(), sorted_sample.end());
        std::sort(sorted_input.begin(), sorted_input.end());
        if (sorted_sample == sorted_input) help += "; for images stored as height, width, channels give --preprocess layout=hwc";
        return Diagnostic{Severity::error, "", input.name,
                          "the samples have the shape " + to_string(sample) + ", the input " + to_string(input.shape), help};
    }
    Shape shape{count};
    shape.insert(shape.end(), input.shape.begin(), input.shape.end());
    if (!is_float(input.type) && samples.type() != input.type && !fits(samples, input.type)) {
        return Diagnostic{Severity::error, "", input.name,
                          "the samples are " + std::string(to_string(samples.type())) + " and do not fit the input's type " +
                              std::string(to_string(input.type)),
                          "give samples of type " + std::string(to_string(input.type))};
    }
    return samples.cast(input.type).reshaped(std::move(shape));
}

}  // namespace

Result<std::vector<NamedTensor>> bind_inputs(const Dataset& data, const Graph& graph) {
    std::vector<NamedTensor> bound;
    for (const Value* input : graph.inputs) {
        const NamedTensor* found = nullptr;
        for (const NamedTensor& candidate : data.inputs) {
            if (candidate.name == input->name) found = &candidate;
        }
        if (!found && graph.inputs.size() == 1 && data.inputs.size() == 1) found = &data.inputs.front();
        if (!found) {
            std::vector<std::string> names;
            for (const NamedTensor& candidate : data.inputs) names.push_back(candidate.name);
            return Diagnostic{Severity::error, "", input->name, "the data holds no array for the model's input",
                              "give a .npz with one array an input, named as the inputs; " + suggest(input->name, names)};
        }
        WEFT_ASSIGN(Tensor tensor, fit(found->tensor, data.count, *input));
        bound.push_back({input->name, std::move(tensor)});
    }
    return bound;
}

Tensor sample_of(const Tensor& stack, std::int64_t index, const Value& value) {
    Tensor sample(stack.type(), value.shape);
    std::memcpy(sample.raw(), stack.raw() + static_cast<std::size_t>(index) * sample.bytes(), sample.bytes());
    return sample;
}

Tensor stack_samples(std::span<const Tensor> samples, bool batched) {
    if (samples.empty()) return {};
    Shape shape = samples[0].shape();
    const auto count = static_cast<std::int64_t>(samples.size());
    if (batched && !shape.empty() && shape[0] == 1) {
        shape[0] = count;
    } else {
        shape.insert(shape.begin(), count);
    }
    Tensor stack(samples[0].type(), std::move(shape));
    std::size_t offset = 0;
    for (const Tensor& sample : samples) {
        std::memcpy(stack.raw() + offset, sample.raw(), sample.bytes());
        offset += sample.bytes();
    }
    return stack;
}

std::vector<NamedTensor> random_inputs(const Graph& graph, std::span<const double> low, std::span<const double> high, std::int64_t count,
                                       std::uint64_t seed) {
    std::vector<NamedTensor> inputs;
    std::mt19937_64 generator(seed);
    // Drawn by hand from the generator's bits: the standard distributions differ between libraries.
    const auto uniform = [&] { return static_cast<double>(generator() >> 11) * 0x1p-53; };
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
        const Value& value = *graph.inputs[i];
        Shape shape{count};
        shape.insert(shape.end(), value.shape.begin(), value.shape.end());
        Tensor tensor(value.type, std::move(shape));
        visit_type(value.type, [&](auto e) {
            using T = decltype(e);
            for (auto& element : tensor.as<T>()) {
                const double real = low[i] + (high[i] - low[i]) * uniform();
                element = static_cast<T>(is_float(value.type) ? real : std::floor(low[i] + (high[i] - low[i] + 1) * uniform()));
            }
        });
        inputs.push_back({value.name, std::move(tensor)});
    }
    return inputs;
}

}  // namespace weft
