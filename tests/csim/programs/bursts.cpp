// bursts.cpp
// Frames through memory words and beats and back, for sizes that do not divide each other, against the bytes in memory.
// SPDX-License-Identifier: Apache-2.0
#include "burst.hpp"

#include <cstdint>
#include <cstdio>
#include <vector>

#include "process.hpp"

namespace {

const int frames = 3;
std::uint64_t state = 99;
unsigned char random_byte() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<unsigned char>(state >> 56);
}

/// Passes beats on, counts elements that differ from the bytes in memory, and puts random values into the spare ones.
template <class T, int Positions, int Channels, int Lanes>
void inspect(hls::stream<weft::beat<T, Lanes> >& s_in, hls::stream<weft::beat<T, Lanes> >& s_out, const std::vector<T>& values,
             int* wrong) {
    for (int p = 0; p < frames * Positions; ++p) {
        for (int c = 0; c < Channels; c += Lanes) {
            weft::beat<T, Lanes> b = s_in.read();
            for (int lane = 0; lane < Lanes; ++lane) {
                if (c + lane < Channels) {
                    *wrong += b.e[lane] != values[static_cast<std::size_t>(p * Channels + c + lane)];
                } else {
                    b.e[lane] = random_byte();
                }
            }
            s_out.write(b);
        }
    }
}

template <class T, int Word, int Positions, int Channels, int Lanes>
int check_word() {
    const int word_bytes = Word / 8;
    typedef weft::frame_layout<T::width, Word, Positions, Channels, Lanes> layout;
    std::vector<ap_uint<Word> > in(frames * layout::words, ap_uint<Word>(0)), out(frames * layout::words, ap_uint<Word>(5));
    std::vector<T> values;
    const int bytes = layout::carrier / 8;
    for (int f = 0; f < frames; ++f) {
        for (int e = 0; e < Positions * Channels; ++e) {
            const T value =
                static_cast<int>(random_byte() | random_byte() << 8 | random_byte() << 16 | static_cast<unsigned>(random_byte()) << 24);
            values.push_back(value);
            for (int k = 0; k < bytes; ++k) {
                const int at = e * bytes + k;
                in[static_cast<std::size_t>(f * layout::words + at / word_bytes)].range(at % word_bytes * 8 + 7, at % word_bytes * 8) =
                    static_cast<unsigned char>(value.to_int64() >> (8 * k));
            }
        }
    }
    int wrong = 0;
    {
        hls::stream<ap_uint<Word>, 2> words_in("words_in"), words_out("words_out");
        hls::stream<weft::beat<T, Lanes>, 2> beats("beats"), passed("passed");
        WEFT_PROCESS(weft::read_words<Word, layout::words>(frames, in.data(), words_in));
        WEFT_PROCESS(weft::unpack_frames<Word, Positions, Channels, Lanes>(frames, words_in, beats));
        WEFT_PROCESS(inspect<T, Positions, Channels, Lanes>(beats, passed, values, &wrong));
        WEFT_PROCESS(weft::pack_frames<Word, Positions, Channels, Lanes>(frames, passed, words_out));
        WEFT_PROCESS(weft::write_words<Word, layout::words>(frames, out.data(), words_out));
    }
    if (in != out) ++wrong;
    if (wrong != 0)
        std::printf("width %d, words of %d, %d positions, %d channels, %d lanes: %d wrong\n", T::width, Word, Positions, Channels, Lanes,
                    wrong);
    return wrong;
}

template <class T, int Positions, int Channels, int Lanes>
int check() {
    return check_word<T, 64, Positions, Channels, Lanes>() + check_word<T, 128, Positions, Channels, Lanes>() +
           check_word<T, 256, Positions, Channels, Lanes>() + check_word<T, 512, Positions, Channels, Lanes>();
}

}  // namespace

int main() {
    int wrong = check<ap_int<8>, 1, 1, 1>() + check<ap_uint<8>, 784, 1, 1>() + check<ap_int<8>, 25, 3, 3>() + check<ap_uint<5>, 25, 3, 2>();
    wrong +=
        check<ap_int<8>, 7, 10, 4>() + check<ap_int<6>, 3, 70, 65>() + check<ap_int<8>, 3, 200, 144>() + check<ap_uint<8>, 5, 33, 64>();
    wrong +=
        check<ap_int<8>, 2, 640, 128>() + check<ap_int<1>, 9, 5, 7>() + check<ap_int<10>, 13, 13, 13>() + check<ap_uint<16>, 4, 33, 32>();
    wrong +=
        check<ap_int<16>, 3, 40, 39>() + check<ap_uint<17>, 5, 7, 2>() + check<ap_int<25>, 1, 10, 1>() + check<ap_int<32>, 3, 17, 16>();
    wrong += check<ap_uint<32>, 11, 3, 2>() + check<ap_int<8>, 64, 16, 16>() + check<ap_int<8>, 4, 130, 129>();
    std::printf("%d wrong\n", wrong);
    return wrong == 0 ? 0 : 1;
}
