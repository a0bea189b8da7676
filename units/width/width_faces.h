// width_faces.h
// The faces of width that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "src/design/unit_def.h"

namespace weft {

RtlFace width_rtl(const Unit& unit);
CostFeatures width_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> width_control(const Unit& unit, std::int64_t);

}  // namespace weft
