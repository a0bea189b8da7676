// tensor.h
// Arrays of samples as a program holds them.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::host {

enum class Type { float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, boolean };

const char* name_of(Type type);
/// Fails with an Error where `name` is none of those that name_of gives.
Type type_named(const std::string& name);
std::size_t size_of(Type type);

using Shape = std::vector<std::int64_t>;
std::int64_t element_count(const Shape& shape);
/// `[2, 28, 28]`.
std::string to_string(const Shape& shape);

/// Calls `f` with a zero of the C++ type that `type` stands for.
template <class F>
auto visit_type(Type type, F&& f) {
    switch (type) {
        case Type::float32:
            return f(float{});
        case Type::float64:
            return f(double{});
        case Type::int8:
            return f(std::int8_t{});
        case Type::uint8:
            return f(std::uint8_t{});
        case Type::int16:
            return f(std::int16_t{});
        case Type::uint16:
            return f(std::uint16_t{});
        case Type::int32:
            return f(std::int32_t{});
        case Type::uint32:
            return f(std::uint32_t{});
        case Type::int64:
            return f(std::int64_t{});
        case Type::uint64:
            return f(std::uint64_t{});
        case Type::boolean:
            break;
    }
    return f(bool{});
}

/// Samples one behind the other, each row-major; the memory is the caller's.
struct TensorView {
    Type type = Type::float32;
    const void* data = nullptr;
    std::size_t images = 0;
};

/// The same with its own memory. `shape` counts images first.
struct Tensor {
    Type type = Type::float32;
    Shape shape;
    std::vector<std::byte> data;

    Tensor() = default;
    Tensor(Type t, Shape s) : type(t), shape(std::move(s)), data(static_cast<std::size_t>(element_count(shape)) * size_of(type)) {}
    std::size_t images() const { return shape.empty() ? 0 : static_cast<std::size_t>(shape[0]); }
    /// Images from `first` on, `count` of them.
    TensorView view(std::size_t first, std::size_t count) const {
        const std::size_t image = images() == 0 ? 0 : data.size() / images();
        return {type, data.data() + first * image, count};
    }
    template <class T>
    const T* as() const {
        return reinterpret_cast<const T*>(data.data());
    }
    template <class T>
    T* as() {
        return reinterpret_cast<T*>(data.data());
    }
};

}  // namespace weft::host
