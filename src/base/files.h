// files.h
// Reading and writing whole files, and directories that appear complete or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "src/base/diagnostic.h"

namespace weft {

Result<std::string> read_file(const std::filesystem::path& path);
/// Makes the folders above `path` as needed.
Status write_file(const std::filesystem::path& path, std::string_view contents);

/// A directory under construction beside its final place. Removed by the destructor unless `commit` has renamed it.
class StagedDirectory {
public:
    /// Fails where nothing can be written beside `target`.
    static Result<StagedDirectory> make(const std::filesystem::path& target);
    StagedDirectory(StagedDirectory&& other) noexcept;
    StagedDirectory(const StagedDirectory&) = delete;
    ~StagedDirectory();

    const std::filesystem::path& path() const { return staged_; }
    /// Puts the directory in its place; what was there before is removed.
    Status commit();

private:
    StagedDirectory(std::filesystem::path target, std::filesystem::path staged) : target_(std::move(target)), staged_(std::move(staged)) {}

    std::filesystem::path target_;
    std::filesystem::path staged_;
};

}  // namespace weft
