// files_test.cpp
// Files that a host program reads and writes: xclbins, descriptions of kernels, arrays. What is wrong in them is said.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "src/runtime/arrays.h"
#include "src/runtime/kernel.h"
#include "src/runtime/xclbin.h"
#include "tests/paths.h"
#include "tests/runtime/fake_card.h"

namespace weft::test {
namespace {

using host::Json;
using host::Xclbin;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class HostFiles : public testing::Test {
protected:
    std::string at(const std::string& name) const { return (folder_ / name).string(); }
    std::string written(const std::string& bytes) const {
        write_bytes(at("file"), bytes);
        return at("file");
    }
    std::string xclbin_failure(const std::string& bytes) const {
        return failure_of([&] { Xclbin(written(bytes)); });
    }
    std::string array_failure(const std::string& bytes) const {
        return failure_of([&] { host::read_array(written(bytes)); });
    }

    TemporaryFolder folder_;
};

TEST_F(HostFiles, ReadsXclbins) {
    write_bytes(at("k.xclbin"), xclbin_bytes({{0, "bits"},
                                              {8, ip_layout({"a_kernel:one", "b_kernel:two", "a_kernel:three"})},
                                              {16, metadata({fake_kernel("a_kernel"), fake_kernel("b_kernel", 3)})}}));
    const Xclbin xclbin(at("k.xclbin"));
    EXPECT_THAT(xclbin.kernels(), ElementsAre("a_kernel", "b_kernel"));
    EXPECT_THAT(xclbin.compute_units("a_kernel"), ElementsAre("one", "three"));
    EXPECT_EQ(host::read_kernel(xclbin.description("b_kernel")).inputs[0].elements(), 3u);
    EXPECT_THAT(failure_of([&] { xclbin.description(""); }),
                AllOf(HasSubstr("holds several kernels: 'a_kernel', 'b_kernel'"), HasSubstr("name one")));
    EXPECT_THAT(failure_of([&] { xclbin.description("c"); }), HasSubstr("has no kernel 'c'; it has 'a_kernel', 'b_kernel'"));
    EXPECT_THAT(failure_of([&] { xclbin.compute_units("c"); }), HasSubstr("has no compute unit of kernel 'c'"));
}

TEST_F(HostFiles, RefusesFilesThatAreNoXclbin) {
    EXPECT_THAT(failure_of([&] { Xclbin(at("none")); }), HasSubstr("cannot be opened: No such file"));
    EXPECT_THAT(xclbin_failure(""), HasSubstr("is not an xclbin"));
    EXPECT_THAT(xclbin_failure("xcl"), HasSubstr("is cut short"));
    EXPECT_THAT(xclbin_failure(std::string(1000, 'x')), HasSubstr("is not an xclbin"));
    EXPECT_THAT(xclbin_failure(xclbin_bytes({{0, "bits"}})), AllOf(HasSubstr("has no section USER_METADATA"), HasSubstr("weft package")));
    EXPECT_THAT(xclbin_failure(xclbin_bytes({{16, "{\"program\": \"other\"}"}})), HasSubstr("describes no kernel of weft"));
    EXPECT_THAT(xclbin_failure(xclbin_bytes({{16, "{\"program\": "}})), HasSubstr("is not JSON: at byte 12"));
}

TEST_F(HostFiles, SaysOfEveryLengthThatAnXclbinIsCutShort) {
    const std::string whole = xclbin_bytes({{8, ip_layout({"net_kernel:one"})}, {16, metadata({fake_kernel()})}});
    EXPECT_EQ(xclbin_failure(whole), "");
    for (std::size_t length = 7; length < whole.size(); length += length < 600 ? 1 : 37)
        EXPECT_THAT(xclbin_failure(whole.substr(0, length)), HasSubstr("is cut short")) << length << " bytes";
    std::string wrong = whole;
    wrong[456 + 24 + 7] = 1;  // the first section's offset
    EXPECT_THAT(xclbin_failure(wrong), HasSubstr("is cut short"));
    wrong = whole;
    wrong[449] = 1;  // 256 more sections
    EXPECT_THAT(xclbin_failure(wrong), HasSubstr("is cut short"));
    wrong = xclbin_bytes({{8, std::string("\xff\0\0\0\0\0\0\0", 8)}, {16, metadata({fake_kernel()})}});
    EXPECT_THAT(xclbin_failure(wrong), HasSubstr("IP_LAYOUT is shorter than it says"));
}

TEST(HostJson, ReadsAndRefuses) {
    const Json json = Json::parse(R"( {"a": [1, -2.5e1, 0], "t": "x\"\\\u00e9\u20ac\n", "b": true, "n": null, "o": {}} )");
    EXPECT_THAT(json.numbers("a"), ElementsAre(1, -25, 0));
    EXPECT_THAT(json.integers("a"), ElementsAre(1, -25, 0));
    EXPECT_EQ(json.text("t"), "x\"\\\xc3\xa9\xe2\x82\xac\n");
    EXPECT_TRUE(json.boolean("b"));
    EXPECT_TRUE(json.at("o").is_object());
    EXPECT_THAT(failure_of([&] { json.number("t"); }), HasSubstr("'t' of the kernel's description is not a number"));
    EXPECT_THAT(failure_of([&] { json.integer("x"); }), HasSubstr("has no 'x'"));
    EXPECT_THAT(failure_of([&] { Json::parse("{\"a\": 1.5}").integer("a"); }), HasSubstr("is not an integer"));
    for (const char* wrong :
         {"", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\": 1,}", "{1: 2}", "\"a", "\"\\q\"", "\"\\u12\"", "1 2", "nul", "1e999", "-"})
        EXPECT_THAT(failure_of([&] { Json::parse(wrong); }), HasSubstr("is not JSON")) << wrong;
    EXPECT_THAT(failure_of([&] { Json::parse(std::string(100000, '[')); }), HasSubstr("nested too deeply"));
}

/// The fake kernel's description with a piece of text replaced.
std::string refused(const std::string& from, const std::string& to) {
    std::string text = fake_kernel();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    return failure_of([&] { host::read_kernel(Json::parse(text)); });
}

TEST(HostKernel, RefusesDescriptionsThatDoNotHoldTogether) {
    EXPECT_EQ(refused("\"net\"", "\"net\""), "");
    EXPECT_THAT(refused("\"version\"", "\"v\""), HasSubstr("has no 'version'"));
    EXPECT_THAT(refused("\"frame_bytes\": 64", "\"frame_bytes\": 8"), HasSubstr("the last place of the layout of 'x' is 15"));
    EXPECT_THAT(refused("\"offset\": 0, \"extents\"", "\"offset\": 60, \"extents\""),
                HasSubstr("the last place of the layout of 'x' is 75"));
    EXPECT_THAT(refused("\"strides\": [1]", "\"strides\": [1, 2]"), HasSubstr("not as many strides"));
    EXPECT_THAT(refused("\"strides\": [1]", "\"strides\": [-1]"), HasSubstr("a stride of the layout of 'x' is -1"));
    EXPECT_THAT(refused("\"shape\": [16]", "\"shape\": [17]"), HasSubstr("'x' has other elements than its layout"));
    EXPECT_THAT(refused("\"shape\": [16]", "\"shape\": [0]"), HasSubstr("an extent of 'x' is 0"));
    EXPECT_THAT(refused("\"argument\": 0", "\"argument\": 1"), HasSubstr("has an argument of another kind"));
    EXPECT_THAT(refused("\"argument\": 0", "\"argument\": 3"), HasSubstr("the argument of 'x' is 3"));
    EXPECT_THAT(refused("\"kind\": \"output\"", "\"kind\": \"many\""), HasSubstr("is a 'many'"));
    EXPECT_THAT(refused("\"element_bytes\": 1", "\"element_bytes\": 3"), HasSubstr("has 3 bytes"));
    EXPECT_THAT(refused("\"uint8\"", "\"float8\""), HasSubstr("'float8' is not an element type"));
    EXPECT_THAT(refused("\"steps\": []", "\"steps\": [{\"op\": \"fly\", \"runs\": [1, 1, 16]}]"),
                HasSubstr("needs the step 'fly', which this program does not know"));
    EXPECT_THAT(refused("\"steps\": []", "\"steps\": [{\"op\": \"offset\", \"runs\": [1, 4, 4], \"by\": [1, 2]}]"),
                HasSubstr("with too few constants"));
    EXPECT_THAT(refused("\"steps\": []", "\"steps\": [{\"op\": \"offset\", \"runs\": [1, 4, 5], \"by\": [1]}]"),
                HasSubstr("a step 'offset' of another size"));
    EXPECT_THAT(refused("\"steps\": []", "\"steps\": [{\"op\": \"take\", \"map\": [16]}]"), HasSubstr("a place in the map of 'x' is 16"));
    EXPECT_THAT(refused("\"layout\": {\"offset\": 0, \"extents\": [16], \"strides\": [1]}", "\"layout\": {\"table\": [0, 64]}"),
                HasSubstr("a place of the layout of 'x' is 64"));
}

TEST_F(HostFiles, ReadsWhatItWrites) {
    for (const host::Type type : {host::Type::float32, host::Type::uint8, host::Type::int64, host::Type::float64, host::Type::uint16}) {
        host::Tensor tensor(type, {3, 2, 5});
        for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<std::byte>(i);
        host::write_npy(at("a.npy"), tensor);
        const host::Tensor read = host::read_array(at("a.npy"));
        EXPECT_EQ(read.type, type);
        EXPECT_EQ(read.shape, tensor.shape);
        EXPECT_EQ(read.data, tensor.data);
    }
    EXPECT_THAT(failure_of([&] { host::write_npy("/nowhere/a.npy", host::Tensor(host::Type::int8, {1})); }),
                HasSubstr("cannot be written: No such file"));
}

TEST_F(HostFiles, ReadsIdx) {
    const host::Tensor bytes =
        host::read_array(written(std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                                             "abcdef",
                                             18)));
    EXPECT_EQ(bytes.shape, (host::Shape{2, 3}));
    EXPECT_EQ(bytes.as<std::uint8_t>()[4], 'e');
    const host::Tensor wide = host::read_array(written(std::string("\0\0\x0c\x01\0\0\0\x01\0\0\1\2", 12)));
    EXPECT_EQ(wide.as<std::int32_t>()[0], 258);
    EXPECT_THAT(array_failure(std::string("\0\0\x08\x01\0\0\0\x09xx", 10)), HasSubstr("its shape [9] needs 9 bytes, it has 2"));
    EXPECT_THAT(array_failure(std::string("\0\0\x07\x01\0\0\0\x09", 8)), HasSubstr("unknown element type"));
    EXPECT_THAT(array_failure(std::string("\0\0\x08\x03\0\0", 6)), HasSubstr("is cut short"));
}

TEST_F(HostFiles, SaysWhatArraysItDoesNotRead) {
    const auto npy = [](const std::string& header, const std::string& data = "") {
        std::string bytes("\x93NUMPY\x01\x00", 8);
        bytes += static_cast<char>(header.size());
        bytes += '\0';
        return bytes + header + data;
    };
    EXPECT_THAT(array_failure("hello"), AllOf(HasSubstr("neither a .npy nor an IDX file"), HasSubstr("np.save")));
    EXPECT_THAT(array_failure("\x1f\x8b..."), HasSubstr("it is compressed: give what `gunzip -k"));
    EXPECT_THAT(array_failure("PK.."), HasSubstr("an archive"));
    EXPECT_THAT(array_failure("\x93NUMPY\x01"), HasSubstr("is cut short"));
    EXPECT_THAT(array_failure(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "1234")),
                HasSubstr("its shape [2] needs 8 bytes, it has 4"));
    EXPECT_THAT(array_failure(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }")), HasSubstr("Fortran order"));
    EXPECT_THAT(array_failure(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }")), HasSubstr("elements of type '>f4'"));
    EXPECT_THAT(array_failure(npy("{'fortran_order': False, 'shape': (2,), }")), HasSubstr("has no 'descr'"));
    EXPECT_THAT(array_failure(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }")), HasSubstr("has the shape [-2]"));
    EXPECT_THAT(array_failure(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }")),
                HasSubstr("has the shape"));
}

TEST(HostSamples, TakeTheInputsTypeAndShape) {
    host::Port input;
    input.name = "x";
    input.type = host::Type::float32;
    input.shape = {1, 2, 2};
    host::Tensor bytes(host::Type::uint8, {3, 2, 2});
    bytes.data[5] = std::byte{200};
    const host::Tensor reals = host::as_samples(bytes, input, "f");
    EXPECT_EQ(reals.shape, (host::Shape{3, 1, 2, 2}));
    EXPECT_EQ(reals.as<float>()[5], 200.0F);
    EXPECT_THAT(failure_of([&] {
                    host::as_samples(host::Tensor(host::Type::uint8, {3, 4}), input, "f");
                }),
                HasSubstr("'f' has samples of shape [4], but input 'x' takes [1, 2, 2]"));
    EXPECT_THAT(failure_of([&] { host::as_samples(host::Tensor(host::Type::uint8, {}), input, "f"); }), HasSubstr("no list of samples"));
    input.type = host::Type::int8;
    EXPECT_THAT(failure_of([&] { host::as_samples(bytes, input, "f"); }),
                HasSubstr("has values that input 'x' of type int8 does not hold"));
    host::Tensor halves(host::Type::float32, {1, 2, 2});
    EXPECT_EQ(host::as_samples(halves, input, "f").type, host::Type::int8);
    halves.as<float>()[0] = 0.5F;
    EXPECT_THAT(failure_of([&] { host::as_samples(halves, input, "f"); }), HasSubstr("does not hold"));
}

}  // namespace
}  // namespace weft::test
