// codec.h
// Between samples as a program holds them and frames as the kernel reads and writes them.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <cstddef>

#include "kernel.h"
#include "tensor.h"

namespace weft::host {

/// Writes `count` samples of an input, from sample `first` on, as frames one behind the other. Bytes of a frame that no element lies in
/// are left as they are. The samples have the input's type.
void pack(const Kernel& kernel, const Port& input, const TensorView& samples, std::size_t first, std::size_t count, std::byte* frames);

/// Reads `count` frames into an output's samples, from sample `first` on.
void unpack(const Kernel& kernel, const Port& output, const std::byte* frames, std::size_t first, std::size_t count, Tensor& samples);

}  // namespace weft::host
