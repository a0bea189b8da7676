// kernel.cpp
// The kernel small_0_kernel: a process a unit, joined by streams.
// weft, for a test

#include "kernel.hpp"

#include <ap_int.h>
#include <hls_stream.h>

#include "constants/conv_matvec.hpp"
#include "constants/pool_pool.hpp"
#include "weft/common/beat.hpp"
#include "weft/common/burst.hpp"
#include "weft/common/process.hpp"
#include "weft/matvec/matvec.hpp"
#include "weft/pool/pool.hpp"
#include "weft/window/window.hpp"

// Input image: words from memory, words to beats.
static void read_image(int frames, const ap_uint<512>* memory, hls::stream<ap_uint<512> >& s_out) {
#pragma HLS INLINE off
    weft::read_words<512, weft::frame_layout<8, 512, 30, 2, 1>::words>(frames, memory, s_out);
}
static void unpack_image(int frames, hls::stream<ap_uint<512> >& s_in, hls::stream<small_0_kernel_image_beat>& s_out) {
#pragma HLS INLINE off
    weft::unpack_frames<512, 30, 2, 1>(frames, s_in, s_out);
}

// Output result0: beats to words, words to memory.
static void pack_result0(int frames, hls::stream<small_0_kernel_result0_beat>& s_in, hls::stream<ap_uint<512> >& s_out) {
#pragma HLS INLINE off
    weft::pack_frames<512, 6, 3, 2>(frames, s_in, s_out);
}
static void write_result0(int frames, hls::stream<ap_uint<512> >& s_in, ap_uint<512>* memory) {
#pragma HLS INLINE off
    weft::write_words<512, weft::frame_layout<8, 512, 6, 3, 2>::words>(frames, memory, s_in);
}

// conv_window: conv
static void conv_window(int frames, hls::stream<weft::beat<ap_int<8>, 1>>& s_in, hls::stream<weft::beat<ap_int<8>, 9>>& s_out) {
#pragma HLS INLINE off
    weft::window_unit<
        6,  // Rows
        5,  // Columns
        2,  // Channels
        3,  // KernelH
        3,  // KernelW
        1,  // StrideH
        1,  // StrideW
        1,  // PadTop
        1,  // PadLeft
        1,  // PadBottom
        1,  // PadRight
        0,  // PadValue
        1,  // Pixels
        1,  // Lanes
        9  // TapsPerBeat
        >(frames, s_in, s_out);
}

// conv_matvec: conv
static void conv_matvec(int frames, hls::stream<weft::beat<ap_int<8>, 9>>& s_in, hls::stream<weft::beat<ap_int<8>, 2>>& s_out) {
#pragma HLS INLINE off
    weft::matvec_unit<
        6,  // Rows
        5,  // Columns
        9,  // Taps
        2,  // Channels
        3,  // Outputs
        0,  // Flatten
        8,  // WeightBits
        19,  // AccumulatorBits
        19,  // LaneShift
        9,  // ChainLength
        3,  // PE
        1,  // Pixels
        1,  // Lanes
        9,  // TapsPerBeat
        2,  // OutputLanes
        small_0_kernel_conv_matvec_constants>(frames, s_in, s_out);
}

// pool_window: pool
static void pool_window(int frames, hls::stream<weft::beat<ap_int<8>, 2>>& s_in, hls::stream<weft::beat<ap_int<8>, 2>>& s_out) {
#pragma HLS INLINE off
    weft::window_unit<
        6,  // Rows
        5,  // Columns
        3,  // Channels
        2,  // KernelH
        2,  // KernelW
        2,  // StrideH
        2,  // StrideW
        0,  // PadTop
        0,  // PadLeft
        0,  // PadBottom
        0,  // PadRight
        0,  // PadValue
        1,  // Pixels
        2,  // Lanes
        1  // TapsPerBeat
        >(frames, s_in, s_out);
}

// pool_pool: pool
static void pool_pool(int frames, hls::stream<weft::beat<ap_int<8>, 2>>& s_in, hls::stream<weft::beat<ap_int<8>, 2>>& s_out) {
#pragma HLS INLINE off
    weft::pool_unit<
        3,  // Rows
        2,  // Columns
        4,  // Taps
        3,  // Channels
        1,  // Maximum
        0,  // Zero
        1,  // Pixels
        2,  // Lanes
        1,  // TapsPerBeat
        small_0_kernel_pool_pool_constants>(frames, s_in, s_out);
}

extern "C" void small_0_kernel(const ap_uint<512>* gmem_in, ap_uint<512>* gmem_out, int n_images) {
#pragma HLS INTERFACE m_axi port=gmem_in offset=slave bundle=gmem0 max_read_burst_length=64 depth=2
#pragma HLS INTERFACE m_axi port=gmem_out offset=slave bundle=gmem1 max_write_burst_length=64 depth=2
#pragma HLS INTERFACE s_axilite port=gmem_in bundle=control
#pragma HLS INTERFACE s_axilite port=gmem_out bundle=control
#pragma HLS INTERFACE s_axilite port=n_images bundle=control
#pragma HLS INTERFACE s_axilite port=return bundle=control
#pragma HLS DATAFLOW
    hls::stream<ap_uint<512>, 2> w_image("w_image");
    hls::stream<ap_uint<512>, 2> w_result0("w_result0");
    hls::stream<weft::beat<ap_int<8>, 1>, 4> s_image("s_image");
#pragma HLS BIND_STORAGE variable=s_image type=fifo impl=srl
    hls::stream<weft::beat<ap_int<8>, 9>, 2> s_conv_taps("s_conv_taps");
    hls::stream<weft::beat<ap_int<8>, 2>, 4> s_conv("s_conv");
#pragma HLS BIND_STORAGE variable=s_conv type=fifo impl=srl
    hls::stream<weft::beat<ap_int<8>, 2>, 2> s_pool_taps("s_pool_taps");
    hls::stream<weft::beat<ap_int<8>, 2>, 4> s_pool("s_pool");
#pragma HLS BIND_STORAGE variable=s_pool type=fifo impl=srl
    WEFT_PROCESS(read_image(n_images, gmem_in, w_image));
    WEFT_PROCESS(unpack_image(n_images, w_image, s_image));
    WEFT_PROCESS(conv_window(n_images, s_image, s_conv_taps));
    WEFT_PROCESS(conv_matvec(n_images, s_conv_taps, s_conv));
    WEFT_PROCESS(pool_window(n_images, s_conv, s_pool_taps));
    WEFT_PROCESS(pool_pool(n_images, s_pool_taps, s_pool));
    WEFT_PROCESS(pack_result0(n_images, s_pool, w_result0));
    WEFT_PROCESS(write_result0(n_images, w_result0, gmem_out));
}
