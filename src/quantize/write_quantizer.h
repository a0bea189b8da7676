// write_quantizer.h
// Quantizers and stored integers as standard nodes: the one form that out/model.onnx has, whoever decided on them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

/// The operator set in which quantizers are added to `graph`: its own, but one that has scales per channel.
int quantizer_opset(const Graph& graph);

/// Adds a node of the operator that plays `role`; attributes that are not given get the table's defaults.
void add_by_role(Graph& graph, OpRole role, std::string name, int opset, std::vector<Value*> inputs, Value* output,
                 Attributes attributes = {});

/// The numbers that a quantizer divides by and adds, where they are not those that its integers mean.
struct QuantizerGrid {
    double scale = 1;
    std::int64_t zero_point = 0;
};

/// Quantizer, clip where the carrier holds more than `type`, and dequantizer from `source` to `result`. The carrier is int8 or uint8, above
/// 8 bits int16, whose clip works on the reals (no `grid` then). Nodes and values are named after `name`.
void write_quantizer(Graph& graph, int opset, const std::string& name, Value* source, Value* result, const IntegerType& type,
                     const std::optional<QuantizerGrid>& grid = std::nullopt);

/// Stored integers and a dequantizer that makes `result` of them: one scale, or one for each index of `axis`. The zero points have the
/// element type of `integers`.
void write_stored(Graph& graph, int opset, const std::string& name, Tensor integers, const std::vector<double>& scale,
                  const std::vector<std::int64_t>& zero_point, int axis, Value* result);

}  // namespace weft
