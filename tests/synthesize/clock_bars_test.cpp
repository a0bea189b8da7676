// clock_bars_test.cpp
// The bars for the clock, by Yosys: what adds, compares and rounds in the units at the widest words that they may meet, and whole units.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "src/design/plumb.h"
#include "src/emit/rtl.h"
#include "src/explore/folding.h"
#include "src/schedule/schedule.h"
#include "src/synthesize/report.h"
#include "src/synthesize/synthesize.h"
#include "tests/design/sample_designs.h"
#include "tests/passing_design.h"
#include "units/common/cases.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Four LUT levels, or two and a carry of 64 bits.
constexpr int worst_rank = 320;
constexpr int most_control_loads = 256;

/// What does not hold, in words.
std::vector<std::string> broken_bars(const DepthReport& report) {
    std::vector<std::string> broken;
    if (report.rank > worst_rank)
        broken.push_back(fmt::format("rank {}, at most {}: {}", report.rank, worst_rank, fmt::join(report.path, " ")));
    if (report.fanout > most_control_loads) broken.push_back(fmt::format("{} loads on {}", report.fanout, report.fanout_net));
    if (report.unregistered_dsps > 0) broken.push_back("a DSP without registers");
    if (!report.loop.empty()) broken.push_back("a combinational loop at " + report.loop);
    return broken;
}

TEST(ClockBars, AreToldWhereTheyBreak) {
    EXPECT_THAT(broken_bars({.rank = 320, .fanout = 256}), IsEmpty());
    EXPECT_THAT(broken_bars({.rank = 321, .path = {"a", "b"}}), ElementsAre("rank 321, at most 320: a b"));
    EXPECT_THAT(broken_bars({.fanout = 257, .fanout_net = "net"}), ElementsAre("257 loads on net"));
}

/// A part of a unit, at the widest words that it may meet.
struct Part {
    std::string name;
    std::string module;
    std::map<std::string, std::int64_t> parameters;
};

std::vector<Part> widest_parts() {
    return {
        // Sums: of chains, over beats, of windows and frames, of two streams.
        {"sum", "weft_sum", {{"Count", 3}, {"Depth", 2}, {"Width", 45}, {"SumBits", 50}, {"Accumulate", 1}}},
        {"pool_sum",
         "weft_pool_element",
         {{"TapsPerBeat", 3},
          {"TapFolds", 3},
          {"Present", 3},
          {"Maximum", 0},
          {"Offset", 977},
          {"InBits", 32},
          {"InSigned", 1},
          {"SumBits", 40}}},
        {"pool_maximum",
         "weft_pool_element",
         {{"TapsPerBeat", 3}, {"TapFolds", 2}, {"Present", 2}, {"Maximum", 1}, {"InBits", 32}, {"InSigned", 0}, {"SumBits", 33}}},
        {"global_sum",
         "weft_global_pool_lane",
         {{"Folds", 7}, {"Pixels", 2}, {"Present", 1}, {"Maximum", 0}, {"InBits", 32}, {"InSigned", 1}, {"SumBits", 50}}},
        {"global_maximum",
         "weft_global_pool_lane",
         {{"Folds", 7}, {"Pixels", 2}, {"Present", 1}, {"Maximum", 1}, {"InBits", 32}, {"InSigned", 1}, {"SumBits", 32}}},
        {"add_shifted",
         "weft_add_lane",
         {{"AWidth", 32}, {"BWidth", 32}, {"AccBits", 62}, {"Method", 0}, {"ShiftB", 30}, {"NegateA", 1}, {"MulBits", 44}}},
        {"add_scaled",
         "weft_add_lane",
         {{"AWidth", 32},
          {"BWidth", 32},
          {"AccBits", 62},
          {"Method", 2},
          {"MulBits", 44},
          {"AccDigits", 2},
          {"MulDigits", 2},
          {"ProductBits", 62}}},
        {"add_half_scaled",
         "weft_add_lane",
         {{"AWidth", 27}, {"BWidth", 27}, {"AccBits", 48}, {"Method", 1}, {"ScaledA", 1}, {"MulBits", 18}, {"ShiftB", 20}, {"NegateB", 1}}},
        // Stages: saturated, convergent and bounded results, thresholds.
        {"stage_saturated",
         "weft_stage_multiply",
         {{"AccBits", 62}, {"AccUsed", 18}, {"Saturate", 1}, {"MulBits", 27}, {"SumBits", 48}, {"Shift", 30}, {"OutBits", 8}}},
        {"stage_convergent",
         "weft_stage_multiply",
         {{"AccBits", 62},
          {"AccUsed", 62},
          {"AccDigits", 4},
          {"MulDigits", 2},
          {"MulBits", 44},
          {"SumBits", 104},
          {"Shift", 60},
          {"Convergent", 1},
          {"OutBits", 8}}},
        {"stage_bounded",
         "weft_stage_multiply",
         {{"AccBits", 33},
          {"AccUsed", 33},
          {"AccDigits", 2},
          {"MulBits", 27},
          {"SumBits", 60},
          {"Shift", 2},
          {"OutBits", 32},
          {"Bounds", 2}}},
        {"stage_search",
         "weft_stage_search",
         {{"AccBits", 62}, {"AccUsed", 62}, {"Levels", 2}, {"Shared", 1}, {"ValuesShared", 2}, {"OutBits", 24}, {"Trail", 5}}},
        // Beats so wide that control is copied.
        {"fifo", "weft_fifo", {{"Width", 1200}, {"Depth", 2}}},
        {"fork", "weft_fork", {{"Lanes", 75}, {"InBits", 8}, {"Outputs", 2}}},
        {"width", "weft_width", {{"Columns", 3}, {"Channels", 64}, {"InputLanes", 11}, {"OutputLanes", 13}, {"InBits", 8}}},
        {"window",
         "weft_window",
         {{"Rows", 3},
          {"Columns", 40},
          {"KernelH", 1},
          {"PadTop", 0},
          {"PadBottom", 0},
          {"KernelW", 9},
          {"PadLeft", 4},
          {"PadRight", 4},
          {"Pixels", 4},
          {"TapsPerBeat", 9},
          {"PadValue", -5},
          {"OutBits", 9}}},
    };
}

std::string bits_of(std::int64_t value) {
    std::string bits;
    for (int bit = 63; bit >= 0; --bit) bits += (static_cast<std::uint64_t>(value) >> bit & 1) != 0 ? '1' : '0';
    return bits;
}

class ClockBarsOfParts : public testing::TestWithParam<Part> {};

TEST_P(ClockBarsOfParts, Hold) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    SynthesisJob job;
    job.module = GetParam().module;
    for (const auto& [name, value] : GetParam().parameters) job.parameters[name] = bits_of(value);
    job.sources = rtl_sources(job.module);
    if (GetParam().name == "stage_search") {
        job.parameters["Name"] = "parts";
        for (int level = 0; level < 2; ++level) {
            std::string words;
            for (const std::int64_t word :
                 sample(std::int64_t{1} << level, 1, (std::int64_t{1} << 61) - 1, static_cast<std::uint64_t>(level)))
                words += fmt::format("{:016x}\n", word);
            job.memories.push_back({fmt::format("_threshold{}.mem", level), words});
        }
        job.memories.push_back({"_value0.mem", "c0ffee\n"});
    }
    const auto counts = yosys->map(job, "xcup");
    ASSERT_TRUE(counts) << to_string(counts.error()[0]);
    EXPECT_THAT(broken_bars(counts->depth), IsEmpty());
    EXPECT_THAT(counts->unknown_cells, IsEmpty());
    EXPECT_GT(counts->resources.ff, 0) << "nothing is left of it";
}

INSTANTIATE_TEST_SUITE_P(Parts, ClockBarsOfParts, testing::ValuesIn(widest_parts()), [](const auto& info) { return info.param.name; });

const UnitDef& unit_named(std::string_view name) {
    const auto units = unit_registry();
    const auto found = std::find_if(units.begin(), units.end(), [&](const UnitDef* def) { return def->name == name; });
    if (found == units.end()) throw std::invalid_argument(fmt::format("no unit {}", name));
    return **found;
}

/// A conformance point of a unit, by its place among those that only the RTL takes; -1: the first of the others.
struct WidePoint {
    std::string unit;
    int number;

    UnitCase make() const {
        const UnitDef& def = unit_named(unit);
        return number < 0 ? std::move(def.cases().front()) : std::move(def.rtl_cases()[static_cast<std::size_t>(number)]);
    }
};

/// Windows of few and of many taps, with more control than any other unit; then so many lanes that constants are wide.
std::vector<WidePoint> wide_points() {
    std::vector<WidePoint> points{{"window", -1}};
    const auto add = [&](const std::string& unit, const auto& wide) {
        const std::vector<UnitCase> cases = unit_named(unit).rtl_cases();
        for (std::size_t i = 0; i < cases.size(); ++i)
            if (wide(*cases[i]->units.front())) points.push_back({unit, static_cast<int>(i)});
    };
    add("window", [](const Unit& unit) { return unit.parameter("TapsPerBeat") == 25; });
    for (const auto* unit : {"requantize", "pool", "concat"}) add(unit, [](const Unit& u) { return u.parameter("Lanes") > 16; });
    return points;
}

class ClockBarsOfUnits : public testing::TestWithParam<WidePoint> {};

TEST_P(ClockBarsOfUnits, Hold) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    const UnitCase point = GetParam().make();
    const auto project = emit_rtl(*point, {});
    ASSERT_TRUE(project) << to_string(project.error()[0]);
    const auto synthesis = synthesize(project->core, project->files, "xcup");
    ASSERT_TRUE(synthesis) << to_string(synthesis.error()[0]);
    EXPECT_FALSE(synthesis->instances.empty());
    for (const SynthesizedInstance& instance : synthesis->instances)
        EXPECT_THAT(broken_bars(instance.counts.depth), IsEmpty()) << instance.module;
}

INSTANTIATE_TEST_SUITE_P(Units, ClockBarsOfUnits, testing::ValuesIn(wide_points()), [](const auto& info) {
    return info.param.number < 0 ? info.param.unit : fmt::format("{}_{}", info.param.unit, info.param.number);
});

TEST(ClockBars, AreAskedOfAllWidePoints) { EXPECT_GE(wide_points().size(), 11U); }

/// Tools that flatten see no borders between units.
TEST(ClockBars, HoldForAFlatDesign) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    DesignBuilder build("small");
    Stream* features = build.convolution("conv", build.input(8, 8, 2), 8, 3, 1, 1);
    build.output(build.dense("dense", build.max_pool("pool", build.add("sum", features, build.rescale("scaled", features)), 2, 2), 5));
    Design& design = build.design;
    ASSERT_TRUE(fold(design, {.mac_dsp_limit = 100}));
    ASSERT_TRUE(plumb(design));
    ASSERT_TRUE(set_rtl_depths(design));
    const auto project = emit_rtl(design, {});
    ASSERT_TRUE(project) << to_string(project.error()[0]);
    const auto flat = synthesize_flat(project->core, project->files, "xcup");
    ASSERT_TRUE(flat) << to_string(flat.error()[0]);
    EXPECT_THAT(broken_bars(flat->depth), IsEmpty());
    EXPECT_GT(flat->resources.dsp, 0);
}

/// Every part of both shells of a design keeps all bars.
void expect_bars_of_shells(const Design& design) {
    SynthesisReport report;
    const auto board = find_board("alveo-u200");
    ASSERT_TRUE(board);
    report.board = *board;
    const auto counted = count_shells(design, {}, report);
    ASSERT_TRUE(counted) << to_string(counted.error()[0]);
    ASSERT_EQ(report.shells.size(), 2U);
    std::set<std::string> modules;
    for (const ShellCounts& shell : report.shells)
        for (const SynthesizedInstance& part : shell.parts) {
            modules.insert(part.module);
            EXPECT_THAT(broken_bars(part.counts.depth), IsEmpty()) << part.name << ", " << part.module;
        }
    EXPECT_THAT(modules, ElementsAre("weft_axi_control", "weft_axi_read", "weft_axi_write", "weft_pack", "weft_stream_in",
                                     "weft_stream_out", "weft_unpack"));
    EXPECT_THAT(to_text(report), testing::HasSubstr("largest control fan-out"));
}

TEST(ClockBars, HoldForThePortsOfAShell) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    const UnitCase point = std::move(unit_named("fork").cases().front());
    expect_bars_of_shells(*point);
}

/// Words of 512 bits and frames that fit neither them nor the beats: several pixels, rows that end within a beat, groups of more than a
/// word that come in folds, and nearly as many ports as a card connects.
TEST(ClockBars, HoldForTheOddestPortsOfAShell) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    const test::Layout few{{5, 7, 1, 3}, -128, 127, {4, 1, 3}}, many{{3, 7, 1, 75}, -128, 127, {2, 1, 7}};
    expect_bars_of_shells(test::passing("passing", {few, many, few, few, few, few, few}));
}

}  // namespace
}  // namespace weft
