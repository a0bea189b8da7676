// output_rtl.h
// What stands behind buffered ports in SystemVerilog (units/output/output.sv): the variant of the requantize stage that a unit gets, proved
// per channel, and its constants.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/design/unit_def.h"

namespace weft {

/// How a multiplying stage meets its DSPs (the table in units/output/stage_multiply.sv): the fewest that are exact on the stage's whole
/// accumulator range, for every channel.
struct StageMultiply {
    int acc_bits = 1;       ///< Bits of the accumulator that are multiplied.
    bool saturate = false;  ///< Wider accumulators are saturated to them first: the results there are those at the ends.
    int acc_digits = 1;     ///< DSPs = acc_digits * mul_digits.
    int mul_digits = 1;
    int mul_bits = 1;
    int sum_bits = 1;  ///< Of acc * m + b.

    int dsp() const { return acc_digits * mul_digits; }
};
StageMultiply plan_stage_multiply(const Requantize& stage);

/// Cycles from a beat of accumulators to its arrival in the FIFO, of weft_output as `output_of` parametrises it. Needs the unit's folding
/// only.
int stage_latency(const Unit& unit);

/// Beats of that FIFO where its stream's is to hold `depth`: at least the `takes` of which credits are taken at once.
inline std::int64_t output_depth(std::int64_t depth, std::int64_t takes = 1) { return std::max<std::int64_t>({2, takes, depth}); }

/// DSPs of one lane of one pixel.
int stage_dsp_per_lane(const Unit& unit);

/// weft_output for the unit's result: its accumulators have `acc_bits` bits, signed; up to `takes` credits are taken at once.
RtlOutput output_of(const Unit& unit, int acc_bits, std::int64_t takes = 1);

/// Bits of a signed number that holds all of min..max.
int signed_bits(std::int64_t min, std::int64_t max);

}  // namespace weft
