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

/// A resource of devices: what a design needs of it, what a region has.
struct Resource {
    const char* name;
    double Cost::*needed;
    std::int64_t Resources::*available;
    bool folding;    ///< Less parallelism needs less of it.
    double ceiling;  ///< The share of an SLR that compute units may fill (placement.h).
};
inline constexpr Resource resources[] = {{"DSP", &Cost::dsp, &Resources::dsp, true, 0.8},
                                         {"LUT", &Cost::lut, &Resources::lut, true, 0.7},
                                         {"FF", &Cost::ff, &Resources::ff, true, 0.5},
                                         {"BRAM36", &Cost::bram36, &Resources::bram36, false, 0.8},
                                         {"URAM", &Cost::uram, &Resources::uram, false, 0.8}};

/// The share of the scarcest resource, infinite where one is missing altogether.
double filled(const Cost& needed, const Resources& available);

/// The regions (SLRs) of the board that would take all of it.
std::vector<std::string> regions_that_fit(const Cost& needed, const Board& board);

/// Where to put it: the region that it fills least, judged by what is scarcest there. It fits into this one if into
/// any that has memory beside it.
const SuperLogicRegion& best_region(const Cost& needed, const Board& board);

/// Errors: a diagnostic a resource of which the board's user region, or else its largest SLR, has too little. `what` needs it: "the
/// design". Resources that `needed` leaves 0 are not judged.
Diagnostics check_fit(const Cost& needed, const Board& board, const std::string& what);

}  // namespace weft
