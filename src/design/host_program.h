// host_program.h
// What the program that feeds a kernel does around it, as far as its library can: from the model's inputs to the kernel's frames, and from
// these to the model's outputs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/design.h"
#include "src/graph/graph.h"
#include "src/graph/host_step.h"
#include "src/graph/index_map.h"

namespace weft {

/// A node of the model, in its words.
struct HostNode {
    std::string node;  ///< Its key.
    std::string op;
};

/// The nodes from `given` to `wanted` but for quantizers, which a kernel's input and the formula of its output stand for. `read` gets those
/// of `given` that `wanted` is computed from.
std::vector<HostNode> host_nodes(const Graph& model, const std::vector<const Value*>& given, const Value* wanted,
                                 std::set<const Value*>* read = nullptr);

struct HostProgram {
    /// A tensor of the program's user on one side, a stream of the kernel on the other: an input's elements go through the steps and then,
    /// by the map, into the stream's frame; an output's come out of it, and go through the steps.
    struct Port {
        std::string name;
        DataType type = DataType::float32;
        Shape shape;         ///< Of one sample, without the batch.
        std::size_t at = 0;  ///< Index of the kernel's input or output.
        std::vector<HostStep> steps;
        IndexMap map;
    };
    /// Nodes that the library does not have, between the kernel and an input or output of the model: its user sends what the kernel's
    /// input holds, or gets what its outputs hold, under the names of these tensors.
    struct Left {
        bool behind = false;            ///< Behind the kernel; else before it.
        std::string name;               ///< Of the model's input or output.
        std::vector<std::string> from;  ///< Behind the kernel: tensors that the output is computed from.
        std::vector<HostNode> nodes;
    };
    std::vector<Port> inputs;  ///< One for each of the kernel's.
    std::vector<Port> outputs;
    std::vector<Left> left;
};

/// Fails where the design names a tensor that the model does not hold.
Result<HostProgram> host_program(const Graph& model, const Design& design);

}  // namespace weft
