// host_steps.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/host_steps.h"

#include <algorithm>
#include <cmath>

namespace weft {

HostStep step_along_axis(std::string op, const Shape& shape, std::int64_t axis, std::vector<StepConstant> constants) {
    HostStep step{std::move(op)};
    const bool alike = std::ranges::all_of(constants, [](const StepConstant& constant) { return constant.values.size() == 1; });
    if (alike) {
        step.inner = element_count(shape);
    } else {
        const auto at = shape.begin() + axis;
        step.outer = element_count(Shape(shape.begin(), at));
        step.count = *at;
        step.inner = element_count(Shape(at + 1, shape.end()));
    }
    for (StepConstant& constant : constants) step.constants.emplace_back(std::move(constant.name), std::move(constant.values));
    return step;
}

std::optional<HostStep> broadcast_step(std::string op, std::string constant_name, const Node& node, const Value& varying,
                                       const Tensor& constant) {
    if (!is_float(varying.type) || node.output()->shape != varying.shape) return std::nullopt;
    // Before operator set 7 operands were aligned by an attribute.
    if (node.opset < 7 && constant.size() > 1) return std::nullopt;
    std::vector<double> values = constant.to_doubles();
    if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) return std::nullopt;
    std::int64_t axis = 0;
    int long_axes = 0;
    for (std::size_t i = 0; i < constant.shape().size(); ++i) {
        if (constant.shape()[i] == 1) continue;
        ++long_axes;
        axis = static_cast<std::int64_t>(varying.shape.size() - constant.shape().size() + i);
    }
    if (long_axes > 1 || values.empty()) return std::nullopt;
    return step_along_axis(std::move(op), varying.shape, axis, {{std::move(constant_name), std::move(values)}});
}

}  // namespace weft
