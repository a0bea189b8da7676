// convolution.h
// Two-dimensional convolution of dense tensors, channels first or last, in float and in double.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "ops/common/window.h"

namespace weft {

enum class Layout {
    channels_first,  ///< images [N, C, H, W], weight [O, I, KH, KW]
    channels_last,   ///< images [N, H, W, C], weight [O, KH, KW, I]
};

/// The sizes of one convolution. I = channels / groups; output channel o belongs to group o / (outputs / groups).
struct ConvolutionShape {
    Layout layout = Layout::channels_first;
    std::int64_t batch = 1;
    std::int64_t channels = 1;
    std::int64_t height = 1;
    std::int64_t width = 1;
    std::int64_t outputs = 1;
    std::int64_t groups = 1;
    Window window;

    std::int64_t out_height() const { return window.positions(0, height); }
    std::int64_t out_width() const { return window.positions(1, width); }
};

/// output = sum of weight * input over the window (zero outside the image), plus bias[o] unless `bias` is null. Double: every product and
/// sum is a double's.
void convolve(const ConvolutionShape& shape, const float* input, const float* weight, const float* bias, float* output);
void convolve(const ConvolutionShape& shape, const double* input, const double* weight, const double* bias, double* output);

}  // namespace weft
