// sha256.h
// The SHA-256 digest (FIPS 180-4): names the content of models and constants.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

/// Takes bytes in any number of parts.
class Sha256 {
public:
    void update(std::string_view bytes);
    void update(const std::byte* bytes, std::size_t count) { update({reinterpret_cast<const char*>(bytes), count}); }
    /// The digest of all bytes so far, as 64 lower-case hexadecimal digits. Further updates go on from here.
    std::string hex() const;

private:
    void block(const unsigned char* bytes);

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<unsigned char, 64> pending_{};
    std::uint64_t length_ = 0;
};

/// `Sha256` of one piece.
std::string sha256(std::string_view bytes);

}  // namespace weft
