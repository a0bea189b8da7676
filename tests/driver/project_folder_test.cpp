// project_folder_test.cpp
// Projects in folders that hold other things: what is weft's is replaced, everything else stays, whenever a process dies.
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/project_folder.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "src/base/files.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// A manifest as `compile` writes it, with as much of a design as matters here.
std::string manifest_of(const std::map<std::string, std::string>& digests) {
    std::string text = "{\n \"program\": \"weft\",\n \"version\": \"0.0.1\",\n \"digest\": \"" + std::string(manifest_digest) +
                       "\",\n \"model_hash\": \"\",\n \"options\": {},\n \"files\": {";
    for (const auto& [file, digest] : digests) text += (text.back() == '{' ? "\n  \"" : ",\n  \"") + file + "\": \"" + digest + "\"";
    return text + "\n },\n \"design\": {\"units\": [1, 2, 3]}\n}\n";
}

class ProjectFolders : public testing::Test {
protected:
    void SetUp() override { put("model.onnx", "of the user's"); }

    fs::path at(const std::string& file) const { return folder_ / file; }
    void put(const std::string& file, const std::string& text) const { ASSERT_TRUE(write_file(at(file), text)); }
    std::string text(const std::string& file) const {
        const auto read = read_file(at(file));
        return read ? *read : "(not there)";
    }

    /// Writes a project of `files`; the files that were kept, or the reason why it was not written.
    Result<KeptFiles> write(const fs::path& directory, const Files& files, const std::vector<std::string>& unlisted = {},
                            const std::function<void()>& step = {}) const {
        WEFT_ASSIGN(ProjectFolder folder, ProjectFolder::open(directory, {}));
        for (const auto& [file, contents] : files) WEFT_CHECK(folder.write(file, contents));
        return folder.commit(manifest_of(folder.files()), unlisted, step);
    }
    KeptFiles expect_written(const std::string& directory, const Files& files, const std::vector<std::string>& unlisted = {}) const {
        const auto kept = write(at(directory), files, unlisted);
        EXPECT_TRUE(kept) << test::messages(kept);
        return kept ? *kept : KeptFiles{};
    }
    void expect_refused(const std::string& directory, const std::string& reason) const {
        const std::vector<std::string> before = all();
        const auto kept = write(at(directory), {{"a", "1"}});
        ASSERT_FALSE(kept);
        EXPECT_THAT(test::messages(kept), HasSubstr(reason));
        EXPECT_EQ(all(), before);
    }

    /// Every file and folder there is, but for `manifest.json` and its own.
    std::vector<std::string> all(const std::string& directory = ".") const {
        std::vector<std::string> names;
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(at(directory)))
            if (entry.path().filename() != manifest_name) names.push_back(entry.path().lexically_relative(at(directory)).string());
        std::sort(names.begin(), names.end());
        return names;
    }

    test::TemporaryFolder folder_;
};

TEST_F(ProjectFolders, AppearWithTheFoldersAboveThem) {
    EXPECT_THAT(expect_written("above/out", {{"hls/kernel.cpp", "1"}, {"model.onnx", "2"}}), IsEmpty());
    EXPECT_TRUE(is_project(at("above/out")));
    EXPECT_THAT(all("above"), ElementsAre("out", "out/hls", "out/hls/kernel.cpp", "out/model.onnx"));
    EXPECT_EQ(read_ownership(at("above/out")).files.size(), 2u);
}

TEST_F(ProjectFolders, LeaveNothingWithoutACommit) {
    const std::vector<std::string> before = all();
    {
        auto folder = ProjectFolder::open(at("above/out"), {});
        ASSERT_TRUE(folder) << test::messages(folder);
        ASSERT_TRUE(folder->write("hls/kernel.cpp", "1"));
        EXPECT_FALSE(is_project(at("above/out")));
    }
    EXPECT_EQ(all(), before);
    fs::create_directory(at("empty"));
    { ASSERT_TRUE(ProjectFolder::open(at("empty"), {})); }
    EXPECT_TRUE(fs::exists(at("empty"))) << "that was there before";
    EXPECT_THAT(all("empty"), IsEmpty());
}

TEST_F(ProjectFolders, ReplaceTheirOwnFilesAndKeepAllOthers) {
    expect_written("out", {{"hls/kernel.cpp", "1"}, {"rtl/old.mem", "1"}, {"rtl/more/old.mem", "1"}, {"model.onnx", "1"}});
    put("out/notes.txt", "mine");
    put("out/vitis/build/kernel.xclbin", "an afternoon");
    put("out/rtl/mine.sv", "mine");
    EXPECT_THAT(expect_written("out", {{"hls/kernel.cpp", "2"}, {"model.onnx", "1"}}), IsEmpty());
    EXPECT_THAT(all("out"), ElementsAre("hls", "hls/kernel.cpp", "model.onnx", "notes.txt", "rtl", "rtl/mine.sv", "vitis", "vitis/build",
                                        "vitis/build/kernel.xclbin"));
    EXPECT_EQ(text("out/hls/kernel.cpp"), "2");
    EXPECT_EQ(text("out/notes.txt"), "mine");
    EXPECT_EQ(text("out/vitis/build/kernel.xclbin"), "an afternoon");
}

TEST_F(ProjectFolders, KeepFilesThatWereEdited) {
    const Files files{{"hls/kernel.cpp", "1"}, {"link.cfg", "1"}, {"old.cfg", "1"}, {"same.cfg", "1"}};
    expect_written("out", files);
    put("out/hls/kernel.cpp", "1, edited");
    put("out/old.cfg", "1, edited");
    put("out/same.cfg", "2");
    put("out/new.cfg", "mine");
    fs::remove(at("out/link.cfg"));
    fs::create_symlink(at("model.onnx"), at("out/link.cfg"));
    const Files next{{"hls/kernel.cpp", "2"}, {"link.cfg", "1"}, {"same.cfg", "2"}, {"new.cfg", "2"}};
    EXPECT_THAT(expect_written("out", next),
                testing::UnorderedElementsAre(Pair("hls/kernel.cpp", "hls/kernel.cpp.user"), Pair("link.cfg", "link.cfg.user"),
                                              Pair("old.cfg", "old.cfg.user"), Pair("new.cfg", "new.cfg.user")));
    EXPECT_EQ(text("out/hls/kernel.cpp"), "2");
    EXPECT_EQ(text("out/hls/kernel.cpp.user"), "1, edited");
    EXPECT_EQ(text("out/old.cfg.user"), "1, edited");
    EXPECT_EQ(text("out/new.cfg.user"), "mine");
    EXPECT_EQ(text("model.onnx"), "of the user's");
    EXPECT_TRUE(fs::is_symlink(at("out/link.cfg.user")));

    put("out/hls/kernel.cpp", "2, edited");
    EXPECT_THAT(expect_written("out", next), ElementsAre(Pair("hls/kernel.cpp", "hls/kernel.cpp.user2")));
    EXPECT_EQ(text("out/hls/kernel.cpp.user"), "1, edited");
    EXPECT_THAT(expect_written("out", next), IsEmpty());
}

TEST_F(ProjectFolders, KeepAManifestThatWasEdited) {
    expect_written("out", {{"a", "1"}});
    const std::string edited = text("out/manifest.json") + " \n";
    put("out/manifest.json", edited);
    EXPECT_THAT(expect_written("out", {{"a", "2"}}), ElementsAre(Pair("manifest.json", "manifest.json.user")));
    EXPECT_EQ(text("out/manifest.json.user"), edited);
}

TEST_F(ProjectFolders, KeepAFileWhereAFolderMustBe) {
    expect_written("out", {{"a", "1"}});
    put("out/hls", "mine");
    EXPECT_THAT(expect_written("out", {{"hls/x/kernel.cpp", "2"}, {"hls/y", "2"}}), ElementsAre(Pair("hls", "hls.user")));
    EXPECT_EQ(text("out/hls.user"), "mine");
    EXPECT_EQ(text("out/hls/x/kernel.cpp"), "2");
}

TEST_F(ProjectFolders, FollowLinks) {
    fs::create_directory(at("disk"));
    fs::create_directory_symlink("disk", at("link"));
    expect_written("link", {{"a", "1"}});
    EXPECT_TRUE(fs::is_symlink(at("link")));
    EXPECT_EQ(text("disk/a"), "1");
    // To something that is still to be made.
    fs::create_directory_symlink("disk/later", at("later"));
    expect_written("later", {{"a", "2"}});
    EXPECT_EQ(text("disk/later/a"), "2");
    fs::create_directory_symlink("circle", at("circle"));
    expect_refused("circle", "Too many levels of symbolic links");
}

TEST_F(ProjectFolders, AreNotMadeOfOtherFolders) {
    put("file", "mine");
    expect_refused("file", "exists and is no folder");
    expect_refused("file/out", "cannot write");
    // Where nobody may make a folder.
    const auto kept = write("/proc/weft/out", {{"a", "1"}});
    ASSERT_FALSE(kept);
    EXPECT_THAT(test::messages(kept), HasSubstr("cannot write '/proc/weft"));
    put("letters/letter", "mine");
    expect_refused("letters", "exists and is no weft project\n  help: choose another output directory with -o");
    expect_refused(".", "exists and is no weft project");
    // A web application, something broken, and what looks like a project.
    for (const std::string& manifest :
         {std::string(R"({"name": "App", "icons": [{"src": "a.png"}], "start_url": "."})"), std::string("{"), std::string(),
          std::string(R"({"program": "weft"})"),
          std::string(R"({"program": "other", "version": "1", "model_hash": "", "options": {}, "design": 1})"),
          std::string(R"({"weft": "0.1.0", "design": {}})"), std::string(R"(["program", "weft", "version", "design"])")}) {
        put("app/manifest.json", manifest);
        put("app/index.html", "mine");
        expect_refused("app", "exists and is no weft project");
        EXPECT_FALSE(is_project(at("app"))) << manifest;
        EXPECT_EQ(text("app/index.html"), "mine");
    }
    EXPECT_THAT(test::messages(takes_project("")), HasSubstr("name is empty"));
}

TEST_F(ProjectFolders, TouchNothingOutside) {
    put("victim", "mine");
    expect_written("out", {{"a", "1"}});
    const std::string digest = read_ownership(at("out")).files.at("a");
    put("out/manifest.json", manifest_of({{"../victim2", digest}, {"/" + at("victim2").string(), digest}, {"a", digest}}));
    put("victim2", "1");
    EXPECT_EQ(read_ownership(at("out")).files.size(), 1u);
    expect_written("out", {{"b", "1"}});
    EXPECT_EQ(text("victim2"), "1");
    EXPECT_FALSE(fs::exists(at("out/a")));
}

TEST_F(ProjectFolders, DoNotFollowARecordThatIsDamaged) {
    expect_written("out", {{"a", "1"}});
    put("victim", "mine");
    for (const char* plan :
         {"", "{", "{}", R"({"keep": [["../victim", "b"]], "remove": []})", R"({"keep": [], "remove": [["../victim", ""]]})",
          R"({"keep": [1], "remove": []})", R"({"keep": [["a", "/tmp/b"]], "remove": []})"}) {
        put("out/.weft-ready/plan.json", plan);
        EXPECT_THAT(test::messages(ProjectReading::open(at("out"))), HasSubstr("is damaged")) << plan;
        expect_refused("out", "is damaged");
        EXPECT_EQ(text("out/a") + text("victim"), "1mine");
    }
}

TEST_F(ProjectFolders, OfEarlierVersionsAreKnown) {
    const auto past = fs::file_time_type::clock::now() - std::chrono::hours(1);
    for (const char* file :
         {"hls/kernel.cpp", "hls/edited.cpp", "rtl/old.mem", "rtl/mine.mem", "model.onnx", "manifest.json", "report.json"}) {
        put(std::string("out/") + file, "1");
        if (std::string(file) == "manifest.json")
            put("out/manifest.json", R"({"weft": "0.1.0", "model": "net", "model_hash": "", "options": {}, "design": {"name": "net"}})");
        fs::last_write_time(at(std::string("out/") + file), past);
    }
    put("out/hls/edited.cpp", "1, edited");
    EXPECT_TRUE(is_project(at("out")));
    EXPECT_EQ(read_ownership(at("out")).kind, Ownership::Kind::unlisted);
    const std::vector<std::string> known{"hls/kernel.cpp", "hls/edited.cpp", "rtl/old.mem", "model.onnx", "vectors/not-there.bin"};
    EXPECT_THAT(expect_written("out", {{"hls/kernel.cpp", "2"}, {"hls/edited.cpp", "2"}, {"model.onnx", "2"}}, known),
                ElementsAre(Pair("hls/edited.cpp", "hls/edited.cpp.user")));
    EXPECT_THAT(all("out"),
                ElementsAre("hls", "hls/edited.cpp", "hls/edited.cpp.user", "hls/kernel.cpp", "model.onnx", "rtl", "rtl/mine.mem"));
    EXPECT_EQ(text("out/hls/kernel.cpp"), "2");
    EXPECT_EQ(text("out/hls/edited.cpp.user"), "1, edited");
    EXPECT_EQ(read_ownership(at("out")).kind, Ownership::Kind::listed);
}

TEST_F(ProjectFolders, AreWrittenByOneAtATime) {
    auto first = ProjectFolder::open(at("out"), {});
    ASSERT_TRUE(first);
    std::atomic<int> waiting = 0;
    std::atomic<bool> opened = false;
    std::thread second([&] {
        auto folder = ProjectFolder::open(at("out"), [&] { ++waiting; });
        opened = true;
        ASSERT_TRUE(folder) << test::messages(folder);
        ASSERT_TRUE(folder->write("a", "second"));
        ASSERT_TRUE(folder->commit(manifest_of(folder->files()), {}));
    });
    while (waiting == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(opened);
    ASSERT_TRUE(first->write("a", "first"));
    ASSERT_TRUE(first->write("b", "first"));
    ASSERT_TRUE(first->commit(manifest_of(first->files()), {}));
    { const ProjectFolder done = *std::move(first); }
    second.join();
    EXPECT_EQ(waiting, 1);
    EXPECT_EQ(text("out/a"), "second");
    EXPECT_THAT(all("out"), ElementsAre("a"));
}

TEST_F(ProjectFolders, AreMadeAgainByWhoWaitedForOneThatFailed) {
    auto first = ProjectFolder::open(at("out"), {});
    ASSERT_TRUE(first);
    std::atomic<int> waiting = 0;
    std::thread second([&] {
        auto folder = ProjectFolder::open(at("out"), [&] { ++waiting; });
        ASSERT_TRUE(folder) << test::messages(folder);
        ASSERT_TRUE(folder->write("a", "second"));
        ASSERT_TRUE(folder->commit(manifest_of(folder->files()), {}));
    });
    while (waiting == 0) std::this_thread::yield();
    { const ProjectFolder failed = *std::move(first); }
    second.join();
    EXPECT_EQ(text("out/a"), "second");
}

TEST_F(ProjectFolders, AreReadWhole) {
    expect_written("out", {{"a", "1"}});
    auto writing = ProjectFolder::open(at("out"), {});
    ASSERT_TRUE(writing);
    std::string seen;
    std::thread reader([&] {
        const auto reading = ProjectReading::open(at("out"));
        ASSERT_TRUE(reading);
        seen = text("out/a");
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ASSERT_TRUE(writing->write("a", "2"));
    ASSERT_TRUE(writing->commit(manifest_of(writing->files()), {}));
    { const ProjectFolder done = *std::move(writing); }
    reader.join();
    EXPECT_EQ(seen, "2");
    EXPECT_FALSE(ProjectReading::open(at("nowhere")));
}

/// Dies at each change that a commit makes, in turn: then the old project is there, or the new one once somebody opens it.
TEST_F(ProjectFolders, SurviveADeathAtEveryMoment) {
    const Files old{{"a", "1"}, {"edited", "1"}, {"hls/kernel.cpp", "1"}, {"rtl/old.mem", "1"}};
    const Files fresh{{"a", "2"}, {"edited", "2"}, {"hls/kernel.cpp", "2"}, {"hls/new.cpp", "2"}, {"hls/notes", "2"}};
    int deaths = 0, olds = 0;
    for (int moment = 0;; ++moment) {
        fs::remove_all(at("out"));
        expect_written("out", old);
        put("out/edited", "edited");
        put("out/hls/notes", "mine");
        put("out/xclbin", "an afternoon");
        const pid_t child = fork();
        if (child == 0) {
            int step = 0;
            const auto written = write(at("out"), fresh, {}, [&] {
                if (step++ == moment) _exit(9);
            });
            _exit(written ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFEXITED(status));
        ASSERT_NE(WEXITSTATUS(status), 1);
        EXPECT_TRUE(is_project(at("out"))) << moment;
        { ASSERT_TRUE(ProjectReading::open(at("out"))) << moment; }
        const bool is_old = text("out/a") == "1";
        olds += is_old;
        const std::vector<std::string> listed = all("out");
        if (is_old) {
            EXPECT_EQ(text("out/hls/kernel.cpp") + text("out/rtl/old.mem") + text("out/edited") + text("out/hls/notes"), "11editedmine")
                << moment;
            EXPECT_EQ(read_ownership(at("out")).files.size(), 4u);
        } else {
            EXPECT_THAT(listed, ElementsAre("a", "edited", "edited.user", "hls", "hls/kernel.cpp", "hls/new.cpp", "hls/notes",
                                            "hls/notes.user", "xclbin"))
                << moment;
            EXPECT_EQ(text("out/a") + text("out/edited") + text("out/hls/kernel.cpp") + text("out/hls/new.cpp"), "2222") << moment;
            EXPECT_EQ(text("out/edited.user") + text("out/hls/notes.user"), "editedmine") << moment;
            EXPECT_EQ(read_ownership(at("out")).files.size(), 5u);
        }
        EXPECT_EQ(text("out/xclbin"), "an afternoon");
        // And the next compile goes through.
        expect_written("out", fresh);
        for (const std::string& name : all("out")) EXPECT_FALSE(name.starts_with(".weft")) << name << " at " << moment;
        if (WEXITSTATUS(status) == 0) break;
        ++deaths;
    }
    EXPECT_GE(deaths, 9);  // the mark, two kept, five moved in, one removed, the manifest, the record
    EXPECT_EQ(olds, 1);
}

TEST_F(ProjectFolders, OfADeathBeforeTheFirstCommitAreEmpty) {
    const pid_t child = fork();
    if (child == 0) {
        static_cast<void>(write(at("out"), {{"a", "1"}}, {}, [] { _exit(9); }));
        _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 9);
    EXPECT_FALSE(is_project(at("out")));
    expect_written("out", {{"b", "1"}});
    EXPECT_THAT(all("out"), ElementsAre("b"));
}

}  // namespace
}  // namespace weft
