// base64.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace weft {

namespace {

/// libcrypto counts in int: pieces of whole groups of three bytes and four characters.
constexpr std::size_t piece_bytes = std::size_t{3} << 20, piece_characters = std::size_t{4} << 20;

}  // namespace

std::string base64(std::span<const std::byte> bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // libcrypto ends it with a zero
    std::size_t at = 0;
    for (std::size_t first = 0; first < bytes.size(); first += piece_bytes) {
        const std::span<const std::byte> piece = bytes.subspan(first, std::min(piece_bytes, bytes.size() - first));
        at +=
            static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + at),
                                                     reinterpret_cast<const unsigned char*>(piece.data()), static_cast<int>(piece.size())));
    }
    text.resize(at);
    return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
    const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
    if (text.size() % 4 != 0 || padding > 2 || text.find('=') < text.size() - padding) return std::nullopt;
    std::vector<std::byte> bytes(text.size() / 4 * 3);
    std::size_t at = 0;
    for (std::size_t first = 0; first < text.size(); first += piece_characters) {
        const std::string_view piece = text.substr(first, piece_characters);
        const int made = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data() + at),
                                         reinterpret_cast<const unsigned char*>(piece.data()), static_cast<int>(piece.size()));
        if (made < 0) return std::nullopt;
        at += static_cast<std::size_t>(made);
    }
    bytes.resize(at - padding);  // it gives a zero for each
    return bytes;
}

}  // namespace weft
