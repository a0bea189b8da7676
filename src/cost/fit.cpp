// fit.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/fit.h"

#include <fmt/format.h>

#include <algorithm>

namespace weft {

namespace {

bool fits(const Cost& needed, const Resources& available) {
    return std::all_of(std::begin(resources), std::end(resources),
                       [&](const Resource& r) { return needed.*r.needed <= static_cast<double>(available.*r.available); });
}

}  // namespace

double filled(const Cost& needed, const Resources& available) {
    double most = 0;
    for (const Resource& r : resources)
        if (needed.*r.needed > 0) most = std::max(most, needed.*r.needed / static_cast<double>(available.*r.available));
    return most;
}

namespace {

std::string help_for(const Cost& needed, const Resource& resource, std::int64_t available) {
    const double share = static_cast<double>(available) / (needed.*resource.needed);
    std::string help;
    if (resource.folding && needed.mac_dsp > 0)
        help = fmt::format("fold more: about --mac-dsps {} would fit (now {:.0f})",
                           std::max<std::int64_t>(1, static_cast<std::int64_t>(needed.mac_dsp * share)), needed.mac_dsp);
    else if (!resource.folding)
        help = "weights of fewer bits or a smaller network need less memory";
    std::string others;
    for (const Board& board : boards()) {
        if (!regions_that_fit(needed, board).empty()) others += (others.empty() ? "" : ", ") + board.name;
    }
    if (!others.empty()) help += fmt::format("{}boards with room in one SLR: {}", help.empty() ? "" : "; ", others);
    return help.empty() ? "no board that weft knows has room for it" : help;
}

Diagnostic too_much(const Cost& needed, const Resource& resource, std::int64_t available, const std::string& what,
                    const std::string& where) {
    const double need = needed.*resource.needed;
    const double excess = need - static_cast<double>(available);
    const std::string by = available > 0 ? fmt::format("{:.0f} too many, {:.1f} %", excess, 100 * excess / static_cast<double>(available))
                                         : fmt::format("{:.0f} too many", excess);
    return {.reason = fmt::format("{} needs {:.0f} {}, {} has {}: {}", what, need, resource.name, where, available, by),
            .help = help_for(needed, resource, available)};
}

}  // namespace

std::vector<std::string> regions_that_fit(const Cost& needed, const Board& board) {
    std::vector<std::string> names;
    for (const SuperLogicRegion& slr : board.slrs)
        if (fits(needed, slr.user)) names.push_back(slr.name);
    return names;
}

const SuperLogicRegion& best_region(const Cost& needed, const Board& board) {
    // One without memory is the last choice: the kernel's ports would cross SLRs.
    return *std::min_element(board.slrs.begin(), board.slrs.end(), [&](const auto& a, const auto& b) {
        return std::pair(board.banks_of(a.name).empty(), filled(needed, a.user)) <
               std::pair(board.banks_of(b.name).empty(), filled(needed, b.user));
    });
}

Diagnostics check_fit(const Cost& needed, const Board& board, const std::string& what) {
    Diagnostics list;
    const Resources total = board.total();
    for (const Resource& resource : resources) {
        if (needed.*resource.needed > static_cast<double>(total.*resource.available))
            list.push_back(too_much(needed, resource, total.*resource.available, what, fmt::format("the user region of {}", board.name)));
    }
    if (!list.empty() || !regions_that_fit(needed, board).empty()) return list;
    for (const Resource& resource : resources) {
        const auto largest = std::max_element(board.slrs.begin(), board.slrs.end(), [&](const auto& a, const auto& b) {
            return a.user.*resource.available < b.user.*resource.available;
        });
        const std::int64_t available = largest->user.*resource.available;
        if (needed.*resource.needed > static_cast<double>(available))
            list.push_back(
                too_much(needed, resource, available, what, fmt::format("the largest SLR of {} ({})", board.name, largest->name)));
    }
    if (list.empty())
        list.push_back({.reason = fmt::format("no SLR of {} has room for all that {} needs, though each resource alone would fit one",
                                              board.name, what),
                        .help = "fold more with --mac-dsps"});
    return list;
}

}  // namespace weft
