// schedule.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/schedule.h"

#include <algorithm>
#include <utility>

#include "src/design/plumb.h"
#include "src/schedule/beats.h"
#include "src/schedule/network.h"
#include "src/schedule/stepper.h"

namespace weft {

namespace {

constexpr int least_depth = 2;  // sustains a beat a cycle

int frames_under_way(const Design& design, const Schedule& schedule) {
    return static_cast<int>(schedule.latency_cycles / interval_bound(design));
}

}  // namespace

Result<Schedule> schedule(const Design& design, const ScheduleOptions& options) {
    WEFT_ASSIGN(Network network, make_network(design, options));
    if (has_timing(network)) return schedule_by_beats(std::move(network));
    if (!options.steady) return schedule_by_cycles(std::move(network));
    // As many frames as are under way at a time, and some more: small frames leave long after several others have entered.
    ScheduleOptions longer = options;
    longer.steady = false;
    longer.frames = 1;
    WEFT_ASSIGN(const Schedule one, schedule(design, longer));
    longer.frames = frames_under_way(design, one) + 4;
    return schedule(design, longer);
}

std::int64_t interval_bound(const Design& design) {
    std::int64_t bound = 1;
    for (const auto& unit : design.units)
        if (unit->def->schedule) bound = std::max(bound, unit->def->schedule(*unit).cycles);
    for (const auto& stream : design.streams) bound = std::max(bound, stream->beat.count(stream->shape));
    return bound;
}

Result<std::int64_t> set_rtl_depths(Design& design, const Progress& progress) {
    const std::int64_t bound = interval_bound(design);
    for (const auto& stream : design.streams) {
        stream->rtl_depth = least_depth;
        if (!stream->producer) continue;
        const auto readers = design.readers(stream.get());
        if (readers.empty() || find_port(*stream->producer->def, true, stream->producer_port)->buffered) continue;
        // Windows are wide and their readers' readies are registers: wires will do.
        if (stream->shape.taps > 1 && find_port(*readers[0].first->def, false, readers[0].second)->registered_ready) stream->rtl_depth = 0;
    }
    // Beats that come at other times than evenly may make a join wait longer: what is left of a frame in a window's line leaves with the
    // next frame's beats once the first of these has entered.
    const auto waiting = waiting_beats(design);
    constexpr int many = 1 << 12;  // frames, within which it is steady
    Schedule free{.interval_cycles = bound};
    std::int64_t pace = 0;
    do {
        pace = free.interval_cycles;
        WEFT_ASSIGN(free,
                    schedule(design, {.frames = many, .paced_interval = pace, .unbounded = true, .steady = true, .progress = progress}));
    } while (free.interval_cycles > pace);
    for (const StreamActivity& activity : free.streams) {
        auto* stream = const_cast<Stream*>(activity.stream);
        if (stream->rtl_depth == 0) continue;
        const auto waits = waiting.find(stream);
        const std::int64_t held = std::max(activity.most_held, waits == waiting.end() ? 0 : waits->second);
        // One more: a beat may enter a full FIFO's place only after the one that leaves it.
        stream->rtl_depth = static_cast<int>(std::max<std::int64_t>(least_depth, held + 1));
    }
    // With these depths no beat waits for room when frames enter at that pace; nor does any pass later when they enter faster, but for a
    // few where a unit goes on by itself if no beat comes. That these make no frame later is what random networks are held to.
    return pace;
}

}  // namespace weft
