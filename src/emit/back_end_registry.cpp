// back_end_registry.cpp
// The back ends as the build found them.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/back_end.h"

#include <fmt/format.h>

namespace weft {

namespace generated {
extern const BackEnd* const back_ends[];
extern const int back_end_count;
}  // namespace generated

std::span<const BackEnd* const> back_end_registry() { return {generated::back_ends, static_cast<std::size_t>(generated::back_end_count)}; }

Result<ChosenBackEnds> choose_back_ends(const Design& design, const EmitOptions& options) {
    ChosenBackEnds chosen;
    Diagnostics reasons;
    bool kernel = false;
    for (const BackEnd* back_end : back_end_registry()) {
        const Status taken = back_end->takes(design, options);
        if (taken) {
            chosen.list.push_back(back_end);
            kernel = kernel || back_end->kernel;
            continue;
        }
        for (Diagnostic reason : taken.error()) {
            reasons.push_back(reason);
            reason.reason += fmt::format(": {} is left out", back_end->title);
            chosen.left_out.push_back(std::move(reason));
        }
    }
    if (!kernel) return reasons;
    return chosen;
}

}  // namespace weft
