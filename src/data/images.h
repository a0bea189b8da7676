// images.h
// JPEG and PNG images, one or a folder of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "src/data/bytes.h"
#include "src/graph/tensor.h"

namespace weft {

/// Rows of pixels, `channels` bytes each: 1 (grey) or 3 (red, green, blue).
struct Image {
    std::int64_t height = 0;
    std::int64_t width = 0;
    int channels = 0;
    Bytes pixels;
    bool cut = false;  ///< The file holds 16 bits a channel.
};

bool is_image(ByteSpan contents);
/// The pixels as stored: no colour management, transparency dropped, palettes resolved, 16 bits cut to 8. Errors: damaged or truncated
/// files, CMYK, more than 2^26 pixels.
Result<Image> parse_image(const std::filesystem::path& path, ByteSpan contents);

/// Images as uint8 [n, height, width, channels]; grey ones among coloured ones get three equal channels. Errors: unlike sizes.
struct ImageStack {
    Tensor tensor;
    std::vector<std::string> file_names;
    Diagnostics warnings;
};
/// The .jpg, .jpeg and .png files in the folder itself, sorted by name; other files are left aside.
Result<ImageStack> load_image_folder(const std::filesystem::path& folder);
Result<ImageStack> stack_images(const std::filesystem::path& path, std::vector<Image> images, std::vector<std::string> file_names);

}  // namespace weft
