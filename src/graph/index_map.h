// index_map.h
// Where the elements of one tensor are in another one that has them in another order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace weft {

/// Element `i` (flat, row-major, batch left out) is element `(*map)[i]` there. Null: the identity.
using IndexMap = std::shared_ptr<const std::vector<std::int32_t>>;

/// Null where the map is the identity.
IndexMap index_map(std::vector<std::int32_t> map);
/// outer after inner: i -> outer[inner[i]].
IndexMap compose(const IndexMap& outer, const IndexMap& inner);
/// Both say the same.
bool same_order(const IndexMap& a, const IndexMap& b);

}  // namespace weft
