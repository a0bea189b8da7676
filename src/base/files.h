// files.h
// Reading and writing whole files: what is written appears complete or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "src/base/diagnostic.h"

namespace weft {

Result<std::string> read_file(const std::filesystem::path& path);

/// Makes a folder and those above it, as needed.
Status make_folder(const std::filesystem::path& path);

/// Writes `parts`, one after the other, beside `path` and renames: the old file or the new one is there at any moment, and an interruption
/// waits. Links are followed; what is no regular file (a pipe, a device) is written to as it is. The folder must exist.
Status replace_file(const std::filesystem::path& path, std::span<const std::string_view> parts);

/// `replace_file`, with the folders above `path` made as needed.
Status write_file(const std::filesystem::path& path, std::string_view contents);

/// Renames, and no interruption comes between that and what is left behind.
Status move_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes a symbolic link to `target`; nothing may be at `path` yet.
Status make_link(const std::filesystem::path& target, const std::filesystem::path& path);

/// The path that links lead to in the end, absolute, without `.` and `..`; it need not exist. Errors: an empty path, links in a circle.
Result<std::filesystem::path> resolve(const std::filesystem::path& path);

/// An error if writing `output` would replace one of `inputs` (empty paths are none).
Status keeps_inputs(const std::filesystem::path& output, std::initializer_list<std::filesystem::path> inputs);

}  // namespace weft
