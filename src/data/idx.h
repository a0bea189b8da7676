// idx.h
// The IDX format of the MNIST family of data sets, plain or compressed by gzip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "src/data/bytes.h"
#include "src/graph/tensor.h"

namespace weft {

bool is_idx(ByteSpan contents);
bool is_gzip(ByteSpan contents);
/// The array; `path` is for messages. Errors: wrong magic, element type or size.
Result<Tensor> parse_idx(const std::filesystem::path& path, ByteSpan contents);
/// The same of a .gz; no more is decompressed than the header announces.
Result<Tensor> parse_compressed_idx(const std::filesystem::path& path, ByteSpan compressed);

}  // namespace weft
