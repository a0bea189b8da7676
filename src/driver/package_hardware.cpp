// package_hardware.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/package_hardware.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "src/base/text.h"
#include "src/driver/package.h"
#include "src/emit/kernel_port.h"

namespace weft {

namespace {

namespace fs = std::filesystem;

/// Where the project's scripts build a kernel of that language for a card.
fs::path build_folder(const HardwareRequest& request) {
    return request.project / "vitis" / (request.kernel == KernelLanguage::rtl ? "build.rtl.hw" : "build.hw");
}
fs::path linked_file(const Compiled& project, const HardwareRequest& request) {
    return build_folder(request) / (kernel_name(project.design) + ".xclbin");
}
fs::path description_file(const HardwareRequest& request) { return build_folder(request) / "weft.json"; }

std::vector<std::string> make_command(const HardwareRequest& request) {
    std::vector<std::string> command{"make", "-C", (request.project / "vitis").string()};
    if (request.kernel == KernelLanguage::rtl) command.insert(command.end(), {"-f", "rtl.mk"});
    command.insert(command.end(), {"xclbin", "TARGET=hw"});
    return command;
}
std::vector<std::string> describe_command(const Compiled& project, const HardwareRequest& request) {
    return {"xclbinutil",    "--force",
            "--input",       linked_file(project, request).string(),
            "--add-section", "USER_METADATA:RAW:" + description_file(request).string(),
            "--output",      request.output.string()};
}

bool on_path(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    std::error_code ignored;
    for (std::string folder; std::getline(folders, folder, ':');)
        if (fs::exists(fs::path(folder) / program, ignored)) return true;
    return false;
}

Status run_tool(const std::vector<std::string>& command, const fs::path& folder, const StageProgress& progress) {
    const auto heard = [&](std::string_view line) {
        if (progress) progress(fmt::format("{}: {}", command[0], line.substr(0, 60)), 0, 1);
    };
    WEFT_ASSIGN(const ProcessResult result, run_process(command, heard));
    if (result.exit_code == 0) return Ok{};
    const std::string said = result.output + result.errors;
    return Diagnostic{.reason = fmt::format("'{}' failed ({})", fmt::join(command, " "), result.exit_code),
                      .help = fmt::format("logs and reports are in '{}'; the last that it said: {}", folder.string(),
                                          said.substr(said.size() > 1500 ? said.size() - 1500 : 0))};
}

/// The first file below `folder` whose name ends so, in the order of their paths; its text, or nothing.
std::string report_text(const fs::path& folder, std::string_view ending) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (fs::recursive_directory_iterator at(folder, ignored), end; at != end; at.increment(ignored))
        if (at->path().filename().string().ends_with(ending)) found.push_back(at->path());
    if (found.empty()) return {};
    const auto text = read_file(*std::min_element(found.begin(), found.end()));
    return text ? *text : std::string();
}

std::vector<std::string> cells(const std::string& row) {
    std::vector<std::string> list;
    std::istringstream parts(row);
    for (std::string part; std::getline(parts, part, '|');) list.push_back(trimmed(part));
    return list;
}
std::optional<double> number(std::string_view text) {
    const std::string words = trimmed(text);
    char* end = nullptr;
    const double value = std::strtod(words.c_str(), &end);
    return end == words.c_str() ? std::nullopt : std::optional(value);
}

}  // namespace

std::optional<double> worst_slack(std::string_view timing_summary) {
    // "    WNS(ns)      TNS(ns) ...", a line of dashes, then the numbers.
    std::istringstream lines{std::string(timing_summary)};
    for (std::string line; std::getline(lines, line);) {
        if (!trimmed(line).starts_with("WNS(ns)")) continue;
        std::getline(lines, line);
        std::getline(lines, line);
        return number(line);
    }
    return {};
}

std::vector<std::pair<std::string, std::string>> kernel_utilisation(std::string_view report, std::string_view kernel) {
    std::istringstream lines{std::string(report)};
    std::vector<std::string> head;
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> row = cells(line);
        if (row.size() < 3) continue;
        if (row[1] == "Name") head = row;
        if (row[1] != kernel || head.size() != row.size()) continue;
        std::vector<std::pair<std::string, std::string>> found;
        for (std::size_t i = 2; i < row.size(); ++i) found.emplace_back(head[i], row[i]);
        return found;
    }
    return {};
}

std::optional<double> kernel_clock(std::string_view info) {
    const std::size_t at = info.find("DATA_CLK");
    const std::size_t frequency = info.find("Frequency:", at == std::string_view::npos ? 0 : at);
    if (frequency == std::string_view::npos) return {};
    return number(info.substr(frequency + std::string_view("Frequency:").size()));
}

std::vector<std::string> hardware_commands(const Compiled& project, const HardwareRequest& request) {
    return {fmt::format("{}", fmt::join(make_command(request), " ")),
            fmt::format("{}", fmt::join(describe_command(project, request), " "))};
}

Result<HardwarePackage> package_hardware(const HardwareRequest& request, const Observer& observer) {
    WEFT_ASSIGN(const std::unique_ptr<Compiled> project, open_project(request.project));
    if (project->board->flow != Flow::vitis)
        return Diagnostic{.reason = fmt::format("{} is not built for by v++ but by Vivado, as a block design", project->board->title),
                          .help = fmt::format("run the script in '{}'", (request.project / "vivado").string())};
    const bool rtl = request.kernel == KernelLanguage::rtl;
    std::error_code ignored;
    if (const fs::path makefile = request.project / "vitis" / (rtl ? "rtl.mk" : "Makefile"); !fs::exists(makefile, ignored))
        return Diagnostic{.reason = fmt::format("the project has no {} kernel: there is no '{}'", rtl ? "RTL" : "HLS", makefile.string()),
                          .help = fmt::format("package the other: --kernel {}", rtl ? "hls" : "rtl")};
    WEFT_ASSIGN(nlohmann::ordered_json description, kernel_description(card_project(*project)));
    // Vitis HLS gives its kernel the protocol's registers alone.
    if (!rtl) description["status_registers"] = nlohmann::ordered_json::array();
    WEFT_CHECK(write_file(description_file(request), described({description})));
    for (const char* tool : {"v++", "xclbinutil"})
        if (!on_path(tool))
            return Diagnostic{
                .reason = fmt::format("{}, which builds for a real card, is not on PATH", tool),
                .help = fmt::format("where Vitis 2022.2 to 2024.2, XRT and the platform {} are set up (source settings64.sh and "
                                    "setup.sh), run this again, or:\n    {}",
                                    project->board->platform, fmt::join(hardware_commands(*project, request), "\n    "))};
    WEFT_CHECK(run_tool(make_command(request), build_folder(request), observer.progress));
    WEFT_CHECK(run_tool(describe_command(*project, request), build_folder(request), observer.progress));

    HardwarePackage package{project->board->name, kernel_name(project->design), {}, {}, {}};
    if (const auto info = run_process({"xclbinutil", "--info", "--input", request.output.string()}); info && info->exit_code == 0)
        package.clock_mhz = kernel_clock(info->output);
    package.worst_slack_ns = worst_slack(report_text(build_folder(request), "timing_summary_routed.rpt"));
    package.utilisation = kernel_utilisation(report_text(build_folder(request), "kernel_util_routed.rpt"), package.kernel);
    return package;
}

}  // namespace weft
