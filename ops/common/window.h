// window.h
// The sliding window that convolution and pooling share: kernel, strides, dilations and pads of two spatial axes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

/// Axis 0 is the row axis, axis 1 the column axis.
struct Window {
    std::array<std::int64_t, 2> kernel{1, 1};
    std::array<std::int64_t, 2> strides{1, 1};
    std::array<std::int64_t, 2> dilations{1, 1};
    std::array<std::int64_t, 4> pads{};  ///< top, left, bottom, right
    bool ceil_mode = false;

    /// Rows or columns between the first and the last tap, both counted.
    std::int64_t extent(int axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
    /// Positions of the window along an axis of `size` elements, by the rule of the ONNX specification: with ceil_mode a last window may
    /// hang over the padded input unless it would start behind the input and its leading pad. Not positive if the window does not fit.
    std::int64_t positions(int axis, std::int64_t size) const;
};

/// Reads kernel_shape (or takes `kernel` where the attribute is absent), strides, dilations, pads, auto_pad and ceil_mode of `node`, whose
/// input has the spatial sizes `sizes`, and writes them back normalised: all explicit, auto_pad resolved into pads. An error if one is
/// malformed or the window does not fit.
Result<Window> normalise_window(Node& node, std::array<std::int64_t, 2> sizes, const std::array<std::int64_t, 2>* kernel);

/// The window of a node whose attributes are normalised.
Window window_of(const Node& node);

/// The attributes of a convolution, whatever its arithmetic.
std::vector<AttributeDef> convolution_attributes();

/// The rank is 4 (batch, channels, height, width), else the reason why not.
Status check_image(const Node& node, const Value* value, std::string_view what);

}  // namespace weft
