// pass.h
// A pass rewrites a Graph; the runner owns order, timing, dumps and verification.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// What a pass did, for dumps and reports: one line each.
using PassLog = std::vector<std::string>;

struct Pass {
    std::string_view name;
    std::string_view reason;  ///< What it does and why it stands at its place in the list.
    Status (*run)(Graph&, PassLog&);
};

/// From ONNX operators with quantizers to canonical operators with typed values, in order.
std::span<const Pass> typing_passes();

struct PassRunner {
    /// Called after each pass with its name, the graph, its log and the seconds it took. May be empty.
    std::function<void(std::string_view, const Graph&, const PassLog&, double)> after;

    /// Runs the passes in order; sorts and verifies the graph after each one.
    Status run(Graph& graph, std::span<const Pass> passes) const;
};

// The passes themselves, one a file.

/// Applies every operator's expansions until nothing changes: quantized operators become real ones between quantizers. Before calibration
/// and before the typing passes; the graph stays one that ONNX can say.
Status expand(Graph& graph, PassLog& log);
/// Applies every operator's rewrites until nothing changes.
Status canonicalise(Graph& graph, PassLog& log);
/// Turns quantizer and dequantizer pairs into typed values: a canonical quantize node whose output carries an IntegerType.
Status type_values(Graph& graph, PassLog& log);
/// Gives functions of typed values a type where an operator needs one and a type says their results exactly: the same integers under
/// another scale and zero point (a factor, a difference), or other integers of the same (a rectifier, a limit).
Status type_functions(Graph& graph, PassLog& log);
/// Lets integer types pass through operators whose output elements are input elements. Inputs of one scale and zero point may have
/// different ranges: the output has the hull.
Status propagate_types(Graph& graph, PassLog& log);

}  // namespace weft
