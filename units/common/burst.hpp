// burst.hpp
// Frames between memory and streams: 512-bit words in long bursts, beats packed into them.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_COMMON_BURST_HPP
#define WEFT_COMMON_BURST_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "beat.hpp"
#include "dot.hpp"

namespace weft {

/// How the beats of a frame lie in 512-bit words. An element takes 8, 16 or 32 bits, the least that hold it, sign-extended. As many whole
/// beats as fit share a word, the first in the lowest bits; a longer beat starts a word and takes as many as it needs. A frame starts a
/// word.
template <class Beat, int Beats>
struct packing {
    static const int carrier = Beat::element::width <= 8 ? 8 : (Beat::element::width <= 16 ? 16 : 32);
    static const int beat_bits = Beat::size * carrier;
    static const int beats_per_word = beat_bits <= 512 ? 512 / beat_bits : 1;
    static const int slot_bits = beat_bits <= 512 ? beat_bits : 512;
    static const int words_per_beat = (beat_bits + 511) / 512;
    static const int words = beat_bits <= 512 ? (Beats + beats_per_word - 1) / beats_per_word : Beats * words_per_beat;
    static const int elements_per_word = words_per_beat == 1 ? Beat::size : 512 / carrier;
};

/// Reads Words words a frame.
template <int Words>
void read_words(int frames, const ap_uint<512>* memory, hls::stream<ap_uint<512> >& s_out) {
    const int words = frames * Words;
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        s_out.write(memory[i]);
    }
}

/// Writes Words words a frame.
template <int Words>
void write_words(int frames, ap_uint<512>* memory, hls::stream<ap_uint<512> >& s_in) {
    const int words = frames * Words;
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        memory[i] = s_in.read();
    }
}

/// Words to the beats of frames of Beats beats.
template <int Beats, class Out>
void unpack(int frames, hls::stream<ap_uint<512> >& s_in, hls::stream<Out>& s_out) {
    typedef packing<Out, Beats> layout;
    typedef typename Out::element Element;
    ap_uint<512> word = 0;
    Out y;
    int slot = 0;
    int part = 0;
    int beat = 0;
    const int steps = frames * (Beats * layout::words_per_beat);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        if (slot == 0) word = s_in.read();
        for (int e = 0; e < Out::size; ++e) {
#pragma HLS UNROLL
            const int first = e % layout::elements_per_word * layout::carrier;
            if (e / layout::elements_per_word == part) y.e[e] = Element(word.range(first + Element::width - 1, first));
        }
        if (layout::words_per_beat == 1) word >>= layout::beat_bits < 512 ? layout::beat_bits : 0;
        const bool last_part = part == layout::words_per_beat - 1;
        part = last_part ? 0 : part + 1;
        if (last_part) {
            s_out.write(y);
            const bool last_beat = beat == Beats - 1;
            beat = last_beat ? 0 : beat + 1;
            slot = (last_beat || slot == layout::beats_per_word - 1) ? 0 : slot + 1;
        }
    }
}

/// The beats of frames of Beats beats to words.
template <int Beats, class In>
void pack(int frames, hls::stream<In>& s_in, hls::stream<ap_uint<512> >& s_out) {
    typedef packing<In, Beats> layout;
    In x;
    ap_uint<512> word = 0;
    int slot = 0;
    int part = 0;
    int beat = 0;
    const int steps = frames * (Beats * layout::words_per_beat);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        if (part == 0) x = s_in.read();
        ap_uint<512> fresh = 0;
        for (int e = 0; e < In::size; ++e) {
#pragma HLS UNROLL
            const int first = e % layout::elements_per_word * layout::carrier;
            if (e / layout::elements_per_word == part) fresh.range(first + layout::carrier - 1, first) = ap_int<layout::carrier>(x.e[e]);
        }
        if (layout::words_per_beat > 1) {
            s_out.write(fresh);
            part = part == layout::words_per_beat - 1 ? 0 : part + 1;
        } else {
            if (slot == 0) word = 0;
            for (int s = 0; s < layout::beats_per_word; ++s) {
#pragma HLS UNROLL
                const int low = s * layout::slot_bits;
                if (slot == s) word.range(low + layout::slot_bits - 1, low) = fresh;
            }
            const bool last_beat = beat == Beats - 1;
            const bool full = last_beat || slot == layout::beats_per_word - 1;
            if (full) s_out.write(word);
            beat = last_beat ? 0 : beat + 1;
            slot = full ? 0 : slot + 1;
        }
    }
}

}  // namespace weft

#endif
