// small_project.h
// A project of two dense layers with its samples, for tests of what happens to projects.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/driver/compile.h"
#include "tests/messages.h"
#include "tests/onnx/model_builder.h"
#include "tests/paths.h"

namespace weft::test {

/// x [N, 3] -> `outputs` classes by a dense layer, by Softmax if that is wanted.
inline ModelBuilder dense(int outputs, bool softmax = false) {
    ModelBuilder builder;
    std::vector<float> weights;
    for (int i = 0; i < 3 * outputs; ++i) weights.push_back(static_cast<float>(i % 7) - 3);
    builder.input("x", {"N", 3});
    builder.floats("w", {3, outputs}, weights);
    builder.node("Gemm", {"x", "w"}, {softmax ? "logits" : "y"}, "dense");
    if (softmax) builder.node("Softmax", {"logits"}, {"y"}, "softmax");
    builder.output("y", {"N", outputs});
    return builder;
}

/// `count` samples of it.
inline Tensor dense_samples(std::int64_t count) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < 3 * count; ++i) values.push_back(static_cast<float>(std::sin(static_cast<double>(i) * 1.7)));
    return Tensor::of<float>({count, 3}, values);
}

/// Compiles it into `folder`/`name`; the model's file is called after it too. `folder`/samples.npy holds samples.
inline void write_dense_project(const std::filesystem::path& folder, const std::string& name, CompileOptions options = {},
                                bool softmax = false) {
    dense(5, softmax).write(folder / (name + ".onnx"));
    ASSERT_TRUE(save_npy(folder / "samples.npy", dense_samples(32)));
    options.calibration = folder / "samples.npy";
    options.self_check = false;
    const auto compiled = compile(folder / (name + ".onnx"), options);
    ASSERT_TRUE(compiled) << messages(compiled);
    ASSERT_TRUE(write_project(**compiled, nullptr, folder / (name + ".onnx"), folder / name));
}

}  // namespace weft::test
