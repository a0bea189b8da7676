// card_faults_test.cpp
// What goes wrong while a host runs on the emulated card: a message and the right exit code within seconds, and nothing stays: no process,
// no socket, no folder.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/card/host_run.h"
#include "src/driver/package.h"
#include "tests/driver/small_project.h"
#include "tests/emulation.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using Clock = std::chrono::steady_clock;

/// How the scratch folders of the process `weft` begin.
std::string scratch_prefix(pid_t weft) { return fmt::format("/tmp/weft-card-{}-{}-", ::getuid(), weft); }

/// Processes whose working folder lies in a scratch folder of `weft` and whose program has that name; an empty name: any.
std::vector<pid_t> processes(pid_t weft, const std::string& program) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc", ignored)) {
        const fs::path folder = fs::read_symlink(entry.path() / "cwd", ignored);
        if (ignored || !folder.string().starts_with(scratch_prefix(weft))) continue;
        std::ifstream name(entry.path() / "comm");
        std::string text;
        std::getline(name, text);
        if (program.empty() || text == program) found.push_back(static_cast<pid_t>(std::stol(entry.path().filename().string())));
    }
    return found;
}

std::vector<std::string> folders(pid_t weft) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator("/tmp"))
        if (entry.path().string().starts_with(scratch_prefix(weft))) names.push_back(entry.path().string());
    return names;
}

bool wait_until(std::chrono::seconds limit, const std::function<bool()>& condition) {
    for (const auto until = Clock::now() + limit; Clock::now() < until; std::this_thread::sleep_for(std::chrono::milliseconds(20)))
        if (condition()) return true;
    return condition();
}

class CardFaults : public testing::Test {
protected:
    static constexpr std::int64_t samples = 400'000;

    void SetUp() override {
        WEFT_REQUIRE_EMULATION();
        // A card of slow memory, and samples enough that it is busy for a minute.
        std::string board = (*find_board("alveo-u200"))->text;
        const std::string fast = "bandwidth = 19.2e9";
        for (std::size_t at = board.find(fast); at != std::string::npos; at = board.find(fast))
            board.replace(at, fast.size(), "bandwidth = 0.5e9");
        ASSERT_TRUE(write_file(folder_ / "slow.toml", board));
        test::write_dense_project(folder_.path(), "model", {.board = (folder_ / "slow.toml").string()});
        const auto package = package_emulated({{folder_ / "model"}, folder_ / "model.xclbin", {}});
        ASSERT_TRUE(package) << test::messages(package);
        // What takes time at first is not the card's.
        const auto kernel = find_kernel(folder_ / "model.xclbin", "");
        ASSERT_TRUE(kernel && build_host_program(*kernel));
        ASSERT_TRUE(save_npy(folder_ / "many.npy", test::dense_samples(samples)));
    }
    void TearDown() override {
        EXPECT_TRUE(wait_until(std::chrono::seconds(2), [this] { return processes(weft_, "").empty(); })) << "a process is left";
        EXPECT_THAT(folders(weft_), IsEmpty());
    }

    std::vector<std::string> command(const std::string& inputs, const std::string& outputs) const {
        return {std::string(WEFT_BINARY_DIR) + "/weft",
                "run",
                (folder_ / "model.xclbin").string(),
                "--inputs",
                (folder_ / inputs).string(),
                "--outputs",
                (folder_ / outputs).string()};
    }
    /// Starts weft on many samples, and returns when the device is there.
    std::future<Result<ProcessResult>> start() {
        const std::string pid = (folder_ / "pid").string();
        auto run = std::async(std::launch::async, [this, pid] {
            std::vector<std::string> line{"sh", "-c", "echo $$ > " + pid + "; exec \"$@\"", "sh"};
            const auto rest = command("many.npy", "outputs.npy");
            line.insert(line.end(), rest.begin(), rest.end());
            return run_process(line);
        });
        EXPECT_TRUE(wait_until(std::chrono::seconds(60), [&] { return static_cast<bool>(std::ifstream(pid) >> weft_); }));
        EXPECT_TRUE(wait_until(std::chrono::seconds(60), [&] { return !processes(weft_, "device").empty(); }));
        return run;
    }
    void kill_all(const std::string& program, int signal) const {
        for (const pid_t process : processes(weft_, program)) ::kill(process, signal);
    }
    /// Does `fault` once the device works; the outcome, which must come within 5 s of it.
    ProcessResult run_with(const std::function<void()>& fault) {
        auto run = start();
        // Loading takes a moment; then the first commands are done.
        std::this_thread::sleep_for(std::chrono::seconds(2));
        fault();
        EXPECT_EQ(run.wait_for(std::chrono::seconds(5)), std::future_status::ready) << "no end within 5 s";
        const auto result = run.get();
        EXPECT_TRUE(result);
        return result ? *result : ProcessResult{};
    }

    test::TemporaryFolder folder_;
    pid_t weft_ = 0;
};

TEST_F(CardFaults, DeviceKilled) {
    const ProcessResult result = run_with([this] { kill_all("device", SIGKILL); });
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("error: the host program failed: the emulated card has ended (status 137) before its host"));
    // What had come is kept.
    EXPECT_THAT(result.errors, HasSubstr(fmt::format("note: '{}' holds the outputs of the first ", (folder_ / "outputs.npy").string())));
    const auto outputs = load_dataset(folder_ / "outputs.npy");
    ASSERT_TRUE(outputs);
    EXPECT_GT(outputs->count, 0);
    EXPECT_LT(outputs->count, samples);
}

TEST_F(CardFaults, DeviceAndWhatStartedItKilled) {
    const ProcessResult result = run_with([this] {
        for (const char* name : {"simulate.sh", "device"}) kill_all(name, SIGKILL);
        // XRT's driver now waits for ever at full load: whoever interrupts it gets out.
        kill_all("host", SIGTERM);
    });
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("the host program failed"));
}

TEST_F(CardFaults, HostKilled) {
    const ProcessResult result = run_with([this] { kill_all("host", SIGKILL); });
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("the host program failed: it ended with exit code 137"));
}

TEST_F(CardFaults, Interrupted) {
    auto run = start();
    ::kill(weft_, SIGINT);
    ASSERT_EQ(run.wait_for(std::chrono::seconds(5)), std::future_status::ready);
    const auto result = run.get();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_code, 130);
}

TEST_F(CardFaults, TwoHostsAtOnceDoNotMeet) {
    ASSERT_TRUE(save_npy(folder_ / "few.npy", test::dense_samples(1000)));
    const auto run = [this](const std::string& outputs) { return run_process(command("few.npy", outputs)); };
    auto first = std::async(std::launch::async, run, "first.npy"), second = std::async(std::launch::async, run, "second.npy");
    const auto a = first.get(), b = second.get();
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->exit_code, 0) << a->errors;
    EXPECT_EQ(b->exit_code, 0) << b->errors;
    EXPECT_EQ(*read_file(folder_ / "first.npy"), *read_file(folder_ / "second.npy"));
}

TEST_F(CardFaults, WrongModel) {
    // The program of another network.
    const auto kernel = find_kernel(folder_ / "model.xclbin", "");
    ASSERT_TRUE(kernel);
    nlohmann::ordered_json other = *kernel;
    other["model_hash"] = std::string(64, '1');
    const auto program = build_host_program(other);
    ASSERT_TRUE(program) << test::messages(program);
    const auto run = run_host(*program, *kernel, folder_ / "model.xclbin", {{"x", test::dense_samples(2)}}, {});
    ASSERT_TRUE(run);
    EXPECT_THAT(test::messages(Result<Ok>(run->failure)), HasSubstr("holds the kernel of another model"));
}

}  // namespace
}  // namespace weft
