// placement_test.cpp
// Compute units on boards: each within an SLR beside its memory, or refused with what is short.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/placement.h"

#include <gmock/gmock.h>

#include <map>

#include "src/cost/throughput.h"
#include "tests/messages.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Board& board(const char* name) { return **find_board(name); }
const ComputeUnit small{.cost = {.mac_dsp = 80, .dsp = 100, .lut = 10'000, .ff = 20'000, .bram36 = 10}};

TEST(Placement, OfOneIsTheSlrThatItFillsLeast) {
    const ComputeUnit luts{.cost = {.lut = 10'000}};
    EXPECT_THAT(*place_units(luts, board("alveo-u200"), 1), ElementsAre(Placement{"SLR2", "DDR[3]"}));
    EXPECT_THAT(*place_units(small, board("kv260"), 1), ElementsAre(Placement{"", "HP0"})) << "one SLR needs no name";
    // SLR2 has more room, but no memory.
    EXPECT_THAT(*place_units(small, board("alveo-u55c"), 1), ElementsAre(Placement{"SLR0", "HBM[0]"}));
    const ComputeUnit crossing{.cost = {.mac_dsp = 3000, .dsp = 3000}};
    EXPECT_THAT(*place_units(crossing, board("alveo-u200"), 1), ElementsAre(Placement{"", "DDR[0]"}));
}

TEST(Placement, SpreadsCopiesOverBanksBeforeSlrs) {
    const auto placed = place_units(small, board("alveo-u200"), 6);
    ASSERT_TRUE(placed) << test::messages(placed);
    // What is scarcest is DSPs: as many in SLR0 as in SLR2, fewer in SLR1, which has two banks. The fifth finds one on each.
    EXPECT_THAT(*placed, ElementsAre(Placement{"SLR0", "DDR[0]"}, Placement{"SLR2", "DDR[3]"}, Placement{"SLR1", "DDR[1]"},
                                     Placement{"SLR1", "DDR[2]"}, Placement{"SLR0", "DDR[0]"}, Placement{"SLR2", "DDR[3]"}));
    const auto hbm = place_units(small, board("alveo-u50"), 15);
    ASSERT_TRUE(hbm) << test::messages(hbm);
    for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ((*hbm)[i], (Placement{"SLR0", "HBM[" + std::to_string(i) + "]"}));
}

TEST(Placement, KeepsToEachSlrsRoom) {
    // Of 2265 DSPs 80 % are 1812, of 1317 are 1053: one copy of 1000 each. LUTs: 70 % of 354690 and of 159739.
    const ComputeUnit unit{.cost = {.mac_dsp = 900, .dsp = 1000, .lut = 60'000}};
    EXPECT_EQ(most_units(unit, board("alveo-u200")), 3);
    const auto placed = place_units(unit, board("alveo-u200"), 3);
    ASSERT_TRUE(placed);
    std::map<std::string, int> of_slr;
    for (const Placement& p : *placed) ++of_slr[p.slr];
    EXPECT_EQ(of_slr, (std::map<std::string, int>{{"SLR0", 1}, {"SLR1", 1}, {"SLR2", 1}}));
    const auto four = place_units(unit, board("alveo-u200"), 4);
    ASSERT_FALSE(four);
    EXPECT_EQ(
        four.error()[0].reason,
        "alveo-u200 has no room for 4 compute units, each within an SLR beside its memory: what is short is DSP (1000 a copy; 80 % of "
        "each SLR's may be used)");
    // 906 DSPs are half of 1812: 815 of the 900 that multiply.
    EXPECT_EQ(four.error()[0].help, "--compute-units 3 fits; for 4 fold more: about --mac-dsps 815 (now 900)");
    ComputeUnit folded = unit;
    folded.cost.dsp *= 815.0 / 900;
    folded.cost.lut *= 815.0 / 900;
    EXPECT_GE(most_units(folded, board("alveo-u200")), 4);
}

TEST(Placement, SaysWhereNoFoldingHelps) {
    const ComputeUnit memory{.cost = {.mac_dsp = 10, .dsp = 10, .bram36 = 200}};
    const auto two = place_units(memory, board("pynq-z2"), 2);
    ASSERT_FALSE(two);
    EXPECT_THAT(two.error()[0].reason, HasSubstr("what is short is BRAM36 (200 a copy; 80 % of each SLR's may be used)"));
    EXPECT_EQ(two.error()[0].help, "not even one fits with room to spare; no folding makes room for 2");
    EXPECT_EQ(most_units(memory, board("pynq-z2")), 0);
}

TEST(Placement, IsLimitedByTheMemorysPorts) {
    const ComputeUnit tiny{.cost = {.lut = 1}, .ports = 4};
    // 15 ports a bank: 3 copies; SLR1 of the U200 has two banks, and 30 ports.
    EXPECT_EQ(most_units(tiny, board("alveo-u200")), 3 + 6 + 3);
    EXPECT_EQ(most_units(tiny, board("alveo-u50")), 7);
    const auto placed = place_units(tiny, board("alveo-u200"), 12);
    ASSERT_TRUE(placed) << test::messages(placed);
    std::map<std::string, int> of_bank;
    for (const Placement& p : *placed) ++of_bank[p.bank];
    for (const auto& [bank, count] : of_bank) EXPECT_EQ(count, 3) << bank;
    EXPECT_THAT(place_units(tiny, board("alveo-u200"), 13).error()[0].reason, HasSubstr("what is short is memory ports"));
}

TEST(Throughput, IsBoundByWhatIsSlowest) {
    // 784 bytes in, 10 out: 13 and 1 words of 64 bytes.
    const FrameTraffic frame{.interval_cycles = 1000, .words = {13, 1}, .input_bytes = 832, .output_bytes = 64};
    const Board& u200 = board("alveo-u200");
    const Throughput one = model_throughput(frame, 300, {{"SLR0", "DDR[0]"}}, u200);
    ASSERT_EQ(one.bounds.size(), 5U);
    EXPECT_EQ(one.bounds[0].by, "compute");
    EXPECT_DOUBLE_EQ(one.bounds[0].frames_per_second, 300'000);
    EXPECT_EQ(one.bounds[1].by, "memory ports");
    EXPECT_DOUBLE_EQ(one.bounds[1].frames_per_second, 300e6 / 13);
    EXPECT_EQ(one.bounds[2].by, "memory banks");
    EXPECT_DOUBLE_EQ(one.bounds[2].frames_per_second, 19.2e9 / 896);
    EXPECT_EQ(one.bounds[3].by, "host link");
    EXPECT_DOUBLE_EQ(one.bounds[3].frames_per_second, 12e9 / 832);
    EXPECT_EQ(one.bounds[4].by, "host packing");
    EXPECT_DOUBLE_EQ(one.bounds[4].frames_per_second, 1e9 / 896);
    EXPECT_EQ(one.lowest().by, "compute");

    // Three units, two of them on one bank: it gives each half, and the third waits for its share of the frames.
    const Throughput three = model_throughput(frame, 300, {{"SLR0", "DDR[0]"}, {"SLR0", "DDR[0]"}, {"SLR2", "DDR[3]"}}, u200);
    EXPECT_DOUBLE_EQ(three.bounds[0].frames_per_second, 900'000);
    EXPECT_DOUBLE_EQ(three.bounds[2].frames_per_second, 3 * 19.2e9 / (896 * 2));
    EXPECT_DOUBLE_EQ(three.bounds[4].frames_per_second, 3 * 1e9 / 896);

    const FrameTraffic wide{.interval_cycles = 10, .words = {100, 7}, .input_bytes = 800, .output_bytes = 56};
    const Throughput narrow = model_throughput(wide, 100, {{"", "HP0"}}, board("pynq-z2"));
    EXPECT_EQ(narrow.lowest().by, "memory banks");
    EXPECT_DOUBLE_EQ(narrow.lowest().frames_per_second, 0.525e9 / 856);
    EXPECT_DOUBLE_EQ(narrow.bounds[3].frames_per_second, 0.5e9 / 800);
    EXPECT_DOUBLE_EQ(narrow.bounds[1].frames_per_second, 1e6);
    // Without a bank none bounds.
    EXPECT_EQ(model_throughput(wide, 100, {{}}, board("pynq-z2")).bounds.size(), 4U);

    const auto json = throughput_json(narrow);
    EXPECT_EQ(json.at("bound_by"), "memory banks");
    EXPECT_EQ(json.at("frames_per_second"), 613'318);
    EXPECT_EQ(json.at("bounds").at("memory ports"), 1'000'000);
}

}  // namespace
}  // namespace weft
