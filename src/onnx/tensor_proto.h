// tensor_proto.h
// Tensors between protobuf and weft, in every encoding that ONNX has for them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "src/base/diagnostic.h"
#include "src/graph/tensor.h"
#include "src/onnx/model_file.h"

namespace weft {

/// weft's element type for ONNX's; float32 for the half-precision types, none for types that weft does not have (strings, complex numbers).
std::optional<DataType> data_type_from_onnx(int type);
int data_type_to_onnx(DataType type);
/// The range of a type of 4 bits, none for other types. Constants of 4 bits have elements of 8 bits here.
std::optional<std::pair<int, int>> range_of_4_bits(int type);
/// Bytes of `elements` elements in raw data; none for types that weft does not have.
std::optional<std::uint64_t> onnx_raw_bytes(int type, std::int64_t elements);
/// `FLOAT16`, or `number 77` for a type that is not known.
std::string onnx_type_name(int type);

/// The tensor, half precision widened to float32, 4-bit integers to 8 bits. Memory is only taken once the data is known to be there.
/// `digest` takes the bytes of external data, if any; it may be null. An error names the tensor.
Result<Tensor> tensor_from_proto(const onnx::TensorProto& proto, const ExternalData& external, Sha256* digest = nullptr);

/// Raw little-endian data.
onnx::TensorProto tensor_to_proto(const Tensor& tensor, const std::string& name);

/// The value of IEEE half-precision bits; of bfloat16 bits.
float half_to_float(std::uint16_t bits);
float bfloat16_to_float(std::uint16_t bits);

}  // namespace weft
