// scratch.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/scratch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "src/base/files.h"

namespace weft {

namespace fs = std::filesystem;

namespace {

fs::path system_temporary() {
    std::error_code code;
    const fs::path path = fs::temp_directory_path(code);
    return code ? fs::path("/tmp") : path;
}

fs::path usual_cache() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/') return fs::path(cache) / "weft";
    if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "weft";
    return {};
}

/// Makes the folder if it can be, and says whether files can be made in it.
bool is_writable(const fs::path& folder) {
    if (folder.empty()) return false;
    std::error_code code;
    fs::create_directories(folder, code);
    return !code && ::access(folder.c_str(), W_OK | X_OK) == 0;
}

struct Settled {
    std::mutex mutex;
    std::optional<fs::path> folder;
};

Settled& settled() {
    static Settled& place = *new Settled;
    return place;
}

}  // namespace

fs::path cache_folder() {
    const std::lock_guard lock(settled().mutex);
    if (settled().folder) return *settled().folder;
    const fs::path usual = usual_cache();
    return usual.empty() ? system_temporary() / "weft-cache" : usual;
}

Diagnostics settle_cache(const fs::path& project) {
    const fs::path usual = usual_cache();
    const std::lock_guard lock(settled().mutex);
    settled().folder.reset();
    if (is_writable(usual)) return {};
    std::error_code code;
    const fs::path place = fs::weakly_canonical(fs::absolute(project), code);
    const fs::path beside = code ? fs::path() : (place.has_filename() ? place : place.parent_path()).parent_path() / ".weft-cache";
    settled().folder = is_writable(beside) ? beside : system_temporary() / "weft-cache";
    return {{Severity::note, "", "",
             fmt::format("{}: compiled simulations and counts are kept in '{}'",
                         usual.empty() ? "there is no home folder" : fmt::format("'{}' cannot be written to", usual.string()),
                         settled().folder->string()),
             "name another folder in the environment variable XDG_CACHE_HOME"}};
}

std::string unique_suffix() {
    static std::atomic<int> count{0};
    return fmt::format("{}-{}", ::getpid(), count++);
}

fs::path temporary_path(std::string_view purpose) { return system_temporary() / fmt::format("weft-{}-{}", purpose, unique_suffix()); }

TemporaryFolder::~TemporaryFolder() {
    const Uninterrupted whole;
    std::error_code ignored;
    fs::remove_all(path(), ignored);
}

Status make_once(const fs::path& folder, const std::function<Status(const fs::path&)>& fill) {
    std::error_code ignored;
    if (fs::exists(folder, ignored)) return Ok{};
    WEFT_CHECK(make_folder(folder.parent_path()));
    const TemporaryFolder made(folder.string() + "." + unique_suffix());
    WEFT_CHECK(make_folder(made.path()));
    WEFT_CHECK(fill(made.path()));
    const Uninterrupted whole;
    if (Status moved = move_file(made.path(), folder); !moved && !fs::exists(folder, ignored)) return moved;
    return Ok{};
}

}  // namespace weft
