// random_graphs_test.cpp
// Random small networks from float to simulated kernel: contract = oracle = generated C++.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/design/plumb.h"
#include "src/driver/compile.h"
#include "src/engines/hls.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/engines/oracle.h"
#include "src/explore/folding.h"
#include "src/passes/fold_constants.h"
#include "tests/messages.h"
#include "tests/models/random_network.h"

namespace weft {
namespace {

class RandomGraphs : public testing::TestWithParam<int> {};

TEST_P(RandomGraphs, ContractEqualsOracleAndGeneratedCode) {
    const auto seed = static_cast<std::uint64_t>(GetParam());
    const Graph source = seed < 24 ? test::random_network(seed) : test::varied_network(seed);
    ASSERT_TRUE(verify(source)) << print(source);
    constexpr std::int64_t images = 6;
    const std::vector<double> low{-1}, high{2};
    const std::vector<NamedTensor> samples = random_inputs(source, low, high, images, seed);
    QuantizeOptions options;
    if (seed % 3 == 1) options.bits = seed % 2 == 0 ? "w2a3" : "w4a6";
    const auto quantised = quantize(source, samples, images, options, {});
    ASSERT_TRUE(quantised) << test::messages(quantised.error());
    auto lowered = lower(*quantised, "random");
    ASSERT_TRUE(lowered) << test::messages(lowered.error()) << print(*quantised);
    Design& design = lowered->design;
    ASSERT_TRUE(fold(design, {.mac_dsp_limit = 40.0 + 30 * static_cast<double>(seed % 5)}));
    const Status plumbed = plumb(design);
    ASSERT_TRUE(plumbed) << test::messages(plumbed.error());
    ASSERT_TRUE(verify(design, true));

    const auto reference = IntegerEngine::make(*quantised, design, true);
    const auto fast = IntegerEngine::make(*quantised, design, false);
    const auto host = Host::make(*quantised, design);
    ASSERT_TRUE(reference && fast && host);
    RegionOracle oracle(*quantised, design, &source);
    std::vector<std::vector<IntTensor>> frames, expected;
    for (std::int64_t image = 0; image < images; ++image) {
        const std::vector<Tensor> inputs{image_of(samples[0].tensor, image, *source.inputs[0])};
        const auto streams = (*reference)->all_streams(inputs), quick = (*fast)->all_streams(inputs);
        ASSERT_TRUE(streams && quick);
        EXPECT_EQ(*streams, *quick);
        ASSERT_TRUE(oracle.add(inputs, *streams));
        const auto sent = host->prepare(inputs);
        ASSERT_TRUE(sent);
        frames.push_back(*sent);
        std::vector<IntTensor> results;
        for (const KernelOutput& output : design.outputs) {
            for (std::size_t s = 0; s < design.streams.size(); ++s) {
                if (design.streams[s].get() == output.binding.stream) results.push_back((*streams)[s]);
            }
        }
        expected.push_back(std::move(results));
    }
    EXPECT_FALSE(oracle.regions().empty());
    for (const RegionAgreement& region : oracle.regions()) EXPECT_TRUE(region.exact()) << region.node << " " << region.tensor;

    if (seed % (seed < 24 ? 4 : 16) != 0) return;  // The C++ compiler takes seconds for each: some of the networks stand for all.
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler on PATH";
    const EmitOptions emit;
    const auto project = emit_hls(design, emit);
    ASSERT_TRUE(project) << test::messages(project.error());
    const auto simulation = HlsSimulation::build(*project, kernel_ports(design, emit));
    ASSERT_TRUE(simulation) << test::messages(simulation.error());
    const auto received = simulation->run(frames, {});
    ASSERT_TRUE(received) << test::messages(received.error());
    EXPECT_EQ(*received, expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, testing::Range(0, 80));

}  // namespace
}  // namespace weft
