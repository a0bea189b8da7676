// window_lower.cpp
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ops/common/lowerings.h"
#include "units/units.h"

namespace weft {

Stream* add_window(Lowering& lowering, const Node& node, Stream* input, const WindowShape& window, std::int64_t pad_value) {
    Design& design = lowering.design();
    const StreamShape in = input->shape;
    StreamShape out;
    out.rows = static_cast<int>((in.rows + window.pad_top + window.pad_bottom - window.kernel_h) / window.stride_h + 1);
    out.columns = static_cast<int>((in.columns + window.pad_left + window.pad_right - window.kernel_w) / window.stride_w + 1);
    out.taps = static_cast<int>(window.kernel_h * window.kernel_w);
    out.channels = in.channels;
    const bool pads = window.pad_top || window.pad_left || window.pad_bottom || window.pad_right;
    const std::string name = lowering.key(node) + "_window";
    Stream* output = design.add_stream(name, out, pads ? std::min(input->min, pad_value) : input->min,
                                       pads ? std::max(input->max, pad_value) : input->max);
    Unit* unit = design.add_unit(unit_window, name, {input}, {output});
    unit->nodes = {lowering.key(node)};
    unit->set_parameter("Rows", in.rows);
    unit->set_parameter("Columns", in.columns);
    unit->set_parameter("Channels", in.channels);
    unit->set_parameter("KernelH", window.kernel_h);
    unit->set_parameter("KernelW", window.kernel_w);
    unit->set_parameter("StrideH", window.stride_h);
    unit->set_parameter("StrideW", window.stride_w);
    unit->set_parameter("PadTop", window.pad_top);
    unit->set_parameter("PadLeft", window.pad_left);
    unit->set_parameter("PadBottom", window.pad_bottom);
    unit->set_parameter("PadRight", window.pad_right);
    unit->set_parameter("PadValue", pad_value);
    return output;
}

}  // namespace weft
