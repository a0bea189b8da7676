// rtl.h
// Writes a Design as SystemVerilog: the stream core, one module instance a unit, and the files that it needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/project_file.h"
#include "src/design/unit_def.h"
#include "src/emit/emit_options.h"

namespace weft {

/// A stream port of the core: signals `<name>_valid`, `<name>_ready` and `<name>_data`, one beat wide.
struct RtlPort {
    std::string name;  ///< As KernelPort's.
    const Stream* stream = nullptr;
    bool output = false;

    /// Width of the data: elements of `Stream::bits` bits, pixel-major, then tap-major, lane-minor, the first one lowest.
    int bits() const { return stream->bits() * stream->beat.elements(); }
};

struct RtlProject {
    std::string core;                ///< Name of the top module: ports `clk`, `rst` (synchronous, active high) and the stream ports.
    std::vector<RtlPort> ports;      ///< Inputs, then outputs, in the design's order.
    std::vector<ProjectFile> files;  ///< `rtl/...`, ordered by path: SystemVerilog, and memory contents (.mem).
};

/// The design is folded and plumbed, its RTL depths are set. Fails where `rtl_takes` does. The same design and options give the same
/// bytes. Modules of the unit library have their own names, and memories their units': see kernel_names.h.
Result<RtlProject> emit_rtl(const Design& design, const EmitOptions& options);

/// What the names of the library's modules begin with, and whether a word is such a name.
constexpr std::string_view rtl_module_prefix = "weft_";
bool is_rtl_module(std::string_view word);

/// The unit library's files (`rtl/weft/`) of the modules that `text` names, and of those that they name.
std::vector<ProjectFile> rtl_sources(std::string_view text, const DspCell& cell = dsp48e2);

/// Names in the core: of the instance of a unit, of what stands behind its buffered port (RtlOutput::name), and of the FIFO on a stream.
std::string rtl_instance(const Unit& unit);
std::string rtl_output_instance(const Unit& unit, std::string_view output);
std::string rtl_fifo_instance(const Stream& stream);

}  // namespace weft
