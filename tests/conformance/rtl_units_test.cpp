// rtl_units_test.cpp
// Every unit's RTL face in Verilator equals its model on its cases and on random points, with and without stalls and with arbitrary bits in
// spare elements, and every handshake happens in the cycle that its control says. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "src/emit/rtl.h"
#include "src/schedule/schedule.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/conformance/points.h"
#include "units/common/random_case.h"

namespace weft {
namespace {

/// Of the FIFO that ends a unit; 0: what the compiler gives it.
constexpr int buffered_depths[] = {0, 2, 7, 130};
/// Cycles without a handshake after which a unit is called stuck.
constexpr int patience = 20000;

std::vector<const UnitDef*> units_with_rtl() {
    std::vector<const UnitDef*> list;
    for (const UnitDef* unit : unit_registry())
        if (unit->rtl != nullptr && unit->cases != nullptr) list.push_back(unit);
    return list;
}

int buffered_depth(const test::ConformancePoint& point) { return buffered_depths[point.seed % 4]; }

/// The unit alone: no FIFO before it, and behind it only what belongs to it, of various depths.
Status isolate(const test::ConformancePoint& point, const UnitDef& def, std::size_t index) {
    Design& design = *point.design;
    design.name = fmt::format("{}{}", std::string(def.name), index);
    design.units.front()->name = fmt::format("unit{}", index);
    const int depth = buffered_depth(point);
    if (depth == 0) WEFT_CHECK(set_rtl_depths(design));
    for (const auto& stream : design.streams) {
        const bool buffered = stream->producer && find_port(def, true, stream->producer_port)->buffered;
        if (!buffered || depth > 0) stream->rtl_depth = buffered ? depth : 0;
    }
    return Ok{};
}

std::string first_difference(const std::vector<std::int64_t>& measured, const std::vector<std::int64_t>& predicted) {
    for (std::size_t i = 0; i < measured.size() && i < predicted.size(); ++i)
        if (measured[i] != predicted[i]) return fmt::format("beat {}: cycle {}, schedule says {}", i, measured[i], predicted[i]);
    return fmt::format("{} beats, schedule has {}", measured.size(), predicted.size());
}

class RtlUnits : public ::testing::TestWithParam<const UnitDef*> {};

void expect_equal(const RtlSimulation& simulation, const RtlProject& project, std::size_t index, const test::ConformancePoint& point) {
    const Design& design = *point.design;
    const test::Expected frames = test::model_frames(*design.units.front(), point.seed);
    for (const std::uint64_t number : {0, 1, 2, 3}) {
        const std::uint64_t stalls = number == 0 ? 0 : 3 * point.seed + number;
        const auto reset_at = number == 2 ? static_cast<std::int64_t>(8 + point.seed % 50) : -1;
        SCOPED_TRACE(fmt::format("{} of {}, stall seed {}", point.label, design.units.front()->def->name, stalls));
        const auto run = simulation.run(index, frames.inputs,
                                        {.stall_seed = stalls, .reset_at = reset_at, .spare_seed = point.seed + 1, .patience = patience});
        ASSERT_TRUE(run) << to_string(run.error()[0]);
        for (std::size_t f = 0; f < frames.outputs.size(); ++f)
            for (std::size_t port = 0; port < frames.outputs[f].size(); ++port)
                ASSERT_EQ(run->outputs[f][port].data, frames.outputs[f][port].data) << "frame " << f << ", output " << port;
        const auto predicted = schedule(design, {.frames = static_cast<int>(test::frame_count), .stall_seed = stalls});
        ASSERT_TRUE(predicted) << to_string(predicted.error()[0]);
        for (std::size_t port = 0; port < predicted->ports.size(); ++port)
            EXPECT_EQ(run->port_cycles[port], predicted->ports[port].cycles)
                << "port " << project.ports[port].name << ": " << first_difference(run->port_cycles[port], predicted->ports[port].cycles);
        // No bubble: with room behind it a unit needs no more than its interval.
        const bool room = design.streams.back()->rtl_depth == 0 || buffered_depth(point) == 0 || buffered_depth(point) > 100;
        if (stalls == 0 && room) {
            EXPECT_LE(predicted->interval_cycles, interval_bound(design));
        }
    }
}

/// Builds the points together, and holds each against its model and its schedule.
void expect_all_equal(const UnitDef& def, const std::vector<test::ConformancePoint>& points) {
    std::vector<RtlProject> projects;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Status isolated = isolate(points[i], def, i);
        ASSERT_TRUE(isolated) << points[i].label << ": " << to_string(isolated.error()[0]);
        auto project = emit_rtl(*points[i].design, {});
        ASSERT_TRUE(project) << points[i].label << ": " << to_string(project.error()[0]);
        projects.push_back(*std::move(project));
    }
    const auto simulation = RtlSimulation::build(projects, {.brief = true});
    ASSERT_TRUE(simulation) << points.front().label << " and following: " << to_string(simulation.error()[0]);
    for (std::size_t i = 0; i < points.size(); ++i) expect_equal(*simulation, projects[i], i, points[i]);
}

TEST_P(RtlUnits, EqualsModelAndSchedule) {
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    for (const std::vector<test::ConformancePoint>& points : test::conformance_points(*GetParam(), true))
        expect_all_equal(*GetParam(), points);
}

/// What joins the unit's modules: it holds all of their parameters.
std::string core_of(const Design& design) {
    const auto project = emit_rtl(design, {});
    if (!project) return to_string(project.error()[0]);
    const auto core =
        std::ranges::find_if(project->files, [&](const ProjectFile& file) { return file.path.ends_with(project->core + ".sv"); });
    return core->text;
}

/// The unit's points that another DSP changes, on it: two products lie otherwise in a cell, chains are shorter, factors cut otherwise.
std::vector<test::ConformancePoint> changed_by(const DspCell& dsp, const UnitDef& def) {
    std::vector<test::ConformancePoint> changed;
    for (std::vector<test::ConformancePoint>& points : test::conformance_points(def, true))
        for (test::ConformancePoint& point : points) {
            const std::string usual = core_of(*point.design);
            point.design->use(dsp);
            Unit& unit = *point.design->units.front();
            if (def.derive) def.derive(unit);
            if (verify(*point.design, true) && core_of(*point.design) != usual) changed.push_back(std::move(point));
        }
    return changed;
}

class RtlUnitsOnTheDsp48e1 : public ::testing::TestWithParam<const UnitDef*> {};

TEST_P(RtlUnitsOnTheDsp48e1, EqualsModelAndSchedule) {
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    std::vector<test::ConformancePoint> points = changed_by(dsp48e1, *GetParam());
    ASSERT_FALSE(points.empty());
    // Some of them: what is new is few modules.
    constexpr std::size_t most = 10;
    if (std::getenv("WEFT_SEED") == nullptr && std::getenv("WEFT_RANDOM_POINTS") == nullptr && points.size() > most) {
        for (std::size_t i = 0; i < most; ++i) std::swap(points[i], points[i * points.size() / most]);
        points.resize(most);
    }
    expect_all_equal(*GetParam(), points);
}

/// Those that have DSPs.
INSTANTIATE_TEST_SUITE_P(Units, RtlUnitsOnTheDsp48e1,
                         ::testing::Values(&unit_add, &unit_depthwise, &unit_matvec, &unit_pool, &unit_requantize),
                         [](const auto& info) { return std::string(info.param->name); });

/// By the control alone: with the depths that the compiler chooses, no unit needs more than its interval.
TEST_P(RtlUnits, HasNoBubble) {
    const UnitDef& def = *GetParam();
    if (!def.random_case) GTEST_SKIP() << "it has no random points";
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const UnitCase point = random_case(def, seed);
        const auto deep = set_rtl_depths(*point);
        ASSERT_TRUE(deep) << "WEFT_SEED=" << seed << " (" << describe(*point) << ") " << to_string(deep.error()[0]);
        const auto predicted = schedule(*point, {.frames = static_cast<int>(test::frame_count)});
        ASSERT_TRUE(predicted) << "WEFT_SEED=" << seed << " (" << describe(*point) << ") " << to_string(predicted.error()[0]);
        EXPECT_LE(predicted->interval_cycles, interval_bound(*point)) << "WEFT_SEED=" << seed << " (" << describe(*point) << ")";
    }
}

INSTANTIATE_TEST_SUITE_P(Units, RtlUnits, ::testing::ValuesIn(units_with_rtl()),
                         [](const auto& info) { return std::string(info.param->name); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RtlUnits);

}  // namespace
}  // namespace weft
