// network.h
// A design as its schedule sees it: units and FIFOs with their controls, the links between them, and what is recorded of each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/schedule/schedule.h"

namespace weft {

/// A unit, or the FIFO of a stream.
struct NetworkNode {
    const Unit* unit = nullptr;
    std::unique_ptr<Unit> fifo;  ///< The instance that stands for a stream's FIFO.
    std::unique_ptr<UnitControl> control;
    std::vector<std::size_t> inputs, outputs;             ///< Indices of links.
    std::vector<std::int64_t> frame_reads, frame_writes;  ///< Beats of one frame, by port.
    UnitActivity activity;
    std::vector<std::int64_t> most_held;  ///< By output.
};

/// Where one node's output, or a kernel input, meets one node's input, or a kernel output.
struct NetworkLink {
    const Stream* stream = nullptr;
    int producer = -1, producer_port = 0;  ///< Node, or -1: a kernel input.
    int consumer = -1;                     ///< Node, or -1: a kernel output.
    int source = -1, sink = -1;            ///< Index of the port activity where the kernel's edge is.
    std::int64_t waiting = 0;              ///< Cycles in which a beat was offered and not taken.
    bool valid = false, ready = false;     ///< In the present cycle.
};

struct Network {
    const Design* design = nullptr;
    const ScheduleOptions* options = nullptr;
    bool endless = false;            ///< Every FIFO holds as much as it is asked to.
    std::vector<NetworkNode> nodes;  ///< The design's units, in its order, then FIFOs.
    std::vector<NetworkLink> links;
    std::vector<PortActivity> ports;
    std::int64_t port_beats = 0;  ///< That pass the kernel's ports in all frames.
    std::int64_t cycles = 0;      ///< Until the last beat left.

    std::int64_t beats(const NetworkLink& link) const { return link.stream->beat.count(link.stream->shape); }
    /// Cycles without any handshake that a working design may have: no unit computes longer on a beat than on a frame.
    std::int64_t longest_pause() const;
    /// Nothing will happen any more, in cycle `now`: by the links that are valid and not ready.
    Diagnostic stopped(std::int64_t now) const;
    Diagnostic too_long() const;
    std::vector<StreamActivity> stream_activities() const;
    /// What was recorded, when all is done.
    Schedule finish();
};

/// Refers to the design and the options. Fails where a unit has no control.
Result<Network> make_network(const Design& design, const FifoDepths& depths, const ScheduleOptions& options);

}  // namespace weft
