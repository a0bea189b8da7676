// project_card.h
// From compiled projects to an emulated card with their compute units.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/diagnostic.h"
#include "src/card/card.h"
#include "src/cost/board.h"
#include "src/design/design.h"
#include "src/emit/emit_options.h"
#include "src/graph/graph.h"

namespace weft {

/// A project as a card takes it. What it refers to outlives the card.
struct CardProject {
    const Graph& model;  ///< With quantizers.
    const Design& design;
    EmitOptions emit;
    const Board& board;
};

struct EmulationOptions {
    std::uint64_t stall_seed = 0;   ///< Random stalls of every memory channel; 0: none beside those of the banks' pace.
    std::uint64_t most_cycles = 0;  ///< Ends the run; 0: never.
    bool trace = false;             ///< Waveforms can be written.
};

/// kernel.json, as the project's host folder has it.
Result<nlohmann::ordered_json> kernel_description(const CardProject& project);

/// Fails where the projects were compiled for different boards or clocks, or one has no RTL kernel.
Result<Card> emulated_card(std::span<const CardProject> projects, const EmulationOptions& options);

}  // namespace weft
