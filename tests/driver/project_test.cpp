// project_test.cpp
// Projects on disk: the manifest lists every file with its digest, and one that is not as weft wrote it is refused by name.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "src/base/files.h"
#include "src/base/sha256.h"
#include "src/driver/compile.h"
#include "src/driver/evaluate_run.h"
#include "tests/messages.h"
#include "tests/onnx/model_builder.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using Json = nlohmann::ordered_json;

class ProjectTest : public testing::Test {
protected:
    void SetUp() override {
        test::ModelBuilder heads;
        heads.input("x", {"N", 3});
        heads.floats("w", {3, 5}, {1, 2, 3, 4, 5, 6, 7, 8, -9, 1, 2, 3, 4, 5, 6});
        heads.floats("v", {3, 1}, {0.5F, -1, 0.25F});
        heads.node("Gemm", {"x", "w"}, {"classes"}, "first");
        heads.node("Gemm", {"x", "v"}, {"level"}, "second");
        heads.output("classes", {"N", 5});
        heads.output("level", {"N", 1});
        heads.write(folder_ / "model.onnx");
        std::vector<float> values;
        for (int i = 0; i < 24; ++i) values.push_back(static_cast<float>(std::sin(i * 1.7)));
        ASSERT_TRUE(save_npy(folder_ / "samples.npy", Tensor::of<float>({8, 3}, values)));
        CompileOptions options;
        options.calibration = folder_ / "samples.npy";
        options.self_check = false;
        const auto compiled = compile(folder_ / "model.onnx", options);
        ASSERT_TRUE(compiled) << test::messages(compiled);
        ASSERT_TRUE(write_project(**compiled, nullptr, folder_ / "model.onnx", project_));
        manifest_ = Json::parse(*read_file(project_ / "manifest.json"));
    }

    /// What loading says of the project with another manifest.
    std::string loading(const std::string& manifest) const {
        EXPECT_TRUE(write_file(project_ / "manifest.json", manifest));
        return test::messages(load_project(project_));
    }
    /// What a run says of it.
    std::string running(const Json& manifest) const {
        EXPECT_TRUE(write_file(project_ / "manifest.json", manifest.dump()));
        return test::messages(run_model({.model = project_, .inputs = folder_ / "samples.npy", .engine = "integer"}, {}));
    }

    test::TemporaryFolder folder_;
    const fs::path project_ = folder_ / "out";
    Json manifest_;
};

TEST_F(ProjectTest, ListsItsFilesWithTheirDigests) {
    EXPECT_EQ(manifest_.at("program"), "weft");
    EXPECT_EQ(manifest_.at("version"), WEFT_VERSION);
    std::map<std::string, std::string> listed = manifest_.at("files"), found;
    for (const auto& entry : fs::recursive_directory_iterator(project_))
        if (entry.is_regular_file() && entry.path().filename() != "manifest.json")
            found[entry.path().lexically_relative(project_).generic_string()] = sha256(*read_file(entry.path()));
    EXPECT_EQ(listed, found);
    EXPECT_GT(found.size(), 10u);
}

TEST_F(ProjectTest, LinksTheKernelWhereItHasRoom) {
    const auto connected = [&](const char* file) {
        const auto text = read_file(project_ / "vitis" / file);
        EXPECT_TRUE(text) << test::messages(text);
        return text ? text->substr(text->find("[connectivity]")) : std::string();
    };
    const std::string link = connected("link.cfg");
    EXPECT_EQ(connected("rtl_link.cfg"), link);
    EXPECT_THAT(link, testing::ContainsRegex("sp=model_kernel_1.gmem_in:DDR.[03].\n"));
    for (const char* output : {"gmem_out_0", "gmem_out_1"})
        EXPECT_THAT(link, testing::ContainsRegex(fmt::format("sp=model_kernel_1.{}:DDR.[03].\n", output)));
    EXPECT_THAT(link, testing::ContainsRegex("slr=model_kernel_1:SLR[02]\n"));
}

TEST_F(ProjectTest, SaysWhatIsWrongWithItsManifest) {
    EXPECT_EQ(loading(manifest_.dump()), "");
    const std::string broken =
        "error: '" + (project_ / "manifest.json").string() + "' is not a manifest of weft\n  help: compile the model again\n";
    EXPECT_EQ(loading("{"), broken);
    EXPECT_EQ(loading(R"({"name": "App"})"), broken);
    Json without = manifest_;
    without["options"].erase("board");
    EXPECT_EQ(loading(without.dump()), broken);
    Json unknown = manifest_;
    unknown["design"]["units"][0]["unit"] = "frobnicator";
    EXPECT_EQ(loading(unknown.dump()),
              "error: the manifest names an unknown unit 'frobnicator'\n  help: it was written by another version of weft: compile the "
              "model again\n");
    Json cut = manifest_;
    cut["design"].erase("streams");
    EXPECT_THAT(loading(cut.dump()), StartsWith("error: the manifest cannot be read: "));
    EXPECT_THAT(loading(cut.dump()), HasSubstr("\n  help: compile the model again\n"));
}

TEST_F(ProjectTest, SaysThatItsDesignIsOfAnotherModel) {
    EXPECT_EQ(running(manifest_), "");
    Json renamed = manifest_;
    renamed["design"]["outputs"][0]["tensor"] = "another";
    EXPECT_EQ(running(renamed),
              "error: tensor 'another': the model does not hold the tensor that the design names\n  help: compile the model again\n");
    Json lost = manifest_;
    lost["design"]["outputs"].erase(1);
    EXPECT_THAT(running(lost), HasSubstr("the host needs a tensor that the kernel does not give\n  help: compile the model again\n"));
}

TEST_F(ProjectTest, SaysThatSamplesDoNotFit) {
    const auto reading = [&](const std::vector<NamedTensor>& tensors) {
        EXPECT_TRUE(save_npz(folder_ / "other.npz", tensors));
        return test::messages(run_model({.model = project_, .inputs = folder_ / "other.npz", .engine = "float"}, {}));
    };
    const auto samples = [](Shape shape) { return Tensor(DataType::float32, std::move(shape)); };
    EXPECT_EQ(reading({{"x", samples({2, 3})}}), "");
    EXPECT_EQ(
        reading({{"x", samples({2, 4})}}),
        "error: tensor 'x': the samples have the shape [4], the input [1, 3]\n  help: a sample must have the shape [1, 3] up to axes of "
        "extent 1\n");
    EXPECT_EQ(reading({{"y", samples({2, 3})}, {"z", samples({2, 3})}}),
              "error: tensor 'x': the data holds no array for the model's input\n  help: give a .npz with one array an input, named as the "
              "inputs; did you mean 'y'?\n");
}

}  // namespace
}  // namespace weft
