// hls_units_test.cpp
// Every unit's HLS face under a plain compiler equals its model, on the unit's cases, with arbitrary bits in spare elements.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "src/base/subprocess.h"
#include "src/design/unit_def.h"
#include "src/emit/hls.h"
#include "src/engines/hls.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

std::vector<const UnitDef*> units_with_cases() {
    std::vector<const UnitDef*> list;
    for (const UnitDef* unit : unit_registry())
        if (unit->cases != nullptr && unit->role != UnitRole::fifo) list.push_back(unit);
    return list;
}

/// Frames that a unit may meet: random, both extremes in turn, all least, all greatest.
std::vector<IntTensor> frames_for(const Stream& stream, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IntTensor> frames(5, IntTensor(stream.shape));
    const auto range = static_cast<std::uint64_t>(stream.max - stream.min) + 1;
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::size_t i = 0; i < frames[f].data.size(); ++i) {
            const std::int64_t any = stream.min + static_cast<std::int64_t>(random() % range);
            const std::int64_t extreme = (random() & 1) != 0 ? stream.max : stream.min;
            const std::int64_t choices[] = {any, extreme, stream.min, stream.max, any};
            frames[f].data[i] = static_cast<std::int32_t>(choices[f]);
        }
    return frames;
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

TEST_P(HlsUnits, EqualsTheModel) {
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler in PATH";
    const UnitDef& def = *GetParam();
    std::vector<UnitCase> cases = def.cases();
    ASSERT_FALSE(cases.empty());

    std::vector<HlsProject> projects;
    std::vector<ProjectFile> files;
    const EmitOptions options{.raw_ports = true};
    for (std::size_t i = 0; i < cases.size(); ++i) {
        cases[i]->name = fmt::format("case{}", i);
        auto project = emit_hls(*cases[i], options);
        ASSERT_TRUE(project) << to_string(project.error()[0]);
        for (const ProjectFile& file : project->files) files.push_back({fmt::format("case{}/{}", i, file.path), file.text});
        projects.push_back(*std::move(project));
    }
    files.push_back({"main.cpp", program_text(projects)});
    const auto program = build_program(files, {"main.cpp"}, {"case0/hls/csim", "."}, {"-O0", "-w"});
    ASSERT_TRUE(program) << to_string(program.error()[0]);

    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(fmt::format("case {} of {}", i, def.name));
        const Design& design = *cases[i];
        const Unit& unit = *design.units.front();
        const fs::path folder = fs::temp_directory_path() / fmt::format("weft-conformance-{}-{}-{}", ::getpid(), std::string(def.name), i);
        fs::create_directories(folder);
        const std::vector<KernelPort> ports = kernel_ports(design, options);
        std::vector<std::vector<IntTensor>> inputs, expected;
        for (const Stream* stream : unit.inputs) inputs.push_back(frames_for(*stream, 17 * i + inputs.size()));
        for (const Stream* stream : unit.outputs) expected.emplace_back(inputs[0].size(), IntTensor(stream->shape));
        for (std::size_t frame = 0; frame < inputs[0].size(); ++frame) {
            std::vector<const IntTensor*> in;
            std::vector<IntTensor> out;
            for (const auto& frames : inputs) in.push_back(&frames[frame]);
            for (const auto& frames : expected) out.push_back(frames[frame]);
            def.model(unit, in, out);
            for (std::size_t port = 0; port < out.size(); ++port) expected[port][frame] = out[port];
        }
        const auto frames_of = [&](const Stream* stream) -> const std::vector<IntTensor>& {
            for (std::size_t k = 0; k < unit.inputs.size(); ++k)
                if (unit.inputs[k] == stream) return inputs[k];
            for (std::size_t k = 0; k < unit.outputs.size(); ++k)
                if (unit.outputs[k] == stream) return expected[k];
            ADD_FAILURE() << "a port without a stream of the unit";
            return inputs[0];
        };
        for (const KernelPort& port : ports) write_frames(folder / (port.name + ".bin"), frames_of(port.stream));
        const auto result = run_process({program->string(), fmt::format("{}", i), folder.string(), "0"});
        ASSERT_TRUE(result) << to_string(result.error()[0]);
        EXPECT_EQ(result->exit_code, 0) << result->output << result->errors;
        EXPECT_NE(result->output.find("5 images, 0 elements differ"), std::string::npos) << result->output;
        fs::remove_all(folder);
    }
}

INSTANTIATE_TEST_SUITE_P(Units, HlsUnits, ::testing::ValuesIn(units_with_cases()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace weft
