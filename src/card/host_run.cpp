// host_run.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/host_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "src/base/files.h"
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

/// Does it say what run_host and the host programs read of it?
bool describes_kernel(const Json& kernel) {
    const auto has = [](const Json& json, std::string_view key, auto is) {
        return json.is_object() && json.contains(key) && is(json.at(std::string(key)));
    };
    const auto text = [](const Json& json) { return json.is_string(); };
    const auto list = [](const Json& json) { return json.is_array(); };
    const auto port = [&](const Json& json) {
        const auto extents = [](const Json& shape) {
            return shape.is_array() &&
                   std::all_of(shape.begin(), shape.end(), [](const Json& extent) { return extent.is_number_integer(); });
        };
        return has(json, "name", text) && has(json, "type", text) && has(json, "shape", extents);
    };
    const auto ports = [&](const Json& json) { return json.is_array() && !json.empty() && std::all_of(json.begin(), json.end(), port); };
    return has(kernel, "kernel", text) && has(kernel, "model", text) && has(kernel, "model_hash", text) && has(kernel, "inputs", ports) &&
           has(kernel, "outputs", ports) && has(kernel, "left", list);
}

Result<std::vector<Section>> sections_of(const fs::path& xclbin) {
    WEFT_ASSIGN(const std::string bytes, read_file(xclbin));
    auto sections = read_xclbin(bytes);
    if (sections) return sections;
    Diagnostic reason = sections.error()[0];
    reason.reason = fmt::format("'{}': {}", xclbin.string(), reason.reason);
    return reason;
}

/// Makes `targets` by the Makefile in `folder`.
Status make_targets(const fs::path& folder, const std::vector<std::string>& targets) {
    std::vector<std::string> command{"make", "-C", folder.string(), "-j",
                                     std::to_string(std::max(1U, std::thread::hardware_concurrency()))};
    command.insert(command.end(), targets.begin(), targets.end());
    const auto result = run_process(command);
    if (result && result->exit_code == 0) return Ok{};
    return Diagnostic{.reason = "the host program cannot be built",
                      .help = fmt::format("apt-get install make g++ libxrt-dev uuid-dev; make said: {}",
                                          result ? result->errors.substr(0, 2000) : "nothing")};
}

fs::path cache_place(const std::vector<ProjectFile>& files) {
    Sha256 digest;
    for (const ProjectFile& file : files) digest.update(fmt::format("{}:{}:{}", file.path, file.text.size(), file.text));
    return cache_folder() / "host" / digest.hex().substr(0, 32);
}

/// "error: X" lines of a program, in one; its other lines as help.
Diagnostic failure_of(const ProcessResult& result) {
    std::vector<std::string> reasons, rest;
    std::istringstream lines(result.errors);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("error: "))
            reasons.push_back(line.substr(7));
        else if (line.starts_with("  help: "))
            rest.push_back(line.substr(8));
        else if (!line.empty())
            rest.push_back(line);
    }
    if (reasons.empty()) reasons.push_back(fmt::format("it ended with exit code {}", result.exit_code));
    return {.reason = fmt::format("the host program failed: {}", fmt::join(reasons, "; ")),
            .help = fmt::format("{}", fmt::join(rest, "; "))};
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
    const bool whole = json.is_object() && json.value("program", Json()) == "weft" && json.contains("kernels") &&
                       json.at("kernels").is_array() && std::all_of(json.at("kernels").begin(), json.at("kernels").end(), describes_kernel);
    if (!whole)
        return Diagnostic{.reason = fmt::format("'{}' does not say how its kernels are fed: it was not packaged by weft", xclbin.string()),
                          .help = "package the project: weft package DIR -o FILE.xclbin"};
    WEFT_ASSIGN(const std::string bytes, read_file(xclbin));
    if (!xclbin_is_emulated(bytes))
        return Diagnostic{.reason = fmt::format("'{}' is for a real card, and weft runs emulated ones", xclbin.string()),
                          .help = "run it with the project's own host program: make -C DIR/host"};
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
        return Diagnostic{.reason = fmt::format("'{}' holds several kernels", xclbin.string()),
                          .help = fmt::format("name one: --kernel {}", fmt::join(names, " or "))};
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
        const bool makefile = file.path == "host/Makefile", header = file.path.ends_with(".h"),
                   shared = file.path.starts_with("host/weft/");
        if (shared || makefile) library.push_back(file);
        if (!shared || header) program.push_back(std::move(file));
    }
    const auto write_all = [](const std::vector<ProjectFile>& files, const fs::path& folder) -> Status {
        for (const ProjectFile& file : files) WEFT_CHECK(write_file(folder / file.path, file.text));
        return Ok{};
    };
    const fs::path shared = cache_place(library), folder = cache_place(program);
    const std::string archive = "build/libweft_host.a", driver = "build/xrt_device.o";
    if (progress) progress("building the host program", 0, 1);
    WEFT_CHECK(make_once(shared, [&](const fs::path& made) -> Status {
        WEFT_CHECK(write_all(library, made));
        return make_targets(made / "host", {archive, driver});
    }));
    WEFT_CHECK(make_once(folder, [&](const fs::path& made) -> Status {
        WEFT_CHECK(write_all(program, made));
        return make_targets(made / "host",
                            {"host", "LIBRARY=" + (shared / "host" / archive).string(), "DRIVER=" + (shared / "host" / driver).string()});
    }));
    return folder / "host/host";
}

Result<HostRun> run_host(const fs::path& program, const Json& kernel, const fs::path& xclbin, const std::vector<NamedTensor>& inputs,
                         const HostRunOptions& options) {
    remove_dead_runs();
    WEFT_ASSIGN(const std::string platform, platform_of(xclbin));
    const TemporaryFolder scratch(fs::path("/tmp") / fmt::format("weft-card-{}-{}", ::getuid(), unique_suffix()));
    WEFT_ASSIGN(const Variables environment, host_environment(options.mode, platform, scratch.path()));
    const fs::path work = scratch.path() / "work";
    WEFT_CHECK(make_folder(work));
    // The driver keeps its name of the file in a list that blanks separate: the program gets a plain one.
    WEFT_ASSIGN(const fs::path file, resolve(xclbin));
    WEFT_CHECK(make_link(file, work / "card.xclbin"));

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
    if (const auto text = read_file(work / "report.json")) run.report = nlohmann::json::parse(*text, nullptr, false);
    if (result.exit_code != 0) run.failure = {failure_of(result)};
    if (Status read = read_outputs(work, kernel, run); !read && run.failure.empty()) return std::move(read).error();
    return run;
}

}  // namespace weft
