// stage.hpp
// The stage behind an accumulator, in the forms that the emitter chooses from: acc -> integer of the next value.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_COMMON_STAGE_HPP
#define WEFT_COMMON_STAGE_HPP

#include <ap_int.h>

namespace weft {

// A stage has `template <class Out, int W> static Out apply(ap_int<W> acc, int fold, int lane)`: the result for channel
// fold * lanes + lane, of type Out. Its Tables are emitted: accessors over constants, indexed by (fold, lane). Channels beyond the
// last get arbitrary accumulators and may give any result, but never an access outside a table.

/// y = acc.
struct plain_stage {
    template <class Out, int W>
    static Out apply(ap_int<W> acc, int, int) {
#pragma HLS INLINE
        return Out(acc);
    }
};

/// y = clamp((acc * multiplier + addend) >> shift, low, high).
/// Tables: shift, sum_bits (of acc * multiplier + addend), multiplier, addend, low, high.
template <class Tables>
struct multiply_stage {
    template <class Out, int W>
    static Out apply(ap_int<W> acc, int fold, int lane) {
#pragma HLS INLINE
        const ap_int<Tables::sum_bits> sum = acc * Tables::multiplier(fold, lane) + Tables::addend(fold, lane);
        const ap_int<Tables::sum_bits> rounded = sum >> int(Tables::shift);
        if (rounded < Tables::low(fold, lane)) return Out(Tables::low(fold, lane));
        if (rounded > Tables::high(fold, lane)) return Out(Tables::high(fold, lane));
        return Out(rounded);
    }
};

/// As multiply_stage, but bit 0 of the rounded value is cleared where the bits shifted out are all zero: ties go to even.
template <class Tables>
struct convergent_stage {
    template <class Out, int W>
    static Out apply(ap_int<W> acc, int fold, int lane) {
#pragma HLS INLINE
        const ap_int<Tables::sum_bits> sum = acc * Tables::multiplier(fold, lane) + Tables::addend(fold, lane);
        ap_int<Tables::sum_bits> rounded = sum >> int(Tables::shift);
        const ap_uint<Tables::shift> rest = ap_uint<Tables::shift>(sum);
        if (rest == 0) rounded[0] = 0;
        if (rounded < Tables::low(fold, lane)) return Out(Tables::low(fold, lane));
        if (rounded > Tables::high(fold, lane)) return Out(Tables::high(fold, lane));
        return Out(rounded);
    }
};

/// Names a level of a threshold tree, so that each level is a table of its own.
template <int Level>
struct level {};

/// Walks levels 0 .. Levels - 1 of a binary tree of ascending thresholds; the result counts those that are <= acc.
template <class Tables, int Level, int Levels>
struct threshold_search {
    template <int W>
    static int count(ap_int<W> acc, int fold, int lane) {
#pragma HLS INLINE
        const int above = threshold_search<Tables, Level - 1, Levels>::count(acc, fold, lane);
        return 2 * above + (acc >= Tables::threshold(level<Level>(), fold, lane, above) ? 1 : 0);
    }
};
template <class Tables, int Levels>
struct threshold_search<Tables, -1, Levels> {
    template <int W>
    static int count(ap_int<W>, int, int) {
#pragma HLS INLINE
        return 0;
    }
};

/// y = value[number of thresholds <= acc], by a search of `levels` comparisons, one a table.
/// Tables: levels, threshold(level<l>, fold, lane, prefix) with prefix < 2^l, value(fold, lane, count) with count < 2^levels.
template <class Tables>
struct thresholds_stage {
    template <class Out, int W>
    static Out apply(ap_int<W> acc, int fold, int lane) {
#pragma HLS INLINE
        return Out(Tables::value(fold, lane, threshold_search<Tables, Tables::levels - 1, Tables::levels>::count(acc, fold, lane)));
    }
};

/// y = value[acc - first]. Tables: first, size, value(fold, lane, index).
template <class Tables>
struct table_stage {
    template <class Out, int W>
    static Out apply(ap_int<W> acc, int fold, int lane) {
#pragma HLS INLINE
        const int index = int(acc) - Tables::first;
        return Out(Tables::value(fold, lane, (index >= 0 && index < Tables::size) ? index : 0));
    }
};

}  // namespace weft

#endif
