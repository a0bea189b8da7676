// kernel_names.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/kernel_names.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace weft {

namespace {

constexpr std::string_view sources_folder = "rtl/";
constexpr std::string_view library_folder = "rtl/weft/";
constexpr std::string_view memory_ending = ".mem";
/// Where the core tells a unit how its memories' files begin.
constexpr std::string_view memory_parameter = ".Name(\"";

/// Where the string that begins at `at` ends: behind its closing quote.
std::size_t string_end(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    return std::min(at + 1, text.size());
}

/// Source text with `prefix` before each name of a library module, in comments too, and before the names of memories.
std::string renamed(std::string_view text, std::string_view prefix) {
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    std::string result;
    bool comment = false;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at + 1;
        if (comment || text.substr(at, 2) == "//") comment = text[at] != '\n';
        if (!comment && text.substr(at).starts_with(memory_parameter)) {
            end = at + memory_parameter.size();
            result.append(text.substr(at, end - at)).append(prefix);
            at = end;
            end = string_end(text, at - 1);
        } else if (!comment && text[at] == '"') {
            end = string_end(text, at);
        } else if (is_word(text[at])) {
            while (end < text.size() && is_word(text[end])) ++end;
            if (is_rtl_module(text.substr(at, end - at))) result.append(prefix);
        }
        result.append(text.substr(at, end - at));
        at = end;
    }
    return result;
}

}  // namespace

std::string former_path(std::string_view path, std::string_view kernel) {
    const std::string prefix = std::string(kernel) + "_";
    const std::size_t folder = path.rfind('/') + 1;
    const std::string_view name = path.substr(folder);
    const std::string library = prefix + std::string(rtl_module_prefix);
    if (path.starts_with(library_folder) && name.starts_with(library))
        return std::string(path.substr(0, folder)).append(name.substr(library.size()));
    if (name.ends_with(memory_ending) && name.starts_with(prefix))
        return std::string(path.substr(0, folder)).append(name.substr(prefix.size()));
    return std::string(path);
}

std::vector<ProjectFile> named_after_kernel(std::vector<ProjectFile> files, std::string_view kernel) {
    const std::string prefix = std::string(kernel) + "_";
    for (ProjectFile& file : files) {
        if (!file.path.starts_with(sources_folder)) continue;
        if (file.path.ends_with(".sv") || file.path.ends_with(".v")) file.text = renamed(file.text, prefix);
        if (file.path.starts_with(library_folder)) {
            // The head of a file is its name.
            const std::string name = file.path.substr(library_folder.size());
            const std::string new_name = prefix + std::string(rtl_module_prefix) + name;
            file.path = std::string(library_folder) + new_name;
            if (const std::string head = "// " + name + "\n"; file.text.starts_with(head))
                file.text.replace(0, head.size(), "// " + new_name + "\n");
        } else if (file.path.ends_with(memory_ending)) {
            file.path.insert(sources_folder.size(), prefix);
        }
    }
    std::sort(files.begin(), files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
    return files;
}

RtlProject named_after_kernel(RtlProject project, std::string_view kernel) {
    project.files = named_after_kernel(std::move(project.files), kernel);
    return project;
}

}  // namespace weft
