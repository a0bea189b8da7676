// compute_unit.h
// A verilated kernel on the card: its registers as the host reaches them, its memory ports, its clock.
// Part of the device process of an emulated card.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "src/card/device/axi_port.h"

namespace weft::device {

/// The signals of the AXI4-Lite port, as a verilated model has them.
struct ControlSignals {
    unsigned char *awvalid, *awready, *wvalid, *wready, *wstrb, *bvalid, *bready, *arvalid, *arready, *rvalid, *rready;
    std::uint16_t *awaddr, *araddr;
    std::uint32_t *wdata, *rdata;
};

/// A register that counts.
struct Counter {
    std::string name;
    unsigned offset = 0;
    int bits = 32;  ///< 64: the low word stands at `offset`.
};

/// A verilated kernel. What evaluates it must outlive the pins.
struct KernelPins {
    unsigned char *clk = nullptr, *rst_n = nullptr;
    ControlSignals control{};
    std::vector<AxiSignals> ports;
    std::vector<int> word_bytes;  ///< Of each port.
    std::vector<Counter> counters;
    unsigned frames_offset = 0;  ///< Of the register that counts the frames of a call.
    std::function<void()> eval;
    std::function<void(std::uint64_t time)> dump;  ///< Writes a waveform; empty: none is wanted.
};

/// Bits of the register at offset 0, as Vitis HLS defines them for ap_ctrl_chain.
enum ControlBits : std::uint32_t { ap_start = 1, ap_done = 2, ap_idle = 4, ap_ready = 8, ap_continue = 16 };

class ComputeUnit {
public:
    ComputeUnit(std::string name, KernelPins pins) : name_(std::move(name)), pins_(std::move(pins)) {}

    struct Job {
        std::uint64_t frames = 0;
        std::uint64_t start = 0;  ///< The cycle in which ap_start was written.
        std::uint64_t done = 0;   ///< The first in which ap_done was read; 0: not yet.
    };

    const std::string& name() const { return name_; }
    const std::vector<Job>& jobs() const { return jobs_; }
    const KernelPins& pins() const { return pins_; }
    std::vector<AxiPort>& ports() { return ports_; }

    void reset() {
        *pins_.rst_n = 0;
        for (int i = 0; i < 32; ++i) edge();
        *pins_.rst_n = 1;
        for (int i = 0; i < 4; ++i) edge();
    }

    /// Is a call under way that is not known to be done?
    bool working() const { return done_ < jobs_.size(); }
    /// Is a register access under way?
    bool accessing() const { return busy_ || !queue_.empty(); }
    /// What ap_start and ap_done were when last read.
    std::uint32_t state() const { return state_; }
    std::uint64_t last_movement() const { return last_movement_; }

    void write(unsigned offset, std::uint32_t value) {
        queue_.push_back({true, offset, value});
        if (offset == pins_.frames_offset) frames_ = value;
    }
    void read(unsigned offset) { queue_.push_back({false, offset, 0}); }
    /// Of the last read that has ended.
    std::uint32_t read_value() const { return value_; }

    /// One cycle, `now` of those that the card counts.
    void cycle(std::uint64_t now) {
        // Looks how the call goes on while nobody else asks.
        if (working() && !accessing() && now % watch_cycles == 0) read(0);
        drive_control();
        // In turns: the first takes what its bank has left.
        for (std::size_t i = 0; i < ports_.size(); ++i) ports_[(i + now) % ports_.size()].drive(now);
        pins_.eval();
        for (AxiPort& port : ports_)
            if (port.step(now)) last_movement_ = now;
        step_control(now);
        edge();
        for (AxiPort& port : ports_) port.after_edge();
        after_edge_of_control();
    }

private:
    struct Access {
        bool write;
        unsigned offset;
        std::uint32_t value;
    };
    static constexpr std::uint64_t watch_cycles = 16;

    void edge() {
        *pins_.clk = 1;
        pins_.eval();
        if (pins_.dump) pins_.dump(2 * edges_);
        *pins_.clk = 0;
        pins_.eval();
        if (pins_.dump) pins_.dump(2 * edges_ + 1);
        ++edges_;
    }

    void drive_control() {
        const ControlSignals& c = pins_.control;
        *c.bready = *c.rready = 1;
        if (busy_ || queue_.empty()) return;
        const Access& access = queue_.front();
        busy_ = true;
        if (access.write) {
            *c.awvalid = *c.wvalid = 1;
            *c.awaddr = static_cast<std::uint16_t>(access.offset);
            *c.wdata = access.value;
            *c.wstrb = 15;
        } else {
            *c.arvalid = 1;
            *c.araddr = static_cast<std::uint16_t>(access.offset);
        }
    }
    void step_control(std::uint64_t now) {
        const ControlSignals& c = pins_.control;
        aw_ = *c.awvalid && *c.awready;
        w_ = *c.wvalid && *c.wready;
        ar_ = *c.arvalid && *c.arready;
        const bool read = *c.rvalid && *c.rready;
        ends_ = read || (*c.bvalid && *c.bready);
        if (!ends_) return;
        const Access& access = queue_.front();
        if (read) value_ = *c.rdata;
        if (access.offset == 0) access.write ? control_written(access.value, now) : control_read(now);
    }
    void after_edge_of_control() {
        const ControlSignals& c = pins_.control;
        if (aw_) *c.awvalid = 0;
        if (w_) *c.wvalid = 0;
        if (ar_) *c.arvalid = 0;
        if (!ends_) return;
        busy_ = ends_ = false;
        queue_.pop_front();
    }

    void control_written(std::uint32_t value, std::uint64_t now) {
        if (value & ap_continue) {
            state_ &= ~static_cast<std::uint32_t>(ap_done);
            continued_ = done_;
            last_movement_ = now;
        }
        if (value & ap_start) {
            jobs_.push_back({frames_, now, 0});
            state_ |= ap_start;
            last_movement_ = now;
        }
    }
    void control_read(std::uint64_t now) {
        state_ = value_ & (ap_start | ap_done);
        // A call that is done says so until the host continues: only then can the next be done.
        if ((value_ & ap_done) == 0 || done_ != continued_ || done_ == jobs_.size()) return;
        jobs_[done_++].done = now;
    }

    std::string name_;
    KernelPins pins_;
    std::vector<AxiPort> ports_;
    std::deque<Access> queue_;
    bool busy_ = false, aw_ = false, w_ = false, ar_ = false, ends_ = false;
    std::uint32_t value_ = 0, state_ = 0, frames_ = 0;
    std::vector<Job> jobs_;
    std::size_t done_ = 0, continued_ = 0;
    std::uint64_t edges_ = 0, last_movement_ = 0;
};

}  // namespace weft::device
