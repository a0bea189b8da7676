// project_file.h
// A file of a project, before it is written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weft {

struct ProjectFile {
    std::string path;  ///< Relative to the project's folder, `hls/kernel.cpp`.
    std::string text;
};

}  // namespace weft
