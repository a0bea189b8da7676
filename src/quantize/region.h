// region.h
// A region: the functions between an accumulator (or a typed value) and the next quantizer, composed into one function per channel.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"
#include "src/graph/index_map.h"
#include "src/quantize/staircase.h"

namespace weft {

struct Region {
    const Value* source = nullptr;          ///< The one varying value that everything in the region depends on.
    std::vector<const Node*> nodes;         ///< Elementwise operators, views and inner quantizers, in order.
    const Value* last = nullptr;            ///< What the quantizer reads; equals `source` if there is nothing between.
    const Node* quantize = nullptr;         ///< Null at an output without a quantizer.
    std::map<const Value*, IndexMap> maps;  ///< Of `source` and what the nodes give: to the elements of `source`.

    const IndexMap& to_source() const { return maps.at(last); }
};

/// The region that ends in `last`, which `reader` reads. Fails where it depends on two varying values that do not come from one.
Result<Region> region_of(const Value* last, const Node& reader);
/// The region that ends in `quantize`.
Result<Region> region_of(const Node& quantize);

/// The region of the views before `last`, as far up as there is no other node.
Region views_before(const Value* last);

/// The region's function for each of `channels` channels. `channel_of` gives the channel of each element of the source (flat); a constant
/// of the region must be the same for all elements of a channel.
Result<std::vector<ScalarFunction>> region_functions(const Region& region, int channels, std::span<const std::int32_t> channel_of);

/// The rule of the region's quantizer.
QuantizerRule quantizer_rule(const Node& quantize);

}  // namespace weft
