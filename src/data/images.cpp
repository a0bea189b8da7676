// images.cpp
// JPEG and PNG images by libjpeg and libpng, whose errors jump: nothing with a destructor is made between a jump's mark and its cause.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/images.h"

#include <cstdio>
// jpeglib.h needs cstdio's declarations.
#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>

namespace weft {
namespace {

constexpr std::uint64_t most_pixels = std::uint64_t{1} << 26;
constexpr std::uint8_t png_signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

bool is_jpeg(ByteSpan contents) { return contents.size() >= 3 && contents[0] == 0xff && contents[1] == 0xd8 && contents[2] == 0xff; }
bool is_png(ByteSpan contents) {
    return contents.size() >= sizeof png_signature && std::equal(std::begin(png_signature), std::end(png_signature), contents.begin());
}

/// Where a library's error goes.
struct Failure {
    std::jmp_buf mark;
    char message[JMSG_LENGTH_MAX] = "";
};

struct JpegErrors {
    jpeg_error_mgr manager;  ///< First: the library hands back its address.
    Failure failure;
};

void fail_jpeg(j_common_ptr info) {
    Failure& failure = reinterpret_cast<JpegErrors*>(info->err)->failure;
    info->err->format_message(info, failure.message);
    std::longjmp(failure.mark, 1);
}

/// Missing data is a warning to libjpeg, which fills in grey.
void warn_jpeg(j_common_ptr info, int level) {
    const int code = info->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) fail_jpeg(info);
}

/// Empty if the image was read, else why not.
bool read_jpeg(ByteSpan contents, Image& image, Failure& why) {
    jpeg_decompress_struct info;
    JpegErrors errors;
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = fail_jpeg;
    errors.manager.emit_message = warn_jpeg;
    if (setjmp(errors.failure.mark) != 0) {
        std::copy(std::begin(errors.failure.message), std::end(errors.failure.message), why.message);
        jpeg_destroy_decompress(&info);
        return false;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, contents.data(), contents.size());
    jpeg_read_header(&info, TRUE);
    const bool colour = info.jpeg_color_space == JCS_YCbCr || info.jpeg_color_space == JCS_RGB;
    if ((!colour && info.jpeg_color_space != JCS_GRAYSCALE) || std::uint64_t{info.image_width} * info.image_height > most_pixels) {
        std::snprintf(why.message, sizeof why.message, colour ? "the image is too large" : "the colour space is neither grey nor RGB");
        jpeg_destroy_decompress(&info);
        return false;
    }
    info.out_color_space = colour ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_start_decompress(&info);
    image.height = info.output_height;
    image.width = info.output_width;
    image.channels = info.output_components;
    image.pixels.resize(static_cast<std::size_t>(image.height * image.width * image.channels));
    while (info.output_scanline < info.output_height) {
        JSAMPROW row =
            image.pixels.data() + std::size_t{info.output_scanline} * info.output_width * static_cast<std::size_t>(image.channels);
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    return true;
}

struct PngSource {
    ByteSpan rest;
};

void give_png(png_structp png, png_bytep target, std::size_t count) {
    PngSource& source = *static_cast<PngSource*>(png_get_io_ptr(png));
    if (source.rest.size() < count) png_error(png, "the file ends too early");
    std::copy_n(source.rest.begin(), count, target);
    source.rest = source.rest.subspan(count);
}

void fail_png(png_structp png, png_const_charp message) {
    Failure& failure = *static_cast<Failure*>(png_get_error_ptr(png));
    std::snprintf(failure.message, sizeof failure.message, "%s", message);
    std::longjmp(failure.mark, 1);
}

void ignore_png_warning(png_structp, png_const_charp) {}

bool read_png(ByteSpan contents, Image& image, Failure& why) {
    PngSource source{contents};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &why, fail_png, ignore_png_warning);
    png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
    if (info == nullptr || setjmp(why.mark) != 0) {
        png_destroy_read_struct(&png, &info, nullptr);
        return false;
    }
    png_set_read_fn(png, &source, give_png);
    png_read_info(png, info);
    if (std::uint64_t{png_get_image_width(png, info)} * png_get_image_height(png, info) > most_pixels)
        png_error(png, "the image is too large");
    png_set_expand(png);
    image.cut = png_get_bit_depth(png, info) == 16;
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    image.height = png_get_image_height(png, info);
    image.width = png_get_image_width(png, info);
    image.channels = png_get_channels(png, info);
    const std::size_t row_bytes = png_get_rowbytes(png, info);
    image.pixels.resize(static_cast<std::size_t>(image.height) * row_bytes);
    for (int pass = 0; pass < passes; ++pass) {
        for (std::int64_t row = 0; row < image.height; ++row) {
            png_read_row(png, image.pixels.data() + static_cast<std::size_t>(row) * row_bytes, nullptr);
        }
    }
    png_read_end(png, nullptr);
    png_destroy_read_struct(&png, &info, nullptr);
    return true;
}

void make_colour(Image& image) {
    if (image.channels == 3) return;
    Bytes pixels;
    pixels.reserve(image.pixels.size() * 3);
    for (const std::uint8_t grey : image.pixels) pixels.insert(pixels.end(), 3, grey);
    image.pixels = std::move(pixels);
    image.channels = 3;
}

}  // namespace

bool is_image(ByteSpan contents) { return is_jpeg(contents) || is_png(contents); }

Result<Image> parse_image(const std::filesystem::path& path, ByteSpan contents) {
    Image image;
    Failure why;
    if (!is_image(contents)) return file_error(path, "this is neither a JPEG nor a PNG image");
    const bool read = is_jpeg(contents) ? read_jpeg(contents, image, why) : read_png(contents, image, why);
    if (!read) return file_error(path, std::string("the image cannot be read: ") + why.message);
    return image;
}

Result<ImageStack> stack_images(const std::filesystem::path& path, std::vector<Image> images, std::vector<std::string> file_names) {
    const Image& first = images.front();
    const bool colour = std::any_of(images.begin(), images.end(), [](const Image& image) { return image.channels == 3; });
    const int channels = colour ? 3 : 1;
    for (std::size_t i = 0; i < images.size(); ++i) {
        if (images[i].height == first.height && images[i].width == first.width) continue;
        const auto size = [](const Image& image) { return std::to_string(image.width) + "x" + std::to_string(image.height); };
        return file_error(path,
                          "image '" + file_names[i] + "' has " + size(images[i]) + " pixels, '" + file_names[0] + "' has " + size(first),
                          "scale all images to the model's input size");
    }
    ImageStack stack{Tensor(DataType::uint8, {static_cast<std::int64_t>(images.size()), first.height, first.width, channels}),
                     std::move(file_names),
                     {}};
    if (const auto cut = std::count_if(images.begin(), images.end(), [](const Image& image) { return image.cut; }); cut > 0) {
        Diagnostic warning = file_error(path, std::to_string(cut) + " of " + std::to_string(images.size()) +
                                                  " images have 16 bits a channel: they are cut to the upper 8");
        warning.severity = Severity::warning;
        warning.help = "give the samples as a .npy file if the model takes 16 bits";
        stack.warnings.push_back(std::move(warning));
    }
    auto target = stack.tensor.as<std::uint8_t>().begin();
    for (Image& image : images) {
        if (colour) make_colour(image);
        target = std::copy(image.pixels.begin(), image.pixels.end(), target);
        image.pixels = {};
    }
    return stack;
}

Result<ImageStack> load_image_folder(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        std::string extension = at->path().extension().string();
        std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
        if (extension == ".jpg" || extension == ".jpeg" || extension == ".png") names.push_back(at->path().filename().string());
    }
    if (error) return file_error(folder, "cannot list the folder: " + error.message());
    if (names.empty()) return file_error(folder, "the folder holds no JPEG or PNG image", "images are looked for in the folder itself");
    std::sort(names.begin(), names.end());
    std::vector<Image> images;
    for (const std::string& name : names) {
        WEFT_ASSIGN(const Bytes contents, read_bytes(folder / name));
        WEFT_ASSIGN(Image image, parse_image(folder / name, contents));
        images.push_back(std::move(image));
    }
    return stack_images(folder, std::move(images), std::move(names));
}

}  // namespace weft
