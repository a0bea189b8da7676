// throughput.h
// Frames a second that a card is expected to take, by a model of what moves them: modelled, not measured.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/cost/board.h"
#include "src/cost/placement.h"

namespace weft {

/// What a frame costs one compute unit and its host.
struct FrameTraffic {
    std::int64_t interval_cycles = 0;  ///< From one frame to the next, of the core alone.
    std::vector<std::int64_t> words;   ///< Words of memory a frame, of each port: a port moves one a cycle.
    std::int64_t input_bytes = 0;      ///< In memory, of all input ports.
    std::int64_t output_bytes = 0;
};

/// What would bound the rate if it were alone.
struct ThroughputBound {
    std::string by;  ///< "compute", "memory ports", "memory banks", "host link", "host packing".
    double frames_per_second = 0;
};

struct Throughput {
    std::vector<ThroughputBound> bounds;
    /// The lowest, the first of equal ones.
    const ThroughputBound& lowest() const;
};

/// The bounds by name, and which of them is the lowest.
nlohmann::ordered_json throughput_json(const Throughput& modelled);

/// Bytes a second that a core of the host packs and unpacks at least (bench of src/runtime).
constexpr double packing_bandwidth = 1e9;

/// Of all compute units together, frames dealt out evenly, transfers, calls and host overlapping:
/// - compute, memory ports: units * clock / cycles;
/// - memory banks: the bank with the most units, bandwidth / bytes of a frame read and written, each unit taking as much as that one;
/// - host link: each way at once, the way that carries more;
/// - host packing: what goes in and what comes out, a core for each unit, as the host library has threads for each.
/// `clock_mhz` is above 0, `units` not empty; a unit without a bank is not bounded by one.
Throughput model_throughput(const FrameTraffic& frame, double clock_mhz, const std::vector<Placement>& units, const Board& board);

}  // namespace weft
