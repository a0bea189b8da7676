// host_environment.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/host_environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "src/base/files.h"
#include "src/base/json_text.h"
#include "src/base/scratch.h"
#include "src/base/sha256.h"
#include "src/base/subprocess.h"
#include "src/base/text.h"
#include "src/card/device_program.h"

namespace weft {

namespace {

namespace fs = std::filesystem;

/// Versions of XRT's emulation driver whose protocol has been seen to be the one that the device process speaks.
const std::vector<std::string> tested_versions = {"2.13.0"};

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

fs::path settings_root() { return cache_folder() / "card"; }

/// Was it made here, for a shell that has sourced an environment before?
bool is_ours(const fs::path& path) { return path.string().starts_with(settings_root().string() + "/"); }

std::vector<fs::path> library_folders() {
    std::vector<fs::path> folders;
    if (const std::string root = variable("XILINX_XRT"); !root.empty()) folders.push_back(fs::path(root) / "lib");
    folders.insert(folders.end(),
                   {"/opt/xilinx/xrt/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"});
    return folders;
}

// ---- xrt.ini

using Ini = std::map<std::string, std::map<std::string, std::string>>;

Ini read_ini(const std::string& text) {
    Ini ini;
    std::istringstream lines(text);
    std::string section;
    for (std::string line; std::getline(lines, line);) {
        line = trimmed(line);
        const std::size_t equals = line.find('=');
        if (line.starts_with('[') && line.ends_with(']'))
            section = line.substr(1, line.size() - 2);
        else if (!line.empty() && line[0] != '#' && line[0] != ';' && equals != std::string::npos)
            ini[section][trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
    }
    return ini;
}

std::string ini_text(const Ini& ini) {
    std::string text;
    for (const auto& [section, entries] : ini) {
        text += fmt::format("[{}]\n", section);
        for (const auto& [key, value] : entries) text += fmt::format("{}={}\n", key, value);
    }
    return text;
}

/// The settings that an emulated card needs, over those of the user's own file.
Ini emulation_settings(HostMode mode) {
    // Debian's build of the driver loses the buffer for messages when it grows. So the first message is the largest: it carries every
    // setting, and a value that nobody reads makes it larger than a packet of data.
    constexpr std::size_t packet_bytes = 0x100000;
    const std::string own = variable("XRT_INI_PATH");
    Ini ini;
    if (!is_ours(own))
        if (const auto text = read_file(own.empty() ? fs::path("xrt.ini") : fs::path(own))) ini = read_ini(*text);
    ini["Emulation"]["packet_size"] = fmt::format("0x{:x}", packet_bytes);
    ini["Emulation"]["system_dpa"] = "false";
    ini["Emulation"].emplace("print_infos_in_console", "false");
    ini["Debug"]["padding"] = std::string(packet_bytes + 0x1000, 'x');
    // Without the driver's own scheduler no wait sleeps a second; where sleeps are short the usual one serves, which can do more.
    if (mode == HostMode::pure) ini["Runtime"]["kds"] = "false";
    return ini;
}

// ---- Folders

Status build_preload(const fs::path& to) {
    for (const EmbeddedFile& file : embedded_card_files()) {
        if (!file.path.ends_with("no_sleep.c")) continue;
        const fs::path source = to.parent_path() / "no_sleep.c";
        WEFT_CHECK(write_file(source, file.contents));
        for (const char* compiler : {"cc", "gcc", "clang"}) {
            const auto result = run_process({compiler, "-shared", "-fPIC", "-O2", "-o", to.string(), source.string(), "-ldl"});
            if (result && result->exit_code == 0) return Ok{};
        }
    }
    return Diagnostic{.reason = "no C compiler for the library that shortens the waits of an emulated card",
                      .help = "install gcc, or run with --pure"};
}

/// What a host is told of its cards. Banks are those of the xclbin once it is loaded.
std::string cards_text(const std::string& card) {
    return fmt::format(R"({{
 "Version": {{"FileVersion": "2.0"}},
 "Platform": {{
  "UnifiedPlatform": "true",
  "ExpandedPR": "true",
  "Boards": [{{
   "NumBoards": "1",
   "Devices": [{{"Name": {}, "NumDevices": "1", "DdrBanks": [{{"DdrBank": {{"Name": "bank0", "Size": "0x400000000"}}}}]}}]
  }}]
 }}
}}
)",
                       json_text(nlohmann::ordered_json(card), -1));
}

/// What XRT reads, in a folder known by its contents.
Result<fs::path> settings_folder(HostMode mode, const std::string& card, const XrtInstallation& xrt) {
    const std::string ini = ini_text(emulation_settings(mode)), emconfig = cards_text(card);
    Sha256 digest;
    for (const std::string& part : {ini, emconfig, xrt.libraries.string(), std::string(mode == HostMode::fast ? "fast" : "pure")})
        digest.update(fmt::format("{}:{}", part.size(), part));
    for (const EmbeddedFile& file : embedded_card_files())
        if (file.path.ends_with(".c")) digest.update(file.contents);
    const fs::path folder = settings_root() / digest.hex().substr(0, 32);
    const auto fill = [&](const fs::path& made) -> Status {
        WEFT_CHECK(write_file(made / "xrt.ini", ini));
        WEFT_CHECK(write_file(made / "emconfig.json", emconfig));
        WEFT_CHECK(write_file(made / "vendors" / "xilinx.icd", (xrt.libraries / "libxilinxopencl.so.2\n").string()));
        WEFT_CHECK(make_folder(made / "xrt"));
        WEFT_CHECK(make_link(xrt.libraries, made / "xrt" / "lib"));
        if (mode == HostMode::fast) WEFT_CHECK(build_preload(made / "no_sleep.so"));
        return Ok{};
    };
    WEFT_CHECK(make_once(folder, fill));
    return folder;
}

/// The process that a socket (`device0_0_123`) or a run folder (`123`) is named by; nothing if it is named by none.
std::optional<pid_t> owner_of(const std::string& name) {
    const std::string digits = name.substr(name.find_last_of('_') + 1);
    if (digits.empty() || digits.size() > 9 || !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); }))
        return {};
    return static_cast<pid_t>(std::stol(digits));
}

bool is_dead(pid_t process) { return ::kill(process, 0) != 0 && errno == ESRCH; }

void remove_dead(const fs::path& folder) {
    std::error_code ignored;
    // Not through a link that another user may have put there.
    if (fs::is_symlink(fs::symlink_status(folder, ignored))) return;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
        const auto owner = owner_of(entry.path().filename().string());
        if (owner && is_dead(*owner)) fs::remove_all(entry.path(), ignored);
    }
}

}  // namespace

Result<XrtInstallation> find_emulating_xrt() { return find_emulating_xrt(library_folders()); }

Result<XrtInstallation> find_emulating_xrt(const std::vector<fs::path>& folders) {
    const std::string library = "libxrt_hwemu.so.2";
    for (const fs::path& folder : folders) {
        std::error_code code;
        const fs::path real = fs::canonical(folder / library, code);
        if (code) continue;
        const std::string name = real.filename().string();
        const std::string version = name.size() > library.size() - 1 ? name.substr(library.size() - 1) : "";
        if (std::find(tested_versions.begin(), tested_versions.end(), version) == tested_versions.end())
            return Diagnostic{
                .reason = fmt::format("hardware emulation has not been tested with version '{}' of XRT ('{}')", version, real.string()),
                .help = fmt::format("tested: {}; on Debian 12: apt-get install libxrt1", fmt::join(tested_versions, ", "))};
        return XrtInstallation{real.parent_path(), version};
    }
    return Diagnostic{.reason = "XRT, whose driver speaks to an emulated card, is not installed",
                      .help = "apt-get install libxrt1 libxrt-dev"};
}

Result<Variables> host_environment(HostMode mode, const std::string& card, const fs::path& scratch) {
    WEFT_ASSIGN(const XrtInstallation xrt, find_emulating_xrt());
    if (const auto unzip = run_process({"unzip", "-v"}); !unzip || unzip->exit_code != 0)
        return Diagnostic{.reason = "unzip, with which XRT unpacks an emulated card, is not installed", .help = "apt-get install unzip"};
    WEFT_ASSIGN(const fs::path settings, settings_folder(mode, card, xrt));
    WEFT_CHECK(make_folder(scratch));
    Variables list{{"XCL_EMULATION_MODE", "hw_emu"},
                   {"XILINX_XRT", (settings / "xrt").string()},
                   {"OCL_ICD_VENDORS", (settings / "vendors").string() + "/"},
                   {"EMCONFIG_PATH", settings.string()},
                   {"XRT_INI_PATH", (settings / "xrt.ini").string()},
                   {"SDACCEL_EM_RUN_DIR", scratch.string()},
                   // The driver's sockets lie in the temporary folder's folder of this name.
                   {"USER", scratch.filename().string()}};
    // What a shell has had of another mode goes.
    std::string preload = mode == HostMode::fast ? (settings / "no_sleep.so").string() : "";
    std::istringstream others(variable("LD_PRELOAD"));
    for (std::string other; std::getline(others, other, ':');)
        if (!other.empty() && !is_ours(other)) preload += (preload.empty() ? "" : ":") + other;
    if (!preload.empty() || !variable("LD_PRELOAD").empty()) list.emplace_back("LD_PRELOAD", preload);
    return list;
}

std::string environment_script(const Variables& variables) {
    std::string text;
    for (const auto& [name, value] : variables) {
        std::string quoted;
        for (const char c : value) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
        text += fmt::format("export {}='{}'\n", name, quoted);
    }
    return text;
}

fs::path shared_scratch() { return fs::path("/tmp") / fmt::format("weft-card-{}", ::getuid()); }

void remove_dead_runs(const fs::path& shared) {
    remove_dead(shared);
    remove_dead(shared / ".run");
    // Of a weft that was killed: the folder of its name, its process and a number.
    std::error_code ignored;
    const std::string prefix = shared.filename().string() + "-";
    for (const fs::directory_entry& entry : fs::directory_iterator(shared.parent_path(), ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(prefix)) continue;
        const auto owner = owner_of(name.substr(prefix.size(), name.find('-', prefix.size()) - prefix.size()));
        if (owner && is_dead(*owner)) fs::remove_all(entry.path(), ignored);
    }
}

}  // namespace weft
