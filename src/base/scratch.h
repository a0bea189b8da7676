// scratch.h
// Folders for work in progress and for results worth keeping between runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace weft {

/// $XDG_CACHE_HOME/weft, or ~/.cache/weft, or a folder of the system's temporary folder. Need not exist.
std::filesystem::path cache_folder();

/// A name that no other process or thread gets.
std::string unique_suffix();

/// A folder that its owner may fill; the destructor removes it with all that is in it.
class TemporaryFolder {
public:
    explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace weft
