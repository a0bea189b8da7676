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

/// Where input 0 of a canonical operator with attribute `pads` is a canonical padding by a value that `fits`, that padding joins `pads`.
bool absorb_pad(Node* node, bool (*fits)(double value));

}  // namespace weft
