// remove_identities.h
// Takes nodes out of the graph that only pass a value on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/graph/graph.h"

namespace weft {

/// Removes every node whose operator plays the role `identity` and gives its readers its input. A graph output keeps its name. True if
/// anything changed.
bool remove_identities(Graph& graph);

}  // namespace weft
