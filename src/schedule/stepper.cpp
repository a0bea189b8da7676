// stepper.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/stepper.h"

#include <algorithm>
#include <utility>

#include "src/schedule/stalls.h"

namespace weft {

namespace {

constexpr std::int64_t told_every = 1 << 14;  // cycles

/// The wires of a node's ports, and the beats that have passed them.
struct Wires {
    Handshakes ports{0, 0};
    std::vector<std::int64_t> read, written;
};

class Stepper {
public:
    explicit Stepper(Network network) : network_(std::move(network)), options_(*network_.options) {}

    Result<Schedule> run() {
        for (const NetworkNode& node : network_.nodes) {
            Wires wires{Handshakes(node.inputs.size(), node.outputs.size()), {}, {}};
            wires.read.resize(node.inputs.size());
            wires.written.resize(node.outputs.size());
            wires_.push_back(std::move(wires));
        }
        // Ready is known from the readers backwards: FIFOs first, whose ready is a register, then the units against the streams.
        const std::size_t units = network_.design->units.size();
        for (std::size_t n = units; n < network_.nodes.size(); ++n) order_.push_back(n);
        for (std::size_t u = units; u-- > 0;) order_.push_back(u);

        const std::int64_t patience = network_.longest_pause();
        const std::int64_t total = network_.port_beats;
        left_ = total;
        std::int64_t last_event = 0;
        while (left_ > 0) {
            if (step()) last_event = now_;
            ++now_;
            if (options_.progress && now_ % told_every == 0) options_.progress(total - left_, total);
            if (now_ - last_event > patience) return network_.stopped(now_);
            if (now_ > options_.most_cycles) return network_.too_long();
        }
        if (options_.progress) options_.progress(total, total);
        return network_.finish();
    }

private:
    bool offered(const NetworkLink& link) const {
        const PortActivity& port = network_.ports[static_cast<std::size_t>(link.source)];
        const auto sent = static_cast<std::int64_t>(port.cycles.size());
        const std::int64_t frame = network_.beats(link);
        if (sent == options_.frames * frame) return false;
        if (options_.paced_interval > 0 && now_ * frame < sent * options_.paced_interval) return false;
        // Once offered, a beat stays.
        return (link.valid && !link.ready) || !stalled(options_.stall_seed, link.source, static_cast<std::uint64_t>(now_));
    }

    /// One clock cycle; was there a handshake?
    bool step() {
        for (NetworkLink& link : network_.links) {
            link.valid = link.producer >= 0 ? network_.nodes[static_cast<std::size_t>(link.producer)].control->valid(link.producer_port)
                                            : offered(link);
            if (link.sink >= 0) link.ready = !stalled(options_.stall_seed, link.sink, static_cast<std::uint64_t>(now_));
        }
        for (const std::size_t n : order_) {
            const NetworkNode& node = network_.nodes[n];
            Handshakes& ports = wires_[n].ports;
            for (std::size_t o = 0; o < node.outputs.size(); ++o) {
                ports.out_valid[o] = network_.links[node.outputs[o]].valid;
                ports.out_ready[o] = network_.links[node.outputs[o]].ready;
            }
            for (std::size_t i = 0; i < node.inputs.size(); ++i) ports.in_valid[i] = network_.links[node.inputs[i]].valid;
            for (std::size_t i = 0; i < node.inputs.size(); ++i) {
                NetworkLink& link = network_.links[node.inputs[i]];
                link.ready = node.control->ready(static_cast<int>(i), ports);
                ports.in_ready[i] = link.ready;
            }
        }
        // A FIFO's reader comes after it in that order.
        for (std::size_t n = network_.design->units.size(); n < network_.nodes.size(); ++n)
            wires_[n].ports.out_ready[0] = network_.links[network_.nodes[n].outputs[0]].ready;
        bool event = false;
        for (NetworkLink& link : network_.links) {
            const bool moves = link.valid && link.ready;
            link.waiting += link.valid && !link.ready;
            event |= moves;
            if (!moves) continue;
            for (const int port : {link.source, link.sink}) {
                if (port < 0) continue;
                network_.ports[static_cast<std::size_t>(port)].cycles.push_back(now_);
                --left_;
            }
            if (link.sink >= 0) network_.cycles = now_ + 1;
        }
        for (std::size_t n = 0; n < network_.nodes.size(); ++n) record(network_.nodes[n], wires_[n]);
        for (std::size_t n = 0; n < network_.nodes.size(); ++n) network_.nodes[n].control->clock(wires_[n].ports);
        for (NetworkNode& node : network_.nodes)
            for (std::size_t o = 0; o < node.most_held.size(); ++o)
                node.most_held[o] = std::max(node.most_held[o], node.control->held(static_cast<int>(o)));
        return event;
    }

    void record(NetworkNode& node, Wires& wires) const {
        bool busy = false;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            if (!wires.ports.reads(i)) continue;
            busy = true;
            const std::int64_t frame = wires.read[i]++ / node.frame_reads[i];
            if (frame < options_.frames && node.activity.first_cycle[static_cast<std::size_t>(frame)] < 0)
                node.activity.first_cycle[static_cast<std::size_t>(frame)] = now_;
        }
        for (std::size_t o = 0; o < node.outputs.size(); ++o) {
            if (!wires.ports.writes(o)) continue;
            busy = true;
            const std::int64_t frame = wires.written[o]++ / node.frame_writes[o];
            if (frame < options_.frames) node.activity.last_cycle[static_cast<std::size_t>(frame)] = now_;
        }
        node.activity.busy_cycles += busy;
    }

    Network network_;
    const ScheduleOptions& options_;
    std::vector<Wires> wires_;  ///< By node.
    std::vector<std::size_t> order_;
    std::int64_t now_ = 0;
    std::int64_t left_ = 0;  ///< Beats that the kernel's ports still await.
};

}  // namespace

Result<Schedule> schedule_by_cycles(Network network) { return Stepper(std::move(network)).run(); }

}  // namespace weft
