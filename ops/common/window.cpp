// window.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/window.h"

#include <algorithm>
#include <cassert>

namespace weft {

namespace {

constexpr std::int64_t largest = 1 << 20;

Result<std::vector<std::int64_t>> list_attribute(const Node& node, std::string_view name, std::size_t size, std::int64_t fallback,
                                                 std::int64_t low) {
    if (!node.attributes.has(name)) return std::vector<std::int64_t>(size, fallback);
    const auto& list = node.attributes.integers(name);
    if (list.size() != size) {
        return node_error(node, "attribute '" + std::string(name) + "' has " + std::to_string(list.size()) +
                                    " entries where a window over two spatial axes needs " + std::to_string(size));
    }
    for (const std::int64_t entry : list) {
        if (entry < low || entry > largest) {
            return node_error(node, "attribute '" + std::string(name) + "' holds " + std::to_string(entry) + ", outside " +
                                        std::to_string(low) + ".." + std::to_string(largest));
        }
    }
    return list;
}

}  // namespace

std::int64_t Window::positions(int axis, std::int64_t size) const {
    const std::int64_t room = size + pads[axis] + pads[axis + 2] - extent(axis);
    if (room < 0) return 0;
    const std::int64_t stride = strides[axis];
    std::int64_t count = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    if (ceil_mode && (count - 1) * stride >= size + pads[axis]) --count;
    return count;
}

Result<Window> normalise_window(Node& node, std::array<std::int64_t, 2> sizes, const std::array<std::int64_t, 2>* kernel) {
    Attributes& attributes = node.attributes;
    WEFT_ASSIGN(const auto kernel_shape, list_attribute(node, "kernel_shape", 2, 0, 1));
    WEFT_ASSIGN(const auto strides, list_attribute(node, "strides", 2, 1, 1));
    WEFT_ASSIGN(const auto dilations, list_attribute(node, "dilations", 2, 1, 1));
    WEFT_ASSIGN(auto pads, list_attribute(node, "pads", 4, 0, 0));
    Window window;
    assert(kernel || attributes.has("kernel_shape"));
    if (kernel && attributes.has("kernel_shape") && !std::equal(kernel->begin(), kernel->end(), kernel_shape.begin())) {
        return node_error(node, "attribute 'kernel_shape' is " + to_string(kernel_shape) + " but the weight's kernel is " +
                                    to_string(Shape{(*kernel)[0], (*kernel)[1]}));
    }
    for (int axis = 0; axis < 2; ++axis) {
        window.kernel[axis] = kernel ? (*kernel)[axis] : kernel_shape[axis];
        window.strides[axis] = strides[axis];
        window.dilations[axis] = dilations[axis];
    }
    window.ceil_mode = attributes.has("ceil_mode") && attributes.integer("ceil_mode") != 0;

    const std::string auto_pad = attributes.has("auto_pad") ? attributes.text("auto_pad") : "NOTSET";
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
        for (int axis = 0; axis < 2; ++axis) {
            const std::int64_t positions = (sizes[axis] + strides[axis] - 1) / strides[axis];
            const std::int64_t total = std::max<std::int64_t>(0, (positions - 1) * strides[axis] + window.extent(axis) - sizes[axis]);
            const std::int64_t smaller = total / 2;
            pads[axis] = auto_pad == "SAME_UPPER" ? smaller : total - smaller;
            pads[axis + 2] = total - pads[axis];
        }
    } else if (auto_pad == "VALID") {
        pads.assign(4, 0);
    } else if (auto_pad != "NOTSET" && !auto_pad.empty()) {
        return node_error(node, "attribute 'auto_pad' is '" + auto_pad + "'", "use NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    }
    if (auto_pad != "NOTSET" && !auto_pad.empty()) window.ceil_mode = false;
    std::copy(pads.begin(), pads.end(), window.pads.begin());

    for (int axis = 0; axis < 2; ++axis) {
        if (window.positions(axis, sizes[axis]) < 1) {
            return node_error(node, "the window spans " + std::to_string(window.extent(axis)) + (axis == 0 ? " rows" : " columns") +
                                        " but the padded input has " + std::to_string(sizes[axis] + pads[axis] + pads[axis + 2]));
        }
    }
    attributes.erase("auto_pad");
    attributes.set("kernel_shape", std::vector<std::int64_t>(window.kernel.begin(), window.kernel.end()));
    attributes.set("strides", strides);
    attributes.set("dilations", dilations);
    attributes.set("pads", pads);
    if (attributes.has("ceil_mode")) attributes.set("ceil_mode", std::int64_t{window.ceil_mode});
    return window;
}

Window window_of(const Node& node) {
    Window window;
    const auto read = [&](std::string_view name, auto& target) {
        const auto& list = node.attributes.integers(name);
        std::copy(list.begin(), list.end(), target.begin());
    };
    read("kernel_shape", window.kernel);
    read("strides", window.strides);
    read("dilations", window.dilations);
    read("pads", window.pads);
    window.ceil_mode = node.attributes.has("ceil_mode") && node.attributes.integer("ceil_mode") != 0;
    return window;
}

std::vector<AttributeDef> convolution_attributes() {
    return {{.name = "auto_pad", .kind = AttributeKind::text},
            {.name = "dilations", .kind = AttributeKind::integers},
            {.name = "group", .kind = AttributeKind::integer, .fallback = std::int64_t{1}},
            {.name = "kernel_shape", .kind = AttributeKind::integers},
            {.name = "pads", .kind = AttributeKind::integers},
            {.name = "strides", .kind = AttributeKind::integers}};
}

Status check_image(const Node& node, const Value* value, std::string_view what) {
    const std::size_t rank = value->shape.size();
    if (rank == 4) return Ok{};
    if (rank == 3) {
        return tensor_error(node, value,
                            std::string(what) + " over one spatial axis is not supported: the shape is " + to_string(value->shape),
                            "give the tensor a height of 1 (Unsqueeze) and use the form with two spatial axes");
    }
    return tensor_error(
        node, value,
        std::string(what) + " needs a tensor of four axes (batch, channels, height, width); the shape is " + to_string(value->shape));
}

}  // namespace weft
