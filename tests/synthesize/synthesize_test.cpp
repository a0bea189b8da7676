// synthesize_test.cpp
// Small cores through Yosys: counts, memories, borders, the cache, and errors.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "src/base/scratch.h"
#include "src/synthesize/report.h"
#include "src/synthesize/synthesize.h"
#include "tests/paths.h"

namespace weft {
namespace {

using testing::HasSubstr;

const ProjectFile& delay_file() {
    static const ProjectFile file{"rtl/weft/weft_delay_line.sv", R"(
module weft_delay_line #(parameter int Width = 8, parameter int Steps = 2, parameter int Offset = 0, parameter Name = "") (
    input logic clk, input logic [Width-1:0] in, output logic [Width-1:0] out);
    logic [(Steps+1)*Width-1:0] held;
    assign held[Width-1:0] = in + Width'(Offset);
    genvar i;
    generate
        for (i = 0; i < Steps; i = i + 1) begin : g_step
            weft_register_stage #(.Width(Width)) stage (.clk(clk), .d(held[i*Width+:Width]), .q(held[(i+1)*Width+:Width]));
        end
    endgenerate
    logic [Width-1:0] table_[0:15];
    generate
        if (Name != "") begin : g_table
            initial $readmemh({Name, "_words.mem"}, table_);
            logic [Width-1:0] word;
            always_ff @(posedge clk) word <= table_[held[Steps*Width+:4]];
            assign out = word;
        end else begin : g_plain
            assign out = held[Steps*Width+:Width];
        end
    endgenerate
endmodule
)"};
    return file;
}
const ProjectFile stage_file{"rtl/weft/weft_register_stage.sv", R"(
module weft_register_stage #(parameter int Width = 8) (input logic clk, input logic [Width-1:0] d, output logic [Width-1:0] q);
    (* keep *) logic [Width-1:0] q_register;
    always_ff @(posedge clk) q_register <= d;
    assign q = q_register;
endmodule
)"};

ProjectFile core_file(const std::string& body) {
    return {"rtl/test_core.sv", "module test_core (input logic clk, input logic [7:0] a, output logic [7:0] y);\n" + body + "endmodule\n"};
}

class SynthesizeTest : public testing::Test {
protected:
    void SetUp() override {
        const auto yosys = Yosys::find();
        if (!yosys) GTEST_SKIP() << to_string(yosys.error()[0]);
        if (const char* cache = std::getenv("XDG_CACHE_HOME")) before_ = cache;
        setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
    }
    void TearDown() override {
        if (before_.empty())
            unsetenv("XDG_CACHE_HOME");
        else
            setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    }

    static Result<Synthesis> run(const std::string& body, std::vector<ProjectFile> more = {}) {
        std::vector<ProjectFile> files{core_file(body), delay_file(), stage_file};
        files.insert(files.end(), more.begin(), more.end());
        return synthesize("test_core", files, "xcup");
    }
    static std::ptrdiff_t kept() {
        std::error_code none;
        const std::filesystem::directory_iterator entries(cache_folder() / "synthesis", none);
        return none ? 0 : std::distance(begin(entries), end(entries));
    }

    test::TemporaryFolder folder_;
    std::string before_;
};

TEST_F(SynthesizeTest, CountsEachInstanceAndMapsEqualOnesOnce) {
    const auto result = run(R"(
    logic [7:0] m;
    weft_delay_line #(.Width(8), .Steps(5)) u_first (.clk(clk), .in(a), .out(m));
    weft_delay_line #(.Width(8), .Steps(5)) u_second (.clk(clk), .in(m), .out(y));
)");
    ASSERT_TRUE(result) << to_string(result.error()[0]);
    EXPECT_EQ(result->totals.ff, 2 * 8 * 5);
    EXPECT_EQ(result->totals.lut, 0);
    EXPECT_EQ(result->instances.size(), 2U);
    EXPECT_EQ(kept(), 1);
}

TEST_F(SynthesizeTest, FollowsPathsAcrossBorders) {
    const auto result = run(R"(
    logic [7:0] m;
    weft_delay_line #(.Width(8), .Steps(1)) u_first (.clk(clk), .in(a), .out(m));
    weft_delay_line #(.Width(8), .Steps(1), .Offset(-77)) u_second (.clk(clk), .in(m), .out(y));
)");
    ASSERT_TRUE(result) << to_string(result.error()[0]);
    EXPECT_EQ(result->border.from, "u_first.out");
    EXPECT_EQ(result->border.to, "u_second.in");
    EXPECT_EQ(result->border.depth.carry_chains, 1);
    EXPECT_GE(result->border.depth.carry_bits, 7);
    EXPECT_LE(result->border.depth.carry_bits, 8);
}

TEST_F(SynthesizeTest, CountsAShellWithoutItsCore) {
    const ProjectFile shell{"rtl/test_kernel.v", R"(
module test_kernel (input wire clk, input wire reset_n, input wire [7:0] a, output wire [7:0] y);
    reg rst = 1'b1;
    always @(posedge clk) rst <= !reset_n;
    wire [7:0] m, n;
    weft_delay_line #(.Width(8), .Steps(4)) u_reader (.clk(clk), .in(a), .out(m));
    test_core u_core (.clk(clk), .a(m & {8{!rst}}), .y(n));
    weft_delay_line #(.Width(8), .Steps(3)) u_writer (.clk(clk), .in(n), .out(y));
endmodule
)"};
    const auto result =
        synthesize("test_kernel", std::vector<ProjectFile>{shell, delay_file(), stage_file}, "xcup", SynthesisProgress{}, "test_core");
    ASSERT_TRUE(result) << to_string(result.error()[0]);
    ASSERT_EQ(result->instances.size(), 2U);
    EXPECT_EQ(result->instances[0].name, "u_reader");
    EXPECT_EQ(result->instances[1].name, "u_writer");
    EXPECT_EQ(result->totals.ff, 8 * (4 + 3));
}

TEST_F(SynthesizeTest, ContentsOfMemoriesCount) {
    const std::string body = R"(
    weft_delay_line #(.Width(8), .Steps(1), .Name("lut")) u_lut (.clk(clk), .in(a), .out(y));
)";
    std::string zeros, mixed;
    for (int i = 0; i < 16; ++i) {
        zeros += "00\n";
        mixed += std::string(1, "0123456789abcdef"[i * 7 % 16]) + std::string(1, "fedcba9876543210"[i * 11 % 13]) + "\n";
    }
    const auto empty = run(body, {{"rtl/lut_words.mem", zeros}});
    const auto full = run(body, {{"rtl/lut_words.mem", mixed}});
    ASSERT_TRUE(empty) << to_string(empty.error()[0]);
    ASSERT_TRUE(full) << to_string(full.error()[0]);
    EXPECT_EQ(kept(), 2);
    EXPECT_LT(empty->totals.lut + empty->totals.ff, full->totals.lut + full->totals.ff);
    const auto missing = run(body);
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error()[0].reason, HasSubstr("Yosys failed on the module weft_delay_line (instance 'u_lut')"));
}

TEST_F(SynthesizeTest, ADamagedCacheEntryIsMadeAgain) {
    const std::string body = "    weft_delay_line #(.Width(8), .Steps(3)) u (.clk(clk), .in(a), .out(y));\n";
    const auto first = run(body);
    ASSERT_TRUE(first);
    for (const auto& entry : std::filesystem::directory_iterator(cache_folder() / "synthesis"))
        std::filesystem::resize_file(entry.path(), 10);
    const auto second = run(body);
    ASSERT_TRUE(second);
    EXPECT_EQ(first->totals, second->totals);
    EXPECT_EQ(first->worst, second->worst);
}

TEST_F(SynthesizeTest, SaysWhatIsWrong) {
    const auto unknown = run("    weft_nothing u (.clk(clk));\n");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error()[0].reason, "the module 'weft_nothing' of 'u' is in no file of the project");
    const auto logic = run("    assign y = a + 8'd3;\n");
    ASSERT_FALSE(logic);
    EXPECT_THAT(logic.error()[0].reason, HasSubstr("the core 'test_core' holds logic of its own"));
    const auto syntax = run("    this is not Verilog\n");
    ASSERT_FALSE(syntax);
    EXPECT_THAT(syntax.error()[0].reason, HasSubstr("Yosys failed on rtl/test_core.sv"));
    const auto core = synthesize("other_core", std::vector<ProjectFile>{stage_file}, "xcup");
    ASSERT_FALSE(core);
    EXPECT_EQ(core.error()[0].reason, "the project has no file of the module 'other_core'");
}

TEST(SynthesisReport, SaysThatTheBoardHasOtherDsps) {
    const auto counted = count_design({}, **find_board("pynq-z2"));
    ASSERT_FALSE(counted);
    EXPECT_EQ(counted.error()[0].reason, "the kernel is made of DSP48E2s, and pynq-z2 has DSP48E1s");
    EXPECT_EQ(counted.error()[0].help, "compile the model for that board: --board pynq-z2");
}

TEST(Yosys, MissingIsAClearError) {
    const std::string path = std::getenv("PATH");
    setenv("PATH", "/nonexistent", 1);
    const auto yosys = Yosys::find();
    setenv("PATH", path.c_str(), 1);
    ASSERT_FALSE(yosys);
    EXPECT_THAT(yosys.error()[0].reason, HasSubstr("Yosys is missing"));
    EXPECT_THAT(yosys.error()[0].help, HasSubstr("apt-get install yosys"));
}

}  // namespace
}  // namespace weft
