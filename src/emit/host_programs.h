// host_programs.h
// The programs that feed a kernel: those of src/runtime, and what they are told of the network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "src/base/project_file.h"
#include "src/emit/emit_options.h"

namespace weft {

/// `host/`: both programs, network.h, a Makefile, and the library in `host/weft`; `kernel` is what kernel.json says.
std::vector<ProjectFile> host_programs(const nlohmann::ordered_json& kernel, const EmitOptions& options);

}  // namespace weft
