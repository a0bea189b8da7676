// base64_test.cpp
// Base64 against the examples of RFC 4648, and what is none.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/base64.h"

#include <gtest/gtest.h>

namespace weft::test {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Base64, KnownTexts) {
    for (const auto& [bytes, text] : {std::pair("", ""), std::pair("f", "Zg=="), std::pair("fo", "Zm8="), std::pair("foo", "Zm9v"),
                                      std::pair("foob", "Zm9vYg=="), std::pair("fooba", "Zm9vYmE="), std::pair("foobar", "Zm9vYmFy")}) {
        EXPECT_EQ(base64(bytes_of(bytes)), text);
        const auto back = from_base64(text);
        ASSERT_TRUE(back) << text;
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(back->data()), back->size()), bytes);
    }
}

TEST(Base64, ManyBytes) {
    std::vector<std::byte> bytes((std::size_t{7} << 20) + 1);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * i >> 3);
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
}

TEST(Base64, OtherTexts) {
    for (const char* text : {"Zg", "Zm9vY", "Zm9*", "=m9v", "Z=9v", "Zg=v", "Z===", "===="}) EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace weft::test
