// random_rtl_test.cpp
// Random networks with random foldings as RTL: outputs equal the integer contract, every handshake happens in the cycle of the schedule,
// and no unit makes another wait.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/design/plumb.h"
#include "src/driver/compile.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/explore/folding.h"
#include "src/schedule/schedule.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/conformance/points.h"
#include "tests/messages.h"
#include "tests/models/random_network.h"

namespace weft {
namespace {

/// A network down to its RTL, and what its frames must give.
struct Network {
    std::uint64_t seed = 0;
    bool folded = false;  ///< At random.
    Design design;
    RtlProject project;
    std::vector<std::vector<IntTensor>> frames, expected;
};

void make_network(std::uint64_t seed, const DspCell& dsp, Network& network) {
    constexpr std::int64_t images = 4;
    network.seed = seed;
    Graph source = seed % 5 == 4 ? test::random_chain(seed, false) : test::varied_network(seed);
    ASSERT_TRUE(source.sort());
    ASSERT_TRUE(verify(source)) << print(source);
    const std::vector<double> low{-1}, high{2};
    const std::vector<NamedTensor> samples = random_inputs(source, low, high, images, seed);
    QuantizeOptions options;
    if (seed % 4 == 1) options.bits = "w4a6";
    if (seed % 4 == 2) options.bits = "w2a3";
    const auto quantized = quantize(source, samples, images, options, {});
    ASSERT_TRUE(quantized) << test::messages(quantized.error());
    auto lowered = lower(*quantized, fmt::format("network{}", seed), {}, dsp);
    ASSERT_TRUE(lowered) << test::messages(lowered.error());
    network.design = std::move(lowered->design);
    Design& design = network.design;
    // Memories are found by the unit's name: networks of one program must not share any.
    for (const auto& unit : design.units) unit->name = fmt::format("network{}_{}", seed, unit->name);
    const Status folded = fold(design, {.mac_dsp_limit = 20.0 + 60 * static_cast<double>(seed % 7)});
    ASSERT_TRUE(folded) << test::messages(folded.error());
    if (seed % 3 != 0) network.folded = test::draw_folding(design, seed);
    const Status plumbed = plumb(design);
    ASSERT_TRUE(plumbed) << test::messages(plumbed.error());
    const auto deep = set_rtl_depths(design);
    ASSERT_TRUE(deep) << test::messages(deep.error());
    const Status sound = verify(design, true);
    ASSERT_TRUE(sound) << test::messages(sound.error());
    auto project = emit_rtl(design, {});
    ASSERT_TRUE(project) << test::messages(project.error());
    network.project = *std::move(project);

    const auto contract = IntegerEngine::make(*quantized, design, true);
    const auto host = Host::make(*quantized, design);
    ASSERT_TRUE(contract && host);
    for (std::int64_t image = 0; image < images; ++image) {
        const std::vector<Tensor> inputs{sample_of(samples[0].tensor, image, *source.inputs[0])};
        const auto streams = (*contract)->all_streams(inputs);
        const auto sent = host->prepare(inputs);
        ASSERT_TRUE(streams && sent);
        network.frames.push_back(*sent);
        std::vector<IntTensor> results;
        for (const KernelOutput& output : design.outputs)
            for (std::size_t s = 0; s < design.streams.size(); ++s)
                if (design.streams[s].get() == output.binding.stream) results.push_back((*streams)[s]);
        network.expected.push_back(std::move(results));
    }
}

void expect_equal(const RtlSimulation& simulation, std::size_t index, const Network& network) {
    for (const std::uint64_t stalls : {std::uint64_t{0}, network.seed + 7}) {
        SCOPED_TRACE(fmt::format("WEFT_SEED={}, stall seed {}, folding {}", network.seed, stalls, folding_json(network.design)));
        const auto run = simulation.run(index, network.frames, {.stall_seed = stalls, .patience = 100000});
        ASSERT_TRUE(run) << test::messages(run.error());
        EXPECT_EQ(run->outputs, network.expected);
        const auto predicted = schedule(network.design, {.frames = static_cast<int>(network.frames.size()), .stall_seed = stalls});
        ASSERT_TRUE(predicted) << test::messages(predicted.error());
        for (std::size_t port = 0; port < predicted->ports.size(); ++port)
            EXPECT_EQ(run->port_cycles[port], predicted->ports[port].cycles) << network.project.ports[port].name;
        if (stalls == 0) {
            EXPECT_LE(static_cast<double>(predicted->interval_cycles), 1.01 * static_cast<double>(interval_bound(network.design)));
        }
    }
}

/// The networks of seeds first..end-1.
void expect_all_equal(std::uint64_t first, std::uint64_t end, const DspCell& dsp) {
    constexpr std::uint64_t built_together = 8;
    std::uint64_t drawn = 0, folded = 0;
    for (std::uint64_t seed = first; seed < end; seed += built_together) {
        std::vector<Network> networks(std::min(built_together, end - seed));
        std::vector<RtlProject> projects;
        for (std::size_t i = 0; i < networks.size(); ++i) {
            SCOPED_TRACE(fmt::format("WEFT_SEED={}", seed + i));
            make_network(seed + i, dsp, networks[i]);
            if (testing::Test::HasFatalFailure()) return;
            drawn += (seed + i) % 3 != 0;
            folded += networks[i].folded;
            projects.push_back(networks[i].project);
        }
        const auto simulation = RtlSimulation::build(projects, {.brief = true});
        ASSERT_TRUE(simulation) << test::messages(simulation.error());
        for (std::size_t i = 0; i < networks.size(); ++i) expect_equal(*simulation, i, networks[i]);
    }
    EXPECT_GE(2 * folded, drawn) << "the random foldings are refused";
}

/// WEFT_RANDOM_POINTS says how many networks, WEFT_SEED the first one's seed: longer sweeps than that of every run.
TEST(RandomRtl, EqualsContractAndScheduleWithoutBubbles) {
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    expect_all_equal(test::first_seed(), test::first_seed() + test::random_points(), dsp48e2);
}

/// Half as many.
TEST(RandomRtl, EqualsContractAndScheduleOnTheDsp48e1) {
    if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
    expect_all_equal(test::first_seed(), test::first_seed() + test::random_points() / 2, dsp48e1);
}

}  // namespace
}  // namespace weft
