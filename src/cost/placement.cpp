// placement.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "src/cost/fit.h"

namespace weft {

namespace {

/// No card's linker and no driver takes more.
constexpr int most_of_all = 64;

/// Copies of which one SLR has enough of a resource.
int copies(const Resource& resource, const Cost& cost, const Resources& user) {
    const double needed = cost.*resource.needed;
    if (needed <= 0) return most_of_all;
    return static_cast<int>(
        std::min<double>(most_of_all, std::floor(resource.ceiling * static_cast<double>(user.*resource.available) / needed)));
}

/// Copies that the SLR's banks have ports for.
int copies_by_ports(int ports, const Board& board, const SuperLogicRegion& slr) {
    const auto banks = static_cast<int>(board.banks_of(slr.name).size());
    return std::min(banks * (ports_of_bank / ports), ports_of_slr / ports);
}

int copies(const ComputeUnit& unit, const Board& board, const SuperLogicRegion& slr) {
    int most = copies_by_ports(unit.ports, board, slr);
    for (const Resource& resource : resources) most = std::min(most, copies(resource, unit.cost, slr.user));
    return most;
}

/// The folding at which `count` copies would fit, as a bound on the MAC DSPs, if there is one: what folding saves is taken to shrink with
/// it.
std::optional<std::int64_t> folding_for(const ComputeUnit& unit, const Board& board, int count) {
    for (auto macs = static_cast<std::int64_t>(unit.cost.mac_dsp) - 1; macs > 0; --macs) {
        ComputeUnit folded = unit;
        for (const Resource& resource : resources)
            if (resource.folding) folded.cost.*resource.needed *= static_cast<double>(macs) / unit.cost.mac_dsp;
        if (most_units(folded, board) >= count) return macs;
    }
    return std::nullopt;
}

Diagnostic too_many(const ComputeUnit& unit, const Board& board, int count, int most) {
    // What runs out first, by the copies that all SLRs with memory would take if nothing else were scarce.
    std::string shortage = "memory ports";
    int least = 0;
    for (const SuperLogicRegion& slr : board.slrs) least += copies_by_ports(unit.ports, board, slr);
    for (const Resource& resource : resources) {
        int sum = 0;
        for (const SuperLogicRegion& slr : board.slrs)
            if (!board.banks_of(slr.name).empty()) sum += copies(resource, unit.cost, slr.user);
        if (sum >= least) continue;
        least = sum;
        shortage = fmt::format("{} ({:.0f} a copy; {:.0f} % of each SLR's may be used)", resource.name, unit.cost.*resource.needed,
                               100 * resource.ceiling);
    }
    const std::optional<std::int64_t> macs = folding_for(unit, board, count);
    std::string help = most > 0 ? fmt::format("--compute-units {} fits", most) : "not even one fits with room to spare";
    help += macs ? fmt::format("; for {} fold more: about --mac-dsps {} (now {:.0f})", count, *macs, unit.cost.mac_dsp)
                 : fmt::format("; no folding makes room for {}", count);
    return {.reason = fmt::format("{} has no room for {} compute units, each within an SLR beside its memory: what is short is {}",
                                  board.name, count, shortage),
            .help = help};
}

}  // namespace

int most_units(const ComputeUnit& unit, const Board& board) {
    int sum = 0;
    for (const SuperLogicRegion& slr : board.slrs) sum += copies(unit, board, slr);
    return std::min(sum, most_of_all);
}

Result<std::vector<Placement>> place_units(const ComputeUnit& unit, const Board& board, int count) {
    const auto slr_name = [&](const std::string& name) { return board.slrs.size() > 1 ? name : std::string(); };
    if (count == 1) {
        const SuperLogicRegion& best = best_region(unit.cost, board);
        Placement placement;
        if (const auto banks = board.banks_of(best.name); !banks.empty()) placement.bank = banks.front()->name;
        const std::vector<std::string> fitting = regions_that_fit(unit.cost, board);
        if (std::find(fitting.begin(), fitting.end(), best.name) != fitting.end()) placement.slr = slr_name(best.name);
        return std::vector{placement};
    }
    if (const int most = most_units(unit, board); count > most) return too_many(unit, board, count, most);

    std::vector<int> left, here(board.slrs.size(), 0), on(board.memory.size(), 0);
    for (const SuperLogicRegion& slr : board.slrs) left.push_back(copies(unit, board, slr));
    std::vector<Placement> placed;
    while (static_cast<int>(placed.size()) < count) {
        std::size_t best_bank = 0, best_slr = 0;
        auto best = std::pair(std::numeric_limits<int>::max(), 0.0);
        for (std::size_t b = 0; b < board.memory.size(); ++b) {
            const auto slr = static_cast<std::size_t>(
                std::find_if(board.slrs.begin(), board.slrs.end(), [&](const auto& s) { return s.name == board.memory[b].slr; }) -
                board.slrs.begin());
            if (left[slr] == 0 || (on[b] + 1) * unit.ports > ports_of_bank) continue;
            const auto by = std::pair(on[b], (here[slr] + 1) * filled(unit.cost, board.slrs[slr].user));
            if (by < best) {
                best = by;
                best_bank = b;
                best_slr = slr;
            }
        }
        --left[best_slr];
        ++here[best_slr];
        ++on[best_bank];
        placed.push_back({slr_name(board.slrs[best_slr].name), board.memory[best_bank].name});
    }
    return placed;
}

}  // namespace weft
