// report.h
// Counts of a design's stream core beside what was predicted, unit by unit, as JSON and as a table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/cost/board.h"
#include "src/design/unit_def.h"
#include "src/emit/emit_options.h"
#include "src/synthesize/synthesize.h"

namespace weft {

struct UnitCounts {
    std::string unit;  ///< A unit's or FIFO's name.
    std::string node;  ///< Keys of the ONNX nodes that it computes; empty for plumbing.
    std::string module;
    ModuleCounts counts;
    Cost predicted;
};

/// What stands around the core: registers, readers and writers of memory, and what turns words into beats and back.
struct ShellCounts {
    std::string module;  ///< The kernel for cards, or that with AXI4-Stream ports.
    std::vector<SynthesizedInstance> parts;
    ResourceCounts totals;  ///< Of the parts.
    LogicDepth worst;
    BorderPath border;
};

struct SynthesisReport {
    std::string tool;
    const Board* board = nullptr;
    std::vector<UnitCounts> units;  ///< In the order of the design, each followed by the FIFOs behind it.
    ResourceCounts totals;
    Cost predicted;
    LogicDepth worst;
    BorderPath border;
    std::vector<ShellCounts> shells;   ///< As far as they were asked for; in no total.
    std::optional<ModuleCounts> flat;  ///< Of the core as one netlist, if that was asked for; in no total.
    Diagnostics warnings;              ///< Cells that were not counted, combinational loops, multipliers without registers.
};

/// Adds what makes the counts of a module too low or bars a fast clock. `name` is the instance's.
void add_warnings(Diagnostics& warnings, const std::string& node, const std::string& name, const std::string& module,
                  const ModuleCounts& counts);

/// Emits the stream core of a folded, plumbed design with its RTL depths, maps it for the board and counts. Fails where the board has other
/// DSPs.
Result<SynthesisReport> count_design(const Design& design, const Board& board, const SynthesisProgress& progress = {});

/// Counts the parts of both shells of the design into `report`. Fails where no shell takes the design.
Status count_shells(const Design& design, const EmitOptions& options, SynthesisReport& report, const SynthesisProgress& progress = {});

/// Counts the core as one netlist, as tools see it that flatten, into `report`. Takes minutes.
Status count_flat(const Design& design, SynthesisReport& report);

/// `totals` and `predicted`, each `{dsp, lut, ff, bram36, uram}`, `units[]`, `shells[]` with their `parts[]`, and `flat`.
nlohmann::ordered_json to_json(const SynthesisReport& report);
std::string to_text(const SynthesisReport& report);

/// What was counted, as check_fit takes it.
Cost counted_cost(const SynthesisReport& report);

}  // namespace weft
