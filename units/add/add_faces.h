// add_faces.h
// The faces of add that stand in files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/design/dsp.h"
#include "src/design/unit_def.h"

namespace weft {

/// How add forms its two products: the table in units/add/add_lane.sv.
struct AddScale {
    int method = 0;
    bool scaled[2] = {false, false};  ///< Multiplied, not only shifted and negated.
    bool negated[2] = {false, false};
    int shift[2] = {0, 0};
    int mul_bits = 2;
    ProductDigits digits;
    int product_bits = 1;
    int acc_bits = 1;

    /// Of one lane of one pixel.
    int dsp() const;
};
AddScale add_scale(const Unit& unit);

std::vector<RomTable> add_roms(const Unit& unit);

RtlFace add_rtl(const Unit& unit);
CostFeatures add_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> add_control(const Unit& unit, std::int64_t depth);

}  // namespace weft
