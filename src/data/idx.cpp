// idx.cpp
// The IDX format: two zero bytes, an element type, the number of dimensions, the extents and the elements, all big-endian.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/idx.h"

#include <optional>

namespace weft {
namespace {

std::optional<DataType> element_type(std::uint8_t code) {
    switch (code) {
        case 0x08:
            return DataType::uint8;
        case 0x09:
            return DataType::int8;
        case 0x0b:
            return DataType::int16;
        case 0x0c:
            return DataType::int32;
        case 0x0d:
            return DataType::float32;
        case 0x0e:
            return DataType::float64;
        default:
            return std::nullopt;
    }
}

struct Header {
    DataType type;
    Shape shape;
    std::size_t header_bytes;
    std::size_t element_bytes;  ///< Of all elements.
};

Result<Header> read_header(const std::filesystem::path& path, ByteSpan contents) {
    if (!is_idx(contents))
        return file_error(path, "this is not an IDX file", "IDX files begin with two zero bytes, a known element type and a rank");
    Header header{*element_type(contents[2]), {}, 4 + std::size_t{4} * contents[3], 0};
    if (contents.size() < header.header_bytes) return file_error(path, "the file ends within its header", "the file may be truncated");
    for (std::size_t at = 4; at < header.header_bytes; at += 4) {
        header.shape.push_back(read_number<std::uint32_t>(contents, at, std::endian::big));
    }
    const std::int64_t bytes = checked_bytes(header.shape, size_of(header.type));
    if (bytes < 0) return file_error(path, "the shape " + to_string(header.shape) + " is too large");
    header.element_bytes = static_cast<std::size_t>(bytes);
    return header;
}

}  // namespace

bool is_idx(ByteSpan contents) {
    return contents.size() >= 4 && contents[0] == 0 && contents[1] == 0 && element_type(contents[2]) && contents[3] > 0;
}

bool is_gzip(ByteSpan contents) { return contents.size() >= 2 && contents[0] == 0x1f && contents[1] == 0x8b; }

Result<Tensor> parse_idx(const std::filesystem::path& path, ByteSpan contents) {
    WEFT_ASSIGN(const Header header, read_header(path, contents));
    const ByteSpan data = contents.subspan(header.header_bytes);
    if (data.size() != header.element_bytes) {
        return file_error(path, "shape " + to_string(header.shape) + " needs " + std::to_string(header.element_bytes) +
                                    " bytes, the file holds " +
                                    (data.size() > header.element_bytes ? "more" : std::to_string(data.size())));
    }
    Tensor tensor(header.type, header.shape);
    visit_type(header.type, [&](auto zero) {
        using T = decltype(zero);
        if constexpr (!std::is_same_v<T, bool>) {
            const auto elements = tensor.as<T>();
            for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = read_number<T>(data, i * sizeof(T), std::endian::big);
        }
    });
    return tensor;
}

Result<Tensor> parse_compressed_idx(const std::filesystem::path& path, ByteSpan compressed) {
    constexpr std::size_t longest_header = 4 + 4 * 255;
    WEFT_ASSIGN(const Bytes start, decompress(path, compressed, Compression::gzip, longest_header));
    WEFT_ASSIGN(const Header header, read_header(path, start));
    if (!is_plausible_size(header.element_bytes, compressed.size())) {
        return file_error(path, "shape " + to_string(header.shape) + " cannot come from " + std::to_string(compressed.size()) + " bytes",
                          "the file may be truncated");
    }
    WEFT_ASSIGN(const Bytes contents, decompress(path, compressed, Compression::gzip, header.header_bytes + header.element_bytes + 1));
    return parse_idx(path, contents);
}

}  // namespace weft
