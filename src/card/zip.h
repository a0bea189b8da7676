// zip.h
// Archives in memory, by libzip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

struct ZipEntry {
    std::string path;
    std::string contents;
    bool executable = false;
};
/// The same entries give the same bytes.
Result<std::string> make_zip(const std::vector<ZipEntry>& entries);

}  // namespace weft
