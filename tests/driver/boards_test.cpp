// boards_test.cpp
// A network for every board: the project fits the board's flow, ports and memory, and is known again without the board's file.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "src/base/files.h"
#include "src/driver/compile.h"
#include "src/emit/kernel_port.h"
#include "tests/messages.h"
#include "tests/onnx/model_builder.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

class BoardProjects : public testing::Test {
protected:
    void SetUp() override {
        test::ModelBuilder builder;
        builder.input("x", {"N", 12});
        std::vector<float> w;
        for (int i = 0; i < 12 * 5; ++i) w.push_back(static_cast<float>(std::cos(i * 2.3)));
        builder.floats("w", {12, 5}, w);
        builder.node("Gemm", {"x", "w"}, {"y"}, "dense");
        builder.output("y", {"N", 5});
        builder.write(folder_ / "model.onnx");
        std::vector<float> values;
        for (int i = 0; i < 96; ++i) values.push_back(static_cast<float>(std::sin(i * 1.7)));
        ASSERT_TRUE(save_npy(folder_ / "samples.npy", Tensor::of<float>({8, 12}, values)));
    }

    CompileOptions options(const std::string& board) const {
        CompileOptions options;
        options.board = board;
        options.calibration = folder_ / "samples.npy";
        options.self_check = false;
        options.mac_dsp_limit = 20;
        return options;
    }
    Result<std::unique_ptr<Compiled>> project(const CompileOptions& options) const {
        WEFT_ASSIGN(auto compiled, compile(folder_ / "model.onnx", options));
        WEFT_CHECK(write_project(*compiled, nullptr, folder_ / "model.onnx", folder_ / "out"));
        return compiled;
    }
    bool has(const std::string& path) const { return fs::exists(folder_ / "out" / path); }
    std::string text(const std::string& path) const {
        const auto read = read_file(folder_ / "out" / path);
        EXPECT_TRUE(read) << path;
        return read ? *read : "";
    }

    test::TemporaryFolder folder_;
};

TEST_F(BoardProjects, FitEveryBoard) {
    for (const Board& board : boards()) {
        SCOPED_TRACE(board.name);
        const auto compiled = project(options(board.name));
        ASSERT_TRUE(compiled) << test::messages(compiled);
        const std::string kernel = kernel_name((*compiled)->design);
        EXPECT_EQ(text("board.toml"), board.text);
        EXPECT_THAT(text("hls/kernel.cpp"), HasSubstr(fmt::format("ap_uint<{}>* gmem_out", board.memory_bits)));
        EXPECT_THAT(text("vitis/hls.tcl"), HasSubstr("set_part " + board.part + "\n"));
        EXPECT_THAT(text("vitis/Makefile"), HasSubstr(fmt::format("FREQUENCY ?= {:.0f}\n", board.kernel_clock_mhz)));
        const bool vitis = board.flow == Flow::vitis;
        EXPECT_EQ(has("vivado/block_design.tcl"), !vitis);
        EXPECT_EQ(has("vitis/link.cfg"), vitis);
        EXPECT_EQ(has("vitis/rtl_link.cfg"), vitis);
        EXPECT_TRUE(has("rtl/" + kernel + ".v"));
        EXPECT_THAT(text("rtl/" + kernel + ".v"), HasSubstr(fmt::format("output wire [{}:0] m_axi_gmem1_WDATA", board.memory_bits - 1)));
        EXPECT_THAT(text("rtl/" + kernel + ".v"),
                    HasSubstr(fmt::format("output wire [{}:0] m_axi_gmem1_WSTRB", board.memory_bits / 8 - 1)));
        EXPECT_THAT(text("vivado/synth.tcl"), HasSubstr("set part " + board.part + "\n"));
        const std::string bank = (*compiled)->compute_units[0].bank;
        if (vitis) {
            EXPECT_THAT(text("vitis/link.cfg"), HasSubstr(fmt::format("nk={0}:1\nsp={0}_1.gmem_in:{1}\n", kernel, bank)));
            EXPECT_THAT(text("vitis/Makefile"), HasSubstr("PLATFORM ?= " + board.platform + "\n"));
        } else {
            EXPECT_THAT(text("vivado/block_design.tcl"), HasSubstr("set_property board_part " + board.platform + " "));
        }
        // It is known again.
        const auto loaded = load_project(folder_ / "out");
        ASSERT_TRUE(loaded) << test::messages(loaded);
        EXPECT_EQ((*loaded)->board->name, board.name);
        EXPECT_EQ((*loaded)->compute_units, (*compiled)->compute_units);
        EXPECT_EQ(emit_options(**loaded).memory_bits, board.memory_bits);
    }
}

TEST_F(BoardProjects, MultiplyOnNoMoreThanTheBoardHas) {
    for (const auto& [board, limit] : {std::pair{"pynq-z2", 176.0}, std::pair{"kv260", 900.0}}) {
        CompileOptions unbounded = options(board);
        unbounded.mac_dsp_limit = 0;
        const auto compiled = compile(folder_ / "model.onnx", unbounded);
        ASSERT_TRUE(compiled) << test::messages(compiled);
        EXPECT_EQ((*compiled)->options.mac_dsp_limit, limit) << board;
    }
}

TEST_F(BoardProjects, OfAUsersBoardNeedNoFileLater) {
    std::string mine = (*find_board("kv260"))->text;
    const auto replace = [&](const std::string& from, const std::string& to) { mine.replace(mine.find(from), from.size(), to); };
    replace("\"kv260\"", "\"mine\"");
    replace("memory_bits = 128", "memory_bits = 256");
    ASSERT_TRUE(write_file(folder_ / "mine.toml", mine));
    const auto compiled = project(options((folder_ / "mine.toml").string()));
    ASSERT_TRUE(compiled) << test::messages(compiled);
    fs::remove(folder_ / "mine.toml");
    const auto loaded = load_project(folder_ / "out");
    ASSERT_TRUE(loaded) << test::messages(loaded);
    EXPECT_EQ((*loaded)->board->name, "mine");
    EXPECT_EQ(emit_options(**loaded).memory_bits, 256);
    EXPECT_TRUE(Json::parse(text("manifest.json")).at("files").contains("board.toml"));
    EXPECT_EQ(Json::parse(text("manifest.json")).at("options").at("board"), "mine");
}

TEST_F(BoardProjects, HoldAsManyComputeUnitsAsAreAskedFor) {
    CompileOptions several = options("alveo-u200");
    several.compute_units = 3;
    const auto three = project(several);
    ASSERT_TRUE(three) << test::messages(three);
    const std::string kernel = kernel_name((*three)->design);
    for (const char* path : {"vitis/link.cfg", "vitis/rtl_link.cfg"}) {
        EXPECT_THAT(text(path), HasSubstr(fmt::format("nk={}:3\n", kernel)));
        for (int i = 1; i <= 3; ++i) {
            const Placement& unit = (*three)->compute_units[static_cast<std::size_t>(i - 1)];
            EXPECT_THAT(text(path), HasSubstr(fmt::format("sp={0}_{1}.gmem_in:{2}\nsp={0}_{1}.gmem_out:{2}\nslr={0}_{1}:{3}\n", kernel, i,
                                                          unit.bank, unit.slr)));
        }
    }
    EXPECT_EQ(Json::parse(text("manifest.json")).at("options").at("compute_units").size(), 3U);
    const auto loaded = load_project(folder_ / "out");
    ASSERT_TRUE(loaded) << test::messages(loaded);
    EXPECT_EQ((*loaded)->compute_units, (*three)->compute_units);
    EXPECT_EQ(emit_options(**loaded).compute_units, (*three)->compute_units);

    several.compute_units = 0;
    const auto most = project(several);
    ASSERT_TRUE(most) << test::messages(most);
    const auto count = static_cast<int>((*most)->compute_units.size());
    EXPECT_GT(count, 3);
    several.compute_units = count + 1;
    EXPECT_THAT(test::messages(project(several)), HasSubstr(fmt::format("--compute-units {} fits", count)));
    EXPECT_EQ(text("vitis/link.cfg").find(fmt::format("nk={}:{}\n", kernel, count)) != std::string::npos, true);

    // The report says what is expected, and that it is modelled.
    const Json modelled = Json::parse(text("report.json")).at("modelled_throughput");
    EXPECT_DOUBLE_EQ(modelled.at("bounds").at("compute").get<double>(), std::round(count * 300e6 / static_cast<double>((*most)->interval)));
    EXPECT_EQ(modelled.at("frames_per_second"), modelled.at("bounds").at(modelled.at("bound_by").get<std::string>()));
}

TEST_F(BoardProjects, OfAnEarlierVersionHaveOneComputeUnit) {
    ASSERT_TRUE(project(options("alveo-u200")));
    Json manifest = Json::parse(text("manifest.json"));
    manifest["options"].erase("compute_units");
    manifest["files"].erase("board.toml");
    ASSERT_TRUE(write_file(folder_ / "out/manifest.json", manifest.dump()));
    const auto loaded = load_project(folder_ / "out");
    ASSERT_TRUE(loaded) << test::messages(loaded);
    EXPECT_EQ((*loaded)->compute_units.size(), 1U);
    EXPECT_EQ((*loaded)->board->name, "alveo-u200");
    manifest["options"]["compute_units"] = Json::array();
    ASSERT_TRUE(write_file(folder_ / "out/manifest.json", manifest.dump()));
    EXPECT_THAT(test::messages(load_project(folder_ / "out")), HasSubstr("is not a manifest of weft"));
}

}  // namespace
}  // namespace weft
