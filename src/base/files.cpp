// files.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "src/base/interrupt.h"
#include "src/base/scratch.h"

namespace weft {

namespace fs = std::filesystem;

namespace {

Diagnostic cannot(const std::string& what, const fs::path& path, const std::error_code& code, Made made = std::source_location::current()) {
    return {Severity::error,
            "",
            "",
            "cannot " + what + " '" + path.string() + "': " + code.message(),
            what == "read" ? "check the path and its permissions" : "check that the folder exists and may be written to",
            made};
}

std::error_code last_error() { return {errno, std::generic_category()}; }

/// Writes all parts; the first error.
std::error_code write_parts(int file, std::span<const std::string_view> parts) {
    for (std::string_view part : parts) {
        while (!part.empty()) {
            const ssize_t count = ::write(file, part.data(), part.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return last_error();
            part.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    return {};
}

/// Opens `path` with `flags`, writes and closes.
std::error_code write_new(const fs::path& path, int flags, std::span<const std::string_view> parts) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
    if (file < 0) return last_error();
    std::error_code failed = write_parts(file, parts);
    if (::close(file) != 0 && !failed) failed = last_error();
    return failed;
}

}  // namespace

Result<std::string> read_file(const fs::path& path) {
    std::error_code code;
    if (fs::is_directory(path, code)) return cannot("read", path, std::make_error_code(std::errc::is_a_directory));
    std::ifstream file(path, std::ios::binary);
    if (!file) return cannot("read", path, last_error());
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Status make_folder(const fs::path& path) {
    const Uninterrupted whole;
    std::error_code code;
    fs::create_directories(path, code);
    if (code) return cannot("make", path, code);
    return Ok{};
}

Status replace_file(const fs::path& path, std::span<const std::string_view> parts) {
    const Uninterrupted whole;
    std::error_code code;
    const fs::file_status old = fs::status(path, code);
    if (fs::exists(old) && !fs::is_regular_file(old)) {
        if (const std::error_code failed = write_new(path, O_TRUNC, parts)) return cannot("write", path, failed);
        return Ok{};
    }
    WEFT_ASSIGN(const fs::path place, resolve(path));
    const fs::path beside = place.parent_path() / (".weft-" + unique_suffix());
    std::error_code failed = write_new(beside, O_CREAT | O_EXCL, parts);
    if (!failed && fs::exists(old)) fs::permissions(beside, old.permissions(), code);
    if (!failed) fs::rename(beside, place, failed);
    if (!failed) return Ok{};
    fs::remove(beside, code);
    return cannot("write", path, failed);
}

Status write_file(const fs::path& path, std::string_view contents) {
    const Uninterrupted whole;
    std::error_code code;
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), code);
    if (code) return cannot("write", path, code);
    return replace_file(path, std::span(&contents, 1));
}

Status move_file(const fs::path& from, const fs::path& to) {
    const Uninterrupted whole;
    std::error_code code;
    fs::rename(from, to, code);
    if (code) return cannot("write", to, code);
    return Ok{};
}

Status make_link(const fs::path& target, const fs::path& path) {
    std::error_code code;
    fs::create_symlink(target, path, code);
    if (code) return Diagnostic{.reason = "cannot make the link '" + path.string() + "': " + code.message()};
    return Ok{};
}

Result<fs::path> resolve(const fs::path& path) {
    if (path.empty()) return Diagnostic{.reason = "the path to write to is empty", .help = "give the name of a file or folder"};
    std::error_code code;
    fs::path place = fs::absolute(path, code);
    constexpr int most_links = 40;  // as Linux follows
    for (int link = 0; !code && link <= most_links; ++link) {
        // What does not exist is left as it stands, and a link that leads to nothing counts as that.
        place = fs::weakly_canonical(place, code);
        if (!code && !place.has_filename()) place = place.parent_path();
        if (code || !fs::is_symlink(fs::symlink_status(place, code))) break;
        place = place.parent_path() / fs::read_symlink(place, code);
        if (link == most_links) code = std::make_error_code(std::errc::too_many_symbolic_link_levels);
    }
    if (code && code != std::errc::no_such_file_or_directory) return cannot("write", path, code);
    return place;
}

Status keeps_inputs(const fs::path& output, std::initializer_list<fs::path> inputs) {
    for (const fs::path& input : inputs) {
        std::error_code code;
        if (output.empty() || input.empty() || !fs::equivalent(output, input, code) || code || fs::is_other(fs::status(output, code)))
            continue;
        return Diagnostic{.reason = "writing '" + output.string() + "' would replace the '" + input.string() + "' that is read",
                          .help = "choose another name for what is written"};
    }
    return Ok{};
}

}  // namespace weft
