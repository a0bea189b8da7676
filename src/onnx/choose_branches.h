// choose_branches.h
// Branches whose condition is known when the model is read become the sub-graph that runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/onnx/build_graph.h"

namespace weft {

/// The values of scalar conditions, in order; empty where one is computed at run time. An error refuses the model.
using ConditionSolver = std::function<Result<std::vector<std::optional<bool>>>(const std::vector<std::string>& conditions)>;

/// Splices branches into `flat` until none that the outputs of `file` need has a known condition. Those that are left are refused with
/// every other operator that weft does not have.
Status choose_branches(const ModelFile& file, FlatGraph& flat, const ConditionSolver& solve);

}  // namespace weft
