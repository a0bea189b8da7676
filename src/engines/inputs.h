// inputs.h
// Fitting samples from files to a model's inputs, and samples to and from stacks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/data/dataset.h"
#include "src/graph/graph.h"
#include "src/graph/named_tensor.h"

namespace weft {

/// The samples as the model's inputs, in its order: matched by name (a single unnamed array goes to the only input), element type converted
/// where that loses nothing, shape [samples, ...] where the sample has the input's elements up to axes of extent 1. Errors say what would
/// fit.
Result<std::vector<NamedTensor>> bind_inputs(const Dataset& data, const Graph& graph);

/// Image `index` of a stack as a tensor of `value`'s shape.
Tensor sample_of(const Tensor& stack, std::int64_t index, const Value& value);

/// Images of equal shape as one stack: along axis 0 if `batched` (their leading extent is 1), else along a new axis.
Tensor stack_samples(std::span<const Tensor> samples, bool batched);

/// `count` samples drawn from one seed: uniform over `low[i]..high[i]` of input i, in its element type.
std::vector<NamedTensor> random_inputs(const Graph& graph, std::span<const double> low, std::span<const double> high, std::int64_t count,
                                       std::uint64_t seed);

}  // namespace weft
