// list.cpp
// weft list ops|units|boards
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "src/cost/board.h"
#include "src/design/unit_def.h"
#include "src/graph/op_places.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

using Json = nlohmann::ordered_json;

Json list_ops() {
    Json list = Json::array();
    for (const OpDef* op : op_registry()) {
        if (op->refusal) continue;
        const OpPlaces places = places_of(*op);
        list.push_back({{"op", op->name},
                        {"domain", op->domain},
                        {"since", op->since},
                        {"summary", op->summary},
                        {"evaluates", op->evaluate != nullptr},
                        {"hardware", places.hardware},
                        {"host_suffix", places.host},
                        {"folded", places.folded}});
    }
    return list;
}

Json list_units() {
    Json list = Json::array();
    for (const UnitDef* unit : unit_registry()) {
        Json parameters = Json::array();
        for (const ParameterDef& parameter : unit->parameters) {
            parameters.push_back({{"name", parameter.name}, {"min", parameter.min}, {"max", parameter.max}, {"doc", parameter.doc}});
        }
        list.push_back({{"unit", unit->name}, {"summary", unit->summary}, {"parameters", parameters}});
    }
    return list;
}

Json list_boards() {
    Json list = Json::array();
    for (const Board& board : boards()) {
        Json slrs = Json::array();
        for (const SuperLogicRegion& slr : board.slrs) {
            slrs.push_back({{"name", slr.name},
                            {"lut", slr.user.lut},
                            {"ff", slr.user.ff},
                            {"bram36", slr.user.bram36},
                            {"uram", slr.user.uram},
                            {"dsp", slr.user.dsp}});
        }
        Json memory = Json::array();
        for (const MemoryBank& bank : board.memory) {
            memory.push_back({{"name", bank.name},
                              {"bytes", bank.bytes},
                              {"base", bank.base},
                              {"bandwidth", bank.bandwidth},
                              {"latency_ns", bank.latency_ns},
                              {"slr", bank.slr}});
        }
        list.push_back({{"board", board.name},
                        {"title", board.title},
                        {"part", board.part},
                        {"platform", board.platform},
                        {"family", board.family},
                        {"flow", to_string(board.flow)},
                        {"dsp_cell", board.dsp.name},
                        {"kernel_clock_mhz", board.kernel_clock_mhz},
                        {"memory_bits", board.memory_bits},
                        {"host_bandwidth", board.host_bandwidth},
                        {"seen", board.seen},
                        {"slrs", slrs},
                        {"memory", memory}});
    }
    return list;
}

std::string bytes_text(std::int64_t bytes) {
    constexpr std::int64_t mebi = std::int64_t{1} << 20;
    constexpr std::int64_t gibi = std::int64_t{1} << 30;
    return bytes % gibi == 0 ? fmt::format("{} GiB", bytes / gibi) : fmt::format("{} MiB", bytes / mebi);
}

/// Banks that differ in name and place alone share a line.
void print_memory(const Board& board) {
    for (std::size_t first = 0, end = 0; first < board.memory.size(); first = end) {
        const MemoryBank& bank = board.memory[first];
        const auto same = [&](const MemoryBank& other) {
            return other.slr == bank.slr && other.bytes == bank.bytes && other.bandwidth == bank.bandwidth &&
                   other.latency_ns == bank.latency_ns;
        };
        while (end < board.memory.size() && same(board.memory[end])) ++end;
        const std::string names = end - first == 1 ? bank.name : bank.name + " .. " + board.memory[end - 1].name;
        fmt::print("    {:<18} beside {}: {}{}, {:g} GB/s, {:g} ns{}\n", names, bank.slr,
                   end - first == 1 ? "" : fmt::format("{} x ", end - first), bytes_text(bank.bytes), bank.bandwidth / 1e9, bank.latency_ns,
                   end - first == 1 ? "" : " each");
    }
}

void print_board(const Board& board) {
    fmt::print("{:<12} {} ({})\n", board.name, board.title, board.part);
    fmt::print("    {} flow, {}; {}, {:g} MHz, memory ports of {} bits, host {:g} GB/s each way\n", to_string(board.flow), board.platform,
               board.dsp.name, board.kernel_clock_mhz, board.memory_bits, board.host_bandwidth / 1e9);
    for (const SuperLogicRegion& slr : board.slrs)
        fmt::print("    {:<6} {:>8} LUT {:>8} FF {:>5} BRAM36 {:>4} URAM {:>5} DSP\n", slr.name, slr.user.lut, slr.user.ff, slr.user.bram36,
                   slr.user.uram, slr.user.dsp);
    print_memory(board);
    fmt::print("    seen: {}\n", board.seen);
}

void print_text(const std::string& what, const Json& list) {
    for (const Json& entry : list) {
        if (what == "ops") {
            const std::string domain = entry["domain"];
            if (domain == "weft") continue;
            fmt::print("{:<22} {:<9} {}\n", entry["op"].get<std::string>(),
                       entry["hardware"]      ? "hardware"
                       : entry["host_suffix"] ? "host"
                       : entry["folded"]      ? "constants"
                                              : "-",
                       entry["summary"].get<std::string>());
        } else {
            fmt::print("{:<12} {}\n", entry["unit"].get<std::string>(), entry["summary"].get<std::string>());
            for (const Json& parameter : entry["parameters"])
                fmt::print("    {:<16} {}\n", parameter["name"].get<std::string>(), parameter["doc"].get<std::string>());
        }
    }
}

}  // namespace

Command add_list(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("list", "What weft knows: operators, hardware units, boards");
    auto what = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    sub->add_option("WHAT", *what, "ops, units or boards")->required()->check(CLI::IsMember({"ops", "units", "boards"}));
    sub->add_flag("--json", *json, "Print JSON");
    sub->footer("Example: weft list boards");
    const auto run = [what, json]() -> int {
        const Json list = *what == "ops" ? list_ops() : *what == "units" ? list_units() : list_boards();
        if (*json) {
            fmt::print("{}\n", json_text(list, 2));
        } else {
            if (*what == "boards")
                for (const Board& board : boards()) print_board(board);
            else
                print_text(*what, list);
        }
        return exit_ok;
    };
    return {sub, run};
}

}  // namespace weft::tool
