// narrow_reals.h
// One real type for a model that is about to be quantized.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/graph/graph.h"

namespace weft {

/// Makes float32 of every float64, inputs and outputs included: ONNX's quantizers know no float64, and what they leave of a real number is
/// far less than a float32. Constants beyond its range become its ends. Types and shapes must be known.
void narrow_reals(Graph& graph);

}  // namespace weft
