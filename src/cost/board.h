// board.h
// Boards and cards: what a kernel may use on each, from the data files in boards/.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/dsp.h"

namespace weft {

/// Counts of BRAM are in RAMB36.
struct Resources {
    std::int64_t lut = 0;
    std::int64_t ff = 0;
    std::int64_t bram36 = 0;
    std::int64_t uram = 0;
    std::int64_t dsp = 0;
};

/// One die of the device (or the whole device): the region that is left to kernels.
struct SuperLogicRegion {
    std::string name;
    Resources user;
    std::vector<std::string> memory;  ///< Memory banks beside it.
};

struct Board {
    std::string name;
    std::string title;
    std::string part;
    std::string platform;
    std::string family;
    std::string flow;
    DspCell dsp = dsp48e2;
    double kernel_clock_mhz = 0;  ///< Default of the shell; what a design reaches is only known after routing.
    std::vector<SuperLogicRegion> slrs;

    Resources total() const;
};

/// All boards, ordered by name.
const std::vector<Board>& boards();
/// The board of that name; an unknown name lists the nearest.
Result<const Board*> find_board(std::string_view name);

}  // namespace weft
