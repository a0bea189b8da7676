// take.h
// Moving slices of tensors along one axis.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "src/graph/tensor.h"

namespace weft {

/// The slices of `x` at `indices` along `axis`, in that order. Indices must be within the extent.
Tensor take(const Tensor& x, std::int64_t axis, std::span<const std::int64_t> indices);

/// The tensors one behind the other along `axis`: of one element type, of equal extents on the other axes.
Tensor concatenated(std::span<const Tensor* const> tensors, std::int64_t axis);

}  // namespace weft
