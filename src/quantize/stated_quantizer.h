// stated_quantizer.h
// A quantizer as standard nodes state it: where its real values are rounded, and what its integers mean.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/graph/graph.h"
#include "src/graph/rounding.h"

namespace weft {

/// What a quantizer rounds, and how: behind a floor or a ceiling its own rounding finds integers and does nothing.
struct QuantizerSource {
    Value* value = nullptr;
    Rounding rounding = Rounding::half_even;
};
QuantizerSource source_of(const Node& quantize);

/// The quantizer that makes `integers`, through clips of them, whose bounds narrow min and max; null if there is none.
const Node* quantizer_of(const Value* integers, std::int64_t& min, std::int64_t& max);

/// A dequantizer that reads `integers` or clips of them; null if there is none.
const Node* dequantizer_of(const Graph& graph, const Value* integers);

}  // namespace weft
