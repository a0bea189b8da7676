// schedule.h
// The RTL kernel's control, stepped cycle by cycle without its data: exact latency, interval and FIFO occupancy.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/design/unit_def.h"

namespace weft {

/// How many beats the FIFO of each stream holds; 0: wires.
using FifoDepths = std::map<const Stream*, std::int64_t>;

/// Those that the design's streams say (Stream::rtl_depth).
FifoDepths rtl_depths(const Design& design);
/// Where `depths` have a FIFO it holds as much as it is asked to: what it then holds is what its depth must be.
FifoDepths endless(FifoDepths depths);

struct ScheduleOptions {
    int frames = 3;                ///< Frames back to back.
    std::uint64_t stall_seed = 0;  ///< Stalls at the kernel's ports (src/schedule/stalls.h); 0: none.
    /// Beats enter no faster than an even pace of this many cycles a frame; 0: as fast as the kernel takes them.
    std::int64_t paced_interval = 0;
    /// Ends as soon as a frame passes every stream as the one before it did, since all later ones do the same; only latency, interval and
    /// what streams hold are recorded.
    bool steady = false;
    std::int64_t most_cycles = std::int64_t{1} << 32;  ///< Gives up beyond.
    Progress progress = {};                            ///< Told of the beats that have passed the kernel's ports.
};

/// When a unit works on a frame. Cycles count from the first after reset.
struct UnitActivity {
    const Unit* unit = nullptr;
    std::int64_t busy_cycles = 0;           ///< Cycles with a handshake at any of its ports, over all frames.
    std::vector<std::int64_t> first_cycle;  ///< Per frame: of the first beat read.
    std::vector<std::int64_t> last_cycle;   ///< Per frame: of the last beat written.
};

/// What passed over a stream at its producer's end.
struct StreamActivity {
    const Stream* stream = nullptr;
    std::int64_t most_held = 0;       ///< Beats that its FIFO held or had promised room to, at most.
    std::int64_t waiting_cycles = 0;  ///< Cycles in which a beat was offered and not taken.
};

/// The cycle of every handshake at a port of the kernel, in order.
struct PortActivity {
    const Stream* stream = nullptr;
    bool output = false;
    std::vector<std::int64_t> cycles;
};

struct Schedule {
    std::int64_t latency_cycles = 0;   ///< From the first beat accepted at an input to the last beat of that frame at the outputs.
    std::int64_t interval_cycles = 0;  ///< Between the last beats of the last two frames (of one frame: 0).
    std::int64_t cycles = 0;           ///< Until the last beat left.
    std::vector<UnitActivity> units;
    std::vector<StreamActivity> streams;
    std::vector<PortActivity> ports;  ///< Inputs, then outputs, in the design's order.
};

/// Steps the whole design, with FIFOs of these depths. A design that stops before its last beat has left is an error that names who waits
/// for whom.
Result<Schedule> schedule(const Design& design, const FifoDepths& depths, const ScheduleOptions& options);
/// The same with `rtl_depths`.
Result<Schedule> schedule(const Design& design, const ScheduleOptions& options = {});

/// Least possible interval: the most cycles a frame that any unit needs, or a port to pass its beats.
std::int64_t interval_bound(const Design& design);

struct ChosenDepths {
    FifoDepths depths;
    std::int64_t pace = 0;  ///< Cycles a frame: `interval_bound`, or more where a unit is held up by one that it has no FIFO to.
};

/// What the streams hold when frames enter at the pace that the design keeps, so that no unit ever waits for room, and no less than what
/// keeps the design from stopping whenever beats come. `progress` is told of each pass anew.
Result<ChosenDepths> choose_rtl_depths(const Design& design, const Progress& progress = {});
/// Sets Stream::rtl_depth to them throughout, and gives the pace.
Result<std::int64_t> set_rtl_depths(Design& design, const Progress& progress = {});

}  // namespace weft
