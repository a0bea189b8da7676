// random_graphs_test.cpp
// Random small networks from float to simulated kernel: contract = oracle = generated C++.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/design/plumb.h"
#include "src/driver/compile.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/engines/oracle.h"
#include "src/explore/folding.h"
#include "src/graph/fold_constants.h"
#include "src/simulate/hls_simulation.h"
#include "tests/conformance/points.h"
#include "tests/messages.h"
#include "tests/models/random_network.h"

namespace weft {
namespace {

constexpr std::int64_t images = 6;

std::vector<NamedTensor> samples_of(const Graph& source, std::uint64_t seed) {
    const std::vector<double> low{-1}, high{2};
    return random_inputs(source, low, high, images, seed);
}

/// From a quantized network to its contract, which must equal the oracle; and, with `generated`, the C++ made from it.
void expect_contract(const Graph& source, const Graph& quantized, const std::vector<NamedTensor>& samples, std::uint64_t seed,
                     bool generated) {
    auto lowered = lower(quantized, "random");
    ASSERT_TRUE(lowered) << test::messages(lowered.error()) << print(quantized);
    Design& design = lowered->design;
    ASSERT_TRUE(fold(design, {.mac_dsp_limit = 40.0 + 30 * static_cast<double>(seed % 5)}));
    const Status plumbed = plumb(design);
    ASSERT_TRUE(plumbed) << test::messages(plumbed.error());
    ASSERT_TRUE(verify(design, true));

    const auto reference = IntegerEngine::make(quantized, design, true);
    const auto fast = IntegerEngine::make(quantized, design, false);
    const auto host = Host::make(quantized, design);
    ASSERT_TRUE(reference && fast && host) << (host ? "" : test::messages(host.error())) << print(quantized);
    RegionOracle oracle(quantized, design, &source);
    const Evaluator whole(quantized, DataType::float64);
    std::vector<std::vector<IntTensor>> frames, expected;
    for (std::int64_t image = 0; image < images; ++image) {
        const std::vector<Tensor> inputs{sample_of(samples[0].tensor, image, *source.inputs[0])};
        const auto streams = (*reference)->all_streams(inputs), quick = (*fast)->all_streams(inputs);
        ASSERT_TRUE(streams && quick);
        EXPECT_EQ(*streams, *quick);
        const auto agreement = oracle.compare(inputs, *streams);
        ASSERT_TRUE(agreement) << test::messages(agreement);
        oracle.add(*agreement);
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
    for (const RegionAgreement& region : oracle.regions())
        EXPECT_TRUE(region.exact()) << region.node << " " << region.tensor << "\n" << print(quantized);

    if (!generated) return;  // The C++ compiler takes seconds for each: some of the networks stand for all.
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

class RandomGraphs : public testing::TestWithParam<int> {};

TEST_P(RandomGraphs, ContractEqualsOracleAndGeneratedCode) {
    const auto seed = static_cast<std::uint64_t>(GetParam());
    const Graph source = seed < 24 ? test::random_network(seed) : test::varied_network(seed);
    ASSERT_TRUE(verify(source)) << print(source);
    const std::vector<NamedTensor> samples = samples_of(source, seed);
    QuantizeOptions options;
    if (seed % 3 == 1) options.bits = seed % 2 == 0 ? "w2a3" : "w4a6";
    const auto quantized = quantize(source, samples, images, options, {});
    ASSERT_TRUE(quantized) << test::messages(quantized.error());
    expect_contract(source, *quantized, samples, seed, seed % (seed < 24 ? 4 : 16) == 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, testing::Range(0, 80));

/// WEFT_RANDOM_POINTS says how many chains in place of 150, WEFT_SEED the first one's seed.
TEST(RandomChains, OfFloatNetworksEqualTheOracle) {
    const std::uint64_t first = test::first_seed(), count = std::max<std::uint64_t>(150, test::random_points());
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE(fmt::format("WEFT_SEED={}", seed));
        Graph source = test::random_chain(seed, false);
        ASSERT_TRUE(source.sort());
        ASSERT_TRUE(verify(source)) << print(source);
        const std::vector<NamedTensor> samples = samples_of(source, seed);
        const auto quantized = quantize(source, samples, images, {}, {});
        ASSERT_TRUE(quantized) << test::messages(quantized.error()) << print(source);
        expect_contract(source, *quantized, samples, seed, false);
        if (HasFailure()) return;
    }
}

TEST(RandomChains, OfQuantizedNetworksEqualTheOracle) {
    const std::uint64_t first = test::first_seed(), count = std::max<std::uint64_t>(150, test::random_points());
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE(fmt::format("WEFT_SEED={}", seed));
        Graph source = test::random_chain(seed, true);
        ASSERT_TRUE(source.sort());
        ASSERT_TRUE(verify(source)) << print(source);
        expect_contract(source, source, samples_of(source, seed), seed, seed % 50 == 0);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace weft
