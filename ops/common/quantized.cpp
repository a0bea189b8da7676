// quantized.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/quantized.h"

#include <algorithm>

#include "ops/common/quantizer.h"
#include "ops/common/rewrite.h"

namespace weft {

namespace {

/// Operator sets with scales per channel, and with quantizers of 16 bits.
constexpr int per_channel_opset = 13, int16_opset = 21;

int standard_opset(const Graph& graph) {
    int opset = per_channel_opset;
    for (const auto& node : graph.nodes()) {
        if (node->op->domain.empty()) opset = std::max(opset, node->opset);
    }
    return opset;
}

/// The defaults of `op`'s table, over them what it knows of the attributes `given`, over both `attributes`.
Attributes attributes_for(const OpDef& op, const Attributes& given, const Attributes& attributes) {
    Attributes result;
    for (const AttributeDef& def : op.attributes) {
        if (const auto* integer = std::get_if<std::int64_t>(&def.fallback)) result.set(std::string(def.name), *integer);
        if (const auto* real = std::get_if<double>(&def.fallback)) result.set(std::string(def.name), *real);
        if (const auto* text = std::get_if<std::string_view>(&def.fallback)) result.set(std::string(def.name), std::string(*text));
    }
    const auto is_known = [&](const std::string& name) {
        return std::any_of(op.attributes.begin(), op.attributes.end(), [&](const AttributeDef& def) { return def.name == name; });
    };
    for (const auto& [name, value] : given) {
        if (is_known(name)) result.set(name, value);
    }
    for (const auto& [name, value] : attributes) result.set(name, value);
    return result;
}

/// The one element, or one for each of `count` channels, as the shape says that DequantizeLinear reads.
Tensor spread(const Tensor& tensor, std::int64_t count) {
    if (count == 1) return tensor.reshaped({});
    if (tensor.size() == count) return tensor.reshaped({count});
    Tensor result(tensor.type(), {count});
    visit_type(tensor.type(), [&](auto e) {
        using T = decltype(e);
        std::fill(result.as<T>().begin(), result.as<T>().end(), tensor.as<T>()[0]);
    });
    return result;
}

bool same_constant(const Value* a, const Value* b) {
    return a == b || (a && b && a->is_constant() && b->is_constant() && *a->constant == *b->constant);
}

/// result[i] = f(i, factor at i) with the factors' product over the denominator (null: 1), in the scales' type T.
template <class T, class F>
void with_factors(const Tensor& sums, std::span<const Factor> factors, const Tensor* denominator, F f) {
    struct Steps {
        std::span<const T> scale;
        std::int64_t inner, count;
    };
    std::vector<Steps> steps;
    const Shape& shape = sums.shape();
    for (const Factor& factor : factors) {
        const std::int64_t count = factor.scale->size();
        const std::int64_t inner = count == 1 ? 1 : element_count(Shape(shape.begin() + factor.axis + 1, shape.end()));
        steps.push_back({factor.scale->as<T>(), inner, count});
    }
    const T divisor = denominator ? denominator->as<T>()[0] : T(1);
    const auto elements = sums.as<double>();
    for (std::size_t i = 0; i < elements.size(); ++i) {
        T factor(1);
        for (const Steps& step : steps)
            factor *= step.scale[i / static_cast<std::size_t>(step.inner) % static_cast<std::size_t>(step.count)];
        if (denominator) factor /= divisor;
        f(i, static_cast<T>(elements[i]) * factor);
    }
}

}  // namespace

RealForm::RealForm(Graph& graph, const Node& node)
    : graph_(graph), node_(node), key_(graph.key(&node)), stem_(node.output()->name), opset_(standard_opset(graph)) {}

Result<Value*> RealForm::add(const OpDef& op, std::string_view name, int opset, std::vector<Value*> inputs, Attributes attributes,
                             std::string_view wanted) {
    Value* output = graph_.add_value(graph_.unique_name(wanted), inputs.front()->type, {});
    Node* made = graph_.add_node(op, std::string(name), opset, std::move(inputs), {output}, std::move(attributes));
    auto types = op.infer(*made);
    if (!types) {
        Diagnostics problems = std::move(types).error();
        for (Diagnostic& problem : problems) problem.node = key_;
        return problems;
    }
    output->type = types->front().type;
    output->shape = types->front().shape;
    return output;
}

Value* RealForm::constant(std::string_view suffix, Tensor tensor) {
    return graph_.add_constant(graph_.unique_name(stem_ + std::string(suffix)), std::move(tensor));
}

std::int64_t RealForm::align(Value*& scale, Value*& zero) {
    if (!scale->is_constant() || (zero && !zero->is_constant())) return 1;  // refused by the quantizer
    const std::int64_t channels = std::max(scale->constant->size(), zero ? zero->constant->size() : 1);
    for (Value** value : {&scale, &zero}) {
        if (!*value) continue;
        const Shape& shape = (*value)->shape;
        const std::int64_t count = element_count(shape);
        if ((count != 1 && count != channels) || (channels == 1 ? shape.size() <= 1 : shape == Shape{channels})) continue;
        *value = graph_.add_constant(graph_.unique_name((*value)->name + "_spread"), spread(*(*value)->constant, channels));
    }
    return channels;
}

Result<Value*> RealForm::dequantized(Value* integers, Value* scale, Value* zero, std::int64_t axis) {
    const std::int64_t channels = align(scale, zero);
    // One value for several readers: an input of the model must not come in twice.
    for (const Node* reader : graph_.readers(integers)) {
        if (reader->op == &op_dequantize_linear && channels == 1 && same_constant(reader->input(1), scale) &&
            same_constant(reader->input(2), zero))
            return reader->output();
    }
    Attributes attributes;
    if (channels > 1) attributes.set("axis", axis);
    const int opset = size_of(integers->type) == 2 ? std::max(opset_, int16_opset) : opset_;
    return add(op_dequantize_linear, "", opset, {integers, scale, zero}, attributes_for(op_dequantize_linear, {}, attributes),
               integers->name + "_dequantized");
}

Result<Value*> RealForm::quantized(Value* real, Value* scale, Value* zero, DataType type) {
    if (!zero) zero = constant("_zero_point", Tensor(type, {}));
    align(scale, zero);
    const int opset = size_of(zero->type) == 2 ? std::max(opset_, int16_opset) : opset_;
    return add(op_quantize_linear, key_ + "_quantize", opset, {real, scale, zero}, attributes_for(op_quantize_linear, {}, {}),
               stem_ + "_quantized");
}

Result<Value*> RealForm::dequantized_sum(Value* integers, Value* first, Value* second) {
    if (integers->type != DataType::int32)
        return tensor_error(node_, integers, "the bias must be int32, not " + std::string(to_string(integers->type)));
    WEFT_ASSIGN(Value* const part, dequantized(integers, first, nullptr));
    Value* none = nullptr;
    align(second, none);
    return add(op_mul, "", opset_, {part, second}, {}, integers->name + "_real");
}

Result<Value*> RealForm::applied(const OpDef& op, std::vector<Value*> inputs, const Attributes& attributes, int opset) {
    return add(op, key_, opset > 0 ? opset : opset_, std::move(inputs), attributes_for(op, node_.attributes, attributes), stem_ + "_real");
}

Result<Value*> RealForm::transposed(Value* value, std::vector<std::int64_t> perm) {
    Attributes attributes;
    attributes.set("perm", std::move(perm));
    return add(op_transpose, "", opset_, {value}, std::move(attributes), value->name + "_transposed");
}

Result<bool> expand_to(Graph& graph, Node* node, WriteRealForm write) {
    RealForm form(graph, *node);
    WEFT_ASSIGN(Value* const result, write(form));
    take_over(graph, node, result);
    return true;
}

Result<std::vector<ValueType>> infer_as(Node& node, WriteRealForm write) {
    Graph scratch;
    std::vector<Value*> inputs;
    for (const Value* input : node.inputs) {
        Value* copy = input ? scratch.find(input->name) : nullptr;
        if (input && !copy) {
            copy = scratch.add_value(input->name, input->type, input->shape);
            copy->constant = input->constant;
        }
        inputs.push_back(copy);
    }
    Value* output = scratch.add_value(scratch.unique_name(node.output()->name), DataType::float32, {});
    Node* copy = scratch.add_node(*node.op, node.name, node.opset, std::move(inputs), {output}, node.attributes);
    RealForm form(scratch, *copy);
    WEFT_ASSIGN(const Value* const result, write(form));
    return std::vector{ValueType{result->type, result->shape}};
}

Result<Tensor> evaluate_as(const OpDef& op, const Node& node, std::span<const Tensor* const> inputs, const Attributes& attributes,
                           int opset) {
    Graph scratch;
    std::vector<Value*> values;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        values.push_back(inputs[i] ? scratch.add_value(std::to_string(i), inputs[i]->type(), inputs[i]->shape()) : nullptr);
    }
    Value* output = scratch.add_value("result", DataType::float32, {});
    Node* made = scratch.add_node(op, node.name, opset > 0 ? opset : per_channel_opset, std::move(values), {output},
                                  attributes_for(op, node.attributes, attributes));
    WEFT_ASSIGN(const auto types, op.infer(*made));
    output->type = types.front().type;
    output->shape = types.front().shape;
    WEFT_ASSIGN(std::vector<Tensor> outputs, op.evaluate(*made, inputs));
    return std::move(outputs.front());
}

Result<Shape> shape_as(const OpDef& op, const Node& node, std::span<const Value* const> inputs) {
    Graph scratch;
    std::vector<Value*> values;
    for (const Value* input : inputs) {
        values.push_back(input ? scratch.add_value(scratch.unique_name(input->name), DataType::float32, input->shape) : nullptr);
    }
    Value* output = scratch.add_value(scratch.unique_name(node.output()->name), DataType::float32, {});
    Node* made = scratch.add_node(op, node.name, per_channel_opset, std::move(values), {output}, attributes_for(op, node.attributes, {}));
    WEFT_ASSIGN(auto types, op.infer(*made));
    return std::move(types.front().shape);
}

Tensor centred(const Tensor& integers, const Tensor* zero, std::int64_t axis) {
    Tensor result = integers.cast(DataType::float64);
    if (!zero) return result;
    const auto elements = result.as<double>();
    const ChannelLayout layout(integers.shape(), axis, zero->size());
    layout.for_each_run([&](std::int64_t c, std::int64_t first, std::int64_t count) {
        const double z = zero->at(c);
        for (std::int64_t i = first; i < first + count; ++i) elements[static_cast<std::size_t>(i)] -= z;
    });
    return result;
}

Tensor rescaled(const Tensor& sums, std::span<const Factor> factors, const Tensor& denominator, const Tensor* zero, DataType type) {
    Tensor result(type, sums.shape());
    const auto [low, high] = integer_range(type);
    visit_type(denominator.type(), [&, low = low, high = high](auto r) {
        visit_type(type, [&](auto e) {
            using T = decltype(r);
            using Q = decltype(e);
            if constexpr (std::is_floating_point_v<T> && std::is_integral_v<Q>) {
                const T z = zero ? static_cast<T>(zero->at(0)) : T(0), least = static_cast<T>(low), most = static_cast<T>(high);
                const auto target = result.as<Q>();
                with_factors<T>(sums, factors, &denominator,
                                [&](std::size_t i, T value) { target[i] = static_cast<Q>(quantized(value, T(1), z, least, most)); });
            }
        });
    });
    return result;
}

Tensor rescaled(const Tensor& sums, std::span<const Factor> factors) {
    Tensor result(factors.front().scale->type(), sums.shape());
    visit_type(result.type(), [&](auto r) {
        using T = decltype(r);
        if constexpr (std::is_floating_point_v<T>) {
            const auto target = result.as<T>();
            with_factors<T>(sums, factors, nullptr, [&](std::size_t i, T value) { target[i] = value; });
        }
    });
    return result;
}

Tensor real_of(const Tensor& integers, const Tensor& scale, const Tensor* zero) {
    const Factor factor{&scale};
    return rescaled(centred(integers, zero), std::span(&factor, 1));
}

Tensor integers_of(const Tensor& real, const Tensor& scale, const Tensor* zero, DataType type) {
    Tensor result(type, real.shape());
    const auto [low, high] = integer_range(type);
    visit_type(real.type(), [&, low = low, high = high](auto r) {
        visit_type(type, [&](auto e) {
            using T = decltype(r);
            using Q = decltype(e);
            if constexpr (std::is_floating_point_v<T> && std::is_integral_v<Q>) {
                const T s = static_cast<T>(scale.at(0)), z = zero ? static_cast<T>(zero->at(0)) : T(0);
                std::transform(real.as<T>().begin(), real.as<T>().end(), result.as<Q>().begin(), [&, low = low, high = high](T x) {
                    return static_cast<Q>(quantized(x, s, z, static_cast<T>(low), static_cast<T>(high)));
                });
            }
        });
    });
    return result;
}

}  // namespace weft
