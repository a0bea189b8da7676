// rtl_parts.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/design/rtl_parts.h"

#include <algorithm>

namespace weft {

bool has_rtl(const Design& design) {
    return std::ranges::all_of(design.units, [](const auto& unit) { return unit->def->rtl && unit->def->control; });
}

bool has_rtl_fifo(const Stream& stream) {
    if (stream.rtl_depth == 0) return false;
    if (!stream.producer) return true;
    if (stream.producer->def->role == UnitRole::fifo) return false;
    return !find_port(*stream.producer->def, true, stream.producer_port)->buffered;
}

}  // namespace weft
