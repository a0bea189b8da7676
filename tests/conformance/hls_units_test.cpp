// hls_units_test.cpp
// Every unit's HLS face under a plain compiler equals its model, on its cases and on random points, with arbitrary bits in spare elements,
// and reads no memory sooner after a write than its pragmas declare.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/design/unit_def.h"
#include "src/emit/hls.h"
#include "src/simulate/hls_simulation.h"
#include "tests/conformance/distances.h"
#include "tests/conformance/points.h"
#include "tests/paths.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

std::vector<const UnitDef*> units_with_cases() {
    std::vector<const UnitDef*> list;
    for (const UnitDef* unit : unit_registry())
        if (unit->cases != nullptr && unit->role != UnitRole::fifo) list.push_back(unit);
    return list;
}

void write_frames(const fs::path& path, const std::vector<IntTensor>& frames) {
    std::ofstream file(path, std::ios::binary);
    for (const IntTensor& frame : frames)
        file.write(reinterpret_cast<const char*>(frame.data.data()),
                   static_cast<std::streamsize>(frame.data.size() * sizeof(std::int32_t)));
}

/// All cases of a unit in one program: each project in a namespace, the headers that they share before.
std::string program_text(const std::vector<HlsProject>& projects) {
    std::string text =
        "#include <ap_int.h>\n#include <hls_stream.h>\n#include <cstdint>\n#include <cstdlib>\n#include <cstring>\n#include <fstream>\n"
        "#include <iostream>\n#include <string>\n#include <vector>\n#include \"tracked.h\"\n";
    for (const ProjectFile& file : projects[0].files)
        if (file.path.starts_with("hls/weft/")) text += fmt::format("#include \"case0/{}\"\n", file.path);
    for (std::size_t i = 0; i < projects.size(); ++i)
        text += fmt::format("namespace run{0} {{\n#include \"case{0}/hls/kernel.cpp\"\n#include \"case{0}/hls/testbench.cpp\"\n}}\n", i);
    text += "int main(int argc, char** argv) {\n    const int run = std::atoi(argv[1]);\n";
    for (std::size_t i = 0; i < projects.size(); ++i)
        text += fmt::format("    if (run == {0}) return run{0}::main(argc - 1, argv + 1);\n", i);
    return text + "    return 4;\n}\n";
}

const EmitOptions options{.raw_ports = true};

/// The points' projects; empty, and a failure of the test, where one cannot be emitted.
std::vector<HlsProject> emitted(const std::vector<test::ConformancePoint>& points) {
    std::vector<HlsProject> projects;
    for (std::size_t i = 0; i < points.size(); ++i) {
        points[i].design->name = fmt::format("case{}", i);
        auto project = emit_hls(*points[i].design, options);
        if (!project) {
            ADD_FAILURE() << points[i].label << ": " << to_string(project.error()[0]);
            return {};
        }
        projects.push_back(*std::move(project));
    }
    return projects;
}

/// The program of the projects, their memories tracked.
Result<fs::path> built(const std::vector<HlsProject>& projects, const std::string& faulty = "") {
    std::vector<ProjectFile> files{{"main.cpp", program_text(projects)}};
    WEFT_ASSIGN(std::string types, read_file(test::source_folder() / "tests/conformance/tracked.h"));
    files.push_back({"tracked.h", std::move(types)});
    for (std::size_t i = 0; i < projects.size(); ++i)
        for (const ProjectFile& file : test::tracked(projects[i], faulty).files)
            files.push_back({fmt::format("case{}/{}", i, file.path), file.text});
    return build_program(files, {"main.cpp"}, {"case0/hls/csim", "."}, {"-O0", "-w"});
}

/// What the program says of one of its points, given the model's frames.
ProcessResult simulated(const fs::path& program, std::size_t index, const test::ConformancePoint& point) {
    const Unit& unit = *point.design->units.front();
    const test::TemporaryFolder folder;
    const test::Expected frames = test::model_frames(unit, point.seed);
    for (const KernelPort& port : kernel_ports(*point.design, options)) {
        std::vector<IntTensor> passed;
        for (std::size_t f = 0; f < test::frame_count; ++f) {
            for (std::size_t k = 0; k < unit.inputs.size(); ++k)
                if (unit.inputs[k] == port.stream) passed.push_back(frames.inputs[f][k]);
            for (std::size_t k = 0; k < unit.outputs.size(); ++k)
                if (unit.outputs[k] == port.stream) passed.push_back(frames.outputs[f][k]);
        }
        EXPECT_EQ(passed.size(), test::frame_count) << "port " << port.name << " is not one stream of the unit";
        write_frames(folder / (port.name + ".bin"), passed);
    }
    const auto result = run_process({program.string(), fmt::format("{}", index), folder.path().string(), "0"});
    EXPECT_TRUE(result) << to_string(result.error()[0]);
    return result ? *result : ProcessResult{.exit_code = -1, .output = "", .errors = ""};
}

/// The measure has to find a distance that is one too long.
void expect_fault_found(const HlsProject& project, const test::ConformancePoint& point, const std::string& memory, int distance) {
    SCOPED_TRACE(memory);
    const auto program = built({project}, memory);
    ASSERT_TRUE(program) << to_string(program.error()[0]);
    const ProcessResult result = simulated(*program, 0, point);
    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_THAT(result.errors, ::testing::HasSubstr(
                                   fmt::format("{} is read {} iterations after a write, {} are declared", memory, distance, distance + 1)));
}

class HlsUnits : public ::testing::TestWithParam<const UnitDef*> {};

TEST_P(HlsUnits, EqualsTheModel) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    // Those that some point reads exactly as many iterations after a write as declared: no more could be.
    std::set<std::string> memories, tight;
    for (const std::vector<test::ConformancePoint>& points : test::conformance_points(*GetParam(), false)) {
        if (points.empty()) continue;
        const std::vector<HlsProject> projects = emitted(points);
        ASSERT_EQ(projects.size(), points.size());
        memories.merge(test::declared_memories(projects[0]));
        const auto program = built(projects);
        ASSERT_TRUE(program) << points.front().label << " and following: " << to_string(program.error()[0]);
        for (std::size_t i = 0; i < points.size(); ++i) {
            SCOPED_TRACE(points[i].label);
            const ProcessResult result = simulated(*program, i, points[i]);
            EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
            EXPECT_NE(result.output.find("5 images, 0 elements differ"), std::string::npos) << result.output;
            for (const auto& [memory, distance] : test::measured_distances(result.errors)) {
                EXPECT_GE(distance.least, distance.declared) << memory;
                if (distance.least == distance.declared && tight.insert(memory).second)
                    expect_fault_found(projects[i], points[i], memory, distance.declared);
            }
        }
    }
    // Random points alone need not do so.
    if (std::getenv("WEFT_SEED") != nullptr) return;
    EXPECT_EQ(tight, memories);
}

INSTANTIATE_TEST_SUITE_P(Units, HlsUnits, ::testing::ValuesIn(units_with_cases()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace weft
