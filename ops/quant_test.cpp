// quant_test.cpp
// QONNX's quantizers against plain loops of its definition, and their standard form against themselves.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "src/graph/evaluate.h"
#include "src/passes/pass.h"
#include "tests/messages.h"
#include "tests/single_node.h"

namespace weft {
namespace {

using test::SingleNode;
using test::with;
using testing::HasSubstr;

constexpr const char* domain = "qonnx.custom_op.general";

Tensor floats(Shape shape, const std::vector<float>& values) { return Tensor::of<float>(std::move(shape), values); }
Tensor number(float value) { return floats({}, {value}); }

/// Values on both sides of every integer and half of `scale`, and exactly there.
Tensor ladder(Shape shape, float scale) {
    Tensor x(DataType::float32, std::move(shape));
    const auto elements = x.as<float>();
    for (std::size_t i = 0; i < elements.size(); ++i) {
        const auto quarter = static_cast<float>(static_cast<int>(i * 7 % 601) - 300) / 4;
        elements[i] = quarter * scale;
    }
    return x;
}

/// The node alone, expanded to standard operators, evaluated in double.
Tensor expanded(SingleNode& single, std::set<std::string>* names = nullptr) {
    EXPECT_EQ(single.infer(), "");
    Graph graph = single.graph.clone();
    PassLog log;
    const Status status = expand(graph, log);
    EXPECT_TRUE(status) << test::messages(status);
    EXPECT_FALSE(log.empty());
    for (const auto& node : graph.nodes()) {
        EXPECT_EQ(node->op->domain, "") << node->op->name;
        if (names) names->emplace(node->op->name);
    }
    EXPECT_EQ(graph.outputs[0]->name, "y");
    auto outputs = Evaluator(graph, DataType::float64).run(std::span(&single.tensors[0], 1));
    EXPECT_TRUE(outputs) << test::messages(outputs);
    return outputs ? std::move(outputs->front()) : Tensor();
}

/// Reason of the refusal when the node is expanded.
std::string refused(SingleNode& single) {
    EXPECT_EQ(single.infer(), "");
    Graph graph = single.graph.clone();
    PassLog log;
    const Status status = expand(graph, log);
    return status ? "" : status.error().front().reason + " | " + status.error().front().help;
}

void expect_equal(const Tensor& found, const Tensor& wanted, double tolerance = 0) {
    ASSERT_EQ(found.shape(), wanted.shape());
    for (std::int64_t i = 0; i < wanted.size(); ++i) ASSERT_NEAR(found.at(i), wanted.at(i), tolerance) << i;
}

/// QONNX's definition, element by element.
struct Definition {
    double bits;
    bool is_signed, narrow;
    std::string mode;

    double operator()(double x, double scale, double zero) const {
        double y = x / scale + zero;
        if (bits == 1 && is_signed) {
            y = y >= 0 ? 1 : -1;
        } else {
            const double low = !is_signed ? 0 : narrow ? -std::pow(2, bits - 1) + 1 : -std::pow(2, bits - 1);
            const double high = is_signed ? std::pow(2, bits - 1) - 1 : narrow ? std::pow(2, bits) - 2 : std::pow(2, bits) - 1;
            if (y > high) y = high;
            if (y < low) y = low;
            y = mode == "ROUND" ? std::nearbyint(y) : mode == "FLOOR" ? std::floor(y) : std::ceil(y);
        }
        return (y - zero) * scale;
    }
};

TEST(Quant, EveryWidthSignRangeAndRounding) {
    for (int bits = 1; bits <= 8; ++bits) {
        for (const bool is_signed : {true, false}) {
            for (const bool narrow : {true, false}) {
                if (bits == 1 && !is_signed && narrow) continue;
                for (const char* mode : {"ROUND", "FLOOR", "CEIL"}) {
                    for (const float zero : {0.0f, 2.0f, 3.0f}) {
                        if (bits == 1 && is_signed && zero != 0) continue;
                        SCOPED_TRACE(std::to_string(bits) + (is_signed ? " signed" : "") + (narrow ? " narrow " : " ") + mode + " zero " +
                                     std::to_string(zero));
                        const float scale = 0.25f;
                        const Tensor x = ladder({4, 150}, scale);
                        SingleNode single(
                            domain, bits % 2 ? "Quant" : "IntQuant", 1,
                            with({{"signed", std::int64_t{is_signed}}, {"narrow", std::int64_t{narrow}}, {"rounding_mode", mode}}),
                            {x, number(scale), number(zero), number(static_cast<float>(bits))});
                        const Tensor y = single.evaluate();
                        const Definition definition{static_cast<double>(bits), is_signed, narrow, mode};
                        for (std::int64_t i = 0; i < x.size(); ++i) ASSERT_EQ(y.at(i), definition(x.at(i), scale, zero)) << x.at(i);
                        expect_equal(expanded(single), y);
                        if (HasFailure()) return;
                    }
                }
            }
        }
    }
}

TEST(Quant, ScalesPerChannelInEveryBroadcastShape) {
    const std::vector<float> scales{0.5f, 0.125f, 0.3f};
    struct Case {
        Shape x, scale;
        std::size_t axis;
    };
    for (const Case& c : {Case{{2, 3, 4, 5}, {1, 3, 1, 1}, 1}, Case{{2, 3, 4, 5}, {3, 1, 1}, 1}, Case{{3, 2, 3, 3}, {3, 1, 1, 1}, 0},
                          Case{{7, 3}, {3}, 1}, Case{{7, 3}, {1, 3}, 1}, Case{{3}, {1, 3}, 0}}) {
        SCOPED_TRACE(to_string(c.x) + to_string(c.scale));
        const Tensor x = ladder(c.x, 0.21f);
        SingleNode single(domain, "Quant", 1, with({{"narrow", std::int64_t{1}}}), {x, floats(c.scale, scales), number(0), number(4)});
        const Tensor y = single.evaluate();
        std::int64_t inner = 1;
        for (std::size_t axis = c.axis + 1; axis < c.x.size(); ++axis) inner *= c.x[axis];
        for (std::int64_t i = 0; i < x.size(); ++i) {
            const float scale = scales[static_cast<std::size_t>(i / inner % 3)];
            const float quotient = std::nearbyint(std::min(std::max(static_cast<float>(x.at(i)) / scale, -7.0f), 7.0f));
            ASSERT_EQ(y.at(i), static_cast<double>(quotient * scale)) << i;
        }
        expect_equal(expanded(single), y, 1e-6);
    }
    // Equal scales are one.
    SingleNode same(domain, "Quant", 1, {}, {ladder({2, 3}, 1), floats({1, 3}, {2, 2, 2}), number(0), number(8)});
    EXPECT_EQ(same.infer(), "");
    PassLog log;
    ASSERT_TRUE(expand(same.graph, log));
    for (const auto& node : same.graph.nodes()) EXPECT_EQ(node->input(1)->shape, Shape{}) << node->op->name;
}

/// The weight of a dense layer, quantized from a constant.
TEST(Quant, ConstantsBecomeStoredIntegers) {
    struct Case {
        float bits;
        std::int64_t is_signed, narrow;
        float zero;
        DataType type;
        std::vector<std::int64_t> integers;
    };
    const std::vector<float> reals{-100, -1.25f, -0.75f, -0.25f, 0, 0.25f, 0.75f, 100};
    for (const Case& c :
         {Case{8, 1, 0, 0, DataType::int8, {-128, -2, -2, 0, 0, 0, 2, 127}}, Case{2, 1, 1, 0, DataType::int8, {-1, -1, -1, 0, 0, 0, 1, 1}},
          Case{1, 1, 0, 0, DataType::int8, {-1, -1, -1, -1, 1, 1, 1, 1}},
          Case{8, 0, 0, 128, DataType::uint8, {0, 126, 126, 128, 128, 128, 130, 255}},
          Case{16, 1, 0, 0, DataType::int32, {-200, -2, -2, 0, 0, 0, 2, 200}},
          Case{32, 1, 0, 0, DataType::int32, {-200, -2, -2, 0, 0, 0, 2, 200}},
          Case{16, 1, 0, 5, DataType::int32, {-200, -3, -1, -1, 0, 1, 1, 200}}}) {
        SCOPED_TRACE(c.bits);
        Graph graph;
        Value* x = graph.add_value("x", DataType::float32, {1, 8});
        graph.inputs = {x};
        Value* w = graph.add_constant("w", floats({8}, reals));
        Value* quantized = graph.add_value("q", DataType::float32, {8});
        Value* y = graph.add_value("y", DataType::float32, {1, 8});
        graph.outputs = {y};
        Node* quant = graph.add_node(
            *find_op("onnx.brevitas", "Quant"), "quant", 1,
            {w, graph.add_constant("s", number(0.5f)), graph.add_constant("z", number(c.zero)), graph.add_constant("b", number(c.bits))},
            {quantized}, with({{"signed", c.is_signed}, {"narrow", c.narrow}, {"rounding_mode", "ROUND"}}));
        ASSERT_TRUE(quant->op->infer(*quant));
        graph.add_node(*find_op("", "Mul"), "mul", 13, {x, quantized}, {y});
        PassLog log;
        const Status status = expand(graph, log);
        ASSERT_TRUE(status) << test::messages(status);
        const Node* made = graph.find("q")->producer;
        ASSERT_EQ(made->op->name, "DequantizeLinear");
        EXPECT_EQ(made->input(0)->type, c.type);
        EXPECT_EQ(made->input(0)->constant->to_integers(), c.integers);
    }
}

TEST(Quant, IntegersAsConstantsAreNumbersLikeOthers) {
    const std::vector<std::int8_t> codes{-40, -1, 0, 1, 40};
    SingleNode single(domain, "Quant", 1, with({{"narrow", std::int64_t{1}}}),
                      {Tensor::of<std::int8_t>({5}, codes), number(0.5f), Tensor::scalar<std::int8_t>(0), number(6)});
    const Tensor y = single.evaluate();
    EXPECT_EQ(y.to_doubles(), (std::vector<double>{-15.5, -1, 0, 1, 15.5}));
}

TEST(Quant, RefusesByName) {
    const Tensor x = ladder({2, 3}, 1);
    const auto reason = [&](std::vector<Tensor> inputs, Attributes attributes = {}) {
        return SingleNode(domain, "Quant", 1, std::move(attributes), std::move(inputs)).infer();
    };
    EXPECT_THAT(reason({x, number(0), number(0), number(4)}), HasSubstr("the scale 0 is not a positive number"));
    EXPECT_THAT(reason({x, number(-1), number(0), number(4)}), HasSubstr("the scale -1 is not a positive number"));
    EXPECT_THAT(reason({x, number(1), number(0.5f), number(4)}), HasSubstr("the zero point 0.5 is not an integer"));
    EXPECT_THAT(reason({x, number(1), number(0), number(3.5f)}), HasSubstr("the width of 3.5 bits is not a whole number from 1 to 32"));
    EXPECT_THAT(reason({x, number(1), number(0), number(33)}), HasSubstr("33 bits"));
    EXPECT_THAT(reason({x, number(1), number(0), floats({2}, {4, 5})}), HasSubstr("the width in bits is not one number"));
    EXPECT_THAT(reason({x, floats({2, 3}, {1, 2, 3, 4, 5, 6}), number(0), number(4)}), HasSubstr("does not vary along one axis of [2, 3]"));
    EXPECT_THAT(reason({x, floats({4}, {1, 2, 3, 4}), number(0), number(4)}), HasSubstr("does not vary along one axis of [2, 3]"));
    EXPECT_THAT(reason({x, floats({2, 1}, {1, 2}), floats({3}, {0, 1, 2}), number(4)}), HasSubstr("vary along different axes"));
    EXPECT_THAT(reason({x, number(1), number(2), number(1)}), HasSubstr("no room for a zero point"));
    EXPECT_THAT(reason({x, number(1), number(0), number(1)}, with({{"signed", std::int64_t{0}}, {"narrow", std::int64_t{1}}})),
                HasSubstr("holds a single integer"));
    const OpDef* op = find_op(domain, "Quant");
    const auto mode =
        std::find_if(op->attributes.begin(), op->attributes.end(), [](const auto& def) { return def.name == "rounding_mode"; });
    EXPECT_EQ(mode->refuse(std::string("floor")), "");
    EXPECT_THAT(mode->refuse(std::string("ROUND_TO_ZERO")), HasSubstr("'ROUND_TO_ZERO' is not supported: ROUND, FLOOR and CEIL are"));
    EXPECT_THAT(mode->refuse(std::string("HALF_UP")), HasSubstr("HALF_UP"));

    SingleNode wide(domain, "Quant", 1, {}, {x, number(1), number(0), number(16)});
    EXPECT_EQ(refused(wide),
              "an activation of 16 bits is not supported: the hardware takes up to 8 | quantize activations to 8 bits or fewer");
    SingleNode far(domain, "Quant", 1, {}, {x, number(1), number(200), number(8)});
    EXPECT_THAT(refused(far), HasSubstr("the zero point 200 and integers from -128 to 127 do not go into 8 bits"));
    SingleNode per_channel(domain, "Quant", 1, {}, {x, floats({3}, {1, 2, 3}), number(0), number(1)});
    EXPECT_THAT(refused(per_channel), HasSubstr("an activation has a scale per channel"));

    // A scale that the model computes.
    Graph graph;
    Value* input = graph.add_value("x", DataType::float32, {1, 8});
    Value* scale = graph.add_value("s", DataType::float32, {});
    graph.inputs = {input, scale};
    Node* node = graph.add_node(*op, "quant", 1, {input, scale, graph.add_constant("z", number(0)), graph.add_constant("b", number(4))},
                                {graph.add_value("y", DataType::float32, {})},
                                with({{"signed", std::int64_t{1}}, {"narrow", std::int64_t{0}}, {"rounding_mode", "ROUND"}}));
    const auto inferred = node->op->infer(*node);
    ASSERT_FALSE(inferred);
    EXPECT_EQ(inferred.error()[0].reason, "the scale is computed at run time");
    EXPECT_EQ(inferred.error()[0].tensor, "s");
}

TEST(Quant, IsFoundInEveryDomainOfRealFiles) {
    for (const char* name : {"Quant", "IntQuant", "BipolarQuant", "Trunc", "MultiThreshold"}) {
        const OpDef* op = find_op(domain, name);
        ASSERT_TRUE(op) << name;
        for (const char* other : {"finn.custom_op.general", "onnx.brevitas", "", "ai.onnx"}) EXPECT_EQ(find_op(other, name), op) << other;
        EXPECT_EQ(find_op("com.microsoft", name), nullptr);
    }
    EXPECT_NE(find_op("qonnx.custom_op.channels_last", "Conv"), find_op("", "Conv"));
}

TEST(BipolarQuant, ZeroGivesPlusOne) {
    const Tensor x = floats({1, 5}, {-3, -1e-30f, 0, 1e-30f, 5});
    SingleNode single(domain, "BipolarQuant", 1, {}, {x, number(0.375f)});
    const Tensor y = single.evaluate();
    EXPECT_EQ(y.to_doubles(), (std::vector<double>{-0.375, -0.375, 0.375, 0.375, 0.375}));
    expect_equal(expanded(single), y);
}

TEST(Trunc, BothVersionsDropBits) {
    for (const char* mode : {"FLOOR", "CEIL", "ROUND"}) {
        for (const float zero : {0.0f, 4.0f}) {
            for (const int shift : {0, 1, 2, 4}) {
                SCOPED_TRACE(std::string(mode) + " zero " + std::to_string(zero) + " shift " + std::to_string(shift));
                const float scale = 0.25f;
                // On the grid of integers, a little off it, and between.
                Tensor x = ladder({1, 600}, scale * 0.5f);
                for (std::size_t i = 0; i < 600; i += 3) x.as<float>()[i] *= 1.0001f;
                // Version 1, in the range of what it is given.
                const float bits_in = static_cast<float>(8 + shift);
                SingleNode first(domain, "Trunc", 1, with({{"rounding_mode", mode}}),
                                 {x, number(scale), number(zero), number(bits_in), number(8)});
                const Tensor y = first.evaluate();
                for (std::int64_t i = 0; i < x.size(); ++i) {
                    const double quotient = std::nearbyint(x.at(i) / scale + zero) / std::pow(2, shift);
                    const double integer = *mode == 'F'   ? std::floor(quotient)
                                           : *mode == 'C' ? std::ceil(quotient)
                                                          : std::nearbyint(quotient);
                    ASSERT_EQ(y.at(i), (integer - zero) * scale) << x.at(i);
                }
                expect_equal(expanded(first), y);

                const float scale_out = scale * static_cast<float>(1 << shift);
                SingleNode second(domain, "Trunc", 2,
                                  with({{"rounding_mode", mode}, {"signed", std::int64_t{1}}, {"narrow", std::int64_t{1}}}),
                                  {x, number(scale), number(zero), number(bits_in), number(scale_out), number(0), number(4)});
                if (std::fmod(zero, std::pow(2, shift)) != 0) {
                    EXPECT_THAT(second.infer(), HasSubstr("the zero point 0.25 of the result is not an integer"));
                    continue;
                }
                const Tensor z = second.evaluate();
                for (std::int64_t i = 0; i < x.size(); ++i) {
                    double quotient = std::nearbyint(x.at(i) / scale + zero) / std::pow(2, shift);
                    quotient = std::min(std::max(quotient, -7.0), 7.0);
                    const double integer = *mode == 'F'   ? std::floor(quotient)
                                           : *mode == 'C' ? std::ceil(quotient)
                                                          : std::nearbyint(quotient);
                    ASSERT_EQ(z.at(i), (integer - zero / std::pow(2, shift)) * scale_out) << x.at(i);
                }
                expect_equal(expanded(second), z);
                if (HasFailure()) return;
            }
        }
    }
}

TEST(Trunc, RefusesByName) {
    const Tensor x = ladder({2, 3}, 1);
    EXPECT_THAT(SingleNode(domain, "Trunc", 1, {}, {x, number(1), number(0), number(4), number(8)}).infer(), HasSubstr("drops -4 bits"));
    EXPECT_THAT(SingleNode(domain, "Trunc", 1, {}, {x, number(1), number(0), number(4), number(2), number(2)}).infer(), HasSubstr("seven"));
    EXPECT_THAT(SingleNode(domain, "Trunc", 1, {}, {x, floats({3}, {1, 2, 3}), number(0), number(4), number(2)}).infer(),
                HasSubstr("a scale or zero point per channel is not supported"));
    SingleNode wide(domain, "Trunc", 1, {}, {x, number(1), number(0), number(20), number(12)});
    EXPECT_THAT(refused(wide), HasSubstr("an activation of 12 bits is not supported"));
}

TEST(MultiThreshold, CountsThresholdsPerChannelInBothLayouts) {
    struct Case {
        Shape x;
        const char* layout;
        std::size_t axis;
    };
    for (const Case& c : {Case{{2, 3, 4, 5}, "NCHW", 1}, Case{{2, 4, 5, 3}, "NHWC", 3}, Case{{20, 3}, "NCHW", 1}, Case{{20, 3}, "NHWC", 1},
                          Case{{2, 10, 3}, "NCHW", 2}}) {
        for (const bool shared : {false, true}) {
            for (const auto& [scale, bias] :
                 std::vector<std::pair<double, double>>{{1, 0}, {1, -4}, {0.5, 0.25}, {2, -1}, {-1, 0}, {-0.5, 2}, {1, 0.3f}}) {
                SCOPED_TRACE(to_string(c.x) + c.layout + (shared ? " shared " : " ") + std::to_string(scale) + " " + std::to_string(bias));
                const Tensor x = ladder(c.x, 0.5f);
                const std::vector<float> rows{-4, 0, 0.5f, 3, -1, -0.5f, 2, 20, 0, 0, 0, 1};
                const Tensor thresholds = shared ? floats({1, 4}, {rows.begin(), rows.begin() + 4}) : floats({3, 4}, rows);
                SingleNode single(domain, "MultiThreshold", 1,
                                  with({{"out_dtype", "INT4"}, {"out_scale", scale}, {"out_bias", bias}, {"data_layout", c.layout}}),
                                  {x, thresholds});
                const Tensor y = single.evaluate();
                std::int64_t inner = 1;
                for (std::size_t axis = c.axis + 1; axis < c.x.size(); ++axis) inner *= c.x[axis];
                for (std::int64_t i = 0; i < x.size(); ++i) {
                    const auto row = static_cast<std::size_t>(shared ? 0 : i / inner % 3) * 4;
                    int count = 0;
                    for (std::size_t t = 0; t < 4; ++t) count += x.at(i) >= static_cast<double>(rows[row + t]) ? 1 : 0;
                    ASSERT_NEAR(y.at(i), scale * count + bias, 1e-6) << i;
                }
                std::set<std::string> names;
                expect_equal(expanded(single, &names), y, 1e-6);
                // Only a bias off every grid is left to be added.
                EXPECT_EQ(names.count("Add"), bias == 0.3f ? 1U : 0U);
            }
        }
    }
}

TEST(MultiThreshold, RefusesByName) {
    const Tensor x = ladder({2, 3}, 1);
    const auto reason = [&](Tensor thresholds, const Attributes& attributes = {}) {
        return SingleNode(domain, "MultiThreshold", 1, attributes, {x, std::move(thresholds)}).infer();
    };
    EXPECT_THAT(reason(floats({2, 2}, {1, 2, 3, 4})), HasSubstr("thresholds of shape [2, 2] do not go with 3 channels"));
    EXPECT_THAT(reason(floats({3}, {1, 2, 3})), HasSubstr("do not go with 3 channels"));
    EXPECT_THAT(reason(Tensor(DataType::float32, {1, 256})), HasSubstr("256 thresholds make more than 8 bits"));
    EXPECT_THAT(reason(floats({1, 1}, {1}), with("out_scale", 0.0)), HasSubstr("'out_scale' is zero"));
    EXPECT_THAT(reason(floats({1, 1}, {1}), with("out_bias", std::numeric_limits<double>::infinity())),
                HasSubstr("'out_bias' is no finite number"));
    const OpDef* op = find_op(domain, "MultiThreshold");
    const auto layout =
        std::find_if(op->attributes.begin(), op->attributes.end(), [](const auto& def) { return def.name == "data_layout"; });
    EXPECT_THAT(layout->refuse(std::string("NWHC")), HasSubstr("neither NCHW nor NHWC"));
}

TEST(ChannelsLast, EqualsTheStandardOperatorBetweenTransposes) {
    const Tensor image = test::random_tensor(DataType::float32, {1, 6, 5, 4}, 1);  // NHWC
    const auto transposed = [](const Tensor& tensor, std::vector<std::int64_t> perm) {
        SingleNode single("", "Transpose", 13, with({{"perm", std::move(perm)}}), {tensor});
        return single.evaluate();
    };
    const auto check = [&](const char* name, const Attributes& attributes, const std::vector<Tensor>& twin,
                           const std::vector<Tensor>& standard) {
        SCOPED_TRACE(name);
        SingleNode last("qonnx.custom_op.channels_last", name, 1, attributes, twin), first("", name, 13, attributes, standard);
        const Tensor y = last.evaluate();
        expect_equal(y, transposed(first.evaluate(), {0, 2, 3, 1}));
        expect_equal(expanded(last), y, 1e-5);
    };
    const Tensor weight = test::random_tensor(DataType::float32, {6, 3, 3, 4}, 2), bias = test::random_tensor(DataType::float32, {6}, 3);
    const std::vector<std::int64_t> pads{1, 0, 1, 2}, strides{2, 1}, kernel{3, 3};
    const Tensor first = transposed(image, {0, 3, 1, 2});
    check("Conv", with({{"pads", pads}, {"strides", strides}, {"kernel_shape", kernel}}), {image, weight, bias},
          {first, transposed(weight, {0, 3, 1, 2}), bias});
    const Tensor depthwise = test::random_tensor(DataType::float32, {4, 3, 3, 1}, 4);
    check("Conv", with({{"group", std::int64_t{4}}, {"kernel_shape", kernel}}), {image, depthwise},
          {first, transposed(depthwise, {0, 3, 1, 2})});
    check("MaxPool", with({{"kernel_shape", std::vector<std::int64_t>{2, 3}}, {"strides", strides}}), {image}, {first});
    const Tensor ones = floats({4}, {1, 2, 3, 4}), more = floats({4}, {0.5f, -1, 2, 0});
    check("BatchNormalization", {}, {image, ones, more, more, ones}, {first, ones, more, more, ones});
    EXPECT_THAT(
        SingleNode("qonnx.custom_op.channels_last", "Conv", 1, with({{"kernel_shape", kernel}}), {image, transposed(weight, {0, 3, 1, 2})})
            .infer(),
        HasSubstr("does not fit an input of 4 channels"));
}

}  // namespace
}  // namespace weft
