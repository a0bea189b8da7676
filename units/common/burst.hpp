// burst.hpp
// Frames between memory and streams: words in long bursts, and beats taken out of them or packed into them.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_BURST_HPP
#define WEFT_BURST_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "beat.hpp"

namespace weft {

/// A frame in memory: its elements in the order position, channel, without gaps, each in the fewest of 1, 2 or 4 bytes that hold `Width`
/// bits, little-endian, extended by its sign. The frame begins at a word of `Word`
/// bits, 64 to 512; spare bytes of its last word are zero. A beat holds
/// `Lanes` channels of one position, the last beat of a position the rest of them. Beats of more than a word take several steps.
template <int Width, int Word, int Positions, int Channels, int Lanes>
struct frame_layout {
    static_assert(Width >= 1 && Width <= 32, "an element in memory has 1 to 32 bits");
    static constexpr int gcd(int a, int b) { return b == 0 ? a : gcd(b, a % b); }
    static constexpr int smaller(int a, int b) { return a < b ? a : b; }

    static const int carrier = Width <= 8 ? 8 : Width <= 16 ? 16 : 32;
    static const int per_word = Word / carrier;
    static const int elements = Positions * Channels;
    static const int words = (elements + per_word - 1) / per_word;

    static const int folds = (Channels + Lanes - 1) / Lanes;
    static const int rest = Channels - (folds - 1) * Lanes;
    static const int piece = Lanes < per_word ? Lanes : per_word;
    static const int pieces = (Lanes + piece - 1) / piece;
    static const int steps = Positions * folds * pieces;

    /// Elements that step `part` of a beat moves, in a position's last beat and in the others.
    static constexpr int count(bool last_fold, int part) {
        return smaller(piece, smaller((last_fold ? rest : Lanes), (part + 1) * piece) - smaller((last_fold ? rest : Lanes), part * piece));
    }
    static const int last_count = rest - (rest - 1) / piece * piece;
    /// Every number of elements moved at once, hence every fill level, is a multiple of this.
    static const int unit = gcd(gcd(per_word, piece), gcd(gcd(Lanes, Lanes % piece), gcd(rest, Lanes)));
    static const int window_bits = (piece + per_word) * carrier;
    /// The last elements may complete one word and begin another.
    static const int flush = elements % per_word != 0 && elements % per_word < last_count ? 1 : 0;
};

/// Reads Words words a frame.
template <int Word, int Words>
void read_words(int frames, const ap_uint<Word>* memory, hls::stream<ap_uint<Word> >& s_out) {
#pragma HLS INLINE
    const int words = frames * Words;
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        s_out.write(memory[i]);
    }
}

/// Writes Words words a frame.
template <int Word, int Words>
void write_words(int frames, ap_uint<Word>* memory, hls::stream<ap_uint<Word> >& s_in) {
#pragma HLS INLINE
    const int words = frames * Words;
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        memory[i] = s_in.read();
    }
}

/// Words of memory to beats. Spare lanes of a position's last beat are arbitrary.
template <int Word, int Positions, int Channels, int Lanes, class Out>
void unpack_frames(int frames, hls::stream<ap_uint<Word> >& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    typedef typename Out::element element;
    typedef frame_layout<element::width, Word, Positions, Channels, Lanes> layout;
    typedef ap_uint<layout::window_bits> window;
    static_assert(Out::size == Lanes, "the stream's beat does not have the lanes of the frame");
    window bits = 0;
    int fill = 0;  // elements in `bits`, in units
    int part = 0;
    int fold = 0;
    int position = 0;
    Out y;
    const int steps = frames * layout::steps;
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const bool last_fold = fold == layout::folds - 1;
        const bool last_part = part == layout::pieces - 1;
        const int need = layout::count(last_fold, part) / layout::unit;
        if (fill < need) {
            const window word = s_in.read();
            window shifted = 0;
            for (int at = 0; at < layout::piece / layout::unit; ++at) {
#pragma HLS UNROLL
                if (at == fill) shifted = word << (at * layout::unit * layout::carrier);
            }
            bits |= shifted;
            fill += layout::per_word / layout::unit;
        }
        for (int j = 0; j < Lanes; ++j) {
#pragma HLS UNROLL
            const int low = j % layout::piece * layout::carrier;
            if (j / layout::piece == part) y.e[j] = element(bits.range(low + element::width - 1, low));
        }
        window moved = bits;
        for (int k = 0; k < layout::pieces; ++k) {
#pragma HLS UNROLL
            if (k == part)
                moved =
                    last_fold ? bits >> (layout::count(true, k) * layout::carrier) : bits >> (layout::count(false, k) * layout::carrier);
        }
        bits = moved;
        fill -= need;
        part = last_part ? 0 : part + 1;
        if (last_part) {
            s_out.write(y);
            fold = last_fold ? 0 : fold + 1;
            if (last_fold) {
                position = position == Positions - 1 ? 0 : position + 1;
                if (position == 0) {
                    fill = 0;
                    bits = 0;
                }
            }
        }
    }
}

/// Beats to words of memory.
template <int Word, int Positions, int Channels, int Lanes, class In>
void pack_frames(int frames, hls::stream<In>& s_in, hls::stream<ap_uint<Word> >& s_out) {
#pragma HLS INLINE
    typedef typename In::element element;
    typedef frame_layout<element::width, Word, Positions, Channels, Lanes> layout;
    typedef ap_uint<layout::window_bits> window;
    static_assert(In::size == Lanes, "the stream's beat does not have the lanes of the frame");
    window bits = 0;
    int fill = 0;  // elements in `bits`, in units
    int part = 0;
    int fold = 0;
    int step = 0;
    In x;
    const int steps = frames * (layout::steps + layout::flush);
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
        const bool last_fold = fold == layout::folds - 1;
        const bool last_part = part == layout::pieces - 1;
        const bool taking = step < layout::steps;
        if (taking && part == 0) x = s_in.read();
        const int count = taking ? layout::count(last_fold, part) : 0;
        window fresh = 0;
        for (int j = 0; j < Lanes; ++j) {
#pragma HLS UNROLL
            const int low = j % layout::piece * layout::carrier;
            if (j / layout::piece == part && j % layout::piece < count) fresh.range(low + layout::carrier - 1, low) = ap_int<33>(x.e[j]);
        }
        for (int at = 0; at < layout::per_word / layout::unit; ++at) {
#pragma HLS UNROLL
            if (at == fill) bits |= fresh << (at * layout::unit * layout::carrier);
        }
        fill += count / layout::unit;
        const bool last_step = step == layout::steps + layout::flush - 1;
        step = last_step ? 0 : step + 1;
        if (taking) {
            part = last_part ? 0 : part + 1;
            if (last_part) fold = last_fold ? 0 : fold + 1;
        }
        const bool full = fill >= layout::per_word / layout::unit;
        if (full || (last_step && fill > 0)) {
            s_out.write(ap_uint<Word>(bits));
            bits >>= Word;
            fill = full ? fill - layout::per_word / layout::unit : 0;
        }
    }
}

}  // namespace weft

#endif
