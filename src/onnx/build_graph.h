// build_graph.h
// The structure of an ONNX graph: values, nodes and their operators, before any type is known.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"
#include "src/onnx/model_file.h"

namespace weft {

/// A graph whose constants are read and whose nodes are sorted; every other value still has the type float32 and the shape [].
struct BuiltGraph {
    Graph graph;
    /// Values that come from a node or an initialiser that was refused; `problems` says why. Such a node is not in the graph.
    std::vector<std::string> unknown;
    Diagnostics problems;
};

/// Operator set versions by domain; standard ONNX is "".
using Opsets = std::map<std::string, int>;

/// External data goes into the file's digest. An error is one of structure (names given twice, cycles), after which nothing more can be
/// said.
Result<BuiltGraph> build_graph(ModelFile& file, const Opsets& opsets);

}  // namespace weft
