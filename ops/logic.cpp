// logic.cpp
// Comparisons, connectives and selection: what exporters write into chains of constants.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/broadcast.h"
#include "ops/common/operands.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

struct Equal {
    static constexpr bool on_numbers = true, on_booleans = true;
    template <class T>
    static bool of(T a, T b) {
        return a == b;
    }
};

struct Greater {
    static constexpr bool on_numbers = true, on_booleans = false;
    template <class T>
    static bool of(T a, T b) {
        return a > b;
    }
};

struct Less {
    static constexpr bool on_numbers = true, on_booleans = false;
    template <class T>
    static bool of(T a, T b) {
        return a < b;
    }
};

struct GreaterOrEqual {
    static constexpr bool on_numbers = true, on_booleans = false;
    template <class T>
    static bool of(T a, T b) {
        return a >= b;
    }
};

struct LessOrEqual {
    static constexpr bool on_numbers = true, on_booleans = false;
    template <class T>
    static bool of(T a, T b) {
        return a <= b;
    }
};

struct And {
    static constexpr bool on_numbers = false, on_booleans = true;
    static bool of(bool a, bool b) { return a && b; }
};

struct Or {
    static constexpr bool on_numbers = false, on_booleans = true;
    static bool of(bool a, bool b) { return a || b; }
};

struct Xor {
    static constexpr bool on_numbers = false, on_booleans = true;
    static bool of(bool a, bool b) { return a != b; }
};

template <class F, class T>
constexpr bool is_defined_on() {
    return std::is_same_v<T, bool> ? F::on_booleans : F::on_numbers;
}

Diagnostic wrong_type(const Node& node, const Value* input) {
    return tensor_error(node, input, "the operator is not defined on elements of type " + std::string(to_string(input->type)));
}

template <class F>
Result<std::vector<ValueType>> infer_relation(Node& node) {
    WEFT_ASSIGN(auto operands, broadcast_inputs(node));
    const bool accepted = operands.type == DataType::boolean ? F::on_booleans : F::on_numbers;
    if (!accepted) return wrong_type(node, node.input(0));
    return std::vector{ValueType{DataType::boolean, std::move(operands.shape)}};
}

template <class F>
Result<std::vector<Tensor>> evaluate_relation(const Node& node, std::span<const Tensor* const> inputs) {
    const Operands operands(inputs);
    const Shape second = aligned_shape(node, operands[0].shape(), operands[1].shape());
    Tensor result(DataType::boolean, *broadcast_shape(operands[0].shape(), second));
    visit_type(operands.type(), [&](auto e) {
        using T = decltype(e);
        if constexpr (is_defined_on<F, T>()) {
            broadcast_map<T, T, bool>(operands[0], operands[1].reshaped(second), result, [](T a, T b) { return F::of(a, b); });
        }
    });
    return only(std::move(result));
}

template <class F>
OpDef relation_op(std::string_view name, std::string_view summary, int since = 1) {
    return {
        .name = name,
        .since = since,
        .summary = summary,
        .inputs = {2, 2},
        .outputs = {1, 1},
        .attributes = {{.name = "axis", .kind = AttributeKind::integer}, {.name = "broadcast", .kind = AttributeKind::integer, .until = 6}},
        .traits = {.jumps = true},
        .infer = infer_relation<F>,
        .evaluate = evaluate_relation<F>};
}

// --- Not ---

Result<std::vector<ValueType>> infer_not(Node& node) {
    if (node.input(0)->type != DataType::boolean) return wrong_type(node, node.input(0));
    return std::vector{ValueType{DataType::boolean, node.input(0)->shape}};
}

Result<std::vector<Tensor>> evaluate_not(const Node&, std::span<const Tensor* const> inputs) {
    Tensor result = *inputs[0];
    for (bool& element : result.as<bool>()) element = !element;
    return only(std::move(result));
}

// --- Where ---

Result<std::vector<ValueType>> infer_where(Node& node) {
    const Value* condition = node.input(0);
    const Value* first = node.input(1);
    const Value* second = node.input(2);
    if (condition->type != DataType::boolean) return wrong_type(node, condition);
    WEFT_ASSIGN(const DataType type, common_type(node, first, second));
    auto shape = broadcast_shape(first->shape, second->shape);
    if (shape) shape = broadcast_shape(*shape, condition->shape);
    if (!shape) {
        return tensor_error(node, condition,
                            "shapes " + to_string(condition->shape) + ", " + to_string(first->shape) + " and " + to_string(second->shape) +
                                " do not broadcast");
    }
    WEFT_CHECK(check_size(node, *shape));
    return std::vector{ValueType{type, *shape}};
}

Result<std::vector<Tensor>> evaluate_where(const Node&, std::span<const Tensor* const> inputs) {
    const Tensor& condition = *inputs[0];
    const Operands branches(inputs.subspan(1));
    const Tensor& first = branches[0];
    const Tensor& second = branches[1];
    const Shape shape = *broadcast_shape(*broadcast_shape(first.shape(), second.shape()), condition.shape());
    Tensor result(branches.type(), shape);
    const bool* chosen = condition.as<bool>().data();
    visit_type(result.type(), [&](auto e) {
        using T = decltype(e);
        const T* a = first.as<T>().data();
        const T* b = second.as<T>().data();
        T* target = result.as<T>().data();
        Broadcast<3>(shape, {condition.shape(), first.shape(), second.shape()})
            .for_each_row([&](std::int64_t at, const auto& offsets, const auto& steps, std::int64_t count) {
                for (std::int64_t i = 0; i < count; ++i) {
                    target[at + i] = chosen[offsets[0] + i * steps[0]] ? a[offsets[1] + i * steps[1]] : b[offsets[2] + i * steps[2]];
                }
            });
    });
    return only(std::move(result));
}

}  // namespace

extern const OpDef op_equal = relation_op<Equal>("Equal", "a == b");
extern const OpDef op_greater = relation_op<Greater>("Greater", "a > b");
extern const OpDef op_less = relation_op<Less>("Less", "a < b");
extern const OpDef op_greater_or_equal = relation_op<GreaterOrEqual>(
    "GreaterOrEqual", "a >= b; in hardware where the thresholds reached are counted: Unsqueeze, this, Cast, ReduceSum, Cast", 12);
extern const OpDef op_less_or_equal = relation_op<LessOrEqual>("LessOrEqual", "a <= b", 12);
extern const OpDef op_and = relation_op<And>("And", "a and b");
extern const OpDef op_or = relation_op<Or>("Or", "a or b");
extern const OpDef op_xor = relation_op<Xor>("Xor", "either a or b");

extern const OpDef op_not{
    .name = "Not",
    .summary = "not x",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .infer = infer_not,
    .evaluate = evaluate_not,
};

extern const OpDef op_where{
    .name = "Where",
    .since = 9,
    .summary = "a where the condition holds, else b",
    .inputs = {3, 3},
    .outputs = {1, 1},
    .infer = infer_where,
    .evaluate = evaluate_where,
};

}  // namespace weft
