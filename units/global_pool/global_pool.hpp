// global_pool.hpp
// Maximum or sum of each channel over the whole frame.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_GLOBAL_POOL_HPP
#define WEFT_GLOBAL_POOL_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"
#include "../common/stage.hpp"

namespace weft {

/// acc[c] = maximum or sum of x[c] over all positions, then the requantize stage. Constants: accumulator_bits, Stage.
/// The sums of the channel folds go round in a shift register, so that each is next to hand when its fold comes again.
template <int Rows, int Columns, int Channels, int Maximum, int Pixels, int Lanes, class Constants, class In, class Out>
void global_pool_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename Out::element Output;
    typedef ap_int<Constants::accumulator_bits> Sum;
    const int channel_folds = divide_up(Channels, Lanes);
    static_assert(In::size == Lanes && Out::size == Lanes, "the streams' beats do not fit the folding");

    Sum sums[channel_folds][Lanes];
#pragma HLS ARRAY_PARTITION variable = sums dim = 1 complete
#pragma HLS ARRAY_RESHAPE variable = sums dim = 2 complete
    int channel_fold = 0;
    int position = 0;

    const int steps = frames * (Rows * Columns * channel_folds);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const In x = s_in.read();
        Out y;
        for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
            const Sum value = x.e[lane];
            Sum sum = sums[channel_folds - 1][lane];
            if (position == 0) {
                sum = value;
            } else if (!Maximum) {
                sum += value;
            } else if (value > sum) {
                sum = value;
            }
            for (int fold = channel_folds - 1; fold > 0; --fold) {
#pragma HLS UNROLL
                sums[fold][lane] = sums[fold - 1][lane];
            }
            sums[0][lane] = sum;
            y.e[lane] = Constants::Stage::template apply<Output>(sum, channel_fold, lane);
        }
        if (position == Rows * Columns - 1) s_out.write(y);
        if (channel_fold == channel_folds - 1) {
            channel_fold = 0;
            position = position == Rows * Columns - 1 ? 0 : position + 1;
        } else {
            ++channel_fold;
        }
    }
}

}  // namespace weft

#endif
