// progress.h
// How long work tells how far it is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace weft {

/// Told of long work: `done` of `total` steps. Called from one thread at a time; may be empty.
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

}  // namespace weft
