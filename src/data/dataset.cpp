// dataset.cpp
// Finds out what a path holds, by its contents, and stacks its samples.
// SPDX-License-Identifier: Apache-2.0
#include "src/data/dataset.h"

#include <algorithm>
#include <cstring>

#include "src/data/bytes.h"
#include "src/data/idx.h"
#include "src/data/images.h"
#include "src/data/npy.h"

namespace weft {
namespace {

Result<Dataset> dataset_of_arrays(const std::filesystem::path& path, std::vector<NamedTensor> arrays) {
    if (arrays.empty()) return file_error(path, "the archive holds no array");
    Dataset data;
    for (const NamedTensor& array : arrays) {
        const std::string name = array.name.empty() ? "the array" : "array '" + array.name + "'";
        if (array.tensor.shape().empty()) return file_error(path, name + " is a single number", "samples are stacked along the first axis");
        if (array.tensor.size() == 0) return file_error(path, name + " of shape " + to_string(array.tensor.shape()) + " is empty");
        const std::int64_t count = array.tensor.shape()[0];
        if (&array != &arrays.front() && count != data.count) {
            return file_error(path, name + " holds " + std::to_string(count) + " samples, '" + arrays.front().name + "' holds " +
                                        std::to_string(data.count));
        }
        data.count = count;
    }
    data.inputs = std::move(arrays);
    return data;
}

Result<Dataset> dataset_of_array(const std::filesystem::path& path, Tensor array) {
    std::vector<NamedTensor> arrays;
    arrays.push_back({"", std::move(array)});
    return dataset_of_arrays(path, std::move(arrays));
}

Result<Dataset> dataset_of_images(const std::filesystem::path& path, ImageStack stack) {
    WEFT_ASSIGN(Dataset data, dataset_of_array(path, std::move(stack.tensor)));
    data.file_names = std::move(stack.file_names);
    data.warnings = std::move(stack.warnings);
    return data;
}

}  // namespace

Result<Dataset> load_dataset(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        WEFT_ASSIGN(ImageStack stack, load_image_folder(path));
        return dataset_of_images(path, std::move(stack));
    }
    WEFT_ASSIGN(const Bytes contents, read_bytes(path));
    if (is_npy(contents)) {
        WEFT_ASSIGN(Tensor array, parse_npy(path, contents));
        return dataset_of_array(path, std::move(array));
    }
    if (is_npz(contents)) {
        WEFT_ASSIGN(auto arrays, parse_npz(path, contents));
        return dataset_of_arrays(path, std::move(arrays));
    }
    if (is_gzip(contents) || is_idx(contents)) {
        WEFT_ASSIGN(Tensor array, is_gzip(contents) ? parse_compressed_idx(path, contents) : parse_idx(path, contents));
        return dataset_of_array(path, std::move(array));
    }
    if (is_image(contents)) {
        WEFT_ASSIGN(Image image, parse_image(path, contents));
        std::vector<Image> images;
        images.push_back(std::move(image));
        WEFT_ASSIGN(ImageStack stack, stack_images(path, std::move(images), {path.filename().string()}));
        return dataset_of_images(path, std::move(stack));
    }
    return file_error(path, contents.empty() ? "the file is empty" : "the file is of no kind that can be read",
                      "data come as .npy, .npz, IDX (also .gz), an image or a folder of JPEG and PNG images");
}

Dataset head(const Dataset& data, std::int64_t count) {
    Dataset first;
    first.count = std::clamp<std::int64_t>(count, 0, data.count);
    for (const NamedTensor& input : data.inputs) {
        Shape shape = input.tensor.shape();
        shape[0] = first.count;
        Tensor part(input.tensor.type(), std::move(shape));
        if (part.bytes() > 0) std::memcpy(part.raw(), input.tensor.raw(), part.bytes());
        first.inputs.push_back({input.name, std::move(part)});
    }
    first.file_names.assign(
        data.file_names.begin(),
        data.file_names.begin() + std::min<std::int64_t>(first.count, static_cast<std::int64_t>(data.file_names.size())));
    return first;
}

}  // namespace weft
