// shapes.h
// Arithmetic of shapes and axes that operators share, with its errors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"
#include "src/graph/tensor.h"

namespace weft {

/// `axis` counted from the front; an error about `node` unless -rank <= axis < rank (or <= rank with `end_allowed`, as Flatten's).
Result<std::int64_t> normalise_axis(const Node& node, std::int64_t axis, std::size_t rank, bool end_allowed = false);

/// The same for several axes, which must differ; sorted.
Result<std::vector<std::int64_t>> normalise_axes(const Node& node, const std::vector<std::int64_t>& axes, std::size_t rank);

/// numpy's rule: aligned at the last axis, extents equal or 1. Empty if the shapes do not fit.
std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b);

/// Elements from one step along an axis to the next in a dense row-major tensor.
Shape strides_of(const Shape& shape);

/// An error about `node` if an extent is negative or the tensor would have more than 2^31 - 1 elements.
Status check_size(const Node& node, const Shape& shape);

/// The integers of constant input `index`; an error about `node` if the input is computed at run time or not of an integer type.
Result<std::vector<std::int64_t>> constant_integers(const Node& node, std::size_t index, std::string_view meaning);

/// The integers that an older operator set gives as attribute `name` and a newer one as input `index`; empty if neither is there.
Result<std::optional<std::vector<std::int64_t>>> attribute_or_input(const Node& node, std::string_view name, std::size_t index);

}  // namespace weft
