// exact_sum.h
// Accumulators that leave their unit as they are, to be added to something: integers of one grid for all channels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "src/graph/integer_type.h"
#include "src/quantize/staircase.h"

namespace weft {

/// Most bits that such integers may have.
constexpr int exact_sum_bits = 24;

struct ExactSum {
    RequantizePlan plan;  ///< Form none where the integers are the accumulators.
    IntegerType type;     ///< Zero point 0; the greatest scale of which every channel's scale and offset is a multiple.
};

/// Functions of the channels are not looked at. Fails (reason without node) where the integers need more than `exact_sum_bits`, as those of
/// scales without a common measure do.
Result<ExactSum> plan_exact_sum(std::span<const AccumulatorChannel> channels);

}  // namespace weft
