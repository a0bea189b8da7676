// unit_registry.cpp
// The unit table and the embedded unit sources as the build found them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

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

}  // namespace weft
