// depthwise_faces.h
// The faces of depthwise that stand in files of their own, and how its products share DSPs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// DSPs that form the products of one beat. Two products share one where both sums of products fit beside each other: those of neighbouring
/// positions with one weight if Pixels > 1, else those of one element with neighbouring filters. WeightBits need not be set.
std::int64_t depthwise_mac_dsp(const Unit& unit);

/// LaneShift (0: a product a DSP) and ChainLength, the DSPs whose products are summed in a cascade, from the weights, the input's range and
/// the folding.
void depthwise_derive_packing(Unit& unit);

std::vector<RomTable> depthwise_roms(const Unit& unit);

RtlFace depthwise_rtl(const Unit& unit);
CostFeatures depthwise_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> depthwise_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
