// folding.h
// Chooses the folding parameters of a Design: by an exact search, or from a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/unit_def.h"

namespace weft {

struct FoldingOptions {
    double mac_dsp_limit = 900;  ///< Bound on the MAC DSPs of the whole design.
};

/// One unit under the present folding.
struct UnitFigures {
    const Unit* unit = nullptr;
    std::int64_t cycles = 0;  ///< Of one frame.
    Cost cost;
};

struct FoldingFigures {
    std::int64_t interval = 0;  ///< Most cycles of any unit: frames follow each other at this distance.
    const Unit* slowest = nullptr;
    Cost cost;                 ///< Sum over the units.
    double one_dsp_lanes = 0;  ///< Of cost.requantize_lanes those that take one DSP.
    std::vector<UnitFigures> units;
};

/// The figures of the present folding, plumbing included if there is any.
FoldingFigures figures(const Design& design);

/// Finds the smallest interval that the MAC DSPs allow and gives every unit its cheapest folding of at most that many cycles: fewest MAC
/// DSPs, then fewest DSPs, then fewest cycles; units without MACs the narrowest beats. Exact over the units' candidates. Units joined by
/// streams with taps, whose beats cannot be changed in between, are chosen together. Removes plumbing and calls the units' `derive`. Fails
/// where even the slowest folding needs more DSPs.
Status fold(Design& design, const FoldingOptions& options = {});

/// Sets folding parameters from JSON text `{"<node key>": {"PE": 8, "Lanes": 4}}`; a unit's name serves as a key too. All units of a node
/// take the parameters that they know; what is not listed stays, except parameters that derive themselves from the others, and units
/// without MACs, whose beats are widened as far as all others are faster. Unknown names, values out of range and foldings that do not fit
/// together are errors; the design is then unchanged. `source` names the text in messages. Removes plumbing and calls the units' `derive`.
Status apply_folding(Design& design, std::string_view json, std::string_view source);

/// The present folding in that form, by node where its units agree, else by unit name.
std::string folding_json(const Design& design);

}  // namespace weft
