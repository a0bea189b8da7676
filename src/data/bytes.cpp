// bytes.cpp
// Whole files and compressed data.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/bytes.h"

#define ZLIB_CONST  // what it reads it does not change
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <string_view>

#include "src/base/files.h"

namespace weft {

Diagnostic file_error(const std::filesystem::path& path, const std::string& reason, std::string help, Made made) {
    return {.reason = "'" + path.string() + "': " + reason, .help = std::move(help), .made = made};
}

Result<Bytes> read_bytes(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return file_error(path, "there is no such file");
    if (!std::filesystem::is_regular_file(status)) return file_error(path, "this is not a regular file");
    errno = 0;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    Bytes contents(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
    if (!file) return file_error(path, std::string("cannot read it: ") + (errno ? std::strerror(errno) : "it ends too early"));
    return contents;
}

Status write_bytes(const std::filesystem::path& path, std::span<const ByteSpan> parts) {
    std::vector<std::string_view> texts;
    for (const ByteSpan part : parts) texts.emplace_back(reinterpret_cast<const char*>(part.data()), part.size());
    return replace_file(path, texts);
}

Result<Bytes> decompress(const std::filesystem::path& path, ByteSpan compressed, Compression compression, std::size_t limit) {
    constexpr std::size_t step = std::size_t{1} << 20;
    z_stream stream{};
    if (inflateInit2(&stream, compression == Compression::gzip ? MAX_WBITS + 16 : -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    Bytes contents;
    std::size_t read = 0;
    int state = Z_OK;
    while (state == Z_OK && contents.size() < limit) {
        const std::size_t start = contents.size();
        contents.resize(start + std::min(step, limit - start));
        stream.next_out = contents.data() + start;
        stream.avail_out = static_cast<uInt>(contents.size() - start);
        do {
            if (stream.avail_in == 0 && read < compressed.size()) {
                stream.next_in = compressed.data() + read;
                stream.avail_in = static_cast<uInt>(std::min(step, compressed.size() - read));
                read += stream.avail_in;
            }
            state = inflate(&stream, Z_NO_FLUSH);
        } while (state == Z_OK && stream.avail_out > 0);
        contents.resize(contents.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (state == Z_BUF_ERROR) return file_error(path, "the compressed data ends too early", "the file may be truncated");
    if (state != Z_OK && state != Z_STREAM_END) return file_error(path, "the compressed data is damaged");
    return contents;
}

std::int64_t checked_bytes(const std::vector<std::int64_t>& shape, std::size_t element) {
    std::int64_t bytes = static_cast<std::int64_t>(element);
    for (const std::int64_t extent : shape) {
        if (extent < 0 || (extent > 0 && bytes > (std::int64_t{1} << 62) / extent)) return -1;
        bytes *= extent;
    }
    return bytes;
}

}  // namespace weft
