// kernel_json.h
// kernel.json: what a host needs to feed one kernel. docs/host.md says what each entry means; src/runtime/kernel.h reads it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "src/emit/back_end.h"

namespace weft {

/// Keys are in a fixed order.
nlohmann::ordered_json kernel_json(const EmitSubject& subject);
/// A line for each key, and for each entry of those that list several.
std::string kernel_json_text(const nlohmann::ordered_json& kernel);

}  // namespace weft
