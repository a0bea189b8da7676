// rtl_parts.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/design/rtl_parts.h"

#include <fmt/format.h>

namespace weft {

Status rtl_takes(const Design& design) {
    for (const auto& unit : design.units)
        if (!unit->def->rtl || !unit->def->control)
            return Diagnostic{
                .node = unit->nodes.empty() ? unit->name : unit->nodes.front(),
                .reason = fmt::format("the unit '{}' has no {}", unit->def->name, unit->def->rtl ? "RTL schedule" : "SystemVerilog"),
                .help = "use the HLS kernel for this network"};
    return Ok{};
}

bool has_rtl_fifo(const Stream& stream) { return has_rtl_fifo(stream, stream.rtl_depth); }

bool has_rtl_fifo(const Stream& stream, std::int64_t depth) {
    if (depth == 0) return false;
    if (!stream.producer) return true;
    if (stream.producer->def->role == UnitRole::fifo) return false;
    return !find_port(*stream.producer->def, true, stream.producer_port)->buffered;
}

}  // namespace weft
