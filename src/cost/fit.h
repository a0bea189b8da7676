// fit.h
// Does a design fit a board? Says which resource is short, by how much, and what would help.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/cost/board.h"
#include "src/design/unit_def.h"

namespace weft {

/// The regions (SLRs) of the board that would take all of it.
std::vector<std::string> regions_that_fit(const Cost& needed, const Board& board);

/// Where to put it: the region that it fills least, judged by what is scarcest there. It fits into this one if into any.
const SuperLogicRegion& best_region(const Cost& needed, const Board& board);

/// Errors: a diagnostic a resource of which the board's user region, or else its largest SLR, has too little. `what` needs it: "the
/// design". Resources that `needed` leaves 0 are not judged.
Diagnostics check_fit(const Cost& needed, const Board& board, const std::string& what);

}  // namespace weft
