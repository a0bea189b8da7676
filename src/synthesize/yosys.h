// yosys.h
// Runs Yosys: reads which modules a core instantiates, and maps one module with its parameters. Results are kept between runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/project_file.h"
#include "src/synthesize/depth.h"
#include "src/synthesize/netlist.h"
#include "src/synthesize/primitives.h"

namespace weft {

/// A module, its parameters and the files that it needs: all that its netlist depends on.
struct SynthesisJob {
    std::string module;
    /// Values as Yosys writes them in JSON: bits, highest first, or text.
    std::map<std::string, std::string, std::less<>> parameters;
    std::vector<ProjectFile> sources;   ///< SystemVerilog, in order of path.
    std::vector<ProjectFile> memories;  ///< For $readmemh, by the name behind the parameter `Name`: "_weights0.mem".
    /// All modules below become one, but for those that say keep_hierarchy, as tools do that flatten. Memories have their whole names.
    bool flat = false;
};

struct ModuleCounts {
    ResourceCounts resources;
    DepthReport depth;
    std::vector<std::string> unknown_cells;  ///< Types that are in no library: not counted.
};

class Yosys {
public:
    /// The program in PATH; a diagnostic that says what to install where there is none.
    static Result<Yosys> find();
    const std::string& version() const { return version_; }

    /// The module `name` of a source text as it is written: cells are instances, with parameters, unopened.
    Result<Netlist> instances(const ProjectFile& source, std::string_view name) const;

    /// Maps `job` for a family of `synth_xilinx` and counts; from the cache where the same was done before. Callable from several threads.
    Result<ModuleCounts> map(const SynthesisJob& job, std::string_view family) const;

private:
    explicit Yosys(std::string version) : version_(std::move(version)) {}

    std::string version_;
};

}  // namespace weft
