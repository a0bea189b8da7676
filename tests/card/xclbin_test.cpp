// xclbin_test.cpp
// The files that XRT loads: what is written is read back, and what is no such file is refused.
// SPDX-License-Identifier: Apache-2.0
#include "src/card/xclbin.h"

#include <gmock/gmock.h>

#include "src/card/zip.h"

namespace weft {
namespace {

using ::testing::HasSubstr;

std::string sample() {
    return write_xclbin({.platform = "some_platform",
                         .sections = {{SectionKind::user_metadata, "weft", "{\"a\": 1}"}, {SectionKind::bitstream, "bitstream", "12345"}}});
}

TEST(Xclbin, ReadsWhatItWrites) {
    const auto sections = read_xclbin(sample());
    ASSERT_TRUE(sections);
    ASSERT_EQ(sections->size(), 2U);
    EXPECT_EQ((*sections)[0].name, "weft");
    EXPECT_EQ(find_section(*sections, SectionKind::user_metadata), "{\"a\": 1}");
    EXPECT_EQ(find_section(*sections, SectionKind::bitstream), "12345");
    EXPECT_EQ(find_section(*sections, SectionKind::ip_layout), "");
    EXPECT_EQ(sample(), sample());
}

TEST(Xclbin, RefusesWhatIsCutOffAnywhere) {
    const std::string whole = sample();
    for (std::size_t size = 8; size + 8 < whole.size(); size += 7) {
        const auto sections = read_xclbin(std::string_view(whole).substr(0, size));
        ASSERT_FALSE(sections) << size;
        EXPECT_THAT(to_string(sections.error()[0]), HasSubstr("ends before its sections do"));
    }
}

TEST(Xclbin, RefusesTablesThatPointOutside) {
    std::string text = sample();
    text[448] = '\x7f';  // the number of sections
    EXPECT_FALSE(read_xclbin(text));
    text = sample();
    text[456 + 32 + 5] = '\x01';  // a section's size
    EXPECT_FALSE(read_xclbin(text));
}

TEST(Xclbin, RefusesOtherFiles) {
    const auto sections = read_xclbin(
        "\x7f"
        "ELF");
    ASSERT_FALSE(sections);
    EXPECT_THAT(to_string(sections.error()[0]), HasSubstr("the file is no xclbin"));
}

TEST(Zip, SameEntriesSameBytes) {
    const std::vector<ZipEntry> entries{{"a/run.sh", "#!/bin/sh\n", true}, {"a/data", std::string(100'000, 'x')}};
    const auto one = make_zip(entries), two = make_zip(entries);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(*one, *two);
    EXPECT_LT(one->size(), 2000U);
}

TEST(Zip, RefusesAnEntryTwice) {
    const auto archive = make_zip({{"a", "1"}, {"a", "2"}});
    ASSERT_FALSE(archive);
    EXPECT_THAT(to_string(archive.error()[0]), HasSubstr("libzip cannot add 'a'"));
}

}  // namespace
}  // namespace weft
