// evaluate.h
// Evaluating a Graph, or a part of it, by its operators' own semantics.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// The nodes between values that are given and values that are wanted, in order; made once, run for many samples.
/// The graph must outlive it and must not change. Safe to run from several threads.
class Evaluator {
public:
    /// `precision` float32: every real number is computed in its value's own type, as the file says. float64: all real numbers are
    /// double, and casts between real types round nothing. Constants are converted once, here.
    Evaluator(const Graph& graph, DataType precision, std::vector<const Value*> given, std::vector<const Value*> wanted);
    /// From the graph's inputs to its outputs.
    Evaluator(const Graph& graph, DataType precision);

    /// `given` tensors in the order of the constructor, in the values' shapes (real ones of any float type) -> wanted tensors.
    Result<std::vector<Tensor>> run(std::span<const Tensor> given) const;

    /// The nodes that are evaluated, in order.
    std::vector<const Node*> nodes() const;
    /// A value that is needed but neither given, constant nor computable; null if none.
    const Value* missing() const { return missing_; }

private:
    struct Step {
        const Node* node;
        std::vector<int> inputs;  ///< Slots; -1 for an omitted input.
        std::vector<int> outputs;
        std::vector<int> release;  ///< Slots that no later step reads.
    };
    /// The type in which a value's elements are held.
    DataType held_as(const Value& value) const { return is_float(value.type) && precision_ == DataType::float64 ? precision_ : value.type; }
    Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor* const> inputs) const;

    DataType precision_;
    std::vector<int> given_;
    std::vector<DataType> given_types_;
    std::vector<int> wanted_;
    std::vector<std::pair<int, Tensor>> constants_;
    std::vector<Step> steps_;
    int slots_ = 0;
    const Value* missing_ = nullptr;
};

}  // namespace weft
