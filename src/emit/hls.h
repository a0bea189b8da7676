// hls.h
// Writes a Design as a Vitis HLS project: one dataflow kernel in C++14, its constants, a testbench and what v++ needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/project_file.h"
#include "src/design/design.h"
#include "src/emit/emit_options.h"

namespace weft {

struct HlsProject {
    std::string kernel;                   ///< Name of the top function.
    std::vector<ProjectFile> files;       ///< Ordered by path.
    std::int64_t initialiser_tokens = 0;  ///< Integers in the tables of constants.
    std::int64_t max_images = 0;          ///< Largest batch of one call: no 32-bit counter overflows.
};

/// Why the design can be a kernel only as RTL, if so: beats carry several positions, or the constants are more than the vendor's HLS
/// compiler takes.
Status hls_takes(const Design& design, const EmitOptions& options);

/// The design is folded and plumbed: one reader a stream, beats and depths set. Fails where `hls_takes` does. The same design and options
/// give the same bytes.
Result<HlsProject> emit_hls(const Design& design, const EmitOptions& options);

}  // namespace weft
