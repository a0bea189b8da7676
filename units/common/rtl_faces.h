// rtl_faces.h
// The SystemVerilog faces and controls of the units that end in a requantise stage, each defined in units/<unit>/<unit>_rtl.cpp.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "src/design/unit_def.h"

namespace weft {

RtlFace pool_rtl(const Unit& unit);
RtlFace global_pool_rtl(const Unit& unit);
RtlFace add_rtl(const Unit& unit);
RtlFace requantize_rtl(const Unit& unit);
RtlFace table_rtl(const Unit& unit);

std::unique_ptr<UnitControl> pool_control(const Unit& unit);
std::unique_ptr<UnitControl> global_pool_control(const Unit& unit);
std::unique_ptr<UnitControl> add_control(const Unit& unit);
std::unique_ptr<UnitControl> requantize_control(const Unit& unit);
std::unique_ptr<UnitControl> table_control(const Unit& unit);

}  // namespace weft
