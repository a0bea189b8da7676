// versions.h
// The newest ONNX that weft knows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weft {

/// The newest operator set and file format whose differences to earlier ones are known here.
inline constexpr std::int64_t newest_opset = 28;
inline constexpr std::int64_t newest_ir_version = 14;

}  // namespace weft
