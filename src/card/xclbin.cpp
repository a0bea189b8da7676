// xclbin.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/xclbin.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "src/base/sha256.h"

namespace weft {

namespace {

constexpr std::string_view magic{"xclbin2\0", 8};
constexpr std::size_t table_at = 456;
constexpr std::size_t length_at = 304;
constexpr std::size_t mode_at = 332, platform_at = 352, platform_bytes = 64;
constexpr std::size_t count_at = 448;
constexpr std::size_t entry_bytes = 40;
constexpr std::uint16_t mode_hw_emu = 4;

void put(std::string& text, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
}
void put(std::string& text, std::string_view value, std::size_t bytes) {
    assert(value.size() <= bytes);
    text += value;
    text.append(bytes - value.size(), '\0');
}
std::uint64_t get(std::string_view text, std::size_t at, int bytes) {
    std::uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
    return value;
}
std::size_t aligned(std::size_t size) { return (size + 7) / 8 * 8; }

Diagnostic cut_off() {
    return {.reason = "the file is no whole xclbin: it ends before its sections do", .help = "package it again, or copy it again"};
}

}  // namespace

std::string memory_topology(const std::vector<XclbinBank>& banks) {
    constexpr int type_ddr4 = 1, type_hbm = 6;
    std::string text;
    put(text, banks.size(), 4);
    put(text, 0, 4);
    for (const XclbinBank& bank : banks) {
        put(text, bank.hbm ? type_hbm : type_ddr4, 1);
        put(text, 1, 1);
        put(text, 0, 6);
        put(text, bank.bytes / 1024, 8);
        put(text, bank.base, 8);
        put(text, bank.name, bank_bytes);
    }
    return text;
}

std::string ip_layout(const std::vector<ComputeUnitEntry>& units) {
    constexpr std::uint32_t type_kernel = 1, chain = 1;
    std::string text;
    put(text, units.size(), 4);
    put(text, 0, 4);
    for (const ComputeUnitEntry& unit : units) {
        put(text, type_kernel, 4);
        put(text, chain << 8, 4);
        put(text, unit.base, 8);
        put(text, fmt::format("{}:{}", unit.kernel, unit.name), compute_unit_bytes);
    }
    return text;
}

std::string connectivity(const std::vector<ComputeUnitEntry>& units) {
    std::string rows;
    std::uint64_t count = 0;
    for (std::size_t u = 0; u < units.size(); ++u)
        for (const auto& [argument, bank] : units[u].connections) {
            put(rows, static_cast<std::uint64_t>(argument), 4);
            put(rows, u, 4);
            put(rows, static_cast<std::uint64_t>(bank), 4);
            ++count;
        }
    std::string text;
    put(text, count, 4);
    return text + rows;
}

std::string write_xclbin(const Xclbin& xclbin) {
    std::string bodies, table;
    std::size_t at = aligned(table_at + entry_bytes * xclbin.sections.size());
    const std::size_t first = at;
    for (const Section& section : xclbin.sections) {
        put(table, static_cast<std::uint32_t>(section.kind), 4);
        put(table, section.name, 16);
        put(table, 0, 4);
        put(table, at, 8);
        put(table, section.body.size(), 8);
        bodies += section.body;
        bodies.append(aligned(section.body.size()) - section.body.size(), '\0');
        at = first + bodies.size();
    }
    Sha256 digest;
    digest.update(table);
    digest.update(bodies);
    const std::string uuid = digest.hex().substr(0, 32);

    std::string text;
    put(text, magic, 8);
    put(text, 0xffffffff, 4);  // no signature
    text.append(28 + 256, '\xff');
    put(text, 0, 8);
    put(text, at, 8);
    put(text, 0, 8);  // no time: the same contents give the same bytes
    put(text, 0, 8);
    put(text, 0, 2);
    put(text, 2, 1);
    put(text, 13, 1);
    put(text, mode_hw_emu, 2);
    put(text, 0, 2);
    text.append(16, '\0');
    put(text, xclbin.platform, platform_bytes);
    for (std::size_t i = 0; i < 32; i += 2) put(text, std::stoul(uuid.substr(i, 2), nullptr, 16), 1);
    text.append(16, '\0');
    put(text, xclbin.sections.size(), 4);
    put(text, 0, 4);
    assert(text.size() == table_at);
    text += table;
    text.append(first - text.size(), '\0');
    return text + bodies;
}

Result<std::vector<Section>> read_xclbin(std::string_view bytes) {
    if (!bytes.starts_with(magic)) return Diagnostic{.reason = "the file is no xclbin", .help = "make one with `weft package`"};
    if (bytes.size() < table_at || get(bytes, length_at, 8) > bytes.size()) return cut_off();
    const std::uint64_t count = get(bytes, count_at, 4);
    if (count > (bytes.size() - table_at) / entry_bytes) return cut_off();
    std::vector<Section> sections;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::size_t entry = table_at + entry_bytes * i;
        const std::uint64_t offset = get(bytes, entry + 24, 8), size = get(bytes, entry + 32, 8);
        if (offset > bytes.size() || size > bytes.size() - offset) return cut_off();
        const std::string_view name = bytes.substr(entry + 4, 16);
        sections.push_back({static_cast<SectionKind>(get(bytes, entry, 4)), std::string(name.substr(0, name.find('\0'))),
                            std::string(bytes.substr(offset, size))});
    }
    return sections;
}

std::string xclbin_platform(std::string_view bytes) {
    const std::string_view field = bytes.substr(platform_at, platform_bytes);
    return std::string(field.substr(0, field.find('\0')));
}

bool xclbin_is_emulated(std::string_view bytes) { return get(bytes, mode_at, 2) == mode_hw_emu; }

std::string_view find_section(const std::vector<Section>& sections, SectionKind kind) {
    const auto at = std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.kind == kind; });
    return at == sections.end() ? std::string_view() : std::string_view(at->body);
}

}  // namespace weft
