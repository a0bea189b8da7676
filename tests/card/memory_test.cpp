// memory_test.cpp
// The memory of an emulated card, its pace, and the file that describes the card.
// SPDX-License-Identifier: Apache-2.0
#include "src/card/device/memory.h"

#include <gtest/gtest.h>

#include <sstream>

#include "src/card/device/card_file.h"

namespace weft::device {
namespace {

TEST(CardMemory, KeepsBytesAcrossPages) {
    Memory memory;
    std::string text(10'000, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7);
    memory.write(0x40'0000'0ff3, text.data(), text.size());
    std::string back(text.size() + 2, 'x');
    memory.read(0x40'0000'0ff2, back.data(), back.size());
    EXPECT_EQ(back.substr(1, text.size()), text);
    EXPECT_EQ(back.front(), '\0');
    EXPECT_EQ(back.back(), '\0');
}

TEST(CardMemory, KnowsWhatTheHostHasAllocated) {
    Memory memory;
    memory.allocate(0x1000, 0x1000);
    memory.allocate(0x2000, 0x1000);
    EXPECT_TRUE(memory.allocated(0x1000, 0x1000));
    EXPECT_TRUE(memory.allocated(0x2fc0, 64));
    EXPECT_FALSE(memory.allocated(0x1fc0, 128));  // two buffers that happen to touch
    EXPECT_FALSE(memory.allocated(0x2fc0, 65));
    EXPECT_FALSE(memory.allocated(0xfff, 1));
    EXPECT_TRUE(memory.free(0x2000));
    EXPECT_FALSE(memory.allocated(0x2fc0, 64));
    EXPECT_FALSE(memory.free(0x2000));
}

TEST(CardMemory, GivesABanksBandwidthAndNoMore) {
    for (const double per_cycle : {3.7, 16.0, 64.0, 200.0}) {
        Bank bank("DDR[0]", 0, 1 << 20, per_cycle, 10);
        std::int64_t words = 0;
        constexpr int cycles = 10'000;
        for (int i = 0; i < cycles; ++i) {
            bank.tick();
            while (bank.take(64)) ++words;
        }
        EXPECT_NEAR(static_cast<double>(words) * 64, per_cycle * cycles, 64 + per_cycle) << per_cycle;
    }
}

TEST(CardMemory, LosesBandwidthThatNobodyUses) {
    Bank bank("DDR[0]", 0, 1 << 20, 64, 10);
    for (int i = 0; i < 1000; ++i) bank.tick();
    int words = 0;
    while (bank.take(64)) ++words;
    EXPECT_LE(words, 2);
}

TEST(CardFile, ReadsWhatItWrites) {
    CardFile card;
    card.patience = 5;
    card.most_cycles = 7;
    card.stall_seed = 9;
    card.banks = {{"DDR[0]", 0x40'0000'0000, 1 << 30, 64.25, 30}, {"DDR[1]", 0x50'0000'0000, 1 << 30, 64.25, 30}};
    card.units = {{"a_1", 0, 0x1800000, 4096, {0, 0}}, {"b_1", 1, 0x1810000, 4096, {1}}};
    std::stringstream text;
    write(card, text);
    CardFile back;
    ASSERT_TRUE(read(text, back));
    EXPECT_EQ(back.patience, 5U);
    EXPECT_EQ(back.most_cycles, 7U);
    EXPECT_EQ(back.stall_seed, 9U);
    ASSERT_EQ(back.banks.size(), 2U);
    EXPECT_EQ(back.banks[1].base, 0x50'0000'0000U);
    EXPECT_EQ(back.banks[0].bytes_per_cycle, 64.25);
    ASSERT_EQ(back.units.size(), 2U);
    EXPECT_EQ(back.units[1].name, "b_1");
    EXPECT_EQ(back.units[0].banks, (std::vector<std::size_t>{0, 0}));
}

TEST(CardFile, RefusesOthers) {
    for (const char* text : {"", "patience x\n", "bank DDR[0] 0 10 1 2\n", "bank DDR[0] 0 10 1 2\nunit a 0 0 4096 1\n", "nonsense 3\n",
                             "bank DDR[0] 0 10 1 2\nunit a 0\n"}) {
        std::istringstream in(text);
        CardFile card;
        EXPECT_FALSE(read(in, card)) << text;
    }
}

}  // namespace
}  // namespace weft::device
