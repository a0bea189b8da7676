// memory.h
// The memory of an emulated card: sparse, by absolute address, in banks that give so many bytes a cycle.
// Part of the device process of an emulated card.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace weft::device {

/// The bytes, and which of them the host has asked for. What was never written is zero.
class Memory {
public:
    void allocate(std::uint64_t address, std::uint64_t size) { buffers_[address] = address + size; }
    /// False where no buffer begins there.
    bool free(std::uint64_t address) {
        last_ = {1, 0};
        return buffers_.erase(address) == 1;
    }
    /// Do the bytes lie in one of the host's buffers?
    bool allocated(std::uint64_t address, std::uint64_t size) const {
        if (address >= last_.first && address <= last_.second && size <= last_.second - address) return true;
        auto after = buffers_.upper_bound(address);
        if (after == buffers_.begin()) return false;
        --after;
        if (address > after->second || size > after->second - address) return false;
        last_ = {after->first, after->second};
        return true;
    }

    void write(std::uint64_t address, const void* from, std::uint64_t size) {
        const auto* at = static_cast<const unsigned char*>(from);
        each_page(address, size, [&](Page& page, std::uint64_t offset, std::uint64_t count) {
            std::memcpy(page.data() + offset, at, count);
            at += count;
        });
    }
    void read(std::uint64_t address, void* to, std::uint64_t size) {
        auto* at = static_cast<unsigned char*>(to);
        each_page(address, size, [&](const Page& page, std::uint64_t offset, std::uint64_t count) {
            std::memcpy(at, page.data() + offset, count);
            at += count;
        });
    }

private:
    static constexpr std::uint64_t page_bytes = 4096;
    using Page = std::array<unsigned char, page_bytes>;

    template <class Visit>
    void each_page(std::uint64_t address, std::uint64_t size, Visit visit) {
        while (size > 0) {
            std::unique_ptr<Page>& page = pages_[address / page_bytes];
            if (!page) page = std::make_unique<Page>(Page{});
            const std::uint64_t offset = address % page_bytes, count = std::min(size, page_bytes - offset);
            visit(*page, offset, count);
            address += count;
            size -= count;
        }
    }

    std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
    std::map<std::uint64_t, std::uint64_t> buffers_;                 ///< First byte -> behind the last.
    mutable std::pair<std::uint64_t, std::uint64_t> last_ = {1, 0};  ///< Where the last access was.
};

/// A bank and its pace: what all ports together read and write in a cycle.
class Bank {
public:
    Bank(std::string name, std::uint64_t base, std::uint64_t bytes, double bytes_per_cycle, int latency)
        : name(std::move(name)), base(base), bytes(bytes), latency(latency), bytes_per_cycle_(bytes_per_cycle) {}

    /// A cycle passes. Unused bandwidth is lost but for what fills up one word more.
    void tick() { budget_ = std::min(budget_ + bytes_per_cycle_, bytes_per_cycle_ + widest_word); }
    /// Takes a word's bandwidth, if there is as much left in this cycle.
    bool take(int word_bytes) {
        if (budget_ < word_bytes) return false;
        budget_ -= word_bytes;
        return true;
    }
    bool holds(std::uint64_t address, std::uint64_t size) const {
        return address >= base && address - base <= bytes && size <= bytes - (address - base);
    }

    std::string name;
    std::uint64_t base = 0, bytes = 0;
    int latency = 0;  ///< Cycles from a read's request to its first word, and from a write's last word to its answer.
    std::uint64_t bytes_read = 0, bytes_written = 0;

private:
    static constexpr double widest_word = 64;
    double bytes_per_cycle_ = 0, budget_ = 0;
};

}  // namespace weft::device
