// pooling.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/pooling.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace weft {

namespace {

struct Taps {
    std::vector<std::int64_t> first, last;  ///< Per position: the taps [first, last) that lie on the image.
};

Taps taps_on_image(const Window& w, int axis, std::int64_t size, std::int64_t positions) {
    Taps taps;
    for (std::int64_t p = 0; p < positions; ++p) {
        const std::int64_t origin = p * w.strides[axis] - w.pads[axis], dilation = w.dilations[axis];
        const std::int64_t first = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
        const std::int64_t last = size - origin <= 0 ? 0 : (size - origin - 1) / dilation + 1;
        taps.first.push_back(std::min(first, w.kernel[axis]));
        taps.last.push_back(std::clamp(last, taps.first.back(), w.kernel[axis]));
    }
    return taps;
}

template <class T, bool maximum>
void pool_channels_last(const PoolingShape& s, const T* input, T* output) {
    const Window& w = s.window;
    const std::int64_t rows = s.out_height(), cols = s.out_width();
    const Taps y = taps_on_image(w, 0, s.height, rows), x = taps_on_image(w, 1, s.width, cols);
    const auto row_counts = tap_counts(w, 0, s.height, s.count_padding), column_counts = tap_counts(w, 1, s.width, s.count_padding);
    const std::int64_t lanes = s.channels;
    for (std::int64_t n = 0; n < s.batch; ++n, input += s.height * s.width * lanes) {
        for (std::int64_t row = 0; row < rows; ++row) {
            for (std::int64_t col = 0; col < cols; ++col, output += lanes) {
                std::fill_n(output, lanes, maximum ? std::numeric_limits<T>::lowest() : T(0));
                for (std::int64_t kh = y.first[row]; kh < y.last[row]; ++kh) {
                    const T* line = input + (row * w.strides[0] - w.pads[0] + kh * w.dilations[0]) * s.width * lanes;
                    for (std::int64_t kw = x.first[col]; kw < x.last[col]; ++kw) {
                        const T* pixel = line + (col * w.strides[1] - w.pads[1] + kw * w.dilations[1]) * lanes;
                        for (std::int64_t c = 0; c < lanes; ++c) {
                            if constexpr (maximum) {
                                output[c] = pixel[c] > output[c] ? pixel[c] : output[c];
                            } else {
                                output[c] += pixel[c];
                            }
                        }
                    }
                }
                if constexpr (!maximum) {
                    const std::int64_t count = row_counts[row] * column_counts[col];
                    for (std::int64_t c = 0; c < lanes && count > 0; ++c) output[c] /= static_cast<T>(count);
                }
            }
        }
    }
}

/// Row by row and tap by tap: neighbouring positions together.
template <class T, bool maximum>
void pool_channels_first(const PoolingShape& s, const T* input, T* output) {
    const Window& w = s.window;
    const std::int64_t rows = s.out_height(), cols = s.out_width(), stride = w.strides[1];
    const Taps y = taps_on_image(w, 0, s.height, rows), x = taps_on_image(w, 1, s.width, cols);
    const auto row_counts = tap_counts(w, 0, s.height, s.count_padding), column_counts = tap_counts(w, 1, s.width, s.count_padding);
    // Per column tap: the positions [first, last) at which it lies on the image.
    std::vector<std::int64_t> first(static_cast<std::size_t>(w.kernel[1]), cols), last(first.size(), 0);
    for (std::int64_t col = 0; col < cols; ++col) {
        for (std::int64_t kw = x.first[col]; kw < x.last[col]; ++kw) {
            first[kw] = std::min(first[kw], col);
            last[kw] = col + 1;
        }
    }
    for (std::int64_t plane = 0; plane < s.batch * s.channels; ++plane, input += s.height * s.width) {
        for (std::int64_t row = 0; row < rows; ++row, output += cols) {
            std::fill_n(output, cols, maximum ? std::numeric_limits<T>::lowest() : T(0));
            for (std::int64_t kh = y.first[row]; kh < y.last[row]; ++kh) {
                const T* line = input + (row * w.strides[0] - w.pads[0] + kh * w.dilations[0]) * s.width - w.pads[1];
                for (std::int64_t kw = 0; kw < w.kernel[1]; ++kw) {
                    const T* source = line + kw * w.dilations[1];
                    for (std::int64_t col = first[kw]; col < last[kw]; ++col) {
                        const T element = source[col * stride];
                        if constexpr (maximum) {
                            output[col] = element > output[col] ? element : output[col];
                        } else {
                            output[col] += element;
                        }
                    }
                }
            }
            for (std::int64_t col = 0; !maximum && col < cols; ++col) {
                const std::int64_t count = row_counts[row] * column_counts[col];
                if (count > 0) output[col] /= static_cast<T>(count);
            }
        }
    }
}

template <class T, bool maximum>
void pool_globally_typed(const T* input, T* output, std::int64_t outer, std::int64_t positions, std::int64_t lanes) {
    for (std::int64_t n = 0; n < outer; ++n, output += lanes) {
        std::fill_n(output, lanes, maximum ? std::numeric_limits<T>::lowest() : T(0));
        for (std::int64_t p = 0; p < positions; ++p, input += lanes) {
            for (std::int64_t c = 0; c < lanes; ++c) {
                if constexpr (maximum) {
                    output[c] = input[c] > output[c] ? input[c] : output[c];
                } else {
                    output[c] += input[c];
                }
            }
        }
        if constexpr (!maximum) {
            for (std::int64_t c = 0; c < lanes; ++c) output[c] /= static_cast<T>(positions);
        }
    }
}

}  // namespace

std::vector<std::int64_t> tap_counts(const Window& window, int axis, std::int64_t size, bool count_padding) {
    Window counted = window;
    std::int64_t extent = size;
    if (count_padding) {
        extent += window.pads[axis] + window.pads[axis + 2];
        counted.pads[axis] = 0;
    }
    const Taps taps = taps_on_image(counted, axis, extent, window.positions(axis, size));
    std::vector<std::int64_t> counts(taps.first.size());
    std::transform(taps.last.begin(), taps.last.end(), taps.first.begin(), counts.begin(), std::minus<>());
    return counts;
}

Tensor pool(const PoolingShape& s, const Tensor& input) {
    const bool channels_last = s.layout == Layout::channels_last;
    const std::int64_t rows = s.out_height(), cols = s.out_width();
    Tensor output(input.type(), channels_last ? Shape{s.batch, rows, cols, s.channels} : Shape{s.batch, s.channels, rows, cols});
    visit_type(input.type(), [&](auto e) {
        using T = decltype(e);
        const T* source = input.as<T>().data();
        T* target = output.as<T>().data();
        if (channels_last) {
            (s.maximum ? pool_channels_last<T, true> : pool_channels_last<T, false>)(s, source, target);
        } else {
            (s.maximum ? pool_channels_first<T, true> : pool_channels_first<T, false>)(s, source, target);
        }
    });
    return output;
}

Tensor pool_globally(Layout layout, bool maximum, const Tensor& input) {
    const bool channels_last = layout == Layout::channels_last;
    Shape shape = input.shape();
    const std::int64_t batch = shape.front(), channels = channels_last ? shape.back() : shape[1];
    const std::int64_t positions = batch * channels == 0 ? 0 : input.size() / (batch * channels);
    for (std::size_t axis = channels_last ? 1 : 2; axis + (channels_last ? 1 : 0) < shape.size(); ++axis) shape[axis] = 1;
    Tensor output(input.type(), shape);
    visit_type(input.type(), [&](auto e) {
        using T = decltype(e);
        const std::int64_t outer = channels_last ? batch : batch * channels;
        (maximum ? pool_globally_typed<T, true> : pool_globally_typed<T, false>)(input.as<T>().data(), output.as<T>().data(), outer,
                                                                                 positions, channels_last ? channels : 1);
    });
    return output;
}

}  // namespace weft
