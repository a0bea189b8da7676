// random_network.cpp
// Random small networks, for tests that hold whole designs against each other.
// SPDX-License-Identifier: Apache-2.0
#include "tests/models/random_network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "src/driver/compile.h"
#include "src/engines/inputs.h"
#include "src/explore/folding.h"
#include "src/graph/op_def.h"
#include "src/passes/quantize.h"
#include "tests/messages.h"

namespace weft::test {

namespace {

class NetworkDrawer {
public:
    explicit NetworkDrawer(std::uint64_t seed) : random_(seed) {}

    Graph draw() {
        Value* x = input({1, 1 + pick(3), 5 + pick(5), 5 + pick(5)});
        x = convolution(x, 3 + pick(4), false);
        const int layers = 3 + pick(3);
        for (int layer = 0; layer < layers; ++layer) x = block(x);
        graph_.outputs = {dense(node("Flatten", {x}, {}), 4)};
        return std::move(graph_);
    }

    Graph draw_varied() {
        Value* x = input({1, 1 + pick(4), 3 + pick(11), 3 + pick(11)});
        x = function(varied_convolution(x));
        const int layers = 2 + pick(4);
        for (int layer = 0; layer < layers; ++layer) x = varied_block(x);
        graph_.outputs = {head(x)};
        // A second output from the middle of the network.
        if (pick(4) == 0) graph_.outputs.push_back(node("Relu", {varied_convolution(x)}, {}));
        return std::move(graph_);
    }

    Graph draw_chain(bool quantized) {
        Value* x = input({1, 1 + pick(3), 4 + pick(5), 4 + pick(5)});
        if (pick(4) == 0) x = padded(x);
        if (quantized) x = requantized(x, 3.0F / 255, -85);
        quantizes_weights_ = quantized;
        x = same_size_convolution(x, 2 + pick(3));
        const int steps = 2 + pick(4);
        for (int step = 0; step < steps; ++step) x = chain_step(x, quantized);
        if (pick(3) == 0) {
            graph_.outputs = {quantized ? requantized(x, 0.0625F, pick(9) - 4) : x};
        } else {
            if (quantized) x = requantized(x, pick(2) ? 0.03125F : 0.05F, pick(2) ? 0 : -128);
            graph_.outputs = {x->shape.size() == 2 ? dense(x, 3) : same_size_convolution(x, 3)};
        }
        return std::move(graph_);
    }

private:
    int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }

    Value* input(Shape shape) {
        graph_.batched = true;
        Value* x = graph_.add_value("x", DataType::float32, std::move(shape));
        graph_.inputs = {x};
        return x;
    }

    Value* weights(Shape shape) {
        Tensor tensor(DataType::float32, shape);
        const double reach = 2 / std::sqrt(static_cast<double>(element_count(shape)) / static_cast<double>(shape[0]));
        for (float& element : tensor.as<float>())
            element = static_cast<float>((static_cast<double>(random_() >> 11) * 0x1p-53 - 0.4) * reach);
        if (!quantizes_weights_ || shape.size() < 2) return graph_.add_constant(graph_.unique_name("weights"), std::move(tensor));
        Tensor integers(DataType::int8, shape);
        for (std::int8_t& integer : integers.as<std::int8_t>()) integer = static_cast<std::int8_t>(pick(255) - 127);
        return node("DequantizeLinear",
                    {graph_.add_constant(graph_.unique_name("weights"), std::move(integers)), scalar(static_cast<float>(reach / 200))}, {});
    }

    Value* requantized(Value* x, float scale, int zero) {
        Tensor zero_point(DataType::int8, Shape{});
        zero_point.as<std::int8_t>()[0] = static_cast<std::int8_t>(zero);
        Value* const z = graph_.add_constant(graph_.unique_name("zero"), std::move(zero_point));
        Value* const s = scalar(scale);
        return node("DequantizeLinear", {node("QuantizeLinear", {x, s, z}, {}), s, z}, {});
    }

    Value* per_channel(std::int64_t channels, double low, double high, const Shape& shape) {
        Tensor tensor(DataType::float32, Shape{channels});
        for (float& element : tensor.as<float>())
            element = static_cast<float>(low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53);
        return graph_.add_constant(graph_.unique_name("statistics"), tensor.reshaped(shape));
    }

    Value* normalised(Value* x) {
        const std::int64_t c = x->shape[1];
        return node(
            "BatchNormalization",
            {x, per_channel(c, -1.5, 2, {c}), per_channel(c, -1, 1, {c}), per_channel(c, -0.5, 0.5, {c}), per_channel(c, 0.2, 2, {c})}, {});
    }

    Value* padded(Value* x) {
        static constexpr float fills[] = {0, 0, 0.75F, -2, -std::numeric_limits<float>::infinity()};
        Tensor pads(DataType::int64, Shape{8});
        for (const std::size_t axis : {2U, 3U, 6U, 7U}) pads.as<std::int64_t>()[axis] = pick(3);
        const int fill = pick(x->producer && !quantizes_weights_ ? 4 : 3);
        return node("Pad", {x, graph_.add_constant(graph_.unique_name("pads"), std::move(pads)), scalar(fills[fill])}, {});
    }

    /// Pooling, concatenation, padding, views and functions, in any order.
    Value* chain_step(Value* x, bool quantized) {
        if (x->shape.size() == 2) return node("Relu", {x}, {});
        Attributes attributes;
        switch (pick(9)) {
            case 0:
                return node("Relu", {x}, {});
            case 1:
                return normalised(x);
            case 2:
                return node("LeakyRelu", {x}, {});
            case 3:
                return node("PRelu", {x, per_channel(x->shape[1], pick(3) ? 0 : -0.5, 0.5, {x->shape[1], 1, 1})}, {});
            case 4:
                return padded(x);
            case 5: {
                attributes.set("axis", std::int64_t{1});
                Value* other = same_size_convolution(x->producer && quantized ? source_of(x) : x, 2);
                if (other->shape[2] != x->shape[2] || other->shape[3] != x->shape[3]) return normalised(x);
                return node("Concat", {x, other}, std::move(attributes));
            }
            case 6: {
                Attributes there;
                there.set("perm", std::vector<std::int64_t>{0, 2, 3, 1});
                attributes.set("perm", std::vector<std::int64_t>{0, 3, 1, 2});
                return node("Transpose", {node("Relu", {node("Transpose", {x}, std::move(there))}, {})}, std::move(attributes));
            }
            default: {
                if (pick(8) == 0) return node("Flatten", {pick(2) ? x : node("GlobalMaxPool", {x}, {})}, {});
                const std::int64_t kernel_h = 1 + pick(static_cast<int>(std::min<std::int64_t>(3, x->shape[2])));
                const std::int64_t kernel_w = 1 + pick(static_cast<int>(std::min<std::int64_t>(3, x->shape[3])));
                attributes.set("kernel_shape", std::vector<std::int64_t>{kernel_h, kernel_w});
                attributes.set("strides", std::vector<std::int64_t>{1 + pick(2), 1 + pick(2)});
                // An average of reals needs a quantizer above it, which a quantized file of this kind does not have.
                return node(quantized || pick(2) ? "MaxPool" : "AveragePool", {x}, std::move(attributes));
            }
        }
    }

    /// The quantized value that the chain of a quantized network starts from.
    Value* source_of(Value* x) {
        while (x->producer->op->name != "Conv") x = x->producer->input(0);
        return x->producer->input(0);
    }

    Value* node(const char* op, std::vector<Value*> inputs, Attributes attributes) {
        const OpDef* def = find_op("", op);
        for (const AttributeDef& attribute : def->attributes) {
            const std::string name(attribute.name);
            if (attributes.has(name)) continue;
            if (const auto* integer = std::get_if<std::int64_t>(&attribute.fallback)) attributes.set(name, *integer);
            if (const auto* real = std::get_if<double>(&attribute.fallback)) attributes.set(name, *real);
            if (const auto* word = std::get_if<std::string_view>(&attribute.fallback)) attributes.set(name, std::string(*word));
        }
        Value* output = graph_.add_value(graph_.unique_name(std::string(op) + "_out"), DataType::float32, {});
        Node* made = graph_.add_node(*def, output->name + "_node", 17, std::move(inputs), {output}, std::move(attributes));
        const auto types = def->infer(*made);
        EXPECT_TRUE(types) << messages(types.error());
        output->type = types->at(0).type;
        output->shape = types->at(0).shape;
        return output;
    }

    Value* dense(Value* x, std::int64_t outputs) { return node("Gemm", {x, weights({x->shape[1], outputs}), weights({outputs})}, {}); }

    Value* convolution(Value* x, std::int64_t outputs, bool depthwise) {
        const std::int64_t channels = x->shape[1];
        const std::int64_t kernel_h = 1 + pick(static_cast<int>(std::min<std::int64_t>(3, x->shape[2])));
        const std::int64_t kernel_w = 1 + pick(static_cast<int>(std::min<std::int64_t>(3, x->shape[3])));
        Attributes attributes;
        attributes.set("group", depthwise ? channels : std::int64_t{1});
        attributes.set("strides", std::vector<std::int64_t>{1 + pick(2), 1 + pick(2)});
        attributes.set("pads", std::vector<std::int64_t>{pick(static_cast<int>(kernel_h)), pick(static_cast<int>(kernel_w)),
                                                         pick(static_cast<int>(kernel_h)), pick(static_cast<int>(kernel_w))});
        if (depthwise) outputs = channels;
        return node("Conv", {x, weights({outputs, depthwise ? 1 : channels, kernel_h, kernel_w}), weights({outputs})},
                    std::move(attributes));
    }

    Value* same_size_convolution(Value* x, std::int64_t outputs) {
        Attributes attributes;
        attributes.set("pads", std::vector<std::int64_t>{1, 1, 1, 1});
        return node("Conv", {x, weights({outputs, x->shape[1], 3, 3}), weights({outputs})}, std::move(attributes));
    }

    Value* function(Value* x) {
        static constexpr const char* functions[] = {"Relu", "LeakyRelu", "Sigmoid", "HardSwish", "Tanh", "HardSigmoid"};
        return node(functions[pick(6)], {x}, {});
    }

    Value* block(Value* x) {
        switch (pick(5)) {
            case 0:
                return function(convolution(x, 2 + pick(6), false));
            case 1:
                return node("Relu", {convolution(x, 0, true)}, {});
            case 2: {
                if (x->shape[2] < 2 || x->shape[3] < 2) return function(convolution(x, 4, false));
                Attributes attributes;
                attributes.set("kernel_shape", std::vector<std::int64_t>{2, 2});
                attributes.set("strides", std::vector<std::int64_t>{1 + pick(2), 1 + pick(2)});
                return node(pick(2) ? "MaxPool" : "AveragePool", {x}, std::move(attributes));
            }
            case 3:
                return node("Relu", {node("Add", {same_size_convolution(x, x->shape[1]), x}, {})}, {});
            default: {
                Attributes attributes;
                attributes.set("axis", std::int64_t{1});
                return node("Concat", {node("Relu", {same_size_convolution(x, 2 + pick(4))}, {}), same_size_convolution(x, 2 + pick(4))},
                            std::move(attributes));
            }
        }
    }

    /// A window along one axis, with at least one position.
    struct Axis {
        std::int64_t kernel, begin, end, stride;
    };
    Axis axis(std::int64_t extent, int most_kernel) {
        Axis a{1 + pick(static_cast<int>(std::min<std::int64_t>(most_kernel, extent))), 0, 0, 1 + pick(3)};
        if (a.kernel > 1) {
            a.begin = pick(static_cast<int>(a.kernel));
            a.end = pick(static_cast<int>(a.kernel));
        }
        if (pick(2)) a.stride = 1;
        return a;
    }
    static void set_window(Attributes& attributes, const Axis& h, const Axis& w) {
        attributes.set("strides", std::vector<std::int64_t>{h.stride, w.stride});
        attributes.set("pads", std::vector<std::int64_t>{h.begin, w.begin, h.end, w.end});
    }

    Value* varied_convolution(Value* x) {
        const std::int64_t channels = x->shape[1];
        const bool depthwise = pick(4) == 0;
        const std::int64_t group = depthwise ? channels : 1;
        const std::int64_t outputs = depthwise ? channels * (pick(4) ? 1 : 2) : 1 + pick(pick(4) ? 12 : 40);
        const Axis h = axis(x->shape[2], pick(4) ? 3 : 5), w = axis(x->shape[3], pick(4) ? 3 : 5);
        Attributes attributes;
        attributes.set("group", group);
        set_window(attributes, h, w);
        std::vector<Value*> inputs{x, weights({outputs, channels / group, h.kernel, w.kernel})};
        if (pick(5)) inputs.push_back(weights({outputs}));
        return node("Conv", std::move(inputs), std::move(attributes));
    }

    Value* varied_block(Value* x) {
        switch (pick(7)) {
            case 0:
            case 1:
                return function(varied_convolution(x));
            case 2: {
                const Axis h = axis(x->shape[2], 3), w = axis(x->shape[3], 3);
                Attributes attributes;
                attributes.set("kernel_shape", std::vector<std::int64_t>{h.kernel, w.kernel});
                set_window(attributes, h, w);
                const bool most = pick(2) == 0;
                if (!most) attributes.set("count_include_pad", std::int64_t{pick(2)});
                return node(most ? "MaxPool" : "AveragePool", {x}, std::move(attributes));
            }
            case 3:
                // Branches of different lengths.
                return node("Relu", {node("Add", {same_size_convolution(function(same_size_convolution(x, 3)), x->shape[1]), x}, {})}, {});
            case 4: {
                Attributes attributes;
                attributes.set("axis", std::int64_t{1});
                std::vector<Value*> parts{same_size_convolution(x, 1 + pick(6)), x};
                if (pick(2)) parts.push_back(function(same_size_convolution(x, 1 + pick(3))));
                return node("Concat", std::move(parts), std::move(attributes));
            }
            case 5: {
                Attributes attributes;
                return node("Add", {function(same_size_convolution(x, 4)), same_size_convolution(x, 4)}, std::move(attributes));
            }
            default:
                return node("Clip", {same_size_convolution(x, 1 + pick(20)), scalar(0), scalar(6)}, {});
        }
    }

    Value* scalar(float number) {
        Tensor tensor(DataType::float32, Shape{});
        tensor.as<float>()[0] = number;
        return graph_.add_constant(graph_.unique_name("scalar"), std::move(tensor));
    }

    Value* head(Value* x) {
        const int kind = pick(4);
        if (kind == 0) return varied_convolution(x);
        if (kind == 1) x = node(pick(3) ? "GlobalAveragePool" : "GlobalMaxPool", {x}, {});
        x = node("Flatten", {x}, {});
        if (kind == 2) x = node("Relu", {dense(x, 1 + pick(30))}, {});
        return dense(x, 1 + pick(12));
    }

    std::mt19937_64 random_;
    Graph graph_;
    bool quantizes_weights_ = false;
};

}  // namespace

Graph random_network(std::uint64_t seed) { return NetworkDrawer(seed).draw(); }

Graph varied_network(std::uint64_t seed) { return NetworkDrawer(seed).draw_varied(); }

Graph random_chain(std::uint64_t seed, bool quantized) { return NetworkDrawer(seed).draw_chain(quantized); }

Result<Graph> random_quantized_network(std::uint64_t seed) {
    const Graph source = seed % 2 == 0 ? random_network(seed) : varied_network(seed);
    const std::vector<double> low{-1}, high{2};
    return quantize(source, random_inputs(source, low, high, 2, seed), 2, {}, {});
}

Result<Design> random_design(std::uint64_t seed) {
    WEFT_ASSIGN(const Graph quantized, random_quantized_network(seed));
    WEFT_ASSIGN(auto lowered, lower(quantized, fmt::format("network{}", seed)));
    WEFT_CHECK(fold(lowered.design, {.mac_dsp_limit = 20.0 + 60 * static_cast<double>(seed % 7)}));
    if (seed % 3 != 0) draw_folding(lowered.design, seed);
    return std::move(lowered.design);
}

bool draw_folding(Design& design, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
    };
    const auto any_of = [&](std::int64_t count) { return pick(0, 2) == 0 ? count : pick(0, 1) == 0 ? 1 : pick(1, count); };
    for (int attempt = 0; attempt < 12; ++attempt) {
        nlohmann::ordered_json folding = nlohmann::ordered_json::object();
        std::map<const Stream*, nlohmann::ordered_json> windows;  // What both ends of a stream with taps have in common.
        const auto set = [&](nlohmann::ordered_json& entry, const Unit& unit, std::string_view name, std::int64_t value) {
            if (unit.find_parameter(name)) entry[std::string(name)] = value;
        };
        for (const auto& unit : design.units) {
            const StreamShape& shape = unit->outputs[0]->shape;
            auto& entry = folding[unit->name] = nlohmann::ordered_json::object();
            const std::int64_t pixels = std::int64_t{1} << (attempt < 8 ? pick(0, 2) : 0);
            const auto at = windows.find(unit->inputs[0]);
            if (at != windows.end()) {
                for (const auto& [name, value] : at->second.items()) set(entry, *unit, name, value);
            } else {
                const StreamShape& in = unit->inputs[0]->shape;
                set(entry, *unit, "Pixels", pixels);
                set(entry, *unit, "Lanes", any_of(in.channels));
                set(entry, *unit, "TapsPerBeat", pixels > 1 ? std::max(shape.taps, in.taps) : any_of(std::max(shape.taps, in.taps)));
            }
            if (shape.taps > 1) {
                windows[unit->outputs[0]] = entry;
                if (unit->find_parameter("StrideW"))
                    windows[unit->outputs[0]]["Pixels"] = std::max<std::int64_t>(1, pixels / unit->parameter("StrideW"));
            }
            set(entry, *unit, "PE", any_of(shape.channels));
        }
        if (apply_folding(design, folding.dump(), "a random folding")) return true;
    }
    return false;
}

}  // namespace weft::test
