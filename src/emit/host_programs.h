// host_programs.h
// The programs that feed a kernel: those of src/runtime, and what they are told of the network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "src/base/project_file.h"
#include "src/emit/back_end.h"

namespace weft {

/// `host/`: both programs, network.h, a Makefile, and the library in `host/weft`.
std::vector<ProjectFile> host_programs(const EmitSubject& subject);

}  // namespace weft
