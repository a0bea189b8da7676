// rtl_faces.h
// The SystemVerilog faces and controls of the units that a requantize stage follows, each defined in units/<unit>/<unit>_rtl.cpp.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

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

/// How add forms its two products: the table in units/add/add_lane.sv.
struct AddScale {
    int method = 0;
    bool scaled[2] = {false, false};  ///< Multiplied, not only shifted and negated.
    bool negated[2] = {false, false};
    int shift[2] = {0, 0};
    int mul_bits = 2;
    int acc_digits = 1;
    int mul_digits = 1;
    int product_bits = 1;
    int acc_bits = 1;

    /// Of one lane of one pixel.
    int dsp() const;
};
AddScale add_scale(const Unit& unit);

RtlFace pool_rtl(const Unit& unit);
RtlFace global_pool_rtl(const Unit& unit);
RtlFace add_rtl(const Unit& unit);
RtlFace requantize_rtl(const Unit& unit);

std::unique_ptr<UnitControl> pool_control(const Unit& unit);
std::unique_ptr<UnitControl> global_pool_control(const Unit& unit);
std::unique_ptr<UnitControl> add_control(const Unit& unit);
std::unique_ptr<UnitControl> requantize_control(const Unit& unit);

}  // namespace weft
