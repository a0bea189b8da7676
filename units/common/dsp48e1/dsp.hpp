// dsp.hpp
// The DSP48E1: what it multiplies, and the sum that it adds the product to.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_COMMON_DSP_HPP
#define WEFT_COMMON_DSP_HPP

#include <ap_int.h>

namespace weft {

// The factors of a chain are written in these widths, so that the tool takes product and sum for one DSP, and the way from sum to sum for
// the cascade between two.
typedef ap_int<25> dsp_wide;
const int dsp_wide_bits = 25;
typedef ap_int<18> dsp_narrow;
typedef ap_int<48> dsp_sum;

}  // namespace weft

#endif
