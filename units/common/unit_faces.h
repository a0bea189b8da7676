// unit_faces.h
// Faces of the units that are defined in files of their own: HLS in units/<unit>/<unit>_hls.cpp, RTL in units/<unit>/<unit>_rtl.cpp.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// LaneShift and ChainLength of the two-products-a-DSP form, from the weights, the input's range and the folding; WeightBits is set.
void matvec_derive(Unit& unit);

std::vector<RomTable> matvec_roms(const Unit& unit);
std::vector<RomTable> depthwise_roms(const Unit& unit);
std::vector<RomTable> pool_roms(const Unit& unit);
std::vector<RomTable> add_roms(const Unit& unit);
std::vector<RomTable> concat_roms(const Unit& unit);

RtlFace fifo_rtl(const Unit& unit);
std::unique_ptr<UnitControl> fifo_control(const Unit& unit);
RtlFace fork_rtl(const Unit& unit);
std::unique_ptr<UnitControl> fork_control(const Unit& unit);
RtlFace width_rtl(const Unit& unit);
std::unique_ptr<UnitControl> width_control(const Unit& unit);
RtlFace concat_rtl(const Unit& unit);
std::unique_ptr<UnitControl> concat_control(const Unit& unit);

}  // namespace weft
