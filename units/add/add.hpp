// add.hpp
// Weighted sum of two values of the same shape.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_ADD_HPP
#define WEFT_ADD_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"
#include "../common/stage.hpp"

namespace weft {

/// acc = multipliers(0) * a + multipliers(1) * b, then the requantize stage. Constants: accumulator_bits, multipliers, Stage.
template <int Rows, int Columns, int Channels, int Pixels, int Lanes, class Constants, class InA, class InB, class Out>
void add_unit(int frames, hls::stream<InA>& s_a, hls::stream<InB>& s_b, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename Out::element Output;
    typedef ap_int<Constants::accumulator_bits> Sum;
    const int channel_folds = divide_up(Channels, Lanes);
    static_assert(InA::size == Lanes && InB::size == Lanes && Out::size == Lanes, "the streams' beats do not fit the folding");

    int channel_fold = 0;
    const int steps = frames * (Rows * Columns * channel_folds);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const InA a = s_a.read();
        const InB b = s_b.read();
        Out y;
        for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
            const Sum acc = Constants::multipliers(0) * a.e[lane] + Constants::multipliers(1) * b.e[lane];
            y.e[lane] = Constants::Stage::template apply<Output>(acc, channel_fold, lane);
        }
        s_out.write(y);
        channel_fold = channel_fold == channel_folds - 1 ? 0 : channel_fold + 1;
    }
}

}  // namespace weft

#endif
