// package_hardware_test.cpp
// A project for a real card: the commands that the vendor's tools are called with, and what is read of their reports. The tools are
// stand-ins that write down how they were called.
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/package_hardware.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "src/base/files.h"
#include "tests/driver/small_project.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr const char* timing_report = R"(
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)
    -------      -------  ---------------------  -------------------      -------
      0.043        0.000                      0              1012345        0.010
)";

constexpr const char* utilisation_report = R"(
+-------------------+-----------------+---------------+-------------+-------------+
| Name              | LUT             | REG           | BRAM        | DSP         |
+-------------------+-----------------+---------------+-------------+-------------+
| Platform          | 100000 [ 8.46%] | 200000 [ 8.5%]| 250 [11.5%] | 10 [ 0.15%] |
| User Budget       | 900000 [100.0%] | 900000 [ 100%]| 900 [ 100%] | 6000 [100%] |
| model_kernel      | 4805 [ 0.53%]   | 6487 [ 0.72%] | 12 [ 1.33%] | 300 [ 5.0%] |
|    model_kernel_1 | 4805 [ 0.53%]   | 6487 [ 0.72%] | 12 [ 1.33%] | 300 [ 5.0%] |
+-------------------+-----------------+---------------+-------------+-------------+
)";

class HardwarePackages : public testing::Test {
protected:
    void SetUp() override {
        test::write_dense_project(folder_.path(), "model");
        path_ = std::getenv("PATH");
        const std::string log = "echo \"$(basename \"$0\") $*\" >> " + (folder_ / "calls").string() + "\n";
        tool("vivado", log + "for a in \"$@\"; do case \"$a\" in *.xo) mkdir -p \"$(dirname \"$a\")\"; touch \"$a\";; esac; done\n");
        tool("v++",
             log +
                 "out=; while [ $# -gt 0 ]; do [ \"$1\" = -o ] && out=$2; shift; done\nmkdir -p \"$(dirname \"$out\")\"/link/imp\ntouch "
                 "\"$out\"\n" +
                 fmt::format("cat > \"$(dirname \"$out\")\"/link/imp/impl_1_timing_summary_routed.rpt <<'T'\n{}T\n", timing_report) +
                 fmt::format("cat > \"$(dirname \"$out\")\"/link/imp/impl_1_kernel_util_routed.rpt <<'T'\n{}T\n", utilisation_report));
        tool("xclbinutil", log +
                               "case \"$1\" in --info) echo 'Clocks'; echo '   Name:      DATA_CLK'; echo '   Type:      DATA'; echo '   "
                               "Frequency: 287 MHz';; "
                               "*) while [ $# -gt 0 ]; do [ \"$1\" = --output ] && touch \"$2\"; shift; done;; esac\n");
    }
    void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }
    void tool(const std::string& name, const std::string& body) {
        ASSERT_TRUE(write_file(folder_ / ("bin/" + name), "#!/bin/sh\n" + body));
        fs::permissions(folder_ / ("bin/" + name), fs::perms::owner_all);
    }
    void use_tools() { ::setenv("PATH", ((folder_ / "bin").string() + ":" + path_).c_str(), 1); }
    std::string calls() const {
        const auto text = read_file(folder_ / "calls");
        return text ? *text : std::string();
    }

    test::TemporaryFolder folder_;
    std::string path_;
    const HardwareRequest request_{folder_ / "model", folder_ / "model.xclbin"};
};

TEST_F(HardwarePackages, AreLinkedAndDescribed) {
    use_tools();
    const auto package = package_hardware(request_);
    ASSERT_TRUE(package) << test::messages(package);
    EXPECT_THAT(calls(), HasSubstr("v++ -l -t hw --platform xilinx_u200"));
    EXPECT_THAT(calls(), HasSubstr("--config rtl_link.cfg"));
    EXPECT_THAT(calls(), HasSubstr("--add-section USER_METADATA:RAW:" + (folder_ / "model/vitis/build.rtl.hw/weft.json").string()));
    EXPECT_TRUE(fs::exists(request_.output));
    EXPECT_EQ(package->clock_mhz, 287);
    EXPECT_EQ(package->worst_slack_ns, 0.043);
    EXPECT_THAT(package->utilisation, ElementsAre(Pair("LUT", "4805 [ 0.53%]"), Pair("REG", "6487 [ 0.72%]"), Pair("BRAM", "12 [ 1.33%]"),
                                                  Pair("DSP", "300 [ 5.0%]")));
    const auto description = nlohmann::json::parse(*read_file(folder_ / "model/vitis/build.rtl.hw/weft.json"));
    EXPECT_EQ(description["kernels"][0]["kernel"], "model_kernel");
    EXPECT_FALSE(description["kernels"][0]["status_registers"].empty());
}

TEST_F(HardwarePackages, TellAHostThatHlsKernelsDoNotCount) {
    use_tools();
    HardwareRequest request = request_;
    request.kernel = KernelLanguage::hls;
    const auto package = package_hardware(request);
    ASSERT_TRUE(package) << test::messages(package);
    EXPECT_THAT(calls(), HasSubstr("v++ -c -t hw"));
    const auto description = nlohmann::json::parse(*read_file(folder_ / "model/vitis/build.hw/weft.json"));
    EXPECT_TRUE(description["kernels"][0]["status_registers"].empty());
}

TEST_F(HardwarePackages, SayWhatToTypeWhereThereIsNoLinker) {
    ::setenv("PATH", "/usr/bin:/bin", 1);
    const std::string said = test::messages(package_hardware(request_));
    EXPECT_THAT(said, HasSubstr("v++, which builds for a real card, is not on PATH"));
    EXPECT_THAT(said, HasSubstr(fmt::format("make -C {} -f rtl.mk xclbin TARGET=hw", (folder_ / "model/vitis").string())));
    EXPECT_THAT(said, HasSubstr("xclbinutil --force --input"));
    EXPECT_FALSE(fs::exists(request_.output));
}

TEST_F(HardwarePackages, SayWhyALinkerFailed) {
    tool("v++", "echo 'ERROR: [v++ 60-1] no such platform' >&2\nexit 1\n");
    use_tools();
    const std::string said = test::messages(package_hardware(request_));
    EXPECT_THAT(said, HasSubstr("xclbin TARGET=hw' failed (2)"));
    EXPECT_THAT(said, HasSubstr("ERROR: [v++ 60-1] no such platform"));
}

TEST_F(HardwarePackages, AreOfProjects) {
    EXPECT_THAT(test::messages(package_hardware({folder_ / "nowhere", folder_ / "x"})), HasSubstr("is no project of weft"));
    HardwareRequest request = request_;
    fs::remove(folder_ / "model/vitis/rtl.mk");
    EXPECT_THAT(test::messages(package_hardware(request)), HasSubstr("the project has no RTL kernel"));
}

TEST_F(HardwarePackages, AreNotForBoardsThatVivadoBuildsFor) {
    test::write_dense_project(folder_.path(), "zynq", {.board = "pynq-z2"});
    EXPECT_THAT(test::messages(package_hardware({folder_ / "zynq", folder_ / "x"})), HasSubstr("is not built for by v++ but by Vivado"));
}

TEST(HardwareReports, MayBeMissing) {
    EXPECT_FALSE(worst_slack("nothing"));
    EXPECT_TRUE(kernel_utilisation("nothing", "k").empty());
    EXPECT_FALSE(kernel_clock("nothing"));
}

}  // namespace
}  // namespace weft
