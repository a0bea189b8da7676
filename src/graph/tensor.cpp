// tensor.cpp
// Element types and dense tensors.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/tensor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace weft {

std::string_view to_string(DataType type) {
    static constexpr std::string_view names[] = {"float32", "float64", "int8",  "uint8",  "int16", "uint16",
                                                 "int32",   "uint32",  "int64", "uint64", "bool"};
    return names[static_cast<int>(type)];
}

std::optional<DataType> find_data_type(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(DataType::boolean); ++i)
        if (const auto type = static_cast<DataType>(i); to_string(type) == name) return type;
    return std::nullopt;
}

std::size_t size_of(DataType type) {
    return visit_type(type, [](auto e) { return sizeof(e); });
}

bool is_float(DataType type) { return type == DataType::float32 || type == DataType::float64; }

std::int64_t element_count(const Shape& shape) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    return count;
}

std::optional<std::int64_t> checked_element_count(const Shape& shape) {
    // A zero makes the tensor empty; the other extents must be sound even then.
    bool empty = false;
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 0 || extent > element_limit) return std::nullopt;
        if (extent == 0) {
            empty = true;
            continue;
        }
        count *= extent;
        if (count > element_limit) return std::nullopt;
    }
    return empty ? 0 : count;
}

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

Tensor::Tensor(DataType type, Shape shape) : type_(type), shape_(std::move(shape)) {
    data_.resize(static_cast<std::size_t>(element_count(shape_)) * size_of(type));
}

Tensor Tensor::reshaped(Shape shape) const& { return Tensor(*this).reshaped(std::move(shape)); }

Tensor Tensor::reshaped(Shape shape) && {
    assert(element_count(shape) == size());
    shape_ = std::move(shape);
    return std::move(*this);
}

Tensor Tensor::cast(DataType type) const {
    if (type == type_) return *this;
    Tensor result(type, shape_);
    visit_type(type_, [&](auto from) {
        visit_type(type, [&](auto to) {
            const auto source = as<decltype(from)>();
            const auto target = result.as<decltype(to)>();
            std::transform(source.begin(), source.end(), target.begin(), [](auto e) { return static_cast<decltype(to)>(e); });
        });
    });
    return result;
}

void Tensor::wrong_type(DataType asked) const {
    const std::string_view has = to_string(type_), wanted = to_string(asked);
    std::fprintf(stderr, "internal error: elements of type %.*s read as %.*s\n", static_cast<int>(has.size()), has.data(),
                 static_cast<int>(wanted.size()), wanted.data());
    std::abort();
}

double Tensor::at(std::int64_t index) const {
    return visit_type(type_, [&](auto e) { return static_cast<double>(as<decltype(e)>()[static_cast<std::size_t>(index)]); });
}

std::vector<double> Tensor::to_doubles() const {
    return visit_type(type_, [&](auto e) {
        const auto source = as<decltype(e)>();
        return std::vector<double>(source.begin(), source.end());
    });
}

std::vector<std::int64_t> Tensor::to_integers() const {
    return visit_type(type_, [&](auto e) {
        const auto source = as<decltype(e)>();
        std::vector<std::int64_t> values(source.size());
        std::transform(source.begin(), source.end(), values.begin(), [](auto v) { return static_cast<std::int64_t>(v); });
        return values;
    });
}

}  // namespace weft
