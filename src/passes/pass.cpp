// pass.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/pass.h"

#include <chrono>

namespace weft {

std::span<const Pass> typing_passes() {
    static constexpr Pass list[] = {
        {"type_values", "first, while quantizers are still the file's own nodes with their names", type_values},
        {"canonicalise", "after typing, so that rewrites see typed values where the file had quantizer pairs", canonicalise},
        {"propagate_types", "operators that only hand on elements are canonical now", propagate_types},
        {"type_functions", "what still needs a type gets a quantizer that loses nothing, where there is one", type_functions},
        {"propagate_types", "again, through the operators that this gave typed inputs", propagate_types},
    };
    return list;
}

Status PassRunner::run(Graph& graph, std::span<const Pass> passes) const {
    for (const Pass& pass : passes) {
        PassLog log;
        const auto start = std::chrono::steady_clock::now();
        WEFT_CHECK(pass.run(graph, log));
        WEFT_CHECK(graph.sort());
        graph.remove_dead();
        WEFT_CHECK(verify(graph));
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        if (after) after(pass.name, graph, log, seconds.count());
    }
    return Ok{};
}

}  // namespace weft
