// device.h
// The device process of an emulated card: answers the calls of XRT's emulation driver, and clocks the compute units while one works.
// Calls and their fields are those of XRT 2.13 (device_message.proto of its hardware emulation).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/card/device/card_file.h"
#include "src/card/device/compute_unit.h"
#include "src/card/device/link.h"
#include "src/card/device/memory.h"
#include "src/card/device/wire.h"

namespace weft::device {

enum ExitCode {
    exit_closed = 0,  ///< The host has closed the device, or has gone.
    exit_bad_card = 2,
    exit_kernel = 3,  ///< A compute unit did what no kernel may.
};

class Device {
public:
    /// `kernels` make a verilated kernel of each kind for the unit of that name.
    using MakeKernel = std::function<KernelPins(const std::string& unit)>;

    Device(const CardFile& card, const std::vector<MakeKernel>& kernels) : card_(card) {
        banks_.reserve(card.banks.size());
        for (const auto& b : card.banks) banks_.emplace_back(b.name, b.base, b.bytes, b.bytes_per_cycle, b.latency);
        int index = 0;
        units_.reserve(card.units.size());
        for (const auto& line : card.units) {
            ComputeUnit& unit = units_.emplace_back(line.name, kernels.at(line.kernel)(line.name));
            for (std::size_t p = 0; p < unit.pins().ports.size(); ++p) {
                unit.ports().emplace_back(line.name + "'s port m_axi_gmem" + std::to_string(p), unit.pins().ports[p],
                                          unit.pins().word_bytes[p], memory_, banks_[line.banks.at(p)]);
                unit.ports().back().stall(card.stall_seed, index++);
            }
            unit.reset();
        }
        told_.assign(units_.size(), 0);
    }

    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    /// Answers calls until the host closes the device. What is wrong is in `error`.
    ExitCode serve(Link& link) {
        begin_ = std::chrono::steady_clock::now();
        for (;;) {
            // Cycles between two looks at the socket cost less than the look.
            constexpr int cycles_between_looks = 32;
            if (!link.waiting(working() ? 0 : -1)) {
                for (int i = 0; i < cycles_between_looks && working() && error.empty(); ++i) cycle();
                if (!error.empty()) return exit_kernel;
                continue;
            }
            Call call;
            if (!link.receive(call)) {
                link.remove_sockets();
                return exit_closed;
            }
            const Reply reply = answer(call);
            if (!error.empty()) return exit_kernel;
            if (call.number == close_device) read_counters();
            if (!link.answer(reply.text())) return exit_closed;
            if (call.number == close_device) {
                link.say_goodbye();
                return exit_closed;
            }
        }
    }

    /// Figures of the run, in JSON. `pauses`: how often all units came to rest; the card's clock stands still then.
    std::string report() const;

    std::string error;

private:
    enum : std::uint32_t {
        close_device = 1,
        allocate_buffer = 4,
        free_buffer = 5,
        copy_to_device = 6,
        copy_to_host = 7,
        write_register = 9,
        read_register = 11,
        timestamp = 17,
        debug_messages = 19,
        set_environment = 20,
    };
    /// A question for a unit's state is answered when the state has changed, or after so many cycles.
    static constexpr std::uint64_t hold_cycles = 500;

    bool any_call() const {
        for (const ComputeUnit& unit : units_)
            if (unit.working()) return true;
        return false;
    }
    bool working() const {
        for (const ComputeUnit& unit : units_)
            if (unit.working() || unit.accessing()) return true;
        return false;
    }

    void cycle() {
        for (Bank& bank : banks_) bank.tick();
        // Whoever comes first takes what a bank has left: in turns.
        for (std::size_t i = 0; i < units_.size(); ++i) units_[(i + now_) % units_.size()].cycle(now_);
        ++now_;
        const bool at_work = any_call();
        if (was_at_work_ && !at_work) ++pauses_;
        was_at_work_ = at_work;
        for (ComputeUnit& unit : units_) {
            for (const AxiPort& port : unit.ports())
                if (!port.error.empty() && error.empty()) error = port.error;
            // A call that is done waits for the host, which may take its time.
            if (unit.working() && !(unit.state() & ap_done) && now_ - unit.last_movement() > card_.patience && error.empty())
                error = unit.name() + ": nothing has moved at its memory ports for " + std::to_string(card_.patience) +
                        " cycles, and its call is not done";
        }
        if (card_.most_cycles != 0 && now_ > card_.most_cycles && error.empty())
            error = "the limit of " + std::to_string(card_.most_cycles) + " cycles is reached";
    }
    void finish_access(ComputeUnit& unit) {
        while (unit.accessing() && error.empty()) cycle();
    }
    std::uint32_t read_now(ComputeUnit& unit, unsigned offset) {
        finish_access(unit);
        unit.read(offset);
        finish_access(unit);
        return unit.read_value();
    }

    /// The unit that has registers there; null: none.
    ComputeUnit* unit_at(std::uint64_t address, unsigned& offset) {
        for (std::size_t i = 0; i < units_.size(); ++i) {
            const auto& line = card_.units[i];
            if (address < line.base || address >= line.base + line.range) continue;
            offset = static_cast<unsigned>(address - line.base);
            return &units_[i];
        }
        return nullptr;
    }

    /// With the software scheduler the driver writes a whole block from offset 0: the arguments are there before ap_start is.
    void write_registers(ComputeUnit& unit, unsigned offset, std::string_view data) {
        finish_access(unit);
        const auto word = [&](std::size_t at) {
            std::uint32_t value = 0;
            std::memcpy(&value, data.data() + at, std::min<std::size_t>(4, data.size() - at));
            return value;
        };
        for (std::size_t at = offset == 0 ? 4 : 0; at < data.size(); at += 4) {
            // Interrupts are the driver's affair, which uses none here; a block names these registers only because they lie in it.
            if (const std::size_t where = offset + at; where >= 0x10 || data.size() == 4)
                unit.write(static_cast<unsigned>(where), word(at));
        }
        if (offset == 0) unit.write(0, word(0));
        finish_access(unit);
    }

    std::uint32_t read_control(std::size_t index) {
        ComputeUnit& unit = units_[index];
        std::uint32_t value = read_now(unit, 0);
        const std::vector<std::uint32_t> before = states();
        for (std::uint64_t until = now_ + hold_cycles; now_ < until && error.empty();) {
            if ((value & (ap_start | ap_done)) != told_[index] || !unit.working() || states() != before) break;
            for (int i = 0; i < 64 && error.empty(); ++i) cycle();
            value = unit.state();
        }
        value = read_now(unit, 0);
        told_[index] = value & (ap_start | ap_done);
        return value;
    }
    std::vector<std::uint32_t> states() const {
        std::vector<std::uint32_t> list;
        for (const ComputeUnit& unit : units_) list.push_back(unit.state());
        return list;
    }

    Reply answer(const Call& call) {
        Message m;
        Reply reply;
        if (!Message::read(call.body, m)) {
            error = "the driver sent a message that cannot be read (call " + std::to_string(call.number) + ")";
            return reply;
        }
        switch (call.number) {
            case allocate_buffer:
                memory_.allocate(m.number(1), m.number(2));
                return reply.number(1, 1).bytes(2, "");
            case free_buffer:
                return reply.number(1, memory_.free(m.number(1)) ? 1 : 0);
            case copy_to_device:
                memory_.write(m.number(3) + m.number(6), m.bytes(4).data(), m.bytes(4).size());
                bytes_to_device_ += m.bytes(4).size();
                return reply.number(1, m.number(5));
            case copy_to_host: {
                std::string data(m.number(5), '\0');
                memory_.read(m.number(4) + m.number(6), data.data(), data.size());
                bytes_to_host_ += data.size();
                return reply.number(1, data.size()).bytes(2, data);
            }
            case write_register: {
                unsigned offset = 0;
                ComputeUnit* unit = unit_at(m.number(2), offset);
                if (unit) write_registers(*unit, offset, m.bytes(4).substr(0, m.number(3)));
                return reply.number(1, unit ? 1 : 0);
            }
            case read_register:
                return read_registers(m.number(2), m.number(3));
            case timestamp:
                return reply.number(1, now_);
            case debug_messages:
                return reply.bytes(1, "").bytes(2, "").bytes(3, "");
            case set_environment:
            case close_device:
                return reply.number(1, 1);
            default:
                return reply.number(1, 0);
        }
    }
    Reply read_registers(std::uint64_t address, std::uint64_t size) {
        Reply reply;
        unsigned offset = 0;
        ComputeUnit* unit = unit_at(address, offset);
        std::string data(size, '\0');
        for (std::size_t at = 0; unit && at < data.size(); at += 4) {
            const auto where = offset + static_cast<unsigned>(at);
            const std::uint32_t value = where == 0 ? read_control(static_cast<std::size_t>(unit - units_.data())) : read_now(*unit, where);
            std::memcpy(data.data() + at, &value, std::min<std::size_t>(4, data.size() - at));
        }
        return reply.number(1, unit ? 1 : 0).bytes(2, data);
    }
    void read_counters() {
        for (ComputeUnit& unit : units_)
            for (const Counter& counter : unit.pins().counters) {
                std::uint64_t value = read_now(unit, counter.offset);
                if (counter.bits > 32) value |= std::uint64_t{read_now(unit, counter.offset + 4)} << 32;
                counters_[unit.name()].emplace_back(counter.name, value);
            }
    }

    CardFile card_;
    Memory memory_;
    std::vector<Bank> banks_;
    std::vector<ComputeUnit> units_;
    std::vector<std::uint32_t> told_;  ///< What the host knows of each unit's state.
    std::map<std::string, std::vector<std::pair<std::string, std::uint64_t>>> counters_;
    bool was_at_work_ = false;
    std::uint64_t pauses_ = 0;  ///< How often all units came to rest.
    std::uint64_t now_ = 0, bytes_to_device_ = 0, bytes_to_host_ = 0;
    std::chrono::steady_clock::time_point begin_;
};

inline std::string Device::report() const {
    const auto field = [](const char* name, std::uint64_t value) { return std::string("\"") + name + "\": " + std::to_string(value); };
    const auto list = [](const auto& items, const auto& text) {
        std::string all;
        for (const auto& item : items) all += (all.empty() ? "" : ", ") + text(item);
        return all;
    };
    std::uint64_t first = ~std::uint64_t{0}, last = 0;
    for (const ComputeUnit& unit : units_)
        for (const auto& job : unit.jobs()) {
            first = std::min(first, job.start);
            last = std::max(last, job.done);
        }
    const auto job_text = [&](const ComputeUnit::Job& job) {
        return "{" + field("frames", job.frames) + ", " + field("start", job.start) + ", " + field("done", job.done) + "}";
    };
    const auto unit_text = [&](const ComputeUnit& unit) {
        const auto counted = counters_.find(unit.name());
        std::string counters;
        if (counted != counters_.end()) counters = list(counted->second, [&](const auto& c) { return field(c.first.c_str(), c.second); });
        return "{\"unit\": \"" + unit.name() + "\", \"counters\": {" + counters + "}, \"jobs\": [" + list(unit.jobs(), job_text) + "]}";
    };
    const auto bank_text = [&](const Bank& bank) {
        return "{\"bank\": \"" + bank.name + "\", " + field("bytes_read", bank.bytes_read) + ", " +
               field("bytes_written", bank.bytes_written) + "}";
    };
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    return "{" + field("cycles", now_) + ", " + field("first_start", last == 0 ? 0 : first) + ", " + field("last_done", last) + ", " +
           field("pauses", pauses_) + ", " + field("bytes_to_device", bytes_to_device_) + ", " + field("bytes_to_host", bytes_to_host_) +
           ", \"seconds\": " + std::to_string(seconds) + ", \"banks\": [" + list(banks_, bank_text) + "], \"units\": [" +
           list(units_, unit_text) + "]}\n";
}

/// The process: reads `card.txt` in its folder, writes `simulate.log` there, and its report to $WEFT_CARD_REPORT if that is set. What it
/// cannot go on after ends `host` too, which would wait for ever.
inline int run_device(const std::vector<Device::MakeKernel>& kernels, pid_t host) {
    std::ofstream log("simulate.log");
    const auto failed = [&](int code, const std::string& text) {
        log << "error: " << text << std::endl;
        std::fprintf(stderr, "error: the emulated card: %s\n", text.c_str());
        // While the socket is open: a host that writes to a closed one ends by SIGPIPE instead.
        if (host > 1) ::kill(host, SIGTERM);
        return code;
    };
    CardFile card;
    std::ifstream file("card.txt");
    if (!read(file, card)) return failed(exit_bad_card, "card.txt cannot be read");
    Device device(card, kernels);
    Link link;
    if (!link.connect(std::chrono::seconds(60), host)) return failed(exit_bad_card, "XRT's driver does not answer");
    const int code = device.serve(link);
    const std::string report = device.report();
    log << report;
    if (const char* path = std::getenv("WEFT_CARD_REPORT")) std::ofstream(path) << report;
    return device.error.empty() ? code : failed(code, device.error);
}

}  // namespace weft::device
