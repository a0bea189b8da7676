// concat_faces.h
// The faces of concat that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

std::vector<RomTable> concat_roms(const Unit& unit);

RtlFace concat_rtl(const Unit& unit);
CostFeatures concat_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> concat_control(const Unit& unit, std::int64_t);

}  // namespace weft
