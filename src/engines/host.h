// host.h
// What the host does around a kernel: the model's prefix makes the integers that the kernel reads, its suffix turns the kernel's into
// outputs. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/design.h"
#include "src/graph/evaluate.h"
#include "src/graph/graph.h"

namespace weft {

/// Elements of a model tensor, in its order, from a frame of the stream that carries it; and the reverse.
Tensor tensor_of(const IntTensor& frame, const TensorBinding& binding, const Value& value);
IntTensor frame_of(const Tensor& tensor, const TensorBinding& binding);

/// Safe to use from several threads. Graph and Design must outlive it.
class Host {
public:
    static Result<Host> make(const Graph& model, const Design& design);

    /// One sample's inputs (model order and shapes) -> one frame a kernel input. Real arithmetic is done in double.
    Result<std::vector<IntTensor>> prepare(std::span<const Tensor> inputs) const;
    /// One frame a kernel output -> the model's outputs, in its types and shapes.
    Result<std::vector<Tensor>> finish(std::span<const IntTensor> frames) const;

private:
    Host(const Graph& model, const Design& design, Evaluator prefix, Evaluator suffix)
        : model_(model), design_(design), prefix_(std::move(prefix)), suffix_(std::move(suffix)) {}

    const Graph& model_;
    const Design& design_;
    Evaluator prefix_;
    Evaluator suffix_;
};

}  // namespace weft
