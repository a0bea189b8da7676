// check_model.h
// What becomes of every node of a model, and what is refused and why.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/driver/compile.h"

namespace weft {

struct NodeFate {
    std::string node;
    std::string op;
    std::string becomes;  ///< "matvec unit conv1", "integer type", "no hardware (a view)", "host", or "refused".
    std::string reason;   ///< Of a refusal.
    std::string help;
};

struct ModelCheck {
    bool supported = true;
    bool quantized = false;      ///< Holds quantizers.
    bool needs_samples = false;  ///< Supported with --calibrate only: judged with ranges of random samples in its place.
    std::vector<NodeFate> nodes;
    Diagnostics problems;
    Diagnostics warnings;
};

/// Runs what `compile` runs up to the folded Design: "supported" means that it succeeds with the same options, but for the samples
/// themselves and the disk. Fails only where the file cannot be imported.
Result<ModelCheck> check_model(const std::filesystem::path& path, const CompileOptions& options, const Observer& observer);

/// `supported` and `nodes[]{node, op, becomes, reason, help}`
nlohmann::ordered_json to_json(const ModelCheck& check);
std::string to_text(const ModelCheck& check);

}  // namespace weft
