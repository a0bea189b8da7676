// attribute.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/attribute.h"

namespace weft {

void Attributes::erase(std::string_view name) {
    if (const auto at = entries_.find(name); at != entries_.end()) entries_.erase(at);
}

}  // namespace weft
