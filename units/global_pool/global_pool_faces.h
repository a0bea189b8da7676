// global_pool_faces.h
// The faces of global_pool that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "src/design/unit_def.h"

namespace weft {

RtlFace global_pool_rtl(const Unit& unit);
CostFeatures global_pool_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> global_pool_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
