// project_card.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/project_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "src/design/host_program.h"
#include "src/emit/kernel_json.h"
#include "src/emit/kernel_names.h"
#include "src/schedule/schedule.h"

namespace weft {

namespace {

/// More than any call is silent at its memory ports: a frame passes the kernel meanwhile.
Result<std::int64_t> patience_of(const Design& design) {
    constexpr std::int64_t beside_the_kernel = 1 << 16;
    WEFT_ASSIGN(const Schedule schedule, weft::schedule(design, {.steady = true}));
    return 2 * (schedule.latency_cycles + schedule.interval_cycles) + beside_the_kernel;
}

Result<CardKernel> card_kernel(const CardProject& project) {
    WEFT_ASSIGN(RtlKernel kernel, make_rtl_kernel(project.design, project.emit));
    kernel.files = named_after_kernel(std::move(kernel.files), kernel.name);
    WEFT_ASSIGN(const std::int64_t patience, patience_of(project.design));
    WEFT_ASSIGN(nlohmann::ordered_json description, kernel_description(project));
    return CardKernel{std::move(kernel), std::move(description), patience};
}

Status same_card(std::span<const CardProject> projects) {
    const CardProject& first = projects.front();
    for (const CardProject& project : projects) {
        if (project.board.name != first.board.name)
            return Diagnostic{.reason = fmt::format("'{}' is compiled for {}, '{}' for {}: they cannot share a card", first.emit.model,
                                                    first.board.name, project.emit.model, project.board.name),
                              .help = "compile both for one board"};
        if (project.emit.clock_mhz != first.emit.clock_mhz)
            return Diagnostic{.reason = fmt::format("'{}' is compiled for {} MHz, '{}' for {} MHz: a card has one kernel clock",
                                                    first.emit.model, first.emit.clock_mhz, project.emit.model, project.emit.clock_mhz),
                              .help = "compile both with one --clock"};
    }
    return Ok{};
}

}  // namespace

Result<nlohmann::ordered_json> kernel_description(const CardProject& project) {
    WEFT_ASSIGN(const HostProgram host, host_program(project.model, project.design));
    return kernel_json({project.design, project.emit, {}, host});
}

Result<Card> emulated_card(std::span<const CardProject> projects, const EmulationOptions& options) {
    WEFT_CHECK(same_card(projects));
    const Board& board = projects.front().board;
    Card card;
    card.platform = board.platform;
    card.device_part = board.part;
    card.clock_mhz = projects.front().emit.clock_mhz;
    card.stall_seed = options.stall_seed;
    card.most_cycles = options.most_cycles;
    card.trace = options.trace;
    for (const MemoryBank& bank : board.memory)
        card.banks.push_back(
            {bank.name, static_cast<std::uint64_t>(bank.base), static_cast<std::uint64_t>(bank.bytes), bank.bandwidth, bank.latency_ns});
    for (const CardProject& project : projects) {
        WEFT_ASSIGN(CardKernel kernel, card_kernel(project));
        for (const Placement& unit : project.emit.compute_units) {
            const auto at =
                std::find_if(board.memory.begin(), board.memory.end(), [&](const MemoryBank& b) { return b.name == unit.bank; });
            card.units.push_back({card.kernels.size(), at == board.memory.end() ? 0 : static_cast<std::size_t>(at - board.memory.begin())});
        }
        card.kernels.push_back(std::move(kernel));
    }
    return card;
}

}  // namespace weft
