// files_test.cpp
// Files appear complete or not at all, through links, and nothing lies beside them afterwards.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/files.h"

#include <gmock/gmock.h>

#include "tests/messages.h"
#include "tests/no_more_files.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FilesTest : public testing::Test {
protected:
    std::size_t count() const {
        return static_cast<std::size_t>(
            std::distance(fs::recursive_directory_iterator(folder_.path()), fs::recursive_directory_iterator()));
    }
    std::string text(const std::string& name) const {
        const auto read = read_file(folder_ / name);
        return read ? *read : "(not there)";
    }
    test::TemporaryFolder folder_;
};

TEST_F(FilesTest, AreReplacedWhole) {
    ASSERT_TRUE(write_file(folder_ / "new/a", "1"));
    ASSERT_TRUE(write_file(folder_ / "new/a", "22"));
    const std::string_view parts[] = {"3", "", "33"};
    ASSERT_TRUE(replace_file(folder_ / "b", parts));
    EXPECT_EQ(text("new/a"), "22");
    EXPECT_EQ(text("b"), "333");
    EXPECT_EQ(count(), 3u);
}

TEST_F(FilesTest, KeepWhatTheUserMadeOfThem) {
    ASSERT_TRUE(write_file(folder_ / "disk/a", "1"));
    fs::permissions(folder_ / "disk/a", fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink("disk/a", folder_ / "link");
    fs::create_symlink("disk/later", folder_ / "later");
    ASSERT_TRUE(write_file(folder_ / "link", "2"));
    ASSERT_TRUE(write_file(folder_ / "later", "3"));
    EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
    EXPECT_EQ(text("disk/a"), "2");
    EXPECT_EQ(text("disk/later"), "3");
    EXPECT_EQ(fs::status(folder_ / "disk/a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
    ASSERT_TRUE(write_file("/dev/null", "4"));
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(FilesTest, AreLinkedOnce) {
    ASSERT_TRUE(write_file(folder_ / "a", "1"));
    ASSERT_TRUE(make_link("a", folder_ / "link"));
    EXPECT_EQ(text("link"), "1");
    EXPECT_THAT(test::messages(make_link("b", folder_ / "link")), HasSubstr("cannot make the link"));
    EXPECT_EQ(text("link"), "1");
}

TEST_F(FilesTest, AreLeftWhereWritingFails) {
    fs::create_directory(folder_ / "folder");
    EXPECT_THAT(test::messages(write_file(folder_ / "folder", "1")), HasSubstr("Is a directory"));
    EXPECT_THAT(test::messages(replace_file(folder_ / "none/a", {})),
                HasSubstr("No such file or directory\n  help: check that the folder exists and may be written to"));
    EXPECT_THAT(test::messages(write_file("", "1")), HasSubstr("the path to write to is empty"));
    EXPECT_THAT(test::messages(make_folder("/dev/null/a")),
                HasSubstr("cannot make '/dev/null/a': Not a directory\n  help: check that the folder exists and may be written to"));
    EXPECT_THAT(test::messages(move_file(folder_ / "none", folder_ / "a")), HasSubstr("No such file or directory"));
    EXPECT_THAT(test::messages(write_file("/dev/null/a/b", "1")), HasSubstr("cannot write '/dev/null/a/b': Not a directory"));
    EXPECT_THAT(test::messages(write_file("/dev/full", "1")), HasSubstr("No space left"));
    EXPECT_EQ(count(), 1u);
}

TEST_F(FilesTest, SayWhyTheyCannotBeRead) {
    EXPECT_THAT(test::messages(read_file(folder_.path())),
                HasSubstr("cannot read '" + folder_.path().string() + "': Is a directory\n  help: check the path and its permissions"));
    EXPECT_THAT(test::messages(read_file(folder_ / "none")), HasSubstr("No such file or directory"));
    ASSERT_TRUE(write_file(folder_ / "a", "1"));
    const test::NoMoreFiles none;
    EXPECT_THAT(test::messages(read_file(folder_ / "a")), HasSubstr("Too many open files"));
}

TEST_F(FilesTest, DoNotReplaceWhatIsRead) {
    ASSERT_TRUE(write_file(folder_ / "model", "1"));
    fs::create_symlink("model", folder_ / "link");
    EXPECT_THAT(test::messages(keeps_inputs(folder_ / "link", {"", folder_ / "model"})), HasSubstr("would replace"));
    EXPECT_TRUE(keeps_inputs(folder_ / "other", {folder_ / "model"}));
    EXPECT_TRUE(keeps_inputs("", {folder_ / "model"}));
    EXPECT_TRUE(keeps_inputs("/dev/null", {"/dev/null"}));
}

TEST_F(FilesTest, AreResolved) {
    fs::create_directories(folder_ / "a/b");
    fs::create_directory_symlink("a/b", folder_ / "link");
    EXPECT_EQ(*resolve(folder_ / "link/../c/"), fs::canonical(folder_.path()) / "a/c");
    EXPECT_EQ(*resolve(folder_ / "link/."), fs::canonical(folder_ / "a/b"));
    EXPECT_FALSE(resolve(""));
}

}  // namespace
}  // namespace weft
