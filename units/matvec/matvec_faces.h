// matvec_faces.h
// The faces of matvec that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// LaneShift and ChainLength of the two-products-a-DSP form, from the weights, the input's range and the folding; WeightBits is set.
void matvec_derive(Unit& unit);

std::vector<RomTable> matvec_roms(const Unit& unit);

RtlFace matvec_rtl(const Unit& unit);
CostFeatures matvec_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> matvec_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
