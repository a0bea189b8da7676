// quantize.h
// Post-training quantization: puts quantizers into a float Graph, from calibration samples.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/graph/graph.h"
#include "src/graph/named_tensor.h"
#include "src/quantize/calibrate.h"

namespace weft {

struct QuantizeOptions {
    /// Bits of weights and activations: "8", "w4a4", or the path of a JSON file keyed by node (src/quantize/bits.h).
    std::string bits = "8";
    CalibrationMethod method = CalibrationMethod::mse;
    /// The samples only stand in for real ones: a range that they leave without end is taken as [-1, 1].
    bool stand_in = false;
};

/// Whether any value of the graph is quantized already.
bool has_quantizers(const Graph& graph);

/// A copy of `graph` (ONNX operators, constants folded) in which every linear operator's weights and every activation that an accumulating
/// operator reads are quantized, as QuantizeLinear, Clip where needed, DequantizeLinear. Quantizers that the graph has already stay
/// untouched; float64 becomes float32 throughout. `inputs`: samples for the graph's inputs, in its order, stacked along axis 0. `warnings`
/// (may be null) takes what the user should know of the loss.
Result<Graph> quantize(const Graph& graph, std::span<const NamedTensor> inputs, std::int64_t sample_count, const QuantizeOptions& options,
                       const Progress& progress, Diagnostics* warnings = nullptr);

/// The bits of every node as the options give them, as the text of a JSON file for people to edit.
Result<std::string> bits_file(const Graph& graph, const QuantizeOptions& options);

}  // namespace weft
