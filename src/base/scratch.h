// scratch.h
// Folders for work in progress and for results worth keeping between runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "src/base/diagnostic.h"
#include "src/base/interrupt.h"

namespace weft {

/// $XDG_CACHE_HOME/weft, or ~/.cache/weft, or what `settle_cache` chose instead. Need not exist.
std::filesystem::path cache_folder();

/// Where the usual place of `cache_folder` cannot be written to, caches of this process go to `.weft-cache` beside `project`, or, if that
/// cannot be either, into the system's temporary folder: says so in a note. Empty where the usual place serves.
Diagnostics settle_cache(const std::filesystem::path& project);

/// A name that no other process or thread gets.
std::string unique_suffix();

/// A path in the system's temporary folder that nothing has yet: `weft-<purpose>-<unique>`.
std::filesystem::path temporary_path(std::string_view purpose);

/// A folder that its owner may fill; the destructor, or an interruption, removes it with all that is in it.
class TemporaryFolder {
public:
    explicit TemporaryFolder(std::filesystem::path path) : listed_(std::move(path), ListedPath::Removal::all) {}
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    const std::filesystem::path& path() const { return listed_.path(); }

private:
    ListedPath listed_;
};

/// Makes a folder that is worth keeping, unless it is there: `fill` fills one beside it, which then takes its place, so that it appears
/// complete or not at all. Whoever does the same at the same time has made the same.
Status make_once(const std::filesystem::path& folder, const std::function<Status(const std::filesystem::path&)>& fill);

}  // namespace weft
