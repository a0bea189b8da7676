// predict.h
// What a unit's RTL face will take, before anything is mapped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/design/unit_def.h"

namespace weft {

Cost& operator+=(Cost& sum, const Cost& more);

/// DSPs as the unit's own formula says; the rest where the unit has one.
Cost predict_cost(const Unit& unit);
/// Of the FIFO that the RTL kernel puts on a stream (has_rtl_fifo).
Cost predict_fifo_cost(const Stream& stream);
/// Of the whole stream core: units and FIFOs.
Cost predict_cost(const Design& design);

}  // namespace weft
