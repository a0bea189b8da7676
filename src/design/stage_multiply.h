// stage_multiply.h
// How a multiplying requantize stage meets its DSPs: decided once, for the choice of its form, its cost and its SystemVerilog.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/design/dsp.h"
#include "src/design/requantize_stage.h"

namespace weft {

/// The fewest DSPs that are exact on the stage's whole accumulator range, for every channel (the table in units/output/stage_multiply.sv).
struct StageMultiply {
    int acc_bits = 1;       ///< Bits of the accumulator that are multiplied.
    bool saturate = false;  ///< Wider accumulators are saturated to them first: the results there are those at the ends.
    int acc_digits = 1;     ///< As in ProductDigits.
    int mul_digits = 1;
    int mul_bits = 1;           ///< 1: the multiplier 1, an addition.
    int sum_bits = 1;           ///< Of acc * m + b.
    bool addend_first = false;  ///< The whole addend enters at the first DSP, for those behind it add nothing to the cascade.

    /// Of a lane of a pixel.
    int dsp() const { return acc_digits * mul_digits; }
};

/// Of a stage that multiplies.
StageMultiply plan_stage_multiply(const Requantize& stage, const DspCell& cell);

/// Have all channels one multiplier and one addend?
bool shares_multiplier(const Requantize& stage);

}  // namespace weft
