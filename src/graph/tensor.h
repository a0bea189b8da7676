// tensor.h
// A dense tensor: element type, shape and row-major data.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace weft {

/// Element types of tensors. Half-precision values become float32 when a file is read.
enum class DataType : std::uint8_t { float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, boolean };

std::string_view to_string(DataType type);
/// The type that `to_string` gives that name.
std::optional<DataType> find_data_type(std::string_view name);
/// Bytes per element.
std::size_t size_of(DataType type);
bool is_float(DataType type);

using Shape = std::vector<std::int64_t>;

/// Number of elements; 1 for a scalar (empty shape).
std::int64_t element_count(const Shape& shape);
/// Most elements that a tensor of a model may have; far above what hardware takes, far below an overflow.
inline constexpr std::int64_t element_limit = std::int64_t{1} << 31;
/// The number of elements if no extent is negative and the count is at most `element_limit`: for shapes that come from outside.
std::optional<std::int64_t> checked_element_count(const Shape& shape);
/// `[1, 28, 28, 16]`.
std::string to_string(const Shape& shape);

template <class T>
constexpr DataType data_type_of() {
    if constexpr (std::is_same_v<T, float>) return DataType::float32;
    if constexpr (std::is_same_v<T, double>) return DataType::float64;
    if constexpr (std::is_same_v<T, std::int8_t>) return DataType::int8;
    if constexpr (std::is_same_v<T, std::uint8_t>) return DataType::uint8;
    if constexpr (std::is_same_v<T, std::int16_t>) return DataType::int16;
    if constexpr (std::is_same_v<T, std::uint16_t>) return DataType::uint16;
    if constexpr (std::is_same_v<T, std::int32_t>) return DataType::int32;
    if constexpr (std::is_same_v<T, std::uint32_t>) return DataType::uint32;
    if constexpr (std::is_same_v<T, std::int64_t>) return DataType::int64;
    if constexpr (std::is_same_v<T, std::uint64_t>) return DataType::uint64;
    if constexpr (std::is_same_v<T, bool>) return DataType::boolean;
}

/// Calls `f` with a value-initialised element of the C++ type that `type` stands for: `visit_type(t, [&](auto e) { using T = decltype(e);
/// ... })`.
template <class F>
auto visit_type(DataType type, F&& f) {
    switch (type) {
        case DataType::float32:
            return f(float{});
        case DataType::float64:
            return f(double{});
        case DataType::int8:
            return f(std::int8_t{});
        case DataType::uint8:
            return f(std::uint8_t{});
        case DataType::int16:
            return f(std::int16_t{});
        case DataType::uint16:
            return f(std::uint16_t{});
        case DataType::int32:
            return f(std::int32_t{});
        case DataType::uint32:
            return f(std::uint32_t{});
        case DataType::int64:
            return f(std::int64_t{});
        case DataType::uint64:
            return f(std::uint64_t{});
        case DataType::boolean:
            break;
    }
    return f(bool{});
}

/// Value type; copying copies the elements. Storage is 64-byte aligned and zero-initialised.
class Tensor {
public:
    Tensor() = default;
    Tensor(DataType type, Shape shape);
    template <class T>
    static Tensor of(Shape shape, std::span<const T> values);
    template <class T>
    static Tensor scalar(T value);

    DataType type() const { return type_; }
    const Shape& shape() const { return shape_; }
    std::int64_t size() const { return element_count(shape_); }
    std::size_t bytes() const { return data_.size(); }

    /// The elements; T must be the element type (bool elements are stored as one byte each): another one ends the program in every build,
    /// since it would be wrong numbers without a word.
    template <class T>
    std::span<T> as();
    template <class T>
    std::span<const T> as() const;
    std::byte* raw() { return data_.data(); }
    const std::byte* raw() const { return data_.data(); }

    /// The same elements under another shape of equal element count.
    Tensor reshaped(Shape shape) const&;
    Tensor reshaped(Shape shape) &&;
    /// Every element converted by static_cast.
    Tensor cast(DataType type) const;
    /// Element `index` as a double.
    double at(std::int64_t index) const;
    /// All elements as doubles (exact for every type but 64-bit integers above 2^53).
    std::vector<double> to_doubles() const;
    /// All elements of an integer tensor.
    std::vector<std::int64_t> to_integers() const;

    bool operator==(const Tensor& other) const = default;

private:
    template <class T>
    struct AlignedAllocator {
        using value_type = T;
        AlignedAllocator() = default;
        template <class U>
        AlignedAllocator(const AlignedAllocator<U>&) {}
        T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
        void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
        bool operator==(const AlignedAllocator&) const { return true; }
    };

    void check_type(DataType asked) const {
        if (asked != type_) wrong_type(asked);
    }
    [[noreturn]] void wrong_type(DataType asked) const;

    DataType type_ = DataType::float32;
    Shape shape_{0};
    std::vector<std::byte, AlignedAllocator<std::byte>> data_;
};

template <class T>
std::span<T> Tensor::as() {
    check_type(data_type_of<T>());
    return {reinterpret_cast<T*>(data_.data()), data_.size() / sizeof(T)};
}

template <class T>
std::span<const T> Tensor::as() const {
    check_type(data_type_of<T>());
    return {reinterpret_cast<const T*>(data_.data()), data_.size() / sizeof(T)};
}

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
    Tensor tensor(data_type_of<T>(), std::move(shape));
    assert(static_cast<std::size_t>(tensor.size()) == values.size());
    std::copy(values.begin(), values.end(), tensor.as<T>().begin());
    return tensor;
}

template <class T>
Tensor Tensor::scalar(T value) {
    return of<T>({}, std::span<const T>(&value, 1));
}

}  // namespace weft
