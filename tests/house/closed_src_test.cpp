// closed_src_test.cpp
// src/ is machinery: it includes nothing of ops/ or units/ and spells no operator's or unit's name.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "src/design/unit_def.h"
#include "src/graph/op_def.h"
#include "tests/paths.h"

namespace weft {
namespace {

/// What the preprocessor sees of a source: its string literals (escapes as written) and the paths of its includes, without comments.
struct Spelled {
    std::vector<std::string> literals;
    std::vector<std::string> includes;
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// The end of the quoted text that starts behind `at`'s quote, backslashes skipped.
std::size_t end_of_quote(const std::string& text, std::size_t at) {
    const char quote = text[at++];
    while (at < text.size() && text[at] != quote && text[at] != '\n') at += text[at] == '\\' ? 2 : 1;
    return std::min(at, text.size());
}

Spelled spelled(const std::string& text) {
    Spelled result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.compare(at, 2, "//") == 0) {
            at = std::min(text.find('\n', at), text.size());
        } else if (text.compare(at, 2, "/*") == 0) {
            at = std::min(text.find("*/", at + 2), text.size() - 2) + 1;
        } else if (text.compare(at, 8, "#include") == 0) {
            const std::size_t open = text.find_first_of("\"<\n", at);
            const std::size_t close = open == std::string::npos ? open : text.find_first_of("\">\n", open + 1);
            if (close == std::string::npos || text[open] == '\n') continue;
            result.includes.push_back(text.substr(open + 1, close - open - 1));
            at = close;
        } else if (text.compare(at, 2, "R\"") == 0 && (at == 0 || !is_word(text[at - 1]))) {
            const std::size_t open = text.find('(', at);
            if (open == std::string::npos) continue;
            const std::string end = ")" + text.substr(at + 2, open - at - 2) + "\"";
            const std::size_t close = std::min(text.find(end, open), text.size());
            result.literals.push_back(text.substr(open + 1, close - open - 1));
            at = close + end.size() - 1;
        } else if (text[at] == '"') {
            const std::size_t close = end_of_quote(text, at);
            result.literals.push_back(text.substr(at + 1, close - at - 1));
            at = close;
        } else if (text[at] == '\'' && (at == 0 || !is_word(text[at - 1]))) {
            at = end_of_quote(text, at);
        }
    }
    return result;
}

bool is_content_path(const std::string& include) {
    for (const std::filesystem::path& part : std::filesystem::path(include)) {
        if (part == "ops" || part == "units") return true;
    }
    return false;
}

std::set<std::string> registered_names() {
    std::set<std::string> names;
    for (const OpDef* op : op_registry()) names.emplace(op->name);
    for (const UnitDef* unit : unit_registry()) names.emplace(unit->name);
    return names;
}

TEST(ClosedSource, NamesNoOperatorAndNoUnit) {
    const std::set<std::string> names = registered_names();
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(test::source_folder() / "src")) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
        ++files;
        std::ifstream file(entry.path());
        const Spelled found = spelled(std::string(std::istreambuf_iterator<char>(file), {}));
        for (const std::string& include : found.includes) {
            EXPECT_FALSE(is_content_path(include)) << entry.path() << " includes " << include;
        }
        for (const std::string& literal : found.literals) {
            EXPECT_FALSE(names.contains(literal)) << entry.path() << " names \"" << literal << "\": ask by trait or role";
        }
    }
    EXPECT_GT(files, 0);
}

TEST(ClosedSource, SeesLiteralsAndIncludesOnly) {
    const Spelled found = spelled(
        "#include \"ops/conv.h\"\n#include <units/x.h>\n// \"a comment\"\n/* \"another\" */ f(\"one\", '\"', 1'000, \"t\\\"wo\", "
        "R\"x(th\"ree)x\");");
    EXPECT_THAT(found.includes, testing::ElementsAre("ops/conv.h", "units/x.h"));
    EXPECT_THAT(found.literals, testing::ElementsAre("one", "t\\\"wo", "th\"ree"));
    EXPECT_TRUE(is_content_path("../units/x.h"));
    EXPECT_FALSE(is_content_path("src/design/unit_def.h"));
}

}  // namespace
}  // namespace weft
