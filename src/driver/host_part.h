// host_part.h
// What of a model the host runs around the kernel, in the model's words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/design/design.h"
#include "src/design/host_program.h"
#include "src/graph/graph.h"

namespace weft {

/// How a kernel output's integers stand for real numbers; the constants are those of the output in the manifest's design.
inline constexpr const char* real_formula = "real = (integer - zero_point) * scale + offset";

struct HostPart {
    /// Between one of the model's inputs and what the kernel reads. Its quantizer is not listed.
    struct Input {
        std::string input;
        std::vector<HostNode> nodes;
    };
    /// Between what the kernel gives, as real numbers, and one of the model's outputs.
    struct Output {
        std::string output;
        std::vector<std::string> kernel_outputs;  ///< Tensors that it is computed from.
        std::vector<HostNode> nodes;
    };
    std::vector<Input> inputs;
    std::vector<Output> outputs;
};

HostPart host_part(const Graph& model, const Design& design);

nlohmann::ordered_json host_json(const HostPart& part);
/// A line for each output (and input) that nodes stand at; empty where the kernel does everything.
std::vector<std::string> host_lines(const HostPart& part);

}  // namespace weft
