// zip.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/zip.h"

#include <fmt/format.h>
#include <zip.h>

#include <cstdint>
#include <memory>

namespace weft {

namespace {

Diagnostic failed(std::string_view what, zip_error_t* error) {
    return {.reason = fmt::format("libzip cannot {}: {}", what, zip_error_strerror(error))};
}

/// What closing the archive has written.
Result<std::string> contents_of(zip_source_t* source) {
    zip_stat_t stat;
    if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0)
        return failed("read the archive back", zip_source_error(source));
    std::string bytes(stat.size, '\0');
    const zip_int64_t count = zip_source_read(source, bytes.data(), bytes.size());
    zip_source_close(source);
    if (count != static_cast<zip_int64_t>(bytes.size())) return failed("read the archive back", zip_source_error(source));
    return bytes;
}

Status add(zip_t* archive, const ZipEntry& entry) {
    zip_source_t* source = zip_source_buffer(archive, entry.contents.data(), entry.contents.size(), 0);
    const zip_int64_t index = source ? zip_file_add(archive, entry.path.c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        zip_source_free(source);
        return failed(fmt::format("add '{}'", entry.path), zip_get_error(archive));
    }
    // A Unix mode stands in the upper half. 1980-01-01 is the first date that archives know.
    const auto at = static_cast<zip_uint64_t>(index);
    const zip_uint32_t mode = entry.executable ? 0100755 : 0100644;
    zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, mode << 16);
    zip_file_set_dostime(archive, at, 0, 1 << 5 | 1, 0);
    zip_set_file_compression(archive, at, ZIP_CM_DEFLATE, 1);
    return Ok{};
}

}  // namespace

Result<std::string> make_zip(const std::vector<ZipEntry>& entries) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* buffer = zip_source_buffer_create(nullptr, 0, 0, &error);
    if (!buffer) return failed("make an archive", &error);
    zip_source_keep(buffer);
    const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> kept(buffer, &zip_source_free);
    zip_t* archive = zip_open_from_source(buffer, ZIP_TRUNCATE, &error);
    if (!archive) return failed("make an archive", &error);
    for (const ZipEntry& entry : entries) {
        if (Status status = add(archive, entry); !status) {
            zip_discard(archive);
            return std::move(status).error();
        }
    }
    if (zip_close(archive) != 0) {
        const Diagnostic reason = failed("write the archive", zip_get_error(archive));
        zip_discard(archive);
        return reason;
    }
    return contents_of(buffer);
}

}  // namespace weft
