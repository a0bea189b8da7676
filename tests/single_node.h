// single_node.h
// A graph of one node, to test an operator by itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/op_def.h"

namespace weft::test {

inline Attributes with(std::initializer_list<std::pair<std::string, Attribute>> entries) {
    Attributes attributes;
    for (const auto& [name, value] : entries) attributes.set(name, value);
    return attributes;
}
inline Attributes with(const std::string& name, Attribute value) { return with({{name, std::move(value)}}); }

/// Tensors of one axis.
inline Tensor reals(const std::vector<float>& values) { return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values); }
template <class T = std::int64_t>
Tensor integers(const std::vector<T>& values) {
    return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, values);
}

/// Normally distributed elements, the same for the same seed.
inline Tensor random_tensor(DataType type, Shape shape, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal;
    Tensor tensor(DataType::float64, std::move(shape));
    for (double& element : tensor.as<double>()) element = static_cast<float>(normal(generator));
    return tensor.cast(type);
}

/// One node over inputs x0, x1, ...: the first is the graph's input, others are constants. Attribute defaults are filled in as the importer
/// does.
struct SingleNode {
    Graph graph;
    Node* node = nullptr;
    std::vector<Tensor> tensors;

    SingleNode(std::string_view domain, std::string_view name, int opset, Attributes attributes, std::vector<Tensor> given)
        : tensors(std::move(given)) {
        const OpDef* op = find_op(domain, name);
        if (!op) {
            ADD_FAILURE() << "no operator " << name;
            return;
        }
        for (const AttributeDef& row : op->attributes) {
            if (attributes.has(row.name)) continue;
            if (const auto* integer = std::get_if<std::int64_t>(&row.fallback)) attributes.set(std::string(row.name), *integer);
            if (const auto* real = std::get_if<double>(&row.fallback)) attributes.set(std::string(row.name), *real);
            if (const auto* text = std::get_if<std::string_view>(&row.fallback)) attributes.set(std::string(row.name), std::string(*text));
        }
        std::vector<Value*> inputs;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            const std::string value = "x" + std::to_string(i);
            inputs.push_back(i == 0 ? graph.add_value(value, tensors[i].type(), tensors[i].shape())
                                    : graph.add_constant(value, tensors[i]));
        }
        graph.inputs = {inputs.front()};
        Value* output = graph.add_value("y", tensors.front().type(), {});
        graph.outputs = {output};
        node = graph.add_node(*op, "node", opset, inputs, {output}, std::move(attributes));
    }

    /// The inferred output, or the reason of the first diagnostic.
    std::string infer() {
        const auto types = node->op->infer(*node);
        if (!types) return types.error().front().reason;
        node->output()->type = types->front().type;
        node->output()->shape = types->front().shape;
        return {};
    }

    /// The output, whose shape must be the inferred one.
    Tensor evaluate() {
        const std::string reason = infer();
        if (!reason.empty()) {
            ADD_FAILURE() << reason;
            return {};
        }
        std::vector<const Tensor*> inputs;
        for (const Tensor& tensor : tensors) inputs.push_back(&tensor);
        auto outputs = node->op->evaluate(*node, inputs);
        if (!outputs) {
            ADD_FAILURE() << to_string(outputs.error().front());
            return {};
        }
        EXPECT_EQ(outputs->front().shape(), node->output()->shape);
        EXPECT_EQ(outputs->front().type(), node->output()->type);
        return std::move(outputs->front());
    }
};

/// The largest difference of two tensors relative to the largest magnitude of `wanted`; infinite where shapes differ.
inline double relative_difference(const Tensor& found, const Tensor& wanted) {
    if (found.shape() != wanted.shape()) return std::numeric_limits<double>::infinity();
    double largest = 1e-30, difference = 0;
    for (std::int64_t i = 0; i < wanted.size(); ++i) {
        largest = std::max(largest, std::abs(wanted.at(i)));
        const double d = std::abs(found.at(i) - wanted.at(i));
        difference = d <= difference ? difference : d;
    }
    return difference / largest;
}

}  // namespace weft::test
