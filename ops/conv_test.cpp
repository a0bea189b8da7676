// conv_test.cpp
// Convolution against its definition, over the corners of its attributes.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::random_tensor;
using test::relative_difference;
using test::SingleNode;

struct Case {
    std::string name;
    std::int64_t batch, channels, height, width, outputs, groups;
    std::vector<std::int64_t> kernel, strides, dilations, pads;
    bool bias;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

/// The sum of the definition, in double, with pads applied by index.
Tensor by_definition(const Case& c, const Tensor& x, const Tensor& w, const Tensor* b) {
    const std::int64_t rows = (c.height + c.pads[0] + c.pads[2] - (c.kernel[0] - 1) * c.dilations[0] - 1) / c.strides[0] + 1;
    const std::int64_t cols = (c.width + c.pads[1] + c.pads[3] - (c.kernel[1] - 1) * c.dilations[1] - 1) / c.strides[1] + 1;
    const std::int64_t in_group = c.channels / c.groups, out_group = c.outputs / c.groups;
    Tensor y(DataType::float64, {c.batch, c.outputs, rows, cols});
    std::int64_t at = 0;
    for (std::int64_t n = 0; n < c.batch; ++n) {
        for (std::int64_t o = 0; o < c.outputs; ++o) {
            for (std::int64_t row = 0; row < rows; ++row) {
                for (std::int64_t col = 0; col < cols; ++col, ++at) {
                    double sum = b ? b->at(o) : 0;
                    for (std::int64_t i = 0; i < in_group; ++i) {
                        for (std::int64_t p = 0; p < c.kernel[0]; ++p) {
                            for (std::int64_t q = 0; q < c.kernel[1]; ++q) {
                                const std::int64_t h = row * c.strides[0] + p * c.dilations[0] - c.pads[0];
                                const std::int64_t v = col * c.strides[1] + q * c.dilations[1] - c.pads[1];
                                if (h < 0 || v < 0 || h >= c.height || v >= c.width) continue;
                                const std::int64_t channel = o / out_group * in_group + i;
                                sum += w.at(((o * in_group + i) * c.kernel[0] + p) * c.kernel[1] + q) *
                                       x.at(((n * c.channels + channel) * c.height + h) * c.width + v);
                            }
                        }
                    }
                    y.as<double>()[static_cast<std::size_t>(at)] = sum;
                }
            }
        }
    }
    return y;
}

class ConvCase : public testing::TestWithParam<Case> {};

TEST_P(ConvCase, IsTheDefinition) {
    const Case& c = GetParam();
    const Shape weight_shape{c.outputs, c.channels / c.groups, c.kernel[0], c.kernel[1]};
    std::vector<Tensor> inputs{random_tensor(DataType::float64, {c.batch, c.channels, c.height, c.width}, 1),
                               random_tensor(DataType::float64, weight_shape, 2)};
    if (c.bias) inputs.push_back(random_tensor(DataType::float64, {c.outputs}, 3));
    const Tensor wanted = by_definition(c, inputs[0], inputs[1], c.bias ? &inputs[2] : nullptr);
    for (const DataType type : {DataType::float64, DataType::float32}) {
        Attributes attributes;
        attributes.set("group", c.groups);
        attributes.set("strides", c.strides);
        attributes.set("dilations", c.dilations);
        attributes.set("pads", c.pads);
        std::vector<Tensor> typed;
        for (const Tensor& input : inputs) typed.push_back(input.cast(type));
        SingleNode conv("", "Conv", 11, attributes, typed);
        EXPECT_LT(relative_difference(conv.evaluate(), wanted), type == DataType::float64 ? 1e-14 : 2e-6) << to_string(type);
    }
}

INSTANTIATE_TEST_SUITE_P(Corners, ConvCase,
                         testing::Values(Case{"plain", 1, 3, 8, 9, 5, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, true},
                                         Case{"pointwise", 2, 17, 5, 7, 33, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}, true},
                                         Case{"pointwise_strided", 2, 16, 5, 7, 20, 1, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}, false},
                                         Case{"asymmetric", 1, 4, 10, 11, 6, 1, {4, 2}, {2, 3}, {1, 1}, {0, 1, 3, 2}, true},
                                         Case{"dilated", 2, 4, 13, 12, 6, 2, {3, 2}, {1, 2}, {2, 3}, {2, 0, 1, 4}, true},
                                         Case{"depthwise", 2, 32, 9, 9, 32, 32, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}, true},
                                         Case{"depthwise_multiplier", 1, 6, 7, 8, 18, 6, {3, 5}, {1, 1}, {1, 1}, {1, 2, 1, 2}, false},
                                         Case{"grouped", 1, 12, 6, 6, 8, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, true},
                                         Case{"deep", 1, 70, 6, 6, 40, 1, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}, true},
                                         Case{"pads_beyond_kernel", 1, 2, 3, 3, 3, 1, {2, 2}, {1, 1}, {1, 1}, {3, 4, 3, 2}, true}),
                         [](const auto& info) { return info.param.name; });

TEST(Conv, ResolvesAutoPad) {
    const auto pads_for = [](const char* mode, std::int64_t size, std::int64_t stride) {
        Attributes attributes;
        attributes.set("auto_pad", std::string(mode));
        attributes.set("strides", std::vector<std::int64_t>{stride, stride});
        SingleNode conv("", "Conv", 11, attributes,
                        {random_tensor(DataType::float32, {1, 1, size, size}, 1), random_tensor(DataType::float32, {1, 1, 3, 2}, 2)});
        EXPECT_EQ(conv.infer(), "");
        EXPECT_FALSE(conv.node->attributes.has("auto_pad"));
        auto list = conv.node->attributes.integers("pads");
        list.insert(list.end(), conv.node->output()->shape.begin() + 2, conv.node->output()->shape.end());
        return list;
    };
    using List = std::vector<std::int64_t>;
    EXPECT_EQ(pads_for("SAME_UPPER", 5, 1), (List{1, 0, 1, 1, 5, 5}));
    EXPECT_EQ(pads_for("SAME_LOWER", 5, 1), (List{1, 1, 1, 0, 5, 5}));
    EXPECT_EQ(pads_for("SAME_UPPER", 6, 2), (List{0, 0, 1, 0, 3, 3}));
    EXPECT_EQ(pads_for("SAME_LOWER", 6, 2), (List{1, 0, 0, 0, 3, 3}));
    EXPECT_EQ(pads_for("SAME_UPPER", 7, 4), (List{0, 0, 0, 0, 2, 2}));
    EXPECT_EQ(pads_for("VALID", 6, 2), (List{0, 0, 0, 0, 2, 3}));
}

TEST(Conv, RefusesWithTheReason) {
    const auto reason = [](Attributes attributes, Shape x, Shape w) {
        SingleNode conv("", "Conv", 11, std::move(attributes),
                        {random_tensor(DataType::float32, std::move(x), 1), random_tensor(DataType::float32, std::move(w), 2)});
        return conv.infer();
    };
    EXPECT_EQ(reason({}, {1, 3, 10}, {2, 3, 3}), "convolution over one spatial axis is not supported: the shape is [1, 3, 10]");
    EXPECT_EQ(reason({}, {1, 3, 10, 10}, {2, 4, 3, 3}), "the weight [2, 4, 3, 3] in 1 group does not fit an input of 3 channels");
    EXPECT_EQ(reason({}, {1, 3, 2, 10}, {2, 3, 3, 3}), "the window spans 3 rows but the padded input has 2");
    Attributes strides;
    strides.set("strides", std::vector<std::int64_t>{0, 1});
    EXPECT_EQ(reason(strides, {1, 3, 8, 8}, {2, 3, 3, 3}), "attribute 'strides' holds 0, outside 1..1048576");
    Attributes kernel;
    kernel.set("kernel_shape", std::vector<std::int64_t>{5, 5});
    EXPECT_EQ(reason(kernel, {1, 3, 8, 8}, {2, 3, 3, 3}), "attribute 'kernel_shape' is [5, 5] but the weight's kernel is [3, 3]");
}

}  // namespace
}  // namespace weft
