// predict.h
// What a unit's RTL face will take, before anything is mapped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "src/base/diagnostic.h"
#include "src/design/unit_def.h"

namespace weft {

/// LUT, FF and BRAM36 by the cost table of that name (units/<name>/cost.toml), which has a coefficient for each feature and no other; fails
/// where it has not, or where there is no such table.
Result<Cost> table_cost(std::string_view table, const CostFeatures& features);

/// Of a unit without what stands behind its output (RtlFace::output), and of that, where it has one.
struct UnitCosts {
    Cost unit;
    std::optional<Cost> output;
    std::string_view output_name = {};  ///< RtlOutput::name.
};

/// DSPs as the unit's own formula says, the rest by the two cost tables.
UnitCosts predict_costs(const Unit& unit);
/// Both.
Cost predict_cost(const Unit& unit);
/// Of the FIFO that the RTL kernel puts on a stream (has_rtl_fifo).
Cost predict_fifo_cost(const Stream& stream);
/// Of the whole stream core: units and FIFOs.
Cost predict_cost(const Design& design);

}  // namespace weft
