// schedule_test.cpp
// The stepped control of whole designs: latency, interval, FIFO depths, deadlocks.
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "src/design/plumb.h"
#include "src/explore/folding.h"
#include "src/schedule/stalls.h"
#include "src/schedule/timeline.h"
#include "tests/design/sample_designs.h"

namespace weft {
namespace {

using ::testing::HasSubstr;

Design prepared(Design design) {
    EXPECT_TRUE(fold(design));
    EXPECT_TRUE(plumb(design));
    const auto depths = set_rtl_depths(design);
    EXPECT_TRUE(depths) << to_string(depths.error().front());
    return design;
}

TEST(Schedule, LeavesNoBubbleAndOverlapsAllUnits) {
    for (Design& sample : sample_designs()) {
        const Design design = prepared(std::move(sample));
        SCOPED_TRACE(design.name);
        const auto result = schedule(design, {.frames = 5});
        ASSERT_TRUE(result) << to_string(result.error().front());
        EXPECT_LE(static_cast<double>(result->interval_cycles), 1.01 * static_cast<double>(interval_bound(design)));
        EXPECT_GT(result->latency_cycles, 0);
        for (const PortActivity& port : result->ports)
            EXPECT_EQ(static_cast<std::int64_t>(port.cycles.size()), 5 * port.stream->beat.count(port.stream->shape));
        for (const UnitActivity& activity : result->units) {
            EXPECT_LE(activity.first_cycle.front(), activity.last_cycle.front());
            EXPECT_LE(activity.last_cycle.front() - activity.first_cycle.front(), result->latency_cycles);
        }
    }
}

/// Sums of 576 positions, of 18 and of 42 bits, and what they are compared with: one cycle each, whatever their width.
TEST(Schedule, WideWordsTakeNoMoreCyclesThanNarrowOnes) {
    const auto latency = [](std::int64_t min, std::int64_t max) {
        CaseBuilder build("wide");
        Stream* in = build.input({32, 18, 1, 3}, min, max);
        Stream* out = build.output({1, 1, 1, 3}, -3, 4);
        Unit* unit = build.unit(unit_global_pool, {in}, {out}, {{"Rows", 32}, {"Columns", 18}, {"Channels", 3}, {"Lanes", 3}});
        unit->requantize = sample_stage(RequantizeForm::thresholds, 3, true, 576 * min, 576 * max, -3, 4);
        const UnitCase point = build.finish();
        EXPECT_TRUE(set_rtl_depths(*point));
        const auto result = schedule(*point);
        EXPECT_TRUE(result);
        return result ? result->latency_cycles : 0;
    };
    const std::int64_t narrow = latency(-128, 127), wide = latency(-(std::int64_t{1} << 31), (std::int64_t{1} << 31) - 1);
    EXPECT_GT(narrow, 576);
    EXPECT_EQ(wide, narrow);
}

TEST(Schedule, SharesOfTheLatencyAddUp) {
    const Design design = prepared(resnet8());
    const auto result = schedule(design);
    ASSERT_TRUE(result);
    const auto path = latency_path(design, *result);
    ASSERT_GT(path.size(), 2U);
    EXPECT_EQ(path.front().unit, nullptr);
    std::int64_t sum = 0;
    for (const LatencyShare& share : path) sum += share.cycles;
    EXPECT_EQ(sum, result->latency_cycles);
}

TEST(Schedule, StallsSlowItDownAndASeedRepeats) {
    const Design design = prepared(fashion());
    const auto free = schedule(design), once = schedule(design, {.stall_seed = 7}), again = schedule(design, {.stall_seed = 7});
    ASSERT_TRUE(free && once && again);
    EXPECT_GT(once->cycles, free->cycles);
    for (std::size_t port = 0; port < once->ports.size(); ++port) EXPECT_EQ(once->ports[port].cycles, again->ports[port].cycles);
    EXPECT_FALSE(stalled(0, 3, 99));
}

TEST(Schedule, ShallowSkipStreamIsADeadlockWithItsName) {
    const Design design = prepared(resnet8());
    // The stream from a fork straight to a sum: nothing but its FIFO holds what the other branch must have read.
    const Stream* deepest = nullptr;
    for (const auto& unit : design.units) {
        if (unit->inputs.size() < 2) continue;
        for (const Stream* stream : unit->inputs)
            if (stream->producer && stream->producer->outputs.size() > 1) deepest = stream;
    }
    ASSERT_NE(deepest, nullptr);
    FifoDepths depths = rtl_depths(design);
    depths.at(deepest) /= 8;
    const auto result = schedule(design, depths, {});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().front().reason, HasSubstr("deadlock"));
    EXPECT_THAT(to_string(result.error().front()), HasSubstr(deepest->name));
}

/// Depths are the schedule's own: choosing them and scheduling with others leaves what the design says.
TEST(Schedule, ChangesNothingInTheDesign) {
    Design design = resnet8();
    ASSERT_TRUE(fold(design) && plumb(design));
    const FifoDepths before = rtl_depths(design);
    const auto chosen = choose_rtl_depths(design);
    ASSERT_TRUE(chosen);
    ASSERT_NE(chosen->depths, before);
    ASSERT_TRUE(schedule(design, chosen->depths, {}));
    const auto free = schedule(design, endless(chosen->depths), {});
    ASSERT_TRUE(free);
    EXPECT_EQ(rtl_depths(design), before);

    const auto pace = set_rtl_depths(design);
    ASSERT_TRUE(pace);
    EXPECT_EQ(*pace, chosen->pace);
    EXPECT_EQ(rtl_depths(design), chosen->depths);
}

TEST(Schedule, ThatIsTooLongIsNone) {
    const Design design = prepared(branched());
    const auto whole = schedule(design);
    ASSERT_TRUE(whole);
    ScheduleOptions options;
    options.most_cycles = whole->latency_cycles / 2;
    const auto cut = schedule(design, options);
    ASSERT_FALSE(cut);
    EXPECT_EQ(to_string(cut.error().front()), "error: the schedule is longer than " + std::to_string(options.most_cycles) +
                                                  " cycles\n  help: fold the network less, or schedule fewer frames");
}

TEST(Schedule, TimelineShowsEveryUnit) {
    const Design design = prepared(branched());
    const auto result = schedule(design);
    ASSERT_TRUE(result);
    const std::string svg = timeline_svg(design, *result, 300);
    for (const auto& unit : design.units) EXPECT_THAT(svg, HasSubstr(unit->name.substr(0, 40)));
    EXPECT_THAT(svg, HasSubstr("assumed 300 MHz"));
    const auto json = to_json(design, *result, 300);
    EXPECT_EQ(json["latency_cycles"], result->latency_cycles);
    EXPECT_EQ(json["units"].size(), design.units.size());
}

}  // namespace
}  // namespace weft
