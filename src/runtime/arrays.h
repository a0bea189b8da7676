// arrays.h
// Samples from files, and results into them: .npy of NumPy and IDX of MNIST.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <string>

#include "kernel.h"
#include "tensor.h"

namespace weft::host {

/// Which of the two a file is, it says itself. Fails with an Error.
Tensor read_array(const std::string& path);
void write_npy(const std::string& path, const Tensor& tensor);

/// An array as samples of a network's input: of its type, which must hold every value. A sample has the input's shape up to axes of extent
/// 1; the first axis counts samples.
Tensor as_samples(Tensor array, const Port& input, const std::string& path);

}  // namespace weft::host
