// host_run.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/host_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>

#include "src/base/files.h"
#include "src/base/parallel.h"
#include "src/base/scratch.h"
#include "src/base/sha256.h"
#include "src/base/subprocess.h"
#include "src/card/xclbin.h"
#include "src/data/dataset.h"
#include "src/data/npy.h"
#include "src/emit/host_programs.h"

namespace weft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// As the generated Makefile has them.
const std::vector<std::string> compiler_flags = {"-std=c++17", "-O3", "-march=native", "-ffp-contract=off", "-pthread"};

Result<std::vector<Section>> sections_of(const fs::path& xclbin) {
    WEFT_ASSIGN(const std::string bytes, read_file(xclbin));
    auto sections = read_xclbin(bytes);
    if (sections) return sections;
    Diagnostic reason = sections.error()[0];
    reason.reason = fmt::format("'{}': {}", xclbin.string(), reason.reason);
    return reason;
}

/// Compiles what is not there yet. `work` has the sources; objects keep the sources' names.
Status compile(const fs::path& work, const std::vector<std::string>& sources, const std::vector<std::string>& more, const StageProgress& progress) {
    std::mutex mutex;
    Diagnostics problems;
    const auto one = [&](std::int64_t i) {
        const std::string source = (work / sources[static_cast<std::size_t>(i)]).string();
        std::vector<std::string> command{"g++"};
        command.insert(command.end(), compiler_flags.begin(), compiler_flags.end());
        command.insert(command.end(), more.begin(), more.end());
        command.insert(command.end(), {"-I" + work.string(), "-isystem", "/usr/include/xrt", "-isystem", "/opt/xilinx/xrt/include", "-c", source, "-o", source + ".o"});
        const auto result = run_process(command);
        if (result && result->exit_code == 0) return true;
        const std::lock_guard lock(mutex);
        problems = {Diagnostic{.reason = "the host program does not compile", .help = result ? result->errors.substr(0, 2000) : "install g++"}};
        return false;
    };
    const auto done = [&](std::int64_t count) {
        if (progress) progress("compiling the host program", count, static_cast<std::int64_t>(sources.size()));
    };
    if (parallel_for(static_cast<std::int64_t>(sources.size()), 0, one, done)) return Ok{};
    return problems;
}

fs::path cache_place(const std::vector<ProjectFile>& files) {
    Sha256 digest;
    for (const std::string& flag : compiler_flags) digest.update(flag + "\n");
    for (const ProjectFile& file : files) digest.update(fmt::format("{}:{}:{}", file.path, file.text.size(), file.text));
    return cache_folder() / "host" / digest.hex().substr(0, 32);
}

/// "error: X" lines of a program, in one; its other lines as help.
Diagnostic failure_of(const ProcessResult& result) {
    std::vector<std::string> reasons, rest;
    std::istringstream lines(result.errors);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("error: ")) reasons.push_back(line.substr(7));
        else if (line.starts_with("  help: ")) rest.push_back(line.substr(8));
        else if (!line.empty()) rest.push_back(line);
    }
    if (reasons.empty()) reasons.push_back(fmt::format("it ended with exit code {}", result.exit_code));
    return {.reason = fmt::format("the host program failed: {}", fmt::join(reasons, "; ")), .help = fmt::format("{}", fmt::join(rest, "; "))};
}

std::string file_name_of(std::size_t index) { return fmt::format("input{}.npy", index); }

/// The outputs that the program says it has written: `output 'NAME' of 12 images: FILE`.
Status read_outputs(const fs::path& folder, const Json& kernel, HostRun& run) {
    for (const Json& output : kernel.at("outputs")) {
        const std::string name = output.at("name"), start = fmt::format("output '{}' of ", name), before_file = " images: ";
        std::istringstream lines(run.printed);
        for (std::string line; std::getline(lines, line);) {
            const std::size_t file = line.find(before_file, std::min(start.size(), line.size()));
            if (!line.starts_with(start) || file == std::string::npos) continue;
            const fs::path path = folder / line.substr(file + before_file.size());
            WEFT_ASSIGN(const Bytes bytes, read_bytes(path));
            WEFT_ASSIGN(Tensor tensor, parse_npy(path, bytes));
            run.images = tensor.shape().empty() ? 0 : tensor.shape()[0];
            run.outputs.push_back({name, std::move(tensor)});
        }
    }
    return Ok{};
}

}  // namespace

bool is_xclbin(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    char head[8] = {};
    return file.read(head, sizeof head) && std::string_view(head, 7) == "xclbin2";
}

Result<std::vector<Json>> kernels_of(const fs::path& xclbin) {
    WEFT_ASSIGN(const std::vector<Section> sections, sections_of(xclbin));
    const Json json = Json::parse(find_section(sections, SectionKind::user_metadata), nullptr, false);
    if (!json.is_object() || !json.contains("kernels") || !json.at("kernels").is_array())
        return Diagnostic{.reason = fmt::format("'{}' does not say how its kernels are fed: it was not packaged by weft", xclbin.string()),
                          .help = "package the project: weft package DIR -o FILE.xclbin"};
    return json.at("kernels").get<std::vector<Json>>();
}

Result<Json> find_kernel(const fs::path& xclbin, const std::string& name) {
    WEFT_ASSIGN(const std::vector<Json> kernels, kernels_of(xclbin));
    std::vector<std::string> names;
    for (const Json& kernel : kernels) {
        names.push_back(kernel.at("kernel"));
        if (names.back() == name) return kernel;
    }
    if (name.empty() && kernels.size() == 1) return kernels[0];
    if (name.empty())
        return Diagnostic{.reason = fmt::format("'{}' holds several kernels", xclbin.string()), .help = fmt::format("name one: --kernel {}", fmt::join(names, " or "))};
    return Diagnostic{.reason = fmt::format("'{}' holds no kernel '{}'", xclbin.string(), name), .help = suggest(name, names)};
}

Result<std::string> platform_of(const fs::path& xclbin) {
    WEFT_CHECK(sections_of(xclbin));
    WEFT_ASSIGN(const std::string bytes, read_file(xclbin));
    return xclbin_platform(bytes);
}

Result<fs::path> build_host_program(const Json& kernel, const StageProgress& progress) {
    std::vector<ProjectFile> library, program;
    for (ProjectFile& file : host_programs(kernel, {})) {
        const bool of_library = file.path.starts_with("host/weft/");
        if (of_library || file.path == "host/host.cpp" || file.path == "host/network.h") (of_library ? library : program).push_back(std::move(file));
    }
    const fs::path objects = cache_place(library);
    std::vector<std::string> sources;
    for (const ProjectFile& file : library)
        if (file.path.ends_with(".cpp")) sources.push_back(file.path);
    WEFT_CHECK(make_once(objects, [&](const fs::path& made) -> Status {
        for (const ProjectFile& file : library) WEFT_CHECK(write_file(made / file.path, file.text));
        return compile(made, sources, {"-I" + (made / "host").string()}, progress);
    }));
    std::vector<ProjectFile> all = library;
    all.insert(all.end(), program.begin(), program.end());
    const fs::path folder = cache_place(all);
    WEFT_CHECK(make_once(folder, [&](const fs::path& made) -> Status {
        for (const ProjectFile& file : program) WEFT_CHECK(write_file(made / file.path, file.text));
        WEFT_CHECK(compile(made, {"host/host.cpp"}, {"-I" + (made / "host").string(), "-I" + (objects / "host").string()}, progress));
        std::vector<std::string> command{"g++", "-pthread", "-o", (made / "program").string(), (made / "host/host.cpp.o").string()};
        for (const std::string& source : sources) command.push_back((objects / source).string() + ".o");
        command.insert(command.end(), {"-L/opt/xilinx/xrt/lib", "-lxrt_coreutil"});
        WEFT_ASSIGN(const ProcessResult linked, run_process(command));
        if (linked.exit_code == 0) return Ok{};
        return Diagnostic{.reason = "the host program does not link", .help = linked.errors.substr(0, 2000)};
    }));
    return folder / "program";
}

Result<HostRun> run_host(const fs::path& program, const Json& kernel, const fs::path& xclbin, const std::vector<NamedTensor>& inputs,
                         const HostRunOptions& options) {
    remove_dead_runs();
    WEFT_ASSIGN(const std::string platform, platform_of(xclbin));
    const TemporaryFolder scratch(fs::path("/tmp") / fmt::format("weft-card-{}-{}", ::getuid(), unique_suffix()));
    WEFT_ASSIGN(const Variables environment, host_environment(options.mode, {platform}, scratch.path()));
    const fs::path work = scratch.path() / "work";
    WEFT_CHECK(make_folder(work));
    // The driver keeps its name of the file in a list that blanks separate: the program gets a plain one.
    WEFT_ASSIGN(const fs::path file, resolve(xclbin));
    std::error_code code;
    fs::create_symlink(file, work / "card.xclbin", code);
    if (code) return Diagnostic{.reason = fmt::format("cannot make a link in '{}': {}", work.string(), code.message())};

    std::vector<std::string> command{"env", "--chdir=" + work.string(), "WEFT_CARD_REPORT=" + (work / "report.json").string()};
    for (const auto& [name, value] : environment) command.push_back(name + "=" + value);
    if (!options.trace.empty()) {
        WEFT_ASSIGN(const fs::path folder, resolve(options.trace));
        WEFT_CHECK(make_folder(folder));
        command.push_back("WEFT_CARD_TRACE=" + folder.string());
    }
    command.insert(command.end(), {program.string(), "card.xclbin", "--outputs", "out.npy"});
    command.insert(command.end(), options.arguments.begin(), options.arguments.end());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        WEFT_CHECK(save_npy(work / file_name_of(i), inputs[i].tensor));
        command.push_back(inputs[i].name + "=" + file_name_of(i));
    }
    WEFT_ASSIGN(const ProcessResult result, run_process(command));
    HostRun run;
    run.printed = result.output;
    WEFT_CHECK(read_outputs(work, kernel, run));
    if (const auto text = read_file(work / "report.json")) run.report = nlohmann::json::parse(*text, nullptr, false);
    if (result.exit_code != 0) run.failure = {failure_of(result)};
    return run;
}

}  // namespace weft
