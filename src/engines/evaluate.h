// evaluate.h
// Evaluating a Graph, or a part of it, by its operators' own semantics.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// The nodes between values that are given and values that are wanted, in order; made once, run for many images.
/// The graph must outlive it and must not change. Safe to run from several threads.
class Evaluator {
public:
    /// Real numbers are computed in `precision` (float32 or float64): constants are converted once, here.
    Evaluator(const Graph& graph, DataType precision, std::vector<const Value*> given, std::vector<const Value*> wanted);
    /// From the graph's inputs to its outputs.
    Evaluator(const Graph& graph, DataType precision);

    /// `given` tensors in the order of the constructor, in the values' shapes (real ones of any float type) -> wanted tensors.
    Result<std::vector<Tensor>> run(std::span<const Tensor> given) const;

    /// A value that is needed but neither given, constant nor computable; null if none.
    const Value* missing() const { return missing_; }

private:
    struct Step {
        const Node* node;
        std::vector<int> inputs;  ///< Slots; -1 for an omitted input.
        std::vector<int> outputs;
        std::vector<int> release;  ///< Slots that no later step reads.
    };
    DataType precision_;
    std::vector<int> given_;
    std::vector<int> wanted_;
    std::vector<std::pair<int, Tensor>> constants_;
    std::vector<Step> steps_;
    int slots_ = 0;
    const Value* missing_ = nullptr;
};

}  // namespace weft
