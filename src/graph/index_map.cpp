// index_map.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/index_map.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace weft {

namespace {

bool is_identity(const std::vector<std::int32_t>& map) {
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (map[i] != static_cast<std::int32_t>(i)) return false;
    }
    return true;
}

}  // namespace

IndexMap index_map(std::vector<std::int32_t> map) {
    return is_identity(map) ? nullptr : std::make_shared<const std::vector<std::int32_t>>(std::move(map));
}

IndexMap compose(const IndexMap& outer, const IndexMap& inner) {
    if (!outer) return inner;
    if (!inner) return outer;
    std::vector<std::int32_t> map(inner->size());
    std::transform(inner->begin(), inner->end(), map.begin(), [&](std::int32_t i) { return (*outer)[static_cast<std::size_t>(i)]; });
    return index_map(std::move(map));
}

bool same_order(const IndexMap& a, const IndexMap& b) { return a == b || (a && b && *a == *b); }

}  // namespace weft
