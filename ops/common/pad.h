// pad.h
// What the operators that absorb a padding need to know of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

/// The pads of a Pad node over an input of `rank` axes: all beginnings, then all ends; from attribute or inputs, by operator set.
Result<std::vector<std::int64_t>> pads_of(const Node& node, std::size_t rank);

/// The constant that a Pad node pads with; empty if it is computed at run time.
std::optional<double> pad_value_of(const Node& node);

/// Rewrites of operators with attribute `pads` whose padding is zero and whose image may be padded by a node of its own: where input 0 is a
/// zero padding of the two spatial axes (directly or below a transposition), that padding joins `pads`. `first_axis` is the first spatial
/// axis.
Result<bool> absorb_pad(Graph& graph, Node* node, std::size_t first_axis);

}  // namespace weft
