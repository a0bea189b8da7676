// contract.cpp
// Executes a Design on frames of integers.
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/contract.h"

#include <cassert>
#include <map>

namespace weft {

ContractRunner::ContractRunner(const Design& design, bool reference) : design_(design) {
    std::map<const Stream*, int> index;
    for (const auto& stream : design.streams) index.emplace(stream.get(), static_cast<int>(index.size()));
    const std::size_t count = design.streams.size();
    source_.resize(count);
    for (std::size_t i = 0; i < count; ++i) source_[i] = static_cast<int>(i);
    kernel_input_.assign(count, -1);
    buffer_.assign(count, -1);
    for (std::size_t i = 0; i < design.inputs.size(); ++i)
        kernel_input_[static_cast<std::size_t>(index.at(design.inputs[i].binding.stream))] = static_cast<int>(i);
    for (const KernelOutput& output : design.outputs) output_stream_.push_back(index.at(output.binding.stream));

    for (const auto& unit : design.units) {
        if (unit->def->role != UnitRole::function) {
            for (const Stream* stream : unit->outputs)
                source_[static_cast<std::size_t>(index.at(stream))] = source_[static_cast<std::size_t>(index.at(unit->inputs[0]))];
            continue;
        }
        Step step{unit.get(), {}, {}, {}};
        if (unit->def->fast && !reference)
            step.function = unit->def->fast(*unit);
        else
            step.function = [unit = unit.get()](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
                unit->def->model(*unit, inputs, outputs);
            };
        for (const Stream* stream : unit->inputs) step.sources.push_back(source_[static_cast<std::size_t>(index.at(stream))]);
        for (const Stream* stream : unit->outputs) step.targets.push_back(index.at(stream));
        steps_.push_back(std::move(step));
    }

    // A stream's buffer is free again behind its last reader; kernel outputs keep theirs to the end.
    std::vector<std::size_t> last_use(count, 0);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        for (const int stream : steps_[i].sources) last_use[static_cast<std::size_t>(stream)] = i;
        for (const int stream : steps_[i].targets) last_use[static_cast<std::size_t>(stream)] = i;
    }
    for (const int stream : output_stream_) last_use[static_cast<std::size_t>(source_[static_cast<std::size_t>(stream)])] = steps_.size();
    std::multimap<std::int64_t, int> free;  // by elements last held
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        for (const int stream : steps_[i].targets) {
            const std::int64_t elements = design.streams[static_cast<std::size_t>(stream)]->shape.elements();
            auto fit = free.lower_bound(elements);
            if (fit == free.end() && !free.empty()) fit = std::prev(fit);
            if (fit == free.end()) {
                buffer_[static_cast<std::size_t>(stream)] = buffers_++;
            } else {
                buffer_[static_cast<std::size_t>(stream)] = fit->second;
                free.erase(fit);
            }
        }
        for (std::size_t s = 0; s < count; ++s)
            if (buffer_[s] >= 0 && last_use[s] == i && design.streams[s]->producer)
                free.emplace(design.streams[s]->shape.elements(), buffer_[s]);
    }
}

std::unique_ptr<ContractRunner::Workspace> ContractRunner::borrow() const {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto workspace = std::move(idle_.back());
            idle_.pop_back();
            return workspace;
        }
    }
    return std::make_unique<Workspace>(static_cast<std::size_t>(buffers_));
}

void ContractRunner::give_back(std::unique_ptr<Workspace> workspace) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(workspace));
}

void ContractRunner::run(std::span<const IntTensor> inputs, std::span<IntTensor> outputs, std::vector<IntTensor>* all_streams) const {
    assert(inputs.size() == design_.inputs.size() && outputs.size() == design_.outputs.size());
    auto workspace = borrow();
    if (all_streams) all_streams->assign(design_.streams.size(), {});
    const auto frame = [&](int stream) -> const IntTensor& {
        const auto s = static_cast<std::size_t>(source_[static_cast<std::size_t>(stream)]);
        if (kernel_input_[s] >= 0) return inputs[static_cast<std::size_t>(kernel_input_[s])];
        return (*workspace)[static_cast<std::size_t>(buffer_[s])];
    };

    std::vector<const IntTensor*> sources;
    std::vector<IntTensor> targets;
    for (const Step& step : steps_) {
        sources.clear();
        targets.clear();
        for (const int stream : step.sources) sources.push_back(&frame(stream));
        for (const int stream : step.targets) {
            IntTensor& target =
                targets.emplace_back(std::move((*workspace)[static_cast<std::size_t>(buffer_[static_cast<std::size_t>(stream)])]));
            target.shape = design_.streams[static_cast<std::size_t>(stream)]->shape;
            target.data.resize(static_cast<std::size_t>(target.shape.elements()));
        }
        step.function(sources, targets);
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const auto stream = static_cast<std::size_t>(step.targets[i]);
            if (all_streams) (*all_streams)[stream] = targets[i];
            (*workspace)[static_cast<std::size_t>(buffer_[stream])] = std::move(targets[i]);
        }
    }

    for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = frame(output_stream_[i]);
    if (all_streams)
        for (std::size_t s = 0; s < all_streams->size(); ++s) {
            if (kernel_input_[s] >= 0) (*all_streams)[s] = inputs[static_cast<std::size_t>(kernel_input_[s])];
            // A copy's own source comes before it in the design's order, and has its frame by now.
            if (const auto from = static_cast<std::size_t>(source_[s]); from != s)
                (*all_streams)[s] = kernel_input_[from] >= 0 ? inputs[static_cast<std::size_t>(kernel_input_[from])] : (*all_streams)[from];
        }
    give_back(std::move(workspace));
}

}  // namespace weft
