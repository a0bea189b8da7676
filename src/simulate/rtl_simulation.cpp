// rtl_simulation.cpp
// Verilates and compiles once, caches by content, and exchanges whole beats with the testbench.
// SPDX-License-Identifier: Apache-2.0
#include "src/simulate/rtl_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <random>

#include "src/base/files.h"
#include "src/base/parallel.h"
#include "src/base/scratch.h"
#include "src/base/sha256.h"
#include "src/base/subprocess.h"
#include "src/design/beat_layout.h"
#include "src/simulate/rtl_testbench.h"

namespace weft {

namespace {

namespace fs = std::filesystem;

struct Tools {
    std::string verilator_version;
    fs::path include;
    std::string compiler, compiler_version;
};

Result<Tools> find_tools() {
    Tools tools;
    const auto version = run_process({"verilator", "--version"});
    if (!version || version->exit_code != 0)
        return Diagnostic{.reason = "Verilator, which simulates the RTL, is not installed", .help = "apt-get install verilator"};
    tools.verilator_version = version->output;
    const auto root = run_process({"verilator", "--getenv", "VERILATOR_ROOT"});
    if (!root || root->exit_code != 0) return Diagnostic{.reason = "Verilator does not say where its headers are", .help = "reinstall it"};
    tools.include = fs::path(root->output.substr(0, root->output.find('\n'))) / "include";
    // clang compiles verilated code in half the time and a third of the memory.
    for (const char* candidate : {"clang++", "g++"}) {
        const auto answer = run_process({candidate, "--version"});
        if (!answer || answer->exit_code != 0) continue;
        tools.compiler = candidate;
        tools.compiler_version = answer->output;
        return tools;
    }
    return Diagnostic{.reason = "no C++ compiler for the RTL simulation", .help = "install clang or g++"};
}

/// Compiles many files, some at a time.
Status compile_all(const std::vector<std::vector<std::string>>& commands, int threads, const StageProgress& progress) {
    std::mutex mutex;
    Diagnostics problems;
    const auto compile = [&](std::int64_t index) {
        const auto& command = commands[static_cast<std::size_t>(index)];
        const auto result = run_process(command);
        if (result && result->exit_code == 0) return true;
        const std::lock_guard lock(mutex);
        if (problems.empty())
            problems = {Diagnostic{.reason = fmt::format("{} failed on the verilated RTL", command[0]),
                                   .help = result ? result->errors.substr(0, 4000) : std::string()}};
        return false;
    };
    const auto done = [&](std::int64_t count) {
        if (progress) progress("compiling the RTL simulation", count, static_cast<std::int64_t>(commands.size()));
    };
    if (parallel_for(static_cast<std::int64_t>(commands.size()), threads, compile, done)) return Ok{};
    return problems;
}

/// Puts a finished folder in its place; whoever comes first has made the same.
Status keep(const fs::path& made, const fs::path& place) {
    const Uninterrupted whole;
    WEFT_CHECK(make_folder(place.parent_path()));
    std::error_code ignored;
    if (Status moved = move_file(made, place); !moved && !fs::exists(place, ignored)) return moved;
    return Ok{};
}

bool is_memory(const ProjectFile& file) { return file.path.ends_with(".mem"); }

/// Verilator's own library, compiled once for all programs.
Result<std::vector<std::string>> runtime_objects(const Tools& tools, bool trace, int threads, const StageProgress& progress) {
    std::vector<std::string> sources{"verilated.cpp", "verilated_threads.cpp"};
    if (trace) sources.emplace_back("verilated_fst_c.cpp");
    Sha256 digest;
    for (const std::string& part :
         {tools.verilator_version, tools.compiler_version, tools.include.string(), std::string(trace ? "1" : "0")})
        digest.update(fmt::format("{}:{}", part.size(), part));
    const fs::path folder = cache_folder() / "rtl" / ("runtime-" + digest.hex().substr(0, 32));
    std::vector<std::string> objects;
    for (const std::string& source : sources) objects.push_back((folder / (source + ".o")).string());
    std::error_code ignored;
    if (fs::exists(folder, ignored)) return objects;
    const TemporaryFolder work(folder.string() + "." + unique_suffix());
    WEFT_CHECK(make_folder(work.path()));
    std::vector<std::vector<std::string>> commands;
    for (const std::string& source : sources)
        commands.push_back({tools.compiler, "-std=gnu++17", "-O2", "-w", "-DVM_COVERAGE=0", "-DVM_SC=0",
                            "-DVM_TRACE=" + std::string(trace ? "1" : "0"), "-I" + tools.include.string(),
                            "-I" + (tools.include / "vltstd").string(), "-c", (tools.include / source).string(), "-o",
                            (work.path() / (source + ".o")).string()});
    WEFT_CHECK(compile_all(commands, threads, progress));
    WEFT_CHECK(keep(work.path(), folder));
    return objects;
}

Status verilate(const Tools& tools, const fs::path& work, const std::vector<std::string>& sources, const RtlBuildOptions& options,
                const StageProgress& progress) {
    if (progress) progress("verilating the RTL", 0, 1);
    std::vector<std::string> command{"verilator",
                                     "--cc",
                                     "--top-module",
                                     testbench_top,
                                     "--prefix",
                                     "Vweft_testbench_top",
                                     "-Mdir",
                                     (work / "obj").string(),
                                     "--output-split",
                                     "20000",
                                     "--output-split-cfuncs",
                                     "2000",
                                     "-O3",
                                     "--x-assign",
                                     "unique",
                                     "--x-initial",
                                     "unique",
                                     "--assert",
                                     "+define+WEFT_CHECK",
                                     "-Wno-fatal",
                                     "-Wno-lint",
                                     "-Wno-style"};
    if (options.trace) command.emplace_back("--trace-fst");
    command.insert(command.end(), sources.begin(), sources.end());
    WEFT_ASSIGN(const ProcessResult result, run_process(command));
    if (result.exit_code != 0)
        return Diagnostic{.reason = "Verilator does not take the emitted RTL", .help = result.errors.substr(0, 4000)};
    (void)tools;
    return Ok{};
}

}  // namespace

Result<fs::path> build_verilated(const std::map<std::string, std::string>& sources, const RtlBuildOptions& options,
                                 const StageProgress& progress) {
    WEFT_ASSIGN(const Tools tools, find_tools());
    Sha256 digest;
    const auto add = [&](std::string_view part) { digest.update(fmt::format("{}:{}", part.size(), part)); };
    for (const std::string& part : {tools.verilator_version, tools.compiler_version, std::string(options.brief ? "4 brief" : "3")})
        add(part);
    if (options.trace) add("trace");
    for (const auto& [path, text] : sources) {
        add(path);
        add(text);
    }
    const fs::path folder = cache_folder() / "rtl" / digest.hex().substr(0, 32);
    std::error_code ignored;
    if (fs::exists(folder / "program", ignored)) return folder / "program";

    const TemporaryFolder work(folder.string() + "." + unique_suffix());
    std::vector<std::string> inputs;
    for (const auto& [path, text] : sources) {
        WEFT_CHECK(write_file(work.path() / path, text));
        if (path.ends_with(".sv") || path.ends_with(".v")) inputs.push_back((work.path() / path).string());
    }
    WEFT_CHECK(verilate(tools, work.path(), inputs, options, progress));

    WEFT_ASSIGN(std::vector<std::string> link, runtime_objects(tools, options.trace, options.threads, progress));
    std::vector<fs::path> units{work.path() / "testbench.cpp"};
    for (const fs::directory_entry& entry : fs::directory_iterator(work.path() / "obj"))
        if (entry.path().extension() == ".cpp") units.push_back(entry.path());
    // The longest first: no core waits for a last big one.
    std::sort(units.begin(), units.end(), [](const fs::path& a, const fs::path& b) {
        const auto size_a = fs::file_size(a), size_b = fs::file_size(b);
        return size_a != size_b ? size_a > size_b : a < b;
    });
    std::vector<std::vector<std::string>> commands;
    for (const fs::path& unit : units) {
        const std::string object = unit.string() + ".o";
        // What runs once a simulation is not worth optimising; what runs each cycle is, even for some thousand of them.
        const bool once = unit.filename().string().find("__Slow") != std::string::npos;
        const char* optimisation = once ? "-O0" : options.brief ? "-O1" : "-O2";
        commands.push_back({tools.compiler, "-std=gnu++17", optimisation, "-w", "-fno-strict-aliasing", "-DVM_COVERAGE=0", "-DVM_SC=0",
                            options.trace ? "-DVM_TRACE=1" : "-DVM_TRACE=0", options.trace ? "-DVM_TRACE_FST=1" : "-DVM_TRACE_FST=0",
                            "-DVM_TRACE_VCD=0", "-I" + tools.include.string(), "-I" + (tools.include / "vltstd").string(),
                            "-I" + (work.path() / "obj").string(), "-I" + work.path().string(), "-c", unit.string(), "-o", object});
        link.push_back(object);
    }
    WEFT_CHECK(compile_all(commands, options.threads, progress));
    link.insert(link.begin(), tools.compiler);
    link.insert(link.end(), {"-lpthread", "-latomic", "-lz", "-o", (work.path() / "program").string()});
    WEFT_CHECK(compile_all({link}, 1, {}));
    const Uninterrupted whole;
    WEFT_CHECK(make_folder(folder));
    WEFT_CHECK(move_file(work.path() / "program", folder / "program"));
    return folder / "program";
}

namespace {

Result<fs::path> build_simulation(std::span<const RtlProject> projects, const RtlBuildOptions& options, const StageProgress& progress) {
    std::map<std::string, std::string> sources;
    for (const RtlProject& project : projects)
        for (const ProjectFile& file : project.files)
            if (file.path.ends_with(".sv")) sources.emplace(file.path, file.text);
    sources.emplace("testbench_top.sv", testbench_module(projects));
    sources.emplace("testbench.cpp", testbench_program(projects, options.trace));
    return build_verilated(sources, options, progress);
}

void set_bits(std::uint32_t* words, int offset, int bits, std::uint32_t value) {
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    const std::uint64_t field = (value & mask) << (offset % 32);
    words[offset / 32] |= static_cast<std::uint32_t>(field);
    if (offset % 32 + bits > 32) words[offset / 32 + 1] |= static_cast<std::uint32_t>(field >> 32);
}

std::int32_t get_bits(const std::uint32_t* words, int offset, int bits, bool is_signed) {
    std::uint64_t field = words[offset / 32];
    if (offset % 32 + bits > 32) field |= std::uint64_t{words[offset / 32 + 1]} << 32;
    field = field >> (offset % 32) & ((std::uint64_t{1} << bits) - 1);
    if (is_signed && (field >> (bits - 1) & 1)) field |= ~std::uint64_t{0} << bits;
    return static_cast<std::int32_t>(field);
}

}  // namespace

Status has_verilator() {
    if (const auto tools = find_tools(); !tools) return tools.error();
    return Ok{};
}

Result<RtlSimulation> RtlSimulation::build(std::span<const RtlProject> projects, const RtlBuildOptions& options,
                                           const StageProgress& progress) {
    RtlSimulation simulation;
    WEFT_ASSIGN(simulation.program_, build_simulation(projects, options, progress));
    simulation.projects_.assign(projects.begin(), projects.end());
    return simulation;
}

Result<RtlRun> RtlSimulation::run(std::size_t project, std::span<const std::vector<IntTensor>> frames, const RtlRunOptions& options,
                                  const Progress& progress) const {
    const RtlProject& core = projects_[project];
    const TemporaryFolder work(temporary_path("rtl"));
    std::string expect;
    std::int64_t all_beats = 0;
    std::mt19937_64 spare(options.spare_seed);
    std::size_t input = 0;
    for (const RtlPort& port : core.ports) {
        const Stream& stream = *port.stream;
        const std::int64_t beats = stream.beat.count(stream.shape);
        if (port.output) {
            all_beats += beats * static_cast<std::int64_t>(frames.size());
            expect += fmt::format("{}\n", beats * static_cast<std::int64_t>(frames.size()));
            continue;
        }
        const auto words = static_cast<std::size_t>((port.bits() + 31) / 32);
        const int bits = stream.bits();
        std::vector<std::uint32_t> data(words * static_cast<std::size_t>(beats) * frames.size());
        std::uint32_t* at = data.data();
        for (const std::vector<IntTensor>& frame : frames) {
            const std::vector<std::int32_t>& values = frame[input].data;
            BeatLayout(stream).for_each([&](std::int64_t beat, int element, std::int64_t index) {
                const auto value =
                    index < 0 ? static_cast<std::uint32_t>(spare()) : static_cast<std::uint32_t>(values[static_cast<std::size_t>(index)]);
                set_bits(at + static_cast<std::size_t>(beat) * words, element * bits, bits, value);
            });
            at += words * static_cast<std::size_t>(beats);
        }
        WEFT_CHECK(write_file(work.path() / (port.name + ".beats"),
                              std::string_view(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(std::uint32_t))));
        ++input;
    }
    WEFT_CHECK(write_file(work.path() / "expect", expect));
    for (const ProjectFile& file : core.files)
        if (is_memory(file)) WEFT_CHECK(write_file(work.path() / fs::path(file.path).filename(), file.text));

    RtlRun run;
    const auto heard = [&](std::string_view line) {
        if (line.starts_with("beats ") && progress && all_beats > 0) {
            std::int64_t beats = 0;
            std::from_chars(line.data() + 6, line.data() + line.size(), beats);
            progress(std::min(beats * static_cast<std::int64_t>(frames.size()) / all_beats, static_cast<std::int64_t>(frames.size())),
                     static_cast<std::int64_t>(frames.size()));
        }
        if (line.starts_with("cycles ")) {
            const std::string text(line.substr(7));
            run.cycles = std::strtoll(text.c_str(), nullptr, 10);
            run.seconds = std::strtod(text.c_str() + text.find(' '), nullptr);
        }
    };
    // Memories are read from the working directory.
    std::vector<std::string> command{"env",
                                     "--chdir=" + work.path().string(),
                                     program_.string(),
                                     fmt::format("{}", project),
                                     work.path().string(),
                                     fmt::format("{}", options.stall_seed),
                                     fmt::format("{}", options.reset_at),
                                     fmt::format("{}", options.patience)};
    // A waveform is long: it grows beside its place, and is kept also where the simulation has failed.
    std::optional<TemporaryFolder> waveform;
    fs::path place;
    if (std::error_code ignored; fs::is_other(fs::status(options.trace, ignored))) {
        command.push_back(options.trace.string());
    } else if (!options.trace.empty()) {
        WEFT_ASSIGN(place, resolve(options.trace));
        waveform.emplace(place.parent_path() / (".weft-" + unique_suffix()));
        WEFT_CHECK(make_folder(waveform->path()));
        command.push_back((waveform->path() / place.filename()).string());
    }
    WEFT_ASSIGN(const ProcessResult result, run_process(command, heard));
    if (std::error_code ignored; waveform && fs::exists(command.back(), ignored)) WEFT_CHECK(move_file(command.back(), place));
    if (result.exit_code != 0)
        return Diagnostic{.reason = result.exit_code == 3 ? "the RTL simulation stopped before its last beat"
                                                          : fmt::format("the RTL simulation ended with exit code {}", result.exit_code),
                          .help = (result.errors + result.output).substr(0, 2000)};

    run.outputs.resize(frames.size());
    for (const RtlPort& port : core.ports) {
        WEFT_ASSIGN(const std::string cycles, read_file(work.path() / (port.name + ".cycles")));
        std::vector<std::int64_t>& list = run.port_cycles.emplace_back(cycles.size() / sizeof(std::int64_t));
        std::copy_n(cycles.data(), list.size() * sizeof(std::int64_t), reinterpret_cast<char*>(list.data()));
        if (!port.output) continue;
        const Stream& stream = *port.stream;
        WEFT_ASSIGN(const std::string bytes, read_file(work.path() / (port.name + ".result")));
        const auto words = static_cast<std::size_t>((port.bits() + 31) / 32);
        const auto beats = static_cast<std::size_t>(stream.beat.count(stream.shape));
        if (bytes.size() != words * beats * frames.size() * sizeof(std::uint32_t))
            return Diagnostic{.tensor = port.name,
                              .reason = fmt::format("the RTL wrote {} beats to port '{}', not {}",
                                                    bytes.size() / words / sizeof(std::uint32_t), port.name, beats * frames.size())};
        std::vector<std::uint32_t> data(bytes.size() / sizeof(std::uint32_t));
        std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(data.data()));
        const std::uint32_t* at = data.data();
        for (std::vector<IntTensor>& outputs : run.outputs) {
            IntTensor& tensor = outputs.emplace_back(stream.shape);
            BeatLayout(stream).for_each([&](std::int64_t beat, int element, std::int64_t index) {
                if (index >= 0)
                    tensor.data[static_cast<std::size_t>(index)] =
                        get_bits(at + static_cast<std::size_t>(beat) * words, element * stream.bits(), stream.bits(), stream.is_signed());
            });
            at += words * beats;
        }
    }
    return run;
}

}  // namespace weft
