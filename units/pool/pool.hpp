// pool.hpp
// Maximum or weighted sum over the taps of a window.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_POOL_HPP
#define WEFT_POOL_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"
#include "../common/stage.hpp"

namespace weft {

/// Maximum: acc = max over the taps. Else acc = row_factor[row] * column_factor[column] * sum over the taps of (x - Zero).
/// Then the requantize stage. Constants: accumulator_bits, row_factor(row), column_factor(column), Stage.
/// Sums wrap to the accumulator's width, which holds the whole result.
template <int Rows, int Columns, int Taps, int Channels, int Maximum, int Zero, int Pixels, int Lanes, int TapsPerBeat, class Constants,
          class In, class Out>
void pool_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename Out::element Output;
    typedef ap_int<Constants::accumulator_bits> Sum;
    const int tap_folds = divide_up(Taps, TapsPerBeat);
    const int channel_folds = divide_up(Channels, Lanes);
    static_assert(In::size == TapsPerBeat * Lanes && Out::size == Lanes, "the streams' beats do not fit the folding");

    Sum sums[Lanes];
#pragma HLS ARRAY_PARTITION variable = sums dim = 1 complete
    int tap_fold = 0;
    int channel_fold = 0;
    int column = 0;
    int row = 0;

    const int steps = frames * (Rows * Columns * channel_folds * tap_folds);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const In x = s_in.read();
        for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
            Sum sum = sums[lane];
            for (int tap = 0; tap < TapsPerBeat; ++tap) {
#pragma HLS UNROLL
                const Sum value = x.e[tap * Lanes + lane];
                if (tap == 0 && tap_fold == 0) {
                    sum = Maximum ? value : Sum(value - Zero);
                } else if (tap_fold * TapsPerBeat + tap < Taps) {
                    if (Maximum) {
                        if (value > sum) sum = value;
                    } else {
                        sum += value - Zero;
                    }
                }
            }
            sums[lane] = sum;
        }
        if (tap_fold == tap_folds - 1) {
            Out y;
            for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                const Sum acc = Maximum ? sums[lane] : Sum(sums[lane] * (Constants::row_factor(row) * Constants::column_factor(column)));
                y.e[lane] = Constants::Stage::template apply<Output>(acc, channel_fold, lane);
            }
            s_out.write(y);
            tap_fold = 0;
            if (channel_fold == channel_folds - 1) {
                channel_fold = 0;
                if (column == Columns - 1) {
                    column = 0;
                    row = row == Rows - 1 ? 0 : row + 1;
                } else {
                    ++column;
                }
            } else {
                ++channel_fold;
            }
        } else {
            ++tap_fold;
        }
    }
}

}  // namespace weft

#endif
