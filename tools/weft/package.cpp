// package.cpp
// weft package DIR... --target hw_emu -o FILE.xclbin
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/package.h"

#include <fmt/format.h>

#include <memory>

#include "src/driver/package_hardware.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    PackageRequest request;
    std::string target = "hw_emu";
    std::string kernel = "rtl";
    bool json = false;
};

Status run_hardware(const Flags& flags) {
    const EmulationOptions& emulation = flags.request.emulation;
    if (emulation.stall_seed != 0 || emulation.most_cycles != 0 || emulation.trace)
        return Diagnostic{.reason = "--stalls, --most-cycles and --trace are for an emulated card",
                          .help = "leave them out, or package for hw_emu"};
    if (flags.request.projects.size() != 1)
        return Diagnostic{.reason = "a real card is packaged with one project",
                          .help = "give one DIR, or link several kernels by hand: vitis/ in each"};
    const HardwareRequest request{flags.request.projects[0], flags.request.output,
                                  flags.kernel == "rtl" ? KernelLanguage::rtl : KernelLanguage::hls};
    WEFT_ASSIGN(const HardwarePackage package, package_hardware(request, progress_observer()));
    clear_progress();
    if (flags.json) {
        nlohmann::ordered_json json{
            {"xclbin", request.output.string()}, {"target", flags.target}, {"board", package.board}, {"kernel", package.kernel}};
        json["clock_mhz"] = package.clock_mhz ? nlohmann::ordered_json(*package.clock_mhz) : nullptr;
        json["worst_slack_ns"] = package.worst_slack_ns ? nlohmann::ordered_json(*package.worst_slack_ns) : nullptr;
        json["utilisation"] = nlohmann::ordered_json::object();
        for (const auto& [resource, entry] : package.utilisation) json["utilisation"][resource] = entry;
        fmt::print("{}\n", json_text(json, 2));
        return Ok{};
    }
    fmt::print("{}: kernel {} for {}\n", request.output.string(), package.kernel, package.board);
    if (package.clock_mhz) fmt::print("  kernel clock {} MHz\n", *package.clock_mhz);
    if (package.worst_slack_ns)
        fmt::print("  worst slack {} ns{}\n", *package.worst_slack_ns, *package.worst_slack_ns < 0 ? ": timing is not met" : "");
    for (const auto& [resource, entry] : package.utilisation) fmt::print("  {:<8} {}\n", resource, entry);
    return Ok{};
}

Status run(const Flags& flags) {
    if (flags.target == "hw") return run_hardware(flags);
    if (flags.kernel != "rtl") return Diagnostic{.reason = "an emulated card runs the RTL kernel", .help = "leave out --kernel"};
    WEFT_ASSIGN(const Package package, package_emulated(flags.request, progress_observer()));
    clear_progress();
    const std::string path = flags.request.output.string();
    if (flags.json) {
        nlohmann::ordered_json units = nlohmann::ordered_json::array();
        for (const Package::Unit& unit : package.units)
            units.push_back({{"unit", unit.name}, {"kernel", unit.kernel}, {"bank", unit.bank}});
        const nlohmann::ordered_json json{{"xclbin", path},
                                          {"bytes", package.bytes},
                                          {"target", flags.target},
                                          {"board", package.board},
                                          {"assumed_clock_mhz", package.clock_mhz},
                                          {"units", units}};
        fmt::print("{}\n", json_text(json, 2));
        return Ok{};
    }
    fmt::print("{}: {} as emulated card, {} MHz (assumed), {:.1f} MB\n", path, package.board, package.clock_mhz,
               static_cast<double>(package.bytes) / 1e6);
    for (const Package::Unit& unit : package.units) fmt::print("  {:<32} {}\n", unit.name, unit.bank);
    fmt::print("run it:          weft run {} --inputs DATA\nyour own host:   source <(weft run {} --environment)\n", path, path);
    return Ok{};
}

}  // namespace

Command add_package(CLI::App& app) {
    CLI::App* sub =
        app.add_subcommand("package", "Package compiled projects as a file that XRT loads (xclbin): for an emulated card, or a real one");
    auto flags = std::make_shared<Flags>();
    sub->add_option("DIR", flags->request.projects, "Directories of projects; several share the card")->required();
    sub->add_option("--target", flags->target,
                    "hw_emu: the RTL kernel in Verilator behind XRT, no card and no vendor tool needed; hw: a real card, by v++")
        ->check(CLI::IsMember({"hw_emu", "hw"}))
        ->capture_default_str();
    sub->add_option("--kernel", flags->kernel, "hw: which of the project's kernels")
        ->check(CLI::IsMember({"rtl", "hls"}))
        ->capture_default_str();
    sub->add_option("-o,--output", flags->request.output, "The file to write")->required()->check(named())->type_name("FILE.xclbin");
    sub->add_option("--stalls", flags->request.emulation.stall_seed, "Random stalls of the card's memory, from a seed")
        ->type_name("SEED")
        ->check(CLI::PositiveNumber);
    sub->add_option("--most-cycles", flags->request.emulation.most_cycles, "End a run after so many cycles")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    sub->add_flag("--trace", flags->request.emulation.trace, "The card can write waveforms (weft run FILE.xclbin --trace)");
    sub->add_flag("--json", flags->json, "Print JSON");
    sub->footer("Example: weft package out --target hw_emu -o out.xclbin");
    const auto command = [flags]() -> int {
        const Status status = run(*flags);
        return status ? exit_ok : report(status.error());
    };
    return {sub, command};
}

}  // namespace weft::tool
