// narrow_reals.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/narrow_reals.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/graph/op_def.h"
#include "src/onnx/tensor_proto.h"

namespace weft {

namespace {

Tensor narrowed(const Tensor& tensor) {
    Tensor result(DataType::float32, tensor.shape());
    static constexpr double limit = std::numeric_limits<float>::max();
    std::ranges::transform(tensor.as<double>(), result.as<float>().begin(), [](double element) {
        return static_cast<float>(std::isfinite(element) ? std::clamp(element, -limit, limit) : element);
    });
    return result;
}

}  // namespace

void narrow_reals(Graph& graph) {
    for (const auto& value : graph.values()) {
        if (value->type != DataType::float64) continue;
        value->type = DataType::float32;
        if (value->constant) value->constant = std::make_shared<const Tensor>(narrowed(*value->constant));
    }
    for (const auto& node : graph.nodes()) {
        Attributes changed = node->attributes;
        for (const auto& [name, attribute] : node->attributes) {
            if (const auto* tensor = std::get_if<Tensor>(&attribute); tensor && tensor->type() == DataType::float64)
                changed.set(name, narrowed(*tensor));
            const auto* type = std::get_if<std::int64_t>(&attribute);
            if (type && node->op->traits.role == OpRole::cast && data_type_from_onnx(static_cast<int>(*type)) == DataType::float64)
                changed.set(name, std::int64_t{data_type_to_onnx(DataType::float32)});
        }
        node->attributes = std::move(changed);
    }
}

}  // namespace weft
