// convolution_float.h
// Single-precision convolution by a oneDNN primitive.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/common/convolution.h"

namespace weft {

/// As `convolve`, on the calling thread. False, with nothing written, where the library has no primitive for this shape.
bool convolve_by_primitive(const ConvolutionShape& shape, const float* input, const float* weight, const float* bias, float* output);

}  // namespace weft
