// block_design_test.cpp
// Vivado's flow: the block design around the kernel as Vivado is told of it, and what else a project for such a board has.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/emit/back_end.h"
#include "src/emit/hls.h"
#include "src/emit/kernel_port.h"
#include "src/emit/rtl.h"
#include "src/emit/shell.h"
#include "tests/messages.h"
#include "tests/passing_design.h"
#include "tests/paths.h"

namespace weft {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const BackEnd& back_end(std::string_view name) {
    return **std::ranges::find_if(back_end_registry(), [&](const BackEnd* one) { return one->name == name; });
}

EmitOptions zynq(const std::vector<Placement>& units) {
    return {.board = "pynq-z2",
            .flow = Flow::vivado,
            .platform = "tul.com.tw:pynq-z2:part0:1.0",
            .part = "xc7z020clg400-1",
            .family = "xc7",
            .clock_mhz = 100,
            .memory_bits = 64,
            .compute_units = units};
}

/// Commands of a script as Vivado would get them, of which the stand-ins know what cells, pins and cores are called.
class BlockDesignScript : public ::testing::Test {
protected:
    void SetUp() override {
        if (!run_process({"tclsh", "/dev/null"})) GTEST_SKIP() << "tclsh is not installed";
    }

    ProcessResult run(const EmitOptions& options, const std::string& progress = "100%") {
        design_ = test::passing("pass", {{{2, 3, 1, 3}, -16, 15, {2, 1, 3}}});
        const auto emitted = back_end("block_design").emit({design_, options, {}, HostProgram{}});
        EXPECT_TRUE(emitted) << test::messages(emitted);
        for (const ProjectFile& file : emitted->files) EXPECT_TRUE(write_file(folder_ / file.path, file.text));
        const std::string stub = R"(
set log [open [lindex $argv 0] w]
set progress [lindex $argv 1]
set script [lindex $argv 2]
set argv [lrange $argv 3 end]
proc unknown {name args} {
    global log progress
    puts $log [concat [list $name] $args]
    switch $name {
        get_ipdefs { return [list [string map {* {}} "v:l[lindex $args end]1.0"] [string map {* {}} "v:l[lindex $args end]1.10"]] }
        get_bd_pins - get_bd_intf_pins - get_bd_cells - get_runs { return [lindex $args 0] }
        create_bd_cell { return [lindex $args end] }
        get_property { return [expr {[lindex $args 0] eq "PROGRESS" ? $progress : 0.5}] }
    }
    return $name
}
source $script
close $log
)";
        EXPECT_TRUE(write_file(folder_ / "stub.tcl", stub));
        const auto result = run_process({"tclsh", (folder_ / "stub.tcl").string(), (folder_ / "log").string(), progress,
                                         (folder_ / "vivado/block_design.tcl").string(), "ip", (folder_ / "work").string()});
        EXPECT_TRUE(result);
        const auto log = read_file(folder_ / "log");
        log_ = log ? *log : "";
        joined_.clear();
        std::istringstream lines(log_);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string command, from, to;
            words >> command >> from >> to;
            if (command == "connect_bd_net" || command == "connect_bd_intf_net") {
                EXPECT_TRUE(joined_.emplace(to, from).second || to == from) << to << " is joined twice";
            }
        }
        return *result;
    }
    /// What a pin or interface is joined to, from either side.
    std::set<std::string> partners(const std::string& pin) const {
        std::set<std::string> found;
        for (const auto& [to, from] : joined_) {
            if (to == pin) found.insert(from);
            if (from == pin) found.insert(to);
        }
        return found;
    }

    test::TemporaryFolder folder_;
    Design design_;
    std::string log_;
    std::map<std::string, std::string> joined_;
};

TEST_F(BlockDesignScript, JoinsTheKernelToAZynqsProcessingSystem) {
    EXPECT_EQ(run(zynq({{"", "HP0"}, {"", "HP2"}, {"", "HP0"}})).exit_code, 0);
    EXPECT_THAT(log_, HasSubstr("create_project -force design " + (folder_ / "work").string() + " -part xc7z020clg400-1\n"));
    EXPECT_THAT(log_, HasSubstr("set_property board_part tul.com.tw:pynq-z2:part0:1.0 current_project\n"));
    // The newest of two versions, by number.
    EXPECT_THAT(log_, HasSubstr("create_bd_cell -type ip -vlnv v:l:processing_system7:1.10 ps\n"));
    EXPECT_THAT(log_, HasSubstr("apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config {make_external {FIXED_IO, DDR} "
                                "apply_board_preset 1 Master Disable Slave Disable} ps\n"));
    EXPECT_THAT(log_, HasSubstr("CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 100} ps\n"));
    for (const char* hp : {"0", "2"})
        EXPECT_THAT(log_, HasSubstr(fmt::format("{{CONFIG.PCW_USE_S_AXI_HP{0} 1 CONFIG.PCW_S_AXI_HP{0}_DATA_WIDTH 64}} ps\n", hp)));
    EXPECT_THAT(log_, Not(HasSubstr("S_AXI_HP1")));

    const std::string kernel = kernel_name(design_);
    const auto unit = [&](int i, const char* pin) { return fmt::format("{}_{}/{}", kernel, i, pin); };
    for (int i = 1; i <= 3; ++i) {
        EXPECT_THAT(log_, HasSubstr(fmt::format("create_bd_cell -type ip -vlnv v:l:{0}:1.10 {0}_{1}\n", kernel, i)));
        EXPECT_THAT(partners(unit(i, "ap_clk")), Contains("ps/FCLK_CLK0"));
        EXPECT_THAT(partners(unit(i, "ap_rst_n")), Contains("reset/peripheral_aresetn"));
        EXPECT_THAT(partners(unit(i, "interrupt")), Contains(fmt::format("interrupts/In{}", i - 1)));
        EXPECT_THAT(partners(unit(i, "s_axi_control")), Contains(fmt::format("control/M{:02}_AXI", i - 1)));
        for (const char* port : {"m_axi_gmem0", "m_axi_gmem1"}) EXPECT_EQ(partners(unit(i, port)).size(), 1U) << unit(i, port);
    }
    EXPECT_THAT(partners("memory_2/S01_AXI"), Contains(unit(2, "m_axi_gmem1")));
    EXPECT_THAT(partners("memory_0/S03_AXI"), Contains(unit(3, "m_axi_gmem1")));
    EXPECT_THAT(log_, HasSubstr("{CONFIG.NUM_SI 4 CONFIG.NUM_MI 1} memory_0\n"));
    EXPECT_THAT(log_, HasSubstr("{CONFIG.NUM_SI 1 CONFIG.NUM_MI 3} control\n"));
    EXPECT_THAT(partners("ps/S_AXI_HP0"), Contains("memory_0/M00_AXI"));
    EXPECT_THAT(partners("ps/S_AXI_HP2"), Contains("memory_2/M00_AXI"));
    EXPECT_THAT(partners("ps/M_AXI_GP0"), Contains("control/S00_AXI"));
    EXPECT_THAT(partners("interrupts/dout"), Contains("ps/IRQ_F2P"));
    for (const char* clocked : {"ps/M_AXI_GP0_ACLK", "ps/S_AXI_HP0_ACLK", "ps/S_AXI_HP2_ACLK", "control/aclk", "memory_0/aclk",
                                "memory_2/aclk", "reset/slowest_sync_clk"})
        EXPECT_THAT(partners(clocked), Contains("ps/FCLK_CLK0")) << clocked;
    EXPECT_LT(log_.find("assign_bd_address"), log_.find("validate_bd_design"));
    EXPECT_LT(log_.find("wait_on_runs impl_1"), log_.find("write_hw_platform -fixed -include_bit"));
}

TEST_F(BlockDesignScript, JoinsTheKernelToAnUltraScalesProcessingSystem) {
    EmitOptions options = zynq({{"", "HP3"}});
    options.family = "xcup";
    options.memory_bits = 512;
    EXPECT_EQ(run(options).exit_code, 0);
    EXPECT_THAT(log_, HasSubstr("apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset 1} ps\n"));
    // A wider port goes through the interconnect, which narrows it.
    EXPECT_THAT(log_, HasSubstr("{CONFIG.PSU__USE__S_AXI_GP5 1 CONFIG.PSU__SAXIGP5__DATA_WIDTH 128} ps\n"));
    EXPECT_THAT(partners("ps/S_AXI_HP3_FPD"), Contains("memory_3/M00_AXI"));
    EXPECT_THAT(partners("ps/saxihp3_fpd_aclk"), Contains("ps/pl_clk0"));
    EXPECT_THAT(partners("ps/pl_ps_irq0"), Contains("interrupts/dout"));
}

TEST_F(BlockDesignScript, SaysThatTheImplementationFailed) {
    const ProcessResult failed = run(zynq({{"", "HP0"}}), "37%");
    EXPECT_NE(failed.exit_code, 0);
    EXPECT_THAT(failed.errors, HasSubstr("the implementation failed: see " + (folder_ / "work").string() + "/design.runs"));
    EXPECT_THAT(log_, Not(HasSubstr("write_hw_platform")));
}

TEST(BlockDesign, IsForProcessingSystemsAlone) {
    const Design design = test::passing("pass", {{{2, 3, 1, 3}, -16, 15, {1, 1, 3}}});
    EmitOptions options = zynq({{"", "HP0"}});
    const BackEnd& block_design = back_end("block_design");
    EXPECT_TRUE(block_design.takes(design, options));
    options.compute_units[0].bank = "DDR[0]";
    EXPECT_THAT(test::messages(block_design.takes(design, options)),
                HasSubstr("the processing system has ports HP0 to HP3, the board file's bank is 'DDR[0]'"));
    options.compute_units.assign(17, {"", "HP0"});
    EXPECT_THAT(test::messages(block_design.takes(design, options)), HasSubstr("joins 16 compute units at most, not 17"));
    options.flow = Flow::vitis;
    EXPECT_FALSE(block_design.takes(design, options));
    EXPECT_EQ(test::messages(block_design.takes(design, options)), "") << "nothing is missed where v++ does it";
}

TEST(BlockDesign, ReplacesWhatIsForTheFlowOfPlatforms) {
    const Design design = test::passing("pass", {{{2, 3, 1, 3}, -16, 15, {1, 1, 3}}});
    const auto emitted = [&](const EmitOptions& options) {
        std::map<std::string, std::string> files;
        for (const auto& list : {*emit_shell(design, options), emit_hls(design, options)->files})
            for (const ProjectFile& file : list) files[file.path] = file.text;
        return files;
    };
    const auto vivado = emitted(zynq({{"", "HP0"}}));
    const auto vitis = emitted({});
    for (const char* path : {"vitis/hls.cfg", "vitis/link.cfg", "vitis/rtl_link.cfg", "vitis/rtl.mk", "vitis/package_rtl.tcl"}) {
        EXPECT_FALSE(vivado.contains(path)) << path;
        EXPECT_TRUE(vitis.contains(path)) << path;
    }
    for (const char* path : {"vivado/rtl.mk", "vivado/package_rtl.tcl"}) {
        EXPECT_TRUE(vivado.contains(path)) << path;
        EXPECT_FALSE(vitis.contains(path)) << path;
    }
    for (const auto& [path, text] : vivado) EXPECT_THAT(text, Not(HasSubstr("v++"))) << path;
    EXPECT_THAT(vivado.at("vitis/hls.tcl"), HasSubstr("open_solution -reset solution -flow_target vivado\n"));
    EXPECT_THAT(vivado.at("vitis/hls.tcl"), HasSubstr("ip { export_design -format ip_catalog"));
    EXPECT_THAT(vivado.at("vitis/Makefile"), HasSubstr("\tSTEPS='csynth ip' "));
    EXPECT_THAT(vivado.at("hls/kernel.cpp"), HasSubstr("ap_ctrl_chain port=return"));
    EXPECT_THAT(vivado.at("hls/kernel.cpp"), HasSubstr("ap_uint<64>* gmem_out"));
    EXPECT_THAT(vivado.at("vivado/package_rtl.tcl"), Not(HasSubstr("package_xo")));
    EXPECT_THAT(vivado.at("vivado/package_rtl.tcl"), Not(HasSubstr("sdx_kernel")));
    EXPECT_THAT(vitis.at("vitis/hls.tcl"), Not(HasSubstr("export_design")));
}

TEST(BlockDesign, IsMadeOfTheKernelsCore) {
    if (!run_process({"make", "--version"})) GTEST_SKIP() << "make is not installed";
    const test::TemporaryFolder folder;
    const Design design = test::passing("pass", {{{2, 3, 1, 3}, -16, 15, {1, 1, 3}}});
    const auto shell = emit_shell(design, zynq({{"", "HP0"}}));
    ASSERT_TRUE(shell) << test::messages(shell);
    for (const ProjectFile& file : *shell) ASSERT_TRUE(write_file(folder / file.path, file.text));
    ASSERT_TRUE(write_file(folder / "vivado/block_design.tcl", "\n"));
    const std::string tool =
        "#!/bin/sh\necho \"$*\" >> \"$WEFT_LOG\"\ncase \"$*\" in *package_rtl*) mkdir -p build.rtl/kernel; touch "
        "build.rtl/kernel/component.xml;; esac\n";
    ASSERT_TRUE(write_file(folder / "bin/vivado", tool));
    std::filesystem::permissions(folder / "bin/vivado", std::filesystem::perms::owner_all);
    const auto made = run_process({"env", "WEFT_LOG=" + (folder / "log").string(), "make", "-C", (folder / "vivado").string(), "-f",
                                   "rtl.mk", "VIVADO=" + (folder / "bin/vivado").string(), "bitstream"});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->exit_code, 0) << made->errors;
    const std::string calls = *read_file(folder / "log");
    EXPECT_THAT(calls, HasSubstr("-source package_rtl.tcl -tclargs build.rtl/kernel build.rtl/package\n"));
    EXPECT_THAT(calls, HasSubstr("-source block_design.tcl -tclargs build.rtl/kernel build.rtl/design\n"));
    EXPECT_LT(calls.find("package_rtl"), calls.find("block_design"));
}

}  // namespace
}  // namespace weft
