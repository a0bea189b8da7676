// beats.h
// Schedules a network by its beats: each node works out when its beats pass, as far as it is known when those of its neighbours do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/schedule/network.h"

namespace weft {

/// Do all nodes have controls that can be told by beats (TimedControl)?
bool has_timing(const Network& network);

/// Equal to `schedule_by_cycles` in every field and in its diagnostics. Needs `has_timing`. `advances`: how often a node was asked.
Result<Schedule> schedule_by_beats(Network network, std::int64_t* advances = nullptr);

}  // namespace weft
