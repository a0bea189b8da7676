// sample_warnings.h
// What is odd about samples that fit a model: said, since the numbers that come of them would not say it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/data/dataset.h"
#include "src/graph/graph.h"
#include "src/graph/named_tensor.h"

namespace weft {

/// Bytes given to an input of real numbers as they are, where the model neither scales them itself nor quantizes its input to a range
/// that bytes fill.
Diagnostics warn_of_bytes(const Dataset& data, const Graph& graph);

/// Inputs of which all elements, or all samples of several, are equal: there is no range to find. `samples` as `bind_inputs` gives them.
Diagnostics warn_of_constant_samples(std::span<const NamedTensor> samples);

/// Labels that name no class of an output with `classes` elements a sample.
Diagnostics warn_of_labels(std::span<const std::int64_t> labels, std::int64_t classes);

}  // namespace weft
