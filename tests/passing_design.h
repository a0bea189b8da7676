// passing_design.h
// A Design that does nothing, for tests of what stands around a core.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "src/design/unit_def.h"

namespace weft::test {

struct Layout {
    StreamShape shape;
    std::int64_t min, max;
    Beat beat;
};

/// A network that passes its inputs on: every stream of its own layout.
inline Design passing(const std::string& name, const std::vector<Layout>& layouts) {
    Design design;
    design.name = name;
    for (std::size_t i = 0; i < layouts.size(); ++i) {
        const Layout& layout = layouts[i];
        Stream* in = design.add_stream(fmt::format("in{}", i), layout.shape, layout.min, layout.max);
        Stream* out = design.add_stream(fmt::format("out{}", i), layout.shape, layout.min, layout.max);
        in->beat = out->beat = layout.beat;
        Unit* unit = design.add_unit(unit_for(UnitRole::fifo), fmt::format("pass{}", i), {in}, {out});
        unit->set_parameter("Depth", 4);
        design.inputs.push_back({fmt::format("image{}", i), {in->name, in, nullptr}});
        KernelOutput output;
        output.name = fmt::format("result{}", i);
        output.binding = {out->name, out, nullptr};
        design.outputs.push_back(output);
    }
    return design;
}

}  // namespace weft::test
