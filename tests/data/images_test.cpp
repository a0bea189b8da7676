// images_test.cpp
// JPEG and PNG files made here by the libraries themselves, read back; labels of samples.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/images.h"

#include <gmock/gmock.h>

#include <cstdio>
// jpeglib.h needs cstdio's declarations.
#include <jpeglib.h>
#include <png.h>

#include <random>

#include "src/data/dataset.h"
#include "tests/paths.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A PNG of samples of `depth` bits; `color` is libpng's colour type.
Bytes png(std::uint32_t width, std::uint32_t height, int color, const Bytes& pixels, int depth = 8) {
    Bytes file;
    png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(writer);
    png_set_write_fn(
        writer, &file,
        [](png_structp to, png_bytep data, std::size_t count) {
            auto& bytes = *static_cast<Bytes*>(png_get_io_ptr(to));
            bytes.insert(bytes.end(), data, data + count);
        },
        nullptr);
    png_set_IHDR(writer, info, width, height, depth, color, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    const png_color palette[] = {{10, 20, 30}, {40, 50, 60}};
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(writer, info, palette, 2);
    png_write_info(writer, info);
    for (std::uint32_t row = 0; row < height; ++row) png_write_row(writer, pixels.data() + row * (pixels.size() / height));
    png_write_end(writer, nullptr);
    png_destroy_write_struct(&writer, &info);
    return file;
}

Bytes jpeg(std::uint32_t width, std::uint32_t height, int channels, Bytes pixels) {
    jpeg_compress_struct info;
    jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* buffer = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &buffer, &size);
    info.image_width = width;
    info.image_height = height;
    info.input_components = channels;
    info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < height) {
        JSAMPROW row = pixels.data() + info.next_scanline * width * static_cast<std::uint32_t>(channels);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    const Bytes file(buffer, buffer + size);
    jpeg_destroy_compress(&info);
    std::free(buffer);
    return file;
}

class ImagesTest : public testing::Test {
protected:
    void add(const std::string& name, const Bytes& contents) {
        const ByteSpan parts[] = {contents};
        ASSERT_TRUE(write_bytes(folder_ / name, parts));
    }
    void add(const std::string& name, const std::string& text) { add(name, Bytes(text.begin(), text.end())); }
    std::string reason() {
        const auto data = load_dataset(folder_.path());
        return data ? "read" : data.error().front().reason;
    }
    std::string label_reason(const Dataset& data, const std::string& text) {
        add("labels", text);
        const auto labels = load_labels(folder_ / "labels", data);
        return labels ? "read" : labels.error().front().reason;
    }
    test::TemporaryFolder folder_;
};

TEST_F(ImagesTest, ReadsEveryKindOfPng) {
    const auto pixels = [](const Bytes& file) { return parse_image("a.png", file)->pixels; };
    EXPECT_THAT(pixels(png(2, 1, PNG_COLOR_TYPE_RGB, {1, 2, 3, 4, 5, 6})), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(pixels(png(1, 2, PNG_COLOR_TYPE_RGBA, {1, 2, 3, 0, 4, 5, 6, 128})), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(pixels(png(1, 2, PNG_COLOR_TYPE_GRAY, {7, 8})), ElementsAre(7, 8));
    EXPECT_THAT(pixels(png(2, 1, PNG_COLOR_TYPE_GRAY_ALPHA, {7, 0, 8, 255})), ElementsAre(7, 8));
    EXPECT_THAT(pixels(png(3, 1, PNG_COLOR_TYPE_PALETTE, {1, 0, 1})), ElementsAre(40, 50, 60, 10, 20, 30, 40, 50, 60));
}

TEST_F(ImagesTest, SaysThatSixteenBitsAreCut) {
    add("a.png", png(2, 1, PNG_COLOR_TYPE_GRAY, {1, 255, 200, 3}, 16));
    add("b.png", png(2, 1, PNG_COLOR_TYPE_GRAY, {7, 8}));
    auto data = load_dataset(folder_.path());
    ASSERT_TRUE(data);
    EXPECT_THAT(data->inputs[0].tensor.to_integers(), ElementsAre(1, 200, 7, 8));
    ASSERT_EQ(data->warnings.size(), 1u);
    EXPECT_EQ(data->warnings[0].severity, Severity::warning);
    EXPECT_THAT(data->warnings[0].reason, HasSubstr("1 of 2 images have 16 bits a channel: they are cut to the upper 8"));
    data = load_dataset(folder_ / "b.png");
    ASSERT_TRUE(data);
    EXPECT_TRUE(data->warnings.empty());
}

TEST_F(ImagesTest, StacksAFolderByName) {
    add("b.png", png(2, 1, PNG_COLOR_TYPE_GRAY, {7, 8}));
    add("a.PNG", png(2, 1, PNG_COLOR_TYPE_RGB, {1, 2, 3, 4, 5, 6}));
    add("notes.txt", std::string("not an image"));
    const auto data = load_dataset(folder_.path());
    ASSERT_TRUE(data);
    EXPECT_THAT(data->file_names, ElementsAre("a.PNG", "b.png"));
    EXPECT_EQ(data->inputs[0].tensor.shape(), (Shape{2, 1, 2, 3}));
    EXPECT_THAT(data->inputs[0].tensor.as<std::uint8_t>(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 8, 8));
}

TEST_F(ImagesTest, KeepsGreyImagesGrey) {
    add("a.jpg", jpeg(8, 8, 1, Bytes(64, 100)));
    const auto data = load_dataset(folder_.path());
    ASSERT_TRUE(data);
    EXPECT_EQ(data->inputs[0].tensor.shape(), (Shape{1, 8, 8, 1}));
    EXPECT_THAT(data->inputs[0].tensor.as<std::uint8_t>(), testing::Each(100));
}

TEST_F(ImagesTest, ReadsColourJpegAsRedGreenBlue) {
    Bytes red;
    for (int i = 0; i < 256; ++i) red.insert(red.end(), {200, 30, 10});
    const auto image = parse_image("a.jpg", jpeg(16, 16, 3, red));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->channels, 3);
    EXPECT_NEAR(image->pixels[0], 200, 2);
    EXPECT_NEAR(image->pixels[1], 30, 2);
    EXPECT_NEAR(image->pixels[2], 10, 2);
}

TEST_F(ImagesTest, RefusesUnlikeSizes) {
    add("a.png", png(2, 1, PNG_COLOR_TYPE_GRAY, {7, 8}));
    add("b.png", png(1, 2, PNG_COLOR_TYPE_GRAY, {7, 8}));
    EXPECT_THAT(reason(), HasSubstr("image 'b.png' has 1x2 pixels, 'a.png' has 2x1"));
}

TEST_F(ImagesTest, RefusesWhatIsNoImage) {
    EXPECT_THAT(reason(), HasSubstr("holds no JPEG or PNG image"));
    add("a.png", std::string("hello"));
    EXPECT_THAT(reason(), HasSubstr("a.png': this is neither a JPEG nor a PNG image"));
    add("a.png", jpeg(8, 8, 4, Bytes(256, 9)));
    EXPECT_THAT(reason(), HasSubstr("neither grey nor RGB"));
    Bytes wide = png(1, 1, PNG_COLOR_TYPE_GRAY, {7});
    wide[16] = 0x7f;  // the width's first byte; its checksum no longer fits either
    add("a.png", wide);
    EXPECT_THAT(reason(), HasSubstr("a.png': the image cannot be read"));
}

TEST_F(ImagesTest, SurvivesDamage) {
    Bytes noise(3 * 40 * 30);
    std::mt19937 random(1);
    for (std::uint8_t& value : noise) value = static_cast<std::uint8_t>(random());
    for (const Bytes& file : {jpeg(40, 30, 3, noise), png(40, 30, PNG_COLOR_TYPE_RGB, noise)}) {
        ASSERT_TRUE(parse_image("whole", file));
        for (std::size_t length = 0; length + 20 < file.size(); length += 13) {
            EXPECT_FALSE(parse_image("cut", {file.data(), length})) << length << " of " << file.size();
        }
        for (int trial = 0; trial < 300; ++trial) {
            Bytes changed = file;
            for (int i = 0; i < 3; ++i) changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
            const auto image = parse_image("changed", changed);
            EXPECT_TRUE(!image || image->pixels.size() == static_cast<std::size_t>(image->height * image->width * image->channels));
        }
    }
}

TEST_F(ImagesTest, ReadsLabelsByFileAndByIndex) {
    Dataset data;
    data.count = 3;
    add("labels", std::string("\xef\xbb\xbfindex,label\r\n2,5\r\n\r\n0, \"7\"\r\n"));
    EXPECT_THAT(*load_labels(folder_ / "labels", data), ElementsAre(7, -1, 5));
    add("labels", std::string("0,1\n1,2\n2,3"));
    EXPECT_THAT(*load_labels(folder_ / "labels", data), ElementsAre(1, 2, 3));
    data.file_names = {"a.jpg", "b.jpg", "c.jpg"};
    add("labels", std::string("file,label\nc.jpg,1\nelsewhere.jpg,4\na.jpg,-1\n"));
    EXPECT_THAT(*load_labels(folder_ / "labels", data), ElementsAre(-1, -1, 1));
}

TEST_F(ImagesTest, ReadsLabelsOfArrays) {
    Dataset data;
    data.count = 2;
    const std::int32_t values[] = {4, 1};
    ASSERT_TRUE(save_npy(folder_ / "labels.npy", Tensor::of<std::int32_t>({2, 1}, values)));
    EXPECT_THAT(*load_labels(folder_ / "labels.npy", data), ElementsAre(4, 1));
    EXPECT_THAT(label_reason(data, std::string("\0\0\x08\x01\0\0\0\x03\1\2\3", 11)), HasSubstr("3 labels do not belong to 2 samples"));
    const std::int32_t pairs[] = {4, 1, 1, 4};
    ASSERT_TRUE(save_npy(folder_ / "labels.npy", Tensor::of<std::int32_t>({2, 2}, pairs)));
    const auto many = load_labels(folder_ / "labels.npy", data);
    ASSERT_FALSE(many);
    EXPECT_THAT(many.error().front().reason, HasSubstr("labels of shape [2, 2] are more than one a sample"));
    EXPECT_EQ(many.error().front().help, "give the number of each sample's class");
    const float scores[] = {0.5F, 0.5F};
    ASSERT_TRUE(save_npy(folder_ / "labels.npy", Tensor::of<float>({2}, scores)));
    EXPECT_THAT(load_labels(folder_ / "labels.npy", data).error().front().reason, HasSubstr("labels must be integers, these are float32"));
}

TEST_F(ImagesTest, RefusesLabelsByLine) {
    Dataset data;
    data.count = 2;
    EXPECT_THAT(label_reason(data, "name,class\na,1\n"), HasSubstr("columns 'name,class' do not name a sample and its label"));
    EXPECT_THAT(label_reason(data, "file,label\na.jpg,1\n"), HasSubstr("the samples are not files"));
    EXPECT_THAT(label_reason(data, "index,label\n2,1\n"), HasSubstr("line 2: '2' is not the index of one of 2 samples"));
    EXPECT_THAT(label_reason(data, "index,label\n0,1\n0,2\n"), HasSubstr("line 3: sample '0' is listed twice"));
    EXPECT_THAT(label_reason(data, "index,label\n0,cat\n"), HasSubstr("line 2: label 'cat' is not a number"));
    EXPECT_THAT(label_reason(data, "index,label\n0\n"), HasSubstr("line 2: there are too few columns"));
    EXPECT_THAT(label_reason(data, "index,label\n"), HasSubstr("there is no label for any of 2 samples"));
    EXPECT_THAT(label_reason(data, std::string("a\0b", 3)), HasSubstr("no file of labels"));
}

}  // namespace
}  // namespace weft
