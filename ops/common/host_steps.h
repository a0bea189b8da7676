// host_steps.h
// What operators say of themselves as operations beside a kernel (HostStep).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/graph/graph.h"
#include "src/graph/host_step.h"
#include "src/graph/tensor.h"

namespace weft {

/// A constant of an operation: its name there, and its values.
struct StepConstant {
    std::string name;
    std::vector<double> values;
};

/// An operation on a tensor of that shape, with one value of each constant for all elements, or one an index of `axis`.
HostStep step_along_axis(std::string op, const Shape& shape, std::int64_t axis, std::vector<StepConstant> constants);

/// An operation with one constant that is broadcast to the shape of `varying`, in numpy's way; empty where it varies along several axes, or
/// the result is of another shape, or not real.
std::optional<HostStep> broadcast_step(std::string op, std::string constant_name, const Node& node, const Value& varying,
                                       const Tensor& constant);

}  // namespace weft
