// files.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace weft {

namespace {

Diagnostic cannot(const std::string& what, const std::filesystem::path& path, const std::error_code& code) {
    return {Severity::error, "", "", "cannot " + what + " '" + path.string() + "': " + code.message(),
            "check the path and its permissions"};
}

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path) {
    std::error_code code;
    if (std::filesystem::is_directory(path, code)) return cannot("read", path, std::make_error_code(std::errc::is_a_directory));
    std::ifstream file(path, std::ios::binary);
    if (!file) return cannot("read", path, last_error());
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Status write_file(const std::filesystem::path& path, std::string_view contents) {
    std::error_code code;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), code);
    if (code) return cannot("write", path, code);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    file.close();
    if (!file) return cannot("write", path, last_error());
    return Ok{};
}

Result<StagedDirectory> StagedDirectory::make(const std::filesystem::path& target) {
    std::filesystem::path place = std::filesystem::absolute(target).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();
    std::error_code code;
    std::filesystem::create_directories(place.parent_path(), code);
    if (code) return cannot("write to", target, code);
    std::string pattern = (place.parent_path() / ("." + place.filename().string() + ".XXXXXX")).string();
    if (!mkdtemp(pattern.data())) return cannot("write to", target, last_error());
    std::filesystem::permissions(pattern, std::filesystem::perms(0755), code);
    return StagedDirectory(place, pattern);
}

StagedDirectory::StagedDirectory(StagedDirectory&& other) noexcept : target_(std::move(other.target_)), staged_(std::move(other.staged_)) {
    other.staged_.clear();
}

StagedDirectory::~StagedDirectory() {
    std::error_code ignored;
    if (!staged_.empty()) std::filesystem::remove_all(staged_, ignored);
}

Status StagedDirectory::commit() {
    std::error_code code;
    std::filesystem::remove_all(target_, code);
    if (!code) std::filesystem::rename(staged_, target_, code);
    if (code) return cannot("write", target_, code);
    staged_.clear();
    return Ok{};
}

}  // namespace weft
