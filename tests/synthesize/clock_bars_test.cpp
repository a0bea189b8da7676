// clock_bars_test.cpp
// The bars for the clock, by Yosys: what adds, compares and rounds in the units at the widest words that they may meet, and whole units.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "src/emit/rtl.h"
#include "src/synthesize/report.h"
#include "src/synthesize/synthesize.h"
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

/// A module of instances whose ports are parts of its own.
class Collection {
public:
    /// `ports`: name and width, outputs with a minus.
    void add(std::string_view module, std::string_view parameters, const std::vector<std::pair<std::string_view, int>>& ports) {
        body_ += fmt::format("    {} #({}) part{} (", module, parameters, parts_++);
        std::string_view separator = "";
        for (const auto& [name, width] : ports) {
            int& used = width < 0 ? out_ : in_;
            body_ += fmt::format("{}.{}({}[{}+:{}])", separator, name, width < 0 ? "out" : "in", used, std::abs(width));
            used += std::abs(width);
            separator = ", ";
        }
        body_ += ", .clk(clk));\n";
    }
    std::string text(std::string_view name) const {
        return fmt::format(
            "module {} #(parameter Name = \"\") (\n    input logic clk, input logic [{}:0] in, output logic [{}:0] out);\n{}endmodule\n",
            name, in_ - 1, out_ - 1, body_);
    }

private:
    std::string body_;
    int parts_ = 0, in_ = 0, out_ = 0;
};

TEST(ClockBars, HoldForTheWidestWords) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    Collection parts;
    // Sums: of chains, over beats, of windows and frames, of two streams.
    parts.add("weft_sum", ".Count(3), .Depth(2), .Width(45), .SumBits(50), .Accumulate(1)",
              {{"first", 1}, {"enable", 1}, {"words", 3 * 45}, {"sum", -50}});
    parts.add("weft_pool_element",
              ".TapsPerBeat(3), .TapFolds(3), .Present(3), .Maximum(0), .Offset(64'sd977), .InBits(32), .InSigned(1), .SumBits(40)",
              {{"partial", 1}, {"valid", 1}, {"first", 1}, {"taps", 3 * 32}, {"acc", -40}});
    parts.add("weft_pool_element", ".TapsPerBeat(3), .TapFolds(2), .Present(2), .Maximum(1), .InBits(32), .InSigned(0), .SumBits(33)",
              {{"partial", 1}, {"valid", 1}, {"first", 1}, {"taps", 3 * 32}, {"acc", -33}});
    for (const int maximum : {0, 1})
        parts.add(
            "weft_global_pool_lane",
            fmt::format(".Folds(7), .Pixels(2), .Present(1), .Maximum({}), .InBits(32), .InSigned(1), .SumBits({})", maximum,
                        maximum ? 32 : 50),
            {{"partial", 1}, {"terms", 2 * 32}, {"tree_fold", 3}, {"fold", 3}, {"valid", 1}, {"first", 1}, {"acc", maximum ? -32 : -50}});
    const std::vector<std::pair<std::string_view, int>> add_ports{
        {"a", 32}, {"b", 32}, {"multiplier_a", 44}, {"multiplier_b", 44}, {"acc", -62}};
    parts.add("weft_add_lane", ".AWidth(32), .BWidth(32), .AccBits(62), .Method(0), .ShiftB(30), .NegateA(1), .MulBits(44)", add_ports);
    parts.add("weft_add_lane",
              ".AWidth(32), .BWidth(32), .AccBits(62), .Method(2), .MulBits(44), .AccDigits(2), .MulDigits(2), .ProductBits(62)",
              add_ports);
    parts.add("weft_add_lane", ".AWidth(27), .BWidth(27), .AccBits(48), .Method(1), .ScaledA(1), .MulBits(18), .ShiftB(20), .NegateB(1)",
              {{"a", 27}, {"b", 27}, {"multiplier_a", 18}, {"multiplier_b", 18}, {"acc", -48}});
    // Stages: saturated, convergent and bounded results, thresholds.
    const auto stage_ports = [](int acc, int multiplier, int sum, int result) {
        return std::vector<std::pair<std::string_view, int>>{{"acc", acc},    {"multiplier", multiplier}, {"addend", sum},
                                                             {"low", result}, {"high", result},           {"result", -result}};
    };
    parts.add("weft_stage_multiply", ".AccBits(62), .AccUsed(18), .Saturate(1), .MulBits(27), .SumBits(48), .Shift(30), .OutBits(8)",
              stage_ports(62, 27, 48, 8));
    parts.add(
        "weft_stage_multiply",
        ".AccBits(62), .AccUsed(62), .AccDigits(4), .MulDigits(2), .MulBits(44), .SumBits(104), .Shift(60), .Convergent(1), .OutBits(8)",
        stage_ports(62, 44, 104, 8));
    parts.add("weft_stage_multiply",
              ".AccBits(33), .AccUsed(33), .AccDigits(2), .MulBits(27), .SumBits(60), .Shift(2), .OutBits(32), .Bounds(2)",
              stage_ports(33, 27, 60, 32));
    parts.add("weft_stage_search",
              ".AccBits(62), .AccUsed(62), .Levels(2), .Shared(1), .ValuesShared(2), .OutBits(24), .Trail(5), .Name(Name)",
              {{"acc", 62}, {"trail", 5}, {"result", -24}});

    // Beats so wide that their control stands several times.
    parts.add("weft_fifo", ".Width(1200), .Depth(2)",
              {{"rst", 1}, {"in_valid", 1}, {"out_ready", 1}, {"in_data", 1200}, {"in_ready", -1}, {"out_valid", -1}, {"out_data", -1200}});
    parts.add("weft_fork", ".Lanes(75), .InBits(8), .Outputs(2)",
              {{"rst", 1}, {"in_valid", 1}, {"out_ready", 2}, {"in_data", 600}, {"in_ready", -1}, {"out_valid", -2}, {"out_data", -1200}});
    parts.add("weft_width", ".Columns(3), .Channels(64), .InputLanes(11), .OutputLanes(13), .InBits(8)",
              {{"rst", 1}, {"in_valid", 1}, {"out_ready", 1}, {"in_data", 88}, {"in_ready", -1}, {"out_valid", -1}, {"out_data", -104}});
    parts.add("weft_window",
              ".Rows(3), .Columns(40), .KernelH(1), .PadTop(0), .PadBottom(0), .KernelW(9), .PadLeft(4), .PadRight(4), .Pixels(4), "
              ".TapsPerBeat(9), .PadValue(-5), .OutBits(9)",
              {{"rst", 1}, {"in_valid", 1}, {"out_ready", 1}, {"in_data", 32}, {"in_ready", -1}, {"out_valid", -1}, {"out_data", -324}});

    SynthesisJob job;
    job.module = "weft_collection";
    job.parameters["Name"] = "parts";
    const std::string text = parts.text(job.module);
    job.sources = rtl_sources(text);
    job.sources.push_back({"rtl/weft/weft_collection.sv", text});
    for (int level = 0; level < 2; ++level) {
        std::string words;
        for (const std::int64_t word : sample(std::int64_t{1} << level, 1, (std::int64_t{1} << 61) - 1, static_cast<std::uint64_t>(level)))
            words += fmt::format("{:016x}\n", word);
        job.memories.push_back({fmt::format("_stage_threshold{}.mem", level), words});
    }
    job.memories.push_back({"_stage_value0.mem", "c0ffee\n"});
    const auto counts = yosys->map(job, "xcup");
    ASSERT_TRUE(counts) << to_string(counts.error()[0]);
    EXPECT_THAT(broken_bars(counts->depth), IsEmpty());
    EXPECT_THAT(counts->unknown_cells, IsEmpty());
    EXPECT_GT(counts->depth.worst.carry_bits, 20) << "the wide sums are gone";
}

const UnitDef& unit_named(std::string_view name) {
    const auto units = unit_registry();
    const auto found = std::find_if(units.begin(), units.end(), [&](const UnitDef* def) { return def->name == name; });
    if (found == units.end()) throw std::invalid_argument(fmt::format("no unit {}", name));
    return **found;
}

TEST(ClockBars, HoldForWholeUnits) {
    const auto yosys = Yosys::find();
    if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
    // Windows of few and of many taps, with more control than any other unit; then stages so wide that their constants stand in several
    // slices.
    std::vector<UnitCase> points;
    points.push_back(std::move(unit_named("window").cases().front()));
    for (UnitCase& point : unit_named("window").rtl_cases())
        if (point->units.front()->parameter("TapsPerBeat") == 25) points.push_back(std::move(point));
    for (const auto* unit : {"requantize", "table", "pool", "concat"})
        for (UnitCase& point : unit_named(unit).rtl_cases())
            if (point->units.front()->parameter("Lanes") > 16) points.push_back(std::move(point));
    EXPECT_GE(points.size(), 11U) << "the wide points are gone";
    for (const UnitCase& point : points) {
        const auto project = emit_rtl(*point, {});
        ASSERT_TRUE(project) << to_string(project.error()[0]);
        const auto synthesis = synthesize(project->core, project->files, "xcup");
        ASSERT_TRUE(synthesis) << to_string(synthesis.error()[0]);
        EXPECT_FALSE(synthesis->instances.empty());
        for (const SynthesizedInstance& instance : synthesis->instances)
            EXPECT_THAT(broken_bars(instance.counts.depth), IsEmpty()) << instance.module;
    }
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
