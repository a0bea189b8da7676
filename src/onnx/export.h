// export.h
// A Graph becomes an ONNX file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// The bytes of an ONNX file, the same for the same graph. One operator set: the latest that a node names, and at
/// least `opset`; nodes of earlier ones are put into its words. A set that is too new for ONNX Runtime's quantizers becomes
/// the newest that is not, unless a node needs its words. A graph from before opset 7, the earliest that ONNX Runtime takes, is
/// lifted to 13. A node of another domain than standard ONNX is an error. Integer types of values are not written: quantizers say them.
Result<std::string> export_to_bytes(const Graph& graph, int opset = 0);

/// The same, written to a file. Nothing is left behind by a failure.
Status export_model(const Graph& graph, const std::filesystem::path& path, int opset = 0);

/// Copies a model file with its external data brought inside. Without external data the copy has the same bytes.
Status write_self_contained(const std::filesystem::path& model, const std::filesystem::path& copy);

}  // namespace weft
