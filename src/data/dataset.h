// dataset.h
// Inputs and labels from the files that people have.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/named_tensor.h"
#include "src/graph/tensor.h"

namespace weft {

/// Samples stacked along axis 0 of every tensor.
struct Dataset {
    std::vector<NamedTensor> inputs;      ///< A single unnamed tensor (name empty), or one a model input, by name.
    std::int64_t count = 0;               ///< Samples.
    std::vector<std::string> file_names;  ///< For folders of images: the file of each sample, sorted; else empty.
    Diagnostics warnings;                 ///< Of what was lost in reading them.
};

/// A .npy or .npz file (one array an input, by name), an IDX file (also .gz), an image, or a folder of JPEG and PNG images of one size
/// (uint8 [n, height, width, channels], RGB or grey). Element types are kept.
Result<Dataset> load_dataset(const std::filesystem::path& path);

/// The first `count` samples.
Dataset head(const Dataset& data, std::int64_t count);

/// Labels of the samples: an IDX file (also .gz), a .npy, or a CSV whose last column is the label and whose first is the sample's index or,
/// for folders of images, its file name (columns `index` or `file`, and `label`). -1 where a sample has no label.
Result<std::vector<std::int64_t>> load_labels(const std::filesystem::path& path, const Dataset& data);

/// One tensor as .npy; several as .npz (stored, not compressed), in order.
Status save_npy(const std::filesystem::path& path, const Tensor& tensor);
Status save_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

}  // namespace weft
