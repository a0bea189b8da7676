// placement.h
// Compute units: how many copies of a kernel a board takes, and where each goes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/cost/board.h"
#include "src/design/unit_def.h"

namespace weft {

/// Where a compute unit goes, as the linker is told. What is empty it chooses.
struct Placement {
    std::string slr;
    std::string bank;  ///< The memory of all its buffers.
    bool operator==(const Placement&) const = default;
};

/// What is placed: the predicted cost of a copy, and its memory ports. A prediction without the shell, whose room is in what
/// `place_units` leaves free.
struct ComputeUnit {
    Cost cost;
    int ports = 2;
};

/// The copies that the board takes: each within one SLR and on a bank beside it. Of an SLR 70 % of LUTs, 50 % of FFs and 80 % of memories
/// and DSPs are used at most, beyond which timing is seldom met (FINN's planning limits, src/finn/util/platforms.py). A bank is joined to
/// `ports_of_bank` ports at most, an SLR to `ports_of_slr`.
int most_units(const ComputeUnit& unit, const Board& board);

/// Places `count` copies: on the bank with the fewest of them, of such banks in the SLR that the copy fills least. One copy alone always
/// has a place: the SLR that it fills least, or, where none takes it whole (check_fit), that one's bank and no SLR. Fails where `count` is
/// more than `most_units`, with the resource that is short, and what would fit. A device of one SLR needs no name of it.
Result<std::vector<Placement>> place_units(const ComputeUnit& unit, const Board& board, int count);

constexpr int ports_of_bank = 15;
constexpr int ports_of_slr = 30;

}  // namespace weft
