// units.h
// The hardware units by symbol, for lowerings and tests. The machinery in src/ finds them through the registry instead.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/design/unit_def.h"

namespace weft {

extern const UnitDef unit_add;
extern const UnitDef unit_concat;
extern const UnitDef unit_depthwise;
extern const UnitDef unit_fifo;
extern const UnitDef unit_fork;
extern const UnitDef unit_global_pool;
extern const UnitDef unit_matvec;
extern const UnitDef unit_pool;
extern const UnitDef unit_requantize;
extern const UnitDef unit_width;
extern const UnitDef unit_window;

}  // namespace weft
