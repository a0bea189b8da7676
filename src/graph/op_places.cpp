// op_places.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/op_places.h"

namespace weft {

OpPlaces places_of(const OpDef& op) {
    OpPlaces places;
    if (op.refusal) return places;
    const bool expands = !op.expansions.empty() && op.expansions.front().name != refusing_step && !op.traits.host_suffix;
    places.hardware = op.lower || !op.rewrites.empty() || expands || op.traits.elementwise || op.traits.view;
    places.host = op.traits.host_suffix;
    places.folded = op.evaluate && op.expansions.empty() && op.traits.role != OpRole::dequantize;
    return places;
}

}  // namespace weft
