// output_rtl.h
// What stands behind buffered ports in SystemVerilog (units/output/output.sv): the variant of the requantize stage that a unit gets, proved
// per channel, and its constants.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/design/stage_multiply.h"
#include "src/design/unit_def.h"

namespace weft {

/// Cycles from a beat of accumulators to its arrival in the FIFO, of weft_output as `output_of` parametrises it. Needs the unit's folding
/// only.
int stage_latency(const Unit& unit);

/// Beats of that FIFO where its stream's is to hold `depth`: at least the `takes` of which credits are taken at once.
inline std::int64_t output_depth(std::int64_t depth, std::int64_t takes = 1) { return std::max<std::int64_t>({2, takes, depth}); }

/// DSPs of one lane of one pixel.
int stage_dsp_per_lane(const Unit& unit);

/// weft_output for the unit's result: its accumulators have `acc_bits` bits, signed; up to `takes` credits are taken at once.
RtlOutput output_of(const Unit& unit, int acc_bits, std::int64_t takes = 1);

}  // namespace weft
