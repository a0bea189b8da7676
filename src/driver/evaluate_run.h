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
    std::int64_t images = 0;  ///< 0: all.
    int threads = 0;          ///< 0: all.
};

struct RunResult {
    std::string engine, against;
    std::int64_t images = 0;
    double seconds = 0;
    std::vector<NamedTensor> outputs;
    bool compared = false;
    std::int64_t elements = 0, equal_elements = 0;
    double max_difference = 0;
    std::optional<double> top1, top1_against, agree_top1;  ///< Shares, of the first output's largest element.
    std::int64_t labelled = 0;
    bool has_layers = false;
    std::vector<RegionAgreement> layers;
    Diagnostics warnings;
};

Result<RunResult> run_model(const RunRequest& request, const Observer& observer);

/// `engine, against, images, elements, equal_elements, max_difference, top1, top1_against, agree_top1, seconds, layers[]`
nlohmann::ordered_json to_json(const RunResult& result);
std::string to_text(const RunResult& result);

}  // namespace weft
