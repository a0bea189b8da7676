// interrupt_test.cpp
// Interrupted processes: children end, listed paths go, critical steps are finished, the exit code is the one that was asked for.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/base/subprocess.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

template <class Condition>
bool comes_true(const Condition& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
}

/// Neither gone nor waiting to be collected by its parent.
bool is_running(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    return file >> number >> name >> state && state != "Z";
}

class InterruptTest : public testing::TestWithParam<int> {
protected:
    /// Runs `body` in a process of its own, interrupts it once the file `ready` is there; the exit code.
    template <class Body>
    int interrupt(const Body& body) {
        const pid_t child = fork();
        if (child == 0) {
            end_on_interruption(77, [this] { std::ofstream(folder_ / "told"); });
            body();
            _exit(1);
        }
        EXPECT_TRUE(comes_true([&] { return fs::exists(folder_ / "ready"); }));
        kill(child, GetParam());
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_TRUE(fs::exists(folder_ / "told"));
        return WEXITSTATUS(status);
    }
    pid_t pid_in(const std::string& name) const {
        pid_t pid = 0;
        std::ifstream(folder_ / name) >> pid;
        return pid;
    }
    test::TemporaryFolder folder_;
};

TEST_P(InterruptTest, EndsChildrenAndTheirChildren) {
    // The second one does not care for SIGTERM.
    const std::string script = "sh -c \"trap '' TERM; echo \\$\\$ > " + (folder_ / "inner").string() + "; while :; do sleep 1; done\" & " +
                               "echo $$ > " + (folder_ / "outer").string() + "; touch $TMPDIR/left; sleep 1; echo > " +
                               (folder_ / "ready").string() + "; wait";
    EXPECT_EQ(interrupt([&] { static_cast<void>(run_process({"sh", "-c", script})); }), 77);
    for (const char* name : {"outer", "inner"}) {
        ASSERT_GT(pid_in(name), 0);
        EXPECT_TRUE(comes_true([&] { return !is_running(pid_in(name)); })) << name;
    }
}

TEST_P(InterruptTest, RemovesWhatIsListed) {
    EXPECT_EQ(interrupt([&] {
                  const TemporaryFolder scratch(folder_ / "scratch");
                  const ListedPath empty(folder_ / "empty", ListedPath::Removal::if_empty),
                      filled(folder_ / "filled", ListedPath::Removal::if_empty);
                  for (const char* file : {"scratch/deep/a", "filled/a", "kept/a"})
                      if (!write_file(folder_ / file, "1")) _exit(2);
                  { const TemporaryFolder gone(folder_ / "kept"); }
                  if (!make_folder(folder_ / "empty") || !write_file(folder_ / "other/a", "1") || !write_file(folder_ / "ready", ""))
                      _exit(2);
                  pause();
              }),
              77);
    EXPECT_FALSE(fs::exists(folder_ / "scratch"));
    EXPECT_FALSE(fs::exists(folder_ / "empty"));
    EXPECT_TRUE(fs::exists(folder_ / "filled/a"));
    EXPECT_TRUE(fs::exists(folder_ / "other/a"));
}

TEST_P(InterruptTest, WaitsForWhatMustNotStop) {
    EXPECT_EQ(interrupt([&] {
                  {
                      const Uninterrupted outer;
                      const Uninterrupted inner;
                      static_cast<void>(write_file(folder_ / "ready", ""));
                      std::this_thread::sleep_for(std::chrono::milliseconds(300));
                      std::ofstream(folder_ / "finished");
                  }
                  for (;;) {
                      const Uninterrupted never_after;
                      std::this_thread::sleep_for(std::chrono::milliseconds(1));
                  }
              }),
              77);
    EXPECT_TRUE(fs::exists(folder_ / "finished"));
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptTest, testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST(SubprocessTest, HasAFolderForTemporaryFilesOfItsOwn) {
    const auto run = run_process({"sh", "-c", "touch $TMPDIR/left && echo $TMPDIR"});
    ASSERT_TRUE(run);
    ASSERT_EQ(run->exit_code, 0) << run->errors;
    const std::string folder = run->output.substr(0, run->output.find('\n'));
    EXPECT_NE(folder, "");
    EXPECT_FALSE(fs::exists(folder));
}

TEST(SubprocessTest, LeadsAProcessGroup) {
    const auto run = run_process({"sh", "-c", "echo $$; cut -d ' ' -f 5 /proc/$$/stat"});
    ASSERT_TRUE(run);
    const std::size_t line = run->output.find('\n');
    EXPECT_EQ(run->output.substr(0, line + 1), run->output.substr(line + 1));
    EXPECT_FALSE(run_process({"no-such-program-of-any-kind"}));
}

/// Sets an environment variable for a test.
class Environment {
public:
    Environment(const char* name, const std::string& value) : name_(name) {
        const char* old = std::getenv(name);
        had_ = old != nullptr;
        if (had_) old_ = old;
        setenv(name, value.c_str(), 1);
    }
    ~Environment() {
        if (had_) {
            setenv(name_, old_.c_str(), 1);
        } else {
            unsetenv(name_);
        }
    }

private:
    const char* name_;
    std::string old_;
    bool had_ = false;
};

TEST(CacheTest, GoesBesideTheProjectWhereThereIsNoHome) {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "out");
    {
        const Environment cache("XDG_CACHE_HOME", ""), home("HOME", "/dev/null");
        const Diagnostics said = settle_cache(folder / "out");
        ASSERT_EQ(said.size(), 1u);
        EXPECT_EQ(said[0].severity, Severity::note);
        EXPECT_NE(said[0].reason.find("'/dev/null/.cache/weft' cannot be written to"), std::string::npos) << said[0].reason;
        EXPECT_EQ(cache_folder(), fs::canonical(folder.path()) / ".weft-cache");
        EXPECT_EQ(settle_cache(folder / "out/").size(), 1u);
        EXPECT_EQ(cache_folder(), fs::canonical(folder.path()) / ".weft-cache");
    }
    {
        const Environment cache("XDG_CACHE_HOME", "/dev/null/cache"), temporary("TMPDIR", folder.path().string());
        EXPECT_EQ(settle_cache("/dev/null/out").size(), 1u);
        EXPECT_EQ(cache_folder(), folder / "weft-cache");
    }
    const Environment cache("XDG_CACHE_HOME", (folder / "cache").string());
    EXPECT_TRUE(settle_cache(folder / "out").empty());
    EXPECT_EQ(cache_folder(), folder / "cache/weft");
}

}  // namespace
}  // namespace weft
