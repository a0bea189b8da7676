// hold.hpp
// Hands on its beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_HOLD_HPP
#define WEFT_HOLD_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"

namespace weft {

template <int Rows, int Columns, int Channels, int Pixels, int Lanes, class Beat>
void hold_unit(int frames, hls::stream<Beat>& s_in, hls::stream<Beat>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    const int beats = frames * (Rows * Columns * divide_up(Channels, Lanes));
    for (int i = 0; i < beats; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        s_out.write(s_in.read());
    }
}

}  // namespace weft

#endif
