// progress.h
// How long work tells how far it is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace weft {

/// Told of long work: `done` of `total` steps. Called from one thread at a time; may be empty.
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

/// The same of work in several stages: which one it is.
using StageProgress = std::function<void(std::string_view stage, std::int64_t done, std::int64_t total)>;

}  // namespace weft
