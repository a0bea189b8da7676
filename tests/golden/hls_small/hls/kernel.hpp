// kernel.hpp
// The kernel small_0_kernel for its callers.
// weft, for a test

#ifndef small_0_kernel_KERNEL_HPP
#define small_0_kernel_KERNEL_HPP

#include <ap_int.h>

#include "weft/common/beat.hpp"

/// The largest n_images: beyond it a 32-bit counter would overflow.
static const int small_0_kernel_max_images = 3945752;

/// Input image: 6 x 5 positions of 2 channels, -128..127; 60 beats an image.
typedef weft::beat<ap_int<8>, 1> small_0_kernel_image_beat;
static const int small_0_kernel_image_beats = 60;

/// Output result0: 3 x 2 positions of 3 channels, -128..127; 12 beats an image.
typedef weft::beat<ap_int<8>, 2> small_0_kernel_result0_beat;
static const int small_0_kernel_result0_beats = 12;

/// Images lie one after the other, each in whole 512-bit words (weft/common/burst.hpp: frame_layout).
extern "C" void small_0_kernel(const ap_uint<512>* gmem_in, ap_uint<512>* gmem_out, int n_images);

#endif
