// unit_registry.cpp
// The unit table and the embedded unit sources as the build found them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <map>
#include <string>

#include "src/base/text.h"
#include "src/design/unit_def.h"

namespace weft {

namespace generated {
extern const UnitDef* const units[];
extern const int unit_count;
extern const EmbeddedFile files[];
extern const int file_count;
}  // namespace generated

std::span<const UnitDef* const> unit_registry() { return {generated::units, static_cast<std::size_t>(generated::unit_count)}; }

const UnitDef* find_unit_def(std::string_view name) {
    const auto list = unit_registry();
    const auto at = std::find_if(list.begin(), list.end(), [&](const UnitDef* unit) { return unit->name == name; });
    return at == list.end() ? nullptr : *at;
}

const UnitDef& unit_for(UnitRole role) {
    const auto list = unit_registry();
    const auto at = std::find_if(list.begin(), list.end(), [&](const UnitDef* unit) { return unit->role == role; });
    assert(at != list.end());
    return **at;
}

std::span<const EmbeddedFile> embedded_unit_files() { return {generated::files, static_cast<std::size_t>(generated::file_count)}; }

std::vector<EmbeddedFile> unit_files_for(const DspCell& cell) {
    const auto folder_of = [](const DspCell& any) { return "/" + lower_case(std::string(any.name)); };
    std::map<std::string, std::string_view, std::less<>> replaced;
    std::vector<EmbeddedFile> files;
    for (const EmbeddedFile& file : embedded_unit_files()) {
        const std::size_t name = file.path.rfind('/');
        const std::string_view folder = file.path.substr(0, name);
        const auto* const owner = std::ranges::find_if(dsp_cells, [&](const DspCell* any) { return folder.ends_with(folder_of(*any)); });
        if (owner == std::end(dsp_cells))
            files.push_back(file);
        else if (**owner == cell)
            replaced.emplace(std::string(folder.substr(0, folder.rfind('/'))) + std::string(file.path.substr(name)), file.contents);
    }
    for (EmbeddedFile& file : files)
        if (const auto at = replaced.find(file.path); at != replaced.end()) file.contents = at->second;
    return files;
}

}  // namespace weft
