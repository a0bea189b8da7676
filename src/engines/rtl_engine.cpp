// rtl_engine.cpp
// The engine `rtl`: the emitted SystemVerilog in Verilator, the stream core beside its schedule or the card kernel in a modelled memory.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "src/emit/kernel_names.h"
#include "src/engines/engine_def.h"
#include "src/engines/kernel_engine.h"
#include "src/schedule/schedule.h"
#include "src/simulate/rtl_kernel.h"
#include "src/simulate/rtl_simulation.h"

namespace weft {

namespace {

/// Of the stream core, every handshake at whose ports is held against the schedule.
struct CoreMeasure {
    std::int64_t latency_cycles = 0;    ///< Of the first sample.
    std::int64_t interval_cycles = 0;   ///< Between the last two samples; 0 for a single one.
    std::int64_t handshakes = 0;        ///< At the kernel's ports.
    std::int64_t equal_handshakes = 0;  ///< In the cycle that the schedule says.
};

CoreMeasure measure(const Schedule& predicted, const RtlRun& run, int frames) {
    CoreMeasure measure;
    std::int64_t first = run.cycles, end_of_first = 0, end = 0, end_before = 0;
    for (std::size_t p = 0; p < run.port_cycles.size(); ++p) {
        const std::vector<std::int64_t>& cycles = run.port_cycles[p];
        const PortActivity& port = predicted.ports[p];
        const auto frame = static_cast<std::size_t>(port.stream->beat.count(port.stream->shape));
        for (std::size_t i = 0; i < cycles.size(); ++i) {
            ++measure.handshakes;
            measure.equal_handshakes += i < port.cycles.size() && cycles[i] == port.cycles[i];
        }
        if (port.output) {
            end_of_first = std::max(end_of_first, cycles[frame - 1]);
            end = std::max(end, cycles.back());
            if (frames > 1) end_before = std::max(end_before, cycles[cycles.size() - 1 - frame]);
        } else {
            first = std::min(first, cycles.front());
        }
    }
    measure.latency_cycles = end_of_first - first + 1;
    if (frames > 1) measure.interval_cycles = end - end_before;
    return measure;
}

EngineMeasures told(const CoreMeasure& core, const RtlRun& run, std::uint64_t stall_seed) {
    EngineMeasures measures;
    measures.json = {{"cycles", run.cycles},
                     {"latency_cycles", core.latency_cycles},
                     {"interval_cycles", core.interval_cycles},
                     {"stall_seed", stall_seed},
                     {"handshakes", core.handshakes},
                     {"equal_handshakes", core.equal_handshakes},
                     {"simulation_seconds", run.seconds}};
    measures.text =
        fmt::format("RTL: {} cycles, latency {}, interval {}{}; {} of {} handshakes in the cycle of the schedule\n", run.cycles,
                    core.latency_cycles, core.interval_cycles, stall_seed ? fmt::format(", stalls of seed {}", stall_seed) : std::string(),
                    core.equal_handshakes, core.handshakes);
    measures.text +=
        fmt::format("simulated {:.0f} thousand cycles/s\n", static_cast<double>(run.cycles) / 1000 / std::max(run.seconds, 1e-9));
    measures.as_predicted = core.equal_handshakes == core.handshakes;
    return measures;
}

/// Of the card kernel: calls through its registers, the first of one sample, the second of all others.
EngineMeasures told(const RtlKernelRun& run, int memory_latency) {
    const auto cycles = [&](std::size_t call) { return run.calls[call].done - run.calls[call].start; };
    const bool several = run.calls.size() > 1;
    const std::int64_t sample_count = several ? run.calls[1].frame_count : 0;
    EngineMeasures measures;
    measures.json["shell"] = {{"memory_latency_cycles", memory_latency},
                              {"one_image_cycles", cycles(0)},
                              {"batch_images", sample_count},
                              {"batch_cycles", several ? cycles(1) : 0}};
    measures.text = fmt::format("card kernel, modelled memory (assumed latency {} cycles): start to done of one image {} cycles",
                                memory_latency, cycles(0));
    if (several) measures.text += fmt::format(", of {} images {} cycles", sample_count, cycles(1));
    measures.text += "\n";
    return measures;
}

Result<std::unique_ptr<Engine>> make_core(const EngineSubject& subject, const EngineOptions& options, const StageProgress& progress) {
    WEFT_ASSIGN(RtlProject emitted, emit_rtl(subject.design, subject.emit));
    const RtlProject project = named_after_kernel(std::move(emitted), kernel_name(subject.design));
    WEFT_ASSIGN(RtlSimulation built,
                RtlSimulation::build(std::span(&project, 1), {.trace = !options.trace.empty(), .threads = options.threads}, progress));
    auto simulation = std::make_shared<RtlSimulation>(std::move(built));
    auto measured = std::make_shared<EngineMeasures>();
    const FrameSimulator simulator = [simulation, measured, &design = subject.design, options](
                                         std::span<const std::vector<IntTensor>> frames,
                                         const Progress& running) -> Result<std::vector<std::vector<IntTensor>>> {
        WEFT_ASSIGN(RtlRun run, simulation->run(0, frames, {.stall_seed = options.stall_seed, .trace = options.trace}, running));
        const int count = static_cast<int>(frames.size());
        WEFT_ASSIGN(const Schedule predicted, schedule(design, {.frames = count, .stall_seed = options.stall_seed}));
        *measured = told(measure(predicted, run, count), run, options.stall_seed);
        return std::move(run.outputs);
    };
    WEFT_ASSIGN(auto engine, SimulationEngine::make("rtl", subject.quantized, subject.design, simulator, measured));
    return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<Engine>> make_shell(const EngineSubject& subject, const EngineOptions& options, const StageProgress& progress) {
    WEFT_ASSIGN(RtlKernel kernel, make_rtl_kernel(subject.design, subject.emit));
    kernel.files = named_after_kernel(std::move(kernel.files), kernel.name);
    WEFT_ASSIGN(RtlKernelSimulation built, RtlKernelSimulation::build(std::span(&kernel, 1), {.threads = options.threads}, progress));
    auto simulation = std::make_shared<RtlKernelSimulation>(std::move(built));
    auto measured = std::make_shared<EngineMeasures>();
    const FrameSimulator simulator = [simulation, measured, options](std::span<const std::vector<IntTensor>> frames,
                                                                     const Progress&) -> Result<std::vector<std::vector<IntTensor>>> {
        RtlKernelRunOptions calls{.batches = {1}, .stall_seed = options.stall_seed};
        if (const auto rest = static_cast<std::int64_t>(frames.size()) - 1; rest > 0) calls.batches.push_back(rest);
        WEFT_ASSIGN(RtlKernelRun run, simulation->run(0, frames, calls));
        *measured = told(run, calls.latency);
        return std::move(run.outputs);
    };
    WEFT_ASSIGN(auto engine, SimulationEngine::make("rtl", subject.quantized, subject.design, simulator, measured));
    return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<Engine>> make(const EngineSubject& subject, const EngineOptions& options, const StageProgress& progress) {
    return options.shell ? make_shell(subject, options, progress) : make_core(subject, options, progress);
}

Status check(const EngineOptions& options) {
    if (options.shell && !options.trace.empty())
        return Diagnostic{.reason = "--trace shows the stream core, and --shell runs the card kernel around it",
                          .help = "give one of the two"};
    return Ok{};
}

}  // namespace

extern const EngineDef engine_rtl{
    .name = "rtl",
    .needs = EngineNeeds::project,
    .options = {EngineOption::stalls, EngineOption::trace, EngineOption::shell},
    .check = check,
    .make = make,
};

}  // namespace weft
