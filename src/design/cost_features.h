// cost_features.h
// What the resources of a unit's RTL face are linear in: named numbers that its folder works out, each with a coefficient in its cost.toml.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace weft {

struct CostFeature {
    std::string_view name;
    double value = 0;

    template <class Number>
    CostFeature(std::string_view feature, Number number) : name(feature), value(static_cast<double>(number)) {}
};

struct CostFeatures {
    std::vector<CostFeature> values;  ///< The same names in the same order for every instance.
    double bram36 = 0;                ///< Exactly; no coefficient.
};

}  // namespace weft
