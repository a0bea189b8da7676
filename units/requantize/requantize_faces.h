// requantize_faces.h
// The faces of requantize that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "src/design/unit_def.h"

namespace weft {

RtlFace requantize_rtl(const Unit& unit);
CostFeatures requantize_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> requantize_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
