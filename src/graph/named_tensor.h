// named_tensor.h
// A tensor with the name of the value that it is for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "src/graph/tensor.h"

namespace weft {

struct NamedTensor {
    std::string name;
    Tensor tensor;  ///< Images stacked along axis 0 where the model is batched.
};

}  // namespace weft
