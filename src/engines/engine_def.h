// engine_def.h
// The engine contract: everything weft knows of one engine. Defined in src/engines/, listed by the generated registry.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/cost/board.h"
#include "src/design/design.h"
#include "src/emit/emit_options.h"
#include "src/engines/engine.h"
#include "src/graph/graph.h"

namespace weft {

/// What must be there before an engine can be made, the least first.
enum class EngineNeeds {
    model,    ///< The two graphs.
    design,   ///< The integer contract too.
    project,  ///< A design that is folded and plumbed, from which the engine emits what it runs.
};

/// What engines are made of. Graphs and design outlive the engine.
struct EngineSubject {
    const Graph& source;           ///< As given, with preprocessing in front.
    const Graph& quantized;        ///< With quantizers.
    const Design& design;          ///< Of engines that need one.
    EmitOptions emit;              ///< Of engines that need a project.
    const Board* board = nullptr;  ///< Of engines that need a project.
};

/// How an engine runs. All but `threads` is for engines that say so (EngineDef::options).
struct EngineOptions {
    int threads = 0;               ///< 0: all.
    std::uint64_t stall_seed = 0;  ///< Stalls at the kernel's ports; 0: none.
    std::filesystem::path trace;   ///< A waveform is written there, if not empty; of a card, a folder with one a compute unit.
    bool shell = false;            ///< The whole card kernel with a modelled memory instead of the stream core.
    bool pure = false;             ///< The host's driver has its own settings and nothing else: no preloaded library shortens its sleeps.
};

enum class EngineOption { stalls, trace, shell, pure };

struct EngineDef {
    std::string_view name;
    EngineNeeds needs = EngineNeeds::model;
    std::vector<EngineOption> options = {};
    /// Why these options cannot go together, if so; asked before anything else is done. Null: any can.
    Status (*check)(const EngineOptions& options) = nullptr;
    Result<std::unique_ptr<Engine>> (*make)(const EngineSubject& subject, const EngineOptions& options,
                                            const StageProgress& progress) = nullptr;

    bool takes(EngineOption option) const;
};

/// All engines: by what they need, the least first, then by name.
std::vector<const EngineDef*> engine_registry();
/// The engine of that name; an unknown name lists the nearest.
Result<const EngineDef*> find_engine(std::string_view name);

}  // namespace weft
