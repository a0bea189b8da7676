// made.cpp
// Appends the places to the file that the environment names.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/made.h"

#ifdef WEFT_REACHED

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <set>
#include <string>

namespace weft {

namespace {

/// The file, or -1 if none is named.
int noted_in() {
    static const int file = [] {
        const char* name = std::getenv("WEFT_REACHED");
        return name ? ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    }();
    return file;
}

/// Opened at once: some diagnostics say that no more files can be.
[[maybe_unused]] const int opened = noted_in();

/// One write to a file opened for appending: lines of processes that run at once do not mix.
void note(int file, const std::source_location& place) {
    static std::mutex mutex;
    static std::set<std::string> noted;
    std::string line = std::string(place.file_name()) + ":" + std::to_string(place.line()) + ":" + std::to_string(place.column()) + "\n";
    const std::lock_guard lock(mutex);
    if (!noted.insert(line).second) return;
    [[maybe_unused]] const auto written = ::write(file, line.data(), line.size());
}

}  // namespace

Made::Made(std::source_location place) {
    if (const int file = noted_in(); file >= 0) note(file, place);
}

}  // namespace weft

#endif
