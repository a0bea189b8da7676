// package_test.cpp
// Projects as an emulated card, run by the host program that they bring: equal to the contract; what goes wrong is said in seconds, and
// nothing of a run stays behind.
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/package.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/card/host_run.h"
#include "src/driver/evaluate_run.h"
#include "src/engines/xrt_engine.h"
#include "tests/driver/small_project.h"
#include "tests/emulation.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

/// Scratch folders of cards that this process has run.
std::vector<std::string> left_behind() {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator("/tmp"))
        if (const std::string name = entry.path().filename().string();
            name.starts_with(fmt::format("weft-card-{}-{}-", ::getuid(), ::getpid())))
            names.push_back(name);
    return names;
}

class Packages : public testing::Test {
protected:
    void SetUp() override {
        WEFT_REQUIRE_EMULATION();
        test::write_dense_project(folder_.path(), "model");
    }
    void TearDown() override { EXPECT_THAT(left_behind(), IsEmpty()); }

    fs::path packaged(const EmulationOptions& options = {}) {
        const auto package = package_emulated({{folder_ / "model"}, folder_ / "model.xclbin", options});
        EXPECT_TRUE(package) << test::messages(package);
        return folder_ / "model.xclbin";
    }
    RunRequest request(const fs::path& model) const { return {.model = model, .inputs = folder_ / "samples.npy", .engine = "xrt"}; }
    /// Runs the command line itself.
    ProcessResult weft(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) const {
        std::vector<std::string> command{"env", "--chdir=" + folder_.path().string()};
        command.insert(command.end(), environment.begin(), environment.end());
        command.push_back(std::string(WEFT_BINARY_DIR) + "/weft");
        command.insert(command.end(), arguments.begin(), arguments.end());
        const auto result = run_process(command);
        EXPECT_TRUE(result);
        return result ? *result : ProcessResult{};
    }

    test::TemporaryFolder folder_;
};

TEST_F(Packages, RunFromTheProjectEqualToTheContract) {
    RunRequest run = request(folder_ / "model");
    run.against = "integer";
    const auto result = run_model(run, {});
    ASSERT_TRUE(result) << test::messages(result);
    EXPECT_EQ(result->elements, 32 * 5);
    EXPECT_EQ(result->equal_elements, result->elements);
    const auto& card = result->measures.at("xrt").json.at("card");
    EXPECT_EQ(card["units"][0]["counters"]["WEFT_FRAMES"], 32);
}

TEST_F(Packages, RunFromTheFileAsFromTheProject) {
    const auto alone = run_model(request(packaged()), {});
    ASSERT_TRUE(alone) << test::messages(alone);
    RunRequest contract = request(folder_ / "model");
    contract.engine = "integer";
    const auto expected = run_model(contract, {});
    ASSERT_TRUE(expected);
    EXPECT_EQ(alone->engine, "xrt");
    ASSERT_EQ(alone->outputs.size(), 1U);
    EXPECT_EQ(alone->outputs[0].name, "y");
    EXPECT_EQ(alone->outputs[0].tensor.to_doubles(), expected->outputs[0].tensor.to_doubles());
}

TEST_F(Packages, HoldTwoNetworks) {
    test::write_dense_project(folder_.path(), "other", {}, true);
    const auto package = package_emulated({{folder_ / "model", folder_ / "other"}, folder_ / "both.xclbin", {}});
    ASSERT_TRUE(package) << test::messages(package);
    EXPECT_EQ(package->units.size(), 2U);
    RunRequest run = request(folder_ / "both.xclbin");
    EXPECT_THAT(test::messages(run_model(run, {})), HasSubstr("holds several kernels"));
    run.kernel = "nothing";
    EXPECT_THAT(test::messages(run_model(run, {})), HasSubstr("holds no kernel 'nothing'"));
    for (const std::string name : {"model", "other"}) {
        run.kernel = name + "_kernel";
        const auto result = run_model(run, {});
        ASSERT_TRUE(result) << test::messages(result);
        RunRequest contract = request(folder_ / name);
        contract.engine = "integer";
        const auto expected = run_model(contract, {});
        ASSERT_TRUE(expected);
        const auto a = result->outputs[0].tensor.to_doubles(), b = expected->outputs[0].tensor.to_doubles();
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6) << name;
    }
}

TEST_F(Packages, AreRefusedForDifferentCards) {
    test::write_dense_project(folder_.path(), "other", {.board = "alveo-u250"});
    EXPECT_THAT(test::messages(package_emulated({{folder_ / "model", folder_ / "other"}, folder_ / "x", {}})),
                HasSubstr("they cannot share a card"));
    test::write_dense_project(folder_.path(), "slow", {.clock_mhz = 200});
    EXPECT_THAT(test::messages(package_emulated({{folder_ / "model", folder_ / "slow"}, folder_ / "x", {}})),
                HasSubstr("a card has one kernel clock"));
    EXPECT_THAT(test::messages(package_emulated({{folder_ / "nowhere"}, folder_ / "x", {}})), HasSubstr("is no project of weft"));
}

TEST_F(Packages, HoldNoModelToCompareWith) {
    RunRequest run = request(packaged());
    run.against = "integer";
    EXPECT_THAT(test::messages(run_model(run, {})), HasSubstr("an xclbin holds no model to compare with"));
    run.against.clear();
    run.engine = "rtl";
    EXPECT_THAT(test::messages(run_model(run, {})), HasSubstr("an xclbin is run by the engine xrt, not rtl"));
    run.engine = "xrt";
    run.engines.stall_seed = 3;
    EXPECT_THAT(test::messages(run_model(run, {})), HasSubstr("the stalls of an emulated card are those that it was packaged with"));
}

TEST_F(Packages, RefuseWhatIsCutOffOrNotOfWeft) {
    const auto whole = read_file(packaged());
    ASSERT_TRUE(whole);
    ASSERT_TRUE(write_file(folder_ / "cut.xclbin", std::string_view(*whole).substr(0, whole->size() / 2)));
    EXPECT_THAT(test::messages(run_model(request(folder_ / "cut.xclbin"), {})), HasSubstr("cut.xclbin': the file is no whole xclbin"));
    std::string other = *whole;
    other[332] = 0;
    ASSERT_TRUE(write_file(folder_ / "real.xclbin", other));
    EXPECT_THAT(test::messages(run_model(request(folder_ / "real.xclbin"), {})), HasSubstr("is for a real card"));
    other = *whole;
    other.replace(other.rfind("\"kernel\""), 8, "\"kornel\"");
    ASSERT_TRUE(write_file(folder_ / "odd.xclbin", other));
    EXPECT_THAT(test::messages(run_model(request(folder_ / "odd.xclbin"), {})), HasSubstr("it was not packaged by weft"));
    other = *whole;
    other.replace(other.rfind("\"kernels\""), 9, "\"kernelz\"");
    ASSERT_TRUE(write_file(folder_ / "other.xclbin", other));
    EXPECT_THAT(test::messages(run_model(request(folder_ / "other.xclbin"), {})), HasSubstr("it was not packaged by weft"));
}

TEST_F(Packages, RefuseInputsOfAnotherShape) {
    const fs::path xclbin = packaged();
    ASSERT_TRUE(save_npy(folder_ / "samples.npy", Tensor(DataType::float32, {2, 4})));
    const ProcessResult result = weft({"run", xclbin.string(), "--inputs", "samples.npy"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("error: tensor 'x': the samples have the shape [4], the input [1, 3]"));
}

TEST_F(Packages, EndWhereTheCardReachesItsLimit) {
    RunRequest run = request(packaged({.most_cycles = 50}));
    const auto kernel = find_kernel(run.model, "");
    ASSERT_TRUE(kernel && build_host_program(*kernel));
    const auto begin = std::chrono::steady_clock::now();
    const std::string said = test::messages(run_model(run, {}));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_THAT(said, HasSubstr("the limit of 50 cycles is reached"));
}

TEST_F(Packages, ArePackagedOneByOneForARealCard) {
    const ProcessResult result = weft({"package", "model", "model", "--target", "hw", "-o", "x.xclbin"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("a real card is packaged with one project"));
}

TEST_F(Packages, TakeTheOptionsOfTheirTarget) {
    ProcessResult result = weft({"package", "model", "--target", "hw", "-o", "x.xclbin", "--stalls", "3"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("--stalls, --most-cycles and --trace are for an emulated card"));
    result = weft({"package", "model", "-o", "x.xclbin", "--kernel", "hls"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("an emulated card runs the RTL kernel"));
    result = weft({"run", "model", "--inputs", "samples.npy", "--kernel", "k"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("--kernel is for an xclbin"));
}

TEST_F(Packages, AreRunOnSamples) {
    const ProcessResult result = weft({"run", "model.xclbin"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("--inputs is missing"));
}

TEST(Interfaces, AreOfTypesThatWeftKnows) {
    const nlohmann::ordered_json port{{"name", "x"}, {"type", "complex"}, {"shape", {3}}};
    EXPECT_THAT(test::messages(interface_of(
                    {{"model", "m"}, {"inputs", nlohmann::ordered_json::array({port})}, {"outputs", nlohmann::ordered_json::array()}})),
                HasSubstr("tensor 'x': its type is not known"));
}

TEST_F(Packages, PrintAnEnvironmentForAnyHost) {
    const ProcessResult result = weft({"run", packaged().string(), "--environment", "--pure"});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("export XCL_EMULATION_MODE='hw_emu'\n"));
}

TEST_F(Packages, AreFedByTheirOwnHostsInAUsersShell) {
    const fs::path xclbin = packaged();
    const auto built = run_process({"make", "--silent", "-j2", "-C", (folder_ / "model/host").string()});
    ASSERT_TRUE(built && built->exit_code == 0) << built->errors;
    RunRequest contract = request(folder_ / "model");
    contract.engine = "integer";
    const auto expected = run_model(contract, {});
    ASSERT_TRUE(expected);
    for (const char* program : {"host", "host_opencl"})
        for (const char* mode : {"", "--pure"}) {
            SCOPED_TRACE(fmt::format("{} {}", program, mode));
            const fs::path outputs = folder_ / fmt::format("{}{}.npy", program, mode);
            // A shell's own process group is spared when XRT ends that of a host that fails.
            const std::string line = fmt::format(
                "source <({0}/weft run {1} --environment {2}) && exec setsid --wait {3}/model/host/{4} {1} {3}/samples.npy --outputs {5}",
                WEFT_BINARY_DIR, xclbin.string(), mode, folder_.path().string(), program, outputs.string());
            const auto run = run_process({"timeout", "-s", "KILL", "100", "bash", "-c", line});
            ASSERT_TRUE(run && run->exit_code == 0) << run->output << run->errors;
            EXPECT_THAT(run->output, HasSubstr("32 images in"));
            const auto result = load_dataset(outputs);
            ASSERT_TRUE(result) << test::messages(result);
            EXPECT_EQ(result->inputs[0].tensor.to_doubles(), expected->outputs[0].tensor.to_doubles());
        }
}

TEST_F(Packages, SayWhatIsMissingWithoutXrt) {
    const fs::path xclbin = packaged();
    fs::create_directories(folder_ / "xrt/lib");
    ASSERT_TRUE(write_file(folder_ / "xrt/lib/libxrt_hwemu.so.2", ""));
    const ProcessResult result = weft({"run", xclbin.string(), "--inputs", "samples.npy"}, {"XILINX_XRT=" + (folder_ / "xrt").string()});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("hardware emulation has not been tested with version"));
}

TEST_F(Packages, SayWhereTheDiskIsFull) {
    if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
    const ProcessResult result = weft({"package", "model", "-o", "/dev/full"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("/dev/full"));
}

}  // namespace
}  // namespace weft
