// kernel_engine.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/kernel_engine.h"

#include <mutex>

#include "src/base/parallel.h"
#include "src/engines/engine_def.h"
#include "src/engines/inputs.h"

namespace weft {

namespace {

std::vector<Tensor> inputs_of(std::span<const NamedTensor> stacks, std::int64_t sample, const Graph& model) {
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < stacks.size(); ++i) inputs.push_back(sample_of(stacks[i].tensor, sample, *model.inputs[i]));
    return inputs;
}

std::vector<NamedTensor> stacked(const Graph& model, const std::vector<std::vector<Tensor>>& outputs) {
    std::vector<NamedTensor> named;
    for (std::size_t i = 0; i < outputs.size(); ++i) named.push_back({model.outputs[i]->name, stack_samples(outputs[i], model.batched)});
    return named;
}

}  // namespace

Result<std::unique_ptr<IntegerEngine>> IntegerEngine::make(const Graph& model, const Design& design, bool reference, int threads) {
    WEFT_ASSIGN(Host host, Host::make(model, design));
    return std::unique_ptr<IntegerEngine>(new IntegerEngine(model, design, std::move(host), reference, threads));
}

Result<std::vector<NamedTensor>> IntegerEngine::run(std::span<const NamedTensor> inputs, std::int64_t sample_count,
                                                    const Progress& progress) {
    std::vector<std::vector<Tensor>> outputs(model_.outputs.size(), std::vector<Tensor>(static_cast<std::size_t>(sample_count)));
    std::mutex mutex;
    Diagnostics problems;
    const auto one_sample = [&](std::int64_t index) {
        const auto result = [&]() -> Result<std::vector<Tensor>> {
            WEFT_ASSIGN(const std::vector<IntTensor> frames, host_.prepare(inputs_of(inputs, index, model_)));
            std::vector<IntTensor> received(design_.outputs.size());
            runner_.run(frames, received);
            return host_.finish(received);
        }();
        if (!result) {
            const std::lock_guard lock(mutex);
            if (problems.empty()) problems = result.error();
            return false;
        }
        for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i][static_cast<std::size_t>(index)] = (*result)[i];
        return true;
    };
    const auto done = [&](std::int64_t count) {
        if (progress) progress(count, sample_count);
    };
    if (!parallel_for(sample_count, threads_, one_sample, done)) return problems;
    return stacked(model_, outputs);
}

Result<std::vector<IntTensor>> IntegerEngine::all_streams(std::span<const Tensor> inputs) const {
    WEFT_ASSIGN(const std::vector<IntTensor> frames, host_.prepare(inputs));
    std::vector<IntTensor> received(design_.outputs.size()), streams;
    runner_.run(frames, received, &streams);
    return streams;
}

Result<std::unique_ptr<SimulationEngine>> SimulationEngine::make(std::string name, const Graph& model, const Design& design,
                                                                 FrameSimulator simulator, std::shared_ptr<const EngineMeasures> measured) {
    WEFT_ASSIGN(Host host, Host::make(model, design));
    return std::unique_ptr<SimulationEngine>(
        new SimulationEngine(std::move(name), model, std::move(host), std::move(simulator), std::move(measured)));
}

Result<std::vector<NamedTensor>> SimulationEngine::run(std::span<const NamedTensor> inputs, std::int64_t sample_count,
                                                       const Progress& progress) {
    std::vector<std::vector<IntTensor>> frames;
    for (std::int64_t i = 0; i < sample_count; ++i) {
        WEFT_ASSIGN(std::vector<IntTensor> sent, host_.prepare(inputs_of(inputs, i, model_)));
        frames.push_back(std::move(sent));
    }
    WEFT_ASSIGN(const auto received, simulator_(frames, progress));
    std::vector<std::vector<Tensor>> outputs(model_.outputs.size());
    for (const std::vector<IntTensor>& sample : received) {
        WEFT_ASSIGN(std::vector<Tensor> tensors, host_.finish(sample));
        for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].push_back(std::move(tensors[i]));
    }
    return stacked(model_, outputs);
}

extern const EngineDef engine_integer{
    .name = "integer",
    .needs = EngineNeeds::design,
    .make = [](const EngineSubject& subject, const EngineOptions& options, const StageProgress&) -> Result<std::unique_ptr<Engine>> {
        WEFT_ASSIGN(auto engine, IntegerEngine::make(subject.quantized, subject.design, false, options.threads));
        return std::unique_ptr<Engine>(std::move(engine));
    },
};

}  // namespace weft
