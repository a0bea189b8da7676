// engine_registry.cpp
// The engines as the build found them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "src/engines/engine_def.h"

namespace weft {

namespace generated {
extern const EngineDef* const engines[];
extern const int engine_count;
}  // namespace generated

bool EngineDef::takes(EngineOption option) const { return std::ranges::find(options, option) != options.end(); }

std::vector<const EngineDef*> engine_registry() {
    std::vector<const EngineDef*> list(generated::engines, generated::engines + generated::engine_count);
    std::ranges::sort(list, {}, [](const EngineDef* engine) { return std::tuple(engine->needs, engine->name); });
    return list;
}

Result<const EngineDef*> find_engine(std::string_view name) {
    std::vector<std::string> names;
    for (const EngineDef* engine : engine_registry()) {
        if (engine->name == name) return engine;
        names.emplace_back(engine->name);
    }
    return Diagnostic{.reason = "there is no engine '" + std::string(name) + "'", .help = suggest(name, names)};
}

}  // namespace weft
