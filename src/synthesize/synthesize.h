// synthesize.h
// Counts what a stream core takes on an FPGA: each module instance is mapped by Yosys, paths are followed across their ports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/project_file.h"
#include "src/synthesize/yosys.h"

namespace weft {

/// A module instance of the core.
struct SynthesizedInstance {
    std::string name;  ///< As in the core.
    std::string module;
    ModuleCounts counts;
};

/// The deepest path from a register of one instance to a register of another.
struct BorderPath {
    LogicDepth depth;  ///< The most of each on any such path.
    std::string from;  ///< Instance and port that the path with the most LUTs leaves and enters last.
    std::string to;
};

struct Synthesis {
    std::string tool;  ///< Yosys and its version.
    std::string family;
    std::vector<SynthesizedInstance> instances;  ///< In the core's order of names.
    ResourceCounts totals;
    LogicDepth worst;  ///< Of all instances and borders.
    BorderPath border;
};

using SynthesisProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// `files` hold the module `core` in `<core>.sv`, the modules that it instantiates, one a file, and their memories
/// `<Name>_<memory>.mem`, all in one tree. Equal instances are mapped once.
/// With `inner`, `core` is a shell in `<core>.v`: its instances of the module `inner`, and the few gates that join the others, are left
/// out, and paths through them.
Result<Synthesis> synthesize(std::string_view core, std::span<const ProjectFile> files, std::string_view family,
                             const SynthesisProgress& progress = {}, std::string_view inner = {});

/// The whole core as one netlist, as tools see it that flatten: modules that say keep_hierarchy alone stay.
Result<ModuleCounts> synthesize_flat(std::string_view core, std::span<const ProjectFile> files, std::string_view family);

/// The jobs behind the instances of a core, by instance name: what `synthesize` maps.
Result<std::vector<std::pair<std::string, SynthesisJob>>> synthesis_jobs(const Netlist& core, std::span<const ProjectFile> files,
                                                                         std::string_view inner = {});

}  // namespace weft
