// back_end_registry.cpp
// The back ends as the build found them.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/back_end.h"

namespace weft {

namespace generated {
extern const BackEnd* const back_ends[];
extern const int back_end_count;
}  // namespace generated

std::span<const BackEnd* const> back_end_registry() { return {generated::back_ends, static_cast<std::size_t>(generated::back_end_count)}; }

Result<ChosenBackEnds> choose_back_ends(const Design& design, const EmitOptions& options) {
    ChosenBackEnds chosen;
    bool kernel = false;
    for (const BackEnd* back_end : back_end_registry()) {
        if (const Status taken = back_end->takes(design, options); taken) {
            chosen.list.push_back(back_end);
            kernel = kernel || back_end->kernel;
        } else {
            chosen.left_out.insert(chosen.left_out.end(), taken.error().begin(), taken.error().end());
        }
    }
    if (!kernel) return std::move(chosen.left_out);
    return chosen;
}

}  // namespace weft
