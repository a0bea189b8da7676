// narrow_integers.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/narrow_integers.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace weft {

namespace {

template <class T>
bool holds(std::int64_t low, std::int64_t high) {
    return low >= std::numeric_limits<T>::min() && high <= std::numeric_limits<T>::max();
}

DataType type_for(std::int64_t low, std::int64_t high) {
    if (holds<std::int8_t>(low, high)) return DataType::int8;
    if (holds<std::int16_t>(low, high)) return DataType::int16;
    return holds<std::int32_t>(low, high) ? DataType::int32 : DataType::int64;
}

template <class T>
std::pair<std::int64_t, std::int64_t> range_of(std::span<const T> values) {
    if (values.empty()) return {0, 0};
    // Not minmax_element, which compares in pairs: this one the compiler turns into vectors.
    T low = values.front(), high = values.front();
    for (const T value : values) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    return {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
}

Tensor narrowed(Tensor tensor, std::pair<std::int64_t, std::int64_t> range) {
    const DataType type = type_for(range.first, range.second);
    return tensor.type() == type ? std::move(tensor) : tensor.cast(type);
}

}  // namespace

NarrowIntegers::NarrowIntegers(const std::vector<std::int64_t>& values)
    : NarrowIntegers(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values)) {}

NarrowIntegers::NarrowIntegers(Tensor tensor) {
    const std::int64_t count = tensor.size();
    const auto range = visit_type(tensor.type(), [&](auto e) { return range_of<decltype(e)>(std::as_const(tensor).as<decltype(e)>()); });
    tensor_ = narrowed(std::move(tensor).reshaped({count}), range);
}

void NarrowIntegers::fill(std::size_t first, std::size_t count, std::int64_t value) {
    const DataType needed = type_for(value, value);
    if (size_of(needed) > size_of(tensor_.type())) tensor_ = tensor_.cast(needed);
    visit_type(tensor_.type(), [&](auto e) {
        const auto part = tensor_.as<decltype(e)>().subspan(first, count);
        std::fill(part.begin(), part.end(), static_cast<decltype(e)>(value));
    });
}

std::pair<std::int64_t, std::int64_t> NarrowIntegers::range() const {
    return visit([](auto values) { return range_of(values); });
}

std::pair<std::int64_t, std::int64_t> NarrowIntegers::sums_of_signs(std::size_t first, std::size_t count) const {
    return visit([&](auto values) {
        std::int64_t sum = 0, magnitude = 0;
        for (const std::int64_t value : values.subspan(first, count)) {
            sum += value;
            magnitude += std::abs(value);
        }
        return std::pair((magnitude + sum) / 2, (sum - magnitude) / 2);
    });
}

bool NarrowIntegers::operator==(const NarrowIntegers& other) const {
    if (size() != other.size()) return false;
    if (tensor_.type() == other.tensor_.type()) return tensor_ == other.tensor_;
    for (std::size_t i = 0; i < size(); ++i)
        if ((*this)[i] != other[i]) return false;
    return true;
}

}  // namespace weft
