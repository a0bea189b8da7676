// lowerings.h
// The lower faces of the canonical operators: the only code that knows operators and units.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/lower/lowering.h"

namespace weft {

/// window (where there is a kernel, stride or pad) and matvec or depthwise.
Status lower_linear(const Node& node, Lowering& lowering);
/// window and pool: maximum passes integers through, average accumulates.
Status lower_pool(const Node& node, Lowering& lowering);
/// global_pool.
Status lower_global_pool(const Node& node, Lowering& lowering);
/// add with integer multipliers.
Status lower_add(const Node& node, Lowering& lowering);
/// concat of one scale and zero point.
Status lower_concat(const Node& node, Lowering& lowering);
/// table or requantize of a typed value; nothing where the integers stay what they are.
Status lower_pad(const Node& node, Lowering& lowering);
Status lower_typed(const Node& node, Lowering& lowering);

/// A window as the `window` unit states it.
struct WindowShape {
    std::int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
    std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;

    bool is_trivial() const {
        return kernel_h == 1 && kernel_w == 1 && stride_h == 1 && stride_w == 1 && !pad_top && !pad_left && !pad_bottom && !pad_right;
    }
};

/// A window unit on `input` whose padding feeds `pad_value`; its output stream. `name` is the stem of its name.
Stream* add_window(Lowering& lowering, const Node& node, Stream* input, const WindowShape& window, std::int64_t pad_value);

}  // namespace weft
