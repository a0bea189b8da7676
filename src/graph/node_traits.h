// node_traits.h
// What passes ask of a node, answered from its operator's traits where they apply to this very node.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

/// Its output is its first input, in another order or shape (ViewTrait).
bool is_view(const Node& node);
/// A function of single elements (ElementwiseTrait), quantizers of one scale among them.
bool is_elementwise(const Node& node);
/// A linear operator (LinearTrait).
bool is_linear(const Node& node);
/// Stands between reals and integers, in either direction or both.
bool is_quantizer(const Node& node);
/// Whether input `index` is one whose elements the node hands on, and with them their integer type (Traits::same_type_inputs).
bool hands_on(const Node& node, std::size_t index);
/// Those inputs that are there.
std::vector<std::size_t> handed_on(const Node& node);

}  // namespace weft
