// pooling.h
// Maximum and average over a sliding window.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ops/common/convolution.h"

namespace weft {

struct PoolingShape {
    Layout layout = Layout::channels_first;
    std::int64_t batch = 1;
    std::int64_t channels = 1;
    std::int64_t height = 1;
    std::int64_t width = 1;
    Window window;
    bool maximum = true;
    /// Averages only: what a window's sum is divided by. With `count_padding` the taps that fall on the image or on its pads, without it
    /// those on the image alone. Where a last window hangs over the padded image (ceil_mode), what hangs over never counts.
    bool count_padding = false;

    std::int64_t out_height() const { return window.positions(0, height); }
    std::int64_t out_width() const { return window.positions(1, width); }
};

/// How many taps of each position along `axis` count, by `count_padding` (see PoolingShape). The divisor of a window is the product over
/// both axes.
std::vector<std::int64_t> tap_counts(const Window& window, int axis, std::int64_t size, bool count_padding);

/// The pooled tensor. Averages are taken in the tensor's own type (float or double); a maximum over no element is the type's lowest value,
/// an average 0.
Tensor pool(const PoolingShape& shape, const Tensor& input);

/// Maximum or average over all spatial positions of [N, C, ...] or [N, ..., C]; all spatial axes become 1.
Tensor pool_globally(Layout layout, bool maximum, const Tensor& input);

}  // namespace weft
