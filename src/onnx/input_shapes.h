// input_shapes.h
// Shapes of a model's inputs: what the file says, what the user adds, and which of it counts independent samples.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/tensor.h"

namespace weft {

struct InputShape {
    std::string name;
    DataType type = DataType::float32;
    Shape shape;  ///< Positive; 1 in front where the file leaves that open and the user does not give it either.
};

/// The inputs that are no initialisers, in the file's order, with `given` shapes (by input name) in place of the file's. An extent other
/// than the first that stays open is an error, which says how to give it; so is a first one unless `open_leading`.
Result<std::vector<InputShape>> input_shapes(const onnx::GraphProto& graph, const std::map<std::string, Shape>& given, bool open_leading);

/// The number of samples that the first extents of all inputs may be taken to count: 0 if they may not be, 1 if they are 1 or open.
std::int64_t batch_candidate(const std::vector<InputShape>& inputs);

/// `shapes` with 1 as the first extent of every input.
std::vector<InputShape> with_batch_of_one(std::vector<InputShape> shapes);

}  // namespace weft
