// fork_faces.h
// The faces of fork that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "src/design/unit_def.h"

namespace weft {

RtlFace fork_rtl(const Unit& unit);
std::unique_ptr<UnitControl> fork_control(const Unit& unit, std::int64_t);

}  // namespace weft
