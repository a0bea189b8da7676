// kernel_engine.h
// Engines that run a Design: the host's prefix and suffix around frames of integers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "src/engines/contract.h"
#include "src/engines/engine.h"
#include "src/engines/host.h"

namespace weft {

/// The engine `integer`: the integer contract. Images run on several threads.
class IntegerEngine : public Engine {
public:
    /// Graph and Design must outlive the engine. `reference` uses the units' reference models instead of their fast equals.
    static Result<std::unique_ptr<IntegerEngine>> make(const Graph& model, const Design& design, bool reference = false, int threads = 0);

    std::string_view name() const override { return "integer"; }
    Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t sample_count, const Progress& progress) override;

    /// One sample: every stream's integers, in the design's order of streams.
    Result<std::vector<IntTensor>> all_streams(std::span<const Tensor> inputs) const;

private:
    IntegerEngine(const Graph& model, const Design& design, Host host, bool reference, int threads)
        : model_(model), design_(design), host_(std::move(host)), runner_(design, reference), threads_(threads) {}

    const Graph& model_;
    const Design& design_;
    Host host_;
    ContractRunner runner_;
    int threads_;
};

/// Frames of all kernel inputs, sample after sample -> frames of all kernel outputs.
using FrameSimulator =
    std::function<Result<std::vector<std::vector<IntTensor>>>(std::span<const std::vector<IntTensor>> frames, const Progress&)>;

/// An engine that simulates the emitted kernel: all samples in one run, back to back. What the simulator measures it leaves in `measured`,
/// if that is not null.
class SimulationEngine : public Engine {
public:
    static Result<std::unique_ptr<SimulationEngine>> make(std::string name, const Graph& model, const Design& design,
                                                          FrameSimulator simulator,
                                                          std::shared_ptr<const EngineMeasures> measured = nullptr);

    std::string_view name() const override { return name_; }
    Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t sample_count, const Progress& progress) override;
    EngineMeasures measures() const override { return measured_ ? *measured_ : EngineMeasures{}; }

private:
    SimulationEngine(std::string name, const Graph& model, Host host, FrameSimulator simulator,
                     std::shared_ptr<const EngineMeasures> measured)
        : name_(std::move(name)), model_(model), host_(std::move(host)), simulator_(std::move(simulator)), measured_(std::move(measured)) {}

    std::string name_;
    const Graph& model_;
    Host host_;
    FrameSimulator simulator_;
    std::shared_ptr<const EngineMeasures> measured_;
};

}  // namespace weft
