// pool_faces.h
// The faces of pool that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// How pool multiplies its sums by the factors of positions.
struct PoolScale {
    int sum_bits = 1;
    int factor_bits = 0;  ///< 0: every factor is 1, or there is none.
    int acc_digits = 1;   ///< As in StageMultiply (units/output/output_rtl.h).
    int mul_digits = 1;
    int product_bits = 1;

    /// Of one lane of one pixel.
    int dsp() const { return factor_bits == 0 ? 0 : acc_digits * mul_digits; }
};
PoolScale pool_scale(const Unit& unit);

std::vector<RomTable> pool_roms(const Unit& unit);

RtlFace pool_rtl(const Unit& unit);
std::unique_ptr<UnitControl> pool_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
