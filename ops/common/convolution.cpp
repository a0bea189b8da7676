// convolution.cpp
// Depthwise convolutions directly, others as a matrix product over gathered windows.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/convolution.h"

#include <algorithm>
#include <vector>

#include "ops/common/convolution_float.h"
#include "ops/common/matrix_product.h"

namespace weft {

namespace {

/// The output positions [first, last) whose tap at `offset` = tap * dilation - pad falls into an axis of `size` elements.
struct Span {
    std::int64_t first;
    std::int64_t last;
};
Span inside(std::int64_t offset, std::int64_t stride, std::int64_t size, std::int64_t positions) {
    const std::int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    const std::int64_t last = size - 1 - offset < 0 ? 0 : (size - 1 - offset) / stride + 1;
    return {std::min(first, positions), std::clamp(last, std::min(first, positions), positions)};
}

/// Rows (channel, tap), columns (output position).
template <class T>
void gather_channels_first(const ConvolutionShape& s, const T* image, std::int64_t channels, T* columns) {
    const Window& w = s.window;
    const std::int64_t rows = s.out_height(), cols = s.out_width();
    for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t kh = 0; kh < w.kernel[0]; ++kh) {
            for (std::int64_t kw = 0; kw < w.kernel[1]; ++kw, columns += rows * cols) {
                const std::int64_t dy = kh * w.dilations[0] - w.pads[0], dx = kw * w.dilations[1] - w.pads[1];
                const Span y = inside(dy, w.strides[0], s.height, rows), x = inside(dx, w.strides[1], s.width, cols);
                std::fill_n(columns, y.first * cols, T(0));
                for (std::int64_t row = y.first; row < y.last; ++row) {
                    const T* source = image + (c * s.height + row * w.strides[0] + dy) * s.width + dx;
                    T* target = columns + row * cols;
                    std::fill(target, target + x.first, T(0));
                    if (w.strides[1] == 1) {
                        std::copy(source + x.first, source + x.last, target + x.first);
                    } else {
                        for (std::int64_t col = x.first; col < x.last; ++col) target[col] = source[col * w.strides[1]];
                    }
                    std::fill(target + x.last, target + cols, T(0));
                }
                std::fill_n(columns + y.last * cols, (rows - y.last) * cols, T(0));
            }
        }
    }
}

/// Rows (output position), columns (tap, channel); `channels` of the image's channels, from `image` on.
template <class T>
void gather_channels_last(const ConvolutionShape& s, const T* image, std::int64_t channels, T* rows) {
    const Window& w = s.window;
    const std::int64_t out_height = s.out_height(), out_width = s.out_width();
    for (std::int64_t row = 0; row < out_height; ++row) {
        for (std::int64_t col = 0; col < out_width; ++col) {
            for (std::int64_t kh = 0; kh < w.kernel[0]; ++kh) {
                const std::int64_t y = row * w.strides[0] + kh * w.dilations[0] - w.pads[0];
                for (std::int64_t kw = 0; kw < w.kernel[1]; ++kw, rows += channels) {
                    const std::int64_t x = col * w.strides[1] + kw * w.dilations[1] - w.pads[1];
                    if (y < 0 || y >= s.height || x < 0 || x >= s.width) {
                        std::fill_n(rows, channels, T(0));
                    } else {
                        std::copy_n(image + (y * s.width + x) * s.channels, channels, rows);
                    }
                }
            }
        }
    }
}

template <class T>
void depthwise_channels_first(const ConvolutionShape& s, const T* image, const T* weight, T* output) {
    const Window& w = s.window;
    const std::int64_t rows = s.out_height(), cols = s.out_width();
    for (std::int64_t c = 0; c < s.outputs; ++c) {
        const T* plane = image + c / (s.outputs / s.groups) * s.height * s.width;
        std::fill_n(output, rows * cols, T(0));
        for (std::int64_t kh = 0; kh < w.kernel[0]; ++kh) {
            for (std::int64_t kw = 0; kw < w.kernel[1]; ++kw) {
                const T factor = *weight++;
                const std::int64_t dy = kh * w.dilations[0] - w.pads[0], dx = kw * w.dilations[1] - w.pads[1];
                const Span y = inside(dy, w.strides[0], s.height, rows), x = inside(dx, w.strides[1], s.width, cols);
                for (std::int64_t row = y.first; row < y.last; ++row) {
                    const T* source = plane + (row * w.strides[0] + dy) * s.width + dx;
                    T* target = output + row * cols;
                    if (w.strides[1] == 1) {
                        for (std::int64_t col = x.first; col < x.last; ++col) target[col] += factor * source[col];
                    } else {
                        for (std::int64_t col = x.first; col < x.last; ++col) target[col] += factor * source[col * w.strides[1]];
                    }
                }
            }
        }
        output += rows * cols;
    }
}

template <class T>
void depthwise_channels_last(const ConvolutionShape& s, const T* image, const T* weight, T* output) {
    const Window& w = s.window;
    const std::int64_t taps = w.kernel[0] * w.kernel[1], per_group = s.outputs / s.groups;
    std::vector<T> by_tap(static_cast<std::size_t>(taps * s.outputs));
    for (std::int64_t c = 0; c < s.outputs; ++c) {
        for (std::int64_t tap = 0; tap < taps; ++tap) by_tap[static_cast<std::size_t>(tap * s.outputs + c)] = weight[c * taps + tap];
    }
    for (std::int64_t row = 0; row < s.out_height(); ++row) {
        for (std::int64_t col = 0; col < s.out_width(); ++col, output += s.outputs) {
            std::fill_n(output, s.outputs, T(0));
            for (std::int64_t tap = 0; tap < taps; ++tap) {
                const std::int64_t y = row * w.strides[0] + tap / w.kernel[1] * w.dilations[0] - w.pads[0];
                const std::int64_t x = col * w.strides[1] + tap % w.kernel[1] * w.dilations[1] - w.pads[1];
                if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
                const T* pixel = image + (y * s.width + x) * s.channels;
                const T* factors = by_tap.data() + tap * s.outputs;
                if (per_group == 1) {
                    for (std::int64_t c = 0; c < s.outputs; ++c) output[c] += factors[c] * pixel[c];
                } else {
                    for (std::int64_t c = 0; c < s.outputs; ++c) output[c] += factors[c] * pixel[c / per_group];
                }
            }
        }
    }
}

template <class T>
void add_bias(const ConvolutionShape& s, const T* bias, T* output) {
    const std::int64_t positions = s.out_height() * s.out_width();
    if (s.layout == Layout::channels_first) {
        for (std::int64_t o = 0; o < s.outputs; ++o) {
            for (std::int64_t i = 0; i < positions; ++i) *output++ += bias[o];
        }
    } else {
        for (std::int64_t i = 0; i < positions; ++i) {
            for (std::int64_t o = 0; o < s.outputs; ++o) *output++ += bias[o];
        }
    }
}

/// Each output position sees exactly the input position of the same index.
bool is_pointwise(const ConvolutionShape& s) {
    using Pair = std::array<std::int64_t, 2>;
    return s.groups == 1 && s.window.kernel == Pair{1, 1} && s.window.strides == Pair{1, 1} &&
           s.window.pads == std::array<std::int64_t, 4>{};
}

template <class T>
void convolve_any(const ConvolutionShape& s, const T* input, const T* weight, const T* bias, T* output) {
    const std::int64_t positions = s.out_height() * s.out_width();
    const std::int64_t in_group = s.channels / s.groups, out_group = s.outputs / s.groups;
    const std::int64_t depth = in_group * s.window.kernel[0] * s.window.kernel[1];
    const bool channels_last = s.layout == Layout::channels_last;
    const bool plain = channels_last && is_pointwise(s);
    if (plain) {
        gemm(s.batch * positions, s.outputs, depth, row_major(input, depth), transposed(weight, depth), output, s.outputs);
    }
    thread_local std::vector<T> gathered;
    for (std::int64_t n = 0; n < s.batch; ++n) {
        const T* image = input + n * s.channels * s.height * s.width;
        T* result = output + n * s.outputs * positions;
        if (plain) {
        } else if (in_group == 1 && s.groups > 1) {
            (channels_last ? depthwise_channels_last<T> : depthwise_channels_first<T>)(s, image, weight, result);
        } else {
            gathered.resize(static_cast<std::size_t>(depth * positions));
            for (std::int64_t g = 0; g < s.groups; ++g) {
                const T* group_weight = weight + g * out_group * depth;
                if (!channels_last && is_pointwise(s)) {
                    gemm(s.outputs, positions, depth, row_major(weight, depth), row_major(image, positions), result, positions);
                } else if (channels_last) {
                    gather_channels_last(s, image + g * in_group, in_group, gathered.data());
                    gemm(positions, out_group, depth, row_major<T>(gathered.data(), depth), transposed(group_weight, depth),
                         result + g * out_group, s.outputs);
                } else {
                    gather_channels_first(s, image + g * in_group * s.height * s.width, in_group, gathered.data());
                    gemm(out_group, positions, depth, row_major(group_weight, depth), row_major<T>(gathered.data(), positions),
                         result + g * out_group * positions, positions);
                }
            }
        }
        if (bias) add_bias(s, bias, result);
    }
}

}  // namespace

void convolve(const ConvolutionShape& shape, const float* input, const float* weight, const float* bias, float* output) {
    // A primitive would first bring a pointwise convolution's operands into a layout of its own, for as long as the product takes.
    const bool product = shape.layout == Layout::channels_first && is_pointwise(shape);
    if (product || !convolve_by_primitive(shape, input, weight, bias, output)) convolve_any(shape, input, weight, bias, output);
}

void convolve(const ConvolutionShape& shape, const double* input, const double* weight, const double* bias, double* output) {
    convolve_any(shape, input, weight, bias, output);
}

}  // namespace weft
