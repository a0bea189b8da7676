// rooms_test.cpp
// The rooms of the house stand in one order, and each includes only from those before it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

using Rooms = std::vector<std::string>;

std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The words of the indented lines behind the line of docs/tour.md that announces them.
Rooms rooms_of(const std::string& tour) {
    std::istringstream lines(tour);
    Rooms rooms;
    bool announced = false;
    for (std::string line; std::getline(lines, line);) {
        announced = announced || line.ends_with("includes only from itself and from rooms before it:");
        if (!announced) continue;
        if (line.starts_with("    ")) {
            std::istringstream words(line);
            rooms.insert(rooms.end(), std::istream_iterator<std::string>(words), {});
        } else if (!rooms.empty()) {
            break;
        }
    }
    return rooms;
}

/// The room of a file: its folder in src/, else the first of its path.
std::string room_of(const fs::path& path) {
    auto part = path.begin();
    if (*part == "src") ++part;
    return part->string();
}

/// What `path`, of that text, includes against the order: a line each.
std::vector<std::string> against_order(const fs::path& path, const std::string& text, const Rooms& rooms) {
    const std::string room = room_of(path);
    const auto own = std::find(rooms.begin(), rooms.end(), room);
    if (own == rooms.end()) return {fmt::format("{}: the order of rooms in docs/tour.md has no '{}'", path.string(), room)};
    std::vector<std::string> found;
    std::istringstream lines(text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        constexpr std::string_view directive = "#include \"";
        if (!line.starts_with(directive)) continue;
        const fs::path included = line.substr(directive.size(), line.find('"', directive.size()) - directive.size());
        // A file of the same folder.
        if (!included.has_parent_path()) continue;
        if (std::find(rooms.begin(), own + 1, room_of(included)) == own + 1)
            found.push_back(fmt::format("{}:{}: includes {}; {} may include from {}", path.string(), number, included.string(), room,
                                        fmt::join(rooms.begin(), own + 1, ", ")));
    }
    return found;
}

TEST(Rooms, IncludeOnlyFromRoomsBefore) {
    const Rooms rooms = rooms_of(read(test::source_folder() / "docs/tour.md"));
    ASSERT_GT(rooms.size(), 10u);
    int files = 0;
    for (const char* top : {"src", "ops", "units", "tools"})
        for (const auto& entry : fs::recursive_directory_iterator(test::source_folder() / top)) {
            const fs::path path = entry.path().lexically_relative(test::source_folder());
            if (path.extension() != ".cpp" && path.extension() != ".h") continue;
            if (path.stem().string().ends_with("_test")) continue;
            ++files;
            EXPECT_THAT(against_order(path, read(entry.path()), rooms), testing::IsEmpty());
        }
    EXPECT_GT(files, 200);
}

TEST(Rooms, SaysWhatIsAgainstTheOrder) {
    const Rooms rooms =
        rooms_of("Words.\n\nA room includes only from itself and from rooms before it:\n\n    base graph\n    ops\n\n    no\n");
    EXPECT_THAT(rooms, testing::ElementsAre("base", "graph", "ops"));
    const std::string text = "// graph.h\n#include <vector>\n#include \"src/base/a.h\"\n#include \"src/graph/b.h\"\n#include \"ops/c.h\"\n";
    EXPECT_THAT(against_order("src/graph/graph.h", text, rooms),
                testing::ElementsAre("src/graph/graph.h:5: includes ops/c.h; graph may include from base, graph"));
    EXPECT_THAT(against_order("ops/d.cpp", text, rooms), testing::IsEmpty());
    EXPECT_THAT(against_order("src/base/a.h", text, rooms), testing::SizeIs(2));
    EXPECT_THAT(against_order("src/new/a.h", text, rooms),
                testing::ElementsAre("src/new/a.h: the order of rooms in docs/tour.md has no 'new'"));
}

}  // namespace
}  // namespace weft
