// build_graph.h
// The structure of an ONNX graph: values, nodes and their operators, before any type is known.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"
#include "src/onnx/flatten.h"
#include "src/onnx/model_file.h"

namespace weft {

/// The newest standard operator set whose differences to earlier ones are known here; a node of a newer one is read as one of this.
constexpr int newest_opset = 25;

/// A graph whose constants are read and whose nodes are sorted; every other value still has the type float32 and the shape [].
struct BuiltGraph {
    Graph graph;
    /// Values that come from a node or an initialiser that was refused; `problems` says why. Such a node is not in the graph.
    std::vector<std::string> unknown;
    Diagnostics problems;
};

/// What the model's outputs need of `flat`, the model's nodes. Of other nodes and initialisers only the names are looked at: they refuse
/// nothing. External data that is read goes into the file's digest. An error is one of structure (names given twice, cycles), after which
/// nothing more can be said.
Result<BuiltGraph> build_graph(ModelFile& file, const FlatGraph& flat);

/// The same for other values in the place of the model's outputs; the digest stays as it is.
Result<BuiltGraph> build_part(const ModelFile& file, const FlatGraph& flat, const std::vector<std::string>& wanted);

/// Keys under which diagnostics name the nodes of `flat`, in its order.
std::vector<std::string> node_keys(const FlatGraph& flat);

/// Indices of the nodes that `wanted` values depend on, ascending.
std::vector<std::size_t> needed_nodes(const FlatGraph& flat, const std::vector<std::string>& wanted);

}  // namespace weft
