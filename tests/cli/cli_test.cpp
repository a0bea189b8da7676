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

Outcome weft(const std::string& arguments, const std::string& before = {}) {
    Outcome outcome;
    const std::string command = before + std::string(WEFT_BINARY_DIR) + "/weft " + arguments + " 2>&1 </dev/null";
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
    for (const char* command : {"check", "compile", "run", "quantize", "schedule", "synthesize", "list"}) {
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

/// With a compiled project, and a way to take programs off the search path.
class CliProject : public Cli {
protected:
    void SetUp() override {
        WEFT_REQUIRE_PATH(data_);
        const Outcome compiled = weft("compile " + options_ + " -o " + project_);
        ASSERT_EQ(compiled.code, 0) << compiled.text;
    }

    /// What the program says with no other program to be found, and nothing kept from earlier runs.
    Outcome weft_alone(const std::string& arguments) const {
        return weft(arguments, "env PATH=" + at("no-programs") + " XDG_CACHE_HOME=" + at("cache") + " ");
    }

    /// Compiling with `more` fails with a message that has all of `parts`, and writes nothing.
    void expect_no_project(const std::string& more, const std::vector<std::string>& parts) const {
        const Outcome outcome = weft("compile " + options_ + " " + more + " -o " + at("refused"));
        EXPECT_EQ(outcome.code, 1) << outcome.text;
        for (const std::string& part : parts)
            EXPECT_NE(outcome.text.find(part), std::string::npos) << part << " is not in: " << outcome.text;
        EXPECT_FALSE(fs::exists(at("refused")));
    }

    const fs::path data_ = test::fashion_mnist_folder();
    const std::string images_ = (data_ / "t10k-images-idx3-ubyte.gz").string();
    const std::string options_ = fashion_ + " --preprocess scale=1/255 --calibrate " + images_;
    const std::string project_ = at("project");
};

TEST_F(Cli, RunsModelsAndProjectsOnly) {
    fs::create_directory(at("letters"));
    write("letters/letter.txt", "dear");
    write("none.npy", "none");
    const std::string help = "\n  help: compile the model first: weft compile MODEL -o DIR\n";
    for (const std::string& folder : {at("letters"), at("nowhere"), at("none.npy")})
        for (const std::string command : {"schedule ", "synthesize "}) {
            const Outcome outcome = weft(command + folder);
            EXPECT_EQ(outcome.code, 1) << command;
            EXPECT_EQ(outcome.text, "error: '" + folder + "' is no project of weft" + help);
        }
    for (const char* engine : {"integer", "rtl"}) {
        const Outcome outcome = weft("run " + at("letters") + " --inputs " + at("none.npy") + " --engine " + engine);
        EXPECT_EQ(outcome.code, 1);
        EXPECT_EQ(outcome.text, "error: '" + at("letters") + "' is no project of weft" + help);
    }
    // A project that has lost a file says which.
    fs::create_directory(at("broken"));
    write("broken/manifest.json", "{}");
    for (const std::string command : {"schedule ", "synthesize "}) {
        const Outcome outcome = weft(command + at("broken"));
        EXPECT_EQ(outcome.code, 1) << outcome.text;
        EXPECT_EQ(outcome.text.rfind("error: ", 0), 0u) << outcome.text;
    }
}

TEST_F(Cli, RefusesOptionsThatDoNothing) {
    for (const char* option : {"--stalls 3", "--trace wave.fst", "--shell"})
        for (const char* engines : {"", " --engine hls", " --engine integer --against hls"}) {
            const Outcome outcome = weft("run " + at("anything") + " --inputs " + at("anything") + " " + option + engines);
            const std::string flag = std::string(option).substr(0, std::string(option).find(' '));
            EXPECT_EQ(outcome.code, 1);
            EXPECT_EQ(outcome.text, "error: " + flag + " is for the engine rtl, and this run has none\n  help: add --engine rtl\n");
        }
    const Outcome both = weft("run " + at("anything") + " --inputs " + at("anything") + " --engine rtl --shell --trace wave.fst");
    EXPECT_EQ(both.code, 1);
    EXPECT_NE(both.text.find("help: give one of the two"), std::string::npos) << both.text;
    EXPECT_FALSE(fs::exists("wave.fst"));
}

TEST_F(CliProject, SaysWhichProgramIsMissing) {
    const std::string run = "run " + project_ + " --inputs " + images_ + " --images 1 --engine ";
    const Outcome rtl = weft_alone(run + "rtl");
    EXPECT_EQ(rtl.code, 1);
    EXPECT_EQ(rtl.text, "error: Verilator, which simulates the RTL, is not installed\n  help: apt-get install verilator\n");
    EXPECT_EQ(weft_alone(run + "integer --against rtl --shell").text, rtl.text);
    const Outcome hls = weft_alone(run + "hls");
    EXPECT_EQ(hls.code, 1);
    EXPECT_NE(hls.text.find("compiler"), std::string::npos) << hls.text;
    const Outcome yosys = weft_alone("synthesize " + project_);
    EXPECT_EQ(yosys.code, 1);
    EXPECT_EQ(yosys.text,
              "error: Yosys is missing: it maps the RTL and counts its cells\n  help: install it (Debian and Ubuntu: apt-get install "
              "yosys), and see that "
              "`yosys` is in PATH\n");
    // What needs no other program still works.
    EXPECT_EQ(weft_alone("schedule " + project_).code, 0);
    EXPECT_EQ(weft_alone(run + "integer").code, 0);
}

TEST_F(CliProject, RefusesFoldingsThatDoNotFit) {
    write("unknown.json", R"({"conv_1": {"PE": 2}})");
    expect_no_project("--folding " + at("unknown.json"),
                      {"error: ", "unknown.json names 'conv_1', which is no node of the design", "help: "});
    std::ifstream written(project_ + "/folding.json");
    const std::string folding((std::istreambuf_iterator<char>(written)), {});
    const std::string key = folding.substr(folding.find('"') + 1, folding.find('"', folding.find('"') + 1) - folding.find('"') - 1);
    write("range.json", "{\"" + key + "\": {\"Lanes\": 0}}");
    expect_no_project("--folding " + at("range.json"), {"node '" + key + "'", "Lanes = 0 is outside 1.."});
    write("large.json", "{\"" + key + "\": {\"Lanes\": 999999}}");
    expect_no_project("--folding " + at("large.json"), {"node '" + key + "'", "Lanes exceeds Channels"});
    write("parameter.json", "{\"" + key + "\": {\"Lines\": 1}}");
    expect_no_project("--folding " + at("parameter.json"), {"has a folding parameter 'Lines'", "did you mean 'Lanes'?"});
    write("text.json", "{\"" + key + "\": {\"Lanes\": \"all\"}}");
    expect_no_project("--folding " + at("text.json"), {"Lanes is \"all\", not an integer"});
    expect_no_project("--folding " + at("nowhere.json"), {"nowhere.json"});
    const Outcome whole = weft("compile " + options_ + " --folding " + project_ + "/folding.json -o " + at("again"));
    EXPECT_EQ(whole.code, 0) << whole.text;
}

TEST_F(CliProject, RefusesWhatTheBoardHasNoRoomFor) {
    const std::string wide = (test::source_folder() / "examples/fashion-mnist/pixels-4.json").string();
    // More than the whole device.
    expect_no_project("--board kv260 --folding " + wide, {" DSP, the user region of kv260 has 1248: ", " too many, ",
                                                          " %\n  help: fold more: about --mac-dsps ", " would fit (now "});
    // A kernel may cross regions, at a price: that is not refused.
    const Outcome crosses = weft("compile " + options_ + " --board alveo-u200 --folding " + wide + " -o " + at("crosses"));
    EXPECT_EQ(crosses.code, 0);
    for (const char* part : {"warning: ", " DSP, the largest SLR of alveo-u200 (SLR0) has 2265: ", " too many, ",
                             " %\n  help: fold more: about --mac-dsps ", " would fit (now "})
        EXPECT_NE(crosses.text.find(part), std::string::npos) << part << " is not in: " << crosses.text;
    const Outcome fits = weft("compile " + options_ + " --board kv260 --mac-dsps 300 -o " + at("small"));
    EXPECT_EQ(fits.code, 0) << fits.text;
}

}  // namespace
}  // namespace weft
