// board_test.cpp
// Board files: all of weft's are whole, and what is wrong with a user's is said by file and key.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/board.h"

#include <gmock/gmock.h>

#include "src/base/files.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto whole = R"(name = "mine"
title = "My board"
part = "xcku5p-ffvb676-2-e"
platform = "mine_1"
family = "xcup"
flow = "vitis"
kernel_clock_mhz = 250.5
memory_bits = 256
host_bandwidth = 3e9
seen = "nothing"
[[slr]]
name = "SLR0"
lut = 100
ff = 200
bram36 = 3
uram = 0
dsp = 5
[[slr]]
name = "SLR1"
lut = 10
ff = 20
bram36 = 1
uram = 1
dsp = 1
[[memory]]
name = "HBM"
banks = 2
bytes = 0x1000
base = 0x2000
bandwidth = 1e9
latency_ns = 100
slr = "SLR0"
[[memory]]
name = "DDR[0]"
bytes = 8192
base = 0
bandwidth = 2_000_000_000
latency_ns = 90.5
slr = "SLR1"
)";

/// What is said of the file with `from` replaced by `to`.
std::string said(const std::string& from, const std::string& to) {
    std::string text = whole;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto board = parse_board(text, "my.toml");
    EXPECT_FALSE(board) << to;
    return board ? "" : test::messages(board);
}

TEST(Boards, AreReadWhole) {
    const auto board = parse_board(whole, "my.toml");
    ASSERT_TRUE(board) << test::messages(board);
    EXPECT_EQ(board->name, "mine");
    EXPECT_EQ(board->title, "My board");
    EXPECT_EQ(board->part, "xcku5p-ffvb676-2-e");
    EXPECT_EQ(board->platform, "mine_1");
    EXPECT_EQ(board->family, "xcup");
    EXPECT_EQ(board->flow, Flow::vitis);
    EXPECT_EQ(board->dsp, dsp48e2);
    EXPECT_EQ(board->kernel_clock_mhz, 250.5);
    EXPECT_EQ(board->memory_bits, 256);
    EXPECT_EQ(board->host_bandwidth, 3e9);
    EXPECT_EQ(board->seen, "nothing");
    EXPECT_EQ(board->text, whole);
    EXPECT_EQ(board->total().lut, 110);
    EXPECT_EQ(board->total().uram, 1);
    ASSERT_EQ(board->memory.size(), 3U);
    EXPECT_EQ(board->memory[1].name, "HBM[1]");
    EXPECT_EQ(board->memory[1].base, 0x3000);
    EXPECT_EQ(board->memory[1].bytes, 0x1000);
    EXPECT_EQ(board->memory[2].bandwidth, 2e9);
    EXPECT_EQ(board->memory[2].latency_ns, 90.5);
    EXPECT_THAT(board->banks_of("SLR0"), ElementsAre(&board->memory[0], &board->memory[1]));
    EXPECT_THAT(board->banks_of("SLR1"), ElementsAre(&board->memory[2]));
}

TEST(Boards, SayWhatIsWrongByFileAndKey) {
    EXPECT_THAT(said("name = \"mine\"\n", ""), HasSubstr("'my.toml', key 'name': is missing\n  help: write name = \"...\""));
    EXPECT_THAT(said("title = \"My board\"", "title = 3"), HasSubstr("key 'title': is no text of one line"));
    EXPECT_THAT(said("My board", "My\\nboard"), HasSubstr("key 'title': is no text of one line"));
    EXPECT_THAT(said("mine_1", "a b"), HasSubstr("key 'platform': 'a b' goes into scripts of other tools"));
    EXPECT_THAT(said("\"xcup\"", "\"xcu\""), HasSubstr("key 'family': 'xcu' is none of xcup, xc7\n  help: did you mean 'xcup'?"));
    EXPECT_THAT(said("\"vitis\"", "\"vitus\""), HasSubstr("key 'flow': 'vitus' is none of vitis, vivado\n  help: did you mean 'vitis'?"));
    EXPECT_THAT(said("256", "255"), HasSubstr("key 'memory_bits': 255 is none of 64, 128, 256, 512"));
    EXPECT_THAT(said("256", "\"256\""), HasSubstr("key 'memory_bits': is no integer"));
    EXPECT_THAT(said("lut = 100", "lut = -1"), HasSubstr("key 'slr[0].lut': -1 is outside 0..100000000"));
    EXPECT_THAT(said("250.5", "\"fast\""), HasSubstr("key 'kernel_clock_mhz': is no number"));
    EXPECT_THAT(said("250.5", "0"), HasSubstr("key 'kernel_clock_mhz': 0 is outside 1..2000"));
    EXPECT_THAT(said("250.5", "nan"), HasSubstr("key 'kernel_clock_mhz': nan is outside 1..2000"));
    EXPECT_THAT(said("dsp = 1\n", "dsps = 1\n"),
                HasSubstr("key 'slr[1].dsp': is missing\n  help: write dsp = 0\nerror: 'my.toml', key 'slr[1].dsps': is not known here\n"
                          "  help: did you mean 'dsp'?"));
    EXPECT_THAT(said("name = \"SLR1\"", "name = \"SLR0\""), HasSubstr("key 'memory[1].slr': the board has no SLR 'SLR1'"));
    EXPECT_THAT(said("family = \"xcup\"", "family = \"xc7\""),
                HasSubstr("key 'dsp_cell': family xc7 has no DSP48E2\n  help: write dsp_cell = \"DSP48E1\""));
    EXPECT_THAT(said("0x2000", "0x2001"), HasSubstr("key 'memory[0].base': 8193 is no multiple of 4096"));
    EXPECT_THAT(said("0x2000", "0x1000"), HasSubstr("key 'memory': 'HBM[0]' and 'DDR[0]' overlap"));
    EXPECT_THAT(said("\"DDR[0]\"", "\"HBM[1]\""), HasSubstr("key 'memory': two banks are called 'HBM[1]'"));
    EXPECT_THAT(said("flow =", "flow"), HasSubstr("'my.toml', line 6: "));
    EXPECT_THAT(said("[[memory]]\nname = \"HBM\"", "[memory]\nname = \"HBM\""), HasSubstr("'my.toml', line "));
}

TEST(Boards, NeedAnSlrAndAMemoryOfTheirOwnNames) {
    std::string text = whole;
    text.resize(text.find("[[memory]]"));
    EXPECT_THAT(test::messages(parse_board(text, "my.toml")), HasSubstr("key 'memory': is missing\n  help: write [[memory]]"));
    text += "memory = 3\n";
    EXPECT_THAT(test::messages(parse_board(text, "my.toml")), HasSubstr("is not known here"));
    std::string twice = whole;
    twice.insert(twice.find("[[memory]]"), "[[slr]]\nname = \"SLR1\"\nlut = 1\nff = 1\nbram36 = 1\nuram = 1\ndsp = 1\n");
    EXPECT_THAT(test::messages(parse_board(twice, "my.toml")), HasSubstr("key 'slr': two SLRs are called 'SLR1'"));
    EXPECT_THAT(said("seen = \"nothing\"", "seen = \"nothing\"\nmemory = 3\n"), HasSubstr("my.toml"));
}

TEST(Boards, OfWeftAreNine) {
    std::vector<std::string> names;
    for (const Board& board : boards()) {
        names.push_back(board.name);
        SCOPED_TRACE(board.name);
        EXPECT_TRUE(parse_board(board.text, board.name));
        EXPECT_FALSE(board.banks_of(board.slrs.front().name).empty());
        EXPECT_EQ(board.dsp == dsp48e1, board.family == "xc7");
    }
    EXPECT_THAT(names,
                ElementsAre("alveo-u200", "alveo-u250", "alveo-u280", "alveo-u50", "alveo-u55c", "kv260", "pynq-z2", "zcu102", "zcu104"));
    const Board& u280 = **find_board("alveo-u280");
    EXPECT_EQ(u280.banks_of("SLR0").size(), 33U);
    EXPECT_EQ(u280.banks_of("SLR1").size(), 1U);
    EXPECT_TRUE(u280.banks_of("SLR2").empty());
    EXPECT_EQ((*find_board("pynq-z2"))->flow, Flow::vivado);
    EXPECT_EQ((*find_board("pynq-z2"))->memory_bits, 64);
    EXPECT_EQ((*find_board("kv260"))->memory_bits, 128);
    EXPECT_EQ(to_string(Flow::vivado), "vivado");
}

TEST(Boards, OfAUserAreReadFromTheirFile) {
    const test::TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder / "mine.toml", whole));
    const auto board = read_board((folder / "mine.toml").string());
    ASSERT_TRUE(board) << test::messages(board);
    EXPECT_EQ((*board)->name, "mine");
    EXPECT_THAT(test::messages(read_board((folder / "none.toml").string())), HasSubstr("none.toml"));
    EXPECT_THAT(test::messages(read_board("kv261")), HasSubstr("did you mean 'kv260'?"));
    const auto known = read_board("kv260");
    ASSERT_TRUE(known);
    EXPECT_EQ(known->get(), *find_board("kv260"));
}

}  // namespace
}  // namespace weft
