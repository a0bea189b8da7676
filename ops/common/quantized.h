// quantized.h
// What operators share that are quantized themselves: integers without their zero point, sums brought to a scale, and the real form.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/graph/op_def.h"

namespace weft {

// The standard operators that real forms are made of.
extern const OpDef op_average_pool;
extern const OpDef op_concat;
extern const OpDef op_conv;
extern const OpDef op_dequantize_linear;
extern const OpDef op_gemm;
extern const OpDef op_global_average_pool;
extern const OpDef op_leaky_relu;
extern const OpDef op_mat_mul;
extern const OpDef op_mul;
extern const OpDef op_pad;
extern const OpDef op_quantize_linear;
extern const OpDef op_sigmoid;
extern const OpDef op_softmax;
extern const OpDef op_transpose;

/// Writes what a quantized operator says with standard real operators between quantizers: a weight or input is dequantized, the real
/// operator applied, its result quantized. The nodes are typed as they are added.
class RealForm {
public:
    RealForm(Graph& graph, const Node& node);

    const Node& node() const { return node_; }
    /// (integers - zero) * scale; `zero` may be null. Where there is a scale for each channel, `axis` counts channels.
    Result<Value*> dequantized(Value* integers, Value* scale, Value* zero, std::int64_t axis = 0);
    /// round(real / scale) + zero. Without `zero` it is 0 of the element type `type`.
    Result<Value*> quantized(Value* real, Value* scale, Value* zero, DataType type);
    /// 32-bit integers on the grid of a product: integers * first * second, whose scale no float32 may hold.
    Result<Value*> dequantized_sum(Value* integers, Value* first, Value* second);
    /// Output 0 of `op`, with those attributes of the node that `op` knows, overridden by `attributes`: the node that carries the name.
    /// `opset` says in which operator set's words; 0: the model's.
    Result<Value*> applied(const OpDef& op, std::vector<Value*> inputs, const Attributes& attributes = {}, int opset = 0);
    Result<Value*> transposed(Value* value, std::vector<std::int64_t> perm);
    Value* constant(std::string_view suffix, Tensor tensor);

private:
    Result<Value*> add(const OpDef& op, std::string_view name, int opset, std::vector<Value*> inputs, Attributes attributes,
                       std::string_view wanted);
    /// Scale and zero point as quantizers read them: scalars, or vectors of one length, which is returned.
    std::int64_t align(Value*& scale, Value*& zero);

    Graph& graph_;
    const Node& node_;
    std::string key_;
    std::string stem_;  ///< Of the new values' names: the output's.
    int opset_;
};

using WriteRealForm = Result<Value*> (*)(RealForm&);

/// An expansion (see OpDef::expansions): the real form's last node takes over output 0 of `node`.
Result<bool> expand_to(Graph& graph, Node* node, WriteRealForm write);
template <WriteRealForm write>
Result<bool> expand_to(Graph& graph, Node* node) {
    return expand_to(graph, node, write);
}

/// Type and shape of the real form's result.
Result<std::vector<ValueType>> infer_as(Node& node, WriteRealForm write);
template <WriteRealForm write>
Result<std::vector<ValueType>> infer_as(Node& node) {
    return infer_as(node, write);
}

/// Output 0 of `op` on `inputs`, with those attributes of `node` that `op` knows, overridden by `attributes`.
Result<Tensor> evaluate_as(const OpDef& op, const Node& node, std::span<const Tensor* const> inputs, const Attributes& attributes = {},
                           int opset = 0);
/// The shape of output 0 of `op` on real inputs shaped as `inputs`.
Result<Shape> shape_as(const OpDef& op, const Node& node, std::span<const Value* const> inputs);

/// An input that may be omitted; null if it is.
inline const Tensor* optional_input(std::span<const Tensor* const> inputs, std::size_t index) {
    return index < inputs.size() ? inputs[index] : nullptr;
}

/// The integers less their zero point, as doubles, so that sums of products are exact. `zero` may be null; `axis` counts channels where
/// there are several zero points.
Tensor centred(const Tensor& integers, const Tensor* zero, std::int64_t axis = 0);

/// A scale, and the axis of the result that counts channels where there is one for each.
struct Factor {
    const Tensor* scale;
    std::int64_t axis = 0;
};

/// round_half_even(sums * product of the factors / denominator) + zero, limited to `type`. All of it is computed in the element type of
/// the scales, the factor first, as runtimes do. `zero` may be null.
Tensor rescaled(const Tensor& sums, std::span<const Factor> factors, const Tensor& denominator, const Tensor* zero, DataType type);
/// sums * product of the factors, in the element type of the scales.
Tensor rescaled(const Tensor& sums, std::span<const Factor> factors);

/// (integers - zero) * scale per tensor, in the scale's type, and its inverse.
Tensor real_of(const Tensor& integers, const Tensor& scale, const Tensor* zero);
Tensor integers_of(const Tensor& real, const Tensor& scale, const Tensor* zero, DataType type);

}  // namespace weft
