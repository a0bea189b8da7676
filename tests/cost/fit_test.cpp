// fit_test.cpp
// A design that does not fit its board is refused with the resource, the excess and what would help.
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/fit.h"

#include <gmock/gmock.h>

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Board& u200() { return **find_board("alveo-u200"); }
const Board& kv260() { return **find_board("kv260"); }

TEST(Boards, HaveTheDspsOfTheirFamily) {
    for (const Board& board : boards()) EXPECT_EQ(board.dsp, board.family == "xc7" ? dsp48e1 : dsp48e2) << board.name;
    EXPECT_EQ((*find_board("pynq-z2"))->family, "xc7");
}

TEST(BoardFit, SmallDesignsFitEverySlr) {
    const Cost small{.mac_dsp = 80, .dsp = 100, .lut = 10'000, .ff = 20'000, .bram36 = 10};
    EXPECT_THAT(check_fit(small, u200(), "the design"), IsEmpty());
    EXPECT_THAT(regions_that_fit(small, u200()), ElementsAre("SLR0", "SLR1", "SLR2"));
    const Cost larger{.mac_dsp = 1300, .dsp = 1400, .lut = 10'000};
    EXPECT_THAT(regions_that_fit(larger, u200()), ElementsAre("SLR0", "SLR2"));
    EXPECT_THAT(check_fit(larger, u200(), "the design"), IsEmpty());
}

TEST(BoardFit, TheRegionThatIsFilledLeastIsTheBest) {
    // SLR2 has the most LUTs; of DSPs SLR0 has as many, and comes first.
    EXPECT_EQ(best_region({.dsp = 10, .lut = 100'000}, u200()).name, "SLR2");
    EXPECT_EQ(best_region({.dsp = 1400, .lut = 10'000}, u200()).name, "SLR0");
    EXPECT_EQ(best_region({.lut = 1, .bram36 = 10'000}, u200()).name, "SLR0") << "also where nothing fits";
    Board board = u200();
    board.slrs[0].user.bram36 = 0;
    EXPECT_EQ(best_region({.lut = 1, .bram36 = 1}, board).name, "SLR2");
    EXPECT_EQ(best_region({.lut = 1}, board).name, "SLR2");
    board.slrs[2].user.lut = board.slrs[1].user.lut = 10;
    EXPECT_EQ(best_region({.lut = 5, .bram36 = 1}, board).name, "SLR1") << "what a region lacks altogether rules it out";
}

TEST(BoardFit, NamesWhatTheBoardLacks) {
    const Diagnostics list = check_fit({.mac_dsp = 1500, .dsp = 1560, .lut = 90'000, .bram36 = 200.5}, kv260(), "the design");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].severity, Severity::error);
    EXPECT_EQ(list[0].reason, "the design needs 1560 DSP, the user region of kv260 has 1248: 312 too many, 25.0 %");
    EXPECT_EQ(list[0].help,
              "fold more: about --mac-dsps 1200 would fit (now 1500); boards with room in one SLR: alveo-u200, alveo-u250, alveo-u280, "
              "alveo-u50, alveo-u55c, zcu102, zcu104");
    EXPECT_THAT(list[1].reason, HasSubstr("BRAM36, the user region of kv260 has 144"));
    EXPECT_THAT(list[1].help, HasSubstr("fewer bits"));
}

TEST(BoardFit, OneSlrMustTakeItAll) {
    const Diagnostics dsps = check_fit({.mac_dsp = 3000, .dsp = 3000, .lut = 1000}, u200(), "the design");
    ASSERT_EQ(dsps.size(), 1U);
    EXPECT_EQ(dsps[0].reason, "the design needs 3000 DSP, the largest SLR of alveo-u200 (SLR0) has 2265: 735 too many, 32.5 %");
    EXPECT_THAT(dsps[0].help, HasSubstr("--mac-dsps 2265"));
    const Diagnostics none = check_fit({.mac_dsp = 1, .dsp = 1, .lut = 2'000'000}, u200(), "the design");
    ASSERT_EQ(none.size(), 1U);
    EXPECT_THAT(none[0].reason, HasSubstr("the user region of alveo-u200"));
    EXPECT_THAT(none[0].help, testing::Not(HasSubstr("boards with room")));
}

TEST(BoardFit, NoSlrMayHaveTheRoomThatEachResourceHasInSome) {
    Board board = u200();
    board.slrs[0].user.dsp = board.slrs[1].user.dsp = 10;
    board.slrs[2].user.lut = 1000;
    const Diagnostics list = check_fit({.mac_dsp = 100, .dsp = 100, .lut = 2000}, board, "the design");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].reason, "no SLR of alveo-u200 has room for all that the design needs, though each resource alone would fit one");
    EXPECT_EQ(list[0].help, "fold more with --mac-dsps");
    EXPECT_THAT(check_fit({.mac_dsp = 10, .dsp = 10, .lut = 2000}, board, "the design"), IsEmpty());
}

}  // namespace
}  // namespace weft
