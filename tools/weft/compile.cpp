// compile.cpp
// weft compile MODEL --board B -o DIR
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "src/driver/host_part.h"
#include "src/driver/project_folder.h"
#include "src/explore/folding.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    CompileFlags compile;
    std::string output;
    std::string dump_after;
    bool json = false;
};

std::string decibels(double value) { return std::isfinite(value) ? fmt::format("{:.1f} dB", value) : std::string("no difference"); }

nlohmann::ordered_json finite_or_null(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

/// "12.3 s (read 0.2, lower 1.0, ...)"
std::string seconds_text(const StageSeconds& seconds) {
    double sum = 0;
    std::string stages;
    for (const auto& [stage, took] : seconds) {
        sum += took;
        stages += fmt::format("{}{} {:.1f}", stages.empty() ? "" : ", ", stage, took);
    }
    return fmt::format("{:.1f} s ({})", sum, stages);
}

/// "2 compute units: 1 in SLR0 on DDR[0], 1 in SLR2 on DDR[3]"
std::string units_text(const Compiled& compiled) {
    const auto& units = compiled.compute_units;
    std::vector<Placement> places;
    for (const Placement& unit : units)
        if (std::find(places.begin(), places.end(), unit) == places.end()) places.push_back(unit);
    std::string text = fmt::format("{} compute unit{}", units.size(), units.size() == 1 ? "" : "s");
    for (const Placement& place : places) {
        text += fmt::format("{} {}", text.find(':') == std::string::npos ? ":" : ",", std::count(units.begin(), units.end(), place));
        if (!place.slr.empty()) text += " in " + place.slr;
        if (!place.bank.empty()) text += " on " + place.bank;
    }
    return text;
}

/// "modelled: 12345 frames/s, bound by compute (memory ports 2e+05, ...)"
std::string throughput_text(const Throughput& modelled) {
    const ThroughputBound& lowest = modelled.lowest();
    std::string others;
    for (const ThroughputBound& bound : modelled.bounds)
        if (&bound != &lowest) others += fmt::format("{}{} {:.0f}", others.empty() ? "" : ", ", bound.by, bound.frames_per_second);
    return fmt::format("modelled, at that clock: {:.0f} frames/s, bound by {} ({})", lowest.frames_per_second, lowest.by, others);
}

Status run(Flags& flags) {
    WEFT_ASSIGN(const CompileOptions options, flags.compile.parsed());
    const Observer observer = progress_observer(flags.dump_after);
    WEFT_CHECK(takes_project(flags.output));
    WEFT_ASSIGN(const auto compiled, compile(flags.compile.model.model, options, observer));
    report(compiled->model.warnings);
    report(compiled->warnings);
    std::optional<SelfCheck> check;
    if (options.self_check) {
        WEFT_ASSIGN(check, timed(compiled->seconds, "check", [&] { return self_check(*compiled, observer); }));
        report(check->warnings);
        if (!check->exact()) return Diagnostics{};
    }
    WEFT_CHECK(timed(compiled->seconds, "write", [&] {
        return write_project(*compiled, check ? &*check : nullptr, flags.compile.model.model, flags.output, observer);
    }));

    const FoldingFigures figures = weft::figures(compiled->design);
    if (flags.json) {
        nlohmann::ordered_json json{
            {"project", flags.output},         {"board", compiled->board->name}, {"interval_cycles", figures.interval},
            {"mac_dsp", figures.cost.mac_dsp}, {"dsp", figures.cost.dsp},        {"units", compiled->design.units.size()}};
        json["compute_units"] = compiled->compute_units.size();
        json["modelled_throughput"] = throughput_json(*compiled->modelled);
        json["requantize_dsp"] = figures.cost.requantize_dsp;
        json["requantize_lanes"] = figures.cost.requantize_lanes;
        json["one_dsp_lanes"] = figures.one_dsp_lanes;
        if (const std::optional<Cost>& predicted = compiled->predicted)
            json["predicted"] = {{"dsp", std::llround(predicted->dsp)},
                                 {"lut", std::llround(predicted->lut)},
                                 {"ff", std::llround(predicted->ff)},
                                 {"bram36", predicted->bram36}};
        for (const auto& [stage, seconds] : compiled->seconds) json["seconds"][stage] = std::round(seconds * 1000) / 1000;
        json["host"] = host_json(host_part(compiled->model.quantized, compiled->design));
        if (check) {
            json["check"] = {{"images", check->sample_count},
                             {"elements", check->elements},
                             {"equal_elements", check->equal},
                             {"ties", check->ties},
                             {"output_sqnr_db", finite_or_null(check->output_sqnr_db)}};
            for (const auto& [name, db] : check->outputs)
                json["check"]["outputs"].push_back({{"name", name}, {"sqnr_db", finite_or_null(db)}});
        }
        fmt::print("{}\n", json_text(json, 2));
    } else {
        fmt::print("{}: {} units, {} cycles a frame at the slowest unit ({}), {:.0f} MAC DSPs, {:.0f} DSPs of {} on {}\n",
                   compiled->model.name, compiled->design.units.size(), figures.interval, figures.slowest ? figures.slowest->name : "-",
                   figures.cost.mac_dsp, figures.cost.dsp, compiled->board->total().dsp, compiled->board->title);
        const Cost& cost = figures.cost;
        if (cost.requantize_lanes > 0)
            fmt::print("requantization: {:.0f} DSPs ({:.1f} % of the MAC DSPs), one DSP in {:.0f} of {:.0f} lanes\n", cost.requantize_dsp,
                       100 * cost.requantize_dsp / std::max(1.0, cost.mac_dsp), figures.one_dsp_lanes, cost.requantize_lanes);
        fmt::print("at an assumed {:.0f} MHz: {:.2f} us between frames\n", compiled->options.clock_mhz,
                   static_cast<double>(figures.interval) / compiled->options.clock_mhz);
        fmt::print("{}\n", units_text(*compiled));
        fmt::print("{}\n", throughput_text(*compiled->modelled));
        if (const std::optional<Cost>& predicted = compiled->predicted)
            fmt::print("RTL kernel, predicted: {:.0f} LUT, {:.0f} FF, {:g} BRAM36 (weft synthesize counts them)\n", predicted->lut,
                       predicted->ff, predicted->bram36);
        for (const std::string& line : host_lines(host_part(compiled->model.quantized, compiled->design))) fmt::print("{}\n", line);
        if (check) {
            fmt::print("check on {} {} samples:\n", check->sample_count, check->random ? "random" : "calibration");
            if (check->elements > 0) {
                fmt::print("  contract = regions recomputed in double on {} of {} elements ({} at a rounding tie)\n", check->equal,
                           check->elements, check->ties);
            } else {
                fmt::print("  no region to recompute in double: there is nothing to compare the contract with\n");
            }
            const char* reference = compiled->model.calibrated ? "float" : "the model as given";
            for (const auto& [name, db] : check->outputs)
                fmt::print("  against {}: {} at {}\n", reference, decibels(db),
                           check->outputs.size() > 1 ? "the kernel's output '" + name + "'" : "the kernel's output");
            if (!check->worst_node.empty())
                fmt::print("  most is lost at node '{}': {}\n", check->worst_node, decibels(check->worst_sqnr_db));
        }
        fmt::print("took {}\n", seconds_text(compiled->seconds));
        fmt::print("project: {}\n", flags.output);
    }
    return Ok{};
}

}  // namespace

Command add_compile(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("compile", "Turn a model into a kernel project, checked");
    auto flags = std::make_shared<Flags>();
    flags->compile.add(*sub);
    sub->add_option("-o,--output", flags->output, "Directory of the project; one that holds anything else than a project is refused")
        ->required()
        ->check(named())
        ->type_name("DIR");
    sub->add_flag("!--no-check", flags->compile.options.self_check, "Skip the check on samples");
    sub->add_option("--dump-after", flags->dump_after, "Print the graph after a stage: import, quantize, or a pass")->type_name("STAGE");
    sub->add_flag("--json", flags->json, "Print JSON");
    sub->footer("Example: weft compile resnet8.onnx --board alveo-u200 --calibrate images.npy -o out");
    const auto command = [flags]() -> int {
        const Status status = run(*flags);
        if (status) return exit_ok;
        return status.error().empty() ? exit_internal : report(status.error());
    };
    return {sub, command};
}

}  // namespace weft::tool
