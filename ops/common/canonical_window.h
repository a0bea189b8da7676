// canonical_window.h
// The canonical operators with sums and windows, which the rewrites of several families produce.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/graph/op_def.h"

namespace weft {

extern const OpDef op_pad;
extern const OpDef op_weft_average_pool;
extern const OpDef op_weft_global_average_pool;
extern const OpDef op_weft_global_max_pool;
extern const OpDef op_weft_linear;
extern const OpDef op_weft_max_pool;
extern const OpDef op_weft_pad;

}  // namespace weft
