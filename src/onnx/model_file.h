// model_file.h
// The bytes of an ONNX file and of its external data, before anything is understood of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "src/base/diagnostic.h"
#include "src/base/sha256.h"

namespace weft {

/// An ONNX file parsed, known to hold a graph.
struct ModelFile {
    onnx::ModelProto model;
    std::filesystem::path folder;  ///< Where external data lies.
    std::string bytes;
    Sha256 digest;  ///< Of the file's bytes.
};

/// Reads a file of at most 2 GiB (protobuf's limit). What is no ONNX model is refused, by name of its format where that is known.
Result<ModelFile> read_model_file(const std::filesystem::path& path);
/// The same for bytes that are at hand (not empty, at most 2 GiB), as if `path` held them.
Result<ModelFile> parse_model_file(std::string bytes, const std::filesystem::path& path);

/// Reads the tensors that a model keeps outside its file: below the model's folder only, following no link out of it.
class ExternalData {
public:
    explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// The `bytes` bytes of `tensor`, whose data location is external. An error names the tensor.
    Result<std::string> read(const onnx::TensorProto& tensor, std::uint64_t bytes) const;

private:
    std::filesystem::path folder_;
};

}  // namespace weft
