// dataset_test.cpp
// Arrays and IDX files: what is written by hand is read as it is, and damaged files are refused by name.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/dataset.h"

#include <gmock/gmock.h>
#define ZLIB_CONST  // what it reads it does not change
#include <zlib.h>

#include <random>

#include "src/data/bytes.h"
#include "src/data/npy.h"
#include "tests/no_more_files.h"
#include "tests/paths.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Bytes to_bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

void write(const std::filesystem::path& path, const Bytes& contents) {
    const ByteSpan parts[] = {contents};
    ASSERT_TRUE(write_bytes(path, parts));
}

Bytes deflated(const Bytes& contents, int window_bits) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    Bytes compressed(deflateBound(&stream, contents.size()));
    stream.next_in = contents.data();
    stream.avail_in = static_cast<uInt>(contents.size());
    stream.next_out = compressed.data();
    stream.avail_out = static_cast<uInt>(compressed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    compressed.resize(stream.total_out);
    deflateEnd(&stream);
    return compressed;
}

Bytes gzipped(const Bytes& contents) { return deflated(contents, MAX_WBITS + 16); }

/// A version 1 array with the header given.
Bytes npy(const std::string& dict, const Bytes& data) {
    Bytes file = to_bytes(std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(dict.size()) + '\0' + dict);
    file.insert(file.end(), data.begin(), data.end());
    return file;
}

Bytes idx(std::uint8_t type, const std::vector<std::uint8_t>& extents, const Bytes& data) {
    Bytes file{0, 0, type, static_cast<std::uint8_t>(extents.size())};
    for (const std::uint8_t extent : extents) file.insert(file.end(), {0, 0, 0, extent});
    file.insert(file.end(), data.begin(), data.end());
    return file;
}

/// An archive of one deflated entry, as numpy.savez_compressed writes it.
Bytes npz(const std::string& name, const Bytes& array) {
    const Bytes compressed = deflated(array, -MAX_WBITS);
    Bytes file;
    const auto put = [&](std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) file.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    };
    const auto common = [&](std::uint64_t extra) {
        put(20, 2), put(0, 2), put(8, 2), put(0, 2), put(33, 2);
        put(crc32(0, array.data(), static_cast<uInt>(array.size())), 4), put(compressed.size(), 4), put(array.size(), 4);
        put(name.size(), 2), put(extra, 2);
    };
    put(0x04034b50, 4), common(4);
    file.insert(file.end(), name.begin(), name.end());
    put(0xcafe, 2), put(0, 2);
    file.insert(file.end(), compressed.begin(), compressed.end());
    const std::size_t directory = file.size();
    put(0x02014b50, 4), put(20, 2), common(0), put(0, 6), put(0, 4), put(0, 4);
    file.insert(file.end(), name.begin(), name.end());
    const std::size_t end = file.size();
    put(0x06054b50, 4), put(0, 4), put(1, 2), put(1, 2), put(end - directory, 4), put(directory, 4), put(0, 2);
    return file;
}

class DatasetTest : public testing::Test {
protected:
    Result<Dataset> load(const Bytes& contents) {
        write(folder_ / "data", contents);
        return load_dataset(folder_ / "data");
    }
    std::string reason(const Bytes& contents) {
        const auto data = load(contents);
        return data ? "read" : data.error().front().reason;
    }
    test::TemporaryFolder folder_;
};

TEST_F(DatasetTest, ReadsLittleAndBigEndianArrays) {
    const auto little = load(npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }\n", {1, 0, 2, 0, 255, 255, 0, 1}));
    ASSERT_TRUE(little);
    EXPECT_EQ(little->count, 2);
    EXPECT_EQ(little->inputs[0].name, "");
    EXPECT_EQ(little->inputs[0].tensor.shape(), (Shape{2, 2}));
    EXPECT_THAT(little->inputs[0].tensor.as<std::int16_t>(), ElementsAre(1, 2, -1, 256));
    const auto big = load(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", {0x3f, 0xc0, 0, 0}));
    ASSERT_TRUE(big);
    EXPECT_THAT(big->inputs[0].tensor.as<float>(), ElementsAre(1.5F));
}

TEST_F(DatasetTest, ReadsFortranOrder) {
    const auto data = load(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }", {0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}));
    ASSERT_TRUE(data);
    EXPECT_THAT(data->inputs[0].tensor.as<std::uint8_t>(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

TEST_F(DatasetTest, WidensHalfPrecision) {
    const auto data = load(npy("{'shape': (5,), 'fortran_order': False, 'descr': '<f2'}", {0, 0x3c, 0, 0xc0, 1, 0, 0, 0x7c, 0xff, 0x7b}));
    ASSERT_TRUE(data);
    EXPECT_THAT(data->inputs[0].tensor.as<float>(), ElementsAre(1.0F, -2.0F, 0x1p-24F, INFINITY, 65504.0F));
}

TEST_F(DatasetTest, ReadsTruthAsZeroAndOne) {
    const auto data = load(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", {0, 1, 7}));
    ASSERT_TRUE(data);
    EXPECT_THAT(data->inputs[0].tensor.to_integers(), ElementsAre(0, 1, 1));
}

TEST_F(DatasetTest, RefusesArraysByName) {
    EXPECT_THAT(reason(npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", {1, 2})), HasSubstr("type '|O' cannot be read"));
    EXPECT_THAT(reason(npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }", {})), HasSubstr("header cannot be read"));
    EXPECT_THAT(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", {})), HasSubstr("header cannot be read"));
    EXPECT_THAT(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", {1, 2, 3})),
                HasSubstr("needs 8 bytes, the file holds 3"));
    EXPECT_THAT(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", {0, 0, 0, 0})), HasSubstr("single number"));
    EXPECT_THAT(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", {})), HasSubstr("is empty"));
    const std::string absurd = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904), }";
    EXPECT_THAT(reason(npy(absurd, {})), HasSubstr("is too large"));
}

TEST_F(DatasetTest, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(reason({}), HasSubstr("the file is empty"));
    EXPECT_THAT(reason(to_bytes("hello")), HasSubstr("of no kind that can be read"));
    EXPECT_THAT(reason({0, 0, 8, 0, 1, 1}), HasSubstr("of no kind that can be read"));
    const auto missing = load_dataset(folder_ / "missing.npy");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().front().reason, HasSubstr("missing.npy': there is no such file"));
    const auto device = load_dataset("/dev/zero");
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().front().reason, "'/dev/zero': this is not a regular file");
    EXPECT_THAT(reason({0, 0, 8, 2, 0, 0, 0, 1}), HasSubstr("the file ends within its header"));
}

TEST_F(DatasetTest, SaysWhyAFileCannotBeRead) {
    const float values[] = {1, 2};
    ASSERT_TRUE(save_npy(folder_ / "x.npy", Tensor::of<float>({2}, values)));
    ASSERT_TRUE(load_dataset(folder_ / "x.npy"));
    const test::NoMoreFiles none;
    const auto file = load_dataset(folder_ / "x.npy");
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().front().reason, HasSubstr("x.npy': cannot read it: Too many open files"));
    const auto folder = load_dataset(folder_.path());
    ASSERT_FALSE(folder);
    EXPECT_THAT(folder.error().front().reason, HasSubstr("cannot list the folder: Too many open files"));
}

TEST_F(DatasetTest, ReadsIdxOfEveryType) {
    const auto bytes = load(idx(8, {2, 2}, {1, 2, 3, 255}));
    ASSERT_TRUE(bytes);
    EXPECT_THAT(bytes->inputs[0].tensor.as<std::uint8_t>(), ElementsAre(1, 2, 3, 255));
    EXPECT_THAT(load(idx(9, {2}, {1, 255}))->inputs[0].tensor.as<std::int8_t>(), ElementsAre(1, -1));
    EXPECT_THAT(load(idx(11, {1}, {1, 2}))->inputs[0].tensor.as<std::int16_t>(), ElementsAre(258));
    EXPECT_THAT(load(idx(12, {1}, {255, 255, 255, 254}))->inputs[0].tensor.as<std::int32_t>(), ElementsAre(-2));
    EXPECT_THAT(load(idx(13, {1}, {0x3f, 0xc0, 0, 0}))->inputs[0].tensor.as<float>(), ElementsAre(1.5F));
    EXPECT_THAT(load(idx(14, {1}, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}))->inputs[0].tensor.as<double>(), ElementsAre(1.5));
}

TEST_F(DatasetTest, ReadsCompressedIdx) {
    const auto data = load(gzipped(idx(8, {3, 1, 2}, {1, 2, 3, 4, 5, 6})));
    ASSERT_TRUE(data);
    EXPECT_EQ(data->count, 3);
    EXPECT_EQ(data->inputs[0].tensor.shape(), (Shape{3, 1, 2}));
    EXPECT_THAT(data->inputs[0].tensor.as<std::uint8_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(DatasetTest, RefusesWrongSizesOfIdx) {
    EXPECT_THAT(reason(idx(8, {2, 2}, {1, 2, 3})), HasSubstr("needs 4 bytes, the file holds 3"));
    EXPECT_THAT(reason(idx(8, {2, 2}, {1, 2, 3, 4, 5})), HasSubstr("needs 4 bytes, the file holds more"));
    EXPECT_THAT(reason(gzipped(idx(8, {2, 2}, {1, 2, 3, 4, 5}))), HasSubstr("the file holds more"));
    Bytes huge{0, 0, 8, 3};
    huge.insert(huge.end(), 12, 0xff);
    EXPECT_THAT(reason(huge), HasSubstr("too large"));
    Bytes large{0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff};
    EXPECT_THAT(reason(gzipped(large)), HasSubstr("cannot come from"));
    Bytes cut = gzipped(idx(8, {200}, Bytes(200, 1)));
    cut.resize(cut.size() - 12);
    EXPECT_THAT(reason(cut), HasSubstr("ends too early"));
    EXPECT_THAT(reason(gzipped(to_bytes("hello"))), HasSubstr("not an IDX file"));
}

TEST_F(DatasetTest, SavesWhatItLoads) {
    const float values[] = {1.5F, -0.0F, 3, 4, 5, 6};
    const std::int64_t labels[] = {7, -9};
    const std::vector<NamedTensor> tensors = {{"x", Tensor::of<float>({2, 3}, values)}, {"a/b", Tensor::of<std::int64_t>({2}, labels)}};
    ASSERT_TRUE(save_npz(folder_ / "two.npz", tensors));
    const auto archive = load_dataset(folder_ / "two.npz");
    ASSERT_TRUE(archive);
    ASSERT_EQ(archive->inputs.size(), 2U);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(archive->inputs[i].name, tensors[i].name);
        EXPECT_EQ(archive->inputs[i].tensor, tensors[i].tensor);
    }
    ASSERT_TRUE(save_npy(folder_ / "one.npy", tensors[1].tensor));
    const auto array = load_dataset(folder_ / "one.npy");
    ASSERT_TRUE(array);
    EXPECT_EQ(array->inputs[0].tensor, tensors[1].tensor);
    EXPECT_EQ(read_bytes(folder_ / "one.npy")->size(), 128U + 16U);
    EXPECT_FALSE(save_npy(folder_ / "no" / "one.npy", tensors[1].tensor));
}

TEST_F(DatasetTest, ReadsDeflatedArchives) {
    const Bytes array = npy("{'descr': '|i1', 'fortran_order': False, 'shape': (100, 2), }", Bytes(200, 0xff));
    const auto data = load(npz("input.npy", array));
    ASSERT_TRUE(data);
    EXPECT_EQ(data->inputs[0].name, "input");
    EXPECT_EQ(data->count, 100);
    EXPECT_THAT(data->inputs[0].tensor.as<std::int8_t>(), testing::Each(-1));
    EXPECT_THAT(reason(npz("readme.txt", array)), HasSubstr("'readme.txt' of the archive is not an array"));
    Bytes wrong = npz("input.npy", array);
    wrong[14] ^= 1;  // the local header's checksum is not what counts
    EXPECT_TRUE(load(wrong));
    wrong[wrong.size() - 22 - 9 - 46 + 16] ^= 1;
    EXPECT_THAT(reason(wrong), HasSubstr("'input.npy' of the archive is damaged"));
}

TEST_F(DatasetTest, RefusesArchivesByName) {
    EXPECT_THAT(reason(npz("x.npy", to_bytes("hello"))), HasSubstr("x.npy': this is not a NumPy array"));
    Bytes empty = to_bytes("PK\x05\x06");
    empty.resize(22);
    EXPECT_THAT(reason(empty), HasSubstr("the archive holds no array"));
    const float values[] = {1, 2};
    const std::vector<NamedTensor> named{{std::string(70000, 'n'), Tensor::of<float>({2}, values)}};
    const Status saved = save_npz(folder_ / "long.npz", named);
    ASSERT_FALSE(saved);
    EXPECT_THAT(saved.error().front().reason, HasSubstr("does not fit an archive of 4 GiB"));
}

TEST_F(DatasetTest, RefusesArraysOfUnlikeCounts) {
    const std::uint8_t values[] = {1, 2, 3};
    ASSERT_TRUE(
        save_npz(folder_ / "unlike.npz", {{"x", Tensor::of<std::uint8_t>({3}, values)}, {"y", Tensor::of<std::uint8_t>({1, 3}, values)}}));
    const auto data = load_dataset(folder_ / "unlike.npz");
    ASSERT_FALSE(data);
    EXPECT_THAT(data.error().front().reason, HasSubstr("array 'y' holds 1 samples, 'x' holds 3"));
}

TEST_F(DatasetTest, TakesTheFirstSamples) {
    const auto data = load(idx(8, {3, 2}, {1, 2, 3, 4, 5, 6}));
    const Dataset two = head(*data, 2);
    EXPECT_EQ(two.count, 2);
    EXPECT_EQ(two.inputs[0].tensor.shape(), (Shape{2, 2}));
    EXPECT_THAT(two.inputs[0].tensor.as<std::uint8_t>(), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(head(*data, 9).count, 3);
}

/// Every prefix of a good file, and files with bytes changed at random: an answer or a reason, never a crash.
TEST_F(DatasetTest, SurvivesDamage) {
    const float values[] = {1, 2, 3, 4};
    ASSERT_TRUE(save_npz(folder_ / "a.npz", {{"x", Tensor::of<float>({4}, values)}, {"y", Tensor::of<float>({4, 1}, values)}}));
    ASSERT_TRUE(save_npy(folder_ / "a.npy", Tensor::of<float>({2, 2}, values)));
    const std::vector<Bytes> files = {*read_bytes(folder_ / "a.npz"), *read_bytes(folder_ / "a.npy"),
                                      npz("x.npy", npy("{'descr': '|i1', 'fortran_order': True, 'shape': (5, 4), }", Bytes(20, 3))),
                                      idx(8, {2, 2}, {1, 2, 3, 4}), gzipped(idx(11, {3}, {1, 2, 3, 4, 5, 6}))};
    std::mt19937 random(1);
    for (const Bytes& file : files) {
        ASSERT_TRUE(load(file));
        for (std::size_t length = 0; length < file.size(); ++length) {
            EXPECT_FALSE(load(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length)))) << length << " of " << file.size();
        }
        for (int trial = 0; trial < 300; ++trial) {
            Bytes changed = file;
            for (int i = 0; i < 3; ++i) changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
            const auto data = load(changed);
            EXPECT_TRUE(!data || data->inputs[0].tensor.shape()[0] == data->count);
        }
    }
}

TEST(RealData, FashionMnist) {
    const auto path = test::fashion_mnist_folder() / "t10k-images-idx3-ubyte.gz";
    WEFT_REQUIRE_PATH(path);
    const auto data = load_dataset(path);
    ASSERT_TRUE(data);
    EXPECT_EQ(data->inputs[0].tensor.shape(), (Shape{10000, 28, 28}));
    const auto labels = load_labels(test::fashion_mnist_folder() / "t10k-labels-idx1-ubyte.gz", *data);
    ASSERT_TRUE(labels);
    for (std::int64_t digit = 0; digit < 10; ++digit) EXPECT_EQ(std::count(labels->begin(), labels->end(), digit), 1000);
}

TEST(RealData, CifarImages) {
    const auto folder = test::data_folder() / "cifar10-500";
    WEFT_REQUIRE_PATH(folder);
    const auto data = load_dataset(folder / "images.npy");
    ASSERT_TRUE(data);
    EXPECT_EQ(data->inputs[0].tensor.shape(), (Shape{500, 32, 32, 3}));
    const auto labels = load_labels(folder / "labels.csv", *data);
    ASSERT_TRUE(labels);
    EXPECT_EQ(std::count_if(labels->begin(), labels->end(), [](std::int64_t label) { return label >= 0; }), 303);
}

TEST(RealData, FolderOfPhotographs) {
    const auto folder = test::data_folder() / "vww-1000";
    WEFT_REQUIRE_PATH(folder);
    const auto data = load_dataset(folder);
    ASSERT_TRUE(data);
    EXPECT_EQ(data->inputs[0].tensor.shape(), (Shape{1000, 96, 96, 3}));
    EXPECT_EQ(data->file_names[0], "000000000724.jpg");
    const auto labels = load_labels(folder / "labels.csv", *data);
    ASSERT_TRUE(labels);
    EXPECT_THAT(*labels, testing::Each(testing::AnyOf(0, 1)));
}

}  // namespace
}  // namespace weft
