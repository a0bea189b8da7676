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

}  // namespace

Result<Schedule> schedule(const Design& design, const ScheduleOptions& options) {
    WEFT_ASSIGN(Network network, make_network(design, options));
    return has_timing(network) ? schedule_by_beats(std::move(network)) : schedule_by_cycles(std::move(network));
}

std::int64_t interval_bound(const Design& design) {
    std::int64_t bound = 1;
    for (const auto& unit : design.units)
        if (unit->def->schedule) bound = std::max(bound, unit->def->schedule(*unit).cycles);
    for (const auto& stream : design.streams) bound = std::max(bound, stream->beat.count(stream->shape));
    return bound;
}

Status set_rtl_depths(Design& design, const Progress& progress) {
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
    // As many frames as are under way at a time, and some more: small frames leave long after several others have entered.
    WEFT_ASSIGN(const Schedule one, schedule(design, {.frames = 1, .unbounded = true, .progress = progress}));
    const int frames = 4 + static_cast<int>(one.latency_cycles / std::max<std::int64_t>(bound, 1));
    WEFT_ASSIGN(const Schedule free,
                schedule(design, {.frames = frames, .paced_interval = bound, .unbounded = true, .progress = progress}));
    for (const StreamActivity& activity : free.streams) {
        auto* stream = const_cast<Stream*>(activity.stream);
        if (stream->rtl_depth == 0) continue;
        const auto waits = waiting.find(stream);
        const std::int64_t held = std::max(activity.most_held, waits == waiting.end() ? 0 : waits->second);
        // One more: a beat may enter a full FIFO's place only after the one that leaves it.
        stream->rtl_depth = static_cast<int>(std::max<std::int64_t>(least_depth, held + 1));
    }
    // Units may ask for room for several beats at once before they begin: rarely the depths must grow a little for that.
    for (int round = 0; round < 4; ++round) {
        WEFT_ASSIGN(const Schedule full, schedule(design, {.frames = frames, .progress = progress}));
        if (full.interval_cycles <= std::max(bound, free.interval_cycles)) break;
        for (const auto& stream : design.streams)
            if (stream->rtl_depth > 0) stream->rtl_depth += std::max(2, stream->rtl_depth / 4);
    }
    return Ok{};
}

}  // namespace weft
