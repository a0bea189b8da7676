// schedule.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/schedule.h"

#include <algorithm>
#include <utility>

#include "src/design/plumb.h"
#include "src/design/unit_timing.h"
#include "src/schedule/beats.h"
#include "src/schedule/network.h"
#include "src/schedule/stepper.h"

namespace weft {

namespace {

constexpr std::int64_t least_depth = 2;  // sustains a beat a cycle

int frames_under_way(const Design& design, const Schedule& schedule) {
    return static_cast<int>(schedule.latency_cycles / interval_bound(design));
}

/// Every FIFO as shallow as it may be, and no FIFO where wires will do.
FifoDepths least_depths(const Design& design) {
    FifoDepths depths;
    for (const auto& stream : design.streams) {
        std::int64_t& depth = depths[stream.get()] = least_depth;
        if (!stream->producer) continue;
        const auto readers = design.readers(stream.get());
        if (readers.empty() || find_port(*stream->producer->def, true, stream->producer_port)->buffered) continue;
        // Windows are wide and their readers' readies are registers: wires will do.
        if (stream->shape.taps > 1 && find_port(*readers[0].first->def, false, readers[0].second)->registered_ready) depth = 0;
    }
    return depths;
}

}  // namespace

FifoDepths rtl_depths(const Design& design) {
    FifoDepths depths;
    for (const auto& stream : design.streams) depths[stream.get()] = stream->rtl_depth;
    return depths;
}

FifoDepths endless(FifoDepths depths) {
    for (auto& [stream, depth] : depths)
        if (depth > 0) depth = endless_places;
    return depths;
}

Result<Schedule> schedule(const Design& design, const ScheduleOptions& options) { return schedule(design, rtl_depths(design), options); }

Result<Schedule> schedule(const Design& design, const FifoDepths& depths, const ScheduleOptions& options) {
    WEFT_ASSIGN(Network network, make_network(design, depths, options));
    if (has_timing(network)) return schedule_by_beats(std::move(network));
    if (!options.steady) return schedule_by_cycles(std::move(network));
    // As many frames as are under way at a time, and some more: small frames leave long after several others have entered.
    ScheduleOptions longer = options;
    longer.steady = false;
    longer.frames = 1;
    WEFT_ASSIGN(const Schedule one, schedule(design, depths, longer));
    longer.frames = frames_under_way(design, one) + 4;
    return schedule(design, depths, longer);
}

std::int64_t interval_bound(const Design& design) {
    std::int64_t bound = 1;
    for (const auto& unit : design.units)
        if (unit->def->schedule) bound = std::max(bound, unit->def->schedule(*unit).cycles);
    for (const auto& stream : design.streams) bound = std::max(bound, stream->beat.count(stream->shape));
    return bound;
}

Result<ChosenDepths> choose_rtl_depths(const Design& design, const Progress& progress) {
    const std::int64_t bound = interval_bound(design);
    ChosenDepths chosen{.depths = least_depths(design)};
    // Beats that come at other times than evenly may make a join wait longer: what is left of a frame in a window's line leaves with the
    // next frame's beats once the first of these has entered.
    const auto waiting = waiting_beats(design);
    constexpr int many = 1 << 12;  // frames, within which it is steady
    Schedule free{.interval_cycles = bound};
    do {
        chosen.pace = free.interval_cycles;
        WEFT_ASSIGN(free, schedule(design, endless(chosen.depths),
                                   {.frames = many, .paced_interval = chosen.pace, .steady = true, .progress = progress}));
    } while (free.interval_cycles > chosen.pace);
    for (const StreamActivity& activity : free.streams) {
        std::int64_t& depth = chosen.depths.at(activity.stream);
        if (depth == 0) continue;
        const auto waits = waiting.find(activity.stream);
        const std::int64_t held = std::max(activity.most_held, waits == waiting.end() ? 0 : waits->second);
        // One more: a beat may enter a full FIFO's place only after the one that leaves it.
        depth = std::max(least_depth, held + 1);
    }
    // With these depths no beat waits for room when frames enter at that pace; nor does any pass later when they enter faster, but for a
    // few where a unit goes on by itself if no beat comes. That these make no frame later is what random networks are held to.
    return chosen;
}

Result<std::int64_t> set_rtl_depths(Design& design, const Progress& progress) {
    WEFT_ASSIGN(const ChosenDepths chosen, choose_rtl_depths(design, progress));
    for (const auto& stream : design.streams) stream->rtl_depth = static_cast<int>(chosen.depths.at(stream.get()));
    return chosen.pace;
}

}  // namespace weft
