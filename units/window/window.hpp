// window.hpp
// Sliding window: pixels in, the taps of each window position out; padding, stride and tap folding fused.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_WINDOW_HPP
#define WEFT_WINDOW_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"

namespace weft {

/// A delay line of rows and columns runs over the stream of pixels without a stop between rows or frames; taps that a window has in the
/// padding are masked. Only padding that alone fills a window (at least KernelH rows or KernelW columns) is walked over as pixels.
/// A window leaves in ceil(taps / TapsPerBeat) beats from a copy, while the delay line goes on as far as the next window.
template <int Rows, int Columns, int Channels, int KernelH, int KernelW, int StrideH, int StrideW, int PadTop, int PadLeft, int PadBottom,
          int PadRight, int PadValue, int Pixels, int Lanes, int TapsPerBeat, class In, class Out>
void window_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename Out::element Element;
    const int taps = KernelH * KernelW;
    const int channel_folds = divide_up(Channels, Lanes);
    const int tap_folds = divide_up(taps, TapsPerBeat);
    const int out_rows = (Rows + PadTop + PadBottom - KernelH) / StrideH + 1;
    const int out_columns = (Columns + PadLeft + PadRight - KernelW) / StrideW + 1;
    static_assert(In::size == Lanes && Out::size == TapsPerBeat * Lanes, "the streams' beats do not fit the folding");

    // Padding walked over as pixels, and what remains to be masked.
    const int walked_rows = larger(0, PadTop + PadBottom - (KernelH - 1));
    const int walked_columns = larger(0, PadLeft + PadRight - (KernelW - 1));
    const int walked_top = smaller(PadTop, walked_rows);
    const int walked_left = smaller(PadLeft, walked_columns);
    const int grid_rows = Rows + walked_rows;
    const int grid_columns = Columns + walked_columns;
    const int masked_top = PadTop - walked_top;
    const int masked_left = PadLeft - walked_left;

    // Distances, in grid positions, between the last pixels of successive windows.
    const int first_gap = (KernelH - 1 - masked_top) * grid_columns + KernelW - 1 - masked_left;
    const int row_span = (out_columns - 1) * StrideW;
    const int row_gap = StrideH * grid_columns - row_span;
    const int frame_gap = grid_rows * grid_columns - (out_rows - 1) * StrideH * grid_columns - row_span;
    const int last_position = first_gap + grid_rows * grid_columns - frame_gap;
    const int rest = larger(0, grid_rows * grid_columns - 1 - last_position);

    // Iterations from a window's first beat to the next window's: whichever takes longer, leaving or arriving.
    const int same_row = larger(tap_folds, (StrideW - 1) * channel_folds + 1);
    const int next_row = larger(tap_folds, (row_gap - 1) * channel_folds + 1);
    const int next_frame = larger(tap_folds, (frame_gap - 1) * channel_folds + 1);
    const int per_frame = out_rows * out_columns * (channel_folds - 1) * tap_folds + out_rows * (out_columns - 1) * same_row +
                          (out_rows - 1) * next_row + next_frame;
    const int after_last = larger(tap_folds, rest * channel_folds + 1);
    static_assert(per_frame <= 4 * (Rows * Columns * channel_folds + out_rows * out_columns * channel_folds * tap_folds),
                  "more iterations than the largest batch allows for");

    // What waits for the row below comes back after a round of the line, what waits for the column to the right after the channel folds: no
    // word is read sooner after it was written, whatever the padding and the stride.
    const int line_words = grid_columns * channel_folds;
    Element lines[KernelH > 1 ? KernelH - 1 : 1][line_words][Lanes];
#pragma HLS ARRAY_PARTITION variable = lines dim = 1 complete
#pragma HLS ARRAY_RESHAPE variable = lines dim = 3 complete
    Element held[KernelH][KernelW > 1 ? KernelW - 1 : 1][channel_folds][Lanes];
#pragma HLS ARRAY_PARTITION variable = held dim = 1 complete
#pragma HLS ARRAY_PARTITION variable = held dim = 2 complete
#pragma HLS ARRAY_RESHAPE variable = held dim = 4 complete
    Element leaving[tap_folds * TapsPerBeat][Lanes];
#pragma HLS ARRAY_PARTITION variable = leaving dim = 1 complete
#pragma HLS ARRAY_RESHAPE variable = leaving dim = 2 complete

    int frame = 0;
    int row = 0;
    int column = 0;
    int channel_fold = 0;
    int line_word = 0;
    int gap = first_gap;
    int top = -masked_top;
    int left = -masked_left;
    int out_row = 0;
    int out_column = 0;
    int tap_fold = 0;

    const int iterations = frames == 0 ? 0 : first_gap * channel_folds + frames * per_frame - next_frame + after_last;
    for (int i = 0; i < iterations; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS DEPENDENCE variable = lines type = inter direction = RAW distance = line_words dependent = true
#pragma HLS DEPENDENCE variable = held type = inter direction = RAW distance = channel_folds dependent = true
        const bool draining = tap_fold != 0;
        bool leaves = draining;
        if (!draining || gap != 0) {
            Element arrived[Lanes];
#pragma HLS ARRAY_PARTITION variable = arrived dim = 1 complete
            const bool inside =
                row >= walked_top && row < walked_top + Rows && column >= walked_left && column < walked_left + Columns && frame < frames;
            if (inside) {
                const In x = s_in.read();
                for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                    arrived[lane] = x.e[lane];
                }
            } else {
                for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                    arrived[lane] = PadValue;
                }
            }
            const bool complete = gap == 0;
            for (int kh = 0; kh < KernelH; ++kh) {
#pragma HLS UNROLL
                const bool row_inside = top + kh >= 0 && top + kh < grid_rows;
                for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                    const Element newest = kh == KernelH - 1 ? arrived[lane] : lines[kh < KernelH - 1 ? kh : 0][line_word][lane];
                    if (kh > 0) lines[kh > 0 ? kh - 1 : 0][line_word][lane] = newest;
                    for (int kw = 0; kw < KernelW; ++kw) {
#pragma HLS UNROLL
                        const Element tap = kw == KernelW - 1 ? newest : held[kh][kw < KernelW - 1 ? kw : 0][channel_fold][lane];
                        if (kw > 0) held[kh][kw > 0 ? kw - 1 : 0][channel_fold][lane] = tap;
                        const bool column_inside = left + kw >= 0 && left + kw < grid_columns;
                        if (complete) leaving[kh * KernelW + kw][lane] = (row_inside && column_inside) ? tap : Element(PadValue);
                    }
                }
            }
            if (complete) leaves = true;

            // The next position of the delay line, and the next window.
            line_word = line_word == line_words - 1 ? 0 : line_word + 1;
            if (channel_fold == channel_folds - 1) {
                channel_fold = 0;
                if (complete) {
                    if (out_column == out_columns - 1) {
                        out_column = 0;
                        left = -masked_left;
                        if (out_row == out_rows - 1) {
                            out_row = 0;
                            top = -masked_top;
                            gap = frame_gap - 1;
                        } else {
                            ++out_row;
                            top += StrideH;
                            gap = row_gap - 1;
                        }
                    } else {
                        ++out_column;
                        left += StrideW;
                        gap = StrideW - 1;
                    }
                } else {
                    --gap;
                }
                if (column == grid_columns - 1) {
                    column = 0;
                    if (row == grid_rows - 1) {
                        row = 0;
                        ++frame;
                    } else {
                        ++row;
                    }
                } else {
                    ++column;
                }
            } else {
                ++channel_fold;
            }
        }
        if (leaves) {
            Out y;
            for (int tap = 0; tap < TapsPerBeat; ++tap) {
#pragma HLS UNROLL
                for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                    y.e[tap * Lanes + lane] = leaving[tap][lane];
                }
            }
            s_out.write(y);
            for (int tap = 0; tap + TapsPerBeat < tap_folds * TapsPerBeat; ++tap) {
#pragma HLS UNROLL
                for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                    leaving[tap][lane] = leaving[tap + TapsPerBeat][lane];
                }
            }
            tap_fold = tap_fold == tap_folds - 1 ? 0 : tap_fold + 1;
        }
    }
}

}  // namespace weft

#endif
