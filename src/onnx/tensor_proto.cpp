// tensor_proto.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/tensor_proto.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace weft {

static_assert(std::endian::native == std::endian::little, "ONNX's raw data is little-endian");

namespace {

using onnx::TensorProto;

bool is_half(int type) { return type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16; }

/// Types younger than the protobuf classes.
enum YoungType { onnx_uint4 = 21, onnx_int4 = 22 };

bool is_4_bits(int type) { return type == onnx_uint4 || type == onnx_int4; }

/// Element type of a constant: for 4 bits the carrier of 8.
std::optional<DataType> element_type(int type) {
    if (!is_4_bits(type)) return data_type_from_onnx(type);
    return type == onnx_int4 ? DataType::int8 : DataType::uint8;
}

/// Two elements a byte, the first in the low half.
void unpack(Tensor& tensor, int type, const std::string& bytes) {
    const auto count = static_cast<std::size_t>(tensor.size());
    for (std::size_t i = 0; i < count; ++i) {
        const unsigned nibble = static_cast<unsigned char>(bytes[i / 2]) >> (i % 2 * 4) & 0xFU;
        tensor.raw()[i] = static_cast<std::byte>(type == onnx_int4 && nibble > 7 ? nibble | 0xF0U : nibble);
    }
}

bool fill_4_bits(Tensor& tensor, int type, const google::protobuf::RepeatedField<std::int32_t>& field) {
    std::string bytes;
    for (const std::int32_t value : field) {
        if (value < -128 || value > 255) return false;
        bytes.push_back(static_cast<char>(value));
    }
    unpack(tensor, type, bytes);
    return true;
}

float widen(int type, std::uint16_t bits) { return type == TensorProto::FLOAT16 ? half_to_float(bits) : bfloat16_to_float(bits); }

/// Converts typed fields element by element; false if one does not fit its type.
template <class T, class Field>
bool fill(Tensor& tensor, const Field& field) {
    auto* to = reinterpret_cast<T*>(tensor.raw());
    for (const auto value : field) {
        if constexpr (std::is_same_v<T, bool>) {
            if (value != 0 && value != 1) return false;
        } else if constexpr (std::is_integral_v<T>) {
            if (!std::in_range<T>(value)) return false;
        }
        *to++ = static_cast<T>(value);
    }
    return true;
}

bool fill_half(Tensor& tensor, int type, const google::protobuf::RepeatedField<std::int32_t>& field) {
    float* to = tensor.as<float>().data();
    for (const std::int32_t value : field) {
        if (value < 0 || value > 0xffff) return false;
        *to++ = widen(type, static_cast<std::uint16_t>(value));
    }
    return true;
}

bool fill_typed(Tensor& tensor, const TensorProto& proto) {
    switch (proto.data_type()) {
        case TensorProto::FLOAT:
            return fill<float>(tensor, proto.float_data());
        case TensorProto::DOUBLE:
            return fill<double>(tensor, proto.double_data());
        case TensorProto::INT8:
            return fill<std::int8_t>(tensor, proto.int32_data());
        case TensorProto::UINT8:
            return fill<std::uint8_t>(tensor, proto.int32_data());
        case TensorProto::INT16:
            return fill<std::int16_t>(tensor, proto.int32_data());
        case TensorProto::UINT16:
            return fill<std::uint16_t>(tensor, proto.int32_data());
        case TensorProto::INT32:
            return fill<std::int32_t>(tensor, proto.int32_data());
        case TensorProto::BOOL:
            return fill<bool>(tensor, proto.int32_data());
        case TensorProto::INT64:
            return fill<std::int64_t>(tensor, proto.int64_data());
        case TensorProto::UINT32:
            return fill<std::uint32_t>(tensor, proto.uint64_data());
        case TensorProto::UINT64:
            return fill<std::uint64_t>(tensor, proto.uint64_data());
        case onnx_uint4:
        case onnx_int4:
            return fill_4_bits(tensor, proto.data_type(), proto.int32_data());
        default:
            return fill_half(tensor, proto.data_type(), proto.int32_data());
    }
}

std::int64_t typed_count(const TensorProto& proto) {
    switch (proto.data_type()) {
        case TensorProto::FLOAT:
            return proto.float_data_size();
        case TensorProto::DOUBLE:
            return proto.double_data_size();
        case TensorProto::INT64:
            return proto.int64_data_size();
        case TensorProto::UINT32:
        case TensorProto::UINT64:
            return proto.uint64_data_size();
        default:
            return proto.int32_data_size();
    }
}

void fill_raw(Tensor& tensor, int type, const std::string& raw) {
    if (is_4_bits(type)) return unpack(tensor, type, raw);
    if (is_half(type)) {
        float* to = tensor.as<float>().data();
        for (std::size_t i = 0; i + 1 < raw.size(); i += 2) {
            std::uint16_t bits = 0;
            std::memcpy(&bits, raw.data() + i, 2);
            *to++ = widen(type, bits);
        }
        return;
    }
    if (!raw.empty()) std::memcpy(tensor.raw(), raw.data(), raw.size());
    if (tensor.type() != DataType::boolean) return;
    for (std::size_t i = 0; i < raw.size(); ++i) tensor.raw()[i] = std::byte{raw[i] != 0};
}

}  // namespace

std::optional<DataType> data_type_from_onnx(int type) {
    switch (type) {
        case TensorProto::FLOAT:
        case TensorProto::FLOAT16:
        case TensorProto::BFLOAT16:
            return DataType::float32;
        case TensorProto::DOUBLE:
            return DataType::float64;
        case TensorProto::INT8:
            return DataType::int8;
        case TensorProto::UINT8:
            return DataType::uint8;
        case TensorProto::INT16:
            return DataType::int16;
        case TensorProto::UINT16:
            return DataType::uint16;
        case TensorProto::INT32:
            return DataType::int32;
        case TensorProto::UINT32:
            return DataType::uint32;
        case TensorProto::INT64:
            return DataType::int64;
        case TensorProto::UINT64:
            return DataType::uint64;
        case TensorProto::BOOL:
            return DataType::boolean;
        default:
            return std::nullopt;
    }
}

int data_type_to_onnx(DataType type) {
    switch (type) {
        case DataType::float32:
            return TensorProto::FLOAT;
        case DataType::float64:
            return TensorProto::DOUBLE;
        case DataType::int8:
            return TensorProto::INT8;
        case DataType::uint8:
            return TensorProto::UINT8;
        case DataType::int16:
            return TensorProto::INT16;
        case DataType::uint16:
            return TensorProto::UINT16;
        case DataType::int32:
            return TensorProto::INT32;
        case DataType::uint32:
            return TensorProto::UINT32;
        case DataType::int64:
            return TensorProto::INT64;
        case DataType::uint64:
            return TensorProto::UINT64;
        case DataType::boolean:
            break;
    }
    return TensorProto::BOOL;
}

std::optional<std::pair<int, int>> range_of_4_bits(int type) {
    if (!is_4_bits(type)) return std::nullopt;
    return type == onnx_int4 ? std::pair(-8, 7) : std::pair(0, 15);
}

std::optional<std::uint64_t> onnx_raw_bytes(int type, std::int64_t elements) {
    const auto count = static_cast<std::uint64_t>(elements);
    if (is_4_bits(type)) return (count + 1) / 2;
    const auto own = data_type_from_onnx(type);
    if (!own) return std::nullopt;
    return count * (is_half(type) ? 2 : size_of(*own));
}

std::string onnx_type_name(int type) {
    // Types younger than the protobuf classes.
    static constexpr const char* later[] = {"FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",      "INT4",
                                            "FLOAT4E2M1",   "FLOAT8E8M0",     "UINT2",      "INT2",           "FLOAT6E2M3", "FLOAT6E3M2"};
    if (onnx::TensorProto_DataType_IsValid(type)) return onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(type));
    if (type >= 17 && type < 17 + static_cast<int>(std::size(later))) return later[type - 17];
    return fmt::format("number {}", type);
}

Result<Tensor> tensor_from_proto(const TensorProto& proto, const ExternalData& external, Sha256* digest) {
    const auto refuse = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        return Diagnostic{Severity::error, "", proto.name(), std::move(reason), std::move(help), made};
    };
    const std::string again = "the file is damaged or was written by a faulty tool; export the model again";
    const auto type = element_type(proto.data_type());
    if (!type) {
        return refuse(fmt::format("its element type {} is not supported", onnx_type_name(proto.data_type())),
                      "use float, float16 or integers of 4 to 64 bits");
    }
    const Shape shape(proto.dims().begin(), proto.dims().end());
    const auto count = checked_element_count(shape);
    if (!count) return refuse(fmt::format("its shape {} is absurd", to_string(shape)), again);
    if (proto.has_segment()) return refuse("it is stored in segments", again);

    const std::uint64_t bytes = *onnx_raw_bytes(proto.data_type(), *count);
    if (proto.data_location() == TensorProto::EXTERNAL) {
        WEFT_ASSIGN(const std::string data, external.read(proto, bytes));
        if (digest) digest->update(data);
        Tensor tensor(*type, shape);
        fill_raw(tensor, proto.data_type(), data);
        return tensor;
    }
    if (proto.has_raw_data()) {
        if (proto.raw_data().size() != bytes) {
            return refuse(fmt::format("it holds {} bytes where its shape {} needs {}", proto.raw_data().size(), to_string(shape), bytes),
                          again);
        }
        Tensor tensor(*type, shape);
        fill_raw(tensor, proto.data_type(), proto.raw_data());
        return tensor;
    }
    const std::int64_t fields = is_4_bits(proto.data_type()) ? (*count + 1) / 2 : *count;
    if (typed_count(proto) != fields) {
        return refuse(fmt::format("it holds {} elements where its shape {} needs {}", typed_count(proto), to_string(shape), fields), again);
    }
    Tensor tensor(*type, shape);
    if (!fill_typed(tensor, proto)) {
        return refuse(fmt::format("an element does not fit its type {}", onnx_type_name(proto.data_type())), again);
    }
    return tensor;
}

TensorProto tensor_to_proto(const Tensor& tensor, const std::string& name) {
    TensorProto proto;
    proto.set_name(name);
    proto.set_data_type(data_type_to_onnx(tensor.type()));
    for (const std::int64_t dimension : tensor.shape()) proto.add_dims(dimension);
    proto.set_raw_data(tensor.raw(), tensor.bytes());
    return proto;
}

float half_to_float(std::uint16_t bits) {
    const int exponent = bits >> 10 & 0x1f;
    const int fraction = bits & 0x3ff;
    float magnitude = 0;
    if (exponent == 0) {
        magnitude = std::ldexp(static_cast<float>(fraction), -24);
    } else if (exponent == 31) {
        magnitude = fraction ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
    } else {
        magnitude = std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
    }
    return bits & 0x8000 ? -magnitude : magnitude;
}

float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace weft
