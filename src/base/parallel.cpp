// parallel.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace weft {

int hardware_threads() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1U, std::thread::hardware_concurrency());
}

bool parallel_for(std::int64_t count, int threads, const std::function<bool(std::int64_t)>& body,
                  const std::function<void(std::int64_t)>& done) {
    if (threads <= 0) threads = hardware_threads();
    threads = static_cast<int>(std::min<std::int64_t>(threads, count));
    std::atomic<std::int64_t> next{0};
    std::atomic<bool> good{true};
    std::mutex mutex;
    std::int64_t finished = 0;
    const auto work = [&] {
        for (std::int64_t i = next++; i < count && good; i = next++) {
            if (!body(i)) good = false;
            if (done) {
                const std::lock_guard lock(mutex);
                done(++finished);
            }
        }
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    return good;
}

}  // namespace weft
