// base64.h
// Bytes as text (RFC 4648, section 4): large arrays in JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

std::string base64(std::span<const std::byte> bytes);

/// None where `text` is not the base64 of anything.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace weft
