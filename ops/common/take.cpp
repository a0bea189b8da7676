// take.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/take.h"

#include <cstring>

namespace weft {

namespace {

std::int64_t extent_before(const Shape& shape, std::int64_t axis) { return element_count(Shape(shape.begin(), shape.begin() + axis)); }

std::size_t bytes_behind(const Tensor& x, std::int64_t axis) {
    return static_cast<std::size_t>(element_count(Shape(x.shape().begin() + axis + 1, x.shape().end()))) * size_of(x.type());
}

}  // namespace

Tensor take(const Tensor& x, std::int64_t axis, std::span<const std::int64_t> indices) {
    Shape shape = x.shape();
    const std::int64_t extent = shape[static_cast<std::size_t>(axis)];
    shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(indices.size());
    Tensor y(x.type(), shape);
    const std::size_t slice = bytes_behind(x, axis);
    if (slice == 0) return y;
    std::byte* target = y.raw();
    for (std::int64_t o = 0; o < extent_before(shape, axis); ++o) {
        const std::byte* source = x.raw() + static_cast<std::size_t>(o * extent) * slice;
        for (const std::int64_t index : indices) {
            std::memcpy(target, source + static_cast<std::size_t>(index) * slice, slice);
            target += slice;
        }
    }
    return y;
}

Tensor concatenated(std::span<const Tensor* const> tensors, std::int64_t axis) {
    Shape shape = tensors[0]->shape();
    std::int64_t& extent = shape[static_cast<std::size_t>(axis)];
    extent = 0;
    for (const Tensor* tensor : tensors) extent += tensor->shape()[static_cast<std::size_t>(axis)];
    Tensor y(tensors[0]->type(), shape);
    std::byte* target = y.raw();
    for (std::int64_t o = 0; o < extent_before(shape, axis); ++o) {
        for (const Tensor* tensor : tensors) {
            const std::size_t run = static_cast<std::size_t>(tensor->shape()[static_cast<std::size_t>(axis)]) * bytes_behind(*tensor, axis);
            if (run == 0) continue;
            std::memcpy(target, tensor->raw() + static_cast<std::size_t>(o) * run, run);
            target += run;
        }
    }
    return y;
}

}  // namespace weft
