// registers_test.cpp
// The registers of a kernel's AXI4-Lite port: their places, and the table that documents them.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/registers.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace weft {
namespace {

using testing::HasSubstr;

std::vector<Register> of(int inputs, int outputs) {
    std::vector<KernelPort> ports;
    for (int i = 0; i < inputs + outputs; ++i) {
        KernelPort port;
        port.name = (i < inputs ? "in" : "out") + std::to_string(i);
        port.argument = port.name + "_data";
        port.output = i >= inputs;
        ports.push_back(port);
    }
    return kernel_registers(ports);
}

/// UG1399: the control registers of ap_ctrl_chain, then each 64-bit argument and a reserved word, then the count of images.
TEST(Registers, StandWhereVitisHlsPutsThem) {
    const auto registers = of(1, 2);
    EXPECT_EQ(find_register(registers, "CTRL").offset, 0);
    EXPECT_EQ(find_register(registers, "IP_ISR").offset, 0xc);
    EXPECT_EQ(find_register(registers, "in0_data").offset, 0x10);
    EXPECT_EQ(find_register(registers, "out1_data").offset, 0x1c);
    EXPECT_EQ(find_register(registers, "out2_data").offset, 0x28);
    EXPECT_EQ(find_register(registers, images_argument).offset, 0x34);
    EXPECT_EQ(find_register(registers, images_argument).bits, 32);
    EXPECT_EQ(find_register(registers, "WEFT_VERSION").offset, status_offset);
    EXPECT_EQ(find_register(registers, "out2_data").bundle, "gmem2");
    EXPECT_EQ(find_register(registers, "out2_data").bits, 64);
    EXPECT_FALSE(find_register(registers, "WEFT_FRAMES").writable);
}

/// However many ports there are, no two registers share a word, and all are within the port's address bits.
TEST(Registers, DoNotOverlap) {
    const auto registers = of(7, 8);
    std::int64_t next = 0;
    for (const Register& r : registers) {
        EXPECT_GE(r.offset, next) << r.name;
        EXPECT_EQ(r.offset % 4, 0) << r.name;
        next = r.offset + r.bits / 8;
    }
    EXPECT_LE(next, std::int64_t{1} << register_address_bits);
}

TEST(Registers, AreDocumentedRowByRow) {
    const std::string table = register_table(of(1, 1));
    EXPECT_EQ(table.rfind(
                  "| offset | register | bits | access | meaning |\n|---|---|---|---|---|\n| 0x000 | CTRL | 32 | read, write | bit 0 ", 0),
              0U)
        << table;
    EXPECT_THAT(table, HasSubstr("\n| 0x010 | in0_data | 64 | read, write | address of the frames of input in0 |\n"));
    EXPECT_THAT(table, HasSubstr("\n| 0x01c | out1_data | 64 | read, write | address of the frames of output out1 |\n"));
    EXPECT_THAT(table, HasSubstr("\n| 0x028 | n_images | 32 | read, write | images of the call |\n"));
    EXPECT_THAT(table, HasSubstr("| read | frames written since reset |\n"));
    EXPECT_EQ(std::ranges::count(table, '\n'), 2 + std::ssize(of(1, 1)));
}

TEST(Registers, SayTheVersionAndTheModel) {
    EXPECT_EQ(version_word("1.2.3"), 0x010203U);
    EXPECT_EQ(version_word("0.10"), 0x000a00U);
    EXPECT_EQ(version_word("2.0.1-rc4"), 0x020001U);
    EXPECT_EQ(version_word("1.2.3.4"), 0x010203U);
    EXPECT_EQ(version_word(""), 0U);
    EXPECT_EQ(hash_word("0123456789abcdef0011223344556677"), 0x0123456789abcdefU);
    EXPECT_EQ(hash_word("0123456789abcde"), 0U);
}

}  // namespace
}  // namespace weft
