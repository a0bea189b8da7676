// unsupported.h
// Which nodes keep a canonical Graph from becoming hardware, each for itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// The nodes between the inputs and the last layer that sums that no hardware computes: operators without any, and functions of several
/// tensors. Reads traits only; the graph is canonical and typed. Empty where a refusal has another reason.
Diagnostics unsupported_nodes(const Graph& graph);

/// Messages about a graph that passes have rewritten, in the names of `model`, the graph as the user knows it: a node or tensor that a pass
/// made is named after the one that it was made for.
Diagnostics in_names_of(const Graph& model, Diagnostics diagnostics);

}  // namespace weft
