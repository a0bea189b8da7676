// kernel_json.h
// kernel.json: what a host needs to feed one kernel. docs/host.md says what each entry means; src/runtime/kernel.h reads it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "src/emit/back_end.h"

namespace weft {

/// Keys are in a fixed order; a line for each, and for each entry of those that list several.
std::string kernel_json(const EmitSubject& subject);

}  // namespace weft
