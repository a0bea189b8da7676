// fold_constants.h
// Constant folding, by itself and woven into shape inference.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// Evaluates every node whose outputs are known when the graph is built (all inputs constant, or an operator of shapes alone) and makes its
/// outputs constants. Dequantized constants, and quantized ones that are yet to be expanded, stay as they are: they carry the integer type
/// of weights. Types and shapes must be known. True if anything changed.
Result<bool> fold_constants(Graph& graph);

/// Gives every value its type and shape, from the graph's inputs and constants on, and folds on the way, so that a shape that is computed
/// is known to its reader. The graph must be sorted. What depends on a value of `unknown` is left alone. All problems found, empty if none:
/// each is an error about one node.
Diagnostics infer_types(Graph& graph, const std::set<const Value*>& unknown = {});

}  // namespace weft
