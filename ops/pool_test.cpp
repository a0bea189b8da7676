// pool_test.cpp
// Pooling against its definition, and the corners of ceil_mode against the values of ONNX Runtime 1.32.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::random_tensor;
using test::relative_difference;
using test::SingleNode;
using Integers = std::vector<std::int64_t>;

Attributes window(Integers kernel, Integers strides, Integers pads, std::int64_t ceil_mode) {
    Attributes attributes;
    attributes.set("kernel_shape", std::move(kernel));
    attributes.set("strides", std::move(strides));
    attributes.set("pads", std::move(pads));
    attributes.set("ceil_mode", ceil_mode);
    return attributes;
}

Tensor counting(std::int64_t size) {
    Tensor x(DataType::float32, {1, 1, size, size});
    for (std::int64_t i = 0; i < x.size(); ++i) x.as<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i + 1);
    return x;
}

TEST(Pool, AWindowThatWouldStartBehindTheInputIsLeftOut) {
    SingleNode maximum("", "MaxPool", 12, window({2, 2}, {2, 2}, {1, 1, 1, 1}, 1), {counting(3)});
    EXPECT_EQ(maximum.evaluate().to_doubles(), (std::vector<double>{1, 3, 7, 9}));
    SingleNode average("", "AveragePool", 12, window({2, 2}, {2, 2}, {1, 1, 1, 1}, 1), {counting(3)});
    EXPECT_EQ(average.evaluate().to_doubles(), (std::vector<double>{1, 2.5, 5.5, 7}));
}

TEST(Pool, WhatHangsOverThePaddedInputDoesNotCount) {
    const auto average = [](Integers pads, std::int64_t counts) {
        Attributes attributes = window({3, 3}, {2, 2}, std::move(pads), 1);
        attributes.set("count_include_pad", counts);
        return SingleNode("", "AveragePool", 11, attributes, {counting(4)}).evaluate().to_doubles();
    };
    EXPECT_EQ(average({0, 0, 0, 0}, 0), (std::vector<double>{6, 7.5, 12, 13.5}));
    EXPECT_EQ(average({0, 0, 0, 0}, 1), (std::vector<double>{6, 7.5, 12, 13.5}));
    EXPECT_EQ(average({1, 1, 0, 0}, 0), (std::vector<double>{3.5, 5, 9.5, 11}));
    EXPECT_EQ(average({1, 1, 0, 0}, 1), (std::vector<double>{14.0F / 9.0F, 30.0F / 9.0F, 57.0F / 9.0F, 11}));
}

TEST(Pool, IsTheDefinition) {
    const Tensor x = random_tensor(DataType::float64, {2, 3, 7, 9}, 1);
    const Integers kernel{3, 2}, strides{2, 3}, pads{1, 0, 2, 1};
    const std::int64_t rows = (7 + 3 - 3) / 2 + 1, cols = (9 + 1 - 2) / 3 + 1;
    for (const int mode : {0, 1, 2}) {  // maximum; average over the image; average over image and padding
        Tensor wanted(DataType::float64, {2, 3, rows, cols});
        for (std::int64_t at = 0; at < wanted.size(); ++at) {
            const std::int64_t plane = at / (rows * cols), row = at / cols % rows, col = at % cols;
            double largest = -std::numeric_limits<double>::infinity(), sum = 0;
            int count = 0;
            for (std::int64_t p = 0; p < kernel[0]; ++p) {
                for (std::int64_t q = 0; q < kernel[1]; ++q) {
                    const std::int64_t h = row * strides[0] + p - pads[0], v = col * strides[1] + q - pads[1];
                    const bool on_image = h >= 0 && h < 7 && v >= 0 && v < 9;
                    count += on_image || mode == 2;
                    if (!on_image) continue;
                    const double element = x.at((plane * 7 + h) * 9 + v);
                    largest = std::max(largest, element);
                    sum += element;
                }
            }
            wanted.as<double>()[static_cast<std::size_t>(at)] = mode == 0 ? largest : sum / count;
        }
        for (const DataType type : {DataType::float64, DataType::float32}) {
            Attributes attributes = window(kernel, strides, pads, 0);
            if (mode > 0) attributes.set("count_include_pad", std::int64_t{mode - 1});
            SingleNode pool("", mode == 0 ? "MaxPool" : "AveragePool", 11, attributes, {x.cast(type)});
            EXPECT_LT(relative_difference(pool.evaluate(), wanted), type == DataType::float64 ? 1e-15 : 1e-6) << mode;
        }
    }
}

TEST(Pool, RefusesWithTheReason) {
    SingleNode pads("", "MaxPool", 12, window({2, 2}, {2, 2}, {0, 2, 0, 0}, 0), {counting(5)});
    EXPECT_EQ(pads.infer(), "a pad of 2 is not smaller than the window's extent of 2");
    SingleNode large("", "MaxPool", 12, window({6, 2}, {1, 1}, {0, 0, 0, 0}, 0), {counting(5)});
    EXPECT_EQ(large.infer(), "the window spans 6 rows but the padded input has 5");
    SingleNode indices("", "MaxPool", 12, window({2, 2}, {1, 1}, {0, 0, 0, 0}, 0), {counting(5)});
    indices.node->outputs.push_back(indices.graph.add_value("indices", DataType::int64, {}));
    EXPECT_EQ(indices.infer(), "the indices of the maxima are not supported");
}

}  // namespace
}  // namespace weft
