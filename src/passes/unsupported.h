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

}  // namespace weft
