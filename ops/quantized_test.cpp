// quantized_test.cpp
// Operators that are quantized themselves, against plain loops over integers; and what they refuse.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::integers;
using test::reals;
using test::SingleNode;
using test::with;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* microsoft = "com.microsoft";

template <class T>
Tensor drawn(Shape shape, unsigned seed) {
    std::mt19937 generator(seed);
    Tensor tensor(data_type_of<T>(), std::move(shape));
    for (T& element : tensor.as<T>()) element = static_cast<T>(generator() >> 8);
    return tensor;
}
Tensor bias_of(std::int64_t count, unsigned seed) {
    Tensor tensor(DataType::int32, {count});
    std::mt19937 generator(seed);
    for (auto& element : tensor.as<std::int32_t>()) element = static_cast<std::int32_t>(generator() % 4001) - 2000;
    return tensor;
}
Tensor real(float value) { return Tensor::scalar(value); }
Attributes list(const char* name, std::vector<std::int64_t> values) {
    Attributes attributes;
    attributes.set(name, std::move(values));
    return attributes;
}
/// round_half_even(value) + zero within T, in the file's floats as runtimes compute them.
template <class T>
std::int64_t limited(float value, std::int64_t zero) {
    const double rounded = std::nearbyint(static_cast<double>(value)) + static_cast<double>(zero);
    return static_cast<std::int64_t>(
        std::clamp(rounded, static_cast<double>(std::numeric_limits<T>::min()), static_cast<double>(std::numeric_limits<T>::max())));
}

TEST(Quantized, ConvolutionSumsIntegersThenScalesOnce) {
    // 2 x 2 windows over padded 4 x 5 images in two groups; a zero point of its own for every output channel.
    const Tensor x = drawn<std::uint8_t>({1, 4, 4, 5}, 1), w = drawn<std::int8_t>({6, 2, 2, 2}, 2), bias = bias_of(6, 3);
    const std::vector<float> w_scale{0.01F, 0.02F, 0.013F, 0.004F, 0.03F, 0.011F};
    const std::vector<std::int8_t> w_zero{0, 3, -7, 1, 0, 100};
    Attributes attributes = list("pads", {1, 0, 0, 1});
    attributes.set("group", std::int64_t{2});
    attributes.set("strides", std::vector<std::int64_t>{1, 2});
    SingleNode single("", "QLinearConv", 10, attributes,
                      {x, real(0.05F), Tensor::scalar(std::uint8_t{120}), w, reals(w_scale), integers(w_zero), real(0.7F),
                       Tensor::scalar(std::uint8_t{90}), bias});
    const Tensor y = single.evaluate();
    ASSERT_EQ(y.shape(), (Shape{1, 6, 4, 3}));
    const auto at = [&](const Tensor& t, std::int64_t c, std::int64_t i, std::int64_t r, std::int64_t k) {
        const Shape& s = t.shape();
        return static_cast<std::int64_t>(t.at(((c * s[1] + i) * s[2] + r) * s[3] + k));
    };
    for (std::int64_t o = 0; o < 6; ++o) {
        for (std::int64_t row = 0; row < 4; ++row) {
            for (std::int64_t column = 0; column < 3; ++column) {
                std::int64_t sum = static_cast<std::int64_t>(bias.at(o));
                for (std::int64_t i = 0; i < 2; ++i) {
                    for (std::int64_t r = 0; r < 2; ++r) {
                        for (std::int64_t k = 0; k < 2; ++k) {
                            const std::int64_t from_row = row + r - 1, from_column = column * 2 + k;
                            if (from_row < 0 || from_column > 4) continue;
                            sum += (at(x, 0, o / 3 * 2 + i, from_row, from_column) - 120) *
                                   (at(w, o, i, r, k) - w_zero[static_cast<std::size_t>(o)]);
                        }
                    }
                }
                const float factor = 0.05F * w_scale[static_cast<std::size_t>(o)] / 0.7F;
                EXPECT_EQ(at(y, 0, o, row, column), limited<std::uint8_t>(static_cast<float>(sum) * factor, 90)) << o << row << column;
            }
        }
    }
}

TEST(Quantized, MatrixProductHasScalesOfRowsAndColumns) {
    const Tensor a = drawn<std::int8_t>({2, 3, 4}, 4), b = drawn<std::uint8_t>({4, 5}, 5);
    const std::vector<float> a_scale{0.1F, 0.02F, 0.3F}, b_scale{0.01F, 0.05F, 0.02F, 0.04F, 0.03F};
    const std::vector<std::int8_t> a_zero{1, -2, 3};
    const std::vector<std::uint8_t> b_zero{128, 127, 0, 255, 9};
    SingleNode single("", "QLinearMatMul", 10, {},
                      {a, reals(a_scale), integers(a_zero), b, reals(b_scale), integers(b_zero), real(2), Tensor::scalar(std::int8_t{-5})});
    const Tensor y = single.evaluate();
    ASSERT_EQ(y.shape(), (Shape{2, 3, 5}));
    for (std::int64_t i = 0; i < y.size(); ++i) {
        const std::int64_t row = i / 5, column = i % 5;
        std::int64_t sum = 0;
        for (std::int64_t d = 0; d < 4; ++d)
            sum += (static_cast<std::int64_t>(a.at(row * 4 + d)) - a_zero[static_cast<std::size_t>(row % 3)]) *
                   (static_cast<std::int64_t>(b.at(d * 5 + column)) - b_zero[static_cast<std::size_t>(column)]);
        const float factor = a_scale[static_cast<std::size_t>(row % 3)] * b_scale[static_cast<std::size_t>(column)] / 2.0F;
        EXPECT_EQ(static_cast<std::int64_t>(y.at(i)), limited<std::int8_t>(static_cast<float>(sum) * factor, -5)) << i;
    }
}

TEST(Quantized, GemmAddsItsBiasToTheSums) {
    const Tensor a = drawn<std::uint8_t>({3, 2}, 6), b = drawn<std::int8_t>({4, 3}, 7), c = bias_of(4, 8);
    const std::vector<float> b_scale{0.01F, 0.02F, 0.005F, 0.03F};
    Attributes attributes = with("transA", 1);
    attributes.set("transB", std::int64_t{1});
    attributes.set("alpha", 0.5);
    const std::vector<Tensor> inputs{
        a, real(0.1F), Tensor::scalar(std::uint8_t{100}), b, reals(b_scale), integers(std::vector<std::int8_t>{0, 1, 2, 3}), c};
    std::vector<Tensor> quantized = inputs;
    quantized.push_back(real(0.2F));
    quantized.push_back(Tensor::scalar(std::uint8_t{30}));
    const Tensor y = SingleNode(microsoft, "QGemm", 1, attributes, quantized).evaluate();
    const Tensor real_y = SingleNode(microsoft, "QGemm", 1, attributes, inputs).evaluate();
    ASSERT_EQ(y.shape(), (Shape{2, 4}));
    EXPECT_EQ(real_y.type(), DataType::float32);
    for (std::int64_t row = 0; row < 2; ++row) {
        for (std::int64_t column = 0; column < 4; ++column) {
            std::int64_t sum = static_cast<std::int64_t>(c.at(column));
            for (std::int64_t d = 0; d < 3; ++d)
                sum += (static_cast<std::int64_t>(a.at(d * 2 + row)) - 100) * (static_cast<std::int64_t>(b.at(column * 3 + d)) - column);
            const float factor = 0.5F * 0.1F * b_scale[static_cast<std::size_t>(column)];
            EXPECT_EQ(real_y.at(row * 4 + column), static_cast<double>(static_cast<float>(sum) * factor));
            EXPECT_EQ(static_cast<std::int64_t>(y.at(row * 4 + column)),
                      limited<std::uint8_t>(static_cast<float>(sum) * (factor / 0.2F), 30));
        }
    }
}

TEST(Quantized, IntegerOperatorsGiveTheirSums) {
    const Tensor x = drawn<std::uint8_t>({1, 1, 3, 3}, 9), w = drawn<std::uint8_t>({2, 1, 2, 2}, 10);
    const Tensor sums =
        SingleNode("", "ConvInteger", 10, {}, {x, w, Tensor::scalar(std::uint8_t{7}), integers(std::vector<std::uint8_t>{128, 3})})
            .evaluate();
    ASSERT_EQ(sums.type(), DataType::int32);
    ASSERT_EQ(sums.shape(), (Shape{1, 2, 2, 2}));
    for (std::int64_t i = 0; i < 8; ++i) {
        const std::int64_t o = i / 4, row = i / 2 % 2, column = i % 2;
        double sum = 0;
        for (std::int64_t k = 0; k < 4; ++k) sum += (x.at((row + k / 2) * 3 + column + k % 2) - 7) * (w.at(o * 4 + k) - (o == 0 ? 128 : 3));
        EXPECT_EQ(sums.at(i), sum);
    }
    const Tensor a = drawn<std::int8_t>({2, 3}, 11), b = drawn<std::uint8_t>({3, 2}, 12);
    const Tensor product = SingleNode("", "MatMulInteger", 10, {},
                                      {a, b, integers(std::vector<std::int8_t>{4, -4}), integers(std::vector<std::uint8_t>{1, 200})})
                               .evaluate();
    for (std::int64_t i = 0; i < 4; ++i) {
        double sum = 0;
        for (std::int64_t d = 0; d < 3; ++d)
            sum += (a.at(i / 2 * 3 + d) - (i < 2 ? 4 : -4)) * (b.at(d * 2 + i % 2) - (i % 2 == 0 ? 1 : 200));
        EXPECT_EQ(product.at(i), sum);
    }
}

TEST(Quantized, SumsAndProductsOfPairs) {
    const Tensor a = drawn<std::uint8_t>({2, 3}, 13), b = drawn<std::uint8_t>({3}, 14);
    const auto inputs = [&](float scale) {
        return std::vector<Tensor>{a,
                                   real(0.02F),
                                   Tensor::scalar(std::uint8_t{10}),
                                   b,
                                   real(0.03F),
                                   Tensor::scalar(std::uint8_t{200}),
                                   real(scale),
                                   Tensor::scalar(std::uint8_t{128})};
    };
    const Tensor sum = SingleNode(microsoft, "QLinearAdd", 1, {}, inputs(0.04F)).evaluate();
    const Tensor product = SingleNode(microsoft, "QLinearMul", 1, {}, inputs(0.2F)).evaluate();
    for (std::int64_t i = 0; i < 6; ++i) {
        const float left = static_cast<float>(a.at(i) - 10) * 0.02F, right = static_cast<float>(b.at(i % 3) - 200) * 0.03F;
        EXPECT_EQ(static_cast<std::int64_t>(sum.at(i)), limited<std::uint8_t>((left + right) / 0.04F, 128));
        EXPECT_EQ(static_cast<std::int64_t>(product.at(i)), limited<std::uint8_t>(left * right / 0.2F, 128));
    }
}

TEST(Quantized, ConcatenationBringsItsInputsToOneScale) {
    const Tensor a = integers(std::vector<std::int8_t>{-128, 0, 5, 127}).reshaped({1, 4});
    const Tensor b = integers(std::vector<std::int8_t>{-3, 3}).reshaped({1, 2});
    SingleNode single(microsoft, "QLinearConcat", 1, with("axis", 1),
                      {real(0.5F), Tensor::scalar(std::int8_t{1}), a, real(0.25F), Tensor::scalar(std::int8_t{-1}), b, real(1.0F),
                       Tensor::scalar(std::int8_t{0})});
    single.node->inputs[0] = single.graph.add_constant("scale", real(0.5F));
    const Tensor y = single.evaluate();
    // (q - z) / 2 of the first, 2 q of the second; 0.5 and 2.5 are ties.
    EXPECT_THAT(y.to_integers(), ElementsAre(-63, 1, 4, 65, -5, 7));
}

TEST(Quantized, FunctionsAreThoseOfTheReals) {
    Tensor x(DataType::int8, {256});
    for (int i = 0; i < 256; ++i) x.as<std::int8_t>()[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
    const std::vector<Tensor> inputs{x, real(0.05F), Tensor::scalar(std::int8_t{-10}), real(1.0F / 256), Tensor::scalar(std::int8_t{-128})};
    const Tensor sigmoid = SingleNode(microsoft, "QLinearSigmoid", 1, {}, inputs).evaluate();
    Attributes alpha;
    alpha.set("alpha", 0.25);
    const Tensor leaky = SingleNode(microsoft, "QLinearLeakyRelu", 1, alpha,
                                    {x, real(0.5F), Tensor::scalar(std::int8_t{0}), real(0.25F), Tensor::scalar(std::int8_t{3})})
                             .evaluate();
    for (int i = 0; i < 256; ++i) {
        const double wanted = 256 / (1 + std::exp(-static_cast<double>(static_cast<float>(i - 118) * 0.05F))) - 128;
        EXPECT_NEAR(sigmoid.at(i), std::min(wanted, 127.0), 0.5001);
        const double code = i - 128;
        EXPECT_EQ(static_cast<std::int64_t>(leaky.at(i)), limited<std::int8_t>(static_cast<float>(code < 0 ? code * 0.5 : code * 2), 3));
    }
    // Both readings of the axis: all behind it, or it alone.
    const Tensor square = integers(std::vector<std::uint8_t>{0, 10, 20, 30}).reshaped({1, 2, 2});
    const auto softmax = [&](std::int64_t opset) {
        Attributes attributes = with("axis", 1);
        attributes.set("opset", opset);
        return SingleNode(microsoft, "QLinearSoftmax", 1, attributes,
                          {square, real(0.1F), Tensor::scalar(std::uint8_t{0}), real(1.0F / 256), Tensor::scalar(std::uint8_t{0})})
            .evaluate()
            .to_integers();
    };
    EXPECT_THAT(softmax(13), ElementsAre(31, 31, 225, 225));  // e^0 : e^2 in columns
    EXPECT_THAT(softmax(12), ElementsAre(8, 22, 61, 165));    // e^0 : e^1 : e^2 : e^3
}

TEST(Quantized, AveragesRunOverBothLayouts) {
    const Tensor x = drawn<std::uint8_t>({1, 2, 3, 4}, 15);
    Tensor turned(DataType::uint8, {1, 3, 4, 2});
    for (std::int64_t i = 0; i < 24; ++i)
        turned.as<std::uint8_t>()[static_cast<std::size_t>(i % 12 * 2 + i / 12)] = x.as<std::uint8_t>()[static_cast<std::size_t>(i)];
    const auto run = [&](const char* name, const Tensor& image, Attributes attributes, bool last) {
        attributes.set("channels_last", std::int64_t{last});
        return SingleNode(microsoft, name, 1, attributes,
                          {image, real(0.5F), Tensor::scalar(std::uint8_t{100}), real(0.4F), Tensor::scalar(std::uint8_t{120})})
            .evaluate();
    };
    const Tensor global = run("QLinearGlobalAveragePool", x, {}, false), global_last = run("QLinearGlobalAveragePool", turned, {}, true);
    EXPECT_EQ(global.shape(), (Shape{1, 2, 1, 1}));
    EXPECT_EQ(global_last.shape(), (Shape{1, 1, 1, 2}));
    EXPECT_EQ(global.to_integers(), global_last.to_integers());
    for (std::int64_t c = 0; c < 2; ++c) {
        double sum = 0;
        for (std::int64_t i = 0; i < 12; ++i) sum += x.at(c * 12 + i) - 100;
        EXPECT_EQ(global.at(c), std::nearbyint(sum / 12 * 0.5 / 0.4) + 120);
    }
    Attributes window = list("kernel_shape", {2, 3});
    window.set("pads", std::vector<std::int64_t>{1, 0, 0, 0});
    const Tensor first = run("QLinearAveragePool", x, window, false), last = run("QLinearAveragePool", turned, window, true);
    ASSERT_EQ(first.shape(), (Shape{1, 2, 3, 2}));
    ASSERT_EQ(last.shape(), (Shape{1, 3, 2, 2}));
    for (std::int64_t i = 0; i < 12; ++i) {
        const std::int64_t c = i / 6, row = i / 2 % 3, column = i % 2;
        double sum = 0, count = 0;
        for (std::int64_t r = std::max<std::int64_t>(row - 1, 0); r <= row; ++r) {
            for (std::int64_t k = column; k < column + 3; ++k, ++count) sum += x.at(c * 12 + r * 4 + k) - 100;
        }
        EXPECT_EQ(first.at(i), std::nearbyint(sum / count * 0.5 / 0.4) + 120) << i;
        EXPECT_EQ(last.at((row * 2 + column) * 2 + c), first.at(i)) << i;
    }
}

TEST(Quantized, TheQuantizerOfTheImageTakesItsRange) {
    SingleNode single("", "DynamicQuantizeLinear", 11, {}, {reals({0, 2, -3, -2.5F, 1.34F, 0.5F})});
    ASSERT_EQ(single.infer(), "");
    const Tensor* const x = single.tensors.data();
    const auto outputs = single.node->op->evaluate(*single.node, std::span(&x, 1));
    ASSERT_TRUE(outputs);
    EXPECT_THAT((*outputs)[0].to_integers(), ElementsAre(153, 255, 0, 26, 221, 179));
    EXPECT_FLOAT_EQ(static_cast<float>((*outputs)[1].at(0)), 5.0F / 255);
    EXPECT_EQ((*outputs)[2].at(0), 153);
}

TEST(Quantized, RefusalsNameTheOperand) {
    const Tensor x = drawn<std::uint8_t>({1, 2, 4, 4}, 1), w = drawn<std::int8_t>({3, 2, 1, 1}, 2);
    const Tensor zero = Tensor::scalar(std::uint8_t{0}), w_zero = Tensor::scalar(std::int8_t{0}), one = real(1);
    const auto conv = [&](std::vector<std::pair<std::size_t, Tensor>> changes) {
        std::vector<Tensor> inputs{x, one, zero, w, one, w_zero, one, zero, Tensor(DataType::int32, {3})};
        for (auto& [index, tensor] : changes) inputs[index] = std::move(tensor);
        return SingleNode("", "QLinearConv", 10, {}, std::move(inputs)).infer();
    };
    EXPECT_EQ(conv({}), "");
    EXPECT_EQ(conv({{4, reals({1, 0, 2})}, {5, integers<std::int8_t>({0, 0, 0})}}), "");  // a dead channel
    EXPECT_THAT(conv({{1, real(0)}}), HasSubstr("the scale is zero"));
    EXPECT_THAT(conv({{6, real(0)}}), HasSubstr("the scale is zero"));
    EXPECT_THAT(conv({{4, reals({1, 1})}}), HasSubstr("2 scales do not go with axis 0"));
    EXPECT_THAT(conv({{2, w_zero}}), HasSubstr("the zero point has the element type int8, the integers have uint8"));
    EXPECT_THAT(conv({{3, drawn<std::int8_t>({3, 5, 1, 1}, 2)}}), HasSubstr("does not fit an input of 2 channels"));
    EXPECT_THAT(conv({{8, Tensor(DataType::int32, {2})}}), HasSubstr("the bias has shape"));
    EXPECT_THAT(conv({{8, Tensor(DataType::int8, {3})}}), HasSubstr("the bias must be int32, not int8"));

    const Tensor vector = integers<std::uint8_t>({1, 2});
    EXPECT_THAT(SingleNode("", "QLinearMatMul", 10, {},
                           {vector, reals({1, 2}), integers<std::uint8_t>({0, 0}), drawn<std::int8_t>({2, 2}, 1), one, w_zero, one, zero})
                    .infer(),
                HasSubstr("a vector cannot have a scale for each element of the sum"));
    EXPECT_THAT(SingleNode("", "MatMulInteger", 10, {}, {reals({1, 2}), drawn<std::int8_t>({2, 2}, 1)}).infer(),
                HasSubstr("integers of 8 bits are needed, not float32"));
    EXPECT_THAT(SingleNode("", "MatMulInteger", 10, {}, {vector, drawn<std::int8_t>({2, 2}, 1), w_zero}).infer(),
                HasSubstr("element type is not that of the integers"));
    EXPECT_THAT(
        SingleNode("", "MatMulInteger", 10, {}, {vector, drawn<std::int8_t>({2, 2}, 1), zero, integers<std::int8_t>({1, 2, 3})}).infer(),
        HasSubstr("3 zero points do not go with the shape [2, 2]"));
    EXPECT_THAT(SingleNode("", "DynamicQuantizeLinear", 11, {}, {vector}).infer(), HasSubstr("cannot be quantized"));
    EXPECT_THAT(SingleNode(microsoft, "QLinearConcat", 1, with("axis", 0), {one, zero, vector, one, zero, vector}).infer(),
                HasSubstr("no tensors with a scale and a zero point each"));
    EXPECT_THAT(SingleNode(microsoft, "QLinearConcat", 1, with("axis", 3), {one, zero, vector, one, zero}).infer(), HasSubstr("axis 3"));
}

}  // namespace
}  // namespace weft
