// axi_port.h
// The memory side of one AXI4 port of a kernel: bursts in order, each channel with stalls of its own.
// Part of the device process of an emulated card.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "src/card/device/memory.h"
#include "src/schedule/stalls.h"

namespace weft::device {

constexpr int widest_word_bytes = 64;

/// Signals of an AXI4 port as a verilated model has them: bytes in little-endian order, as wide as the port.
struct AxiSignals {
    unsigned char *awvalid, *awready, *wvalid, *wready, *wlast, *bvalid, *bready, *bresp;
    unsigned char *arvalid, *arready, *rvalid, *rready, *rlast, *rresp, *awlen, *arlen;
    std::uint64_t *awaddr, *araddr;
    void *wdata, *rdata, *wstrb;
};

class AxiPort {
public:
    AxiPort(std::string name, const AxiSignals& signals, int word_bytes, Memory& memory, Bank& bank)
        : name_(std::move(name)), s_(signals), word_bytes_(word_bytes), memory_(memory), bank_(bank) {}

    /// Stalls of this seed; ports of a card have different indices.
    void stall(std::uint64_t seed, int index) {
        seed_ = seed;
        index_ = index;
    }

    /// What the memory drives in this cycle, clock low. `now` counts cycles.
    void drive(std::uint64_t now) {
        *s_.arready = reads_.size() < most_bursts && !stalls(0, now);
        *s_.awready = writes_.size() < most_bursts && !stalls(1, now);
        if (!write_paid_) write_paid_ = bank_.take(word_bytes_);
        *s_.wready = write_paid_ && data_.size() < most_words && !stalls(2, now);
        if (!*s_.rvalid && !reads_.empty() && reads_.front().ready <= now && !stalls(3, now) && bank_.take(word_bytes_)) {
            const Read& read = reads_.front();
            *s_.rvalid = 1;
            *s_.rlast = read.left == 1;
            *s_.rresp = 0;
            memory_.read(read.address, s_.rdata, static_cast<std::uint64_t>(word_bytes_));
        }
        if (!*s_.bvalid && !answers_.empty() && answers_.front() <= now && !stalls(4, now)) {
            *s_.bvalid = 1;
            *s_.bresp = 0;
        }
    }

    /// The handshakes of this cycle, before the edge; true if there was one. After an access outside the host's buffers `error` says so.
    bool step(std::uint64_t now) {
        taken_r_ = *s_.rvalid && *s_.rready;
        taken_b_ = *s_.bvalid && *s_.bready;
        bool any = taken_r_ || taken_b_;
        if (taken_r_) {
            bank_.bytes_read += static_cast<std::uint64_t>(word_bytes_);
            Read& read = reads_.front();
            read.address += static_cast<std::uint64_t>(word_bytes_);
            if (--read.left == 0) reads_.pop_front();
        }
        if (taken_b_) answers_.pop_front();
        if (*s_.arvalid && *s_.arready) {
            any = true;
            reads_.push_back({*s_.araddr, *s_.arlen + 1, now + static_cast<std::uint64_t>(bank_.latency)});
            check("reads", *s_.araddr, *s_.arlen + 1);
        }
        if (*s_.awvalid && *s_.awready) {
            any = true;
            writes_.push_back({*s_.awaddr, *s_.awlen + 1});
            check("writes", *s_.awaddr, *s_.awlen + 1);
        }
        if (*s_.wvalid && *s_.wready) {
            any = true;
            write_paid_ = false;
            Word& word = data_.emplace_back();
            std::memcpy(word.bytes.data(), s_.wdata, static_cast<std::size_t>(word_bytes_));
            std::memcpy(&word.strobes, s_.wstrb, static_cast<std::size_t>((word_bytes_ + 7) / 8));
        }
        if (error.empty()) store(now);
        return any;
    }
    void after_edge() {
        if (taken_r_) *s_.rvalid = 0;
        if (taken_b_) *s_.bvalid = 0;
    }

    std::string error;

private:
    struct Read {
        std::uint64_t address;
        int left;
        std::uint64_t ready;
    };
    struct Write {
        std::uint64_t address;
        int words;
    };
    struct Word {
        std::array<unsigned char, widest_word_bytes> bytes{};
        std::uint64_t strobes = 0;
    };
    static constexpr std::size_t most_bursts = 32, most_words = 512;

    bool stalls(int channel, std::uint64_t now) const { return weft::stalled(seed_, index_ * 5 + channel, now); }

    std::uint64_t every_byte() const { return ~std::uint64_t{0} >> (64 - word_bytes_); }

    void check(const char* does, std::uint64_t address, int words) {
        const std::uint64_t size = static_cast<std::uint64_t>(words) * static_cast<std::uint64_t>(word_bytes_);
        if (!error.empty() || (bank_.holds(address, size) && memory_.allocated(address, size))) return;
        char text[200];
        std::snprintf(text, sizeof text, " %s %llu bytes at 0x%llx, which lie in no buffer that the host has allocated in %s", does,
                      static_cast<unsigned long long>(size), static_cast<unsigned long long>(address), bank_.name.c_str());
        error = name_ + text;
    }

    /// Bursts are written when all of their words are there.
    void store(std::uint64_t now) {
        while (!writes_.empty() && data_.size() >= static_cast<std::size_t>(writes_.front().words)) {
            std::uint64_t address = writes_.front().address;
            for (int i = 0; i < writes_.front().words; ++i, address += static_cast<std::uint64_t>(word_bytes_)) {
                const Word& word = data_.front();
                if (word.strobes == every_byte()) {
                    memory_.write(address, word.bytes.data(), static_cast<std::uint64_t>(word_bytes_));
                } else {
                    for (int b = 0; b < word_bytes_; ++b)
                        if (word.strobes >> b & 1)
                            memory_.write(address + static_cast<std::uint64_t>(b), &word.bytes[static_cast<std::size_t>(b)], 1);
                }
                data_.pop_front();
            }
            bank_.bytes_written += static_cast<std::uint64_t>(writes_.front().words) * static_cast<std::uint64_t>(word_bytes_);
            writes_.pop_front();
            answers_.push_back(now + static_cast<std::uint64_t>(bank_.latency));
        }
    }

    std::string name_;
    AxiSignals s_;
    int word_bytes_;
    Memory& memory_;
    Bank& bank_;
    std::uint64_t seed_ = 0;
    int index_ = 0;
    bool taken_r_ = false, taken_b_ = false, write_paid_ = false;
    std::deque<Read> reads_;
    std::deque<Write> writes_;
    std::deque<Word> data_;
    std::deque<std::uint64_t> answers_;
};

}  // namespace weft::device
