// labels.cpp
// Labels of samples from IDX, .npy and CSV files.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "src/data/bytes.h"
#include "src/data/dataset.h"
#include "src/data/idx.h"
#include "src/data/npy.h"

namespace weft {
namespace {

std::string samples(std::int64_t count) { return std::to_string(count) + (count == 1 ? " sample" : " samples"); }

Result<std::vector<std::int64_t>> labels_of_tensor(const std::filesystem::path& path, const Tensor& tensor, std::int64_t count) {
    if (is_float(tensor.type())) return file_error(path, "labels must be integers, these are " + std::string(to_string(tensor.type())));
    const std::int64_t first = tensor.shape().empty() ? 1 : tensor.shape()[0];
    if (tensor.size() != first) {
        return file_error(path, "labels of shape " + to_string(tensor.shape()) + " are more than one a sample",
                          "give the number of each sample's class");
    }
    if (tensor.size() != count) return file_error(path, std::to_string(tensor.size()) + " labels do not belong to " + samples(count));
    return tensor.to_integers();
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return text;
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    for (std::size_t start = 0; start <= line.size();) {
        const std::size_t end = std::min(line.find(',', start), line.size());
        fields.push_back(trim(line.substr(start, end - start)));
        start = end + 1;
    }
    return fields;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// What the first line of a CSV says about the others.
struct Columns {
    std::size_t sample = 0;
    std::size_t label = 0;
    bool by_file = false;
    bool header = false;
};

Result<Columns> read_columns(const std::filesystem::path& path, std::string_view line, const Dataset& data) {
    const auto fields = split(line);
    if (fields.size() >= 2 && to_integer(fields.back())) {
        return Columns{.label = fields.size() - 1, .by_file = !data.file_names.empty() && !to_integer(fields.front())};
    }
    const auto column = [&](std::string_view name) {
        return static_cast<std::size_t>(std::find(fields.begin(), fields.end(), name) - fields.begin());
    };
    const Columns columns{.sample = std::min(column("index"), column("file")),
                          .label = column("label"),
                          .by_file = column("file") < column("index"),
                          .header = true};
    if (columns.sample == fields.size() || columns.label == fields.size()) {
        return file_error(path, "the columns '" + std::string(trim(line)) + "' do not name a sample and its label",
                          "the first line of a CSV is 'index,label' or, for a folder of images, 'file,label'");
    }
    if (columns.by_file && data.file_names.empty()) {
        return file_error(path, "the labels are listed by file, but the samples are not files", "list them as 'index,label'");
    }
    return columns;
}

Result<std::vector<std::int64_t>> labels_of_csv(const std::filesystem::path& path, std::string_view text, const Dataset& data) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::map<std::string_view, std::int64_t> indices;
    for (std::size_t i = 0; i < data.file_names.size(); ++i) indices[data.file_names[i]] = static_cast<std::int64_t>(i);
    std::vector<std::int64_t> labels(static_cast<std::size_t>(data.count), -1);
    std::vector<bool> seen(labels.size());
    std::optional<Columns> columns;
    int number = 0;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line = text.substr(start, end - start);
        start = end + 1;
        ++number;
        if (trim(line).empty()) continue;
        if (!columns) {
            WEFT_ASSIGN(columns, read_columns(path, line, data));
            if (columns->header) continue;
        }
        const std::string where = "line " + std::to_string(number) + ": ";
        const auto fields = split(line);
        if (fields.size() <= std::max(columns->sample, columns->label)) return file_error(path, where + "there are too few columns");
        const auto label = to_integer(fields[columns->label]);
        if (!label)
            return file_error(path, where + "label '" + std::string(fields[columns->label]) + "' is not a number",
                              "classes are numbered from 0");
        std::int64_t index = -1;
        if (columns->by_file) {
            const auto at = indices.find(fields[columns->sample]);
            if (at == indices.end()) continue;  // A list of labels may serve several folders.
            index = at->second;
        } else {
            index = to_integer(fields[columns->sample]).value_or(-1);
            if (index < 0 || index >= data.count) {
                return file_error(
                    path, where + "'" + std::string(fields[columns->sample]) + "' is not the index of one of " + samples(data.count));
            }
        }
        if (seen[static_cast<std::size_t>(index)]) {
            return file_error(path, where + "sample '" + std::string(fields[columns->sample]) + "' is listed twice");
        }
        seen[static_cast<std::size_t>(index)] = true;
        labels[static_cast<std::size_t>(index)] = *label;
    }
    if (std::find(seen.begin(), seen.end(), true) == seen.end())
        return file_error(path, "there is no label for any of " + samples(data.count));
    return labels;
}

}  // namespace

Result<std::vector<std::int64_t>> load_labels(const std::filesystem::path& path, const Dataset& data) {
    WEFT_ASSIGN(const Bytes contents, read_bytes(path));
    if (is_npy(contents)) {
        WEFT_ASSIGN(const Tensor tensor, parse_npy(path, contents));
        return labels_of_tensor(path, tensor, data.count);
    }
    if (is_gzip(contents) || is_idx(contents)) {
        WEFT_ASSIGN(const Tensor tensor, is_gzip(contents) ? parse_compressed_idx(path, contents) : parse_idx(path, contents));
        return labels_of_tensor(path, tensor, data.count);
    }
    if (std::find(contents.begin(), contents.end(), 0) != contents.end()) {
        return file_error(path, "this is no file of labels that can be read", "labels come as IDX (also .gz), .npy or CSV");
    }
    return labels_of_csv(path, {reinterpret_cast<const char*>(contents.data()), contents.size()}, data);
}

}  // namespace weft
