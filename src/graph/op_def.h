// op_def.h
// The operator contract: everything weft knows of one operator, as one aggregate. Defined in ops/, listed by the generated registry.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/attribute.h"
#include "src/graph/graph.h"
#include "src/graph/host_step.h"
#include "src/graph/piecewise_linear.h"
#include "src/graph/rational.h"
#include "src/graph/tensor.h"

namespace weft {

class Lowering;

/// Type and shape that an operator's `infer` gives to an output.
struct ValueType {
    DataType type = DataType::float32;
    Shape shape;
};

/// How many inputs or outputs a node may have; `optional` ones may also be left out in between (an empty name).
struct Arity {
    int min = 1;
    int max = 1;  ///< -1: any number.
};

/// What a generic pass asks a node for when it must create one and may not name its operator.
enum class OpRole {
    none,
    quantize,    ///< real -> integer by scale and zero point: (x, scale, zero_point)
    dequantize,  ///< integer -> real: (x, scale, zero_point)
    clip,        ///< limits a value: (x, min, max); on integers where the operator set allows it
    cast,        ///< converts the element type, attribute `to`
    identity,    ///< the output is the input
    typed,       ///< canonical: the quantizer and dequantizer pair of a typed value
    view,        ///< canonical: elements in another order and shape
    linear,      ///< canonical
    multiply,    ///< elementwise product (x, y)
    add,         ///< elementwise sum (x, y)
    divide,      ///< elementwise quotient (x, y)
    transpose,   ///< axes permuted, attribute `perm`
    gather,      ///< slices taken along attribute `axis` by constant indices: (x, indices)
    branch,      ///< runs one of two sub-graphs: (condition), attributes `then_branch` and `else_branch`
    round_down,  ///< largest integer not above: (x)
    round_up,    ///< smallest integer not below: (x)
};

/// output[o...] = sum over inputs and window of weight * input, plus bias. Input indices into the node's inputs.
struct LinearTrait {
    int weight = 1;
    int bias = 2;
    /// Axis of the weight that counts output channels.
    int (*out_axis)(const Node&) = nullptr;
    /// Factor on the weight product and on the bias (Gemm's alpha and beta); null for 1 and 1.
    std::pair<double, double> (*factors)(const Node&) = nullptr;
    /// Whether this node is a linear operator with a constant weight in the sense above; null for always.
    bool (*applies)(const Node&) = nullptr;
};

/// y[i] = f(inputs' broadcast elements at i): the value at an index depends on that index only.
struct ElementwiseTrait {
    /// Inputs in the node's order; an omitted input is NaN. Long double, so that a table built from it is right to the last bit of a
    /// double.
    long double (*real)(const Node&, std::span<const long double> inputs) = nullptr;
    /// The same in exact arithmetic; null for functions that have no rational value (sigmoid), empty where this node has none at these
    /// inputs (a division by zero, a power of 0.5). Omitted inputs are 0.
    std::optional<Rational> (*exact)(const Node&, std::span<const Rational> inputs) = nullptr;
    /// The exact function of input `varying` with the other inputs constant as given; null for functions that are never straight pieces,
    /// empty where they are not with these constants (c / x).
    std::optional<PiecewiseLinear> (*pieces)(const Node&, int varying, std::span<const Rational> inputs) = nullptr;
    /// Non-decreasing in its one varying input whatever the constants (relu, clip, sigmoid).
    bool non_decreasing = false;
    /// Has jumps (floor, a quantizer): beside one, evaluation in floating point does not tell which side is meant.
    bool jumps = false;
    /// Whether this node is a function of single elements in the sense above (a quantizer per channel is not); null for always.
    bool (*applies)(const Node&) = nullptr;
    /// Inputs of one axis hold an element for each index of this axis of the output; -1: all inputs broadcast by numpy's rule.
    int channel_axis = -1;
};

/// The same elements in another order or shape: output element i (flat, row-major) is input element `map(i)`.
struct ViewTrait {
    std::vector<std::int64_t> (*map)(const Node&) = nullptr;
    /// Whether this node is a view (a Pad with all pads zero is); null for always.
    bool (*applies)(const Node&) = nullptr;
};

/// What generic passes read instead of operator names.
struct Traits {
    OpRole role = OpRole::none;
    std::optional<LinearTrait> linear = {};
    std::optional<ElementwiseTrait> elementwise = {};
    std::optional<ViewTrait> view = {};
    /// Every output element is one of the input elements of the inputs listed (or padding): the integer type passes through (MaxPool,
    /// Concat, and of every view its first input); of several inputs the scale and zero point, and the hull of the ranges.
    std::vector<int> same_type_inputs = {};
    bool same_type_all_inputs = false;  ///< The same for an operator with any number of inputs.
    /// Commutes with every non-decreasing function of single elements (MaxPool, views, Concat): quantizers may move across.
    bool commutes_with_monotone = false;
    /// Of those, one that hands on the largest of several elements: it does not commute with functions that fall.
    bool picks_largest = false;
    /// Elements that come from no input have this value; empty where it is not a constant of this node. Null: there are none.
    std::optional<double> (*fill_value)(const Node&) = nullptr;
    /// Inputs whose elements may be infinite: limits, fill values.
    std::vector<int> limit_inputs = {};
    /// Takes its inputs in any order of elements, as long as it is one for all (a sum).
    bool any_order = false;
    /// A sum over several elements: its exact result needs an accumulator (linear, average, add). Ends one region and starts the next.
    bool accumulates = false;
    /// The outputs depend on the shapes of the inputs alone (Shape, Size): known, like a constant, once the shapes are. `evaluate` then
    /// accepts null inputs and takes the shapes from the node's values.
    bool shape_only = false;
    /// Compares (and is no elementwise function of reals): has jumps in the sense of ElementwiseTrait.
    bool jumps = false;
    /// The host may run it after the kernel (Softmax, ArgMax and the like).
    bool host_suffix = false;
};

/// One step of a rewrite: tries to replace `node` (already known to be of the operator that lists the rewrite) by nodes nearer to the
/// canonical form. The last new node takes over the old node's output Value (pass it to Graph::add_node), so that the names of the model's
/// values survive. True if it changed the graph; the caller then removes the node if it produces nothing any more. An error refuses the
/// node.
struct Rewrite {
    std::string_view name;  ///< For dumps: which rewrite fired.
    Result<bool> (*apply)(Graph&, Node*);
};

/// Why weft does not take an operator of the standard, or a node of one: `reason` follows "the operator NAME ", `help` is a diagnostic's.
struct Refusal {
    std::string_view reason;
    std::string_view help;
};

/// What an evaluation with one output gives; a braced list would copy the tensor.
inline std::vector<Tensor> only(Tensor output) {
    std::vector<Tensor> outputs;
    outputs.push_back(std::move(output));
    return outputs;
}

/// Everything known of one operator. A face left out is a visible missing line with a defined meaning.
struct OpDef {
    std::string_view name;
    std::string_view domain = "";  ///< "" for standard ONNX, "weft" for canonical operators.
    /// Other domains in which files have it.
    std::vector<std::string_view> other_domains = {};
    /// Its name in text graphs of earlier versions of weft; empty where it never had another.
    std::string_view former_name = {};
    int since = 1;  ///< First operator set version with these semantics.
    std::string_view summary;
    Arity inputs;
    Arity outputs;
    std::vector<AttributeDef> attributes = {};
    Traits traits;
    /// Set for an operator that is known only to be refused in words of its own: the faces below are never asked.
    std::optional<Refusal> refusal = {};
    /// Types and shapes of the outputs from those of the inputs (constants give their elements). May normalise the node's attributes:
    /// quirks of older operator sets end here.
    Result<std::vector<ValueType>> (*infer)(Node&) = nullptr;
    /// The outputs for the given inputs, in the arithmetic of the inputs' element type (float32 or float64). Omitted inputs are null.
    /// Null: never evaluated.
    Result<std::vector<Tensor>> (*evaluate)(const Node&, std::span<const Tensor* const> inputs) = nullptr;
    /// Puts a typed node into the words of a later operator set where its attributes changed meaning (those that became inputs are in the
    /// attribute table). Null: they mean the same in all.
    Status (*upgrade)(Node&, int opset) = nullptr;
    std::vector<Rewrite> rewrites = {};
    /// Steps from a quantized operator of its own (QLinearConv, QONNX's Quant) to standard real operators between QuantizeLinear and
    /// DequantizeLinear: the only form in which the rest of weft knows quantizers, and that out/model.onnx has. Such a node is never
    /// folded: of a constant it makes stored integers.
    std::vector<Rewrite> expansions = {};
    /// Why a node that its rewrites left as it is has no hardware, and what would help; empty where nothing but its operator is the reason.
    /// Null: as always empty.
    std::optional<Refusal> (*no_hardware)(const Node&) = nullptr;
    /// What the node is to the program that feeds a kernel, by its inputs that are known (reals in double precision; null is the one that
    /// is not, and an omitted one), where that program's library has it; it gives what `evaluate` gives. Null, or empty: it is left to that
    /// program's user. Views need none.
    std::optional<HostStep> (*host_step)(const Node&, std::span<const Tensor* const> known) = nullptr;
    /// Canonical operators only: adds units to the Design. Null: has no hardware of its own.
    Status (*lower)(const Node&, Lowering&) = nullptr;
};

/// The generated list of all operators, ordered by domain and name.
std::span<const OpDef* const> op_registry();
/// The operator of that name in that domain ("ai.onnx" is ""), one that is at home there before others; or null.
const OpDef* find_op(std::string_view domain, std::string_view name);
/// The operator that plays `role`; asserts that there is one.
const OpDef& op_for(OpRole role);

/// A diagnostic about `node`, in the user's names.
Diagnostic node_error(const Node& node, std::string reason, std::string help = {}, Made made = std::source_location::current());
/// The same, about one of its tensors.
Diagnostic tensor_error(const Node& node, const Value* tensor, std::string reason, std::string help = {},
                        Made made = std::source_location::current());

}  // namespace weft
