// wire_test.cpp
// Messages of XRT's emulation protocol.
// SPDX-License-Identifier: Apache-2.0
#include "src/card/device/wire.h"

#include <gtest/gtest.h>

namespace weft::device {
namespace {

TEST(CardWire, ReadsWhatItWrites) {
    const std::string text = Reply().number(1, 300).bytes(2, "abc").number(3, ~std::uint64_t{0}).bytes(4, "").text();
    EXPECT_EQ(text.substr(0, 3), "\x08\xac\x02");  // the example of protobuf's description: 300 in two bytes
    Message m;
    ASSERT_TRUE(Message::read(text, m));
    EXPECT_EQ(m.number(1), 300U);
    EXPECT_EQ(m.bytes(2), "abc");
    EXPECT_EQ(m.number(3), ~std::uint64_t{0});
    EXPECT_EQ(m.bytes(4), "");
    EXPECT_EQ(m.number(9), 0U);
}

TEST(CardWire, PassesOverFixedWords) {
    Message m;
    ASSERT_TRUE(Message::read(std::string("\x09\1\2\3\4\5\6\7\10\x15\1\2\3\4\x18\5", 16), m));
    EXPECT_EQ(m.number(3), 5U);
}

TEST(CardWire, RefusesWhatIsCutOff) {
    const std::string text = Reply().number(1, 300).bytes(2, "abc").text();
    Message m;
    for (const std::size_t size : {1U, 2U, 4U, 5U, 7U}) EXPECT_FALSE(Message::read(std::string_view(text).substr(0, size), m)) << size;
    EXPECT_FALSE(Message::read("\x0b", m));  // a group, which nobody sends
    EXPECT_FALSE(Message::read("\x09\1\2", m));
    EXPECT_FALSE(Message::read(std::string(11, '\xff'), m));
}

}  // namespace
}  // namespace weft::device
