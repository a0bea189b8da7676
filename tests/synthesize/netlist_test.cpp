// netlist_test.cpp
// Counts, logic depth and fan-out of netlists written by hand, where the right answers are plain.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "src/synthesize/depth.h"
#include "src/synthesize/netlist.h"
#include "src/synthesize/primitives.h"
#include "src/synthesize/report.h"
#include "tests/messages.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string cell(const std::string& name, const std::string& type, const std::string& pins, const std::string& parameters = "") {
    return fmt::format(R"("{}": {{"type": "{}", "parameters": {{{}}}, "attributes": {{"src": "a.sv:1"}}, "connections": {{{}}}}})", name,
                       type, parameters, pins);
}

std::string module(const std::string& name, const std::string& ports, const std::vector<std::string>& cells, const std::string& names,
                   const std::string& attributes = "") {
    return fmt::format(R"("{}": {{"attributes": {{{}}}, "ports": {{{}}}, "cells": {{{}}}, "netnames": {{{}}}}})", name, attributes, ports,
                       fmt::join(cells, ", "), names);
}

std::string port(const std::string& name, const std::string& direction, const std::string& bits) {
    return fmt::format(R"("{}": {{"direction": "{}", "bits": [{}]}})", name, direction, bits);
}

std::string net(const std::string& name, const std::string& bits, int hidden = 0) {
    return fmt::format(R"("{}": {{"hide_name": {}, "bits": [{}], "attributes": {{}}}})", name, hidden, bits);
}

Netlist parsed(const std::vector<std::string>& modules) {
    auto netlist = Netlist::parse(fmt::format(R"({{"creator": "a test", "modules": {{{}}}}})", fmt::join(modules, ", ")));
    EXPECT_TRUE(netlist) << to_string(netlist.error()[0]);
    return netlist ? *std::move(netlist) : Netlist{};
}

DepthReport depth_of(const Netlist& netlist) { return analyse_depth(flatten(netlist, *netlist.top())); }

const LogicDepth* between(const DepthReport& report, const std::string& from, const std::string& to) {
    const auto at =
        std::find_if(report.ports.begin(), report.ports.end(), [&](const PortDepth& p) { return p.from == from && p.to == to; });
    return at == report.ports.end() ? nullptr : &at->depth;
}

// count[0] -> LUT2 -> two CARRY4 (in at bit 1, out at bit 6) -> LUT6 -> full; en -> LUT1 -> both enables.
Netlist counter() {
    const std::string ports = port("clk", "input", "2") + ", " + port("en", "input", "3") + ", " + port("full", "output", "4");
    const std::vector<std::string> cells{
        cell("count_0", "FDRE", R"("C": [2], "CE": [5], "D": [20], "R": ["0"], "Q": [6])"),
        cell("full_0", "FDRE", R"("C": [2], "CE": [5], "D": [21], "R": ["0"], "Q": [4])"),
        cell("enable", "LUT1", R"("I0": [3], "O": [5])"),
        cell("first", "LUT2", R"("I0": [6], "I1": ["1"], "O": [7])"),
        cell("low", "CARRY4", R"("CI": ["0"], "CYINIT": ["0"], "DI": ["0", "0", "0", "0"], "S": ["0", 7, "0", "0"], "O": [30, 31, 32, 33],
             "CO": [34, 35, 36, 8])"),
        cell("high", "CARRY4", R"("CI": [8], "CYINIT": ["0"], "DI": ["0", "0", "0", "0"], "S": ["0", "0", "0", "0"], "O": [40, 41, 9, 42],
             "CO": [43, 44, 45, 46])"),
        cell("last", "LUT6", R"("I0": [9], "I1": ["0"], "I2": ["0"], "I3": ["0"], "I4": ["0"], "I5": ["0"], "O": [21])"),
        cell("not", "INV", R"("I": [6], "O": [20])"),
    };
    const std::string names =
        net("clk", "2") + ", " + net("count", "6") + ", " + net("full", "4") + ", " + net("$auto$1", "9", 1) + ", " + net("may_count", "5");
    return parsed({module("counter", ports, cells, names)});
}

TEST(Depth, FollowsCarryChains) {
    const DepthReport report = depth_of(counter());
    // Bits 1, 2, 3 of the first cell, 0, 1 and the sum of bit 2 of the second: one chain.
    EXPECT_EQ(report.longest, (LogicDepth{2, 6, 1}));
    EXPECT_EQ(report.worst, (LogicDepth{2, 6, 1}));
    EXPECT_THAT(report.path, ElementsAre("count", "LUT2", "CARRY4", "LUT6", "full"));
    ASSERT_NE(between(report, "en", ""), nullptr);
    EXPECT_EQ(*between(report, "en", ""), (LogicDepth{1, 0, 0}));
    ASSERT_NE(between(report, "", "full"), nullptr);
    EXPECT_EQ(*between(report, "", "full"), (LogicDepth{}));
    EXPECT_EQ(between(report, "clk", ""), nullptr) << "a clock is no data";
    EXPECT_EQ(report.loop, "");
}

/// Registers at nets 10, 11, ... -> LUT `a` with `a_inputs` of them -> LUT `b` with that and `b_inputs` more -> a register.
Netlist two_luts(int a_inputs, int b_inputs) {
    std::vector<std::string> cells, a, b{R"("I0": [3])"};
    for (int i = 0; i < a_inputs + b_inputs; ++i) {
        cells.push_back(
            cell(fmt::format("r{}", i), "FDRE", fmt::format(R"("C": [2], "CE": ["1"], "R": ["0"], "D": ["0"], "Q": [{}])", 10 + i)));
        if (i < a_inputs)
            a.push_back(fmt::format(R"("I{}": [{}])", i, 10 + i));
        else
            b.push_back(fmt::format(R"("I{}": [{}])", i - a_inputs + 1, 10 + i));
    }
    cells.push_back(cell("a", fmt::format("LUT{}", a_inputs), fmt::format(R"({}, "O": [3])", fmt::join(a, ", "))));
    cells.push_back(cell("b", fmt::format("LUT{}", b_inputs + 1), fmt::format(R"({}, "O": [4])", fmt::join(b, ", "))));
    cells.push_back(cell("end", "FDRE", R"("C": [2], "CE": ["1"], "R": ["0"], "D": [4], "Q": [5])"));
    return parsed({module("two", port("clk", "input", "2"), cells, net("first", "10") + ", " + net("late", "3") + ", " + net("q", "5"))});
}

TEST(Depth, MergesLutsThatFitOne) {
    const auto report = [](const Netlist& netlist, bool merge) { return analyse_depth(flatten(netlist, *netlist.find("two")), merge); };
    EXPECT_EQ(report(two_luts(2, 4), false).rank, 160);
    const DepthReport merged = report(two_luts(2, 4), true);
    EXPECT_EQ(merged.rank, 80) << "six inputs in all";
    EXPECT_EQ(merged.longest.lut_levels, 1);
    EXPECT_EQ(merged.path.size(), 3U);
    EXPECT_EQ(report(two_luts(2, 5), true).rank, 160) << "seven";
}

TEST(Depth, CountsControlSinks) {
    const DepthReport report = depth_of(counter());
    EXPECT_EQ(report.fanout, 2);
    EXPECT_TRUE(report.fanout_net == "may_count" || report.fanout_net == "count") << report.fanout_net;
}

/// A register that enables `loads` others, by a port of a module of its own; `attributes` are of the enable's name inside, or outside.
Netlist enabling(int loads, const std::string& inside, const std::string& outside) {
    const auto marked = [](const std::string& name, const std::string& bits, const std::string& attributes) {
        return fmt::format(R"("{}": {{"hide_name": 0, "bits": [{}], "attributes": {{{}}}}})", name, bits, attributes);
    };
    std::vector<std::string> cells{cell("one", "source", R"("clk": [2], "go": [3])")};
    for (int i = 0; i < loads; ++i)
        cells.push_back(
            cell(fmt::format("load{}", i), "FDRE", fmt::format(R"("C": [2], "CE": [3], "R": ["0"], "D": ["1"], "Q": [{}])", 10 + i)));
    return parsed(
        {module("loaded", port("clk", "input", "2"), cells, marked("enable", "3", outside)),
         module("source", port("clk", "input", "2") + ", " + port("go", "output", "3"),
                {cell("register", "FDRE", R"("C": [2], "CE": ["1"], "R": ["0"], "D": ["1"], "Q": [3])")}, marked("go", "3", inside))});
}

TEST(Depth, CopiesTheDriversOfMarkedNets) {
    const auto report_of = [](const Netlist& netlist) { return analyse_depth(flatten(netlist, *netlist.find("loaded"))); };
    EXPECT_EQ(report_of(enabling(600, "", "")).fanout, 600);
    EXPECT_EQ(report_of(enabling(600, "", "")).copied_ffs, 0);
    const std::string mark = R"("max_fanout": "00000000000000000000000100000000", "src": "a.sv:1")";
    for (const Netlist& netlist : {enabling(600, mark, ""), enabling(600, "", mark)}) {
        const DepthReport report = report_of(netlist);
        EXPECT_EQ(report.fanout, 0) << report.fanout_net;
        EXPECT_EQ(report.copied_ffs, 2);
        EXPECT_EQ(report.copied_luts, 0);
    }
    EXPECT_EQ(report_of(enabling(512, mark, "")).copied_ffs, 1);
    EXPECT_EQ(report_of(enabling(256, mark, "")).copied_ffs, 0);
}

TEST(Depth, SeparateChainsAddUp) {
    const Netlist netlist = parsed({module(
        "chains", port("a", "input", "3") + ", " + port("y", "output", "5"),
        {cell("c0", "CARRY4", R"("CI": ["0"], "CYINIT": [3], "DI": ["0", "0", "0", "0"], "S": ["0", "0", "0", "0"], "O": [4, 10, 11, 12])"),
         cell("c1", "CARRY4",
              R"("CI": ["0"], "CYINIT": ["0"], "DI": ["0", "0", "0", "0"], "S": [4, "0", "0", "0"], "O": [13, 14, 15, 5])")},
        net("a", "3"))});
    const DepthReport report = depth_of(netlist);
    EXPECT_EQ(report.worst, (LogicDepth{0, 1 + 4, 2}));
}

TEST(Depth, ReadsOfLutMemoriesAreALevel) {
    const std::string ram = cell("m", "RAM32M16",
                                 R"("WCLK": [2], "WE": [3], "ADDRA": [4, "0", "0", "0", "0"], "ADDRH": [5, "0", "0", "0", "0"],
                                    "DIA": [6, "0"], "DOA": [7, 8], "DOH": [9, 10])");
    const Netlist netlist =
        parsed({module("memory",
                       port("clk", "input", "2") + ", " + port("we", "input", "3") + ", " + port("read_at", "input", "4") + ", " +
                           port("write_at", "input", "5") + ", " + port("q", "output", "7, 8"),
                       {ram}, net("clk", "2"))});
    const DepthReport report = depth_of(netlist);
    ASSERT_NE(between(report, "read_at", "q"), nullptr);
    EXPECT_EQ(*between(report, "read_at", "q"), (LogicDepth{1, 0, 0}));
    EXPECT_EQ(between(report, "write_at", "q"), nullptr) << "the write address shows nothing at port A";
    ASSERT_NE(between(report, "write_at", ""), nullptr);
    ASSERT_NE(between(report, "", "q"), nullptr);
    EXPECT_EQ(*between(report, "", "q"), (LogicDepth{1, 0, 0}));
}

TEST(Depth, TellsLoopsAndUnregisteredMultipliers) {
    const Netlist loop =
        parsed({module("loop", port("a", "input", "2"),
                       {cell("x", "LUT2", R"("I0": [2], "I1": [4], "O": [3])"), cell("y", "LUT1", R"("I0": [3], "O": [4])")},
                       net("around", "3") + ", " + net("a", "2"))});
    EXPECT_EQ(depth_of(loop).loop, "around");
    const std::string zero = "00000000000000000000000000000000";
    const auto dsp = [&](const std::string& p) {
        return parsed(
            {module("product", port("a", "input", "2") + ", " + port("p", "output", "3"),
                    {cell("d", "DSP48E2", R"("A": [2], "P": [3])", fmt::format(R"("PREG": "{0}", "MREG": "{0}", "AREG": "{0}")", p))},
                    net("a", "2"))});
    };
    EXPECT_EQ(depth_of(dsp(zero)).unregistered_dsps, 1);
    EXPECT_EQ(depth_of(dsp(zero)).worst.lut_levels, unregistered_dsp_levels);
    EXPECT_EQ(depth_of(dsp(zero.substr(1) + "1")).unregistered_dsps, 0);
    EXPECT_EQ(depth_of(dsp(zero.substr(1) + "1")).worst.lut_levels, 0);
}

TEST(Netlist, OpensHierarchy) {
    // Two inner LUTs in a row, joined by an outer wire that the second instance passes on as it is.
    const Netlist netlist = parsed(
        {module("inner", port("i", "input", "2") + ", " + port("o", "output", "3") + ", " + port("same", "output", "2"),
                {cell("l", "LUT1", R"("I0": [2], "O": [3])")}, net("i", "2") + ", " + net("o", "3")),
         module("outer", port("a", "input", "2") + ", " + port("y", "output", "4") + ", " + port("through", "output", "5"),
                {cell("u0", "inner", R"("i": [2], "o": [3], "same": [6])"), cell("u1", "inner", R"("i": [3], "o": [4], "same": [5])")},
                net("a", "2") + ", " + net("middle", "3") + ", " + net("y", "4"), R"("top": "1")"),
         module("LUT1", port("I0", "input", "2"), {}, net("I0", "2"), R"("blackbox": "1")")});
    ASSERT_NE(netlist.top(), nullptr);
    EXPECT_EQ(netlist.top()->name, "outer");
    const FlatNetlist flat = flatten(netlist, *netlist.top());
    EXPECT_EQ(flat.cells.size(), 2U);
    const DepthReport report = analyse_depth(flat);
    ASSERT_NE(between(report, "a", "y"), nullptr);
    EXPECT_EQ(between(report, "a", "y")->lut_levels, 2);
    ASSERT_NE(between(report, "a", "through"), nullptr);
    EXPECT_EQ(between(report, "a", "through")->lut_levels, 1);
    EXPECT_THAT(report.path, ElementsAre("a", "LUT1", "middle", "LUT1", "y"));
}

TEST(Netlist, CountsSites) {
    const std::vector<std::string> types{"LUT1",    "LUT6", "INV",  "RAM32M16", "RAM64X1D", "SRL16E", "SRLC32E", "RAMB18E2", "RAMB36E2",
                                         "URAM288", "FDRE", "FDSE", "DSP48E2",  "CARRY4",   "CARRY8", "MUXF7",   "GADGET",   "GADGET"};
    std::vector<std::string> cells;
    for (const std::string& type : types) cells.push_back(cell(fmt::format("u{}", cells.size()), type, R"("X": ["0"])"));
    const Netlist netlist = parsed({module("many", port("a", "input", "2"), cells, net("a", "2"))});
    std::vector<std::string> unknown;
    const ResourceCounts counts = count_resources(flatten(netlist, *netlist.top()), unknown);
    EXPECT_EQ(counts.lut, 1 + 1 + 8 + 2 + 1 + 1);
    EXPECT_EQ(counts.lut_memory, 8 + 2 + 1 + 1);
    EXPECT_EQ(counts.ff, 2);
    EXPECT_EQ(counts.bram36(), 1.5);
    EXPECT_EQ(counts.uram, 1);
    EXPECT_EQ(counts.dsp, 1);
    EXPECT_EQ(counts.carry4, 3);
    EXPECT_THAT(unknown, ElementsAre("GADGET"));
}

TEST(Netlist, RefusesWhatIsNone) {
    const auto garbage = Netlist::parse("module x; endmodule");
    ASSERT_FALSE(garbage);
    EXPECT_EQ(garbage.error()[0].reason, "the netlist is not JSON");
    const auto other = Netlist::parse(R"({"modules": {"m": {"ports": 3}}})");
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error()[0].reason, HasSubstr("not as Yosys writes it"));
}

TEST(Report, WarnsOfWhatIsNotCountedAndOfWhatBarsTheClock) {
    const auto warnings = [](const ModuleCounts& counts) {
        Diagnostics list;
        add_warnings(list, "conv", "u_conv", "weft_matvec", counts);
        return test::messages(list);
    };
    ModuleCounts counts;
    EXPECT_EQ(warnings(counts), "");
    counts.unknown_cells = {"$mul", "$div"};
    counts.depth.loop = "a, b";
    counts.depth.unregistered_dsps = 3;
    EXPECT_EQ(warnings(counts),
              "warning: node 'conv': u_conv (weft_matvec): cells that are not counted: $mul, $div\n  help: Yosys left them unmapped: the "
              "counts are too low\n"
              "warning: node 'conv': u_conv (weft_matvec): a combinational loop through a, b\n  help: the depth of paths through it is not "
              "known\n"
              "warning: node 'conv': u_conv (weft_matvec): 3 DSPs without an output register\n  help: they will limit the clock\n");
}

}  // namespace
}  // namespace weft
