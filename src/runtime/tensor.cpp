// tensor.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "tensor.h"

#include "error.h"

namespace weft::host {

namespace {

constexpr const char* names[] = {"float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool"};

}  // namespace

const char* name_of(Type type) { return names[static_cast<std::size_t>(type)]; }

Type type_named(const std::string& name) {
    std::size_t index = 0;
    for (const char* known : names) {
        if (name == known) return static_cast<Type>(index);
        ++index;
    }
    throw input_error("'" + name + "' is not an element type");
}

std::size_t size_of(Type type) {
    return visit_type(type, [](auto e) { return sizeof(e); });
}

std::int64_t element_count(const Shape& shape) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    return count;
}

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    return text + "]";
}

}  // namespace weft::host
