// timeline.h
// A schedule for people: who works when, and where the latency comes from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/schedule/schedule.h"

namespace weft {

/// One unit's share of the latency of the first frame: how long after the unit before it (on the path that decides) its last beat left.
struct LatencyShare {
    const Unit* unit = nullptr;
    std::int64_t cycles = 0;
};
/// From the input to the output. The first entry, without a unit, is the input itself: from its first beat to its last.
std::vector<LatencyShare> latency_path(const Design& design, const Schedule& schedule);

/// `latency_cycles, interval_cycles, assumed_clock_mhz, units[]{unit, node, busy, first_cycle, last_cycle, latency_share_cycles}`.
nlohmann::ordered_json to_json(const Design& design, const Schedule& schedule, double clock_mhz);
std::string to_text(const Design& design, const Schedule& schedule, double clock_mhz);

/// A picture: a row a unit, a bar a frame, time from left to right.
std::string timeline_svg(const Design& design, const Schedule& schedule, double clock_mhz);

}  // namespace weft
