// csim_test.cpp
// The C simulation headers: ap types against exact integers and the vendor's open headers, streams and regions, bursts.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <type_traits>

#include "src/base/subprocess.h"
#include "src/design/unit_def.h"
#include "units/csim/ap_int.h"

namespace weft {
namespace {

using ::testing::HasSubstr;

const std::string programs = std::string(WEFT_SOURCE_DIR) + "/tests/csim/programs/";

/// Compiles a program of tests/csim/programs and returns its path; empty where that fails.
std::string build(const std::string& compiler, const std::string& name, const std::string& optimise,
                  std::vector<std::string> options = {}) {
    // Tests may run side by side: each has its own folder.
    std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(test.begin(), test.end(), '/', '_');
    const std::filesystem::path folder = std::filesystem::path(WEFT_BINARY_DIR) / "csim_test" / test;
    std::filesystem::create_directories(folder);
    std::string binary =
        (folder / (name + "_" + std::filesystem::path(compiler).filename().string() + (options.empty() ? "" : "_other"))).string();
    std::vector<std::string> command = {compiler, "-std=c++14", optimise};
    if (options.empty())
        options = {"-pedantic", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", std::string("-I") + WEFT_SOURCE_DIR + "/units/csim"};
    command.insert(command.end(), options.begin(), options.end());
    for (const std::string& word : {std::string("-I") + WEFT_SOURCE_DIR + "/units/common", programs + name + ".cpp", std::string("-lgmpxx"),
                                    std::string("-lgmp"), std::string("-o"), binary})
        command.push_back(word);
    const Result<ProcessResult> result = run_process(command);
    if (!result || result->exit_code != 0) {
        ADD_FAILURE() << compiler << " " << name << ": " << (result ? result->errors.substr(0, 4000) : "cannot be started");
        return "";
    }
    return binary;
}

ProcessResult run(const std::string& binary, const std::string& word = "") {
    if (binary.empty()) return {.exit_code = -1, .output = "", .errors = ""};
    std::vector<std::string> command = {binary};
    if (!word.empty()) command.push_back(word);
    Result<ProcessResult> result = run_process(command);
    return result ? *result : ProcessResult{.exit_code = -1, .output = "", .errors = "cannot be started"};
}

template <class T, int W, bool S>
constexpr bool is_kind = T::width == W&& T::is_signed == S;

TEST(CsimApInt, HasTheDocumentedWidthsAndValues) {
    ap_int<8> s = 0;
    ap_uint<8> u = 0;
    ap_int<27> a = 0;
    ap_int<18> b = 0;
    ap_int<48> c = 0;
    static_assert(is_kind<decltype(s + u), 10, true> && is_kind<decltype(u - u), 9, true> && is_kind<decltype(s + 1), 33, true>);
    static_assert(is_kind<decltype(s * 1), 40, true> && is_kind<decltype(u * 1u), 40, false> && is_kind<decltype(s / s), 9, true>);
    static_assert(is_kind<decltype(a + a), 28, true> && is_kind<decltype((a + a) * b), 46, true> &&
                  is_kind<decltype((a + a) * b + c), 49, true>);
    static_assert(sizeof(ap_int<8>) == 1 && sizeof(ap_int<12>) == 2 && sizeof(a) == 4 && sizeof(c) == 8 && sizeof(ap_int<72>) == 16);
    static_assert(sizeof(ap_uint<512>) == 64 && std::is_trivially_copyable_v<ap_uint<512>>);
    EXPECT_EQ((ap_uint<8>(200) << 1).to_int(), 144);
    EXPECT_EQ((ap_int<8>(16) >> -1).to_int(), 32);
    EXPECT_EQ(ap_uint<8>(ap_uint<8>(0x12).range(0, 7)).to_int(), 0x48);
    EXPECT_EQ(ap_uint<16>((ap_uint<8>(200), ap_uint<8>(3))).to_int(), 0xc803);
    EXPECT_TRUE(ap_int<8>(-5) < ap_uint<8>(200));
    const ap_int<48> q = -2;
    EXPECT_EQ(q.range(17, 0).to_int(), 262142);
    EXPECT_EQ(ap_int<18>(q.range(17, 0)).to_int(), -2);
    EXPECT_EQ(ap_int<100>("-0x123456789abcdef0123").to_string(16), "-0x123456789abcdef0123");
    std::ostringstream text;
    text << ap_int<72>(-7) << " " << std::hex << ap_uint<12>(0xabc);
    EXPECT_EQ(text.str(), "-7 0xabc");
    ap_uint<4> high, low;
    (high, low) = 0xa5;
    EXPECT_EQ(high, 10);
    EXPECT_EQ(low, 5);
}

TEST(CsimApInt, EqualsExactIntegers) {
    const ProcessResult result = run(build("g++", "arithmetic", "-O0"));
    EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
    EXPECT_THAT(result.output, HasSubstr("0 failures"));
}

TEST(CsimApInt, OptimisesToTheSameValuesUnderClang) {
    const ProcessResult result =
        run(build("clang++", "arithmetic", "-O1", {"-DWEFT_FEW_TYPES", std::string("-I") + WEFT_SOURCE_DIR + "/units/csim"}));
    EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
}

TEST(CsimApInt, EqualsTheVendorsOpenHeaders) {
    const char* folder = std::getenv("WEFT_AP_TYPES");
    if (folder == nullptr || !std::filesystem::exists(std::string(folder) + "/ap_int.h"))
        GTEST_SKIP() << "WEFT_AP_TYPES names no folder with the vendor's ap_int.h (as in templates/vivado/ap_types of the hls4ml package)";
    // Rows `type type values divisions comparisons`, each a digest. Their divisions and comparisons go wrong for some pairs of signs.
    const auto rows = [](const std::string& output) {
        std::map<std::string, std::vector<std::string>> table;
        std::istringstream lines(output);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string a, b;
            std::vector<std::string> digests(3);
            if (words >> a >> b >> digests[0] >> digests[1] >> digests[2] && digests[2].size() == 16 && line.find(',') == std::string::npos)
                table[a + " " + b] = digests;
        }
        return table;
    };
    const auto ours = rows(run(build("g++", "arithmetic", "-O0")).output);
    const auto theirs = rows(run(build("g++", "arithmetic", "-O0", {"-w", std::string("-I") + folder})).output);
    ASSERT_GE(ours.size(), 17u);
    ASSERT_EQ(ours.size(), theirs.size());
    for (const auto& [pair, digests] : ours) EXPECT_EQ(digests[0], theirs.at(pair)[0]) << pair;
}

class CsimStreams : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Compilers, CsimStreams, ::testing::Values("g++", "clang++"),
                         [](const auto& info) { return std::string(info.param) == "g++" ? "gcc" : "clang"; });

TEST_P(CsimStreams, RunToTheEndOrNameTheStream) {
    const std::string program = build(GetParam(), "streams", "-O1");
    ASSERT_NE(program, "");
    for (const char* word : {"chain", "deep", "nested", "testbench"}) {
        const ProcessResult result = run(program, word);
        EXPECT_EQ(result.exit_code, 0) << word << ": " << result.output << result.errors;
        EXPECT_EQ(result.errors, "") << word;
    }
    const std::vector<std::pair<const char*, std::vector<const char*>>> caught = {
        {"shallow",
         {"process 'fork_1' waits for room on stream 'skip' (full, depth 7)",
          "process 'add_1' waits for data on stream 'window_out' (empty)", ": stream 'skip' is too shallow\n"}},
        {"short", {"deadlock: process 'step_1' waits for data on stream 'source' (empty), whose writer 'load_1' has ended after 5 beats"}},
        {"leftover", {"left-over data: stream 'source' still holds 1 of 6 beats"}},
        {"empty", {"stream 'source' is read while empty"}},
        {"two_readers", {"stream 'source' has two readers: 'store_1' and 'step_1'"}},
    };
    for (const auto& [word, texts] : caught) {
        const ProcessResult result = run(program, word);
        EXPECT_EQ(result.exit_code, 3) << word;
        for (const char* text : texts) EXPECT_THAT(result.errors, HasSubstr(text));
    }
}

TEST(CsimContexts, RunTheSameOnTheSystemsOwnContexts) {
    const std::string binary =
        build("g++", "streams", "-O1", {"-DWEFT_CSIM_UCONTEXT", "-w", std::string("-I") + WEFT_SOURCE_DIR + "/units/csim"});
    EXPECT_EQ(run(binary, "chain").exit_code, 0);
    EXPECT_THAT(run(binary, "shallow").errors, HasSubstr(": stream 'skip' is too shallow\n"));
}

TEST(CsimBursts, MoveFramesOfAnySize) {
    const ProcessResult result = run(build("g++", "bursts", "-O1"));
    EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
    EXPECT_EQ(result.output, "0 wrong\n");
}

TEST(CsimHeaders, AreEmbeddedAsTheyAre) {
    int count = 0;
    for (const EmbeddedFile& file : embedded_unit_files()) {
        if (!file.path.starts_with("csim/")) continue;
        ++count;
        std::ifstream in(std::string(WEFT_SOURCE_DIR) + "/units/" + std::string(file.path), std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        EXPECT_EQ(file.contents, text.str()) << file.path;
    }
    EXPECT_GE(count, 9);
}

}  // namespace
}  // namespace weft
