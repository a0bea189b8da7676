// rtl_kernel_test.cpp
// The RTL kernel behind its memory shell: whatever frames look like, calls of any size put the right bytes into memory, and the registers
// tell what happened.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "src/simulate/rtl_kernel.h"
#include "tests/passing_design.h"
#include "units/common/cases.h"

namespace weft {
namespace {

using test::Layout;
using test::passing;

std::vector<IntTensor> images_for(const Layout& layout, std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IntTensor> images(count, IntTensor(layout.shape));
    for (IntTensor& image : images)
        for (std::int32_t& e : image.data)
            e = static_cast<std::int32_t>(layout.min +
                                          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(layout.max - layout.min + 1)));
    return images;
}

struct Case {
    std::string name;
    std::vector<Layout> layouts;
    int word_bits = 512;
};
const std::vector<Case> kernels = {
    {"bytes", {{{28, 28, 1, 1}, 0, 255, {1, 1, 1}}}},
    {"partial_row", {{{5, 7, 1, 3}, -128, 127, {2, 1, 3}}}},
    {"folds", {{{3, 5, 1, 5}, -8, 7, {1, 1, 2}}}},
    {"pixels_in_folds", {{{3, 7, 1, 5}, -100, 100, {2, 1, 2}}}},
    {"wide_folds", {{{3, 7, 1, 75}, -60, 60, {2, 1, 7}}}},
    {"short_rest", {{{2, 5, 1, 40}, -128, 127, {4, 1, 40}}}},
    {"within_a_word", {{{3, 3, 1, 5}, -128, 127, {2, 1, 5}}}},
    {"spare_lanes", {{{3, 6, 1, 3}, 0, 15, {4, 1, 4}}}},
    {"wide_beats", {{{2, 3, 1, 70}, -128, 127, {1, 1, 70}}}},
    {"halves", {{{2, 2, 1, 100}, -32768, 32767, {1, 1, 50}}}},
    {"one_beat", {{{1, 1, 1, 10}, -128, 127, {1, 1, 10}}}},
    {"whole_words", {{{4, 4, 1, 64}, 0, 255, {1, 1, 64}}}},
    {"twenty_bits", {{{1, 3, 1, 3}, -500000, 500000, {1, 1, 3}}}},
    {"straddling_end", {{{1, 2, 1, 50}, -128, 127, {1, 1, 50}}}},
    {"full_after_straddling", {{{2, 1, 1, 100}, -128, 127, {1, 1, 100}}}},
    {"many_bursts", {{{40, 33, 1, 8}, -128, 127, {4, 1, 8}}}},
    {"bits", {{{3, 1, 1, 7}, 0, 1, {1, 1, 7}}}},
    {"taps", {{{3, 3, 4, 3}, -128, 127, {1, 2, 3}}}},
    {"two_ports", {{{6, 6, 1, 3}, -128, 127, {1, 1, 3}}, {{1, 1, 1, 40}, -2000, 2000, {1, 1, 8}}}},
    // Memory ports of other boards: beats of less and of more than a word, elements of every size.
    {"bytes_64", {{{28, 28, 1, 1}, 0, 255, {1, 1, 1}}}, 64},
    {"bytes_128", {{{28, 28, 1, 1}, 0, 255, {1, 1, 1}}}, 128},
    {"bytes_256", {{{28, 28, 1, 1}, 0, 255, {1, 1, 1}}}, 256},
    {"pixels_in_folds_64", {{{3, 7, 1, 5}, -100, 100, {2, 1, 2}}}, 64},
    {"wide_folds_256", {{{3, 7, 1, 75}, -60, 60, {2, 1, 7}}}, 256},
    {"wide_beats_64", {{{2, 3, 1, 70}, -128, 127, {1, 1, 70}}}, 64},
    {"wide_beats_128", {{{2, 3, 1, 70}, -128, 127, {1, 1, 70}}}, 128},
    {"halves_256", {{{2, 2, 1, 100}, -32768, 32767, {1, 1, 50}}}, 256},
    {"twenty_bits_64", {{{1, 3, 1, 3}, -500000, 500000, {1, 1, 3}}}, 64},
    {"straddling_end_128", {{{1, 2, 1, 50}, -128, 127, {1, 1, 50}}}, 128},
    {"many_bursts_128", {{{40, 33, 1, 8}, -128, 127, {4, 1, 8}}}, 128},
    {"taps_128", {{{3, 3, 4, 3}, -128, 127, {1, 2, 3}}}, 128},
    {"two_ports_256", {{{6, 6, 1, 3}, -128, 127, {1, 1, 3}}, {{1, 1, 1, 40}, -2000, 2000, {1, 1, 8}}}, 256},
};

class RtlKernels : public ::testing::Test {
protected:
    /// One program for all kernels of this file.
    static void SetUpTestSuite() {
        if (!has_verilator()) return;
        designs_ = new std::vector<Design>();
        for (const Case& one : kernels) designs_->push_back(passing(one.name, one.layouts));
        std::vector<RtlKernel> list;
        for (std::size_t k = 0; k < kernels.size(); ++k) {
            auto kernel = make_rtl_kernel((*designs_)[k], {.model_hash = "0123456789abcdef00", .memory_bits = kernels[k].word_bits});
            ASSERT_TRUE(kernel) << to_string(kernel.error()[0]);
            list.push_back(*std::move(kernel));
        }
        auto simulation = RtlKernelSimulation::build(list);
        ASSERT_TRUE(simulation) << to_string(simulation.error()[0]);
        simulation_ = new RtlKernelSimulation(*std::move(simulation));
    }
    static void TearDownTestSuite() {
        delete simulation_;
        delete designs_;
    }
    void SetUp() override {
        if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed";
        ASSERT_NE(simulation_, nullptr);
    }

    static std::size_t index_of(const std::string& name) {
        for (std::size_t i = 0; i < kernels.size(); ++i)
            if (kernels[i].name == name) return i;
        return 0;
    }
    static std::vector<std::vector<IntTensor>> images_of(std::size_t kernel, std::size_t count) {
        std::vector<std::vector<IntTensor>> images(count);
        for (const Layout& layout : kernels[kernel].layouts) {
            const auto frames = images_for(layout, count, 3 * kernel + 1);
            for (std::size_t i = 0; i < count; ++i) images[i].push_back(frames[i]);
        }
        return images;
    }
    /// Runs and compares; what it returns is there for more questions.
    static RtlKernelRun passes(std::size_t kernel, std::size_t count, const RtlKernelRunOptions& options) {
        const auto images = images_of(kernel, count);
        auto run = simulation_->run(kernel, images, options);
        EXPECT_TRUE(run) << to_string(run.error()[0]);
        if (!run) return {};
        EXPECT_EQ(run->outputs.size(), count);
        for (std::size_t i = 0; i < count && i < run->outputs.size(); ++i)
            for (std::size_t p = 0; p < images[i].size(); ++p) EXPECT_EQ(run->outputs[i][p].data, images[i][p].data) << "image " << i;
        EXPECT_TRUE(run->spare_bytes_zero);
        EXPECT_EQ(run->registers["WEFT_FRAMES"], count);
        return *std::move(run);
    }

    static inline std::vector<Design>* designs_ = nullptr;
    static inline RtlKernelSimulation* simulation_ = nullptr;
};

TEST_F(RtlKernels, PassEveryLayoutInCallsOfAnySize) {
    for (std::size_t k = 0; k < kernels.size(); ++k)
        for (const std::uint64_t seed : {0, 1, 2}) {
            SCOPED_TRACE(fmt::format("kernel {}, stall seed {}", kernels[k].name, seed));
            const RtlKernelRun run = passes(
                k, 9, {.batches = {1, 2, 0, 5, -3, 1}, .stall_seed = seed, .overlap = seed == 2, .first_word = static_cast<int>(5 * seed)});
            EXPECT_EQ(run.registers.at("WEFT_ERRORS"), 0U);
            EXPECT_EQ(run.calls.size(), 6U);
        }
}

TEST_F(RtlKernels, LoseNoCycleBetweenWordsBeatsAndFrames) {
    for (std::size_t k = 0; k < kernels.size(); ++k) {
        SCOPED_TRACE(kernels[k].name);
        std::int64_t bound = 1;
        for (const KernelPort& port : kernel_ports((*designs_)[k], {.memory_bits = kernels[k].word_bits})) {
            const Beat& beat = port.stream->beat;
            const std::int64_t beats = beat.count(port.stream->shape);
            const std::int64_t pieces = (frame_layout(port).bytes() * beat.elements() * 8 + port.word_bits - 1) / port.word_bits;
            bound = std::max({bound, frame_layout(port).words(), beats * pieces});
        }
        // Full bursts in both, so that what differs is the rate.
        const std::int64_t images = bound < 100 ? 256 : 64, less = images / 4;
        const auto run = passes(k, static_cast<std::size_t>(images), {});
        const auto few = passes(k, static_cast<std::size_t>(less), {});
        const auto cycles = run.calls.at(0).done - run.calls.at(0).start - (few.calls.at(0).done - few.calls.at(0).start);
        // Full rate, but for the cases that weft_pack names: a cycle a frame; in each row three groups of three
        // words and one of two; of five and three; of two and one.
        const std::map<std::string, std::int64_t> named = {{"full_after_straddling", 1},
                                                           {"halves", 1},
                                                           {"wide_beats_128", 1},
                                                           {"wide_folds", 3 * (3 * 2 + 1)},
                                                           {"wide_folds_256", 3 * (3 * 4 + 2)},
                                                           {"pixels_in_folds_64", 3 * 3}};
        const auto at = named.find(kernels[k].name);
        const std::int64_t lost = at == named.end() ? 0 : at->second;
        EXPECT_LE(static_cast<double>(cycles) / static_cast<double>(images - less), static_cast<double>(bound + lost) * 1.02)
            << "bound " << bound;
    }
}

TEST_F(RtlKernels, StartAgainAfterAResetInMidFrame) {
    for (const char* name : {"bytes", "wide_beats", "two_ports", "straddling_end"})
        for (const std::int64_t cycle : {40, 97, 150, 333}) {
            SCOPED_TRACE(fmt::format("kernel {}, reset in cycle {}", name, cycle));
            passes(index_of(name), 7, {.batches = {3, 4}, .stall_seed = cycle == 97 ? 5U : 0U, .reset_at = cycle});
        }
}

TEST_F(RtlKernels, TellFailedAccesses) {
    const std::size_t kernel = index_of("partial_row");
    EXPECT_EQ(passes(kernel, 6, {.failing_read = 3}).registers.at("WEFT_ERRORS"), 1U);
    EXPECT_EQ(passes(kernel, 6, {.batches = {2, 4}, .failing_write = 1}).registers.at("WEFT_ERRORS"), 2U);
}

TEST_F(RtlKernels, OverlapCallsWhereTheHostLetsThem) {
    const std::vector<std::int64_t> calls(8, 1);
    const auto apart = passes(index_of("many_bursts"), 8, {.batches = calls});
    const auto together = passes(index_of("many_bursts"), 8, {.batches = calls, .overlap = true});
    const auto span = [](const RtlKernelRun& run) { return run.calls.back().done - run.calls.front().start; };
    EXPECT_LT(span(together), span(apart));
    EXPECT_LT(together.calls.at(1).start, together.calls.at(0).done);
}

TEST_F(RtlKernels, RaiseAnInterruptForEveryCall) {
    // Short calls that overlap: one is done before the host has answered the interrupt of the one before.
    const std::vector<std::int64_t> calls(12, 1);
    for (const char* name : {"one_beat", "bytes", "two_ports"})
        for (const std::uint64_t seed : {0, 1, 2, 3}) {
            SCOPED_TRACE(fmt::format("kernel {}, stall seed {}", name, seed));
            passes(index_of(name), 12, {.batches = calls, .latency = 2, .stall_seed = seed, .overlap = true, .interrupts = true});
            passes(index_of(name), 12, {.batches = calls, .stall_seed = seed, .interrupts = true});
        }
}

TEST_F(RtlKernels, LoseACallWhereTheInterruptFollowsAPulse) {
    const Design design = passing("pulse", {{{1, 1, 1, 10}, -128, 127, {1, 1, 10}}});
    auto kernel = make_rtl_kernel(design, {});
    ASSERT_TRUE(kernel) << to_string(kernel.error()[0]);
    std::size_t changed = 0;
    for (ProjectFile& file : kernel->files) {
        const std::string level = "{fires, done || done_flag}";
        if (const std::size_t at = file.text.find(level); at != std::string::npos) {
            file.text.replace(at, level.size(), "{fires, done_taken}");
            ++changed;
        }
    }
    ASSERT_EQ(changed, 1U) << "the source has changed: the fault cannot be put in";
    const auto simulation = RtlKernelSimulation::build(std::span(&*kernel, 1), {.brief = true});
    ASSERT_TRUE(simulation) << to_string(simulation.error()[0]);
    std::vector<std::vector<IntTensor>> images;
    for (IntTensor& image : images_for({{1, 1, 1, 10}, -128, 127, {1, 1, 10}}, 12, 1)) images.push_back({std::move(image)});
    const auto run = simulation->run(
        0, images, {.batches = std::vector<std::int64_t>(12, 1), .latency = 2, .overlap = true, .interrupts = true, .patience = 10000});
    ASSERT_FALSE(run);
    EXPECT_NE(run.error()[0].reason.find("stopped before its last call was done"), std::string::npos) << run.error()[0].reason;
}

TEST_F(RtlKernels, CountWhatTheyDid) {
    const auto run = passes(index_of("bytes"), 10, {.latency = 200});
    EXPECT_EQ(run.registers.at("WEFT_MODEL_HASH"), 0x0123456789abcdefU);
    EXPECT_EQ(run.registers.at("WEFT_VERSION"), version_word(WEFT_VERSION));
    const auto cycles = static_cast<std::uint64_t>(run.calls[0].done - run.calls[0].start);
    EXPECT_NEAR(static_cast<double>(run.registers.at("WEFT_CYCLES")), static_cast<double>(cycles), 4);
    EXPECT_GT(run.registers.at("WEFT_INPUT_STALLS"), 200U);
    EXPECT_LT(run.registers.at("WEFT_INPUT_STALLS"), 1000U);
    fmt::print("start to done, 784 bytes through a wire, memory latency 64: {} cycles\n", [&] {
        const auto one = passes(index_of("bytes"), 1, {});
        return one.calls[0].done - one.calls[0].start;
    }());
}

}  // namespace
}  // namespace weft
