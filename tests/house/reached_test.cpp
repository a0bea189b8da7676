// reached_test.cpp
// Each diagnostic that src/ and ops/ can make is made by some test: ctest runs this behind all others.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <link.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <source_location>

#include "src/base/diagnostic.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view test_mark = "test ";

/// `file:line:column` below the source's root, or nothing if the file is none of src/ and ops/ or a test.
std::string place_in_source(const fs::path& file, unsigned line, unsigned column) {
    const fs::path absolute = (fs::path(WEFT_BINARY_DIR) / file).lexically_normal();  // ccache gives the compiler relative paths
    const std::string path = absolute.lexically_relative(WEFT_SOURCE_DIR).generic_string();
    if ((!path.starts_with("src/") && !path.starts_with("ops/")) || path.ends_with("_test.cpp")) return {};
    return path + ":" + std::to_string(line) + ":" + std::to_string(column);
}

/// What std::source_location points to, in GCC as in Clang.
struct Record {
    const char* file;
    const char* function;
    std::uint32_t line;
    std::uint32_t column;
};

/// The places in src/ and ops/ that make a Diagnostic, by the records that the compiler has left of them in this program's data, with the
/// function of each. A search of the source text would have to know every way to write one.
class Program {
public:
    std::map<std::string, std::string> places() {
        dl_iterate_phdr(
            [](dl_phdr_info* info, std::size_t, void* self) {
                static_cast<Program*>(self)->read(*info);
                return 1;  // the first is the program itself
            },
            this);
        return std::move(places_);
    }

private:
    struct Segment {
        std::uintptr_t begin, end;
        bool writable;
    };

    void read(const dl_phdr_info& info) {
        for (int i = 0; i < info.dlpi_phnum; ++i) {
            const auto& header = info.dlpi_phdr[i];
            const std::uintptr_t begin = info.dlpi_addr + header.p_vaddr;
            if (header.p_type == PT_LOAD && (header.p_flags & PF_R))
                segments_.push_back({begin, begin + header.p_filesz, (header.p_flags & PF_W) != 0});
        }
        // The records hold addresses: where the program is loaded anywhere in memory, they are in what the loader writes.
        for (const Segment& segment : segments_)
            for (std::uintptr_t at = (segment.begin + 7) / 8 * 8; at + sizeof(Record) <= segment.end; at += 8) visit(at);
    }

    __attribute__((no_sanitize("address"))) void visit(std::uintptr_t at) {
        const auto* words = reinterpret_cast<const volatile std::uintptr_t*>(at);
        if (!text(words[0]) || !text(words[1])) return;
        const std::uintptr_t numbers = words[2];
        const std::string place =
            place_in_source(text(words[0]), static_cast<std::uint32_t>(numbers), static_cast<std::uint32_t>(numbers >> 32));
        if (!place.empty()) places_[place] = text(words[1]);
    }

    /// The text at `at` of constants of the program, or null.
    __attribute__((no_sanitize("address"))) const char* text(std::uintptr_t at) const {
        for (const Segment& segment : segments_) {
            if (segment.writable || at < segment.begin || at >= segment.end) continue;
            std::uintptr_t end = at;
            while (end < segment.end && *reinterpret_cast<const volatile char*>(end) >= ' ') ++end;
            return end > at && end < segment.end && *reinterpret_cast<const volatile char*>(end) == '\0' ? reinterpret_cast<const char*>(at)
                                                                                                         : nullptr;
        }
        return nullptr;
    }

    std::vector<Segment> segments_;
    std::map<std::string, std::string> places_;
};

/// Notes each test that has run beside the places that it reached.
class Listener : public testing::EmptyTestEventListener {
    void OnTestEnd(const testing::TestInfo& info) override {
        if (const char* file = std::getenv("WEFT_REACHED"))
            std::ofstream(file, std::ios::app) << std::string(test_mark) + info.test_suite_name() + "." + info.name() + "\n";
    }
};
[[maybe_unused]] const bool listening = [] {
    testing::UnitTest::GetInstance()->listeners().Append(new Listener);
    return true;
}();

TEST(Reached, KnowsThePlacesOfThisProgram) {
    const std::map<std::string, std::string> places = Program().places();
    EXPECT_GT(places.size(), 300u);
}

TEST(Reached, EachDiagnosticBySomeTest) {
    const char* file = std::getenv("WEFT_REACHED");
    if (!file) GTEST_SKIP() << "WEFT_REACHED names no file: ctest runs this test behind all others";
    std::set<std::string> reached, run;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(test_mark)) {
            run.insert(line.substr(test_mark.size()));
            continue;
        }
        const std::size_t column = line.rfind(':'), number = line.rfind(':', column - 1);
        const std::string place = place_in_source(line.substr(0, number), static_cast<unsigned>(std::stoul(line.substr(number + 1))),
                                                  static_cast<unsigned>(std::stoul(line.substr(column + 1))));
        if (!place.empty()) reached.insert(place);
    }
    const std::map<std::string, std::string> places = Program().places();
    for (const std::string& place : reached) EXPECT_TRUE(places.count(place)) << place << " was reached, but is not known";
    std::string missed;
    std::size_t count = 0;
    for (const auto& [place, function] : places) {
        if (reached.count(place)) continue;
        missed += "\n" + place + ": in " + function;
        ++count;
    }
    std::size_t left_out = 0;
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    for (int s = 0; s < all.total_test_suite_count(); ++s) {
        const testing::TestSuite& suite = *all.GetTestSuite(s);
        for (int t = 0; t < suite.total_test_count(); ++t) {
            const std::string name = std::string(suite.name()) + "." + suite.GetTestInfo(t)->name();
            if (suite.name() != std::string("Reached") && name.find("DISABLED_") == std::string::npos && !run.count(name)) ++left_out;
        }
    }
    if (left_out > 0)
        GTEST_SKIP() << left_out << " tests were not run; the others do not reach " << count << " of " << places.size()
                     << " diagnostics:" << missed;
    EXPECT_EQ(count, 0u) << "no test makes these diagnostics of " << places.size() << ":" << missed;
}

}  // namespace
}  // namespace weft
