// pool_faces.h
// The faces of pool that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/design/dsp.h"
#include "src/design/unit_def.h"

namespace weft {

/// How pool multiplies its sums by the factors of positions.
struct PoolScale {
    int sum_bits = 1;
    int factor_bits = 0;  ///< 0: every factor is 1, or there is none.
    ProductDigits digits;
    int product_bits = 1;

    /// Of one lane of one pixel.
    int dsp() const { return factor_bits == 0 ? 0 : digits.dsp(); }
};
PoolScale pool_scale(const Unit& unit);

std::vector<RomTable> pool_roms(const Unit& unit);

RtlFace pool_rtl(const Unit& unit);
CostFeatures pool_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> pool_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
