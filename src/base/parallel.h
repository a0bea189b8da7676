// parallel.h
// A loop over independent items on several threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace weft {

/// Threads that this process may use: the affinity mask's count, at least 1.
int hardware_threads();

/// Calls body(i) for every i in [0, count), on up to `threads` threads (0: hardware_threads()). Items are handed out in order.
/// Stops handing out once a body returned false; true if all returned true. `done` (may be empty) is told the number of finished items,
/// from one thread at a time.
bool parallel_for(std::int64_t count, int threads, const std::function<bool(std::int64_t)>& body,
                  const std::function<void(std::int64_t)>& done = {});

}  // namespace weft
