// graph_engine.h
// The engines `float` and `float64`: a Graph evaluated sample by sample.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/engines/engine.h"
#include "src/graph/evaluate.h"
#include "src/graph/graph.h"

namespace weft {

class GraphEngine : public Engine {
public:
    /// The graph must outlive the engine. `precision` is float32 (as the file says) or float64 (all in double); `threads` 0 means all.
    GraphEngine(const Graph& graph, DataType precision, int threads = 0)
        : graph_(graph), precision_(precision), threads_(threads), evaluator_(graph, precision) {}

    std::string_view name() const override { return precision_ == DataType::float64 ? "float64" : "float"; }
    Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t sample_count, const Progress& progress) override;

private:
    const Graph& graph_;
    DataType precision_;
    int threads_;
    Evaluator evaluator_;
};

}  // namespace weft
