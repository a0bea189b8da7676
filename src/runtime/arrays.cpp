// arrays.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "arrays.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "error.h"

namespace weft::host {

namespace {

constexpr std::int64_t byte_limit = std::int64_t{1} << 40;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw input_error("'" + path + "' cannot be opened: " + std::strerror(errno));
    std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), '\0');
    file.seekg(0);
    if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) throw input_error("'" + path + "' cannot be read");
    return bytes;
}

/// Bytes of an array of that shape, refused where there are fewer.
std::size_t checked_bytes(const std::string& path, const Shape& shape, Type type, std::size_t available) {
    std::int64_t count = static_cast<std::int64_t>(size_of(type));
    for (const std::int64_t extent : shape) {
        if (extent < 0 || (extent > 0 && count > byte_limit / extent))
            throw input_error("'" + path + "' has the shape " + to_string(shape));
        count *= extent;
    }
    if (static_cast<std::size_t>(count) > available)
        throw input_error("'" + path + "' is cut short: its shape " + to_string(shape) + " needs " + std::to_string(count) +
                          " bytes, it has " + std::to_string(available));
    return static_cast<std::size_t>(count);
}

// --- .npy ---

/// What stands behind `'key':` in the header, a Python dictionary.
std::string header_entry(const std::string& path, const std::string& header, const std::string& key) {
    const std::size_t at = header.find("'" + key + "':");
    if (at == std::string::npos) throw input_error("'" + path + "' is damaged: its header has no '" + key + "'");
    return header.substr(header.find_first_not_of(' ', at + key.size() + 3));
}

Type npy_type(const std::string& path, const std::string& descr) {
    constexpr std::pair<const char*, Type> known[] = {{"'<f4'", Type::float32}, {"'<f8'", Type::float64}, {"'|i1'", Type::int8},
                                                      {"'|u1'", Type::uint8},   {"'<i2'", Type::int16},   {"'<u2'", Type::uint16},
                                                      {"'<i4'", Type::int32},   {"'<u4'", Type::uint32},  {"'<i8'", Type::int64},
                                                      {"'<u8'", Type::uint64},  {"'|b1'", Type::boolean}};
    for (const auto& [text, type] : known)
        if (descr.compare(0, 5, text) == 0) return type;
    throw input_error("'" + path + "' has elements of type " + descr.substr(0, descr.find(',')) + ", which is not read",
                      "save it as another type: np.save(file, array.astype(np.float32))");
}

Tensor parse_npy(const std::string& path, const std::string& bytes) {
    const bool wide = bytes.size() > 6 && bytes[6] != 1;
    const std::size_t start = wide ? 12 : 10;
    if (bytes.size() < start) throw input_error("'" + path + "' is cut short");
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])); };
    const std::size_t length = wide ? byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24 : byte(8) | byte(9) << 8;
    if (bytes.size() - start < length) throw input_error("'" + path + "' is cut short");
    const std::string header = bytes.substr(start, length);
    if (header_entry(path, header, "fortran_order").compare(0, 4, "True") == 0)
        throw input_error("'" + path + "' is in Fortran order, which is not read",
                          "save it in C order: np.save(file, np.ascontiguousarray(array))");
    const Type type = npy_type(path, header_entry(path, header, "descr"));
    const std::string text = header_entry(path, header, "shape");
    Shape shape;
    for (const char* at = text.c_str() + 1; *at != '\0' && *at != ')';) {
        char* end = nullptr;
        const long long extent = std::strtoll(at, &end, 10);
        if (end == at) {
            ++at;
            continue;
        }
        shape.push_back(extent);
        at = end;
    }
    const std::size_t data = checked_bytes(path, shape, type, bytes.size() - start - length);
    Tensor tensor(type, shape);
    std::memcpy(tensor.data.data(), bytes.data() + start + length, data);
    return tensor;
}

// --- IDX ---

Tensor parse_idx(const std::string& path, const std::string& bytes) {
    constexpr std::pair<char, Type> known[] = {{8, Type::uint8},  {9, Type::int8},     {11, Type::int16},
                                               {12, Type::int32}, {13, Type::float32}, {14, Type::float64}};
    const auto* type = std::find_if(std::begin(known), std::end(known), [&](const auto& entry) { return entry.first == bytes[2]; });
    if (type == std::end(known)) throw input_error("'" + path + "' is an IDX file of an unknown element type");
    const auto axes = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3]));
    if (bytes.size() < 4 + 4 * axes) throw input_error("'" + path + "' is cut short");
    Shape shape;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        std::int64_t extent = 0;
        for (std::size_t i = 0; i < 4; ++i) extent = extent << 8 | static_cast<unsigned char>(bytes[4 + 4 * axis + i]);
        shape.push_back(extent);
    }
    const std::size_t start = 4 + 4 * axes, data = checked_bytes(path, shape, type->second, bytes.size() - start);
    Tensor tensor(type->second, shape);
    const std::size_t width = size_of(type->second);
    for (std::size_t i = 0; i < data; ++i)
        tensor.data[i] = static_cast<std::byte>(bytes[start + i / width * width + (width - 1 - i % width)]);
    return tensor;
}

// --- types ---

template <class To, class From>
bool holds(From value) {
    if constexpr (std::is_floating_point_v<To>) {
        return true;
    } else {
        const auto wide = static_cast<long double>(value);
        return wide == std::floor(wide) && wide >= static_cast<long double>(std::numeric_limits<To>::min()) &&
               wide <= static_cast<long double>(std::numeric_limits<To>::max());
    }
}

/// False where a value does not fit.
bool convert(const Tensor& from, Tensor& to) {
    return visit_type(from.type, [&](auto f) {
        return visit_type(to.type, [&](auto t) {
            using From = decltype(f);
            using To = decltype(t);
            const auto count = static_cast<std::size_t>(element_count(from.shape));
            const From* source = from.as<From>();
            To* target = to.as<To>();
            for (std::size_t i = 0; i < count; ++i) {
                if (!holds<To>(source[i])) return false;
                target[i] = static_cast<To>(source[i]);
            }
            return true;
        });
    });
}

Shape without_ones(const Shape& shape, std::size_t first) {
    Shape result;
    std::copy_if(shape.begin() + static_cast<std::ptrdiff_t>(first), shape.end(), std::back_inserter(result),
                 [](std::int64_t extent) { return extent != 1; });
    return result;
}

}  // namespace

Tensor read_array(const std::string& path) {
    const std::string bytes = read_file(path);
    if (bytes.compare(0, 6, "\x93NUMPY") == 0) return parse_npy(path, bytes);
    if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[3] != 0) return parse_idx(path, bytes);
    const bool gzip = bytes.compare(0, 2, "\x1f\x8b") == 0, zip = bytes.compare(0, 2, "PK") == 0;
    throw input_error("'" + path + "' is neither a .npy nor an IDX file",
                      gzip  ? "it is compressed: give what `gunzip -k " + path + "` makes of it"
                      : zip ? "it is an archive (.npz?): give the .npy files in it"
                            : "give samples as np.save writes them");
}

void write_npy(const std::string& path, const Tensor& tensor) {
    constexpr const char* types[] = {"<f4", "<f8", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "|b1"};
    std::string header =
        std::string("{'descr': '") + types[static_cast<std::size_t>(tensor.type)] + "', 'fortran_order': False, 'shape': (";
    for (const std::int64_t extent : tensor.shape) header += std::to_string(extent) + ",";
    header += "), }";
    // The elements begin at a multiple of 64 bytes, behind a header that ends with a line's end.
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    std::ofstream file(path, std::ios::binary);
    file.write("\x93NUMPY\x01\x00", 8);
    file.put(static_cast<char>(header.size() & 0xff)).put(static_cast<char>(header.size() >> 8));
    file << header;
    file.write(reinterpret_cast<const char*>(tensor.data.data()), static_cast<std::streamsize>(tensor.data.size()));
    file.close();
    if (!file) throw input_error("'" + path + "' cannot be written: " + std::strerror(errno));
}

Tensor as_samples(Tensor array, const Port& input, const std::string& path) {
    if (array.shape.empty()) throw input_error("'" + path + "' is a single number, no list of samples");
    if (without_ones(array.shape, 1) != without_ones(input.shape, 0))
        throw input_error("'" + path + "' has samples of shape " + to_string(Shape(array.shape.begin() + 1, array.shape.end())) +
                              ", but input '" + input.name + "' takes " + to_string(input.shape),
                          "the first axis of the file counts samples; axes of extent 1 do not matter");
    Shape shape{array.shape[0]};
    shape.insert(shape.end(), input.shape.begin(), input.shape.end());
    array.shape = shape;
    if (array.type == input.type) return array;
    Tensor samples(input.type, shape);
    if (!convert(array, samples))
        throw input_error("'" + path + "' is " + name_of(array.type) + " and has values that input '" + input.name + "' of type " +
                              name_of(input.type) + " does not hold",
                          std::string("give samples of type ") + name_of(input.type));
    return samples;
}

}  // namespace weft::host
