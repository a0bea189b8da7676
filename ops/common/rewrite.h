// rewrite.h
// What the rewrites of operators share: asking whether a value is fixed, adding nodes, taking a node's place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

/// The value does not depend on any graph input: a constant, or computed from constants alone (a dequantized weight).
bool is_fixed(const Value* value);

/// The plain elements of a value: a constant without an integer type (whose exact reals nobody else relies on). Null otherwise.
const Tensor* plain_constant(const Value* value);

/// The elements of a fixed value, floats computed in double.
Result<Tensor> fixed_reals(const Value* value);

/// 0, 1, ..., rank - 1
std::vector<std::int64_t> identity_perm(std::size_t rank);

/// Adds a node with one output, typed by the operator's `infer`; its value is named after `wanted`. `opset` is that of the node it stands
/// in for.
Result<Value*> add_inferred(Graph& graph, const OpDef& op, std::string_view name, int opset, std::vector<Value*> inputs,
                            Attributes attributes, std::string_view wanted);

/// reshape(transpose(value, perm), shape) by a view node (an empty perm transposes nothing); `value` itself if that changes nothing. A
/// per-tensor integer type stays; a per-axis one follows its axis where `shape` leaves that axis whole.
Result<Value*> add_view(Graph& graph, int opset, Value* value, const std::vector<std::int64_t>& perm, const Shape& shape,
                        std::string_view wanted);

/// Transposes of images by view nodes: [N, C, H, W] -> [N, H, W, C] and back.
Result<Value*> to_channels_last(Graph& graph, int opset, Value* value, std::string_view wanted);
Result<Value*> to_channels_first(Graph& graph, int opset, Value* value, std::string_view wanted);

/// Readers of `value` read `same`, whose elements are equal. The file's name goes with them where only `value` has one: the host finds
/// values by these.
void read_instead(Graph& graph, Value* value, Value* same);

/// The node that computes `result` computes output 0 of `node` instead, whose value keeps its name, integer type and readers; `node` is
/// left computing the unread `result`. Types and shapes must agree. Should `result` not be computed by a node of its own (a view that
/// changed nothing), readers of the output read it.
void take_over(Graph& graph, Node* node, Value* result);

}  // namespace weft
