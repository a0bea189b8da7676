// cli_test.cpp
// The program as users meet it: exit codes, messages, nothing written where something is wrong.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

struct Outcome {
    int code = -1;
    std::string text;  ///< Both streams.
};

Outcome weft(const std::string& arguments) {
    Outcome outcome;
    const std::string command = std::string(WEFT_BINARY_DIR) + "/weft " + arguments + " 2>&1 </dev/null";
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer;
    while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) outcome.text.append(buffer.data(), count);
    const int status = pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}

class Cli : public testing::Test {
protected:
    std::string at(const std::string& name) const { return (folder_ / name).string(); }
    void write(const std::string& name, const std::string& contents) const { std::ofstream(at(name), std::ios::binary) << contents; }

    /// Compiling `model` fails with exactly this message and leaves nothing behind.
    void expect_refused(const std::string& arguments, const std::string& message) const {
        const Outcome outcome = weft("compile " + arguments + " -o " + at("out"));
        EXPECT_EQ(outcome.code, 1);
        EXPECT_EQ(outcome.text, message);
        for (const auto& entry : fs::directory_iterator(folder_.path())) {
            EXPECT_FALSE(entry.path().filename().string().find("out") != std::string::npos) << entry.path() << " is left";
        }
    }

    const std::string fashion_ = (test::source_folder() / "examples/fashion-mnist/fashion.onnx").string();
    test::TemporaryFolder folder_;
};

TEST_F(Cli, HelpHasAnExample) {
    for (const char* command : {"check", "compile", "run", "quantize", "synthesize", "list"}) {
        const Outcome outcome = weft(std::string(command) + " --help");
        EXPECT_EQ(outcome.code, 0);
        EXPECT_NE(outcome.text.find("Example: weft " + std::string(command)), std::string::npos) << outcome.text;
    }
}

TEST_F(Cli, UnknownOptionsAreTheUsersError) {
    EXPECT_EQ(weft("").code, 1);
    EXPECT_EQ(weft("compile").code, 1);
    EXPECT_EQ(weft("frobnicate").code, 1);
    EXPECT_EQ(weft("list nothing").code, 1);
}

TEST_F(Cli, SynthesizesProjectsOnly) {
    EXPECT_EQ(weft("synthesize").code, 1);
    const Outcome outcome = weft("synthesize " + at("nowhere"));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.text,
              "error: '" + at("nowhere") + "' is no project of weft\n  help: compile the model first: weft compile MODEL -o DIR\n");
}

TEST_F(Cli, RefusesFilesThatAreNoModels) {
    expect_refused(at("none.onnx"), "error: there is no file '" + at("none.onnx") + "'\n  help: give the path of an ONNX model\n");
    write("empty.onnx", "");
    expect_refused(at("empty.onnx"), "error: '" + at("empty.onnx") + "' is empty\n  help: copy or export the model again\n");
    write("image.onnx", "\xff\xd8\xff\xe0 something");
    expect_refused(at("image.onnx"),
                   "error: '" + at("image.onnx") + "' is a JPEG image, not an ONNX model\n  help: give the path of an ONNX model\n");
    std::ifstream whole(fashion_, std::ios::binary);
    write("part.onnx", std::string(std::istreambuf_iterator<char>(whole), {}).substr(0, 5000));
    expect_refused(at("part.onnx"), "error: '" + at("part.onnx") +
                                        "' ends in the middle of the model\n  help: the file is truncated; copy or export it again\n");
}

TEST_F(Cli, RefusesWhatCannotBecomeAKernel) {
    expect_refused(
        fashion_,
        "error: the model is not quantised\n  help: give calibration samples: --calibrate DATA (a .npy or .npz file, an IDX file, or a "
        "folder of images)\n");
    expect_refused(fashion_ + " --board alveo-u20", "error: there is no board 'alveo-u20'\n  help: did you mean 'alveo-u200'?\n");
    expect_refused(fashion_ + " --shape image", "error: --shape 'image' is not understood\n  help: write --shape NAME=1,3,32,32\n");
    expect_refused(fashion_ + " --preprocess scale",
                   "error: --preprocess: 'scale' is not of the form key=value\n  help: for example --preprocess "
                   "scale=1/255,mean=0.5,std=0.25,order=bgr,layout=hwc\n");
}

TEST_F(Cli, DoesNotOverwriteWhatIsNotItsOwn) {
    fs::create_directory(at("home"));
    write("home/letter.txt", "dear");
    const fs::path data = test::fashion_mnist_folder();
    WEFT_REQUIRE_PATH(data);
    const std::string options = fashion_ + " --preprocess scale=1/255 --calibrate " + (data / "t10k-images-idx3-ubyte.gz").string();
    const Outcome refused = weft("compile " + options + " -o " + at("home"));
    EXPECT_EQ(refused.code, 1);
    EXPECT_NE(refused.text.find("exists and is no weft project"), std::string::npos) << refused.text;
    EXPECT_TRUE(fs::exists(at("home/letter.txt")));

    // The same input gives the same bytes, over the old project as well.
    ASSERT_EQ(weft("compile " + options + " -o " + at("first")).code, 0);
    ASSERT_EQ(weft("compile " + options + " -o " + at("second")).code, 0);
    for (const char* file : {"manifest.json", "model.onnx", "report.json", "folding.json"}) {
        std::ifstream a(at("first") + "/" + file, std::ios::binary), b(at("second") + "/" + file, std::ios::binary);
        EXPECT_EQ(std::string(std::istreambuf_iterator<char>(a), {}), std::string(std::istreambuf_iterator<char>(b), {})) << file;
    }
    EXPECT_EQ(weft("compile " + options + " -o " + at("first")).code, 0);

    // A folding file that is none.
    const Outcome unknown = weft("compile " + options + " --folding " + at("home/letter.txt") + " -o " + at("third"));
    EXPECT_EQ(unknown.code, 1);
    EXPECT_FALSE(fs::exists(at("third")));
}

}  // namespace
}  // namespace weft
