// random_graphs_test.cpp
// Random small networks from float to simulated kernel: contract = oracle = generated C++.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "src/design/plumb.h"
#include "src/driver/compile.h"
#include "src/engines/hls.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/engines/oracle.h"
#include "src/explore/folding.h"
#include "src/graph/op_def.h"
#include "src/passes/fold_constants.h"
#include "tests/messages.h"

namespace weft {
namespace {

/// Draws networks of convolutions, poolings, functions, sums and concatenations on small images, ending in a dense layer.
class NetworkDrawer {
public:
    explicit NetworkDrawer(std::uint64_t seed) : random_(seed) {}

    Graph draw() {
        graph_.batched = true;
        Value* x = graph_.add_value("x", DataType::float32, {1, 1 + pick(3), 5 + pick(5), 5 + pick(5)});
        graph_.inputs = {x};
        x = convolution(x, 3 + pick(4), false);
        const int layers = 3 + pick(3);
        for (int layer = 0; layer < layers; ++layer) x = block(x);
        x = node("Flatten", {x}, {});
        const std::int64_t inputs = element_count(x->shape);
        Value* y = node("Gemm", {x, weights({inputs, 4}), weights({4})}, {});
        graph_.outputs = {y};
        return std::move(graph_);
    }

private:
    int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }

    Value* weights(Shape shape) {
        Tensor tensor(DataType::float32, shape);
        const double reach = 2 / std::sqrt(static_cast<double>(element_count(shape)) / static_cast<double>(shape[0]));
        for (float& element : tensor.as<float>())
            element = static_cast<float>((static_cast<double>(random_() >> 11) * 0x1p-53 - 0.4) * reach);
        return graph_.add_constant(graph_.unique_name("weights"), std::move(tensor));
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
        EXPECT_TRUE(types) << test::messages(types.error());
        output->shape = types->at(0).shape;
        return output;
    }

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

    std::mt19937_64 random_;
    Graph graph_;
};

class RandomGraphs : public testing::TestWithParam<int> {};

TEST_P(RandomGraphs, ContractEqualsOracleAndGeneratedCode) {
    const auto seed = static_cast<std::uint64_t>(GetParam());
    const Graph source = NetworkDrawer(seed).draw();
    ASSERT_TRUE(verify(source)) << print(source);
    constexpr std::int64_t images = 6;
    const std::vector<double> low{-1}, high{2};
    const std::vector<NamedTensor> samples = random_inputs(source, low, high, images, seed);
    QuantizeOptions options;
    if (seed % 3 == 1) options.bits = "w4a6";
    const auto quantised = quantize(source, samples, images, options, {});
    ASSERT_TRUE(quantised) << test::messages(quantised.error());
    auto lowered = lower(*quantised, "random");
    ASSERT_TRUE(lowered) << test::messages(lowered.error()) << print(*quantised);
    Design& design = lowered->design;
    ASSERT_TRUE(fold(design, {.mac_dsp_limit = 40.0 + 30 * static_cast<double>(seed % 5)}));
    const Status plumbed = plumb(design);
    ASSERT_TRUE(plumbed) << test::messages(plumbed.error());
    ASSERT_TRUE(verify(design, true));

    const auto reference = IntegerEngine::make(*quantised, design, true);
    const auto fast = IntegerEngine::make(*quantised, design, false);
    const auto host = Host::make(*quantised, design);
    ASSERT_TRUE(reference && fast && host);
    RegionOracle oracle(*quantised, design, &source);
    std::vector<std::vector<IntTensor>> frames, expected;
    for (std::int64_t image = 0; image < images; ++image) {
        const std::vector<Tensor> inputs{image_of(samples[0].tensor, image, *source.inputs[0])};
        const auto streams = (*reference)->all_streams(inputs), quick = (*fast)->all_streams(inputs);
        ASSERT_TRUE(streams && quick);
        EXPECT_EQ(*streams, *quick);
        ASSERT_TRUE(oracle.add(inputs, *streams));
        const auto sent = host->prepare(inputs);
        ASSERT_TRUE(sent);
        frames.push_back(*sent);
        std::vector<IntTensor> results;
        for (const KernelOutput& output : design.outputs) {
            for (std::size_t s = 0; s < design.streams.size(); ++s) {
                if (design.streams[s].get() == output.binding.stream) results.push_back((*streams)[s]);
            }
        }
        expected.push_back(std::move(results));
    }
    EXPECT_FALSE(oracle.regions().empty());
    for (const RegionAgreement& region : oracle.regions()) EXPECT_TRUE(region.exact()) << region.node << " " << region.tensor;

    if (GetParam() % 4 != 0) return;  // The C++ compiler takes seconds for each: some of the networks stand for all.
    if (!has_compiler()) GTEST_SKIP() << "no C++ compiler on PATH";
    const EmitOptions emit;
    const auto project = emit_hls(design, emit);
    ASSERT_TRUE(project) << test::messages(project.error());
    const auto simulation = HlsSimulation::build(*project, kernel_ports(design, emit));
    ASSERT_TRUE(simulation) << test::messages(simulation.error());
    const auto received = simulation->run(frames, {});
    ASSERT_TRUE(received) << test::messages(received.error());
    EXPECT_EQ(*received, expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, testing::Range(0, 24));

}  // namespace
}  // namespace weft
