// requantize.hpp
// A function of a value: the requantize stage as a unit of its own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_REQUANTIZE_HPP
#define WEFT_REQUANTIZE_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"
#include "../common/stage.hpp"

namespace weft {

/// acc = x, then the requantize stage. Constants: accumulator_bits, Stage.
template <int Rows, int Columns, int Channels, int Pixels, int Lanes, class Constants, class In, class Out>
void requantize_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename Out::element Output;
    typedef ap_int<Constants::accumulator_bits> Sum;
    const int channel_folds = divide_up(Channels, Lanes);
    static_assert(In::size == Lanes && Out::size == Lanes, "the streams' beats do not fit the folding");

    int channel_fold = 0;
    const int steps = frames * (Rows * Columns * channel_folds);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const In x = s_in.read();
        Out y;
        for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
            y.e[lane] = Constants::Stage::template apply<Output>(Sum(x.e[lane]), channel_fold, lane);
        }
        s_out.write(y);
        channel_fold = channel_fold == channel_folds - 1 ? 0 : channel_fold + 1;
    }
}

}  // namespace weft

#endif
