// small_network.h
// Float networks of a few nodes, built node by node, compiled and held against their oracle and the float model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

#include "src/data/npy.h"
#include "src/driver/compile.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {

/// A builder with weights drawn at random, and the samples that calibrate its model.
class SmallNetwork : public ModelBuilder {
public:
    explicit SmallNetwork(int opset = 13) : ModelBuilder(opset) {}

    std::string weight(const std::string& name, const std::vector<std::int64_t>& shape, double deviation,
                       int type = onnx::TensorProto::FLOAT) {
        auto& tensor = initialiser(name, type, shape);
        std::normal_distribution<double> normal(0, deviation);
        for (std::int64_t i = 0; i < element_count(shape); ++i) {
            if (type == onnx::TensorProto::DOUBLE)
                tensor.add_double_data(normal(random_));
            else
                tensor.add_float_data(static_cast<float>(normal(random_)));
        }
        return name;
    }
    /// Same padding, kernel 3.
    void convolution(const std::string& x, const std::string& y, std::int64_t inputs, std::int64_t outputs) {
        auto& conv = node("Conv",
                          {x, weight(y + "_w", {outputs, inputs, 3, 3}, std::sqrt(2.0 / (9.0 * static_cast<double>(inputs)))),
                           weight(y + "_b", {outputs}, 0.1)},
                          {y}, y);
        attribute(conv, "pads", {1, 1, 1, 1});
    }

    /// Compiles with 32 normally distributed samples.
    Result<std::unique_ptr<Compiled>> compiled(const Shape& input) {
        write(folder_ / "model.onnx");
        Shape stacked = input;
        stacked[0] = 32;
        Tensor samples(DataType::float32, stacked);
        std::normal_distribution<float> normal;
        for (float& element : samples.as<float>()) element = normal(random_);
        const Bytes head = npy_header(samples);
        std::ofstream file(folder_ / "x.npy", std::ios::binary);
        file.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
        file.write(reinterpret_cast<const char*>(samples.raw()), static_cast<std::streamsize>(samples.bytes()));
        file.close();
        CompileOptions options;
        options.calibration = folder_ / "x.npy";
        return compile(folder_ / "model.onnx", options);
    }
    std::filesystem::path folder() const { return folder_ / ""; }

private:
    TemporaryFolder folder_;
    std::mt19937 random_{11};
};

/// Compiles and holds the contract against its oracle and the float model.
inline SelfCheck expect_good(SmallNetwork& network, const Shape& input, double decibels) {
    const auto compiled = network.compiled(input);
    if (!compiled) {
        ADD_FAILURE() << messages(compiled);
        return {};
    }
    const auto check = self_check(**compiled);
    if (!check) {
        ADD_FAILURE() << messages(check);
        return {};
    }
    EXPECT_TRUE(check->exact()) << messages(check->warnings);
    EXPECT_GT(check->elements, 0);
    EXPECT_GE(check->output_sqnr_db, decibels) << messages(check->warnings);
    EXPECT_EQ(check->outputs.size(), (*compiled)->design.outputs.size());
    return *check;
}

}  // namespace weft::test
