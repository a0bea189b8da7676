// beats_test.cpp
// The schedule by beats equals the one by cycles in every field: on random networks and on the points of every unit.
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/beats.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <ranges>
#include <string>

#include "src/base/files.h"
#include "src/design/plumb.h"
#include "src/driver/compile.h"
#include "src/explore/folding.h"
#include "src/onnx/export.h"
#include "src/schedule/stepper.h"
#include "tests/conformance/points.h"
#include "tests/design/sample_designs.h"
#include "tests/messages.h"
#include "tests/models/random_network.h"
#include "tests/paths.h"
#include "units/common/random_case.h"

namespace weft {
namespace {

std::string text_of(const Schedule& schedule) {
    std::string text =
        fmt::format("latency {}, interval {}, cycles {}\n", schedule.latency_cycles, schedule.interval_cycles, schedule.cycles);
    for (const UnitActivity& unit : schedule.units)
        text += fmt::format("{}: busy {}, first {}, last {}\n", unit.unit->name, unit.busy_cycles, fmt::join(unit.first_cycle, " "),
                            fmt::join(unit.last_cycle, " "));
    for (const StreamActivity& stream : schedule.streams)
        text += fmt::format("{}: held {}, waiting {}\n", stream.stream->name, stream.most_held, stream.waiting_cycles);
    for (const PortActivity& port : schedule.ports)
        text += fmt::format("{} {}: {}\n", port.stream->name, port.output, fmt::join(port.cycles, " "));
    return text;
}

std::string text_of(const Result<Schedule>& schedule) { return schedule ? text_of(*schedule) : test::messages(schedule); }

int stopped = 0;  ///< Schedules that ended in a diagnostic.

/// Both ways; whether the design finishes at all, which it may not be `meant` to, is told in the same words.
void expect_equal(const Design& design, const FifoDepths& depths, const ScheduleOptions& options, bool meant = true) {
    SCOPED_TRACE(fmt::format("frames {}, stalls {}, pace {}, depths of {} beats and less", options.frames, options.stall_seed,
                             options.paced_interval, std::ranges::max(depths | std::views::values)));
    auto beats = make_network(design, depths, options), cycles = make_network(design, depths, options);
    ASSERT_TRUE(beats && cycles) << test::messages(beats);
    ASSERT_TRUE(has_timing(*beats));
    const auto fast = schedule_by_beats(*std::move(beats));
    ASSERT_EQ(text_of(fast), text_of(schedule_by_cycles(*std::move(cycles))));
    if (meant) {
        ASSERT_TRUE(fast) << test::messages(fast);
    }
    stopped += !fast;
}

/// All that `schedule` is asked for, on depths that suffice and on others.
void expect_equal_in_all_modes(Design& design, std::uint64_t seed) {
    const std::int64_t bound = interval_bound(design);
    const auto chosen = choose_rtl_depths(design);
    ASSERT_TRUE(chosen) << test::messages(chosen.error());
    FifoDepths depths = chosen->depths;
    for (const ScheduleOptions& options :
         std::initializer_list<ScheduleOptions>{{.frames = 1},
                                                {.frames = 4, .paced_interval = bound},
                                                {.frames = 2, .stall_seed = seed + 8, .paced_interval = bound / 2 + 1}}) {
        expect_equal(design, endless(depths), options);
        if (::testing::Test::HasFatalFailure()) return;
    }
    for (const ScheduleOptions& options : std::initializer_list<ScheduleOptions>{
             {.frames = 3}, {.frames = 4, .stall_seed = seed + 7}, {.frames = 4, .paced_interval = bound * 5 / 4}}) {
        expect_equal(design, depths, options);
        if (::testing::Test::HasFatalFailure()) return;
    }
    // Shallow FIFOs make everyone wait, or stop the design.
    for (auto& [stream, depth] : depths)
        if (depth > 2) depth = 2 + static_cast<std::int64_t>(seed % 3);
    expect_equal(design, depths, {.frames = 3}, false);
    expect_equal(design, depths, {.frames = 3, .stall_seed = seed + 9}, false);
    expect_equal(design, depths, {.frames = 3, .most_cycles = bound}, false);
}

void draw(std::uint64_t seed, Design& design) {
    auto drawn = test::random_design(seed);
    ASSERT_TRUE(drawn) << test::messages(drawn);
    design = *std::move(drawn);
    const Status plumbed = plumb(design);
    ASSERT_TRUE(plumbed) << test::messages(plumbed.error());
}

/// check(design, seed) on `count` networks, until one fails.
void on_random_networks(std::uint64_t count, const std::function<void(Design&, std::uint64_t)>& check) {
    for (std::uint64_t seed = test::first_seed(); seed < test::first_seed() + count; ++seed) {
        SCOPED_TRACE(fmt::format("WEFT_SEED={}", seed));
        Design design;
        draw(seed, design);
        if (!::testing::Test::HasFatalFailure()) check(design, seed);
        if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(Beats, EqualCyclesOnRandomNetworks) {
    const std::uint64_t count = 5 * test::random_points();
    on_random_networks(count, expect_equal_in_all_modes);
    // Besides those that may not last so long.
    EXPECT_GT(stopped, static_cast<int>(count)) << "no network is stopped by its shallow FIFOs";
}

TEST(Beats, EqualCyclesOnThePointsOfEveryUnit) {
    for (const UnitDef* def : unit_registry()) {
        if (!def->control) continue;
        for (std::uint64_t seed = 0; def->random_case && seed < 10 * test::random_points(); ++seed) {
            const UnitCase point = random_case(*def, test::first_seed() + seed);
            SCOPED_TRACE(fmt::format("{}, seed {}: {}", def->name, test::first_seed() + seed, describe(*point)));
            expect_equal_in_all_modes(*point, seed);
            if (HasFatalFailure()) return;
        }
        for (UnitCase& point : def->cases()) {
            SCOPED_TRACE(fmt::format("{}: {}", def->name, describe(*point)));
            expect_equal_in_all_modes(*point, 1);
            if (HasFatalFailure()) return;
        }
    }
}

/// What ends in a steady state says what a run of many frames says; depths that come of it keep up with greedy frames.
TEST(Beats, SteadyStateTellsWhatManyFramesDo) {
    on_random_networks(test::random_points(), [](Design& design, std::uint64_t) {
        const auto pace = set_rtl_depths(design);
        ASSERT_TRUE(pace) << test::messages(pace);
        const auto steady = schedule(design, endless(rtl_depths(design)), {.frames = 1000, .paced_interval = *pace, .steady = true});
        ASSERT_TRUE(steady) << test::messages(steady);
        const int frames = 8 + static_cast<int>(steady->latency_cycles / *pace);
        const auto many = schedule(design, endless(rtl_depths(design)), {.frames = frames, .paced_interval = *pace});
        ASSERT_TRUE(many) << test::messages(many);
        EXPECT_EQ(steady->latency_cycles, many->latency_cycles);
        EXPECT_EQ(steady->interval_cycles, many->interval_cycles);
        ASSERT_EQ(steady->streams.size(), many->streams.size());
        for (std::size_t s = 0; s < many->streams.size(); ++s)
            EXPECT_EQ(steady->streams[s].most_held, many->streams[s].most_held) << many->streams[s].stream->name;
    });
}

/// Depths that an even pace asks for keep that pace when frames enter as fast as they can, also where units act by themselves.
TEST(Beats, GreedyFramesKeepThePace) {
    on_random_networks(5 * test::random_points(), [](Design& design, std::uint64_t) {
        const auto pace = set_rtl_depths(design);
        ASSERT_TRUE(pace) << test::messages(pace);
        const auto greedy = schedule(design, {.frames = 1000, .steady = true});
        ASSERT_TRUE(greedy) << test::messages(greedy);
        EXPECT_LE(greedy->interval_cycles, *pace);
    });
}

/// Two delay lines in one path: greedy frames need more room where it meets the other path than an even pace shows.
TEST(Beats, GreedyFramesBehindDelayLinesDoNotStop) {
    Design design;
    draw(605, design);
    if (HasFatalFailure()) return;
    ASSERT_TRUE(set_rtl_depths(design));
    const auto greedy = schedule(design, {.frames = 4});
    ASSERT_TRUE(greedy) << test::messages(greedy);
    FifoDepths depths = rtl_depths(design);
    const auto held = schedule(design, endless(depths), {.frames = 8, .paced_interval = interval_bound(design)});
    ASSERT_TRUE(held) << test::messages(held);
    for (const StreamActivity& activity : held->streams)
        if (std::int64_t& depth = depths.at(activity.stream); depth > 0) depth = std::max<std::int64_t>(2, activity.most_held + 1);
    EXPECT_FALSE(schedule(design, depths, {.frames = 4})) << "the network no longer shows what it stands for";
}

/// A window of several pixels is wired to a reader that takes several cycles for each: neither keeps its own pace, and no FIFO helps.
TEST(Beats, PaceOfUnitsThatHoldEachOtherUp) {
    Design design;
    draw(133, design);
    if (HasFatalFailure()) return;
    const auto pace = set_rtl_depths(design);
    ASSERT_TRUE(pace) << test::messages(pace);
    EXPECT_GT(*pace, interval_bound(design)) << "the network no longer shows what it stands for";
    const auto greedy = schedule(design, {.frames = 12});
    ASSERT_TRUE(greedy) << test::messages(greedy);
    EXPECT_EQ(greedy->interval_cycles, *pace);

    // Who compiles it so is told.
    const test::TemporaryFolder folder;
    const auto quantized = test::random_quantized_network(133);
    ASSERT_TRUE(quantized) << test::messages(quantized);
    const auto bytes = export_to_bytes(*quantized, 13);
    ASSERT_TRUE(bytes) << test::messages(bytes);
    ASSERT_TRUE(write_file(folder / "network133.onnx", *bytes));
    ASSERT_TRUE(write_file(folder / "folding.json", folding_json(design)));
    CompileOptions options;
    options.folding = folder / "folding.json";
    const auto compiled = compile(folder / "network133.onnx", options);
    ASSERT_TRUE(compiled) << test::messages(compiled);
    EXPECT_THAT(test::messages((*compiled)->warnings),
                ::testing::HasSubstr(
                    fmt::format("the RTL kernel takes {} cycles a frame, its slowest unit alone {}", *pace, interval_bound(design))));
}

/// A node is asked less than once in ten cycles where nothing waits, and where much waits still less than once in two.
TEST(Beats, AskFarLessThanOnceInACycle) {
    Design design = resnet8();
    ASSERT_TRUE(fold(design));
    ASSERT_TRUE(plumb(design));
    ASSERT_TRUE(set_rtl_depths(design));
    const std::int64_t bound = interval_bound(design);
    for (const bool unbounded : {true, false}) {
        const ScheduleOptions options{.frames = 3, .paced_interval = unbounded ? bound : 0};
        auto network = make_network(design, unbounded ? endless(rtl_depths(design)) : rtl_depths(design), options);
        ASSERT_TRUE(network);
        const auto nodes = static_cast<std::int64_t>(network->nodes.size());
        std::int64_t advances = 0;
        const auto result = schedule_by_beats(*std::move(network), &advances);
        ASSERT_TRUE(result);
        EXPECT_LT((unbounded ? 10 : 2) * advances, nodes * result->cycles);
    }
}

}  // namespace
}  // namespace weft
