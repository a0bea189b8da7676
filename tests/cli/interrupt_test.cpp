// interrupt_test.cpp
// Ctrl-C, two compiles at a time and folders that cannot be written to, as users meet them.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "src/base/files.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <class Condition>
bool comes_true(const Condition& condition) {
    for (int i = 0; i < 12000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

bool is_running(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    return file >> number >> name >> state && state != "Z";
}

class Interrupted : public testing::Test {
protected:
    void SetUp() override {
        WEFT_REQUIRE_PATH(images_);
        fs::create_directory(at("tmp"));
        ASSERT_EQ(finish(start(compile_ + at("out"))), 0) << said();
    }

    std::string at(const std::string& name) const { return (folder_ / name).string(); }
    std::string said() const { return text("said"); }
    std::string text(const std::string& name) const {
        const auto read = read_file(folder_ / name);
        return read ? *read : std::string();
    }

    /// Starts weft with folders of this test for everything that it may leave.
    pid_t start(const std::string& arguments, const std::string& environment = {}) const {
        const pid_t child = fork();
        if (child != 0) return child;
        const std::string command = "exec env TMPDIR=" + at("tmp") + " XDG_CACHE_HOME=" + at("cache") + " " + environment +
                                    " " WEFT_BINARY_DIR "/weft " + arguments + " >" + at("said") + " 2>&1 </dev/null";
        execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        _exit(127);
    }
    static int finish(pid_t child) {
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    /// Names in a folder, hidden ones too.
    std::vector<std::string> names(const std::string& folder) const {
        std::vector<std::string> list;
        std::error_code missing;
        for (fs::recursive_directory_iterator at_entry(at(folder), missing), end; !missing && at_entry != end; ++at_entry)
            if (!at_entry->is_directory()) list.push_back(at_entry->path().lexically_relative(at(folder)).string());
        std::sort(list.begin(), list.end());
        return list;
    }
    std::map<std::string, std::string> contents(const std::string& folder) const {
        std::map<std::string, std::string> files;
        for (const std::string& name : names(folder)) files[name] = text(folder + "/" + name);
        return files;
    }

    /// A compiler that never ends, nor does its child, and has something in the temporary folder.
    std::string endless_compiler() const {
        std::ofstream(at("compiler")) << "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\n"
                                      << "echo > $TMPDIR/cc1234.s\nsleep 1000 &\necho $! > " << at("sleeper.part") << "\nmv "
                                      << at("sleeper.part") << " " << at("sleeper") << "\nwait\n";
        fs::permissions(at("compiler"), fs::perms::owner_all);
        return "CXX=" + at("compiler");
    }

    const fs::path images_ = test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz";
    const std::string model_ = (test::source_folder() / "examples/fashion-mnist/fashion.onnx").string();
    const std::string compile_ = "compile " + model_ + " --preprocess scale=1/255 --calibrate " + images_.string() + " -o ";
    test::TemporaryFolder folder_;
};

TEST_F(Interrupted, RunsEndTheirChildrenAndLeaveNothing) {
    for (const int signal : {SIGINT, SIGTERM}) {
        fs::remove(at("sleeper"));
        const auto project = contents("out");
        const pid_t weft = start("run " + at("out") + " --inputs " + images_.string() + " --images 2 --engine hls", endless_compiler());
        ASSERT_TRUE(comes_true([&] { return fs::exists(at("sleeper")); })) << said();
        EXPECT_THAT(names("tmp"), Not(IsEmpty()));
        const pid_t sleeper = std::stoi(text("sleeper"));
        EXPECT_TRUE(is_running(sleeper));
        kill(weft, signal);
        EXPECT_EQ(finish(weft), 130);
        EXPECT_TRUE(comes_true([&] { return !is_running(sleeper); }));
        EXPECT_TRUE(fs::is_empty(at("tmp")));
        EXPECT_THAT(names("cache"), IsEmpty());
        EXPECT_EQ(contents("out"), project);
        EXPECT_EQ(said(), "");
    }
}

TEST_F(Interrupted, CompilesLeaveTheOldProjectOrTheNewOne) {
    const auto before = contents("out");
    const auto start_time = std::chrono::steady_clock::now();
    ASSERT_EQ(finish(start(compile_ + at("other") + " --bits 4")), 0) << said();
    const auto whole = std::chrono::steady_clock::now() - start_time;
    const std::size_t files = names("other").size();
    // The head of each file has the command line: only what is independent of it is compared.
    const std::string after = text("other/folding.json") + text("other/model.onnx");
    ASSERT_NE(after, before.at("folding.json") + before.at("model.onnx"));
    int interrupted = 0;
    constexpr int moments = 8;
    for (int moment = 0; moment < moments; ++moment) {
        for (const std::string target : {"out", "fresh/out"}) {
            if (target == "out") {
                fs::remove_all(at("out"));
                for (const auto& [name, text] : before) ASSERT_TRUE(write_file(folder_ / ("out/" + name), text));
            }
            const pid_t weft = start(compile_ + at(target) + " --bits 4");
            std::this_thread::sleep_for(whole * (moment + 1) / (moments + 1));
            kill(weft, moment % 2 ? SIGINT : SIGTERM);
            const int code = finish(weft);
            ASSERT_TRUE(code == 0 || code == 130) << code << said();
            interrupted += code == 130;
            const std::string now = text(target + "/folding.json") + text(target + "/model.onnx");
            if (now == after) {
                EXPECT_EQ(names(target).size(), files);
            } else if (target == "out") {
                EXPECT_EQ(contents("out"), before);
                EXPECT_EQ(code, 130);
            } else {
                EXPECT_FALSE(fs::exists(at("fresh")));
            }
            EXPECT_TRUE(fs::is_empty(at("tmp")));
            fs::remove_all(at("fresh"));
        }
    }
    EXPECT_GT(interrupted, 0);
}

TEST_F(Interrupted, CompilesWaitForEachOther) {
    const auto before = contents("out");
    const int other = ::open(at("out").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(flock(other, LOCK_EX), 0);
    const std::string waits = "note: waiting for another process that writes to '" + at("out") + "'\n";
    pid_t weft = start(compile_ + at("out") + " --bits 4");
    ASSERT_TRUE(comes_true([&] { return said().find(waits) != std::string::npos; })) << said();
    EXPECT_EQ(contents("out"), before);
    kill(weft, SIGINT);
    EXPECT_EQ(finish(weft), 130);
    EXPECT_EQ(contents("out"), before);

    fs::remove(at("said"));  // what the first one said
    weft = start(compile_ + at("out") + " --bits 4");
    ASSERT_TRUE(comes_true([&] { return said().find(waits) != std::string::npos; })) << said();
    ::close(other);
    EXPECT_EQ(finish(weft), 0) << said();
    EXPECT_NE(text("out/model.onnx"), before.at("model.onnx"));
}

TEST_F(Interrupted, TwoCompilesGiveOneProject) {
    const pid_t first = start(compile_ + at("fresh")), second = start(compile_ + at("fresh"));
    EXPECT_EQ(finish(first), 0) << said();
    EXPECT_EQ(finish(second), 0) << said();
    EXPECT_EQ(names("fresh").size(), names("out").size());
    EXPECT_EQ(text("fresh/model.onnx"), text("out/model.onnx"));
}

TEST_F(Interrupted, CachesGoBesideTheProjectWhereThereIsNoHome) {
    // A compiler that fails: what is tried is enough to see where.
    std::ofstream(at("compiler")) << "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho \"$@\" >> " << at("called") << "\nexit 1\n";
    fs::permissions(at("compiler"), fs::perms::owner_all);
    const pid_t weft = start("run " + at("out") + " --inputs " + images_.string() + " --images 1 --engine hls --against hls",
                             "XDG_CACHE_HOME= HOME=/dev/null CXX=" + at("compiler"));
    EXPECT_EQ(finish(weft), 1);
    const std::string place = (fs::canonical(folder_.path()) / ".weft-cache").string();
    const std::string note =
        "note: '/dev/null/.cache/weft' cannot be written to: compiled simulations and counts are kept in '" + place + "'";
    EXPECT_THAT(said(), HasSubstr(note));
    EXPECT_EQ(said().find(note), said().rfind(note)) << "said once";
    EXPECT_THAT(text("called"), HasSubstr(place + "/hls/"));
}

}  // namespace
}  // namespace weft
