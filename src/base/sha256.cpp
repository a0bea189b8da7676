// sha256.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <new>

namespace weft {

namespace {

/// Nothing that is done here fails but for want of memory.
void require(int done) {
    if (done != 1) throw std::bad_alloc();
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(context_ ? EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) : 0);
}

void Sha256::update(std::string_view bytes) { require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }

std::string Sha256::hex() const {
    const Sha256 end;
    require(EVP_MD_CTX_copy_ex(end.context_.get(), context_.get()));
    std::array<unsigned char, 32> digest{};
    require(EVP_DigestFinal_ex(end.context_.get(), digest.data(), nullptr));
    std::string text;
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

std::string sha256(std::string_view bytes) {
    Sha256 digest;
    digest.update(bytes);
    return digest.hex();
}

}  // namespace weft
