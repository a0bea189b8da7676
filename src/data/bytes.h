// bytes.h
// Whole files, compressed data and numbers of either byte order, with every length checked.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

/// `'images.npy': <reason>`.
Diagnostic file_error(const std::filesystem::path& path, const std::string& reason, std::string help = {},
                      Made made = std::source_location::current());

/// A regular file's contents.
Result<Bytes> read_bytes(const std::filesystem::path& path);
/// Replaces the file's contents by the parts, one after the other.
Status write_bytes(const std::filesystem::path& path, std::span<const ByteSpan> parts);

enum class Compression { gzip, deflate };

/// The first `limit` bytes of what `compressed` holds, or all if it holds fewer. Errors: damaged or incomplete data (as far as it was
/// needed).
Result<Bytes> decompress(const std::filesystem::path& path, ByteSpan compressed, Compression compression, std::size_t limit);

/// Whether so many bytes can come out of `compressed` bytes: deflate yields at most 1,032 for one. Guards allocations against false
/// headers.
inline bool is_plausible_size(std::uint64_t size, std::uint64_t compressed) { return size / 1032 <= compressed + 1; }

/// The number of type T at `at`, stored in byte order `order`. The caller has checked that it is there.
template <class T>
T read_number(ByteSpan bytes, std::size_t at, std::endian order) {
    std::uint8_t raw[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) raw[i] = bytes[at + (order == std::endian::native ? i : sizeof(T) - 1 - i)];
    T value;
    std::memcpy(&value, raw, sizeof(T));
    return value;
}

/// Bytes of `shape`'s elements at `element` bytes each, or -1 if that is more than 2^62 or an extent is negative.
std::int64_t checked_bytes(const std::vector<std::int64_t>& shape, std::size_t element);

}  // namespace weft
