// page.h
// docs/onnx.md: every operator of the registry, and how many of the standard's tests pass.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace weft {

/// The page in Markdown. `tables`: a folder with a folder for each collection of the standard's tests, which holds passed.txt.
std::string operator_page(const std::filesystem::path& tables);

}  // namespace weft
