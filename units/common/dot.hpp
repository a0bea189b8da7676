// dot.hpp
// Sums of products, fields of table words and the compile-time arithmetic that units share.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_COMMON_DOT_HPP
#define WEFT_COMMON_DOT_HPP

#include <ap_int.h>

#include "dsp.hpp"

namespace weft {

constexpr int divide_up(int a, int b) { return (a + b - 1) / b; }
constexpr int larger(int a, int b) { return a > b ? a : b; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

/// Field `index` of `Bits` bits of a table's words, signed, where a word holds `PerWord` fields, the first in the lowest bits.
template <int Bits, int PerWord>
ap_int<Bits> field(const ap_uint<Bits * PerWord>* words, int index) {
#pragma HLS INLINE
    const int shift = Bits * (index % PerWord);
    return ap_int<Bits>(ap_uint<Bits>(words[index / PerWord] >> shift));
}

/// sum = weights . inputs, one product a DSP, in chains of ChainLength: each DSP adds its product to its neighbour's sum. Sums wrap to the
/// accumulator's width, which holds the whole dot product.
template <int ChainLength, int Count, class Weight, class Input, class Sum>
void dot(const Weight (&weights)[Count], const Input (&inputs)[Count], Sum& sum) {
#pragma HLS INLINE off
#pragma HLS ARRAY_PARTITION variable = weights dim = 1 complete
#pragma HLS ARRAY_PARTITION variable = inputs dim = 1 complete
    Sum total = 0;
    for (int first = 0; first < Count; first += ChainLength) {
#pragma HLS UNROLL
        Sum chain = 0;
        for (int i = 0; i < ChainLength; ++i) {
#pragma HLS UNROLL
#pragma HLS EXPRESSION_BALANCE off
            if (first + i < Count) chain += dsp_narrow(weights[first + i]) * dsp_wide(inputs[first + i]);
        }
        total += chain;
    }
    sum = total;
}

}  // namespace weft

#endif
