// stage_rtl.h
// The requantise stage in SystemVerilog (units/common/stage.sv): which variant a unit gets, proved per channel, and its constants.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "src/design/unit_def.h"

namespace weft {

/// How a multiplying stage meets its DSPs (the table in units/common/stage_multiply.sv): the fewest that are exact on the stage's whole
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

/// Cycles from a beat of accumulators to its beat of results, of weft_stage as `add_stage` parametrises it. Needs the unit's folding only.
int stage_latency(const Unit& unit);

/// DSPs of one lane of one pixel.
int stage_dsp_per_lane(const Unit& unit);

/// The stage's parameters `Stage...` in weft_stage's order and its memories `stage_...`, appended to a unit's face, for `channels` result
/// channels, `lanes` a beat; accumulators have `acc_bits` bits, signed. The module passes the parameters and its `Name` on unchanged.
void add_stage(RtlFace& face, const Unit& unit, int channels, int lanes, int pixels, int acc_bits);

/// Bits of a signed number that holds all of min..max.
int signed_bits(std::int64_t min, std::int64_t max);

}  // namespace weft
