// quantization_points.h
// Where a float Graph needs quantizers: what accumulating operators read, and what functions read that are not straight pieces.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/graph/graph.h"

namespace weft {

/// A real value that is to be quantized, for all its readers.
struct QuantizationPoint {
    Value* value = nullptr;
    /// The accumulating node whose region gives the value, in the user's names; the model input where it comes from outside.
    std::string key;
    /// Read by functions only: becomes the address of a table, so that it may have more bits than a linear operator's operand.
    bool function_input = false;
    /// Points of one class have one integer type (inputs of one concatenation).
    int type_class = 0;
    /// Set where the value's reals are integers already (pixels): they are taken as they are, and the range is not observed.
    bool stored_integers = false;
    std::int64_t stored_min = 0, stored_max = 0;
};

/// A node whose weights are constant reals.
struct WeightPoint {
    Node* node = nullptr;
    std::string key;
};

struct QuantizationPoints {
    std::vector<QuantizationPoint> values;  ///< In the graph's order.
    std::vector<WeightPoint> weights;       ///< In the graph's order.
};

/// Reads traits only. Values that carry a quantizer already are left out. The graph must be sorted.
QuantizationPoints find_quantization_points(Graph& graph);

/// The value from which `value` was moved without a change of its elements (views, pooling by maximum), as far as one path leads.
const Value* moved_from(const Value* value);

}  // namespace weft
