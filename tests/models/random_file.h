// random_file.h
// Model files drawn at random in the words of the tools that people use: float, QDQ, QOperator, QONNX, thresholds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "src/graph/tensor.h"

namespace weft::test {

struct RandomFile {
    std::string form;           ///< Which of the kinds below, in a word or two.
    std::string bytes;          ///< Of the ONNX file: one input, "x".
    Shape input;                ///< Of "x", with a batch of one.
    bool needs_samples = true;  ///< A float network: it has no quantizers.
};

/// The same seed gives the same file. A few hold what no hardware computes: those are to be refused.
RandomFile random_file(std::uint64_t seed);

}  // namespace weft::test
