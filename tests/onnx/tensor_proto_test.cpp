// tensor_proto_test.cpp
// Every encoding of a tensor in an ONNX file, and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/tensor_proto.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>

#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

using onnx::TensorProto;

TensorProto proto_of(int type, const std::vector<std::int64_t>& shape) {
    TensorProto proto;
    proto.set_name("w");
    proto.set_data_type(type);
    for (const std::int64_t extent : shape) proto.add_dims(extent);
    return proto;
}

Result<Tensor> read(const TensorProto& proto) { return tensor_from_proto(proto, ExternalData(".")); }

struct Encoding {
    int type;
    DataType expected;
    std::vector<std::int64_t> values;
};

class Encodings : public testing::TestWithParam<Encoding> {};

TEST_P(Encodings, TypedFields) {
    const auto& [type, expected, values] = GetParam();
    TensorProto proto = proto_of(type, {static_cast<std::int64_t>(values.size())});
    for (const std::int64_t value : values) {
        switch (type) {
            case TensorProto::FLOAT:
                proto.add_float_data(static_cast<float>(value));
                break;
            case TensorProto::DOUBLE:
                proto.add_double_data(static_cast<double>(value));
                break;
            case TensorProto::INT64:
                proto.add_int64_data(value);
                break;
            case TensorProto::UINT32:
            case TensorProto::UINT64:
                proto.add_uint64_data(static_cast<std::uint64_t>(value));
                break;
            default:
                proto.add_int32_data(static_cast<std::int32_t>(value));
        }
    }
    const auto tensor = read(proto);
    ASSERT_TRUE(tensor) << messages(tensor);
    EXPECT_EQ(tensor->type(), expected);
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(tensor->at(static_cast<std::int64_t>(i)), static_cast<double>(values[i]));
}

TEST_P(Encodings, RawDataBothWays) {
    const auto& [type, expected, values] = GetParam();
    Tensor tensor(expected, {1, static_cast<std::int64_t>(values.size())});
    visit_type(expected, [&](auto element) {
        for (std::size_t i = 0; i < values.size(); ++i) tensor.as<decltype(element)>()[i] = static_cast<decltype(element)>(values[i]);
    });
    const TensorProto proto = tensor_to_proto(tensor, "w");
    EXPECT_EQ(proto.data_type(), type);
    const auto again = read(proto);
    ASSERT_TRUE(again) << messages(again);
    EXPECT_EQ(*again, tensor);
}

INSTANTIATE_TEST_SUITE_P(AllTypes, Encodings,
                         testing::Values(Encoding{TensorProto::FLOAT, DataType::float32, {-2, 0, 7}},
                                         Encoding{TensorProto::DOUBLE, DataType::float64, {-2, 0, 7}},
                                         Encoding{TensorProto::INT8, DataType::int8, {-128, 0, 127}},
                                         Encoding{TensorProto::UINT8, DataType::uint8, {0, 128, 255}},
                                         Encoding{TensorProto::INT16, DataType::int16, {-32768, 0, 32767}},
                                         Encoding{TensorProto::UINT16, DataType::uint16, {0, 65535}},
                                         Encoding{TensorProto::INT32, DataType::int32, {-2147483648LL, 0, 2147483647}},
                                         Encoding{TensorProto::UINT32, DataType::uint32, {0, 4294967295LL}},
                                         Encoding{TensorProto::INT64, DataType::int64, {-5, 0, std::int64_t{1} << 40}},
                                         Encoding{TensorProto::UINT64, DataType::uint64, {0, std::int64_t{1} << 40}},
                                         Encoding{TensorProto::BOOL, DataType::boolean, {0, 1}}),
                         [](const auto& info) { return std::string(to_string(info.param.expected)); });

TEST(TensorProto, HalfPrecisionWidens) {
    const std::vector<std::uint16_t> bits{0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x8000};
    const std::vector<float> values{1, -2, 0.333251953125F, 0x1p-24F, 0x1.ff8p-15F, 0x1p-14F, 65504, -0.0F};
    TensorProto typed = proto_of(TensorProto::FLOAT16, {8}), raw = typed;
    for (const std::uint16_t b : bits) typed.add_int32_data(b);
    raw.set_raw_data(bits.data(), bits.size() * 2);
    for (const TensorProto& proto : {typed, raw}) {
        const auto tensor = read(proto);
        ASSERT_TRUE(tensor) << messages(tensor);
        ASSERT_EQ(tensor->type(), DataType::float32);
        for (std::size_t i = 0; i < values.size(); ++i) {
            EXPECT_EQ(tensor->as<float>()[i], values[i]);
            EXPECT_EQ(std::signbit(tensor->as<float>()[i]), std::signbit(values[i]));
        }
    }
    EXPECT_TRUE(std::isinf(half_to_float(0x7c00)));
    EXPECT_TRUE(std::isnan(half_to_float(0x7c01)));
}

TEST(TensorProto, Bfloat16Widens) {
    TensorProto proto = proto_of(TensorProto::BFLOAT16, {3});
    for (const int bits : {0x3f80, 0xc040, 0x4049}) proto.add_int32_data(bits);
    const auto tensor = read(proto);
    ASSERT_TRUE(tensor) << messages(tensor);
    EXPECT_EQ(tensor->to_doubles(), (std::vector<double>{1, -3, 3.140625}));
}

TEST(TensorProto, IntegersOf4BitsWiden) {
    constexpr int uint4 = 21, int4 = 22;
    const std::vector<std::int64_t> fields{0x1f, 0x80, 0x07};  // five elements, the first in the low half
    for (const auto& [type, carrier, wanted] : {std::tuple(int4, DataType::int8, std::vector<std::int64_t>{-1, 1, 0, -8, 7}),
                                                {uint4, DataType::uint8, std::vector<std::int64_t>{15, 1, 0, 8, 7}}}) {
        TensorProto typed = proto_of(type, {5}), raw = typed;
        for (const std::int64_t field : fields) typed.add_int32_data(static_cast<std::int32_t>(field));
        raw.set_raw_data("\x1f\x80\x07");
        for (const TensorProto& proto : {typed, raw}) {
            const auto tensor = read(proto);
            ASSERT_TRUE(tensor) << messages(tensor);
            EXPECT_EQ(tensor->type(), carrier);
            EXPECT_EQ(tensor->to_integers(), wanted);
        }
        typed.add_int32_data(0);
        EXPECT_NE(messages(read(typed)).find("it holds 4 elements where its shape [5] needs 3"), std::string::npos)
            << messages(read(typed));
        raw.set_raw_data("\x1f\x80");
        EXPECT_NE(messages(read(raw)).find("it holds 2 bytes where its shape [5] needs 3"), std::string::npos) << messages(read(raw));
        TensorProto wide = proto_of(type, {2});
        wide.add_int32_data(256);
        EXPECT_NE(messages(read(wide)).find("an element does not fit its type"), std::string::npos) << messages(read(wide));
    }
}

TEST(TensorProto, ScalarsAndEmptyTensors) {
    TensorProto scalar = proto_of(TensorProto::FLOAT, {});
    scalar.add_float_data(2.5F);
    const auto tensor = read(scalar);
    ASSERT_TRUE(tensor) << messages(tensor);
    EXPECT_EQ(tensor->shape(), Shape{});
    const auto empty = read(proto_of(TensorProto::INT64, {0}));
    ASSERT_TRUE(empty) << messages(empty);
    EXPECT_EQ(empty->size(), 0);
}

constexpr const char* damaged = "\n  help: the file is damaged or was written by a faulty tool; export the model again\n";

TEST(TensorProto, RefusesWhatIsUnsound) {
    EXPECT_EQ(messages(read(proto_of(TensorProto::FLOAT, {-1}))), std::string("error: tensor 'w': its shape [-1] is absurd") + damaged);
    EXPECT_EQ(messages(read(proto_of(TensorProto::FLOAT, {65536, 65536}))),
              std::string("error: tensor 'w': its shape [65536, 65536] is absurd") + damaged);
    EXPECT_EQ(messages(read(proto_of(TensorProto::FLOAT, {std::int64_t{1} << 62, 4, 4}))),
              std::string("error: tensor 'w': its shape [4611686018427387904, 4, 4] is absurd") + damaged);
    EXPECT_EQ(messages(read(proto_of(TensorProto::FLOAT, {0, std::int64_t{1} << 62}))),
              std::string("error: tensor 'w': its shape [0, 4611686018427387904] is absurd") + damaged);

    TensorProto raw = proto_of(TensorProto::FLOAT, {2, 2});
    raw.set_raw_data(std::string(15, 'x'));
    EXPECT_EQ(messages(read(raw)), std::string("error: tensor 'w': it holds 15 bytes where its shape [2, 2] needs 16") + damaged);
    TensorProto few = proto_of(TensorProto::FLOAT, {1 << 20, 1 << 10});
    few.add_float_data(1);
    EXPECT_EQ(messages(read(few)),
              std::string("error: tensor 'w': it holds 1 elements where its shape [1048576, 1024] needs 1073741824") + damaged);

    TensorProto part = proto_of(TensorProto::FLOAT, {1});
    part.add_float_data(1);
    part.mutable_segment()->set_begin(0);
    EXPECT_EQ(messages(read(part)), std::string("error: tensor 'w': it is stored in segments") + damaged);

    TensorProto wide = proto_of(TensorProto::INT8, {1});
    wide.add_int32_data(128);
    EXPECT_EQ(messages(read(wide)), std::string("error: tensor 'w': an element does not fit its type INT8") + damaged);

    const std::string types = "\n  help: use float, float16 or integers of 4 to 64 bits\n";
    EXPECT_EQ(messages(read(proto_of(TensorProto::STRING, {1}))), "error: tensor 'w': its element type STRING is not supported" + types);
    EXPECT_EQ(messages(read(proto_of(TensorProto::COMPLEX64, {1}))),
              "error: tensor 'w': its element type COMPLEX64 is not supported" + types);
    EXPECT_EQ(messages(read(proto_of(17, {1}))), "error: tensor 'w': its element type FLOAT8E4M3FN is not supported" + types);
    EXPECT_EQ(messages(read(proto_of(26, {1}))), "error: tensor 'w': its element type INT2 is not supported" + types);
    EXPECT_EQ(messages(read(proto_of(99, {1}))), "error: tensor 'w': its element type number 99 is not supported" + types);
    EXPECT_EQ(messages(read(proto_of(0, {1}))), "error: tensor 'w': its element type UNDEFINED is not supported" + types);
}

}  // namespace
}  // namespace weft::test
