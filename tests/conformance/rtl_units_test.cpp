// rtl_units_test.cpp
// Every unit's RTL face in Verilator equals its model on the unit's cases, with and without stalls and with arbitrary bits in spare
// elements, and every handshake happens in the cycle that its control says.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "src/emit/rtl.h"
#include "src/engines/rtl.h"
#include "src/schedule/schedule.h"

namespace weft {
namespace {

constexpr int buffered_depths[] = {24, 2, 7, 130};

std::vector<const UnitDef*> units_with_rtl() {
    std::vector<const UnitDef*> list;
    for (const UnitDef* unit : unit_registry())
        if (unit->rtl != nullptr && unit->cases != nullptr) list.push_back(unit);
    return list;
}

std::vector<UnitCase> all_cases(const UnitDef& def) {
    std::vector<UnitCase> cases = def.cases();
    if (def.rtl_cases)
        for (UnitCase& more : def.rtl_cases()) cases.push_back(std::move(more));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        Design& design = *cases[i];
        design.name = fmt::format("{}{}", std::string(def.name), i);
        design.units.front()->name = fmt::format("unit{}", i);
        // The unit alone: no FIFO before it, and behind it only what belongs to it, of various depths.
        for (const auto& stream : design.streams) {
            stream->rtl_depth = 0;
            if (stream->producer && find_port(def, true, stream->producer_port)->buffered) stream->rtl_depth = buffered_depths[i % 4];
        }
    }
    return cases;
}

/// Frames that a unit may meet: random, both extremes in turn, all least, all greatest.
std::vector<IntTensor> frames_for(const Stream& stream, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IntTensor> frames(5, IntTensor(stream.shape));
    const auto range = static_cast<std::uint64_t>(stream.max - stream.min) + 1;
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::int32_t& element : frames[f].data) {
            const std::int64_t any = stream.min + static_cast<std::int64_t>(random() % range);
            const std::int64_t extreme = (random() & 1) != 0 ? stream.max : stream.min;
            const std::int64_t choices[] = {any, extreme, stream.min, stream.max, any};
            element = static_cast<std::int32_t>(choices[f]);
        }
    return frames;
}

std::string first_difference(const std::vector<std::int64_t>& measured, const std::vector<std::int64_t>& predicted) {
    for (std::size_t i = 0; i < measured.size() && i < predicted.size(); ++i)
        if (measured[i] != predicted[i]) return fmt::format("beat {}: cycle {}, schedule says {}", i, measured[i], predicted[i]);
    return fmt::format("{} beats, schedule has {}", measured.size(), predicted.size());
}

class RtlUnits : public ::testing::TestWithParam<const UnitDef*> {};

TEST_P(RtlUnits, EqualsModelAndSchedule) {
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    const UnitDef& def = *GetParam();
    const std::vector<UnitCase> cases = all_cases(def);
    std::vector<RtlProject> projects;
    for (const UnitCase& point : cases) {
        auto project = emit_rtl(*point, {});
        ASSERT_TRUE(project) << to_string(project.error()[0]);
        projects.push_back(*std::move(project));
    }
    const auto simulation = RtlSimulation::build(projects);
    ASSERT_TRUE(simulation) << to_string(simulation.error()[0]);

    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Design& design = *cases[i];
        const Unit& unit = *design.units.front();
        std::vector<std::vector<IntTensor>> inputs(5), expected(5);
        for (std::size_t port = 0; port < unit.inputs.size(); ++port) {
            const auto frames = frames_for(*unit.inputs[port], 17 * i + port);
            for (std::size_t f = 0; f < frames.size(); ++f) inputs[f].push_back(frames[f]);
        }
        for (std::size_t f = 0; f < inputs.size(); ++f) {
            std::vector<const IntTensor*> in;
            for (const IntTensor& frame : inputs[f]) in.push_back(&frame);
            for (const Stream* stream : unit.outputs) expected[f].emplace_back(stream->shape);
            def.model(unit, in, expected[f]);
        }
        for (const std::uint64_t seed : {0, 1, 2, 3}) {
            SCOPED_TRACE(fmt::format("case {} of {}, stall seed {}", i, def.name, seed));
            const auto run = simulation->run(i, inputs, {.stall_seed = seed, .reset_at = seed == 2 ? 23 : -1, .patience = 20000});
            ASSERT_TRUE(run) << to_string(run.error()[0]);
            for (std::size_t f = 0; f < expected.size(); ++f)
                for (std::size_t port = 0; port < expected[f].size(); ++port)
                    ASSERT_EQ(run->outputs[f][port].data, expected[f][port].data) << "frame " << f << ", output " << port;
            const auto predicted = schedule(design, {.frames = 5, .stall_seed = seed});
            ASSERT_TRUE(predicted) << to_string(predicted.error()[0]);
            for (std::size_t port = 0; port < predicted->ports.size(); ++port)
                EXPECT_EQ(run->port_cycles[port], predicted->ports[port].cycles)
                    << "port " << projects[i].ports[port].name << ": "
                    << first_difference(run->port_cycles[port], predicted->ports[port].cycles);
            // No bubble: with room behind it a unit needs no more than its interval.
            const bool room = design.streams.back()->rtl_depth == 0 || design.streams.back()->rtl_depth > 20;
            if (seed == 0 && room) {
                EXPECT_LE(predicted->interval_cycles, interval_bound(design));
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Units, RtlUnits, ::testing::ValuesIn(units_with_rtl()),
                         [](const auto& info) { return std::string(info.param->name); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RtlUnits);

}  // namespace
}  // namespace weft
