// npy.h
// NumPy's array format (.npy, versions 1 to 3) and archives of arrays (.npz).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "src/data/bytes.h"
#include "src/graph/named_tensor.h"

namespace weft {

bool is_npy(ByteSpan contents);
/// The array; `path` is for messages. Either byte order, C and Fortran order; half precision becomes float32. Errors: structured, text and
/// object arrays, a size that the header does not announce.
Result<Tensor> parse_npy(const std::filesystem::path& path, ByteSpan contents);
/// The header of the array's .npy form (version 1); its raw elements follow.
Bytes npy_header(const Tensor& tensor);

bool is_npz(ByteSpan contents);
/// The arrays in the archive's order, named without `.npy`. Entries stored or deflated, each checked against its checksum.
Result<std::vector<NamedTensor>> parse_npz(const std::filesystem::path& path, ByteSpan contents);

}  // namespace weft
