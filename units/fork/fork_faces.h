// fork_faces.h
// The faces of fork that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "src/design/unit_def.h"

namespace weft {

RtlFace fork_rtl(const Unit& unit);
CostFeatures fork_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> fork_control(const Unit& unit, std::int64_t);

}  // namespace weft
