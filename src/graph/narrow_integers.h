// narrow_integers.h
// Integers kept in the narrowest type that holds them all: weights by the million.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "src/graph/tensor.h"

namespace weft {

/// A sequence of integers of 8, 16, 32 or 64 bits, as many as the widest one that was ever put in needs. Value type.
class NarrowIntegers {
public:
    NarrowIntegers() = default;
    NarrowIntegers(const std::vector<std::int64_t>& values);
    NarrowIntegers(std::initializer_list<std::int64_t> values) : NarrowIntegers(std::vector(values)) {}
    /// `tensor` must have an integer type; its shape is left behind.
    explicit NarrowIntegers(Tensor tensor);
    /// All zero.
    explicit NarrowIntegers(std::size_t count) : tensor_(DataType::int8, {static_cast<std::int64_t>(count)}) {}

    std::size_t size() const { return static_cast<std::size_t>(tensor_.size()); }
    bool empty() const { return size() == 0; }
    std::int64_t operator[](std::size_t index) const {
        assert(index < size());
        switch (tensor_.type()) {
            case DataType::int8:
                return reinterpret_cast<const std::int8_t*>(tensor_.raw())[index];
            case DataType::int16:
                return reinterpret_cast<const std::int16_t*>(tensor_.raw())[index];
            case DataType::int32:
                return reinterpret_cast<const std::int32_t*>(tensor_.raw())[index];
            default:
                return reinterpret_cast<const std::int64_t*>(tensor_.raw())[index];
        }
    }
    /// All elements become wider where `value` needs it.
    void set(std::size_t index, std::int64_t value) { fill(index, 1, value); }
    void fill(std::size_t first, std::size_t count, std::int64_t value);

    /// Least and largest; (0, 0) of none.
    std::pair<std::int64_t, std::int64_t> range() const;
    /// Among `count` elements from `first` on: the sum of the positive ones, and that of the negative ones.
    std::pair<std::int64_t, std::int64_t> sums_of_signs(std::size_t first, std::size_t count) const;
    std::vector<std::int64_t> to_vector() const { return tensor_.to_integers(); }
    /// Of one of the four types, in one dimension.
    const Tensor& tensor() const& { return tensor_; }
    Tensor tensor() && { return std::move(tensor_); }
    /// `f(std::span<const T>)` on the elements as they are kept.
    template <class F>
    auto visit(F&& f) const {
        switch (tensor_.type()) {
            case DataType::int8:
                return f(tensor_.as<std::int8_t>());
            case DataType::int16:
                return f(tensor_.as<std::int16_t>());
            case DataType::int32:
                return f(tensor_.as<std::int32_t>());
            default:
                return f(tensor_.as<std::int64_t>());
        }
    }

    bool operator==(const NarrowIntegers& other) const;

private:
    Tensor tensor_{DataType::int8, {0}};
};

}  // namespace weft
