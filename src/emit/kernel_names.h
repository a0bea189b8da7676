// kernel_names.h
// Names an RTL kernel's modules and memories after it, so that two kernels never meet in one design.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/emit/rtl.h"

namespace weft {

/// The files of emit_rtl or emit_shell as a project holds them. The library's modules, alike in every kernel until here, and their files
/// are called `<kernel>_weft_<module>`, memories `<kernel>_<unit>_<memory>.mem`, and so whoever names them; everything else has the
/// kernel's name already. Ordered by path.
std::vector<ProjectFile> named_after_kernel(std::vector<ProjectFile> files, std::string_view kernel);
RtlProject named_after_kernel(RtlProject project, std::string_view kernel);

/// What versions that named nothing after the kernel called a file of a project.
std::string former_path(std::string_view path, std::string_view kernel);

}  // namespace weft
