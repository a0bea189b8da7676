// qonnx.h
// What QONNX's quantizers share: their domains, their parameters, and how standard nodes say them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "src/graph/op_def.h"
#include "src/graph/rounding.h"

namespace weft {

inline constexpr std::string_view qonnx_domain = "qonnx.custom_op.general";

/// Domains under which other tools write the same operators.
std::vector<std::string_view> other_qonnx_domains();

/// Widest integers of activations and weights that hardware takes.
constexpr int most_quantized_bits = 8;

/// Attribute `rounding_mode`, upper or lower case; the row of the table refuses what is not known.
AttributeDef rounding_mode_attribute(std::string_view fallback);
Rounding rounding_mode_of(const Node& node);

/// Scales and zero points in the shape that a dequantizer has them.
struct QonnxGrid {
    std::vector<double> scale;
    std::vector<std::int64_t> zero_point;  ///< As many.
    int axis = -1;                         ///< Of the node's first input, where there are several.

    bool has_zero_points() const;
};

/// The constant inputs that hold scale and zero point (`zero_input` 0: there is none), broadcast over the first input along one axis at
/// most. Errors name them.
Result<QonnxGrid> grid_of(const Node& node, std::size_t scale_input, std::size_t zero_input);

/// The whole, positive number in constant input `index`: a width in bits.
Result<int> width_of(const Node& node, std::size_t index);

/// Bounds of integers of `bits` bits: narrow ones leave out one value at the end.
std::pair<std::int64_t, std::int64_t> bounds_of(int bits, bool is_signed, bool narrow);

/// The elements of a constant or one computed from constants, in float32 where it is stored so.
Result<Tensor> constant_elements(const Value* value);

/// An error where `node` cannot quantize its first input to `bits` bits at run time.
Status check_activation(const Node& node, int bits);

/// A quantizer in standard nodes in place of `node`: rounded(x / scale + zero point), limited to [min, max], each integer meaning
/// (integer - zero point) * scale.
Status write_rounded(Graph& graph, Node* node, const QonnxGrid& grid, std::int64_t min, std::int64_t max, Rounding rounding);

/// The same where thresholds decide: the integer is `first` plus `step` for each threshold that x has reached. `thresholds` has its own
/// last axis and broadcasts over x before it. `result` (the node's output where it is null) gets the reals.
Status write_counted(Graph& graph, Node* node, Tensor thresholds, std::int64_t first, std::int64_t step, double scale,
                     std::int64_t zero_point, Value* result = nullptr);

}  // namespace weft
