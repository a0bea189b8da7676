// card_networks_test.cpp
// Networks on the emulated card: equal to the contract, as fast as their intervals say with any number of compute units, on one memory bank
// and on several, under stalls.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

#include "src/base/files.h"
#include "src/card/host_run.h"
#include "src/data/dataset.h"
#include "src/driver/package.h"
#include "src/emit/kernel_port.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/explore/folding.h"
#include "tests/emulation.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

fs::path test_images() { return test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz"; }

/// A network, its samples, and what the contract gives for them.
struct OnCard {
    std::unique_ptr<Compiled> compiled;
    std::vector<NamedTensor> inputs;
    std::vector<NamedTensor> expected;
};

Result<OnCard> network(const fs::path& model, const CompileOptions& options, const fs::path& samples, std::int64_t count) {
    OnCard network;
    WEFT_ASSIGN(network.compiled, compile(model, options));
    WEFT_ASSIGN(const Dataset data, load_dataset(samples));
    WEFT_ASSIGN(network.inputs, bind_inputs(head(data, count), network.compiled->model.source));
    WEFT_ASSIGN(const auto contract, IntegerEngine::make(network.compiled->model.quantized, network.compiled->design));
    WEFT_ASSIGN(network.expected, contract->run(network.inputs, count, {}));
    return network;
}

/// The card's figures of a run whose outputs are the contract's on every element.
nlohmann::json run_equal(const OnCard& network, const Card& card, const std::vector<std::string>& arguments) {
    const test::TemporaryFolder folder;
    const auto xclbin = package_emulation(card);
    EXPECT_TRUE(xclbin) << test::messages(xclbin);
    if (!xclbin) return {};
    EXPECT_TRUE(write_file(folder / "card.xclbin", *xclbin));
    const auto& kernel = card.kernels[0].description;
    const auto program = build_host_program(kernel);
    EXPECT_TRUE(program) << test::messages(program);
    if (!program) return {};
    const auto run = run_host(*program, kernel, folder / "card.xclbin", network.inputs, {.arguments = arguments});
    EXPECT_TRUE(run) << test::messages(run);
    if (!run) return {};
    EXPECT_TRUE(run->failure.empty()) << to_string(run->failure[0]);
    EXPECT_EQ(run->outputs.size(), network.expected.size());
    for (std::size_t i = 0; i < run->outputs.size() && i < network.expected.size(); ++i)
        EXPECT_TRUE(run->outputs[i].tensor.to_doubles() == network.expected[i].tensor.to_doubles()) << "output " << i;
    return run->report;
}

Result<Card> card_of(const Compiled& compiled, const EmulationOptions& options = {}) {
    const CardProject project = card_project(compiled);
    return emulated_card(std::span(&project, 1), options);
}

class CardNetworks : public testing::Test {
protected:
    static constexpr std::int64_t images = 2000;

    void SetUp() override { WEFT_REQUIRE_EMULATION(); }
    static Result<OnCard> fashion(int units, std::int64_t count) {
        CompileOptions options;
        options.preprocess = "scale=1/255";
        options.calibration = test_images();
        options.compute_units = units;
        options.self_check = false;
        return network(test::source_folder() / "examples/fashion-mnist/fashion.onnx", options, test_images(), count);
    }
    /// 25 commands for each unit: one more or less on a unit is little.
    static std::vector<std::string> commands(int units, std::int64_t count) {
        return {"--batch", std::to_string((count + 25 * units - 1) / (25 * units))};
    }
    static double cycles(const nlohmann::json& report) { return report["last_done"].get<double>() - report["first_start"].get<double>(); }
};

class CardUnits : public CardNetworks, public testing::WithParamInterface<int> {};

TEST_P(CardUnits, AllStayBusy) {
    WEFT_REQUIRE_PATH(test::fashion_mnist_folder());
    const int units = GetParam();
    const auto network = fashion(units, images);
    ASSERT_TRUE(network) << test::messages(network);
    const auto card = card_of(*network->compiled);
    ASSERT_TRUE(card) << test::messages(card);
    ASSERT_EQ(card->units.size(), static_cast<std::size_t>(units));
    const auto report = run_equal(*network, *card, commands(units, images));
    ASSERT_TRUE(report.is_object());
    const auto interval = static_cast<double>(figures(network->compiled->design).interval);
    const double bound = static_cast<double>(images) / units * interval;
    std::cout << fmt::format("{} compute units: {:.0f} cycles from the first start to the last done, bound {:.0f} ({:.1f} %)\n", units,
                             cycles(report), bound, 100 * bound / cycles(report));
    EXPECT_LE(cycles(report), bound / 0.95);
    for (const auto& unit : report["units"]) EXPECT_GE(unit["jobs"].size(), 8U);
}
INSTANTIATE_TEST_SUITE_P(Fashion, CardUnits, testing::Values(1, 2, 4));

TEST_F(CardNetworks, SharesOneBankUnderStalls) {
    WEFT_REQUIRE_PATH(test::fashion_mnist_folder());
    constexpr std::int64_t count = 400;
    const auto network = fashion(2, count);
    ASSERT_TRUE(network) << test::messages(network);
    const auto interval = static_cast<double>(figures(network->compiled->design).interval);
    for (const auto& [seed, bandwidth] : {std::pair{0, 0.0}, std::pair{0, 0.4e9}, std::pair{7, 0.0}}) {
        auto card = card_of(*network->compiled, {.stall_seed = static_cast<std::uint64_t>(seed)});
        ASSERT_TRUE(card);
        card->units[1].bank = card->units[0].bank;
        CardBank& bank = card->banks[card->units[0].bank];
        if (bandwidth > 0) bank.bandwidth = bandwidth;
        const auto report = run_equal(*network, *card, commands(2, count));
        ASSERT_TRUE(report.is_object());
        double frame_bytes = 0;
        for (const KernelPort& port : card->kernels[0].kernel.ports) frame_bytes += static_cast<double>(frame_layout(port).frame_bytes());
        const double compute = static_cast<double>(count) / 2 * interval;
        const double memory = static_cast<double>(count) * frame_bytes / (bank.bandwidth / (card->clock_mhz * 1e6));
        const double bound = std::max(compute, memory);
        std::cout << fmt::format("two units on one bank of {:.1f} GB/s, stalls of seed {}: {:.0f} cycles, modelled bound {:.0f}, by {}\n",
                                 bank.bandwidth / 1e9, seed, cycles(report), bound, memory > compute ? "the bank" : "compute");
        EXPECT_GE(cycles(report), bound * 0.97);
        if (seed == 0) {
            EXPECT_LE(cycles(report), bound / 0.9);
        }
    }
}

void expect_equal_behind(const char* board, std::int64_t count) {
    const fs::path model = test::models_folder() / "mlperf-tiny/resnet8_int8_qdq.onnx";
    const fs::path samples = test::data_folder() / "cifar10-500";
    WEFT_REQUIRE_PATH(model);
    WEFT_REQUIRE_PATH(samples);
    CompileOptions options;
    options.board = board;
    options.self_check = false;
    const auto network = weft::network(model, options, samples / "images.npy", count);
    ASSERT_TRUE(network) << test::messages(network);
    const auto card = card_of(*network->compiled);
    ASSERT_TRUE(card) << test::messages(card);
    const auto report = run_equal(*network, *card, {});
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report["units"][0]["counters"]["WEFT_FRAMES"], count);
}

TEST_F(CardNetworks, ResNet8BehindTheU200) { expect_equal_behind("alveo-u200", 10); }
TEST_F(CardNetworks, ResNet8BehindTheKv260) { expect_equal_behind("kv260", 4); }

}  // namespace
}  // namespace weft
