// npy.cpp
// One array in NumPy's format.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/npy.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace weft {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

/// What an array's header says.
struct Header {
    std::string descr;
    bool fortran_order = false;
    Shape shape;
};

/// Reader of the header's Python literal: a dict of strings, booleans and a tuple of integers.
class HeaderReader {
public:
    explicit HeaderReader(std::string_view text) : text_(text) {}

    std::optional<Header> read() {
        Header header;
        int keys = 0;
        if (!take('{')) return std::nullopt;
        while (!take('}')) {
            const auto key = string();
            if (!key || !take(':')) return std::nullopt;
            if (*key == "descr") {
                const auto value = string();
                if (!value) return std::nullopt;
                header.descr = *value;
            } else if (*key == "fortran_order") {
                header.fortran_order = take_word("True");
                if (!header.fortran_order && !take_word("False")) return std::nullopt;
            } else if (*key == "shape") {
                const auto value = tuple();
                if (!value) return std::nullopt;
                header.shape = *value;
            } else {
                return std::nullopt;
            }
            ++keys;
            take(',');
        }
        return keys == 3 ? std::optional(header) : std::nullopt;
    }

private:
    void skip_spaces() { text_.remove_prefix(std::min(text_.find_first_not_of(" \n"), text_.size())); }

    bool take_word(std::string_view word) {
        skip_spaces();
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }

    bool take(char c) { return take_word({&c, 1}); }

    std::optional<std::string> string() {
        skip_spaces();
        if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return std::nullopt;
        const std::size_t end = text_.find(text_[0], 1);
        if (end == std::string_view::npos) return std::nullopt;
        std::string value(text_.substr(1, end - 1));
        text_.remove_prefix(end + 1);
        return value;
    }

    std::optional<Shape> tuple() {
        Shape shape;
        if (!take('(')) return std::nullopt;
        while (!take(')')) {
            skip_spaces();
            std::int64_t extent = -1;
            const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
            if (error != std::errc() || extent < 0) return std::nullopt;
            text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
            take_word("L");  // Python 2 wrote long integers so
            shape.push_back(extent);
            if (!take(',') && !text_.starts_with(')')) return std::nullopt;
        }
        return shape;
    }

    std::string_view text_;
};

/// Element type of a `descr` such as `<f4`, its byte order and its size in the file.
struct ElementFormat {
    DataType type;
    std::endian order;
    std::size_t bytes;
};

std::optional<ElementFormat> element_format(std::string_view descr) {
    static constexpr std::pair<std::string_view, DataType> types[] = {
        {"f2", DataType::float32}, {"f4", DataType::float32}, {"f8", DataType::float64}, {"i1", DataType::int8},
        {"u1", DataType::uint8},   {"i2", DataType::int16},   {"u2", DataType::uint16},  {"i4", DataType::int32},
        {"u4", DataType::uint32},  {"i8", DataType::int64},   {"u8", DataType::uint64},  {"b1", DataType::boolean}};
    if (descr.size() != 3 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) return std::nullopt;
    for (const auto& [name, type] : types) {
        if (descr.substr(1) == name) {
            return ElementFormat{type, descr[0] == '>' ? std::endian::big : std::endian::little, static_cast<std::size_t>(descr[2] - '0')};
        }
    }
    if (descr.substr(1) == "?1") return ElementFormat{DataType::boolean, std::endian::little, 1};
    return std::nullopt;
}

float from_half(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
    const std::uint32_t mantissa = bits & 0x3ff;
    if (exponent == 0) {
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
        return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide_exponent = exponent == 31 ? 255 : static_cast<std::uint32_t>(exponent) + 112;
    return std::bit_cast<float>(sign | wide_exponent << 23 | mantissa << 13);
}

template <class T>
T read_element(ByteSpan data, std::size_t at, const ElementFormat& format) {
    if constexpr (std::is_same_v<T, bool>) {
        return data[at] != 0;
    } else if constexpr (std::is_same_v<T, float>) {
        if (format.bytes == 2) return from_half(read_number<std::uint16_t>(data, at, format.order));
        return read_number<float>(data, at, format.order);
    } else {
        return read_number<T>(data, at, format.order);
    }
}

/// Position in a Fortran-order array of the element at row-major position `flat`.
std::size_t fortran_position(const Shape& shape, std::int64_t flat) {
    std::int64_t position = 0;
    std::int64_t stride = element_count(shape);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        stride /= shape[axis];
        position += flat % shape[axis] * stride;
        flat /= shape[axis];
    }
    return static_cast<std::size_t>(position);
}

Tensor read_elements(ByteSpan data, const Header& header, const ElementFormat& format) {
    Tensor tensor(format.type, header.shape);
    const bool reordered = header.fortran_order && header.shape.size() > 1;
    if (!reordered && format.order == std::endian::native && format.bytes == size_of(format.type) && format.type != DataType::boolean) {
        if (tensor.bytes() > 0) std::memcpy(tensor.raw(), data.data(), tensor.bytes());
        return tensor;
    }
    visit_type(format.type, [&](auto zero) {
        using T = decltype(zero);
        const auto elements = tensor.as<T>();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::size_t at = reordered ? fortran_position(header.shape, static_cast<std::int64_t>(i)) : i;
            elements[i] = read_element<T>(data, at * format.bytes, format);
        }
    });
    return tensor;
}

std::string_view descr_of(DataType type) {
    static constexpr std::string_view names[] = {"<f4", "<f8", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "|b1"};
    return names[static_cast<int>(type)];
}

}  // namespace

bool is_npy(ByteSpan contents) { return contents.size() >= magic.size() && std::memcmp(contents.data(), magic.data(), magic.size()) == 0; }

Result<Tensor> parse_npy(const std::filesystem::path& path, ByteSpan contents) {
    if (!is_npy(contents)) return file_error(path, "this is not a NumPy array");
    const auto truncated = [&](Made made = std::source_location::current()) {
        return file_error(path, "the file ends within the array's header", "the file may be truncated", made);
    };
    const std::size_t length_at = magic.size() + 2;
    if (contents.size() < length_at + 4) return truncated();
    const int version = contents[magic.size()];
    if (version < 1 || version > 3) return file_error(path, "NumPy format version " + std::to_string(version) + " is unknown");
    const std::size_t start = length_at + (version == 1 ? 2 : 4);
    const std::size_t length = version == 1 ? read_number<std::uint16_t>(contents, length_at, std::endian::little)
                                            : read_number<std::uint32_t>(contents, length_at, std::endian::little);
    if (contents.size() - start < length) return truncated();

    const std::string_view text(reinterpret_cast<const char*>(contents.data()) + start, length);
    const auto header = HeaderReader(text).read();
    if (!header) return file_error(path, "the array's header cannot be read", "arrays of plain numbers are read; structured ones are not");
    const auto format = element_format(header->descr);
    if (!format) {
        return file_error(path, "elements of NumPy type '" + header->descr + "' cannot be read",
                          "convert the array to a type of 8 to 64 bits: numbers or booleans");
    }
    const std::int64_t expected = checked_bytes(header->shape, format->bytes);
    const ByteSpan data = contents.subspan(start + length);
    if (expected < 0) return file_error(path, "the shape " + to_string(header->shape) + " is too large");
    if (static_cast<std::uint64_t>(expected) != data.size()) {
        return file_error(path, "shape " + to_string(header->shape) + " needs " + std::to_string(expected) + " bytes, the file holds " +
                                    std::to_string(data.size()));
    }
    return read_elements(data, *header, *format);
}

Bytes npy_header(const Tensor& tensor) {
    std::string dict = "{'descr': '" + std::string(descr_of(tensor.type())) + "', 'fortran_order': False, 'shape': (";
    for (std::size_t i = 0; i < tensor.shape().size(); ++i) dict += (i > 0 ? ", " : "") + std::to_string(tensor.shape()[i]);
    dict += tensor.shape().size() == 1 ? ",), }" : "), }";
    const std::size_t prefix = magic.size() + 4;
    dict.append(63 - (prefix + dict.size()) % 64, ' ');
    dict += '\n';
    const char version_and_length[] = {1, 0, static_cast<char>(dict.size() & 255), static_cast<char>(dict.size() >> 8)};
    const std::string text = std::string(magic) + std::string(version_and_length, sizeof version_and_length) + dict;
    return Bytes(text.begin(), text.end());
}

}  // namespace weft
