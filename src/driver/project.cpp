// project.cpp
// What a compile writes, and reading it back.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>

#include "src/base/files.h"
#include "src/base/json_text.h"
#include "src/driver/compile.h"
#include "src/driver/host_part.h"
#include "src/driver/project_folder.h"
#include "src/emit/kernel_names.h"
#include "src/emit/kernel_port.h"
#include "src/emit/manifest.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/explore/folding.h"
#include "src/onnx/export.h"
#include "src/onnx/import.h"
#include "src/passes/preprocess.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

constexpr auto source_name = "source.onnx";
constexpr auto model_name = "model.onnx";
constexpr auto folding_name = "folding.json";
constexpr auto report_name = "report.json";
constexpr auto board_name = "board.toml";

Json options_json(const Compiled& compiled) {
    Json shapes = Json::object();
    for (const auto& [name, shape] : compiled.options.shapes) shapes[name] = shape;
    Json units = Json::array();
    for (const Placement& unit : compiled.compute_units) units.push_back({{"slr", unit.slr}, {"bank", unit.bank}});
    return {{"board", compiled.board->name},
            {"assumed_clock_mhz", compiled.options.clock_mhz},
            {"mac_dsp_limit", compiled.options.mac_dsp_limit},
            {"compute_units", units},
            {"preprocess", compiled.options.preprocess},
            {"shapes", shapes},
            {"bits", compiled.model.calibrated ? Json(compiled.options.quantize.bits) : Json(nullptr)},
            {"calibrated", compiled.model.calibrated}};
}

/// Without the design, what a project is known by stands first.
Json manifest_json(const Compiled& compiled, const std::map<std::string, std::string>& files) {
    Json json;
    json["program"] = "weft";
    json["version"] = WEFT_VERSION;
    json["digest"] = manifest_digest;
    json["model"] = compiled.model.name;
    json["model_hash"] = compiled.model.hash;
    json["options"] = options_json(compiled);
    json["host"] = host_json(host_part(compiled.model.quantized, compiled.design));
    json["files"] = files;
    json["design"] = to_json(compiled.design);
    return json;
}

std::string form_name(RequantizeForm form) {
    switch (form) {
        case RequantizeForm::none:
            return "none";
        case RequantizeForm::multiply:
            return "multiply";
        case RequantizeForm::convergent:
            return "convergent";
        case RequantizeForm::thresholds:
            return "thresholds";
        case RequantizeForm::table:
            break;
    }
    return "lookup";
}

Json finite_or_null(double value) { return std::isfinite(value) ? Json(std::round(value * 100) / 100) : Json(nullptr); }

/// `emitted`: what the back ends say of what they wrote, by name.
Json report_json(const Compiled& compiled, const SelfCheck* check, const Json& emitted) {
    const FoldingFigures figures = weft::figures(compiled.design);
    Json json;
    json["weft"] = WEFT_VERSION;
    json["model"] = compiled.model.name;
    json["model_hash"] = compiled.model.hash;
    json["options"] = options_json(compiled);
    json["interval_cycles"] = figures.interval;
    json["mac_dsp"] = figures.cost.mac_dsp;
    json["dsp"] = figures.cost.dsp;
    json["dsp_available"] = compiled.board->total().dsp;
    if (compiled.modelled) json["modelled_throughput"] = throughput_json(*compiled.modelled);
    json["slowest_unit"] = figures.slowest ? figures.slowest->name : "";
    json["units"] = Json::array();
    for (const UnitFigures& unit : figures.units) {
        json["units"].push_back({{"unit", unit.unit->name},
                                 {"kind", unit.unit->def->name},
                                 {"nodes", unit.unit->nodes},
                                 {"cycles", unit.cycles},
                                 {"mac_dsp", unit.cost.mac_dsp},
                                 {"dsp", unit.cost.dsp},
                                 {"requantize_lanes", unit.cost.requantize_lanes},
                                 {"requantize_dsp", unit.cost.requantize_dsp}});
    }
    json["regions"] = Json::array();
    for (const RegionRecord& region : compiled.regions) {
        json["regions"].push_back({{"node", region.node},
                                   {"unit", region.unit},
                                   {"form", form_name(region.form)},
                                   {"multiplier_bits", region.multiplier_bits},
                                   {"why", region.why}});
    }
    json.update(emitted);
    if (check) {
        Json outputs = Json::array();
        for (const auto& [name, db] : check->outputs) outputs.push_back({{"name", name}, {"sqnr_db", finite_or_null(db)}});
        json["check"] = {{"images", check->sample_count},
                         {"samples", check->random ? "random" : "calibration"},
                         {"elements", check->elements},
                         {"equal_elements", check->equal},
                         {"ties", check->ties},
                         {"output_sqnr_db", finite_or_null(check->output_sqnr_db)},
                         {"outputs", outputs},
                         {"worst_node", check->worst_node},
                         {"worst_sqnr_db", finite_or_null(check->worst_sqnr_db)},
                         {"values", check->regions}};
    }
    Diagnostics warnings = compiled.model.warnings;
    warnings.insert(warnings.end(), compiled.warnings.begin(), compiled.warnings.end());
    if (check) warnings.insert(warnings.end(), check->warnings.begin(), check->warnings.end());
    json["warnings"] = Json::array();
    for (const Diagnostic& warning : warnings)
        json["warnings"].push_back(
            {{"node", warning.node}, {"tensor", warning.tensor}, {"reason", warning.reason}, {"help", warning.help}});
    return json;
}

/// Frames at every port of the kernel for a few samples, in the order of `kernel_ports`.
Result<std::vector<std::vector<IntTensor>>> sample_frames(const Compiled& compiled) {
    const Graph& model = compiled.model.quantized;
    constexpr std::int64_t sample_count = 4;
    std::vector<double> low(model.inputs.size(), 0), high(model.inputs.size(), 1);
    std::vector<NamedTensor> samples;
    std::int64_t count = sample_count;
    if (compiled.model.calibration.count > 0) {
        count = std::min(sample_count, compiled.model.calibration.count);
        WEFT_ASSIGN(samples, bind_inputs(head(compiled.model.calibration, count), model));
    } else {
        for (std::size_t i = 0; i < model.inputs.size(); ++i) {
            if (!is_float(model.inputs[i]->type)) high[i] = 127;
        }
        samples = random_inputs(model, low, high, count, 1);
    }
    WEFT_ASSIGN(const auto engine, IntegerEngine::make(model, compiled.design));
    const std::vector<KernelPort> ports = kernel_ports(compiled.design, emit_options(compiled));
    std::vector<std::vector<IntTensor>> frames(ports.size());
    for (std::int64_t sample = 0; sample < count; ++sample) {
        std::vector<Tensor> given;
        for (std::size_t i = 0; i < samples.size(); ++i) given.push_back(sample_of(samples[i].tensor, sample, *model.inputs[i]));
        WEFT_ASSIGN(const std::vector<IntTensor> streams, engine->all_streams(given));
        for (std::size_t p = 0; p < ports.size(); ++p)
            for (std::size_t s = 0; s < streams.size(); ++s)
                if (compiled.design.streams[s].get() == ports[p].stream) frames[p].push_back(streams[s]);
    }
    return frames;
}

/// What the project's back ends emit. `report` gets what each says of it, by name.
Result<std::vector<ProjectFile>> emitted_files(const Compiled& compiled, Json& report) {
    const EmitOptions options = emit_options(compiled);
    WEFT_ASSIGN(const std::vector<std::vector<IntTensor>> frames, sample_frames(compiled));
    WEFT_ASSIGN(const HostProgram host, host_program(compiled.model.quantized, compiled.design));
    std::vector<ProjectFile> files;
    for (const BackEnd* back_end : compiled.back_ends) {
        WEFT_ASSIGN(Emitted emitted, back_end->emit({compiled.design, options, frames, host}));
        std::ranges::move(emitted.files, std::back_inserter(files));
        if (!emitted.report.is_null()) report[std::string(back_end->name)] = std::move(emitted.report);
    }
    return files;
}

/// What a version that listed no files has written to the project in `directory`: what this one would write for the same Design.
std::vector<std::string> unlisted_files(const std::filesystem::path& directory) {
    std::vector<std::string> names{source_name, model_name, folding_name, report_name};
    const auto compiled = load_project(directory, false);
    if (!compiled) return names;
    Json report;
    const auto files = emitted_files(**compiled, report);
    if (!files) return names;
    for (const ProjectFile& file : *files) names.push_back(former_path(file.path, kernel_name((*compiled)->design)));
    return names;
}

}  // namespace

EmitOptions emit_options(const Compiled& compiled) {
    EmitOptions options;
    options.head = {"weft " WEFT_VERSION, "model " + compiled.model.name + ", SHA-256 " + compiled.model.hash};
    if (!compiled.options.command_line.empty()) options.head.push_back(compiled.options.command_line);
    options.board = compiled.board->name;
    options.platform = compiled.board->platform;
    options.part = compiled.board->part;
    options.family = compiled.board->family;
    options.model = compiled.model.name;
    options.model_hash = compiled.model.hash;
    options.memory_bits = compiled.board->memory_bits;
    options.clock_mhz = static_cast<int>(std::lround(compiled.options.clock_mhz));
    options.flow = compiled.board->flow;
    options.compute_units = compiled.compute_units;
    if (compiled.predicted) options.predicted = *compiled.predicted;
    return options;
}

Status write_project(const Compiled& compiled, const SelfCheck* check, const std::filesystem::path& source_file,
                     const std::filesystem::path& directory, const Observer& observer) {
    if (check && !check->exact())
        return Diagnostic{Severity::error, "", "",
                          fmt::format("the integer contract is not the model's arithmetic on {} of {} elements: no project is written",
                                      check->elements - check->equal - check->ties, check->elements),
                          "this is a defect of weft: report it with the model"};
    const auto said = [&](Severity severity, const std::string& reason, const std::string& help,
                          Made made = std::source_location::current()) {
        if (observer.said) observer.said({severity, "", "", reason, help, made});
    };
    WEFT_ASSIGN(ProjectFolder folder, ProjectFolder::open(directory, [&] {
                    said(Severity::note, fmt::format("waiting for another process that writes to '{}'", directory.string()), {});
                }));
    const std::vector<std::string> unlisted =
        folder.ownership().kind == Ownership::Kind::unlisted ? unlisted_files(directory) : std::vector<std::string>();
    WEFT_CHECK(write_self_contained(source_file, folder.staged(source_name)));
    folder.add(source_name);
    WEFT_ASSIGN(const std::string model, export_to_bytes(compiled.model.quantized));
    WEFT_CHECK(folder.write(model_name, model));
    WEFT_CHECK(folder.write(folding_name, folding_json(compiled.design)));
    WEFT_CHECK(folder.write(board_name, compiled.board->text));
    Json emitted = Json::object();
    WEFT_ASSIGN(const std::vector<ProjectFile> files, emitted_files(compiled, emitted));
    for (const ProjectFile& file : files) WEFT_CHECK(folder.write(file.path, file.text));
    WEFT_CHECK(folder.write(report_name, json_text(report_json(compiled, check, emitted), 1) + "\n"));
    WEFT_ASSIGN(const KeptFiles kept, folder.commit(json_text(manifest_json(compiled, folder.files()), 1) + "\n", unlisted));
    for (const auto& [from, to] : kept)
        said(Severity::warning,
             fmt::format("'{}' is not as weft wrote it: kept as '{}'", (directory / from).string(), (directory / to).string()), {});
    return Ok{};
}

/// Earlier versions separated the numbers of a mean or deviation by '/', which now makes a fraction.
std::string preprocessing_of(const Json& manifest) {
    std::string text = manifest.at("options").at("preprocess");
    if (manifest.contains("program")) return text;
    bool list = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at == 0 || text[at - 1] == ',') list = text.compare(at, 5, "mean=") == 0 || text.compare(at, 4, "std=") == 0;
        if (list && text[at] == '/') text[at] = ',';
    }
    return text;
}

Result<std::unique_ptr<Compiled>> load_project(const std::filesystem::path& directory, bool locking) {
    std::optional<ProjectReading> reading;
    if (locking) {
        WEFT_ASSIGN(ProjectReading opened, ProjectReading::open(directory));
        reading.emplace(std::move(opened));
    }
    WEFT_ASSIGN(const std::string text, read_file(directory / manifest_name));
    const Json json = Json::parse(text, nullptr, false);
    const auto broken = [&](Made made = std::source_location::current()) {
        return Diagnostic{Severity::error,           "",  "", "'" + (directory / manifest_name).string() + "' is not a manifest of weft",
                          "compile the model again", made};
    };
    if (json.is_discarded() || !json.contains("design") || !json.contains("options")) return broken();
    auto compiled = std::make_unique<Compiled>();
    try {
        compiled->model.name = json.at("model");
        compiled->model.hash = json.at("model_hash");
        const Json& options = json.at("options");
        compiled->options.board = options.at("board");
        compiled->options.clock_mhz = options.at("assumed_clock_mhz");
        compiled->options.mac_dsp_limit = options.at("mac_dsp_limit");
        // Earlier versions had one, and wrote its place into the scripts alone.
        if (options.contains("compute_units")) {
            compiled->compute_units.clear();
            for (const Json& unit : options.at("compute_units")) compiled->compute_units.push_back({unit.at("slr"), unit.at("bank")});
            if (compiled->compute_units.empty()) return broken();
        }
        compiled->options.preprocess = preprocessing_of(json);
        for (const auto& [name, shape] : options.at("shapes").items()) compiled->options.shapes[name] = shape.get<Shape>();
        compiled->model.calibrated = options.at("calibrated");
        if (compiled->model.calibrated) compiled->options.quantize.bits = options.at("bits");
    } catch (const nlohmann::json::exception&) {
        return broken();
    }
    // Versions that kept no copy knew no boards but those of find_board.
    const bool kept = json.contains("files") && json.at("files").contains(board_name);
    WEFT_ASSIGN(compiled->board, read_board(kept ? (directory / board_name).string() : compiled->options.board));
    WEFT_ASSIGN(compiled->design, design_from_json(json.at("design")));
    WEFT_ASSIGN(ImportedModel source, import_model(directory / "source.onnx", {.shapes = compiled->options.shapes}));
    compiled->model.source = std::move(source.graph);
    if (!compiled->options.preprocess.empty()) WEFT_CHECK(prepend_preprocessing(compiled->model.source, compiled->options.preprocess));
    WEFT_ASSIGN(ImportedModel quantized, import_model(directory / "model.onnx"));
    compiled->model.quantized = std::move(quantized.graph);
    // What was compiled was taken by some; of a kernel that no back end takes any more nothing is emitted.
    if (auto chosen = choose_back_ends(compiled->design, emit_options(*compiled))) compiled->back_ends = std::move(chosen->list);
    return compiled;
}

Result<std::unique_ptr<Compiled>> open_project(const std::filesystem::path& directory) {
    if (!is_project(directory))
        return Diagnostic{.reason = fmt::format("'{}' is no project of weft", directory.string()),
                          .help = "compile the model first: weft compile MODEL -o DIR"};
    return load_project(directory);
}

}  // namespace weft
