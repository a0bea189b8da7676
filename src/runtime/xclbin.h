// xclbin.h
// What an xclbin says of the kernels of weft in it, read from the file itself.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <string>
#include <vector>

#include "json.h"

namespace weft::host {

class Xclbin {
public:
    /// Fails with an Error where the file cannot be read, is cut short, is no xclbin, or was not packaged by weft.
    explicit Xclbin(const std::string& path);

    /// Names of the kernels that it describes.
    std::vector<std::string> kernels() const;
    /// The description (kernel.json) of one of them; an empty name stands for the only one.
    const Json& description(const std::string& kernel) const;
    /// Names of the compute units of that kernel, in the order of their addresses.
    std::vector<std::string> compute_units(const std::string& kernel) const;

private:
    std::string path_;
    Json metadata_;
    std::vector<std::string> units_;  ///< Of all kernels: `kernel:unit`.
};

}  // namespace weft::host
