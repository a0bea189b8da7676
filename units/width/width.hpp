// width.hpp
// Converts the lanes of a stream: a position's channels packed into other beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_WIDTH_HPP
#define WEFT_WIDTH_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"

namespace weft {

/// Iterations that a position of the unit takes: the same steps as its loop, counted.
constexpr int width_iterations(int channels, int input_lanes, int output_lanes) {
    int count = 0;
    int read = 0;
    int written = 0;
    int iterations = 0;
    while (written < channels) {
        if (count < output_lanes && read < channels) {
            const int fresh = smaller(input_lanes, channels - read);
            count += fresh;
            read += fresh;
        }
        if (count >= output_lanes || read == channels) {
            const int gone = smaller(output_lanes, count);
            count -= gone;
            written += gone;
        }
        ++iterations;
    }
    return iterations;
}

/// A position starts a new beat on both sides.
template <int Rows, int Columns, int Channels, int InputPixels, int InputLanes, int OutputPixels, int OutputLanes, class In, class Out>
void width_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(InputPixels == 1 && OutputPixels == 1, "one pixel a beat");
    typedef typename Out::element Element;
    const int per_position = width_iterations(Channels, InputLanes, OutputLanes);
    const int slots = OutputLanes + InputLanes;
    static_assert(In::size == InputLanes && Out::size == OutputLanes, "the streams' beats do not fit the lanes");

    Element waiting[slots + OutputLanes];
#pragma HLS ARRAY_PARTITION variable = waiting dim = 1 complete
    int count = 0;
    int unread = Channels;

    const int steps = frames * (Rows * Columns * per_position);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        if (count < OutputLanes && unread > 0) {
            const In x = s_in.read();
            for (int slot = 0; slot < slots; ++slot) {
#pragma HLS UNROLL
                const int from = slot - count;
                if (from >= 0 && from < InputLanes) waiting[slot] = x.e[from];
            }
            const int fresh = unread < InputLanes ? unread : InputLanes;
            count += fresh;
            unread -= fresh;
        }
        if (count >= OutputLanes || unread == 0) {
            Out y;
            for (int lane = 0; lane < OutputLanes; ++lane) {
#pragma HLS UNROLL
                y.e[lane] = waiting[lane];
            }
            s_out.write(y);
            for (int slot = 0; slot < slots; ++slot) {
#pragma HLS UNROLL
                waiting[slot] = waiting[slot + OutputLanes];
            }
            if (count > OutputLanes) {
                count -= OutputLanes;
            } else {
                count = 0;
                if (unread == 0) unread = Channels;
            }
        }
    }
}

}  // namespace weft

#endif
