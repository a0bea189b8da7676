// fork.hpp
// Copies a stream to several readers.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_FORK_HPP
#define WEFT_FORK_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"

namespace weft {

template <class Beat>
void fork_write(const Beat& x, hls::stream<Beat>& s_out) {
#pragma HLS INLINE
    s_out.write(x);
}
template <class Beat, class... More>
void fork_write(const Beat& x, hls::stream<Beat>& s_out, hls::stream<More>&... s_more) {
#pragma HLS INLINE
    s_out.write(x);
    fork_write<Beat>(x, s_more...);
}

/// Every beat goes to every output.
template <int Rows, int Columns, int Taps, int Channels, int Pixels, int Lanes, int TapsPerBeat, class In, class... Out>
void fork_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>&... s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    const int beats = frames * (Rows * Columns * divide_up(Channels, Lanes) * divide_up(Taps, TapsPerBeat));
    for (int i = 0; i < beats; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        fork_write<In>(s_in.read(), s_out...);
    }
}

}  // namespace weft

#endif
