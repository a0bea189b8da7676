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
        list.push_back({{"board", board.name}, {"title", board.title}, {"part", board.part}, {"platform", board.platform}, {"slrs", slrs}});
    }
    return list;
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
        } else if (what == "units") {
            fmt::print("{:<12} {}\n", entry["unit"].get<std::string>(), entry["summary"].get<std::string>());
            for (const Json& parameter : entry["parameters"])
                fmt::print("    {:<16} {}\n", parameter["name"].get<std::string>(), parameter["doc"].get<std::string>());
        } else {
            fmt::print("{:<12} {} ({})\n", entry["board"].get<std::string>(), entry["title"].get<std::string>(),
                       entry["part"].get<std::string>());
            for (const Json& slr : entry["slrs"]) {
                fmt::print("    {:<6} {:>8} LUT {:>8} FF {:>5} BRAM36 {:>4} URAM {:>5} DSP\n", slr["name"].get<std::string>(),
                           slr["lut"].get<int>(), slr["ff"].get<int>(), slr["bram36"].get<int>(), slr["uram"].get<int>(),
                           slr["dsp"].get<int>());
            }
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
            print_text(*what, list);
        }
        return exit_ok;
    };
    return {sub, run};
}

}  // namespace weft::tool
