// evaluate_run.h
// Running an engine on samples, and comparing it with labels and with another engine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/driver/compile.h"
#include "src/engines/engine_def.h"
#include "src/engines/oracle.h"

namespace weft {

struct RunRequest {
    std::filesystem::path model;  ///< An ONNX file, a project, or an xclbin of an emulated card.
    std::string kernel;           ///< Of an xclbin with several; empty: the only one.
    ModelOptions options;         ///< For ONNX files.
    std::filesystem::path inputs;
    std::string engine = "integer";
    std::string against;  ///< Empty: no comparison.
    bool layers = false;
    std::filesystem::path labels;
    std::int64_t sample_count = 0;  ///< 0: all.
    EngineOptions engines;          ///< Of both engines.
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
    std::int64_t sample_count = 0;
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
    std::map<std::string, EngineMeasures> measures;  ///< By the engines' names.
    Diagnostics warnings;
};

/// An engine that does not exist, or an option that neither engine takes, is an error.
Result<RunResult> run_model(const RunRequest& request, const Observer& observer);

/// `engine, against, images, elements, equal_elements, max_difference, outputs[], top1, top1_against, agree_top1, seconds`,
/// what the engines have measured, and `layers[]`; an output has `name, shape`, with a comparison `elements, equal_elements,
/// max_difference, sqnr_db`, and of a single sample `prediction`.
nlohmann::ordered_json to_json(const RunResult& result);
std::string to_text(const RunResult& result);

}  // namespace weft
