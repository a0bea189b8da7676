// inputs_test.cpp
// Samples for a model's inputs: by name, in its types and shapes, or an answer that says what would fit.
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/inputs.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "tests/messages.h"

namespace weft {
namespace {

Graph model(const std::vector<std::pair<std::string, DataType>>& inputs, const Shape& shape) {
    Graph graph;
    for (const auto& [name, type] : inputs) graph.inputs.push_back(graph.add_value(name, type, shape));
    return graph;
}

/// 0, 1, 2, ...
template <class T>
Tensor counted(Shape shape) {
    std::vector<T> elements(static_cast<std::size_t>(element_count(shape)));
    std::iota(elements.begin(), elements.end(), T{});
    return Tensor::of<T>(std::move(shape), elements);
}

Dataset data(std::vector<NamedTensor> inputs) {
    Dataset data;
    data.count = inputs.front().tensor.shape()[0];
    data.inputs = std::move(inputs);
    return data;
}

std::string refusal(const Dataset& data, const Graph& graph) {
    const auto bound = bind_inputs(data, graph);
    return bound ? "bound" : test::messages(bound);
}

TEST(BindInputs, GoByNameInTheModelsOrder) {
    const Graph graph = model({{"a", DataType::float32}, {"b", DataType::float32}}, {1, 3});
    const Tensor first = counted<float>({2, 3});
    Tensor second = first;
    second.as<float>()[0] = 7;
    const auto bound = bind_inputs(data({{"b", second}, {"more", first}, {"a", first}}), graph);
    ASSERT_TRUE(bound) << test::messages(bound);
    ASSERT_EQ(bound->size(), 2U);
    EXPECT_EQ((*bound)[0].name, "a");
    EXPECT_EQ((*bound)[1].name, "b");
    EXPECT_EQ((*bound)[0].tensor, Tensor(first).reshaped({2, 1, 3}));
    EXPECT_EQ((*bound)[1].tensor, Tensor(second).reshaped({2, 1, 3}));
}

TEST(BindInputs, OneArrayGoesToTheOneInputWhateverItsName) {
    const Graph graph = model({{"x", DataType::float32}}, {1, 1, 2, 3});
    for (const char* name : {"", "arr_0"}) {
        // Axes of extent 1 may be anywhere; integers are reals too.
        const auto bound = bind_inputs(data({{name, counted<std::uint8_t>({4, 2, 1, 3})}}), graph);
        ASSERT_TRUE(bound) << test::messages(bound);
        EXPECT_EQ(bound->front().name, "x");
        EXPECT_EQ(bound->front().tensor, counted<float>({4, 1, 1, 2, 3}));
    }
}

TEST(BindInputs, ArrayThatIsMissing) {
    const Graph graph = model({{"left", DataType::float32}, {"right", DataType::float32}}, {3});
    EXPECT_EQ(refusal(data({{"left", counted<float>({2, 3})}, {"rigth", counted<float>({2, 3})}}), graph),
              "error: tensor 'right': the data holds no array for the model's input\n"
              "  help: give a .npz with one array an input, named as the inputs; did you mean 'rigth'?\n");
    EXPECT_THAT(refusal(data({{"", counted<float>({2, 3})}}), graph),
                testing::StartsWith("error: tensor 'left': the data holds no array for the model's input\n"));
}

TEST(BindInputs, ShapeThatDoesNotFit) {
    const Graph graph = model({{"x", DataType::float32}}, {1, 3, 4, 5});
    EXPECT_EQ(refusal(data({{"x", counted<float>({2, 3, 4})}}), graph),
              "error: tensor 'x': the samples have the shape [3, 4], the input [1, 3, 4, 5]\n"
              "  help: a sample must have the shape [1, 3, 4, 5] up to axes of extent 1\n");
    EXPECT_EQ(refusal(data({{"x", counted<float>({2, 4, 5, 3})}}), graph),
              "error: tensor 'x': the samples have the shape [4, 5, 3], the input [1, 3, 4, 5]\n"
              "  help: a sample must have the shape [1, 3, 4, 5] up to axes of extent 1; for images stored as height, width, channels give "
              "--preprocess layout=hwc\n");
}

TEST(BindInputs, TypeThatLosesSomething) {
    const Graph graph = model({{"x", DataType::int8}}, {3});
    Tensor samples = counted<float>({2, 3});
    const auto bound = bind_inputs(data({{"x", samples}}), graph);
    ASSERT_TRUE(bound) << test::messages(bound);
    EXPECT_EQ(bound->front().tensor, counted<std::int8_t>({2, 3}));
    const std::string reason =
        "error: tensor 'x': the samples are float32 and do not fit the input's type int8\n  help: give samples of type int8\n";
    for (const float wrong : {0.5F, 128.0F, -129.0F}) {
        samples.as<float>()[4] = wrong;
        EXPECT_EQ(refusal(data({{"x", samples}}), graph), reason) << wrong;
    }
    samples.as<float>()[4] = -128;
    EXPECT_EQ(refusal(data({{"x", samples}}), graph), "bound");
}

TEST(Images, ComeOutOfAStackAsTheyWentIn) {
    const Graph graph = model({{"x", DataType::float32}}, {1, 2, 3});
    const Tensor stack = counted<float>({4, 1, 2, 3});
    std::vector<Tensor> images;
    for (std::int64_t i = 0; i < 4; ++i) images.push_back(sample_of(stack, i, *graph.inputs[0]));
    EXPECT_EQ(images[2].shape(), (Shape{1, 2, 3}));
    EXPECT_EQ(images[2].at(0), 12);
    EXPECT_EQ(stack_samples(images, false), stack);
    EXPECT_EQ(stack_samples(images, true), Tensor(stack).reshaped({4, 2, 3}));
}

TEST(RandomInputs, AreInRangeAndTheSameForASeed) {
    const Graph graph = model({{"real", DataType::float32}, {"byte", DataType::uint8}}, {50});
    const double low[] = {-0.5, 3}, high[] = {0.25, 5};
    const auto drawn = random_inputs(graph, low, high, 4, 9), again = random_inputs(graph, low, high, 4, 9);
    ASSERT_EQ(drawn.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(drawn[i].tensor.shape(), (Shape{4, 50}));
        EXPECT_EQ(drawn[i].tensor, again[i].tensor);
        const auto elements = drawn[i].tensor.to_doubles();
        const auto [least, most] = std::ranges::minmax_element(elements);
        EXPECT_GE(*least, low[i]);
        EXPECT_LE(*most, high[i]);
        EXPECT_GT(*most - *least, 0.9 * (high[i] - low[i]));
    }
    EXPECT_NE(random_inputs(graph, low, high, 4, 10)[0].tensor, drawn[0].tensor);
}

}  // namespace
}  // namespace weft
