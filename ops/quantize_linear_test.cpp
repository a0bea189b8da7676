// quantize_linear_test.cpp
// Quantizers: rounding, saturation, channels, and what they refuse.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::integers;
using test::random_tensor;
using test::reals;
using test::SingleNode;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Quantize, RoundsTiesToEvenAndSaturates) {
    const Tensor x = reals({-0.5f, 0.5f, 1.5f, 2.5f, -1.5f, -2.5f, 1000.f, -1000.f, 126.5f, 127.5f, -128.5f, INFINITY, -INFINITY});
    for (const DataType type : {DataType::float32, DataType::float64}) {
        SingleNode single("", "QuantizeLinear", 13, {}, {x.cast(type), Tensor::scalar(1.0f).cast(type), Tensor::scalar(std::int8_t{0})});
        EXPECT_THAT(single.evaluate().to_integers(), ElementsAre(0, 0, 2, 2, -2, -2, 127, -128, 126, 127, -128, 127, -128));
    }
    SingleNode shifted("", "QuantizeLinear", 13, {}, {x, Tensor::scalar(0.5f), Tensor::scalar(std::uint8_t{200})});
    EXPECT_THAT(shifted.evaluate().to_integers(), ElementsAre(199, 201, 203, 205, 197, 195, 255, 0, 255, 255, 0, 255, 0));
    SingleNode wide("", "QuantizeLinear", 21, {}, {x, Tensor::scalar(0.01f), Tensor::scalar(std::uint16_t{32768})});
    EXPECT_THAT(wide.evaluate().to_integers()[6], 65535);
}

TEST(Quantize, ChannelsHaveTheirOwnScale) {
    const Tensor x = Tensor::of<float>({1, 2, 2}, std::vector<float>{1, 2, 3, 4});
    Attributes axis;
    axis.set("axis", std::int64_t{1});
    SingleNode quantize("", "QuantizeLinear", 13, axis, {x, reals({1.0f, 0.5f}), integers<std::int8_t>({0, 1})});
    const Tensor q = quantize.evaluate();
    EXPECT_THAT(q.to_integers(), ElementsAre(1, 2, 7, 9));
    EXPECT_FALSE(quantize.node->op->traits.elementwise->applies(*quantize.node));
    axis.set("axis", std::int64_t{-2});
    SingleNode dequantize("", "DequantizeLinear", 13, axis, {q, reals({1.0f, 0.5f}), integers<std::int8_t>({0, 1})});
    EXPECT_THAT(dequantize.evaluate().to_doubles(), ElementsAre(1, 2, 3, 4));
}

TEST(Quantize, BiasesOf32BitsAreExactInDouble) {
    const Tensor x = integers<std::int32_t>({2147483647, -2147483647 - 1, 16777217});
    const float scale = 0.000123f;
    SingleNode single("", "DequantizeLinear", 13, {}, {x, Tensor::scalar(scale).cast(DataType::float64)});
    const Tensor y = single.evaluate();
    for (std::int64_t i = 0; i < 3; ++i) EXPECT_EQ(y.at(i), x.at(i) * static_cast<double>(scale));
}

TEST(Quantize, CanonicalFormIsThePair) {
    const Tensor x = random_tensor(DataType::float64, {1, 3, 50}, 3);
    for (const DataType type : {DataType::float32, DataType::float64}) {
        const Tensor scale = Tensor::scalar(0.02f).cast(type), zero = Tensor::scalar(std::int8_t{-11});
        const Tensor q = SingleNode("", "QuantizeLinear", 13, {}, {x.cast(type), scale, zero}).evaluate();
        const Tensor wanted = SingleNode("", "DequantizeLinear", 13, {}, {q, scale, zero}).evaluate();
        Attributes attributes;
        attributes.set("scale", std::vector<double>{0.02f});
        attributes.set("zero_point", std::vector<std::int64_t>{-11});
        attributes.set("min", std::int64_t{-128});
        attributes.set("max", std::int64_t{127});
        SingleNode single("weft", "typed", 1, attributes, {x.cast(type)});
        EXPECT_EQ(single.evaluate(), wanted);
        ASSERT_TRUE(single.node->output()->integer);
        EXPECT_EQ(*single.node->output()->integer, (IntegerType{-128, 127, 1, {0.02f}, {-11}, -1}));
    }
}

TEST(Quantize, RefusesWhatIsNoQuantizer) {
    const Tensor x = random_tensor(DataType::float32, {1, 3, 2}, 1);
    const Tensor q = x.cast(DataType::int8);
    const auto reason = [&](const std::string& name, int opset, const Tensor& input, std::vector<Tensor> others) {
        others.insert(others.begin(), input);
        return SingleNode("", name, opset, {}, std::move(others)).infer();
    };
    const Tensor zero = Tensor::scalar(std::int8_t{0});
    for (const char* name : {"QuantizeLinear", "DequantizeLinear"}) {
        const Tensor& input = std::string(name) == "QuantizeLinear" ? x : q;
        EXPECT_EQ(reason(name, 13, input, {Tensor::scalar(0.5f), zero}), "");
        EXPECT_THAT(reason(name, 13, input, {Tensor::scalar(0.0f), zero}), HasSubstr("is zero"));
        EXPECT_THAT(reason(name, 13, input, {Tensor::scalar(-1.0f), zero}), HasSubstr("negative"));
        EXPECT_THAT(reason(name, 13, input, {Tensor::scalar(NAN), zero}), HasSubstr("is nan"));
        EXPECT_THAT(reason(name, 13, input, {Tensor::scalar(INFINITY), zero}), HasSubstr("is inf"));
        EXPECT_THAT(reason(name, 13, input, {reals({1, 0, 1}), integers<std::int8_t>({0, 0, 0})}), HasSubstr("channel 1 is zero"));
        EXPECT_THAT(reason(name, 13, input, {reals({1, 1, 1}), zero}), HasSubstr("1 zero points do not go with 3 scales"));
        EXPECT_THAT(reason(name, 13, input, {reals({1, 1}), integers<std::int8_t>({0, 0})}), HasSubstr("do not go with axis 1"));
        EXPECT_THAT(reason(name, 10, input, {reals({1, 1, 1})}), HasSubstr("opset 13"));
    }
    EXPECT_THAT(reason("DequantizeLinear", 13, q, {Tensor::scalar(0.5f), Tensor::scalar(std::uint8_t{0})}),
                HasSubstr("element type uint8"));
    EXPECT_THAT(reason("QuantizeLinear", 13, x, {Tensor::scalar(0.5f), Tensor::scalar(std::int32_t{0})}), HasSubstr("8 or 16 bits"));
    EXPECT_THAT(reason("QuantizeLinear", 13, q, {Tensor::scalar(0.5f), zero}), HasSubstr("cannot be quantized"));
    EXPECT_THAT(reason("DequantizeLinear", 13, x, {Tensor::scalar(0.5f)}), HasSubstr("cannot be dequantized"));
}

}  // namespace
}  // namespace weft
