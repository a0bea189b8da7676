// plumb.h
// Plumbing: forks, width changes and FIFO depths between the units of a folded Design.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "src/base/diagnostic.h"
#include "src/design/unit_def.h"

namespace weft {

struct PlumbOptions {
    /// A stream without a deeper need holds this many positions' beats, within the two bounds, so that bursts do not stall their producer.
    int positions = 2;
    int least_depth = 2;
    int most_depth = 32;
    /// Where paths meet again, the stream that waits gets this many beats beyond its need for each unit of the path that it waits for: the
    /// need counts beats as if units had no latency.
    int margin_per_unit = 8;
};

/// Removes all plumbing: the streams are again read by every unit that needs them. Beats and depths stay as they were.
void unplumb(Design& design);

/// Gives every stream one reader (a fork where there are more; a kernel output counts as one), both ends the same beat (a width unit
/// between), and a depth. Plumbing of an earlier call is removed first. Fails where a stream with taps would have to change its beat:
/// foldings that do not fit together.
Status plumb(Design& design, const PlumbOptions& options = {});

/// For each stream where paths meet again: the beats that its reader leaves waiting there, at most, while it waits for its other inputs,
/// whenever beats arrive. What the FIFO there must hold so that the design cannot deadlock, without margin. For a plumbed design.
std::map<const Stream*, std::int64_t> waiting_beats(const Design& design);

}  // namespace weft
