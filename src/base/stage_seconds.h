// stage_seconds.h
// How long the stages of a command took.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace weft {

/// Wall-clock seconds of each stage, in the order in which they ended.
using StageSeconds = std::vector<std::pair<std::string, double>>;

/// What `step` returns; how long it took becomes the last of `seconds`.
template <class F>
auto timed(StageSeconds& seconds, const char* stage, F&& step) {
    const auto start = std::chrono::steady_clock::now();
    auto result = step();
    seconds.emplace_back(stage, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return result;
}

}  // namespace weft
