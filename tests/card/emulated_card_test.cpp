// emulated_card_test.cpp
// A stock XRT host, compiled as a user would, on the emulated card: every byte comes back, from several compute units at once, in both
// modes; and what a kernel may not do ends the host with a message.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/card/card.h"
#include "src/card/host_environment.h"
#include "src/card/host_run.h"
#include "src/card/xclbin.h"
#include "tests/emulation.h"
#include "tests/passing_design.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// A card whose kernels copy frames of 784 bytes, 832 in memory.
class EmulatedCard : public ::testing::Test {
protected:
    static constexpr std::size_t frame_bytes = 832;

    void SetUp() override {
        WEFT_REQUIRE_EMULATION();
        const auto kernel = make_rtl_kernel(design_, {});
        ASSERT_TRUE(kernel);
        card_.platform = "a_platform";
        card_.device_part = "xcu200";
        card_.clock_mhz = 300;
        card_.banks = {{"DDR[0]", 0x40'0000'0000, std::uint64_t{1} << 34, 19.2e9, 100},
                       {"DDR[1]", 0x50'0000'0000, std::uint64_t{1} << 34, 19.2e9, 100}};
        card_.kernels = {{*kernel, {{"kernel", "copy"}}, 20'000}};
        card_.units = {{0, 0}, {0, 1}};
    }
    ~EmulatedCard() override {
        std::error_code ignored;
        fs::remove_all(scratch_, ignored);
    }

    /// The host's end: what it printed, and its exit code.
    ProcessResult run(HostMode mode, int units, int commands, int frames, const std::vector<std::string>& more = {}) {
        const auto xclbin = package_emulation(card_);
        EXPECT_TRUE(xclbin) << (xclbin ? "" : to_string(xclbin.error()[0]));
        if (!xclbin) return {};
        EXPECT_TRUE(write_file(folder_ / "card.xclbin", *xclbin));
        input_.resize(static_cast<std::size_t>(commands * frames) * frame_bytes);
        std::mt19937_64 random(1);
        for (std::size_t i = 0; i < input_.size(); ++i) input_[i] = i % frame_bytes < 784 ? static_cast<char>(random()) : '\0';
        EXPECT_TRUE(write_file(folder_ / "input", input_));
        const std::string host = (folder_ / "host").string();
        const auto compiled =
            run_process({"g++", "-std=c++17", "-I/usr/include/xrt", (test::source_folder() / "tests/card/copy_host.cpp").string(), "-o",
                         host, "-lxrt_coreutil", "-pthread"});
        EXPECT_TRUE(compiled && compiled->exit_code == 0) << (compiled ? compiled->errors : "");
        const auto environment = host_environment(mode, "a_card", scratch_);
        EXPECT_TRUE(environment);
        if (!environment) return {};
        std::vector<std::string> command{"env", "--chdir=" + folder_.path().string(),
                                         "WEFT_CARD_REPORT=" + (folder_ / "report.json").string()};
        for (const auto& [name, value] : *environment) command.push_back(name + "=" + value);
        for (const std::string& variable : variables_) command.push_back(variable);
        command.insert(command.end(), {"timeout", "-s", "KILL", "100", host, (folder_ / "card.xclbin").string(), "copy_kernel",
                                       std::to_string(units), std::to_string(commands), std::to_string(frames), std::to_string(frame_bytes),
                                       (folder_ / "input").string(), (folder_ / "output").string()});
        command.insert(command.end(), more.begin(), more.end());
        const auto result = run_process(command);
        EXPECT_TRUE(result);
        return result ? *result : ProcessResult{};
    }
    void copied(const ProcessResult& result) {
        ASSERT_EQ(result.exit_code, 0) << result.output << result.errors;
        const auto output = read_file(folder_ / "output");
        ASSERT_TRUE(output);
        EXPECT_TRUE(*output == input_);
    }
    nlohmann::json report() const {
        const auto text = read_file(folder_ / "report.json");
        return text ? nlohmann::json::parse(*text) : nlohmann::json();
    }

    Design design_ = test::passing("copy", {{{28, 28, 1, 1}, 0, 255, {1, 1, 1}}});
    Card card_;
    test::TemporaryFolder folder_;
    fs::path scratch_ = fs::path("/tmp") / fmt::format("weft-card-test-{}", ::getpid());
    std::string input_;
    std::vector<std::string> variables_;
};

TEST_F(EmulatedCard, CopiesInPureConfiguration) {
    const ProcessResult result = run(HostMode::pure, 2, 4, 3);
    copied(result);
    const auto figures = report();
    ASSERT_EQ(figures["units"].size(), 2U);
    for (const auto& unit : figures["units"]) {
        EXPECT_EQ(unit["jobs"].size(), 2U);
        EXPECT_EQ(unit["counters"]["WEFT_FRAMES"], 6);
        EXPECT_EQ(unit["counters"]["WEFT_ERRORS"], 0);
    }
}

TEST_F(EmulatedCard, CopiesWithManyCommandsInFlight) {
    const ProcessResult result = run(HostMode::fast, 2, 12, 40);
    copied(result);
    const auto figures = report();
    ASSERT_EQ(figures["units"].size(), 2U);
    // A byte a cycle: no unit waits for the host between its commands, but at the ends.
    for (const auto& unit : figures["units"]) {
        const auto& jobs = unit["jobs"];
        ASSERT_EQ(jobs.size(), 6U);
        const double cycles = jobs.back()["done"].get<double>() - jobs.front()["start"].get<double>();
        EXPECT_LT(cycles, 6 * 40 * 784 * 1.05);
        EXPECT_GE(cycles, 6 * 40 * 784);
        EXPECT_EQ(unit["counters"]["WEFT_FRAMES"], 240);
    }
    EXPECT_EQ(figures["banks"][0]["bytes_read"], 240 * frame_bytes);
    EXPECT_EQ(figures["banks"][1]["bytes_written"], 240 * frame_bytes);
}

TEST_F(EmulatedCard, CopiesUnderRandomStallsAndSlowMemory) {
    card_.stall_seed = 3;
    for (CardBank& bank : card_.banks) bank.bandwidth = 1e9;
    copied(run(HostMode::fast, 2, 4, 5));
}

TEST_F(EmulatedCard, WritesWaveforms) {
    card_.trace = true;
    variables_ = {"WEFT_CARD_TRACE=" + folder_.path().string()};
    copied(run(HostMode::fast, 1, 1, 1));
    EXPECT_GT(fs::file_size(folder_ / "copy_kernel_1.fst"), 1000U);
}

TEST_F(EmulatedCard, EndsAHostWhoseKernelLeavesItsBuffers) {
    const ProcessResult result = run(HostMode::fast, 1, 1, 3, {"outside"});
    EXPECT_EQ(result.exit_code, 128 + 15);
    EXPECT_THAT(result.errors, HasSubstr("copy_kernel_1's port m_axi_gmem"));
    EXPECT_THAT(result.errors, HasSubstr("in no buffer that the host has allocated in DDR[0]"));
    EXPECT_THAT(result.errors, HasSubstr("has ended (status 3) before its host"));
}

TEST_F(EmulatedCard, EndsAHostWhoseKernelStandsStill) {
    for (CardBank& bank : card_.banks) bank.latency_ns = 1e9;
    const ProcessResult result = run(HostMode::fast, 1, 1, 1);
    EXPECT_EQ(result.exit_code, 128 + 15);
    EXPECT_THAT(result.errors, HasSubstr("copy_kernel_1: nothing has moved at its memory ports for 20000 cycles"));
}

TEST_F(EmulatedCard, EndsAtItsLimitOfCycles) {
    card_.most_cycles = 1000;
    const ProcessResult result = run(HostMode::fast, 1, 1, 3);
    EXPECT_EQ(result.exit_code, 128 + 15);
    EXPECT_THAT(result.errors, HasSubstr("the limit of 1000 cycles is reached"));
}

TEST_F(EmulatedCard, RefusesBankNamesThatXrtHasNoRoomFor) {
    card_.banks[0].name = "A_BANK_OF_MEMORY";
    const auto xclbin = package_emulation(card_);
    ASSERT_FALSE(xclbin);
    EXPECT_THAT(to_string(xclbin.error()[0]), HasSubstr("'A_BANK_OF_MEMORY' is longer than the 15 characters that XRT takes"));
}

TEST_F(EmulatedCard, NumbersUnitsOfLongNames) {
    EXPECT_EQ(unit_names(card_), (std::vector<std::string>{"copy_kernel_1", "copy_kernel_2"}));
    card_.kernels[0].kernel.name = std::string(40, 'k');
    EXPECT_EQ(unit_names(card_), (std::vector<std::string>{"cu_1", "cu_2"}));
}

TEST_F(EmulatedCard, RefusesTwoKernelsOfOneName) {
    card_.kernels.push_back(card_.kernels[0]);
    const auto xclbin = package_emulation(card_);
    ASSERT_FALSE(xclbin);
    EXPECT_THAT(to_string(xclbin.error()[0]), HasSubstr("two projects have kernels of the same name, 'copy_kernel'"));
}

TEST(HostEnvironment, RefusesAnXrtThatEmulationWasNotTestedWith) {
    const test::TemporaryFolder folder;
    fs::create_directories(folder / "lib");
    ASSERT_TRUE(write_file(folder / "lib/libxrt_hwemu.so.2.99.1", ""));
    fs::create_symlink("libxrt_hwemu.so.2.99.1", folder / "lib/libxrt_hwemu.so.2");
    ::setenv("XILINX_XRT", folder.path().c_str(), 1);
    const auto xrt = find_emulating_xrt();
    ::unsetenv("XILINX_XRT");
    ASSERT_FALSE(xrt);
    EXPECT_THAT(to_string(xrt.error()[0]), HasSubstr("not been tested with version '2.99.1' of XRT"));
    EXPECT_THAT(to_string(xrt.error()[0]), HasSubstr("tested: 2.13.0"));
}

TEST(HostEnvironment, NeedsXrt) {
    const test::TemporaryFolder folder;
    const auto xrt = find_emulating_xrt({folder.path()});
    ASSERT_FALSE(xrt);
    EXPECT_THAT(to_string(xrt.error()[0]),
                HasSubstr("XRT, whose driver speaks to an emulated card, is not installed\n  help: apt-get install libxrt1 libxrt-dev"));
}

/// With these programs of the system's alone, and an empty cache.
class Without : public ::testing::Test {
protected:
    void SetUp() override {
        if (!find_emulating_xrt()) GTEST_SKIP() << "no XRT";
        path_ = std::getenv("PATH");
        if (const char* cache = std::getenv("XDG_CACHE_HOME")) cache_ = cache;
        fs::create_directories(folder_ / "bin");
        ::setenv("PATH", (folder_ / "bin").c_str(), 1);
        ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    }
    void TearDown() override {
        if (path_.empty()) return;
        ::setenv("PATH", path_.c_str(), 1);
        if (cache_)
            ::setenv("XDG_CACHE_HOME", cache_->c_str(), 1);
        else
            ::unsetenv("XDG_CACHE_HOME");
    }
    void have(const std::string& program) { fs::create_symlink("/usr/bin/" + program, folder_ / ("bin/" + program)); }
    std::string said(HostMode mode) {
        const auto variables = host_environment(mode, "a_card", folder_ / "scratch");
        return variables ? "" : to_string(variables.error()[0]);
    }

    test::TemporaryFolder folder_;
    std::string path_;
    std::optional<std::string> cache_;
};

TEST_F(Without, Unzip) { EXPECT_THAT(said(HostMode::pure), HasSubstr("unzip, with which XRT unpacks an emulated card, is not installed")); }

TEST_F(Without, Compilers) {
    have("unzip");
    EXPECT_EQ(said(HostMode::pure), "");
    EXPECT_THAT(said(HostMode::fast), HasSubstr("no C compiler for the library that shortens the waits of an emulated card"));
    const auto program = build_host_program({{"kernel", "k"},
                                             {"model", "m"},
                                             {"model_hash", ""},
                                             {"inputs", nlohmann::ordered_json::array()},
                                             {"outputs", nlohmann::ordered_json::array()},
                                             {"left", nlohmann::ordered_json::array()}});
    ASSERT_FALSE(program);
    EXPECT_THAT(to_string(program.error()[0]), HasSubstr("the host program cannot be built"));
}

TEST(HostEnvironment, KeepsTheUsersOwnSettings) {
    if (!find_emulating_xrt()) GTEST_SKIP() << "no XRT";
    const test::TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder / "xrt.ini", "# mine\n[Runtime]\nverbosity = 5\n[Emulation]\nprint_infos_in_console=true\n"));
    ::setenv("XRT_INI_PATH", (folder / "xrt.ini").c_str(), 1);
    const auto variables = host_environment(HostMode::pure, "a_card", folder.path());
    ::unsetenv("XRT_INI_PATH");
    ASSERT_TRUE(variables);
    const std::string script = environment_script(*variables);
    EXPECT_THAT(script, HasSubstr("export XCL_EMULATION_MODE='hw_emu'\n"));
    EXPECT_THAT(script, Not(HasSubstr("LD_PRELOAD")));
    for (const auto& [name, value] : *variables) {
        if (name != "XRT_INI_PATH") continue;
        const auto text = read_file(value);
        ASSERT_TRUE(text);
        EXPECT_THAT(*text, HasSubstr("verbosity=5\n"));
        EXPECT_THAT(*text, HasSubstr("kds=false\n"));
        EXPECT_THAT(*text, HasSubstr("print_infos_in_console=true\n"));
        EXPECT_GT(text->size(), 0x100000U);
    }
}

TEST(HostEnvironment, QuotesForTheShell) { EXPECT_EQ(environment_script({{"A", "it's"}}), "export A='it'\\''s'\n"); }

TEST(HostEnvironment, RemovesWhatDeadHostsHaveLeft) {
    const test::TemporaryFolder folder;
    const fs::path shared = folder / "shared";
    const auto gone = run_process({"sh", "-c", "echo $$"});
    ASSERT_TRUE(gone);
    const std::string dead = gone->output.substr(0, gone->output.find('\n'));
    const std::string alive = std::to_string(::getpid());
    for (const std::string& pid : {dead, alive}) {
        fs::create_directories(shared / ".run" / pid / "hw_em");
        ASSERT_TRUE(write_file(shared / ("device0_0_" + pid), ""));
        fs::create_directories(folder / ("shared-" + pid + "-0/work"));
    }
    remove_dead_runs(shared);
    EXPECT_FALSE(fs::exists(shared / ".run" / dead));
    EXPECT_FALSE(fs::exists(shared / ("device0_0_" + dead)));
    EXPECT_TRUE(fs::exists(shared / ".run" / alive));
    EXPECT_TRUE(fs::exists(shared / ("device0_0_" + alive)));
    EXPECT_FALSE(fs::exists(folder / ("shared-" + dead + "-0")));
    EXPECT_TRUE(fs::exists(folder / ("shared-" + alive + "-0/work")));
}

}  // namespace
}  // namespace weft
