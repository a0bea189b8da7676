// report.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/synthesize/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "src/cost/fit.h"
#include "src/cost/predict.h"
#include "src/design/rtl_parts.h"
#include "src/emit/rtl.h"
#include "src/emit/shell.h"
#include "src/emit/shell_parts.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

Json halves(double value) {
    if (value == std::floor(value)) return static_cast<std::int64_t>(value);
    return value;
}

void add_counts(Json& json, const ResourceCounts& counts) {
    json["dsp"] = counts.dsp;
    json["lut"] = counts.lut;
    json["ff"] = counts.ff;
    json["bram36"] = halves(counts.bram36());
    json["uram"] = counts.uram;
}

Json cost_json(const Cost& cost) {
    return {{"dsp", std::llround(cost.dsp)},
            {"lut", std::llround(cost.lut)},
            {"ff", std::llround(cost.ff)},
            {"bram36", halves(std::round(2 * cost.bram36) / 2)},
            {"uram", std::llround(cost.uram)}};
}

/// Predicted against counted, in percent of the count.
std::string difference(double predicted, double counted) {
    if (counted == 0) return std::llround(predicted) == 0 ? "=" : "-";
    const double percent = 100 * (predicted - counted) / counted;
    return std::abs(percent) < 0.05 ? "=" : fmt::format("{:+.1f}%", percent);
}

class Table {
public:
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    /// The first `left` columns are text and stand at the left.
    std::string text(std::size_t left) const {
        std::vector<std::size_t> widths;
        for (const auto& row : rows_) {
            widths.resize(std::max(widths.size(), row.size()));
            for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
        }
        std::string text;
        for (const auto& row : rows_) {
            std::string line;
            for (std::size_t i = 0; i < row.size(); ++i)
                line += i < left ? fmt::format("{:<{}}  ", row[i], widths[i]) : fmt::format("{:>{}}  ", row[i], widths[i]);
            line.erase(line.find_last_not_of(' ') + 1);
            text += line + "\n";
        }
        return text;
    }

private:
    std::vector<std::vector<std::string>> rows_;
};

std::string shortened(const std::string& text, std::size_t most) { return text.size() <= most ? text : text.substr(0, most - 3) + "..."; }

void add_depth(Json& json, const DepthReport& depth) {
    json["lut_levels"] = depth.worst.lut_levels;
    json["carry_bits"] = depth.worst.carry_bits;
    json["carry_chains"] = depth.worst.carry_chains;
    json["rank"] = depth.rank;
    json["fanout"] = depth.fanout;
    json["fanout_net"] = depth.fanout_net;
    json["path"] = depth.path;
}

Json shell_json(const ShellCounts& shell) {
    Json totals, parts = Json::array();
    add_counts(totals, shell.totals);
    for (const SynthesizedInstance& part : shell.parts) {
        Json entry{{"part", part.name}, {"module", part.module}};
        add_counts(entry, part.counts.resources);
        add_depth(entry, part.counts.depth);
        parts.push_back(std::move(entry));
    }
    return {{"shell", shell.module},
            {"totals", totals},
            {"lut_levels", shell.worst.lut_levels},
            {"carry_bits", shell.worst.carry_bits},
            {"parts", parts}};
}

std::string deepest_text(const std::string& name, const DepthReport& depth) {
    return fmt::format("deepest path in {} ({} LUT levels, {} carry bits, rank {}): {}\n", name, depth.longest.lut_levels,
                       depth.longest.carry_bits, depth.rank, fmt::join(depth.path, " > "));
}

std::string fanout_text(const std::string& name, const DepthReport& depth) {
    return fmt::format("largest control fan-out: {} in {} ({})\n", depth.fanout_net, name, depth.fanout_sinks);
}

std::string shell_text(const ShellCounts& shell) {
    Table table;
    table.row({"part", "module", "DSP", "LUT", "FF", "BRAM36", "URAM", "carry4", "levels", "carry", "fan-out"});
    const auto row = [&](const std::string& name, const std::string& module, const ResourceCounts& counts, const LogicDepth& depth,
                         int fanout) {
        const auto count = [](auto value) { return fmt::format("{}", value); };
        table.row({name, module, count(counts.dsp), count(counts.lut), count(counts.ff), count(counts.bram36()), count(counts.uram),
                   count(counts.carry4), count(depth.lut_levels), count(depth.carry_bits), count(fanout)});
    };
    const SynthesizedInstance* deepest = nullptr;
    const SynthesizedInstance* widest = nullptr;
    for (const SynthesizedInstance& part : shell.parts) {
        row(shortened(part.name, 40), part.module, part.counts.resources, part.counts.depth.worst, part.counts.depth.fanout);
        if (!deepest || part.counts.depth.rank > deepest->counts.depth.rank) deepest = &part;
        if (!widest || part.counts.depth.fanout > widest->counts.depth.fanout) widest = &part;
    }
    row("total", "", shell.totals, shell.worst, widest ? widest->counts.depth.fanout : 0);
    std::string text = fmt::format("\nshell {}, without the core\n{}", shell.module, table.text(2));
    if (deepest) text += deepest_text(deepest->name, deepest->counts.depth);
    if (widest) text += fanout_text(widest->name, widest->counts.depth);
    return text;
}

}  // namespace

void add_warnings(Diagnostics& warnings, const std::string& node, const std::string& name, const std::string& module,
                  const ModuleCounts& counts) {
    const auto warn = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        warnings.push_back({Severity::warning, node, "", fmt::format("{} ({}): {}", name, module, reason), help, made});
    };
    if (!counts.unknown_cells.empty())
        warn(fmt::format("cells that are not counted: {}", fmt::join(counts.unknown_cells, ", ")),
             "Yosys left them unmapped: the counts are too low");
    if (!counts.depth.loop.empty())
        warn(fmt::format("a combinational loop through {}", counts.depth.loop), "the depth of paths through it is not known");
    if (counts.depth.unregistered_dsps > 0)
        warn(fmt::format("{} DSPs without an output register", counts.depth.unregistered_dsps), "they will limit the clock");
}

Result<SynthesisReport> count_design(const Design& design, const Board& board, const SynthesisProgress& progress) {
    if (design.dsp() != board.dsp)
        return Diagnostic{.reason = fmt::format("the kernel is made of {}s, and {} has {}s", design.dsp().name, board.name, board.dsp.name),
                          .help = fmt::format("compile the model for that board: --board {}", board.name)};
    WEFT_ASSIGN(const RtlProject project, emit_rtl(design, {}));
    WEFT_ASSIGN(const Synthesis synthesis, synthesize(project.core, project.files, board.family, progress));
    std::map<std::string_view, const SynthesizedInstance*> instances;
    for (const SynthesizedInstance& instance : synthesis.instances) instances.emplace(instance.name, &instance);

    SynthesisReport report;
    report.tool = synthesis.tool;
    report.board = &board;
    report.totals = synthesis.totals;
    report.worst = synthesis.worst;
    report.border = synthesis.border;
    const auto add = [&](std::string name, const std::string& node, const std::string& instance, const Cost& predicted) {
        const auto at = instances.find(instance);
        if (at == instances.end()) return;
        report.units.push_back({std::move(name), node, at->second->module, at->second->counts, predicted});
        report.predicted += predicted;
    };
    const auto add_fifos = [&](const Unit* producer) {
        for (const auto& stream : design.streams)
            if (stream->producer == producer && has_rtl_fifo(*stream))
                add("fifo_" + stream->name, "", rtl_fifo_instance(*stream), predict_fifo_cost(*stream));
    };
    add_fifos(nullptr);
    for (const auto& unit : design.units) {
        const std::string nodes = fmt::format("{}", fmt::join(unit->nodes, ", "));
        const UnitCosts costs = predict_costs(*unit);
        add(unit->name, nodes, rtl_instance(*unit), costs.unit);
        if (costs.output) {
            const std::string output = rtl_output_instance(*unit, costs.output_name);
            add(output, nodes, output, *costs.output);
        }
        add_fifos(unit.get());
    }
    for (const UnitCounts& unit : report.units) add_warnings(report.warnings, unit.node, unit.unit, unit.module, unit.counts);
    return report;
}

Status count_shells(const Design& design, const EmitOptions& options, SynthesisReport& report, const SynthesisProgress& progress) {
    WEFT_ASSIGN(const std::vector<ProjectFile> files, emit_shell(design, options));
    WEFT_ASSIGN(const RtlProject project, emit_rtl(design, options));
    const std::string kernel = kernel_name(design);
    for (const std::string& module : {kernel, stream_shell_name(kernel)}) {
        WEFT_ASSIGN(Synthesis synthesis, synthesize(module, files, report.board->family, progress, project.core));
        for (const SynthesizedInstance& part : synthesis.instances) add_warnings(report.warnings, "", part.name, part.module, part.counts);
        report.shells.push_back({module, std::move(synthesis.instances), synthesis.totals, synthesis.worst, std::move(synthesis.border)});
    }
    return Ok{};
}

Status count_flat(const Design& design, SynthesisReport& report) {
    WEFT_ASSIGN(const RtlProject project, emit_rtl(design, {}));
    WEFT_ASSIGN(report.flat, synthesize_flat(project.core, project.files, report.board->family));
    add_warnings(report.warnings, "", "flat", project.core, *report.flat);
    return Ok{};
}

Cost counted_cost(const SynthesisReport& report) {
    const ResourceCounts& t = report.totals;
    return {report.predicted.mac_dsp,   static_cast<double>(t.dsp), static_cast<double>(t.lut), static_cast<double>(t.ff), t.bram36(),
            static_cast<double>(t.uram)};
}

Json to_json(const SynthesisReport& report) {
    Json totals, units = Json::array();
    add_counts(totals, report.totals);
    for (const UnitCounts& unit : report.units) {
        const DepthReport& depth = unit.counts.depth;
        Json entry{{"unit", unit.unit}, {"node", unit.node}, {"module", unit.module}};
        add_counts(entry, unit.counts.resources);
        add_depth(entry, depth);
        entry["predicted"] = cost_json(unit.predicted);
        units.push_back(std::move(entry));
    }
    Json json{{"tool", report.tool},
              {"board", report.board->name},
              {"family", report.board->family},
              {"totals", totals},
              {"predicted", cost_json(report.predicted)},
              {"lut_levels", report.worst.lut_levels},
              {"carry_bits", report.worst.carry_bits},
              {"regions", regions_that_fit(counted_cost(report), *report.board)},
              {"units", units}};
    if (report.flat) {
        add_counts(json["flat"], report.flat->resources);
        add_depth(json["flat"], report.flat->depth);
    }
    if (!report.shells.empty()) {
        Json& shells = json["shells"] = Json::array();
        for (const ShellCounts& shell : report.shells) shells.push_back(shell_json(shell));
    }
    return json;
}

std::string to_text(const SynthesisReport& report) {
    Table table;
    table.row({"unit", "module", "DSP", "pred", "LUT", "pred", "", "FF", "pred", "", "BRAM36", "pred", "URAM", "carry4", "levels", "carry",
               "fan-out"});
    const auto row = [&](const std::string& name, const std::string& module, const ResourceCounts& counts, const Cost& predicted,
                         const LogicDepth& depth, const std::string& fanout) {
        const auto count = [](auto value) { return fmt::format("{}", value); };
        table.row({name, module, count(counts.dsp), fmt::format("{:.0f}", predicted.dsp), count(counts.lut),
                   fmt::format("{:.0f}", predicted.lut), difference(predicted.lut, static_cast<double>(counts.lut)), count(counts.ff),
                   fmt::format("{:.0f}", predicted.ff), difference(predicted.ff, static_cast<double>(counts.ff)), count(counts.bram36()),
                   fmt::format("{:g}", std::round(2 * predicted.bram36) / 2), count(counts.uram), count(counts.carry4),
                   count(depth.lut_levels), count(depth.carry_bits), fanout});
    };
    const UnitCounts* deepest = nullptr;
    const UnitCounts* widest = nullptr;
    for (const UnitCounts& unit : report.units) {
        const DepthReport& depth = unit.counts.depth;
        row(shortened(unit.unit, 40), unit.module, unit.counts.resources, unit.predicted, depth.worst, fmt::format("{}", depth.fanout));
        if (!deepest || depth.rank > deepest->counts.depth.rank) deepest = &unit;
        if (!widest || depth.fanout > widest->counts.depth.fanout) widest = &unit;
    }
    row("total", "", report.totals, report.predicted, report.worst,
        widest ? fmt::format("{}", widest->counts.depth.fanout) : std::string("0"));
    std::string text = fmt::format("{}, family {}; predicted beside counted\n{}", report.tool, report.board->family, table.text(2));
    const auto differs = [](double predicted, double counted) { return counted == 0 ? std::string("=") : difference(predicted, counted); };
    const Cost counted = counted_cost(report);
    text += fmt::format("predicted against counted: DSP {}, LUT {}, FF {}, BRAM36 {}\n", differs(report.predicted.dsp, counted.dsp),
                        differs(report.predicted.lut, counted.lut), differs(report.predicted.ff, counted.ff),
                        differs(report.predicted.bram36, counted.bram36));
    if (deepest) text += deepest_text(deepest->unit, deepest->counts.depth);
    if (!report.border.from.empty())
        text += fmt::format("deepest path between units ({} LUT levels, {} carry bits): {} > {}\n", report.border.depth.lut_levels,
                            report.border.depth.carry_bits, report.border.from, report.border.to);
    if (widest) text += fanout_text(widest->unit, widest->counts.depth);
    const std::vector<std::string> regions = regions_that_fit(counted, *report.board);
    if (!regions.empty()) text += fmt::format("fits {} of {}\n", fmt::join(regions, ", "), report.board->name);
    if (report.flat) {
        const ResourceCounts& counts = report.flat->resources;
        text += fmt::format("\nthe core as one netlist: DSP {}, LUT {}, FF {}, BRAM36 {}\n", counts.dsp, counts.lut, counts.ff,
                            counts.bram36());
        text += deepest_text("that netlist", report.flat->depth) + fanout_text("that netlist", report.flat->depth);
    }
    for (const ShellCounts& shell : report.shells) text += shell_text(shell);
    return text;
}

}  // namespace weft
