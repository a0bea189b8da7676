// sha256.h
// The SHA-256 digest (FIPS 180-4): names the content of models, constants and files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace weft {

/// Takes bytes in any number of parts.
class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    void update(const std::byte* bytes, std::size_t count) { update({reinterpret_cast<const char*>(bytes), count}); }
    /// The digest of all bytes so far, as 64 lower-case hexadecimal digits. Further updates go on from here.
    std::string hex() const;

private:
    std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

/// `Sha256` of one piece.
std::string sha256(std::string_view bytes);

}  // namespace weft
