// json_text.h
// JSON as text that is always valid: names come from files and need not be UTF-8.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weft {

/// `json.dump(indent)`, with U+FFFD where a text is not UTF-8.
template <class Json>
std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace weft
