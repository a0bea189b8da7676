// concat.hpp
// Joins the channels of several values, packed without gaps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_CONCAT_HPP
#define WEFT_CONCAT_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"

namespace weft {

/// Reads the next beat of stream `port` into `values`.
template <class Element, int Lanes, class In>
void concat_read(int, Element (&values)[Lanes], hls::stream<In>& s_in) {
#pragma HLS INLINE
    const In x = s_in.read();
    for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
        values[lane] = x.e[lane];
    }
}
template <class Element, int Lanes, class In, class... More>
void concat_read(int port, Element (&values)[Lanes], hls::stream<In>& s_in, hls::stream<More>&... s_more) {
#pragma HLS INLINE
    if (port == 0) {
        concat_read<Element, Lanes>(0, values, s_in);
    } else {
        concat_read<Element, Lanes>(port - 1, values, s_more...);
    }
}

/// Per position: all channels of the first input, then of the second, and so on. Constants: input_channels(port), iterations().
/// A position takes as many iterations as it has input beats, and one more where its last input beat both fills an output beat and leaves a
/// rest.
template <int Rows, int Columns, int Pixels, int Lanes, class Constants, class Out, class... In>
void concat_unit(int frames, hls::stream<Out>& s_out, hls::stream<In>&... s_in) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename Out::element Element;
    const int ports = sizeof...(In);
    Element waiting[2 * Lanes];
#pragma HLS ARRAY_PARTITION variable = waiting dim = 1 complete
    int count = 0;
    int port = 0;
    int channel = 0;
    bool flushing = false;

    const int steps = frames * (Rows * Columns * Constants::iterations());
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        bool last = flushing;
        if (!flushing) {
            Element values[Lanes];
#pragma HLS ARRAY_PARTITION variable = values dim = 1 complete
            concat_read<Element, Lanes>(port, values, s_in...);
            for (int slot = 0; slot < 2 * Lanes; ++slot) {
#pragma HLS UNROLL
                const int from = slot - count;
                if (from >= 0 && from < Lanes) waiting[slot] = values[from];
            }
            const int left = Constants::input_channels(port) - channel;
            count += left < Lanes ? left : Lanes;
            if (left <= Lanes) {
                channel = 0;
                last = port == ports - 1;
                port = last ? 0 : port + 1;
            } else {
                channel += Lanes;
            }
        }
        if (count >= Lanes || last) {
            Out y;
            for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
                y.e[lane] = waiting[lane];
                waiting[lane] = waiting[lane + Lanes];
            }
            s_out.write(y);
            flushing = last && count > Lanes;
            count = last && !flushing ? 0 : count - Lanes;
        }
    }
}

}  // namespace weft

#endif
