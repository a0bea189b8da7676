// stepper.h
// Schedules a network by stepping all its controls through every cycle.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/schedule/network.h"

namespace weft {

/// What a schedule is, by definition; slow on large networks, and needs only that units have controls.
Result<Schedule> schedule_by_cycles(Network network);

}  // namespace weft
