// model_file.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/model_file.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace weft {

namespace {

struct Format {
    std::size_t offset;
    std::string_view magic;
    std::string_view name;
    std::string_view help;
};

constexpr std::string_view export_help = "export the model to ONNX and give that file";
constexpr std::string_view model_help = "give the path of an ONNX model";

using namespace std::string_view_literals;
constexpr Format formats[] = {
    {0, "\xff\xd8\xff"sv, "a JPEG image", model_help},
    {0, "\x89PNG"sv, "a PNG image", model_help},
    {0, "GIF8"sv, "a GIF image", model_help},
    {0, "BM"sv, "a BMP image", model_help},
    {0, "%PDF"sv, "a PDF document", model_help},
    {0, "version https://git-lfs"sv, "a Git LFS pointer", "fetch the model itself with 'git lfs pull'"},
    {0, "\x89HDF"sv, "an HDF5 file (Keras)", export_help},
    {0, "PK\x03\x04"sv, "a ZIP archive (PyTorch, Keras or NumPy)", export_help},
    {0, "\x93NUMPY"sv, "a NumPy array", model_help},
    {0, "\x80\x02"sv, "a Python pickle (PyTorch)", export_help},
    {0, "\x80\x03"sv, "a Python pickle (PyTorch)", export_help},
    {0, "\x80\x04"sv, "a Python pickle (PyTorch)", export_help},
    {4, "TFL3"sv, "a TensorFlow Lite model", "convert it with tf2onnx and give the ONNX file"},
    {4, "ORTM"sv, "an ONNX Runtime .ort model", "give the .onnx file that it was made from"},
    {0, "GGUF"sv, "a GGUF model", export_help},
    {0, "\x1f\x8b"sv, "a gzip archive", "unpack it first"},
    {0, "\xfd\x37zXZ"sv, "an xz archive", "unpack it first"},
    {0,
     "\x7f"
     "ELF"sv,
     "an ELF program or library", model_help},
    {0, "<"sv, "an XML or HTML text", model_help},
    {0, "{"sv, "a JSON text", model_help},
};

const Format* recognise(std::string_view bytes) {
    for (const Format& format : formats) {
        if (bytes.size() > format.offset && bytes.substr(format.offset).starts_with(format.magic)) return &format;
    }
    return nullptr;
}

Diagnostic error(std::string reason, std::string help, Made made = std::source_location::current()) {
    return {Severity::error, "", "", std::move(reason), std::move(help), made};
}

/// Whether `bytes` ends inside a top-level field of a protobuf message all of whose fields before it are well formed.
bool is_cut_off(std::string_view bytes) {
    google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    while (const std::uint32_t tag = input.ReadTag()) {
        const std::uint32_t field = tag >> 3;
        if (field == 0 || field > 100) return false;
        std::uint64_t number = 0;
        std::uint32_t size = 0;
        switch (tag & 7) {
            case 0:
                if (!input.ReadVarint64(&number)) return true;
                break;
            case 2:
                if (!input.ReadVarint32(&size) || size > bytes.size() - static_cast<std::size_t>(input.CurrentPosition())) return true;
                if (!input.Skip(static_cast<int>(size))) return true;
                break;
            default:
                return false;
        }
    }
    return false;
}

Diagnostic not_a_model(std::string_view bytes, const std::string& name) {
    if (const Format* format = recognise(bytes)) {
        return error(fmt::format("'{}' is {}, not an ONNX model", name, format->name), std::string(format->help));
    }
    if (is_cut_off(bytes)) {
        return error(fmt::format("'{}' ends in the middle of the model", name), "the file is truncated; copy or export it again");
    }
    return error(fmt::format("'{}' is not an ONNX model", name), "the file is of another format or damaged; export the model again");
}

std::optional<std::uint64_t> parse_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Result<ModelFile> read_model_file(const std::filesystem::path& path) {
    const std::string name = path.string();
    std::error_code code;
    const auto status = std::filesystem::status(path, code);
    if (!std::filesystem::exists(status)) return error(fmt::format("there is no file '{}'", name), std::string(model_help));
    if (std::filesystem::is_directory(status)) return error(fmt::format("'{}' is a folder", name), "give the .onnx file inside it");
    if (!std::filesystem::is_regular_file(status)) return error(fmt::format("'{}' is not a file", name), std::string(model_help));
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const std::streamoff size = file.tellg();  // negative where it could not be opened
    if (size == 0) return error(fmt::format("'{}' is empty", name), "copy or export the model again");
    if (size > std::numeric_limits<int>::max()) {
        return error(fmt::format("'{}' has {} bytes, more than the 2 GiB that protobuf allows", name, size),
                     "save the model with external data (onnx.save_model with save_as_external_data=True)");
    }
    std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)), '\0');
    if (size < 0 || !file.seekg(0).read(bytes.data(), size)) {
        return error(fmt::format("cannot read '{}': {}", name, std::strerror(errno)), "check the file's permissions");
    }
    return parse_model_file(std::move(bytes), path);
}

Result<ModelFile> parse_model_file(std::string bytes, const std::filesystem::path& path) {
    const std::string name = path.string();
    ModelFile result;
    {
        const google::protobuf::LogSilencer silence;
        google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
        input.SetTotalBytesLimit(std::numeric_limits<int>::max());
        if (!result.model.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage()) return not_a_model(bytes, name);
    }
    if (!result.model.has_graph()) {
        if (recognise(bytes) || !result.model.has_ir_version()) return not_a_model(bytes, name);
        return error(fmt::format("'{}' holds no graph", name), "the file is truncated or no model; copy or export it again");
    }
    result.folder = path.parent_path();
    result.digest.update(bytes);
    result.bytes = std::move(bytes);
    return result;
}

Result<std::string> ExternalData::read(const onnx::TensorProto& tensor, std::uint64_t bytes) const {
    const auto refuse = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        return Diagnostic{Severity::error, "", tensor.name(), std::move(reason), std::move(help), made};
    };
    std::string location;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length;
    for (const auto& entry : tensor.external_data()) {
        if (entry.key() == "location") location = entry.value();
        if (entry.key() != "offset" && entry.key() != "length") continue;
        const auto number = parse_number(entry.value());
        if (!number) {
            return refuse(fmt::format("the {} '{}' of its external data is not a number", entry.key(), entry.value()),
                          "export the model again");
        }
        if (entry.key() == "offset") offset = *number;
        if (entry.key() == "length") length = *number;
    }
    if (location.empty()) return refuse("its external data has no location", "export the model again");

    namespace fs = std::filesystem;
    const fs::path relative(location);
    const std::string inside_help = "external data must lie in the model's own folder; put it there and export or save the model again";
    const bool climbs = std::any_of(relative.begin(), relative.end(), [](const fs::path& part) { return part == ".."; });
    if (relative.is_absolute() || climbs || location.find('\0') != std::string::npos) {
        return refuse(fmt::format("its external data '{}' lies outside the model's folder", location), inside_help);
    }
    std::error_code code;
    const fs::path root = fs::canonical(folder_.empty() ? fs::path(".") : folder_, code);
    const fs::path path = fs::weakly_canonical(root / relative, code);
    if (code)
        return refuse(fmt::format("cannot find its external data '{}': {}", location, code.message()),
                      "put the file itself beside the model");
    if (std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first != root.end()) {
        return refuse(fmt::format("its external data '{}' is a link out of the model's folder", location), inside_help);
    }
    if (!fs::exists(path, code)) {
        return refuse(fmt::format("its external data '{}' is missing", location), "put the file beside the model, as it was when exported");
    }
    if (!fs::is_regular_file(path, code)) return refuse(fmt::format("its external data '{}' is not a file", location), inside_help);
    const std::uint64_t size = fs::file_size(path, code);
    if (length && *length != bytes) {
        return refuse(fmt::format("its external data has {} bytes where the shape needs {}", *length, bytes), "export the model again");
    }
    if (code || offset > size || bytes > size - offset) {
        return refuse(
            fmt::format("its external data '{}' is too short: {} bytes from offset {} in a file of {}", location, bytes, offset, size),
            "the file is truncated or of another model; copy or export it again");
    }
    std::string data(bytes, '\0');
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    if (!file.read(data.data(), static_cast<std::streamsize>(bytes))) {
        return refuse(fmt::format("cannot read its external data '{}': {}", location, std::strerror(errno)),
                      "check the file's permissions");
    }
    return data;
}

}  // namespace weft
