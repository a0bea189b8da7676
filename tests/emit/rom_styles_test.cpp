// rom_styles_test.cpp
// Vendor tools are told where a ROM belongs, as the prediction has it: into LUTs or into block RAM. Yosys chooses LUTs by itself, and takes
// no ROM that is called distributed.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/base/embedded_file.h"
#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/unit_def.h"
#include "tests/paths.h"

namespace weft {
namespace {

std::string rom() {
    for (const EmbeddedFile& file : embedded_unit_files())
        if (file.path.ends_with("/rom.sv")) return std::string(file.contents);
    ADD_FAILURE() << "no ROM";
    return "";
}

/// Does the ROM hold a memory of that style, as Yosys reads it, or as another tool does?
bool has_style(const std::string& parameters, const std::string& style, bool yosys) {
    const test::TemporaryFolder work;
    EXPECT_TRUE(write_file(work / "rom.sv", (yosys ? "" : "`undef YOSYS\n") + rom()));
    const auto run =
        run_process({"yosys", "-q", "-p",
                     fmt::format("read_verilog -sv -defer {}; hierarchy -top weft_rom{}; proc; select -assert-count 1 a:rom_style={}",
                                 (work / "rom.sv").string(), parameters, style)});
    EXPECT_TRUE(run);
    return run && run->exit_code == 0;
}

TEST(RomStyles, ThoseInLutsAreDistributedOutsideYosys) {
    if (!run_process({"yosys", "-h"})) GTEST_SKIP() << "Yosys is not installed";
    for (const bool yosys : {false, true}) {
        for (const char* latency : {"0", "1"}) {
            const std::string luts = fmt::format(" -chparam Depth 64 -chparam Latency {}", latency);
            EXPECT_EQ(has_style(luts, "distributed", yosys), !yosys);
            EXPECT_FALSE(has_style(luts, "block", yosys));
        }
        const std::string block = " -chparam Depth 65 -chparam Latency 2";
        EXPECT_FALSE(has_style(block, "distributed", yosys));
        EXPECT_TRUE(has_style(block, "block", yosys));
    }
}

/// No other module has contents.
TEST(RomStyles, AreThoseOfOneModule) {
    for (const EmbeddedFile& file : embedded_unit_files()) {
        if (!file.path.ends_with(".sv") || file.path.ends_with("/rom.sv")) continue;
        EXPECT_EQ(file.contents.find("$readmem"), std::string_view::npos) << file.path;
    }
}

}  // namespace
}  // namespace weft
