// gemm.cpp
// Matrix products: Gemm of two matrices and the general MatMul.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/matrix_product.h"

#include <algorithm>
#include <cassert>

#include "ops/common/canonical_window.h"
#include "ops/common/quantized.h"
#include "ops/common/rewrite.h"
#include "ops/common/shapes.h"

namespace weft {

extern const OpDef op_gemm;
extern const OpDef op_reshape;

namespace {

Status check_operands(const Node& node) {
    for (const Value* value : node.inputs) {
        if (!value) continue;
        if (!is_float(value->type))
            return tensor_error(node, value, "a matrix product of " + std::string(to_string(value->type)) + " elements is not supported");
        if (value->type != node.input(0)->type) {
            return tensor_error(node, value,
                                "the element types " + std::string(to_string(node.input(0)->type)) + " and " +
                                    std::string(to_string(value->type)) + " differ");
        }
    }
    return Ok{};
}

bool flag(const Node& node, std::string_view name) { return node.attributes.integer(name) != 0; }

Result<std::vector<ValueType>> infer_gemm(Node& node) {
    WEFT_CHECK(check_operands(node));
    // Operator sets before 7 ask for what later ones always do.
    node.attributes.erase("broadcast");
    const Value* a = node.input(0);
    const Value* b = node.input(1);
    for (const Value* value : {a, b}) {
        if (value->shape.size() != 2)
            return tensor_error(node, value, "a matrix is needed; the shape is " + to_string(value->shape),
                                "flatten the tensor to two axes before this node");
    }
    const int a_rows = flag(node, "transA") ? 1 : 0, b_rows = flag(node, "transB") ? 1 : 0;
    if (a->shape[1 - a_rows] != b->shape[b_rows]) {
        return tensor_error(node, b,
                            "the product sums over " + std::to_string(a->shape[1 - a_rows]) + " elements of A but " +
                                std::to_string(b->shape[b_rows]) + " of B");
    }
    const Shape shape{a->shape[a_rows], b->shape[1 - b_rows]};
    if (const Value* c = node.input(2); c && broadcast_shape(shape, c->shape) != shape) {
        return tensor_error(node, c, "C of shape " + to_string(c->shape) + " does not broadcast to " + to_string(shape));
    }
    WEFT_CHECK(check_size(node, shape));
    return std::vector{ValueType{a->type, shape}};
}

template <class T>
Tensor gemm_typed(const Node& node, const Tensor& a, const Tensor& b, const Tensor* c) {
    const bool transpose_a = flag(node, "transA"), transpose_b = flag(node, "transB");
    const std::int64_t rows = a.shape()[transpose_a ? 1 : 0], depth = a.shape()[transpose_a ? 0 : 1],
                       columns = b.shape()[transpose_b ? 0 : 1];
    const T alpha = static_cast<T>(node.attributes.real("alpha")), beta = static_cast<T>(node.attributes.real("beta"));
    Tensor y(a.type(), {rows, columns});
    T* target = y.as<T>().data();
    gemm(rows, columns, depth, transpose_a ? transposed(a.as<T>().data(), rows) : row_major(a.as<T>().data(), depth),
         transpose_b ? transposed(b.as<T>().data(), depth) : row_major(b.as<T>().data(), columns), target, columns);
    if (alpha != T(1)) {
        for (T& element : y.as<T>()) element *= alpha;
    }
    if (!c) return y;
    const Shape& shape = c->shape();
    const std::int64_t column_step = shape.empty() || shape.back() == 1 ? 0 : 1;
    const std::int64_t row_step = shape.size() < 2 || shape[0] == 1 ? 0 : shape[1];
    const T* addend = c->as<T>().data();
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < columns; ++column)
            target[row * columns + column] += beta * addend[row * row_step + column * column_step];
    }
    return y;
}

Result<std::vector<Tensor>> evaluate_gemm(const Node& node, std::span<const Tensor* const> inputs) {
    const Tensor* c = inputs.size() > 2 ? inputs[2] : nullptr;
    const auto typed = inputs[0]->type() == DataType::float64 ? gemm_typed<double> : gemm_typed<float>;
    return only(typed(node, *inputs[0], *inputs[1], c));
}

/// A matrix product as numpy's: operands of one axis count as a row on the left and a column on the right.
struct Product {
    std::int64_t rows, depth, columns;
    Shape batch;
    Shape result;
};

std::optional<Product> product_of(const Shape& a, const Shape& b) {
    if (a.empty() || b.empty()) return std::nullopt;
    const Shape left = a.size() == 1 ? Shape{1, a[0]} : a, right = b.size() == 1 ? Shape{b[0], 1} : b;
    if (left.back() != right[right.size() - 2]) return std::nullopt;
    const auto batch = broadcast_shape(Shape(left.begin(), left.end() - 2), Shape(right.begin(), right.end() - 2));
    if (!batch) return std::nullopt;
    Product product{left[left.size() - 2], left.back(), right.back(), *batch, *batch};
    if (a.size() > 1) product.result.push_back(product.rows);
    if (b.size() > 1) product.result.push_back(product.columns);
    return product;
}

Result<std::vector<ValueType>> infer_matmul(Node& node) {
    WEFT_CHECK(check_operands(node));
    const auto product = product_of(node.input(0)->shape, node.input(1)->shape);
    if (!product) {
        return tensor_error(
            node, node.input(1),
            "the shapes " + to_string(node.input(0)->shape) + " and " + to_string(node.input(1)->shape) + " have no matrix product");
    }
    WEFT_CHECK(check_size(node, product->result));
    return std::vector{ValueType{node.input(0)->type, product->result}};
}

template <class T>
Tensor matmul_typed(const Tensor& a, const Tensor& b, const Product& product) {
    Tensor y(a.type(), product.result);
    const T* left = a.as<T>().data();
    const T* right = b.as<T>().data();
    T* target = y.as<T>().data();
    const std::int64_t rows = product.rows, depth = product.depth, columns = product.columns;
    const std::int64_t products = element_count(product.batch);
    if (b.size() == depth * columns) {
        gemm(products * rows, columns, depth, row_major(left, depth), row_major(right, columns), target, columns);
        return y;
    }
    const auto matrix_at = [&](std::int64_t index, const Shape& operand) {
        std::int64_t at = 0, stride = 1;
        const std::int64_t operand_axes = static_cast<std::int64_t>(operand.size()) - 2;
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(product.batch.size()); ++i) {
            const std::int64_t extent = product.batch[product.batch.size() - 1 - static_cast<std::size_t>(i)];
            const std::int64_t own = i < operand_axes ? operand[static_cast<std::size_t>(operand_axes - 1 - i)] : 1;
            if (own != 1) at += index % extent * stride;
            stride *= own;
            index /= extent;
        }
        return at;
    };
    for (std::int64_t i = 0; i < products; ++i) {
        gemm(rows, columns, depth, row_major(left + matrix_at(i, a.shape()) * rows * depth, depth),
             row_major(right + matrix_at(i, b.shape()) * depth * columns, columns), target + i * rows * columns, columns);
    }
    return y;
}

Result<std::vector<Tensor>> evaluate_matmul(const Node&, std::span<const Tensor* const> inputs) {
    const auto product = product_of(inputs[0]->shape(), inputs[1]->shape());
    assert(product);
    const auto typed = inputs[0]->type() == DataType::float64 ? matmul_typed<double> : matmul_typed<float>;
    return only(typed(*inputs[0], *inputs[1], *product));
}

/// Adds a dense canonical linear operator: x [..., K] times the matrix `weight` ([N, K], or [K, N] with `columns_first`).
Result<Value*> add_dense(Graph& graph, const Node& node, Value* x, Value* weight, bool columns_first, Value* bias, Attributes attributes) {
    const std::int64_t depth = x->shape.back(), outputs = element_count(weight->shape) / depth;
    auto perm = identity_perm(weight->shape.size());
    if (columns_first) std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    WEFT_ASSIGN(Value* const taps, add_view(graph, node.opset, weight, perm, {outputs, 1, 1, depth}, weight->name + "_by_output"));
    return add_inferred(graph, op_weft_linear, node.name, node.opset, {x, taps, bias}, std::move(attributes),
                        node.output()->name + "_product");
}

/// C as the bias of a linear operator of `outputs` outputs: null where it is not one bias an output. beta is folded in.
Result<Value*> bias_of(Graph& graph, const Node& node, Value* c, std::int64_t outputs, double beta) {
    const bool one_row = c->shape.size() < 2 || c->shape[0] == 1;
    if (!one_row || !is_fixed(c)) return nullptr;
    if (beta == 1.0 && element_count(c->shape) == outputs) {
        auto perm = identity_perm(c->shape.size());
        return add_view(graph, node.opset, c, perm, {outputs}, c->name + "_by_output");
    }
    // The reals beta * C in double: as exact as what the file says, whether or not C was dequantized.
    WEFT_ASSIGN(const Tensor reals, fixed_reals(c));
    Tensor bias(DataType::float64, {outputs});
    for (std::int64_t o = 0; o < outputs; ++o) bias.as<double>()[static_cast<std::size_t>(o)] = beta * reals.at(reals.size() == 1 ? 0 : o);
    return graph.add_constant(graph.unique_name(c->name + "_by_output"), std::move(bias));
}

Result<bool> gemm_to_linear(Graph& graph, Node* node) {
    Value* weight = node->input(1);
    if (!is_fixed(weight))
        return tensor_error(*node, weight, "the weight is computed by the model",
                            "only products with a constant right operand are supported");
    const std::string& name = node->output()->name;
    const std::int64_t outputs = node->output()->shape[1];
    Value* x = node->input(0);
    if (flag(*node, "transA")) {
        WEFT_ASSIGN(x, add_view(graph, node->opset, x, {1, 0}, {x->shape[1], x->shape[0]}, name + "_input"));
    }
    Attributes attributes;
    if (const double alpha = node->attributes.real("alpha"); alpha != 1.0) {
        if (const Tensor* plain = plain_constant(weight)) {
            Tensor scaled = plain->cast(DataType::float64);
            for (double& element : scaled.as<double>()) element *= alpha;
            weight = graph.add_constant(graph.unique_name(weight->name + "_scaled"), scaled.cast(weight->type));
        } else {
            attributes.set("weight_factor", alpha);
        }
    }
    Value* c = node->input(2);
    const double beta = node->attributes.real("beta");
    Value* bias = nullptr;
    if (c && beta != 0.0) {
        WEFT_ASSIGN(bias, bias_of(graph, *node, c, outputs, beta));
        if (!bias && beta != 1.0) {
            return tensor_error(*node, c, "C is scaled by beta = " + std::to_string(beta) + " and is not one constant an output",
                                "make C a constant of one row");
        }
    }
    WEFT_ASSIGN(Value * result, add_dense(graph, *node, x, weight, !flag(*node, "transB"), bias, std::move(attributes)));
    if (c && beta != 0.0 && !bias) {
        WEFT_ASSIGN(result, add_inferred(graph, op_for(OpRole::add), node->name, node->opset, {result, c}, {}, name + "_sum"));
    }
    take_over(graph, node, result);
    return true;
}

/// A C that the model computes is added behind the product, where calibration and quantizers see the sum.
Result<bool> addend_apart(Graph& graph, Node* node) {
    Value* c = node->input(2);
    if (!c || is_fixed(c)) return false;
    constexpr int without_addend = 11;  // the first operator set whose Gemm may leave C out
    const std::string& name = node->output()->name;
    const int opset = std::max(node->opset, without_addend);
    Attributes attributes = node->attributes;
    const double beta = attributes.real("beta");
    attributes.set("beta", 1.0);
    if (beta == 0.0) {
        graph.add_node(op_gemm, node->name, opset, {node->input(0), node->input(1)}, {node->output()}, std::move(attributes));
        return true;
    }
    WEFT_ASSIGN(Value* const product, add_inferred(graph, op_gemm, graph.key(node) + "_product", opset, {node->input(0), node->input(1)},
                                                   std::move(attributes), name + "_product"));
    if (beta != 1.0) {
        Value* const factor = graph.add_constant(graph.unique_name(name + "_beta"), Tensor::scalar(static_cast<float>(beta)).cast(c->type));
        WEFT_ASSIGN(c, add_inferred(graph, op_for(OpRole::multiply), graph.key(node) + "_beta", opset, {c, factor}, {}, name + "_addend"));
    }
    if (c->shape != product->shape && element_count(c->shape) == element_count(product->shape)) {
        Value* const shape =
            graph.add_constant(graph.unique_name(name + "_shape"),
                               Tensor::of<std::int64_t>({static_cast<std::int64_t>(product->shape.size())}, product->shape));
        WEFT_ASSIGN(c, add_inferred(graph, op_reshape, graph.key(node) + "_shape", opset, {c, shape}, {}, name + "_shaped"));
    }
    graph.add_node(op_for(OpRole::add), node->name, opset, {product, c}, {node->output()});
    return true;
}

/// The matrix behind leading axes of extent 1, if `value` is a constant matrix.
bool is_fixed_matrix(const Value* value) {
    const Shape& shape = value->shape;
    return is_fixed(value) && shape.size() >= 2 && element_count(shape) == shape[shape.size() - 1] * shape[shape.size() - 2];
}

Result<Value*> swap_last_axes(Graph& graph, const Node& node, Value* value) {
    Shape shape = value->shape;
    auto perm = identity_perm(shape.size());
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
    return add_view(graph, node.opset, value, perm, shape, node.output()->name + "_swapped");
}

Result<bool> matmul_to_linear(Graph& graph, Node* node) {
    Value* left = node->input(0);
    Value* right = node->input(1);
    const Shape& wanted = node->output()->shape;
    const std::string& name = node->output()->name;
    Value* result = nullptr;
    if (is_fixed_matrix(right)) {
        Value* x = left;
        if (x->shape.size() == 1) {
            WEFT_ASSIGN(x, add_view(graph, node->opset, x, {0}, {1, x->shape[0]}, name + "_input"));
        }
        WEFT_ASSIGN(result, add_dense(graph, *node, x, right, true, nullptr, {}));
    } else if (is_fixed_matrix(left) && right->shape.size() >= 2) {
        WEFT_ASSIGN(Value* const x, swap_last_axes(graph, *node, right));
        WEFT_ASSIGN(Value* const product, add_dense(graph, *node, x, left, false, nullptr, {}));
        WEFT_ASSIGN(result, swap_last_axes(graph, *node, product));
    } else {
        return node_error(*node, "a product of two tensors computed by the model is not supported",
                          "only products with a constant matrix are supported");
    }
    if (result->shape != wanted) {
        auto perm = identity_perm(result->shape.size());
        WEFT_ASSIGN(result, add_view(graph, node->opset, result, perm, wanted, name + "_shaped"));
    }
    take_over(graph, node, result);
    return true;
}

Result<Value*> add_swap(Graph& graph, const Node& node, Value* value) {
    auto perm = identity_perm(value->shape.size());
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    Attributes attributes;
    attributes.set("perm", perm);
    return add_inferred(graph, op_transpose, "", node.opset, {value}, std::move(attributes), node.output()->name + "_swapped");
}

/// W x as (x' W')': weights on the right, where calibration looks for them.
Result<bool> weights_to_the_right(Graph& graph, Node* node) {
    const Value* weight = node->input(0);
    Value* x = node->input(1);
    if (!weight->is_constant() || weight->shape.size() != 2 || x->shape.size() < 2 || is_fixed(x)) return false;
    const std::int64_t rows = weight->shape[0], depth = weight->shape[1];
    Tensor swapped(weight->type, {depth, rows});
    visit_type(weight->type, [&](auto e) {
        const auto from = weight->constant->as<decltype(e)>();
        const auto to = swapped.as<decltype(e)>();
        for (std::int64_t row = 0; row < rows; ++row) {
            for (std::int64_t d = 0; d < depth; ++d)
                to[static_cast<std::size_t>(d * rows + row)] = from[static_cast<std::size_t>(row * depth + d)];
        }
    });
    Value* const right = graph.add_constant(graph.unique_name(weight->name + "_swapped"), std::move(swapped));
    WEFT_ASSIGN(Value* const left, add_swap(graph, *node, x));
    WEFT_ASSIGN(Value* const product,
                add_inferred(graph, op_mat_mul, graph.key(node), node->opset, {left, right}, {}, node->output()->name + "_product"));
    WEFT_ASSIGN(Value* const result, add_swap(graph, *node, product));
    take_over(graph, node, result);
    return true;
}

const LinearTrait gemm_linear{
    .weight = 1,
    .bias = 2,
    .out_axis = [](const Node& node) { return flag(node, "transB") ? 0 : 1; },
    .factors = [](const Node& node) { return std::pair(node.attributes.real("alpha"), node.attributes.real("beta")); },
    .applies =
        [](const Node& node) { return !flag(node, "transA") && is_fixed(node.input(1)) && (!node.input(2) || is_fixed(node.input(2))); },
};

const LinearTrait matmul_linear{
    .weight = 1,
    .bias = -1,
    .out_axis = [](const Node&) { return 1; },
    .factors = nullptr,
    .applies =
        [](const Node& node) { return is_fixed(node.input(1)) && node.input(1)->shape.size() == 2 && node.input(0)->shape.size() >= 2; },
};

const Traits gemm_traits{.linear = gemm_linear, .accumulates = true};
const Traits matmul_traits{.linear = matmul_linear, .accumulates = true};

}  // namespace

extern const OpDef op_gemm{
    .name = "Gemm",
    .since = 1,
    .summary = "alpha * A * B + beta * C; in hardware B is constant",
    .inputs = {2, 3},
    .outputs = {1, 1},
    .attributes = {{.name = "alpha", .kind = AttributeKind::real, .fallback = 1.0},
                   {.name = "beta", .kind = AttributeKind::real, .fallback = 1.0},
                   {.name = "broadcast", .kind = AttributeKind::integer, .until = 6},
                   {.name = "transA", .kind = AttributeKind::integer, .fallback = std::int64_t{0}},
                   {.name = "transB", .kind = AttributeKind::integer, .fallback = std::int64_t{0}}},
    .traits = gemm_traits,
    .infer = infer_gemm,
    .evaluate = evaluate_gemm,
    .rewrites = {{"gemm-to-linear", gemm_to_linear}},
    .expansions = {{"addend-apart", addend_apart}},
};

extern const OpDef op_mat_mul{
    .name = "MatMul",
    .since = 1,
    .summary = "matrix product; in hardware one operand is a constant matrix",
    .inputs = {2, 2},
    .outputs = {1, 1},
    .attributes = {},
    .traits = matmul_traits,
    .infer = infer_matmul,
    .evaluate = evaluate_matmul,
    .rewrites = {{"product-to-linear", matmul_to_linear}},
    .expansions = {{"weights-to-the-right", weights_to_the_right}},
};

}  // namespace weft
