// graph_engine.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/graph_engine.h"

#include <mutex>

#include "src/base/parallel.h"
#include "src/engines/engine_def.h"
#include "src/engines/inputs.h"

namespace weft {

Result<std::vector<NamedTensor>> GraphEngine::run(std::span<const NamedTensor> inputs, std::int64_t sample_count,
                                                  const Progress& progress) {
    std::vector<std::vector<Tensor>> outputs(graph_.outputs.size(), std::vector<Tensor>(static_cast<std::size_t>(sample_count)));
    std::mutex mutex;
    Diagnostics problems;
    const auto one_sample = [&](std::int64_t index) {
        std::vector<Tensor> given;
        for (std::size_t i = 0; i < inputs.size(); ++i) given.push_back(sample_of(inputs[i].tensor, index, *graph_.inputs[i]));
        auto result = evaluator_.run(given);
        if (!result) {
            const std::lock_guard lock(mutex);
            if (problems.empty()) problems = std::move(result).error();
            return false;
        }
        for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i][static_cast<std::size_t>(index)] = std::move((*result)[i]);
        return true;
    };
    const auto done = [&](std::int64_t count) {
        if (progress) progress(count, sample_count);
    };
    if (!parallel_for(sample_count, threads_, one_sample, done)) return problems;
    std::vector<NamedTensor> named;
    for (std::size_t i = 0; i < outputs.size(); ++i) named.push_back({graph_.outputs[i]->name, stack_samples(outputs[i], graph_.batched)});
    return named;
}

extern const EngineDef engine_float{
    .name = "float",
    .make = [](const EngineSubject& subject, const EngineOptions& options, const StageProgress&) -> Result<std::unique_ptr<Engine>> {
        return std::unique_ptr<Engine>(std::make_unique<GraphEngine>(subject.source, DataType::float32, options.threads));
    },
};

extern const EngineDef engine_float64{
    .name = "float64",
    .make = [](const EngineSubject& subject, const EngineOptions& options, const StageProgress&) -> Result<std::unique_ptr<Engine>> {
        return std::unique_ptr<Engine>(std::make_unique<GraphEngine>(subject.quantized, DataType::float64, options.threads));
    },
};

}  // namespace weft
