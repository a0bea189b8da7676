// embedded_file.h
// A text file that the build put into the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace weft {

struct EmbeddedFile {
    std::string_view path;  ///< Relative to the folder that was embedded: `matvec/matvec.hpp`.
    std::string_view contents;
};

}  // namespace weft
