// hls_engine.cpp
// The engine `hls`: the emitted C++ under the C compiler.
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/engine_def.h"
#include "src/engines/kernel_engine.h"
#include "src/simulate/hls_simulation.h"

namespace weft {

namespace {

Result<std::unique_ptr<Engine>> make(const EngineSubject& subject, const EngineOptions&, const StageProgress&) {
    WEFT_ASSIGN(const HlsProject project, emit_hls(subject.design, subject.emit));
    WEFT_ASSIGN(HlsSimulation built, HlsSimulation::build(project, kernel_ports(subject.design, subject.emit)));
    auto simulation = std::make_shared<HlsSimulation>(std::move(built));
    const FrameSimulator simulator = [simulation](std::span<const std::vector<IntTensor>> frames, const Progress& progress) {
        return simulation->run(frames, progress);
    };
    WEFT_ASSIGN(auto engine, SimulationEngine::make("hls", subject.quantized, subject.design, simulator));
    return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace

extern const EngineDef engine_hls{
    .name = "hls",
    .needs = EngineNeeds::project,
    .make = make,
};

}  // namespace weft
