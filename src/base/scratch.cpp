// scratch.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/scratch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace weft {

namespace fs = std::filesystem;

fs::path cache_folder() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/') return fs::path(cache) / "weft";
    if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "weft";
    return fs::temp_directory_path() / "weft-cache";
}

std::string unique_suffix() {
    static std::atomic<int> count{0};
    return fmt::format("{}-{}", ::getpid(), count++);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

}  // namespace weft
