// failing_tools_test.cpp
// Programs that are missing, fail or give nonsense: stand-ins for Verilator, Yosys and the compilers show what a user then reads.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "src/design/plumb.h"
#include "src/emit/rtl.h"
#include "src/simulate/hls_simulation.h"
#include "src/simulate/rtl_kernel.h"
#include "src/simulate/rtl_simulation.h"
#include "src/synthesize/synthesize.h"
#include "tests/design/sample_designs.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

/// Finds no program but those that a test puts there, and nothing that was kept.
class FailingTools : public testing::Test {
protected:
    FailingTools() {
        fs::create_directory(folder_ / "bin");
        for (const char* tool : {"env", "cp", "mkdir"})
            fs::create_symlink(fs::exists(fs::path("/usr/bin") / tool) ? fs::path("/usr/bin") / tool : fs::path("/bin") / tool,
                               folder_ / "bin" / tool);
        set("PATH", (folder_ / "bin").string());
        set("XDG_CACHE_HOME", (folder_ / "cache").string());
        set("CXX", "");
    }
    ~FailingTools() override {
        for (const auto& [name, value] : before_) value ? setenv(name, value->c_str(), 1) : unsetenv(name);
    }

    void tool(const std::string& name, const std::string& body) const {
        const fs::path path = folder_ / "bin" / name;
        std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
        fs::permissions(path, fs::perms::owner_all);
    }
    /// Verilator that verilates to one file, and does `else_do` first.
    void verilator(const std::string& then_do = {}) const {
        tool("verilator", "[ \"$1\" = --version ] && echo Verilator 0 && exit 0\n[ \"$1\" = --getenv ] && echo /nowhere && exit 0\n" +
                              then_do + "\nwhile [ \"$1\" != -Mdir ]; do shift; done\nmkdir -p \"$2\"\necho > \"$2/code.cpp\"");
    }
    /// A compiler that gives `program` for each thing that it is to make.
    void compiler(const std::string& name, const std::string& program) const {
        tool("program", program);
        tool(name, "[ \"$1\" = --version ] && echo compiler 0 && exit 0\nwhile [ \"$1\" != -o ]; do shift; done\ncp " +
                       (folder_ / "bin/program").string() + " \"$2\"");
    }

    static Design design() {
        DesignBuilder build("small");
        build.output(build.convolution("conv", build.input(4, 4, 2), 2, 1, 1, 0));
        EXPECT_TRUE(plumb(build.design));
        return std::move(build.design);
    }
    static std::vector<std::vector<IntTensor>> images(const Design& design) {
        std::vector<std::vector<IntTensor>> list(2);
        for (auto& image : list) image.emplace_back(design.inputs[0].binding.stream->shape);
        return list;
    }

    const fs::path folder() const { return folder_.path(); }

private:
    void set(const char* name, const std::string& value) {
        const char* old = std::getenv(name);
        before_.emplace_back(name, old ? std::optional<std::string>(old) : std::nullopt);
        setenv(name, value.c_str(), 1);
    }
    test::TemporaryFolder folder_;
    std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

TEST_F(FailingTools, VerilatorOrItsCompilerIsNotThere) {
    EXPECT_EQ(test::messages(has_verilator()),
              "error: Verilator, which simulates the RTL, is not installed\n  help: apt-get install verilator\n");
    tool("verilator", "[ \"$1\" = --version ]");
    EXPECT_EQ(test::messages(has_verilator()), "error: Verilator does not say where its headers are\n  help: reinstall it\n");
    verilator();
    EXPECT_EQ(test::messages(has_verilator()), "error: no C++ compiler for the RTL simulation\n  help: install clang or g++\n");
    compiler("g++", "");
    EXPECT_TRUE(has_verilator());
}

TEST_F(FailingTools, RtlThatIsNotTaken) {
    const Design net = design();
    const auto project = emit_rtl(net, {});
    ASSERT_TRUE(project) << test::messages(project);
    verilator("echo syntax error >&2; exit 1");
    compiler("clang++", "");
    EXPECT_EQ(test::messages(RtlSimulation::build(std::span(&*project, 1))),
              "error: Verilator does not take the emitted RTL\n  help: syntax error\n\n");
    verilator();
    tool("clang++", "[ \"$1\" = --version ] && exit 0\necho no memory >&2; exit 1");
    EXPECT_EQ(test::messages(RtlSimulation::build(std::span(&*project, 1))),
              "error: clang++ failed on the verilated RTL\n  help: no memory\n\n");
}

TEST_F(FailingTools, RtlSimulationsThatEndEarly) {
    const Design net = design();
    const auto project = emit_rtl(net, {});
    ASSERT_TRUE(project) << test::messages(project);
    std::string writes;
    for (const RtlPort& port : project->ports) writes += "echo > " + port.name + ".cycles\necho > " + port.name + ".result\n";
    const auto message = [&](const std::string& program) {
        verilator();
        compiler("g++", program);
        fs::remove_all(folder() / "cache");
        const auto simulation = RtlSimulation::build(std::span(&*project, 1));
        EXPECT_TRUE(simulation) << test::messages(simulation);
        return simulation ? test::messages(simulation->run(0, images(net))) : std::string();
    };
    EXPECT_EQ(message("echo waiting; exit 3"), "error: the RTL simulation stopped before its last beat\n  help: waiting\n\n");
    EXPECT_EQ(message("exit 7"), "error: the RTL simulation ended with exit code 7\n");
    EXPECT_THAT(message(writes + "exit 0"), HasSubstr("the RTL wrote 0 beats to port '"));
}

TEST_F(FailingTools, SimulationsOfTheCardKernelThatEndEarly) {
    const Design net = design();
    const auto kernel = make_rtl_kernel(net, {});
    ASSERT_TRUE(kernel) << test::messages(kernel);
    verilator();
    for (const auto& [program, wanted] :
         {std::pair{"exit 3", "error: the simulation of the RTL kernel stopped before its last call was done\n"},
          std::pair{"exit 7", "error: the simulation of the RTL kernel failed (7)\n"}}) {
        compiler("g++", program);
        fs::remove_all(folder() / "cache");
        const auto simulation = RtlKernelSimulation::build(std::span(&*kernel, 1));
        ASSERT_TRUE(simulation) << test::messages(simulation);
        EXPECT_EQ(test::messages(simulation->run(0, images(net), {})), wanted);
    }
}

TEST_F(FailingTools, CSimulations) {
    const Design net = design();
    const auto project = emit_hls(net, {});
    ASSERT_TRUE(project) << test::messages(project);
    const auto build = [&] { return HlsSimulation::build(*project, kernel_ports(net, {})); };
    EXPECT_EQ(test::messages(build()),
              "error: no C++ compiler for the C simulation\n  help: install g++, or name a compiler in the "
              "environment variable CXX\n");
    tool("g++", "[ \"$1\" = --version ] && exit 0\necho no memory >&2; exit 1");
    EXPECT_EQ(test::messages(build()), "error: g++ failed on the emitted C++\n  help: no memory\n\n");
    const auto message = [&](const std::string& program) {
        compiler("g++", program);
        fs::remove_all(folder() / "cache");
        const auto simulation = build();
        EXPECT_TRUE(simulation) << test::messages(simulation);
        return simulation ? test::messages(simulation->run(images(net), {})) : std::string();
    };
    EXPECT_EQ(message("exit 7"), "error: the C simulation ended with exit code 7\n");
    EXPECT_EQ(message("echo deadlock >&2; echo stream s >&2; exit 1"), "error: C simulation: deadlock\n  help: stream s\n");
    EXPECT_THAT(message("exit 0"), StartsWith("error: the C simulation has not written "));
}

TEST_F(FailingTools, Yosys) {
    EXPECT_THAT(test::messages(weft::Yosys::find()), StartsWith("error: Yosys is missing: it maps the RTL and counts its cells\n"));
    const SynthesisJob job{.module = "part", .parameters = {}, .sources = {{"part.sv", ""}}, .memories = {}};
    const std::string version = "[ \"$1\" = -V ] && echo Yosys 0 && exit 0\n";
    const auto message = [&](const std::string& body) {
        tool("yosys", version + body);
        const auto yosys = weft::Yosys::find();
        EXPECT_TRUE(yosys) << test::messages(yosys);
        return yosys ? test::messages(yosys->map(job, "xcup")) : std::string();
    };
    EXPECT_EQ(message("echo ERROR: no module >&2; exit 1"), "error: Yosys failed on the module part\n  help: no module\n");
    EXPECT_EQ(message("exit 1"), "error: Yosys failed on the module part\n  help: it does not say why\n");
    const std::string folder_of_script = "script=$3\necho '";
    EXPECT_EQ(message(folder_of_script + "{\"modules\": {}}' > ${script%/*}/netlist.json"),
              "error: Yosys has left nothing of the module part\n");
    EXPECT_EQ(message(folder_of_script + "{' > ${script%/*}/netlist.json"), "error: the netlist is not JSON\n");
    EXPECT_THAT(message(folder_of_script + "{\"modules\": {\"part\": {}}}' > ${script%/*}/netlist.json"),
                StartsWith("error: the netlist is not as Yosys writes it: "));
    tool("yosys", version + "script=$3\necho '{\"modules\": {}}' > ${script%/*}/core.json");
    const ProjectFile core{"rtl/core.sv", "module other; endmodule"};
    EXPECT_EQ(test::messages(synthesize("core", std::span(&core, 1), "xcup")), "error: rtl/core.sv does not hold the module 'core'\n");
}

}  // namespace
}  // namespace weft
