// manifest.h
// The whole Design as JSON: readable, and enough to rebuild everything else that a compile writes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "src/base/diagnostic.h"
#include "src/design/design.h"

namespace weft {

/// Units, parameters, constants, stages, streams and bindings. Keys are in a fixed order.
nlohmann::ordered_json to_json(const Design& design);

/// The Design that `to_json` wrote; diagnostics where the file does not hold one.
Result<Design> design_from_json(const nlohmann::ordered_json& json);

}  // namespace weft
