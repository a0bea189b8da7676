// host_project_test.cpp
// The folder host/ of a project, built as a user builds it: what is emitted, that it compiles alone, and what its programs refuse.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/data/npy.h"
#include "src/design/host_program.h"
#include "src/driver/compile.h"
#include "src/emit/back_end.h"
#include "src/emit/kernel_port.h"
#include "src/runtime/arrays.h"
#include "tests/runtime/fake_card.h"
#include "tests/runtime/quantized_model.h"

namespace weft::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// x [N, 4] -> dense, softmax -> y [N, 3], and an exponential beside it, which is left to the user.
class HostProject : public testing::Test {
protected:
    void SetUp() override {
        ModelBuilder builder = quantized_dense();
        builder.node("Softmax", {"logits"}, {"y"}, "soft");
        builder.node("Exp", {"logits"}, {"e"}, "why \"so\\\"?");
        builder.output("y", {"N", 3});
        builder.output("e", {"N", 3});
        builder.write(folder_ / "small.onnx");
        std::vector<float> values;
        for (int i = 0; i < 32; ++i) values.push_back(static_cast<float>(i * 37 % 19) / 8 - 1);
        ASSERT_TRUE(save_npy(folder_ / "x.npy", Tensor::of<float>({8, 4}, values)));
        auto compiled = compile(folder_ / "small.onnx", {});
        ASSERT_TRUE(compiled) << messages(compiled);
        const auto program = host_program((*compiled)->model.quantized, (*compiled)->design);
        ASSERT_TRUE(program) << messages(program);
        const auto list = back_end_registry();
        const auto back_end = std::ranges::find_if(list, [](const BackEnd* known) { return known->name == "host"; });
        ASSERT_NE(back_end, list.end());
        kernel_ = kernel_name((*compiled)->design);
        auto emitted = (*back_end)->emit({(*compiled)->design, emit_options(**compiled), {}, *program});
        ASSERT_TRUE(emitted) << messages(emitted);
        files_ = std::move(emitted->files);
    }
    std::string at(const std::string& name) const { return (folder_ / name).string(); }
    const std::string& text_of(const std::string& path) const {
        static const std::string none;
        const auto file = std::ranges::find_if(files_, [&](const ProjectFile& f) { return f.path == path; });
        EXPECT_NE(file, files_.end()) << path;
        return file == files_.end() ? none : file->text;
    }

    TemporaryFolder folder_;
    std::string kernel_;
    std::vector<ProjectFile> files_;
};

TEST_F(HostProject, GoldenFiles) {
    const fs::path golden = source_folder() / "tests/golden/host_small";
    for (const std::string path : {"host/kernel.json", "host/network.h", "host/Makefile"}) {
        if (std::getenv("WEFT_UPDATE_GOLDEN")) {
            fs::create_directories((golden / path).parent_path());
            ASSERT_TRUE(write_file(golden / path, text_of(path)));
            continue;
        }
        const auto expected = read_file(golden / path);
        ASSERT_TRUE(expected) << path;
        EXPECT_EQ(text_of(path), *expected) << path << " differs; WEFT_UPDATE_GOLDEN=1 writes the golden files anew";
    }
}

TEST_F(HostProject, HoldsTheWholeLibrary) {
    std::set<std::string> shipped, sources;
    for (const ProjectFile& file : files_)
        if (file.path.starts_with("host/weft/")) shipped.insert(file.path.substr(10));
    for (const auto& entry : fs::directory_iterator(source_folder() / "src/runtime"))
        if (entry.is_regular_file()) sources.insert(entry.path().filename().string());
    EXPECT_EQ(shipped, sources);
}

ProcessResult run(const std::vector<std::string>& arguments) {
    const auto result = run_process(arguments);
    EXPECT_TRUE(result) << messages(result);
    return result ? *result : ProcessResult{.exit_code = -1};
}

TEST_F(HostProject, BuildsAloneAndRefusesWhatIsWrong) {
    if (!fs::exists("/usr/include/xrt/xrt/xrt_device.h")) GTEST_SKIP() << "libxrt-dev is not installed";
    for (const ProjectFile& file : files_) {
        fs::create_directories((folder_ / file.path).parent_path());
        ASSERT_TRUE(write_file(folder_ / file.path, file.text));
    }
    const ProcessResult built = run({"make", "-C", at("host"), "ARCH=", "CXXFLAGS=-O0 -Wall -Wextra -Werror"});
    ASSERT_EQ(built.exit_code, 0) << built.errors;
    std::string unit = kernel_ + ":" + kernel_ + "_1";
    const std::string whole = xclbin_bytes({{8, ip_layout({unit})}, {16, metadata({text_of("host/kernel.json")})}});
    write_bytes(at("k.xclbin"), whole);
    write_bytes(at("cut.xclbin"), whole.substr(0, 700));
    write_bytes(at("bare.xclbin"), xclbin_bytes({{8, ip_layout({unit})}}));
    std::string other = text_of("host/kernel.json");
    other.replace(other.find("\"model_hash\": \"") + 15, 4, "ffff");
    write_bytes(at("other.xclbin"), xclbin_bytes({{8, ip_layout({unit})}, {16, metadata({other})}}));
    host::write_npy(at("wrong.npy"), host::Tensor(host::Type::float32, {8, 5}));
    host::write_npy(at("labels.npy"), host::Tensor(host::Type::uint8, {3}));

    struct Refusal {
        std::vector<std::string> arguments;
        std::string said, help;
    };
    const std::vector<Refusal> refusals = {
        {{}, "no xclbin is given", "--help"},
        {{at("k.xclbin")}, "no samples are given for input 'x'", "--help"},
        {{at("k.xclbin"), at("x.npy"), at("x.npy")}, "is one file of samples too many", "--help"},
        {{at("k.xclbin"), at("x.npy"), "--fast"}, "'--fast' is not an option", "--help"},
        {{at("k.xclbin"), at("x.npy"), "--batch"}, "'--batch' needs a value", "--help"},
        {{at("k.xclbin"), at("x.npy"), "--batch", "-3"}, "--batch: '-3' is not a number above 0", ""},
        {{at("none"), at("x.npy")}, "cannot be opened: No such file", ""},
        {{at("x.npy"), at("x.npy")}, "is not an xclbin", ""},
        {{at("cut.xclbin"), at("x.npy")}, "is cut short", "package it again"},
        {{at("bare.xclbin"), at("x.npy")}, "has no section USER_METADATA", "weft package"},
        {{at("other.xclbin"), at("x.npy")}, "holds the kernel of another model: SHA-256 ffff", "package this project again"},
        {{at("k.xclbin"), at("wrong.npy")}, "has samples of shape [5], but input 'x' takes [4]", "the first axis"},
        {{at("k.xclbin"), "x=" + at("small.onnx")}, "neither a .npy nor an IDX file", "np.save"},
        {{at("k.xclbin"), at("x.npy"), "--images", "9"}, "--images: 9 are wanted, but there are 8", ""},
    };
    for (const char* program : {"host", "host_opencl"}) {
        SCOPED_TRACE(program);
        const std::string path = at(std::string("host/") + program);
        for (const Refusal& refusal : refusals) {
            std::vector<std::string> arguments{path};
            arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());
            const ProcessResult result = run(arguments);
            EXPECT_EQ(result.exit_code, 1) << refusal.said;
            EXPECT_THAT(result.errors, AllOf(HasSubstr("error: "), HasSubstr(refusal.said), HasSubstr(refusal.help)));
        }
        const ProcessResult help = run({path, "--help"});
        EXPECT_EQ(help.exit_code, 0);
        EXPECT_THAT(help.output, AllOf(HasSubstr("usage: "), HasSubstr("--outputs FILE"), HasSubstr("example: "),
                                       HasSubstr("left to you: output 'e' is Exp 'why \"so\\\"?' of 'logits'")));
        if (std::getenv("XCL_EMULATION_MODE") || fs::exists("/dev/dri")) continue;
        const ProcessResult no_card = run({path, at("k.xclbin"), at("x.npy")});
        EXPECT_EQ(no_card.exit_code, 1);
        EXPECT_THAT(no_card.errors, HasSubstr("XCL_EMULATION_MODE=hw_emu"));
    }
    const ProcessResult two = run({at("host/host_opencl"), at("k.xclbin"), at("x.npy"), "--device", "0", "--device", "1"});
    EXPECT_THAT(two.errors, HasSubstr("this program uses one card"));
}

}  // namespace
}  // namespace weft::test
