// npz.cpp
// Archives of arrays: the part of the zip format that NumPy and Python's zipfile write, with 64-bit sizes.
// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <algorithm>
#include <optional>

#include "src/data/dataset.h"
#include "src/data/npy.h"

namespace weft {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t locator64_signature = 0x07064b50;
constexpr std::size_t local_bytes = 30, central_bytes = 46, end_bytes = 22, end64_bytes = 56, locator64_bytes = 20;

std::uint64_t number16(ByteSpan b, std::size_t at) { return read_number<std::uint16_t>(b, at, std::endian::little); }
std::uint64_t number32(ByteSpan b, std::size_t at) { return read_number<std::uint32_t>(b, at, std::endian::little); }
std::uint64_t number64(ByteSpan b, std::size_t at) { return read_number<std::uint64_t>(b, at, std::endian::little); }

bool within(ByteSpan contents, std::uint64_t at, std::uint64_t bytes) { return at <= contents.size() && bytes <= contents.size() - at; }

/// Where the central directory is.
struct Directory {
    std::uint64_t entries = 0;
    std::uint64_t at = 0;
};

struct Entry {
    std::string name;
    int flags = 0;
    int method = 0;
    std::uint64_t checksum = 0, compressed = 0, size = 0, local_at = 0;
    std::uint64_t next = 0;  ///< Position of the next entry of the directory.
};

std::optional<Directory> find_directory(ByteSpan contents) {
    if (contents.size() < end_bytes) return std::nullopt;
    // A comment of at most 65,535 bytes may follow the end record.
    std::size_t at = contents.size() - end_bytes;
    const std::size_t first = at - std::min<std::size_t>(at, 65535);
    while (at > first && number32(contents, at) != end_signature) --at;
    if (number32(contents, at) != end_signature) return std::nullopt;
    Directory directory{number16(contents, at + 10), number32(contents, at + 16)};
    if (at >= locator64_bytes && number32(contents, at - locator64_bytes) == locator64_signature) {
        const std::uint64_t end64 = number64(contents, at - locator64_bytes + 8);
        if (!within(contents, end64, end64_bytes) || number32(contents, end64) != end64_signature) return std::nullopt;
        directory = {number64(contents, end64 + 32), number64(contents, end64 + 48)};
    }
    return directory;
}

/// Replaces sizes that do not fit 32 bits by those of the entry's 64-bit field, which holds only the ones that are needed, in this order.
bool read_sizes64(ByteSpan extra, Entry& entry) {
    std::vector<std::uint64_t*> missing;
    for (std::uint64_t* value : {&entry.size, &entry.compressed, &entry.local_at}) {
        if (*value == 0xffffffff) missing.push_back(value);
    }
    if (missing.empty()) return true;
    for (std::size_t at = 0; at + 4 <= extra.size();) {
        const std::size_t length = number16(extra, at + 2);
        if (!within(extra, at + 4, length)) return false;
        if (number16(extra, at) == 1) {
            if (length < 8 * missing.size()) return false;
            for (std::size_t i = 0; i < missing.size(); ++i) *missing[i] = number64(extra, at + 4 + 8 * i);
            return true;
        }
        at += 4 + length;
    }
    return false;
}

std::optional<Entry> read_entry(ByteSpan contents, std::uint64_t at) {
    if (!within(contents, at, central_bytes) || number32(contents, at) != central_signature) return std::nullopt;
    const std::uint64_t name = number16(contents, at + 28), extra = number16(contents, at + 30), comment = number16(contents, at + 32);
    if (!within(contents, at + central_bytes, name + extra + comment)) return std::nullopt;
    Entry entry;
    entry.name.assign(reinterpret_cast<const char*>(contents.data()) + at + central_bytes, name);
    entry.flags = static_cast<int>(number16(contents, at + 8));
    entry.method = static_cast<int>(number16(contents, at + 10));
    entry.checksum = number32(contents, at + 16);
    entry.compressed = number32(contents, at + 20);
    entry.size = number32(contents, at + 24);
    entry.local_at = number32(contents, at + 42);
    entry.next = at + central_bytes + name + extra + comment;
    if (!read_sizes64(contents.subspan(at + central_bytes + name, extra), entry)) return std::nullopt;
    return entry;
}

Result<Bytes> read_contents(const std::filesystem::path& path, ByteSpan archive, const Entry& entry) {
    const auto damaged = [&](Made made = std::source_location::current()) {
        return file_error(path, "entry '" + entry.name + "' of the archive is damaged", {}, made);
    };
    if ((entry.flags & 1) != 0) return file_error(path, "entry '" + entry.name + "' of the archive is encrypted");
    if (entry.method != 0 && entry.method != 8) {
        return file_error(path, "entry '" + entry.name + "' is compressed by method " + std::to_string(entry.method),
                          "numpy.savez and numpy.savez_compressed write what can be read");
    }
    if (!within(archive, entry.local_at, local_bytes) || number32(archive, entry.local_at) != local_signature) return damaged();
    const std::uint64_t start =
        entry.local_at + local_bytes + number16(archive, entry.local_at + 26) + number16(archive, entry.local_at + 28);
    if (!within(archive, start, entry.compressed)) return damaged();
    const ByteSpan stored = archive.subspan(start, entry.compressed);
    Bytes contents;
    if (entry.method == 0) {
        if (entry.size != entry.compressed) return damaged();
        contents.assign(stored.begin(), stored.end());
    } else {
        if (!is_plausible_size(entry.size, entry.compressed)) return damaged();
        WEFT_ASSIGN(contents, decompress(path, stored, Compression::deflate, entry.size + 1));
        if (contents.size() != entry.size) return damaged();
    }
    if (crc32_z(0, contents.data(), contents.size()) != entry.checksum) return damaged();
    return contents;
}

void append(Bytes& bytes, std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

/// The fields that the local header and the directory share: version, flags, method, time (the format's first day), checksum, sizes, name
/// length.
void append_common(Bytes& bytes, std::uint32_t checksum, std::uint64_t size, std::size_t name) {
    append(bytes, 20, 2);
    append(bytes, 0, 2);
    append(bytes, 0, 2);
    append(bytes, 0, 2);
    append(bytes, 1 << 5 | 1, 2);
    append(bytes, checksum, 4);
    append(bytes, size, 4);
    append(bytes, size, 4);
    append(bytes, name, 2);
    append(bytes, 0, 2);
}

ByteSpan raw_bytes(const Tensor& tensor) { return {reinterpret_cast<const std::uint8_t*>(tensor.raw()), tensor.bytes()}; }

}  // namespace

bool is_npz(ByteSpan contents) {
    return contents.size() >= 4 && (number32(contents, 0) == local_signature || number32(contents, 0) == end_signature);
}

Result<std::vector<NamedTensor>> parse_npz(const std::filesystem::path& path, ByteSpan contents) {
    const auto directory = find_directory(contents);
    if (!directory) return file_error(path, "the archive's directory is missing", "the file may be truncated");
    std::vector<NamedTensor> tensors;
    std::uint64_t at = directory->at;
    for (std::uint64_t i = 0; i < directory->entries; ++i) {
        const auto entry = read_entry(contents, at);
        if (!entry) return file_error(path, "the archive's directory is damaged");
        at = entry->next;
        if (!entry->name.ends_with(".npy")) return file_error(path, "entry '" + entry->name + "' of the archive is not an array");
        WEFT_ASSIGN(const Bytes array, read_contents(path, contents, *entry));
        WEFT_ASSIGN(Tensor tensor, parse_npy(path / entry->name, array));
        tensors.push_back({entry->name.substr(0, entry->name.size() - 4), std::move(tensor)});
    }
    return tensors;
}

Status save_npy(const std::filesystem::path& path, const Tensor& tensor) {
    const Bytes header = npy_header(tensor);
    const ByteSpan parts[] = {header, raw_bytes(tensor)};
    return write_bytes(path, parts);
}

Status save_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
    std::vector<Bytes> heads;
    heads.reserve(tensors.size());
    std::vector<ByteSpan> parts;
    Bytes directory;
    std::uint64_t at = 0;
    for (const NamedTensor& item : tensors) {
        const Bytes array = npy_header(item.tensor);
        const ByteSpan elements = raw_bytes(item.tensor);
        const std::string name = item.name + ".npy";
        const std::uint64_t size = array.size() + elements.size();
        if (at + size > 0xffff0000 || name.size() > 65535 || tensors.size() > 65535)
            return file_error(path, "what is to be saved does not fit an archive of 4 GiB", "save fewer samples");
        std::uint32_t checksum = static_cast<std::uint32_t>(crc32_z(0, array.data(), array.size()));
        checksum = static_cast<std::uint32_t>(crc32_z(checksum, elements.data(), elements.size()));

        append(directory, central_signature, 4);
        append(directory, 20, 2);
        append_common(directory, checksum, size, name.size());
        append(directory, 0, 6);  // comment, disk, internal attributes
        append(directory, 0, 4);  // external attributes
        append(directory, at, 4);
        directory.insert(directory.end(), name.begin(), name.end());

        Bytes& head = heads.emplace_back();
        append(head, local_signature, 4);
        append_common(head, checksum, size, name.size());
        head.insert(head.end(), name.begin(), name.end());
        head.insert(head.end(), array.begin(), array.end());
        parts.insert(parts.end(), {head, elements});
        at += head.size() + elements.size();
    }
    Bytes end;
    append(end, end_signature, 4);
    append(end, 0, 4);
    append(end, tensors.size(), 2);
    append(end, tensors.size(), 2);
    append(end, directory.size(), 4);
    append(end, at, 4);
    append(end, 0, 2);
    parts.insert(parts.end(), {directory, end});
    return write_bytes(path, parts);
}

}  // namespace weft
