// hls_units_test.cpp
// Every unit's HLS face under a plain compiler equals its model, on its cases and on random points, with arbitrary bits in spare elements.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "src/base/subprocess.h"
#include "src/design/unit_def.h"
#include "src/emit/hls.h"
#include "src/engines/hls.h"
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
        "#include <iostream>\n#include <string>\n#include <vector>\n";
    for (const ProjectFile& file : projects[0].files)
        if (file.path.starts_with("hls/weft/")) text += fmt::format("#include \"case0/{}\"\n", file.path);
    for (std::size_t i = 0; i < projects.size(); ++i)
        text += fmt::format("namespace run{0} {{\n#include \"case{0}/hls/kernel.cpp\"\n#include \"case{0}/hls/testbench.cpp\"\n}}\n", i);
    text += "int main(int argc, char** argv) {\n    const int run = std::atoi(argv[1]);\n";
    for (std::size_t i = 0; i < projects.size(); ++i)
        text += fmt::format("    if (run == {0}) return run{0}::main(argc - 1, argv + 1);\n", i);
    return text + "    return 4;\n}\n";
}

class HlsUnits : public ::testing::TestWithParam<const UnitDef*> {};

void expect_equal(const fs::path& program, std::size_t index, const test::ConformancePoint& point, const EmitOptions& options) {
    SCOPED_TRACE(point.label);
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
        ASSERT_EQ(passed.size(), test::frame_count) << "port " << port.name << " is not one stream of the unit";
        write_frames(folder / (port.name + ".bin"), passed);
    }
    const auto result = run_process({program.string(), fmt::format("{}", index), folder.path().string(), "0"});
    ASSERT_TRUE(result) << to_string(result.error()[0]);
    EXPECT_EQ(result->exit_code, 0) << result->output << result->errors;
    EXPECT_NE(result->output.find("5 images, 0 elements differ"), std::string::npos) << result->output;
}

TEST_P(HlsUnits, EqualsTheModel) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    const EmitOptions options{.raw_ports = true};
    for (const std::vector<test::ConformancePoint>& points : test::conformance_points(*GetParam(), false)) {
        if (points.empty()) continue;
        std::vector<HlsProject> projects;
        std::vector<ProjectFile> files;
        for (std::size_t i = 0; i < points.size(); ++i) {
            points[i].design->name = fmt::format("case{}", i);
            auto project = emit_hls(*points[i].design, options);
            ASSERT_TRUE(project) << points[i].label << ": " << to_string(project.error()[0]);
            for (const ProjectFile& file : project->files) files.push_back({fmt::format("case{}/{}", i, file.path), file.text});
            projects.push_back(*std::move(project));
        }
        files.push_back({"main.cpp", program_text(projects)});
        const auto program = build_program(files, {"main.cpp"}, {"case0/hls/csim", "."}, {"-O0", "-w"});
        ASSERT_TRUE(program) << points.front().label << " and following: " << to_string(program.error()[0]);
        for (std::size_t i = 0; i < points.size(); ++i) expect_equal(*program, i, points[i], options);
    }
}

INSTANTIATE_TEST_SUITE_P(Units, HlsUnits, ::testing::ValuesIn(units_with_cases()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace weft
