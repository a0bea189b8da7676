// import.h
// An ONNX file becomes a Graph.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

struct ImportOptions {
    /// Shapes of inputs by name, in place of the file's.
    std::map<std::string, Shape> shapes;
    /// Takes all shapes as they are: no axis counts samples.
    bool keep_shapes = false;
};

struct ImportedModel {
    /// Sorted, every value typed, everything computable folded, without nodes that no output needs. Half precision has become float32.
    Graph graph;
    /// SHA-256 of the file's bytes, followed by those of its external data.
    std::string hash;
    /// What the user should know although the model is usable.
    Diagnostics warnings;
};

/// Reads and checks a model. The first extent of the inputs counts independent samples (`Graph::batched`, and is 1 in the graph) if it is
/// open, or 1, or any number that all inputs and outputs share, and the outputs' first extent follows it; otherwise it stays as it is. An
/// error holds all problems of the model that could be told apart, each with its node and tensor.
Result<ImportedModel> import_model(const std::filesystem::path& path, const ImportOptions& options = {});
/// The same for the bytes of a file, as if `path` held them.
Result<ImportedModel> import_model(std::string bytes, const std::filesystem::path& path, const ImportOptions& options = {});

}  // namespace weft
