// operands.h
// The inputs of operators that combine several tensors element by element: one element type, one broadcast shape.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

/// Element type that a and b share; where they are float32 and float64, float64. An error about `node` if they differ otherwise.
Result<DataType> common_type(const Node& node, const Value* a, const Value* b);

/// Type and shape of the broadcast of all inputs of `node`; errors name the input that does not fit.
Result<ValueType> broadcast_inputs(const Node& node);

/// Input tensors of one element type: float32 tensors become float64 where one of the others is float64 (evaluation in double meets
/// constants computed in float).
class Operands {
public:
    explicit Operands(std::span<const Tensor* const> inputs);
    const Tensor& operator[](std::size_t index) const { return *tensors_[index]; }
    std::size_t size() const { return tensors_.size(); }
    std::span<const Tensor* const> tensors() const { return tensors_; }
    DataType type() const { return tensors_[0]->type(); }

private:
    std::vector<const Tensor*> tensors_;
    std::vector<Tensor> converted_;
};

/// Shape of an operand that operator sets before 7 align at attribute `axis` of the first one, written as numpy's rule needs it.
Shape aligned_shape(const Node& node, const Shape& first, const Shape& second);

}  // namespace weft
