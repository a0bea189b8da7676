// evaluate_run.h
// Running an engine on samples, and comparing it with labels and with another engine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "src/driver/compile.h"
#include "src/engines/engine.h"
#include "src/engines/oracle.h"

namespace weft {

struct RunRequest {
    std::filesystem::path model;  ///< An ONNX file or a project.
    ModelOptions options;         ///< For ONNX files.
    std::filesystem::path inputs;
    std::string engine = "integer";
    std::string against;  ///< Empty: no comparison.
    bool layers = false;
    std::filesystem::path labels;
    std::int64_t images = 0;       ///< 0: all.
    int threads = 0;               ///< 0: all.
    std::uint64_t stall_seed = 0;  ///< Of the engine rtl: stalls at the kernel's ports; 0: none.
    std::filesystem::path trace;   ///< Of the engine rtl: a waveform is written there, if not empty.
    bool shell = false;            ///< Of the engine rtl: the whole card kernel with a modelled memory instead of the stream core.
};

/// What the engine rtl measured of the card kernel: calls through its registers, frames in a modelled memory.
struct ShellMeasure {
    int memory_latency_cycles = 0;      ///< Of the modelled memory, assumed.
    std::int64_t one_image_cycles = 0;  ///< From the start of a call of one image until it is done.
    std::int64_t images = 0;            ///< Of the second call; 0: there was none.
    std::int64_t batch_cycles = 0;      ///< From its start until it is done.
};

/// What the engine rtl measured of the stream core, beside its schedule.
struct RtlMeasure {
    std::uint64_t stall_seed = 0;
    std::int64_t cycles = 0;            ///< Until the last beat of the last image left.
    std::int64_t latency_cycles = 0;    ///< Of the first image.
    std::int64_t interval_cycles = 0;   ///< Between the last two images; 0 for a single one.
    std::int64_t handshakes = 0;        ///< At the kernel's ports.
    std::int64_t equal_handshakes = 0;  ///< In the cycle that the schedule says.
    double simulation_seconds = 0;
};

/// How one output agrees with the same output of the other engine, whose values count as the signal.
struct OutputAgreement {
    std::int64_t elements = 0, equal = 0;
    double max_difference = 0;
    double signal = 0, noise = 0;
    double sqnr_db() const;  ///< Infinite where all is equal.
};

struct RunResult {
    std::string engine, against;
    std::int64_t images = 0;
    double seconds = 0;
    std::vector<NamedTensor> outputs;
    bool compared = false;
    std::vector<OutputAgreement> agreements;  ///< One an output, where there was a comparison.
    std::int64_t elements = 0, equal_elements = 0;
    double max_difference = 0;
    std::optional<double> top1, top1_against, agree_top1;  ///< Shares, of the first output's largest element.
    std::int64_t labelled = 0;
    bool has_layers = false;
    std::vector<RegionAgreement> layers;
    std::optional<RtlMeasure> rtl;
    std::optional<ShellMeasure> shell;
    Diagnostics warnings;
};

Result<RunResult> run_model(const RunRequest& request, const Observer& observer);

/// `engine, against, images, elements, equal_elements, max_difference, outputs[], top1, top1_against, agree_top1, seconds, cycles,
/// layers[]`; an output has `name, shape`, with a comparison `elements, equal_elements, max_difference, sqnr_db`, and of a single image
/// `prediction`.
nlohmann::ordered_json to_json(const RunResult& result);
std::string to_text(const RunResult& result);

}  // namespace weft
