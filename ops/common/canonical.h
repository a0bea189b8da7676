// canonical.h
// Canonical operators that rewrites of several families produce, and the standard ones that they produce on the way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "src/graph/op_def.h"

namespace weft {

extern const OpDef op_weft_view;
extern const OpDef op_weft_add;
extern const OpDef op_weft_concat;
extern const OpDef op_weft_typed;
extern const OpDef op_weft_count;
extern const OpDef op_add;
extern const OpDef op_cast;
extern const OpDef op_ceil;
extern const OpDef op_div;
extern const OpDef op_floor;
extern const OpDef op_greater_or_equal;
extern const OpDef op_neg;
extern const OpDef op_reduce_sum;
extern const OpDef op_relu;
extern const OpDef op_round;
extern const OpDef op_sub;
extern const OpDef op_sum;
extern const OpDef op_transpose;
extern const OpDef op_unsqueeze;

/// Puts a canonical view of its first input in place of `node`, whose first output it takes over; nothing at all where the view would
/// change nothing and the output is not the graph's.
void replace_by_view(Graph& graph, Node* node, std::vector<std::int64_t> perm);

// Rewrites (see Rewrite::apply).

/// The aligned operand of an operator set before 7 gets the extents of 1 that numpy's rule needs.
Result<bool> align_broadcast(Graph& graph, Node* node);
/// The inputs computed at run time are added by canonical additions, unless all of them are functions of one value.
Result<bool> sum_to_add(Graph& graph, Node* node);
/// The sum over comparisons of one value with constants along a last axis of their own becomes a canonical count.
Result<bool> comparisons_to_count(Graph& graph, Node* node);
/// A mean of inputs computed at run time becomes their sum, divided.
Result<bool> mean_to_add(Graph& graph, Node* node);

}  // namespace weft
