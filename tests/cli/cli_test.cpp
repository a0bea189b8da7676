// cli_test.cpp
// The program as users meet it: exit codes, messages, nothing written where something is wrong.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "src/base/files.h"
#include "src/emit/kernel_names.h"
#include "src/passes/preprocess.h"
#include "tests/onnx/model_builder.h"
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
    for (const char* command : {"check", "compile", "run", "quantize", "schedule", "synthesize", "package", "list"}) {
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
        "error: the model is not quantized\n  help: give calibration samples: --calibrate DATA (a .npy or .npz file, an IDX file, or a "
        "folder of images)\n");
    expect_refused(fashion_ + " --compute-units many",
                   "error: --compute-units 'many' is no number from 1 on\n  help: write --compute-units 2, or --compute-units max\n");
    expect_refused(fashion_ + " --compute-units 0",
                   "error: --compute-units '0' is no number from 1 on\n  help: write --compute-units 2, or --compute-units max\n");
    expect_refused(fashion_ + " --board alveo-u20", "error: there is no board 'alveo-u20'\n  help: did you mean 'alveo-u200'?\n");
    expect_refused(fashion_ + " --shape image", "error: --shape 'image' is not understood\n  help: write --shape NAME=1,3,32,32\n");
    expect_refused(fashion_ + " --preprocess scale", "error: --preprocess: 'scale' is not of the form key=value\n  help: the syntax is " +
                                                         std::string(preprocess_syntax) + "\n");
}

TEST_F(Cli, SaysTheWholeSyntaxOfPreprocessing) {
    // The help wraps its lines.
    std::string help = weft("compile --help").text, wanted(preprocess_syntax);
    const auto squeeze = [](std::string& text) { std::erase_if(text, [](unsigned char c) { return std::isspace(c); }); };
    squeeze(help);
    squeeze(wanted);
    EXPECT_NE(help.find(wanted), std::string::npos) << help;
}

TEST_F(Cli, RefusesNamesThatAreNone) {
    for (const std::string& arguments :
         {"compile " + fashion_ + " -o ''", "compile " + fashion_ + " --json -o ''", "quantize " + fashion_ + " -o ''",
          "quantize " + fashion_ + " --write-bits ''", "run " + fashion_ + " --inputs x --outputs ''",
          std::string("run x --inputs x --trace ''"), std::string("schedule x --svg ''")}) {
        const Outcome outcome = weft(arguments);
        EXPECT_EQ(outcome.code, 1) << arguments;
        EXPECT_NE(outcome.text.find("the name is empty"), std::string::npos) << outcome.text;
    }
    const std::string strange = at("\xff\xfe");
    fs::copy_file(fashion_, strange + ".onnx");
    for (const std::string& arguments : {"check --json '" + strange + ".onnx'", "compile --json " + fashion_ + " -o '" + strange + "'",
                                         "check '" + strange + ".onnx'", "quantize " + fashion_ + " --write-bits '" + strange + "'"}) {
        const Outcome outcome = weft(arguments);
        EXPECT_EQ(outcome.code, 1) << arguments;
        EXPECT_NE(outcome.text.find("\\xff\\xfe"), std::string::npos) << outcome.text;
        EXPECT_NE(outcome.text.find("is not UTF-8\n  help: rename the file or folder\n"), std::string::npos) << outcome.text;
    }
}

TEST_F(Cli, TakesNamesInsideModelsThatAreNotUtf8) {
    test::ModelBuilder builder = test::dense_model();
    builder.model.mutable_graph()->mutable_node(0)->set_name("d\xff");
    builder.write(at("strange.onnx"));
    const Outcome outcome = weft("check --json " + at("strange.onnx"));
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    EXPECT_NE(outcome.text.find("d\xef\xbf\xbd"), std::string::npos) << outcome.text;
}

TEST_F(Cli, DoesNotReplaceWhatItReads) {
    fs::copy_file(fashion_, at("model.onnx"));
    write("samples.npy", "no samples");
    fs::create_symlink(at("model.onnx"), at("link.onnx"));
    const std::string model = at("model.onnx"), samples = at("samples.npy");
    for (const std::string& arguments :
         {"quantize " + model + " --calibrate " + samples + " -o " + at("link.onnx"), "quantize " + model + " --write-bits " + model,
          "quantize " + model + " --calibrate " + samples + " -o " + samples,
          "run " + model + " --inputs " + samples + " --outputs " + samples}) {
        const Outcome outcome = weft(arguments);
        EXPECT_EQ(outcome.code, 1) << arguments;
        EXPECT_NE(outcome.text.find("would replace"), std::string::npos) << outcome.text;
    }
    EXPECT_EQ(fs::file_size(model), fs::file_size(fashion_));
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
    for (const char* folder : {"first", "second"}) {
        fs::create_directory(at(folder));
        ASSERT_EQ(weft("compile " + options + " -o out", "cd " + at(folder) + " && ").code, 0);
    }
    ASSERT_EQ(weft("compile " + options + " -o out", "cd " + at("first") + " && ").code, 0);
    for (const char* file : {"manifest.json", "model.onnx", "report.json", "folding.json"}) {
        std::ifstream a(at("first/out/") + file, std::ios::binary), b(at("second/out/") + file, std::ios::binary);
        const std::string first(std::istreambuf_iterator<char>(a), {}), second(std::istreambuf_iterator<char>(b), {});
        EXPECT_TRUE(first == second && !first.empty()) << file;
    }

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

TEST_F(CliProject, KeepsWhatIsTheUsers) {
    const auto text = [&](const std::string& name) {
        const auto read = read_file(project_ + "/" + name);
        return read ? *read : "(not there)";
    };
    fs::create_directories(project_ + "/vitis/build");
    write("project/vitis/build/kernel.xclbin", "an afternoon");
    write("project/notes.txt", "mine");
    write("project/vitis/Makefile", "edited");
    fs::create_directory_symlink("project", at("link"));
    const Outcome again = weft("compile " + options_ + " --bits 4 -o " + at("link"));
    EXPECT_EQ(again.code, 0) << again.text;
    EXPECT_NE(again.text.find("warning: '" + at("link") + "/vitis/Makefile' is not as weft wrote it: kept as '" + at("link") +
                              "/vitis/Makefile.user'\n"),
              std::string::npos)
        << again.text;
    EXPECT_TRUE(fs::is_symlink(at("link")));
    EXPECT_EQ(text("vitis/build/kernel.xclbin"), "an afternoon");
    EXPECT_EQ(text("notes.txt"), "mine");
    EXPECT_EQ(text("vitis/Makefile.user"), "edited");
    EXPECT_NE(text("vitis/Makefile"), "edited");
    EXPECT_EQ(weft("run " + project_ + " --inputs " + images_ + " --images 2 --engine integer --layers").code, 0);
}

TEST_F(CliProject, DoesNotWipeTheModelBesideTheProject) {
    fs::create_directory(at("home"));
    fs::copy_file(fashion_, at("home/net.onnx"));
    const std::string here = "cd " + at("home") + " && ";
    const std::string options = "compile net.onnx --preprocess scale=1/255 --calibrate " + images_ + " -o .";
    const Outcome refused = weft(options, here);
    EXPECT_EQ(refused.code, 1);
    EXPECT_EQ(refused.text, "error: '.' exists and is no weft project\n  help: choose another output directory with -o\n");
    // A web application's manifest does not make it a project.
    write("home/manifest.json", R"({"name": "App", "icons": [], "start_url": "."})");
    EXPECT_EQ(weft(options, here).code, 1);
    EXPECT_EQ(std::distance(fs::directory_iterator(at("home")), fs::directory_iterator()), 2);
    // In a project, the model beside it stays.
    fs::copy_file(fashion_, project_ + "/net.onnx");
    const Outcome inside = weft(options, "cd " + project_ + " && ");
    EXPECT_EQ(inside.code, 0) << inside.text;
    EXPECT_EQ(fs::file_size(project_ + "/net.onnx"), fs::file_size(fashion_));
}

TEST_F(CliProject, KnowsProjectsOfEarlierVersions) {
    // As they were: no list of files, no digests.
    const auto listed = [&] {
        std::set<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator(project_))
            names.insert(entry.path().lexically_relative(project_).string());
        return names;
    };
    const std::set<std::string> before = listed();
    // Their modules and memories were not named after the kernel.
    std::size_t renamed = 0;
    for (const std::string& name : before) {
        const std::string former = former_path(name, "fashion_kernel");
        if (former == name) continue;
        fs::rename(project_ + "/" + name, project_ + "/" + former);
        ++renamed;
    }
    EXPECT_GT(renamed, 30U);
    auto manifest = nlohmann::ordered_json::parse(*read_file(project_ + "/manifest.json"));
    nlohmann::ordered_json old{{"weft", "0.1.0"}};
    for (const char* key : {"model", "model_hash", "options", "design"}) old[key] = manifest.at(key);
    write("project/manifest.json", old.dump(1));
    for (const char* file : {"manifest.json", "report.json"}) fs::last_write_time(project_ + "/" + file, fs::file_time_type::clock::now());
    EXPECT_EQ(weft("run " + project_ + " --inputs " + images_ + " --images 2 --engine integer --layers").code, 0);
    write("project/rtl/mine.mem", "00");
    fs::last_write_time(project_ + "/rtl/mine.mem", fs::file_time_type::clock::now() - std::chrono::hours(1));

    // Another network: everything of the old one goes, and nothing else.
    fs::copy_file(fashion_, at("other.onnx"));
    const Outcome again = weft("compile " + at("other.onnx") + " --preprocess scale=1/255 --calibrate " + images_ + " -o " + project_);
    EXPECT_EQ(again.code, 0) << again.text;
    ASSERT_EQ(weft("compile " + at("other.onnx") + " --preprocess scale=1/255 --calibrate " + images_ + " -o " + at("fresh")).code, 0);
    std::set<std::string> wanted{"rtl/mine.mem"};
    for (const auto& entry : fs::recursive_directory_iterator(at("fresh")))
        wanted.insert(entry.path().lexically_relative(at("fresh")).string());
    EXPECT_EQ(listed(), wanted);
    EXPECT_NE(wanted, before);
}

TEST_F(CliProject, PredictsOfOneImage) {
    const Outcome outcome = weft("run " + project_ + " --inputs " + images_ + " --images 1 --engine integer --against float");
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    EXPECT_NE(outcome.text.find("prediction: class 9 ("), std::string::npos) << outcome.text;  // the first test image is an ankle boot
    EXPECT_NE(outcome.text.find(" dB, same top-1 on 100.00 %"), std::string::npos) << outcome.text;
    const Outcome json = weft("run " + project_ + " --inputs " + images_ + " --images 1 --engine integer --against float --json");
    const auto parsed = nlohmann::json::parse(json.text);
    ASSERT_EQ(parsed.at("outputs").size(), 1u);
    EXPECT_EQ(parsed["outputs"][0]["prediction"]["class"], 9);
    EXPECT_EQ(parsed["outputs"][0]["elements"], parsed["elements"]);
    EXPECT_GT(parsed["outputs"][0]["sqnr_db"], 10.0);
    const Outcome many = weft("run " + project_ + " --inputs " + images_ + " --images 2 --engine integer");
    EXPECT_EQ(many.text.find("prediction"), std::string::npos) << many.text;
}

TEST_F(CliProject, SaysThatBytesGoToRealsAsTheyAre) {
    const std::string bytes = "the samples are bytes up to 255, and the input takes real numbers: it gets them as they are";
    const std::string unscaled = "compile " + fashion_ + " --calibrate " + images_ + " -o " + at("unscaled");
    const Outcome compiled = weft(unscaled);
    EXPECT_EQ(compiled.code, 0) << compiled.text;
    EXPECT_NE(compiled.text.find(bytes), std::string::npos) << compiled.text;
    EXPECT_NE(weft("run " + at("unscaled") + " --inputs " + images_ + " --images 2").text.find(bytes), std::string::npos);
    EXPECT_NE(weft("run " + fashion_ + " --engine float --inputs " + images_ + " --images 2").text.find(bytes), std::string::npos);
    EXPECT_EQ(weft("run " + project_ + " --inputs " + images_ + " --images 2").text.find(bytes), std::string::npos);
}

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
    for (const auto& [option, takers] :
         {std::pair{"--stalls 3", "rtl or xrt"}, {"--trace wave.fst", "rtl or xrt"}, {"--shell", "rtl"}, {"--pure", "xrt"}})
        for (const char* engines : {"", " --engine hls", " --engine integer --against hls"}) {
            const Outcome outcome = weft("run " + at("anything") + " --inputs " + at("anything") + " " + option + engines);
            const std::string flag = std::string(option).substr(0, std::string(option).find(' '));
            EXPECT_EQ(outcome.code, 1);
            EXPECT_EQ(outcome.text, "error: " + flag + " is for the engine " + takers + ", and this run has none\n  help: add --engine " +
                                        std::string(takers).substr(0, 3) + "\n");
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

TEST_F(Cli, ListsWhatABoardHasAndWhatWasSeenOnIt) {
    const Outcome text = weft("list boards");
    EXPECT_EQ(text.code, 0);
    for (const char* part : {"alveo-u55c ", "HBM[0] .. HBM[31]  beside SLR0: 32 x 512 MiB, 14.375 GB/s, 138 ns each\n",
                             "DDR[3]             beside SLR2: 16 GiB, 19.2 GB/s, 107 ns\n",
                             "vivado flow, tul.com.tw:pynq-z2:part0:1.0; DSP48E1, 100 MHz, memory ports of 64 bits", "    seen: no card: "})
        EXPECT_NE(text.text.find(part), std::string::npos) << part;
    const Outcome json = weft("list boards --json");
    for (const char* part : {"\"memory_bits\": 128", "\"flow\": \"vivado\"", "\"seen\": ", "\"name\": \"HBM[31]\"", "\"latency_ns\": 107"})
        EXPECT_NE(json.text.find(part), std::string::npos) << part;
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
