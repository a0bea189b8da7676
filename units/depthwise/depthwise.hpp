// depthwise.hpp
// Depthwise convolution behind a window: every channel has Multiplier filters of its own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_DEPTHWISE_HPP
#define WEFT_DEPTHWISE_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"
#include "../common/stage.hpp"

namespace weft {

/// acc[c * Multiplier + m] = sum over taps of weight * input of channel c, then the requantize stage.
/// Constants: weights(step, word) with step = channel fold * tap folds + tap fold, and Stage.
/// LaneShift is the RTL's.
template <int Rows, int Columns, int Taps, int Channels, int Multiplier, int WeightBits, int AccumulatorBits, int LaneShift,
          int ChainLength, int Pixels, int Lanes, int TapsPerBeat, class Constants, class In, class Out>
void depthwise_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename In::element Input;
    typedef typename Out::element Output;
    typedef ap_int<AccumulatorBits> Sum;
    const int tap_folds = divide_up(Taps, TapsPerBeat);
    const int channel_folds = divide_up(Channels, Lanes);
    const int filters = Lanes * Multiplier;
    const int per_word = 64 / WeightBits;
    const int words = divide_up(filters * TapsPerBeat, per_word);
    static_assert(In::size == TapsPerBeat * Lanes && Out::size == filters, "the streams' beats do not fit the folding");

    Sum sums[filters];
#pragma HLS ARRAY_PARTITION variable = sums dim = 1 complete
    int tap_fold = 0;
    int channel_fold = 0;
    int step = 0;

    const int steps = frames * (Rows * Columns * channel_folds * tap_folds);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const In x = s_in.read();
        ap_uint<WeightBits * per_word> row[words];
#pragma HLS ARRAY_PARTITION variable = row dim = 1 complete
        for (int word = 0; word < words; ++word) {
#pragma HLS UNROLL
            row[word] = Constants::weights(step, word);
        }
        for (int filter = 0; filter < filters; ++filter) {
#pragma HLS UNROLL
            ap_int<WeightBits> weights[TapsPerBeat];
#pragma HLS ARRAY_PARTITION variable = weights dim = 1 complete
            Input inputs[TapsPerBeat];
#pragma HLS ARRAY_PARTITION variable = inputs dim = 1 complete
            for (int tap = 0; tap < TapsPerBeat; ++tap) {
#pragma HLS UNROLL
                weights[tap] = field<WeightBits, per_word>(row, filter * TapsPerBeat + tap);
                inputs[tap] = x.e[tap * Lanes + filter / Multiplier];
            }
            Sum part;
            dot<ChainLength>(weights, inputs, part);
            sums[filter] = (tap_fold == 0 ? Sum(0) : sums[filter]) + part;
        }
        if (tap_fold == tap_folds - 1) {
            Out y;
            for (int filter = 0; filter < filters; ++filter) {
#pragma HLS UNROLL
                y.e[filter] = Constants::Stage::template apply<Output>(sums[filter], channel_fold, filter);
            }
            s_out.write(y);
            tap_fold = 0;
            channel_fold = channel_fold == channel_folds - 1 ? 0 : channel_fold + 1;
        } else {
            ++tap_fold;
        }
        step = step == channel_folds * tap_folds - 1 ? 0 : step + 1;
    }
}

}  // namespace weft

#endif
